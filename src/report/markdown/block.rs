//! What a document is made of: headings, paragraphs, lists, tables, fences, and details that fold away.

use crate::report::sheet::broken;

use super::inline::{Phrase, Within, longest_run, written};
use super::neutral::of_lines;

/// How many lines of a text among others are shown at most, and how many UTF-16 units.
const EXCERPT_MAX: (usize, usize) = (80, 4000);
/// How many columns a line of it has at most: a page shows no more of one without scrolling.
const EXCERPT_WIDTH: usize = 100;
/// How many lines and UTF-16 units a text has that is all there is.
const WHOLE_MAX: (usize, usize) = (1000, 40_000);

/// A part of a document that stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkdownBlock {
    /// A heading of a level, from 1.
    Heading(u8, Vec<Phrase>),
    /// A line.
    Paragraph(Vec<Phrase>),
    /// An entry of a list: its line, and what belongs to it.
    Entry(Vec<Phrase>, Vec<Self>),
    /// The head of a table.
    TableHead(Vec<(Phrase, Column)>),
    /// A row of a table.
    Row(Vec<Vec<Phrase>>),
    /// Somebody's text among others, as it is.
    Fence(Language, String),
    /// A text that is all there is.
    Whole(String),
    /// What folds away under a line.
    Details(Vec<Phrase>, Vec<Self>),
}

/// What a column of a table holds, and so on which side of it that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Texts.
    Text,
    /// Numbers.
    Number,
}

/// How a text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Not at all.
    Text,
    /// As the difference of two texts.
    Diff,
}

/// What a block stands right below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SticksTo {
    /// Entries of the same list.
    Entries,
    /// The head, or other rows, of the same table.
    Table,
    /// Nothing.
    Nothing,
}

impl MarkdownBlock {
    /// Somebody's text among others, as it is.
    #[must_use]
    pub fn fence(language: Language, text: &str) -> Self {
        Self::Fence(language, text.to_owned())
    }

    /// What it stands right below, without an empty line.
    pub(super) const fn sticks(&self) -> SticksTo {
        match self {
            Self::Entry(..) => SticksTo::Entries,
            Self::Row(_) => SticksTo::Table,
            Self::Heading(..)
            | Self::Paragraph(_)
            | Self::TableHead(..)
            | Self::Fence(..)
            | Self::Whole(_)
            | Self::Details(..) => SticksTo::Nothing,
        }
    }

    /// Writes it, without a line end.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Heading(level, line) => {
                format!("{} {}", "#".repeat(usize::from(*level)), written(line, Within::Line))
            }
            Self::Paragraph(line) => written(line, Within::Line),
            Self::Entry(line, children) => {
                let children = joined(children);
                let children = if children.is_empty() { children } else { format!("\n{}", indented(&children)) };
                format!("- {}{children}", written(line, Within::Line))
            }
            Self::TableHead(columns) => {
                let name = |(name, _): &(Phrase, Column)| written(std::slice::from_ref(name), Within::Cell);
                let mark = |(_, column): &(Phrase, Column)| match column {
                    Column::Text => "---",
                    Column::Number => "---:",
                };
                let names: Vec<String> = columns.iter().map(name).collect();
                let marks: Vec<&str> = columns.iter().map(mark).collect();
                format!("| {} |\n| {} |", names.join(" | "), marks.join(" | "))
            }
            Self::Row(cells) => {
                let cells: Vec<String> = cells.iter().map(|cell| written(cell, Within::Cell)).collect();
                format!("| {} |", cells.join(" | "))
            }
            Self::Fence(language, text) => {
                let (lines, units) = EXCERPT_MAX;
                let lines = of_lines(text, lines, units);
                let lines: Vec<String> = lines.iter().map(|line| folded(*language, line)).collect();
                fence(*language, &lines)
            }
            Self::Whole(text) => {
                let (lines, units) = WHOLE_MAX;
                fence(Language::Text, &of_lines(text, lines, units))
            }
            Self::Details(line, children) => {
                let summary = written(line, Within::Html);
                format!("<details><summary>{summary}</summary>\n\n{}\n\n</details>", joined(children))
            }
        }
    }
}

/// Writes several blocks one below the other.
pub(super) fn joined(blocks: &[MarkdownBlock]) -> String {
    let mut out = String::new();
    for (at, block) in blocks.iter().enumerate() {
        if let Some(above) = at.checked_sub(1).and_then(|above| blocks.get(above)) {
            let is_tight = match block.sticks() {
                SticksTo::Entries => above.sticks() == SticksTo::Entries,
                SticksTo::Table => true,
                SticksTo::Nothing => false,
            };
            out.push_str(if is_tight { "\n" } else { "\n\n" });
        }
        out.push_str(&block.written());
    }
    out
}

fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("  {line}") };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A line as several, where it would be too wide to be read; each of the others says that it goes on.
fn folded(language: Language, line: &str) -> String {
    let lead = match (language, line.chars().next()) {
        (Language::Diff, Some(sign @ ('+' | '-'))) => format!("{sign} ↳ "),
        (Language::Diff | Language::Text, _) => "↳ ".to_owned(),
    };
    broken(line, Some(&lead), Some(EXCERPT_WIDTH))
}

fn fence(language: Language, lines: &[String]) -> String {
    let lines = lines.join("\n");
    let fence = "`".repeat((longest_run(&lines) + 1).max(3));
    let name = match language {
        Language::Text => "text",
        Language::Diff => "diff",
    };
    format!("{fence}{name}\n{lines}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::{Column, Language, MarkdownBlock, joined};
    use crate::report::markdown::inline::Phrase;

    #[test]
    fn blocks_stand_apart_and_entries_together() {
        let words = |text: &str| vec![Phrase::Words(text.to_owned())];
        let blocks = [
            MarkdownBlock::Heading(3, words("a # b #")),
            MarkdownBlock::Entry(
                words("one"),
                vec![MarkdownBlock::fence(Language::Diff, "- ```\n+ x"), MarkdownBlock::Entry(words("c"), vec![])],
            ),
            MarkdownBlock::Entry(words("two"), vec![]),
            MarkdownBlock::TableHead(vec![
                (Phrase::Own("name"), Column::Text),
                (Phrase::Own("people"), Column::Number),
            ]),
            MarkdownBlock::Row(vec![words("a|b"), words("2")]),
            MarkdownBlock::Details(words("more <b>"), vec![MarkdownBlock::fence(Language::Text, "")]),
        ];
        insta::assert_snapshot!(joined(&blocks), @r"
        ### a \# b \#

        - one
          ````diff
          - ```
          + x
          ````

          - c
        - two

        | name | people |
        | --- | ---: |
        | a\|b | 2 |

        <details><summary>more &lt;b&gt;</summary>

        ```text

        ```

        </details>
        ");
    }
}
