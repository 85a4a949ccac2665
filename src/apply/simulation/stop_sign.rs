//! Somebody stops sending at a given step of a run: before or after a write, a request, or a look.

use jiff::Timestamp;

use crate::ledger::{StopId, StopOrder};

/// A stop that stands from a step on; steps are counted from 0.
#[derive(Debug, Default)]
pub(super) struct StopSign {
    at: Option<usize>,
    steps: usize,
    /// Whether a run was told.
    pub(super) is_seen: bool,
    /// Whether nobody can tell any more, from the same step on, instead.
    is_unreadable: bool,
}

impl StopSign {
    /// Stands from this step on, or cannot be read.
    pub(super) fn from(at: usize, is_unreadable: bool) -> Self {
        Self { at: Some(at), is_unreadable, ..Self::default() }
    }

    /// Something happens.
    pub(super) fn step(&mut self) {
        self.steps += 1;
    }

    /// How much has happened.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    pub(super) fn stands(&self) -> bool {
        self.at.is_some_and(|at| self.steps >= at)
    }

    /// What a run is told; nothing, if it cannot be read.
    pub(super) fn look(&mut self) -> Option<Vec<StopOrder>> {
        self.step();
        self.is_seen |= self.stands();
        let stop = || StopOrder::new(StopId(7), Timestamp::UNIX_EPOCH, "ann", "the price is wrong");
        match (self.stands(), self.is_unreadable) {
            (true, true) => None,
            (stands, _) => Some(stands.then(stop).into_iter().collect()),
        }
    }
}
