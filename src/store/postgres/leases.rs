//! What a run remembers of the plan that it shares: which plans it takes bulks from, and which bulks
//! it has taken and not claimed yet.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::claim::LeasedPosition;
use super::ids;
use super::queue::{LeasedBulk, QueuePosition};
use crate::identity::{Person, PersonSet};
use crate::ledger::{Claim, Grant};

/// How long a bulk of people whom this run does not know is left to others: long enough for each of them to
/// look for one.
const LEFT_TO_OTHERS: Duration = Duration::from_secs(3);

/// What taking a bulk gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// A bulk, which is this run's until it is claimed, or not claimed in time.
    Bulk(LeasedBulk),
    /// Nothing now: others have taken bulks that they have not claimed yet.
    Wait,
    /// Everything was claimed.
    UsedUp,
}

/// What a run remembers of the plan that it shares.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// The messages, in the order in which their bulks are taken.
    portions: Vec<QueuePosition>,
    /// The message whose turn it is.
    turn: usize,
    /// Bulks that were taken and not claimed yet, with their people in ascending order.
    open: Vec<(LeasedPosition, Vec<Person>)>,
    /// Bulks that were left to others, and since when.
    passed: Vec<(LeasedPosition, Instant)>,
    /// Whom this run was granted, by the numbers of messages.
    granted: HashMap<i64, PersonSet>,
    /// Whom it was not, and never before.
    missed: HashMap<i64, PersonSet>,
}

impl Shares {
    /// Begins with other plans.
    pub(super) fn begin(&mut self, portions: Vec<QueuePosition>) {
        self.portions = portions;
        self.turn = 0;
    }

    /// All messages.
    pub(super) fn portions(&self) -> &[QueuePosition] {
        &self.portions
    }

    /// The message whose turn it is.
    pub(super) fn current(&self) -> Option<&QueuePosition> {
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
    pub(super) fn take(&mut self, bulk: &LeasedBulk) {
        let mut people: Vec<Person> = bulk.people.iter().map(|(person, _)| *person).collect();
        people.sort_unstable();
        self.open.push((bulk.taken, people));
    }

    /// Finds the bulk that a claim is the first of.
    pub(super) fn of(&self, message: i64, claim: &Claim) -> Option<LeasedPosition> {
        let first = claim.people.first()?;
        let holds = |(taken, people): &&(LeasedPosition, Vec<Person>)| {
            taken.message == message && people.binary_search(first).is_ok()
        };
        self.open.iter().find(holds).map(|(taken, _)| *taken)
    }

    /// The numbers of a plan's bulks that this run has taken and not claimed yet, or has left to others
    /// just now.
    pub(super) fn held(&self, portion: &QueuePosition) -> Vec<i32> {
        let of = |taken: &&LeasedPosition| taken.message == portion.number && taken.plan == portion.plan;
        let passed = self.passed.iter().filter(|(_, since)| since.elapsed() < LEFT_TO_OTHERS);
        let all = self.open.iter().map(|(taken, _)| taken).chain(passed.map(|(taken, _)| taken));
        all.filter(of).map(|taken| taken.number).collect()
    }

    /// Leaves a bulk of strangers to others; false if they had their time already.
    pub(super) fn pass(&mut self, bulk: LeasedPosition) -> bool {
        self.forget(bulk);
        let is_news = self.passed.iter().all(|(taken, _)| *taken != bulk);
        if is_news {
            self.passed.push((bulk, Instant::now()));
        }
        is_news
    }

    /// Remembers what came of a claim.
    pub(super) fn claimed(&mut self, message: i64, claim: &Claim, grant: &Grant) {
        let granted = self.granted.entry(message).or_default();
        let missed = self.missed.entry(message).or_default();
        match grant {
            Grant::Granted => {
                granted.extend(claim.people.iter().copied());
                for person in &claim.people {
                    missed.remove(person);
                }
            }
            Grant::Taken(people) => missed.extend(people.iter().copied().filter(|person| !granted.contains(person))),
        }
    }

    /// Says whether others had somebody whenever this run tried to claim them.
    pub(super) fn has_missed(&self, message: i64, person: Person) -> bool {
        self.missed.get(&message).is_some_and(|missed| missed.contains(&person))
    }

    /// Forgets a bulk, which was claimed or is nobody's.
    pub(super) fn forget(&mut self, bulk: LeasedPosition) {
        self.open.retain(|(taken, _)| *taken != bulk);
    }
}

/// The number of a plan that a run stores.
pub(super) fn plan_number(run: u64, nth: u32) -> i64 {
    ids::line(&format!("plan {nth} of {run:016x}"))
}
