//! What became of everything that a sandbox was sent.

use crate::report::overview::OverviewReport;
use crate::report::screen::Screen;
use crate::report::text::TextForm as _;

use super::block::MarkdownBlock;
use super::budget::{MarkdownDocument, Rank, Section};
use super::inline::Phrase;
use super::lines::entries;
use super::{MarkdownForm, endless};

impl MarkdownForm for OverviewReport {
    fn markdown(&self, screen: &Screen) -> MarkdownDocument {
        let mut section = Section::new(Rank::Kept, "entry");
        let head = [Phrase::Own("Sandbox of "), Phrase::Code(self.project.clone())];
        section.head(&MarkdownBlock::Heading(2, head.into_iter().collect()));
        // Its first line is the heading, but for the time.
        let all = entries(&self.sheet(&endless(screen)), &screen.typed);
        all.iter().for_each(|item| section.item(item));
        MarkdownDocument::new(vec![section])
    }
}
