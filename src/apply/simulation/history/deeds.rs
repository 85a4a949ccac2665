//! What happens in a history: deeds, one after the other.

use super::clients::Script;
use super::machine::Wrong;
use crate::campaign::Witness;

/// One deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// Processes at once, in an order that follows from a number.
    Work { runs: Vec<Run>, order: u64 },
    /// So many minutes pass.
    Pass(u64),
    /// In so many seconds the logs stand still, for so many minutes.
    Stand { after: u64, minutes: u64 },
    /// From now on the logs lag so many minutes.
    Lag(u64),
    /// The ledger is taken back by so many writes.
    TakeBack(usize),
    /// Another key comes first.
    OtherKey,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) task: Task,
    pub(super) wrong: Wrong,
    /// At which of its steps it is killed.
    pub(super) dies_at: Option<usize>,
    pub(super) script: Script,
}

/// What a process does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    Apply(Sending),
    Reconcile,
    Recover,
}

/// How a run sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sending {
    /// How many people the audience has by now.
    pub(super) audience: u64,
    /// How many people a bulk has.
    pub(super) size: usize,
    /// By how much the audience is turned before it is cut into bulks.
    pub(super) turn: usize,
    pub(super) parallel: usize,
    pub(super) witness: Witness,
    /// How many people of each bulk are asked for.
    pub(super) of_each: usize,
    /// In how many minutes the messages leave; at once, if absent.
    pub(super) leaves_in: Option<u64>,
}

/// As many people as there are.
pub(super) const PEOPLE: u64 = 24;

impl Default for Sending {
    fn default() -> Self {
        let (audience, size, of_each) = (PEOPLE, 4, usize::MAX);
        Self { audience, size, turn: 0, parallel: 2, witness: Witness::Required, of_each, leaves_in: None }
    }
}

impl Run {
    /// A process that nothing disturbs.
    pub(super) fn of(task: Task) -> Self {
        Self { task, wrong: Wrong::default(), dies_at: None, script: Script::default() }
    }
}
