//! The end of a run as it was written down, and what a ledger lacks by it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::line::RunId;
use super::unknown_fields::UnknownFields;

/// The end of a run, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// How many numbers it has given.
    pub entries: u32,
    /// The numbers that were given to what was never written.
    pub skipped: BTreeSet<u32>,
    /// The closed runs that no closed run had named when this one began.
    pub after: BTreeSet<RunId>,
    /// When it ended.
    pub at: Timestamp,
    /// Unknown fields.
    pub(super) extra: UnknownFields,
}

impl Closing {
    /// Joins what is said elsewhere of the end of the same run: the larger number of entries, and of those
    /// that were skipped the ones that nobody has.
    pub(super) fn join(&mut self, other: &Self) {
        let is_skipped = |closing: &Self, number: u32| number >= closing.entries || closing.skipped.contains(&number);
        let both = self.skipped.union(&other.skipped).copied();
        self.skipped = both.filter(|number| is_skipped(self, *number) && is_skipped(other, *number)).collect();
        self.entries = self.entries.max(other.entries);
        self.after.extend(&other.after);
        self.at = self.at.max(other.at);
        self.extra.join(&other.extra);
    }

    /// Whether one of its numbers has to be somewhere.
    pub(super) fn needs(&self, number: u32) -> bool {
        number < self.entries && !self.skipped.contains(&number)
    }
}

/// What a ledger lacks, or has too much: somebody has taken lines away, or put older ones in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// Entries of a run that has closed itself.
    #[error(
        "{missing} of {entries} entries of run {run} {} not here (number {first}{})",
        if *missing == 1 { "is" } else { "are" },
        if *missing == 1 { "" } else { " is the first" }
    )]
    Entries {
        /// The run.
        run: RunId,
        /// How many entries it has written.
        entries: u32,
        /// How many are not here.
        missing: u32,
        /// The number of the first of them.
        first: u32,
    },
    /// All of a run that another one was after.
    #[error("run {after} began after run {run} had ended, of which nothing says so here")]
    Run {
        /// The run.
        run: RunId,
        /// The later one.
        after: RunId,
    },
    /// One number for two entries.
    #[error("two entries of run {run} have the number {number}")]
    Twice {
        /// The run.
        run: RunId,
        /// The number.
        number: u32,
    },
}

impl Lack {
    /// The run whose end shows it.
    pub(super) fn told_by(self) -> RunId {
        match self {
            Self::Entries { run, .. } | Self::Twice { run, .. } => run,
            Self::Run { after, .. } => after,
        }
    }
}

/// A run that has not closed itself: it lives, it was killed, or its end is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclosed {
    /// The run.
    pub run: RunId,
    /// How many entries of it are here.
    pub entries: usize,
    /// When the last of them was written at the earliest, as far as that is known: what the logs have to go back to.
    pub last: Option<Timestamp>,
    /// Until when it may live, whatever the clocks say: it wrote its last entry at the latest that can be.
    pub lives_until: Timestamp,
}

impl Unclosed {
    /// How many entries several have.
    #[must_use]
    pub fn entries(several: &[Self]) -> u64 {
        several.iter().map(|unclosed| unclosed.entries as u64).sum()
    }
}
