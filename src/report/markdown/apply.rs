//! What became of everybody whom a run was to send to.

use crate::report::apply::ApplyReport;
use crate::report::screen::Screen;
use crate::report::text::TextForm as _;
use crate::report::words::{list, plural};

use super::block::MarkdownBlock;
use super::budget::{MarkdownDocument, Rank, Section};
use super::inline::Phrase;
use super::lines::entries;
use super::{MarkdownForm, endless};

impl MarkdownForm for ApplyReport<'_> {
    fn markdown(&self, screen: &Screen) -> MarkdownDocument {
        let mut section = Section::new(Rank::Kept, "entry");
        section.head(&MarkdownBlock::Heading(2, vec![Phrase::Own("sendform apply")]));
        section.head(&MarkdownBlock::Paragraph(vec![Phrase::Strong(vec![Phrase::Words(verdict(self))])]));
        entries(&self.sheet(&endless(screen)), &screen.typed).iter().for_each(|item| section.item(item));
        let mut digest = Section::new(Rank::Kept, "line");
        digest.head(&MarkdownBlock::Paragraph(vec![Phrase::Own("digest "), Phrase::Exact(self.digest.clone())]));
        MarkdownDocument::new(vec![section, digest])
    }
}

/// How many people ended how, in one line.
fn verdict(apply: &ApplyReport<'_>) -> String {
    let total = &apply.total;
    let groups = [
        (total.accepted, "accepted"),
        (total.rejected, "rejected"),
        (total.refused, "refused"),
        (total.in_doubt, "in doubt"),
        (total.not_attempted, "not attempted"),
        (total.claimed_elsewhere, "claimed elsewhere"),
        (total.suppressed, "suppressed"),
        (total.free_again, "free again"),
    ];
    let groups = groups.into_iter().filter(|(people, _)| *people > 0);
    let words: Vec<String> = groups.map(|(people, words)| format!("{} {words}", plural(people, "person"))).collect();
    if words.is_empty() { "nobody was sent to".to_owned() } else { list(&words) }
}
