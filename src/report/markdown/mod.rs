//! Reports as GitHub flavoured Markdown, for a comment, a job's summary or a note.
//!
//! A document is made of [`block`]s, a block of [`inline`]s, and an inline is either one of our own words or somebody's
//! value: there is no way to write a value that is not escaped. What a value must not do (link, mention, refer, open a
//! tag, close a fence) is taken from it in one place, [`neutral`]. What a reviewer needs survives every [`budget`].

mod apply;
pub mod block;
pub mod budget;
mod files;
mod inline;
mod lines;
mod merge_group;
mod neutral;
mod overview;
mod plain;
mod plan;
mod prose;
mod status;

#[cfg(test)]
mod escaping;

use super::screen::Screen;
use super::style::Paint;
use super::text::TextForm;

use block::MarkdownBlock;
use budget::{MarkdownDocument, Rank, Section};

/// How long a comment on GitHub may be, in characters; they are counted as UTF-16 does, which is never less than any
/// other way to count characters.
pub const COMMENT_MAX: usize = 65_536;
/// How long the summary of a step may be in a job of GitHub, in bytes.
pub const SUMMARY_BYTES_MAX: usize = 1024 * 1024;

/// A report as Markdown.
pub trait MarkdownForm: TextForm {
    /// Writes it. What has no form of its own is its text, as it is.
    fn markdown(&self, screen: &Screen) -> MarkdownDocument {
        of_text(&self.text(&endless(screen)))
    }
}

/// A screen without a width and without colours.
pub(super) fn endless(screen: &Screen) -> Screen {
    Screen { paint: Paint::Plain, width: None, ..screen.clone() }
}

/// A text as it is.
fn of_text(text: &str) -> MarkdownDocument {
    let lines = text.trim_matches('\n');
    let mut section = Section::new(Rank::Kept, "part");
    if !lines.is_empty() {
        section.item(&[MarkdownBlock::Whole(lines.to_owned())]);
    }
    MarkdownDocument::new(vec![section])
}
