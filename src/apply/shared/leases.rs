//! What a run remembers of the queue: which plans it takes bulks from, and which bulks it has taken and not
//! claimed yet.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::ports::IsHeldBack;
use crate::identity::{BulkTime, ContentDigest, MessageKey, Person, PersonSet, Revision};
use crate::ledger::{Claim, Grant};

/// How long a bulk of people whom this run does not know is left to others: long enough for each of them to
/// look for one.
const LEFT_TO_OTHERS: Duration = Duration::from_secs(3);

/// A bulk of a shared plan: people and what they get, and no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedBulk {
    /// The message.
    pub message: MessageKey,
    /// Its revision.
    pub revision: Revision,
    /// The time that goes into its id.
    pub time: BulkTime,
    /// The `sendAt` of the request; at once, if absent.
    pub send_at: Option<Timestamp>,
    /// The end of its time; absent if it is not paced.
    pub until: Option<Timestamp>,
    /// The people, in the order in which they are sent, with what they get.
    pub people: Vec<(Person, ContentDigest)>,
    /// Where it stands.
    pub position: LeasedPosition,
}

/// Where a bulk stands in the queue. The numbers are the queue's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeasedPosition {
    /// The message's number.
    pub message: i64,
    /// The plan's number.
    pub plan: i64,
    /// The bulk's number in it.
    pub number: i32,
}

/// One message of a plan, and the plan that its bulks are taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePosition {
    /// The message's number in the queue.
    pub number: i64,
    /// The message.
    pub message: MessageKey,
    /// Its revision.
    pub revision: Revision,
    /// The stored plan's number.
    pub plan: i64,
}

/// What taking a bulk gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// A bulk, which is this run's until it is claimed, or not claimed in time.
    Bulk(LeasedBulk),
    /// Nothing now of any message that is not held back.
    HeldBack,
    /// Nothing now: others have taken bulks that they have not claimed yet.
    Wait,
    /// Everything was claimed.
    UsedUp,
}

/// What a run remembers of the queue. Whoever keeps it says what time it is, by a clock that never goes back.
#[derive(Debug, Default)]
pub struct Leases {
    /// The messages, in the order in which their bulks are taken.
    portions: Vec<QueuePosition>,
    /// The numbers of messages that gave nothing when they were asked last.
    skipped: HashSet<i64>,
    /// Bulks that were taken and not claimed yet, with their people in ascending order.
    open: Vec<(LeasedPosition, Vec<Person>)>,
    /// Bulks that were left to others, and since when.
    passed: Vec<(LeasedPosition, Duration)>,
    /// Whom this run was granted, by the numbers of messages.
    granted: HashMap<i64, PersonSet>,
    /// Whom it was not, and never before.
    missed: HashMap<i64, PersonSet>,
}

impl Leases {
    /// Begins with other plans.
    pub fn begin(&mut self, portions: Vec<QueuePosition>) {
        self.portions = portions;
        self.skipped.clear();
    }

    /// All messages.
    #[must_use]
    pub fn portions(&self) -> &[QueuePosition] {
        &self.portions
    }

    /// The message whose turn it is, of those that are not held back.
    #[must_use]
    pub fn current(&self, is_held_back: &IsHeldBack<'_>) -> Option<&QueuePosition> {
        self.unasked().find(|portion| !is_held_back(&(portion.message.clone(), portion.revision)))
    }

    /// Goes on to the next message: this one gave nothing.
    pub fn skip(&mut self, message: i64) {
        self.skipped.insert(message);
    }

    /// Whether a message was not asked in this round, because it is held back.
    #[must_use]
    pub fn holds_back(&self) -> bool {
        self.unasked().next().is_some()
    }

    /// Begins another round with the message at this place; those before it are used up.
    pub fn begin_again(&mut self, place: usize) {
        self.skipped = self.portions.iter().take(place).map(|portion| portion.number).collect();
    }

    fn unasked(&self) -> impl Iterator<Item = &QueuePosition> {
        self.portions.iter().filter(|portion| !self.skipped.contains(&portion.number))
    }

    /// Takes nothing more of a message.
    pub fn leave(&mut self, message: i64) {
        self.portions.retain(|portion| portion.number != message);
    }

    /// Remembers a bulk.
    pub fn take(&mut self, bulk: &LeasedBulk) {
        let mut people: Vec<Person> = bulk.people.iter().map(|(person, _)| *person).collect();
        people.sort_unstable();
        self.open.push((bulk.position, people));
    }

    /// Finds the bulk that a claim is the first of.
    #[must_use]
    pub fn of(&self, message: i64, claim: &Claim) -> Option<LeasedPosition> {
        self.with(message, *claim.people.first()?)
    }

    /// Finds the bulk that somebody is in.
    #[must_use]
    pub fn with(&self, message: i64, person: Person) -> Option<LeasedPosition> {
        let holds = |(taken, people): &&(LeasedPosition, Vec<Person>)| {
            taken.message == message && people.binary_search(&person).is_ok()
        };
        self.open.iter().find(holds).map(|(taken, _)| *taken)
    }

    /// The numbers of a plan's bulks that this run has taken and not claimed yet, or has left to others
    /// just now.
    #[must_use]
    pub fn held(&self, portion: &QueuePosition, now: Duration) -> Vec<i32> {
        let of = |taken: &&LeasedPosition| taken.message == portion.number && taken.plan == portion.plan;
        let passed = self.passed.iter().filter(|(_, since)| now.saturating_sub(*since) < LEFT_TO_OTHERS);
        let all = self.open.iter().map(|(taken, _)| taken).chain(passed.map(|(taken, _)| taken));
        all.filter(of).map(|taken| taken.number).collect()
    }

    /// Leaves a bulk of strangers to others; false if they had their time already.
    pub fn pass(&mut self, bulk: LeasedPosition, now: Duration) -> bool {
        self.forget(bulk);
        let is_news = self.passed.iter().all(|(taken, _)| *taken != bulk);
        if is_news {
            self.passed.push((bulk, now));
        }
        is_news
    }

    /// Remembers what came of a claim.
    pub fn claimed(&mut self, message: i64, claim: &Claim, grant: &Grant) {
        let granted = self.granted.entry(message).or_default();
        let missed = self.missed.entry(message).or_default();
        match grant {
            Grant::Granted => {
                granted.extend(claim.people.iter().copied());
                for person in &claim.people {
                    missed.remove(person);
                }
            }
            Grant::ClaimedElsewhere(people) => {
                missed.extend(people.iter().copied().filter(|person| !granted.contains(person)));
            }
        }
    }

    /// Whether others had somebody whenever this run tried to claim them.
    #[must_use]
    pub fn has_missed(&self, message: i64, person: Person) -> bool {
        self.missed.get(&message).is_some_and(|missed| missed.contains(&person))
    }

    /// Forgets a bulk, which was claimed or is nobody's.
    pub fn forget(&mut self, bulk: LeasedPosition) {
        self.open.retain(|(taken, _)| *taken != bulk);
    }
}
