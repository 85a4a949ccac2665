//! That a merge group is not what was reviewed, for whoever looks at the job of a merge queue.

use crate::report::merge_group::MergeGroupReport;
use crate::report::screen::Screen;
use crate::report::sheet::Sheet;
use crate::report::style::Paint;
use crate::report::text::merge_group as words;

use super::block::MarkdownBlock;
use super::budget::{MarkdownDocument, Rank, Section};
use super::inline::Phrase;
use super::lines::entries;
use super::prose::prose;
use super::{MarkdownForm, endless};

impl MarkdownForm for MergeGroupReport {
    fn markdown(&self, screen: &Screen) -> MarkdownDocument {
        let screen = endless(screen);
        let mut section = Section::new(Rank::Kept, "message").at_most(words::MESSAGES_SHOWN_MAX);
        section.head(&MarkdownBlock::Heading(2, vec![Phrase::Own("Not what was reviewed")]));
        section.head(&MarkdownBlock::Paragraph(vec![Phrase::Strong(prose(&words::verdict(self), &screen.typed))]));
        let mut grounds = Sheet::default();
        words::grounds(&mut grounds, self, "", Paint::Plain);
        entries(&grounds, &screen.typed).iter().for_each(|item| section.item(item));
        for message in &self.difference.messages {
            let mut sheet = Sheet::default();
            words::message(&mut sheet, message, "", Paint::Plain);
            entries(&sheet, &screen.typed).iter().for_each(|item| section.item(item));
        }
        let mut end = Section::new(Rank::Kept, "line");
        for line in [words::digests(self), words::way_on(self)] {
            end.head(&MarkdownBlock::Paragraph(prose(&line, &screen.typed)));
        }
        MarkdownDocument::new(vec![section, end])
    }
}
