//! Lines of a text for people as entries of a list, so that both say the same: what is indented belongs to the line
//! above it, what stands behind a bar is somebody's text, and commands are there to be copied.

use crate::report::grid::Grid;
use crate::report::mark::Mark;
use crate::report::sheet::{Sheet, SheetPart};
use crate::report::typed::Typed;

use super::block::{Language, MarkdownBlock};
use super::inline::Phrase;
use super::prose::prose;

/// How many lines that belong to another one are shown: the first, and the last, where the commands are.
const CHILDREN_SHOWN_MAX: (usize, usize) = (8, 5);
/// How many rows of a table are shown.
const ROWS_SHOWN_MAX: usize = 200;

/// Makes an item of each line that is not indented.
pub(super) fn entries(sheet: &Sheet, typed: &Typed) -> Vec<Vec<MarkdownBlock>> {
    let mut items: Vec<Item> = Vec::new();
    for part in sheet.parts() {
        match part {
            SheetPart::Words("") => {}
            SheetPart::Words(text) if text.starts_with(' ') && matches!(items.last(), Some(Item::Entry { .. })) => {
                child(&mut items, MarkdownBlock::Entry(line(text.trim_start(), typed), Vec::new()));
            }
            SheetPart::Words(text) => {
                items.push(Item::Entry { line: line(text.trim_start(), typed), children: Vec::new() });
            }
            SheetPart::Barred { text, is_change } => {
                barred(&mut items, text, if is_change { Language::Diff } else { Language::Text });
            }
            SheetPart::Drawn(text) => barred(&mut items, text, Language::Text),
            SheetPart::Grid(grid) => items.push(Item::Table(table(grid))),
        }
    }
    items.into_iter().map(Item::blocks).collect()
}

/// A line, and what belongs to it; or a table.
enum Item {
    Entry { line: Vec<Phrase>, children: Vec<MarkdownBlock> },
    Table(Vec<MarkdownBlock>),
}

impl Item {
    fn blocks(self) -> Vec<MarkdownBlock> {
        match self {
            Self::Table(blocks) => blocks,
            Self::Entry { line, children } => vec![MarkdownBlock::Entry(line, shortened(children))],
        }
    }
}

fn child(items: &mut [Item], block: MarkdownBlock) {
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
        Some(MarkdownBlock::Fence(of, all)) if *of == language => {
            all.push('\n');
            all.push_str(text);
        }
        _ => children.push(MarkdownBlock::fence(language, text)),
    }
}

/// A line without its mark; what somebody should look at is in bold.
fn line(text: &str, typed: &Typed) -> Vec<Phrase> {
    let marks = [Mark::Sends, Mark::Waits, Mark::Note, Mark::Look];
    let marked = marks.into_iter().find_map(|mark| {
        let rest = text.strip_prefix(mark.sign())?.strip_prefix(' ')?;
        Some((mark, rest))
    });
    match marked {
        Some((Mark::Look, rest)) => vec![Phrase::Strong(columns(rest, typed))],
        Some((_, rest)) => columns(rest, typed),
        None => columns(text, typed),
    }
}

/// What stands in a column of its own before all else is an id, which is there to be copied.
fn columns(text: &str, typed: &Typed) -> Vec<Phrase> {
    let is_of_id = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    match text.split_once("  ") {
        Some((id, rest)) if !id.is_empty() && id.chars().all(is_of_id) => {
            let gap = [Phrase::Exact(id.to_owned()), Phrase::Own("  ")];
            gap.into_iter().chain(prose(rest, typed)).collect()
        }
        _ => prose(text, typed),
    }
}

fn shortened(mut children: Vec<MarkdownBlock>) -> Vec<MarkdownBlock> {
    let (first, last) = CHILDREN_SHOWN_MAX;
    let Some(rest) = children.len().checked_sub(first + last).filter(|rest| *rest > 1) else { return children };
    let end = children.split_off(first + rest);
    children.truncate(first);
    children.push(MarkdownBlock::Entry(vec![Phrase::Words(format!("… and {rest} more"))], Vec::new()));
    children.extend(end);
    children
}

fn table(grid: &Grid) -> Vec<MarkdownBlock> {
    let cell = |text: &String| Phrase::Words(text.clone());
    let rows = grid.rows();
    let head = MarkdownBlock::TableHead(grid.header().iter().map(cell).collect(), grid.texts());
    let row = |row: &Vec<String>| MarkdownBlock::Row(row.iter().map(|text| vec![cell(text)]).collect());
    let rest = rows.len().saturating_sub(ROWS_SHOWN_MAX);
    let rest = (rest > 0).then(|| MarkdownBlock::Paragraph(vec![Phrase::Words(format!("… and {rest} more"))]));
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
        let mut sheet = Sheet::from(
            "! 2 people in `a*b`, and *all*\n  a.b.r1.616c1c5802824f8b  2 people\n  settle them: sendform reconcile\n",
        );
        sheet.barred("- Hi", 2, str::to_owned);
        sheet.barred("+ Hello", 2, str::to_owned);
        (0..15).for_each(|at| line(&mut sheet, &format!("  line {at}")));
        sheet.blank();
        sheet.table(Grid::of_numbers(&["message", "people"], [("a|b".to_owned(), vec![2])]));
        line(&mut sheet, "done");
        let blocks: Vec<_> = entries(&sheet, &Typed::default()).into_iter().flatten().collect();
        insta::assert_snapshot!(joined(&blocks), @r"
        - **2 people in `a*b`, and \*all\***
          - `a.b.r1.616c1c5802824f8b`  2 people
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
          - … and 5 more
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
