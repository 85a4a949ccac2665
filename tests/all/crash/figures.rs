//! What is counted over all worlds.

use std::fmt;

/// What is counted over all worlds.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Runs that were killed.
    pub(super) kills: u64,
    /// Runs that ended before they could be killed.
    pub(super) escapes: u64,
    /// Faults that were asked for.
    pub(super) faults: u64,
    /// Bulks that a person's word settled.
    pub(super) resolved: u64,
    /// Messages that were given up, because nobody could say the same of a whole bulk.
    pub(super) given_up: u64,
    /// The most people that were in doubt at one time.
    pub(super) in_doubt_max: u64,
    /// Messages that were accepted in the end, each once.
    pub(super) accepted: u64,
    /// Comparisons of books, ledger and audience.
    pub(super) audits: u64,
}

impl Figures {
    pub(super) fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.escapes += other.escapes;
        self.faults += other.faults;
        self.resolved += other.resolved;
        self.given_up += other.given_up;
        self.in_doubt_max = self.in_doubt_max.max(other.in_doubt_max);
        self.accepted += other.accepted;
        self.audits += other.audits;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, escapes, faults, resolved, given_up, in_doubt_max, accepted, audits } = self;
        write!(
            formatter,
            "{kills} kills ({escapes} runs ended first), {faults} faults, {resolved} bulks in doubt resolved \
             (at most {in_doubt_max} people in doubt at once), {accepted} messages accepted once, {given_up} given up, \
             0 duplicates, 0 forgotten, {audits} audits"
        )
    }
}
