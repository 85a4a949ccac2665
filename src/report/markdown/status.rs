//! What a ledger holds.

use crate::report::screen::Screen;
use crate::report::status::StatusReport;
use crate::report::text::TextForm as _;

use super::block::MarkdownBlock;
use super::budget::{MarkdownDocument, Rank, Section};
use super::inline::Phrase;
use super::lines::entries;
use super::{MarkdownForm, endless};

impl MarkdownForm for StatusReport<'_> {
    fn markdown(&self, screen: &Screen) -> MarkdownDocument {
        let mut section = Section::new(Rank::Kept, "entry");
        let head = [Phrase::Own("Ledger of "), Phrase::Code(self.project.clone()), Phrase::Own(" on ")];
        section.head(&MarkdownBlock::Heading(
            2,
            head.into_iter().chain([Phrase::Code(self.gateway.to_owned())]).collect(),
        ));
        // Its first line is the heading.
        let all = entries(&self.sheet(&endless(screen)), &screen.typed);
        all.iter().skip(1).for_each(|item| section.item(item));
        MarkdownDocument::new(vec![section])
    }
}
