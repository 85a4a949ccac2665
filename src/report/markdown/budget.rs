//! What is left out of a document that is too long: samples first, then warnings and the messages' table; a verdict, what
//! needs a person, changed texts and the digest stay. Whatever is left out is counted.

use std::cmp::Reverse;

use crate::report::words::plural;

use super::block::{MarkdownBlock, Sticks, joined};
use super::inline::Phrase;
use super::neutral::length;

/// How soon a section loses entries, the first of them first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Texts as people get them: nobody misses one who has the others.
    Samples,
    /// What is worth a look.
    Warnings,
    /// The table of messages.
    Messages,
    /// What a review rests on.
    Kept,
}

/// How long a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// In characters, counted as UTF-16 does.
    Characters(usize),
    /// In bytes of UTF-8.
    Bytes(usize),
}

/// A text, and how long it is.
#[derive(Debug, Clone)]
struct Fragment {
    text: String,
    units: usize,
    sticks: bool,
}

/// A part of a document: what stands at its head stays, its items may be left out.
#[derive(Debug, Clone)]
pub struct Section {
    rank: Rank,
    /// What an item is called.
    name: &'static str,
    head: Vec<Fragment>,
    items: Vec<Fragment>,
    items_max: usize,
    left_out: usize,
}

/// A document.
#[derive(Debug, Clone, Default)]
pub struct MarkdownDocument {
    sections: Vec<Section>,
}

impl Fragment {
    fn new(text: String, sticks: bool) -> Self {
        let units = length(&text);
        Self { text, units, sticks }
    }
}

impl Section {
    /// Begins a section; the name is that of one of its items.
    #[must_use]
    pub fn new(rank: Rank, name: &'static str) -> Self {
        Self { rank, name, head: Vec::new(), items: Vec::new(), items_max: usize::MAX, left_out: 0 }
    }

    /// Shows no more items than this.
    #[must_use]
    pub fn at_most(self, items_max: usize) -> Self {
        Self { items_max, ..self }
    }

    /// Adds what stands at its head.
    pub fn head(&mut self, block: &MarkdownBlock) {
        self.head.push(Fragment::new(block.written(), false));
    }

    /// Adds an item, made of blocks.
    pub fn item(&mut self, blocks: &[MarkdownBlock]) {
        if self.items.len() >= self.items_max {
            self.left_out += 1;
            return;
        }
        let sticks = match blocks.first().map_or(Sticks::Nothing, MarkdownBlock::sticks) {
            Sticks::Entries => !self.items.is_empty(),
            Sticks::Table => true,
            Sticks::Nothing => false,
        };
        self.items.push(Fragment::new(joined(blocks), sticks));
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.left_out == 0
    }

    /// Leaves out an item: the largest sample, or the last of anything else.
    fn leave_out(&mut self) {
        let largest = self.items.iter().enumerate().max_by_key(|(at, item)| (item.units, Reverse(*at)));
        match (self.rank, largest.map(|(at, _)| at)) {
            (Rank::Samples, Some(at)) => drop(self.items.remove(at)),
            (Rank::Samples | Rank::Warnings | Rank::Messages | Rank::Kept, _) => drop(self.items.pop()),
        }
        self.left_out += 1;
    }

    fn pieces(&self) -> impl Iterator<Item = Fragment> + '_ {
        let rest = (self.left_out > 0).then(|| {
            let name = format!("more {}", self.name);
            Fragment::new(format!("… and {}", plural(self.left_out as u64, &name)), false)
        });
        self.head.iter().chain(&self.items).cloned().chain(rest)
    }
}

impl MarkdownDocument {
    /// Makes a document of its sections.
    #[must_use]
    pub fn new(sections: Vec<Section>) -> Self {
        Self { sections }
    }

    /// A document of words of our own.
    #[must_use]
    pub fn of_own_words(words: &'static str) -> Self {
        let mut section = Section::new(Rank::Kept, "line");
        section.head(&MarkdownBlock::Paragraph(vec![Phrase::Own(words)]));
        Self::new(vec![section])
    }

