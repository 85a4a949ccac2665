//! How far a ledger whose lines are all as they were written can be trusted.

use super::closing::Unclosed;
use super::delta::LedgerDelta;
use super::read::Authenticity;

/// How far a ledger whose lines are all as they were written can be trusted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Who has written it, as far as that is known; absent where lines are not signed, in PostgreSQL.
    pub authenticity: Option<Authenticity>,
    /// The runs that have not closed themselves, and of which nothing shows that all of them is here: whoever
    /// sends has to ask the gateway first.
    pub unclosed: Vec<Unclosed>,
    /// How many claims a database has of which nobody can tell whether they were put back from a copy, if there
    /// may be any such: whoever sends has to ask the gateway first.
    pub unmarked: Option<u64>,
    /// Whether git's history of it is not all here, or too large: a merge that threw one side of it away may
    /// not be seen.
    pub is_history_cut: bool,
    /// What the file had lost, and its shadow still knew.
    pub restored: LedgerDelta,
}

impl Trust {
    /// Whether the ledger may lack something, so that the gateway has to be asked.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        !self.unclosed.is_empty() || self.unmarked.is_some()
    }
}
