//! What a run remembers of the plan that it shares: which plans it takes bulks from, and which bulks
//! it has taken and not claimed yet.

use super::claim::Taken;
use super::number;
use super::share::{Portion, SharedBulk};
use crate::identity::Person;
use crate::ledger::Claim;

/// What taking a bulk gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// A bulk, which is this run's until it is claimed, or not claimed in time.
    Bulk(SharedBulk),
    /// Nothing now: others have taken bulks that they have not claimed yet.
    Wait,
    /// Everything was claimed.
    UsedUp,
}

/// What a run remembers of the plan that it shares.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// The messages, in the order in which their bulks are taken.
    portions: Vec<Portion>,
    /// The message whose turn it is.
    turn: usize,
    /// Bulks that were taken and not claimed yet, with their people in ascending order.
    open: Vec<(Taken, Vec<Person>)>,
}

impl Shares {
    /// Begins with other plans.
    pub(super) fn begin(&mut self, portions: Vec<Portion>) {
        self.portions = portions;
        self.turn = 0;
    }

    /// All messages.
    pub(super) fn portions(&self) -> &[Portion] {
        &self.portions
    }

    /// The message whose turn it is.
    pub(super) fn current(&self) -> Option<&Portion> {
        self.portions.get(self.turn)
    }

    /// Goes on to the next message: this one gave nothing.
    pub(super) fn skip(&mut self) {
        self.turn = self.turn.saturating_add(1);
    }

    /// Goes back to a message that is not used up.
    pub(super) fn return_to(&mut self, turn: usize) {
        self.turn = turn;
    }

    /// Remembers a bulk.
    pub(super) fn take(&mut self, bulk: &SharedBulk) {
        let mut people: Vec<Person> = bulk.people.iter().map(|(person, _)| *person).collect();
        people.sort_unstable();
        self.open.push((bulk.taken, people));
    }

    /// Finds the bulk that a claim is the first of.
    pub(super) fn of(&self, message: i64, claim: &Claim) -> Option<Taken> {
        let first = claim.people.first()?;
        let holds =
            |(taken, people): &&(Taken, Vec<Person>)| taken.message == message && people.binary_search(first).is_ok();
        self.open.iter().find(holds).map(|(taken, _)| *taken)
    }

    /// The numbers of a plan's bulks that this run has taken and not claimed yet.
    pub(super) fn held(&self, portion: &Portion) -> Vec<i32> {
        let of = |taken: &&Taken| taken.message == portion.number && taken.plan == portion.plan;
        self.open.iter().map(|(taken, _)| taken).filter(of).map(|taken| taken.number).collect()
    }

    /// Forgets a bulk, which was claimed or is nobody's.
    pub(super) fn forget(&mut self, bulk: Taken) {
        self.open.retain(|(taken, _)| *taken != bulk);
    }
}

/// The number of a plan that a run stores.
pub(super) fn plan_number(run: u64, nth: u32) -> i64 {
    number::line(&format!("plan {nth} of {run:016x}"))
}
