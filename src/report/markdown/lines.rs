//! Lines of a text for people as entries of a list, so that both say the same: what is indented belongs to the line
//! above it, what stands behind a bar is somebody's text, and commands are there to be copied.

use crate::report::grid::Grid;
use crate::report::mark::Mark;
use crate::report::sheet::{Part, Sheet};
use crate::report::typed::Typed;

use super::block::{Block, Language};
use super::inline::Inline;
use super::prose::prose;

/// How many lines that belong to another one are shown: the first, and the last, where the commands are.
const CHILDREN_SHOWN_MAX: (usize, usize) = (8, 5);
/// How many rows of a table are shown.
const ROWS_SHOWN_MAX: usize = 200;

/// Makes an item of each line that is not indented.
pub(super) fn entries(sheet: &Sheet, typed: &Typed) -> Vec<Vec<Block>> {
    let mut items: Vec<Item> = Vec::new();
    for part in sheet.parts() {
        match part {
            Part::Words("") => {}
            Part::Words(text) if text.starts_with(' ') && matches!(items.last(), Some(Item::Entry { .. })) => {
                child(&mut items, Block::Entry(line(text.trim_start(), typed), Vec::new()));
            }
            Part::Words(text) => items.push(Item::Entry { line: line(text.trim_start(), typed), children: Vec::new() }),
            Part::Barred { text, is_change } => {
                barred(&mut items, text, if is_change { Language::Diff } else { Language::Text });
            }
            Part::Drawn(text) => barred(&mut items, text, Language::Text),
            Part::Grid(grid) => items.push(Item::Table(table(grid))),
        }
    }
    items.into_iter().map(Item::blocks).collect()
}

/// A line, and what belongs to it; or a table.
enum Item {
    Entry { line: Vec<Inline>, children: Vec<Block> },
    Table(Vec<Block>),
}

impl Item {
    fn blocks(self) -> Vec<Block> {
        match self {
            Self::Table(blocks) => blocks,
            Self::Entry { line, children } => vec![Block::Entry(line, shortened(children))],
        }
    }
}

fn child(items: &mut [Item], block: Block) {
    if let Some(Item::Entry { children, .. }) = items.last_mut() {
        children.push(block);
    }
}

/// Lines of somebody's text that follow each other are one text.
fn barred(items: &mut Vec<Item>, text: &str, language: Language) {
    if !matches!(items.last(), Some(Item::Entry { .. })) {
        items.push(Item::Entry { line: Vec::new(), children: Vec::new() });
    }
    let Some(Item::Entry { children, .. }) = items.last_mut() else { return };
    match children.last_mut() {
        Some(Block::Fence(of, all)) if *of == language => {
            all.push('\n');
            all.push_str(text);
        }
        _ => children.push(Block::fence(language, text)),
    }
}

/// A line without its mark; what somebody should look at is in bold.
fn line(text: &str, typed: &Typed) -> Vec<Inline> {
    let marks = [Mark::Sends, Mark::Waits, Mark::Note, Mark::Look];
    let marked = marks.into_iter().find_map(|mark| {
        let rest = text.strip_prefix(mark.sign())?.strip_prefix(' ')?;
        Some((mark, rest))
    });
    match marked {
        Some((Mark::Look, rest)) => vec![Inline::Strong(prose(rest, typed))],
        Some((_, rest)) => prose(rest, typed),
        None => prose(text, typed),
    }
}

fn shortened(mut children: Vec<Block>) -> Vec<Block> {
    let (first, last) = CHILDREN_SHOWN_MAX;
    let Some(rest) = children.len().checked_sub(first + last).filter(|rest| *rest > 1) else { return children };
    let end = children.split_off(first + rest);
    children.truncate(first);
    children.push(Block::Entry(vec![Inline::Words(format!("… and {rest} more"))], Vec::new()));
    children.extend(end);
    children
}

fn table(grid: &Grid) -> Vec<Block> {
    let cell = |text: &String| Inline::Words(text.clone());
    let rows = grid.rows();
    let head = Block::TableHead(grid.header().iter().map(cell).collect(), grid.texts());
    let row = |row: &Vec<String>| Block::Row(row.iter().map(|text| vec![cell(text)]).collect());
    let rest = rows.len().saturating_sub(ROWS_SHOWN_MAX);
    let rest = (rest > 0).then(|| Block::Paragraph(vec![Inline::Words(format!("… and {rest} more"))]));
    std::iter::once(head).chain(rows.iter().take(ROWS_SHOWN_MAX).map(row)).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::entries;
    use crate::report::grid::Grid;
    use crate::report::markdown::block::joined;
    use crate::report::sheet::{Sheet, line};
    use crate::report::typed::Typed;

    #[test]
    fn lines_become_entries_with_what_belongs_to_them() {
        let mut sheet = Sheet::from("! 2 people in `a*b`, and *all*\n  settle them: sendform reconcile\n");
        sheet.barred("- Hi", 2, str::to_owned);
        sheet.barred("+ Hello", 2, str::to_owned);
        (0..15).for_each(|at| line(&mut sheet, &format!("  line {at}")));
        sheet.blank();
        sheet.table(Grid::of_numbers(&["message", "people"], [("a|b".to_owned(), vec![2])]));
        line(&mut sheet, "done");
        let blocks: Vec<_> = entries(&sheet, &Typed::default()).into_iter().flatten().collect();
        insta::assert_snapshot!(joined(&blocks), @r"
        - **2 people in `a*b`, and \*all\***
          - settle them: `sendform reconcile`

          ```diff
          - Hi
          + Hello
          ```

          - line 0
          - line 1
          - line 2
          - line 3
          - line 4
          - line 5
          - … and 4 more
          - line 10
          - line 11
          - line 12
          - line 13
          - line 14

        | message | people |
        | --- | ---: |
        | a\|b | 2 |

        - done
        ");
    }
}