    /// Both, one below the other.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.sections.extend(other.sections);
        self
    }

    /// Writes it, with a final newline, so that it is no longer than it may be; the first line is one that no reader
    /// sees. In less room than its kept sections need without any item it does not fit.
    #[must_use]
    pub fn within(&self, first_line: &str, limit: Limit) -> String {
        let mut short = self.clone();
        loop {
            let text = short.written(first_line);
            let (is, may_be) = match limit {
                Limit::Characters(max) => (length(&text), max),
                Limit::Bytes(max) => (text.len(), max),
            };
            let Some(too_much) = is.checked_sub(may_be).filter(|too_much| *too_much > 0) else { return text };
            if !short.shorten(too_much) {
                return text;
            }
        }
    }

    /// Leaves out so many characters, or at least one item; tells if there is none left.
    fn shorten(&mut self, too_much: usize) -> bool {
        let mut gone = 0;
        while gone < too_much {
            let Some(section) = self.next_to_shorten() else { return gone > 0 };
            let before: usize = section.items.iter().map(|item| item.units).sum();
            section.leave_out();
            let after: usize = section.items.iter().map(|item| item.units).sum();
            // The line that counts them may be as long as they were: then one more goes.
            gone += (before - after).max(1);
        }
        true
    }

    /// The section of the lowest rank; of kept ones that with the most items.
    fn next_to_shorten(&mut self) -> Option<&mut Section> {
        let full = self.sections.iter_mut().filter(|section| !section.items.is_empty());
        full.min_by_key(|section| match section.rank {
            Rank::Samples | Rank::Warnings | Rank::Messages => (section.rank, 0),
            Rank::Kept => (Rank::Kept, usize::MAX - section.items.len()),
        })
    }

    fn written(&self, first_line: &str) -> String {
        let mut out = first_line.to_owned();
        for piece in self.sections.iter().flat_map(Section::pieces) {
            let gap = match (out.is_empty(), piece.sticks) {
                (true, _) => "",
                (false, true) => "\n",
                (false, false) => "\n\n",
            };
            out.push_str(gap);
            out.push_str(&piece.text);
        }
        out.push('\n');
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Limit, MarkdownDocument, Rank, Section};
    use crate::report::markdown::block::{Language, MarkdownBlock};
    use crate::report::markdown::inline::Phrase;
    use crate::report::markdown::neutral::length;

    const FIRST: &str = "<!-- first -->";

    fn words(text: &str) -> Vec<Phrase> {
        vec![Phrase::Words(text.to_owned())]
    }

    /// Letters of all widths.
    fn document(samples: &[&str], warnings: usize, kept: usize) -> MarkdownDocument {
        let mut verdict = Section::new(Rank::Kept, "part");
        verdict.head(&MarkdownBlock::Paragraph(words("verdict č👍")));
        let mut person = Section::new(Rank::Kept, "thing").at_most(5);
        (0..kept).for_each(|at| person.item(&[MarkdownBlock::Entry(words(&format!("kept {at}")), Vec::new())]));
        let mut sampled = Section::new(Rank::Samples, "sample");
        samples.iter().for_each(|text| sampled.item(&[MarkdownBlock::fence(Language::Text, text)]));
        let mut warned = Section::new(Rank::Warnings, "warning");
        (0..warnings).for_each(|at| warned.item(&[MarkdownBlock::Entry(words(&format!("careful {at}")), Vec::new())]));
        let mut digest = Section::new(Rank::Kept, "part");
        digest.head(&MarkdownBlock::Paragraph(vec![Phrase::Own("digest")]));
        MarkdownDocument::new(vec![verdict, person, sampled, warned, digest])
    }

    #[test]
    fn nothing_is_left_out_of_what_fits_and_the_largest_sample_goes_first() {
        let document = document(&["short", "👩‍👩‍👧 long long long long long long long", "middle č"], 1, 2);
        let whole = document.within(FIRST, Limit::Characters(usize::MAX));
        let limit = length(&whole);
        assert_eq!(document.within(FIRST, Limit::Characters(limit)), whole);
        assert_eq!(document.within(FIRST, Limit::Characters(limit + 1)), whole);
        let shorter = document.within(FIRST, Limit::Characters(limit - 1));
        assert_eq!(shorter.matches("long").count(), 0, "{shorter}");
        assert!(shorter.contains("short") && shorter.contains("middle č"), "{shorter}");
        assert!(shorter.contains("\n\n… and 1 more sample\n\n"), "{shorter}");
        let bytes = whole.len();
        assert_eq!(document.within(FIRST, Limit::Bytes(bytes)), whole);
        assert!(document.within(FIRST, Limit::Bytes(bytes - 1)).len() < bytes);
    }

    #[test]
    fn what_a_review_rests_on_goes_last() {
        let document = document(&["short", "middle"], 30, 7);
        insta::assert_snapshot!(document.within(FIRST, Limit::Characters(160)), @"
        <!-- first -->

        verdict č👍

        - kept 0
        - kept 1
        - kept 2
        - kept 3
        - kept 4

        … and 2 more things

        … and 2 more samples

        … and 30 more warnings

        digest
        ");
        insta::assert_snapshot!(document.within(FIRST, Limit::Characters(125)), @"
        <!-- first -->

        verdict č👍

        - kept 0
        - kept 1

        … and 5 more things

        … and 2 more samples

        … and 30 more warnings

        digest
        ");
    }

    proptest! {
        #[test]
        fn what_is_shown_and_what_is_counted_is_all_there_is(samples in 0_usize..5, warnings in 0_usize..12, kept in 0_usize..9, limit in 110_usize..400) {
            let texts = ["one 👍", "two", "three\nthree", "four", "five č"];
            let text = document(&texts[..samples], warnings, kept).within(FIRST, Limit::Characters(limit));
            prop_assert!(length(&text) <= limit, "{}", text);
            let counted = |name: &str| -> usize {
                let line = text.lines().find(|line| line.starts_with("… and ") && line.contains(name));
                line.map_or(0, |line| line.split(' ').nth(2).unwrap().parse().unwrap())
            };
            prop_assert_eq!(text.matches("```text").count() + counted("sample"), samples);
            prop_assert_eq!(text.matches("careful").count() + counted("warning"), warnings);
            prop_assert_eq!(text.matches("- kept").count() + counted("thing"), kept);
            prop_assert!(text.starts_with("<!-- first -->\n\nverdict č👍") && text.ends_with("\n\ndigest\n"), "{}", text);
        }
    }
}
