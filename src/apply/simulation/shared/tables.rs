//! What several runs share, as PostgreSQL's tables have it: every function here is one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use super::super::gateway::Written;
use super::super::stop_sign::StopSign;
use crate::apply::{LeasedBulk, LeasedPosition, QueuePosition};
use crate::identity::{Person, PersonSet};
use crate::ledger::{Claim, ClaimId, ClaimState, Grant, Ledger, Outcome, PersonState, RunId, StopOrder, View, sample};
use crate::plan::{Bulk, RejectionLimit, Undelivered};

/// How long after it was taken a bulk that was not claimed is anybody's again.
const LEASE: Duration = Duration::from_secs(15);
/// A plan that nobody has touched for so long is no run's any more.
const ABANDONED: Duration = Duration::from_mins(10);
/// Whoever takes a bulk touches its plan if nobody has for so long.
const TOUCHED_AFTER: Duration = Duration::from_mins(1);

/// What is wrong with the tables, so that whoever judges them can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A bulk that somebody has taken is handed out to others at once.
    HandsOutTwice,
    /// People are granted whoever has them, and whoever has taken their bulk.
    GrantsTwice,
    /// A bulk that was taken is never handed out again.
    TakenForEver,
    /// The same, and it counts as done.
    TakenIsDone,
    /// Nobody is freed.
    KeepsRefused,
    /// Every bulk is done with as soon as it is stored.
    DropsBulks,
    /// People are granted although a stop stands.
    GrantsWhileStopped,
    /// Nobody is told of a stop.
    HidesStops,
}

/// What the tables have seen, so that nobody takes a history for a proof that never comes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Corner {
    /// A run has joined the plan of another.
    Joined,
    /// A plan was stored where one was used up, or abandoned.
    Replaced,
    /// A bulk was taken over from somebody who has not claimed it in time.
    TakenOver,
    /// A bulk of strangers was left to others.
    LeftToOthers,
    /// Nobody wanted a bulk.
    Unwanted,
    /// People of a claim were somebody else's.
    Elsewhere,
    /// A run has claimed a bulk that somebody had taken over.
    TooLate,
    /// People were freed whom the claim that gave them back last could not free.
    FreedLater,
    /// A claim was refused because a stop stands.
    Stopped,
    /// A run has claimed people of a message that had ended by then.
    EndedMeanwhile,
}

/// Why nobody was granted, and nobody named.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClaimFault {
    #[error("somebody has stopped sending")]
    Stopped,
}

/// People with the claim that has them, plans with their bulks, and the ledger's lines.
pub(super) struct Tables {
    pub(super) ledger: Ledger,
    rows: BTreeMap<(i64, Person), ClaimId>,
    plans: BTreeMap<i64, StoredPlan>,
    flaws: Vec<Flaw>,
    pub(super) corners: BTreeSet<Corner>,
    /// Whether somebody has stopped sending.
    pub(super) sign: StopSign,
    /// The runs that were told so.
    told: BTreeSet<RunId>,
    /// Whether a request may begin when a stop came after its run has looked for one: there is another look between.
    pub(super) looks_are_apart: bool,
    /// When rejections end a message.
    pub(super) limit: Option<RejectionLimit>,
    /// What must never happen, and has.
    pub(super) breaches: Vec<String>,
    /// How many claims each run was granted of messages that had ended by then, with nobody accepted.
    pub(super) late: BTreeMap<RunId, usize>,
}

struct StoredPlan {
    number: i64,
    touched_at: Duration,
    bulks: Vec<StoredBulk>,
}

struct StoredBulk {
    bulk: LeasedBulk,
    taken: Option<(RunId, Duration)>,
    is_done: bool,
}

/// What becomes of a bulk that a run gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenUp {
    ToOthers,
    Done,
}

/// People whom no claim holds, each with the claims that gave them back.
pub(super) type FreeAgain = BTreeMap<Person, Vec<ClaimId>>;

impl Tables {
    pub(super) fn new(flaws: &[Flaw]) -> Self {
        Self {
            ledger: Ledger::new(sample::header()),
            rows: BTreeMap::new(),
            plans: BTreeMap::new(),
            flaws: flaws.to_vec(),
            corners: BTreeSet::new(),
            sign: StopSign::default(),
            told: BTreeSet::new(),
            looks_are_apart: false,
            limit: None,
            breaches: Vec::new(),
            late: BTreeMap::new(),
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    /// Joins the plan of each message, or stores one's own; gives their numbers.
    pub(super) fn enqueue(&mut self, plan: i64, messages: &[(i64, Vec<Bulk>)], now: Duration) -> Vec<i64> {
        messages.iter().map(|(message, bulks)| self.enqueue_one(plan, *message, bulks, now)).collect()
    }

    fn enqueue_one(&mut self, plan: i64, message: i64, bulks: &[Bulk], now: Duration) -> i64 {
        let is_open = self.is_open(message, None);
        if let Some(found) = self.plans.get_mut(&message) {
            let is_abandoned = now.saturating_sub(found.touched_at) > ABANDONED;
            if is_open && (!is_abandoned || found.number == plan) {
                found.touched_at = now;
                self.corners.insert(Corner::Joined);
                return found.number;
            }
            self.corners.insert(Corner::Replaced);
        }
        let is_done = self.has(Flaw::DropsBulks);
        let stored = |(number, bulk): (i32, &Bulk)| StoredBulk {
            bulk: LeasedBulk {
                message: bulk.message.clone(),
                revision: bulk.revision,
                time: bulk.time,
                send_at: bulk.send_at,
                until: bulk.until,
                people: bulk.recipients.iter().map(|recipient| (recipient.person, recipient.content)).collect(),
                position: LeasedPosition { message, plan, number },
            },
            taken: None,
            is_done,
        };
        let bulks = (0..).zip(bulks).map(stored).collect();
        self.plans.insert(message, StoredPlan { number: plan, touched_at: now, bulks });
        plan
    }

    /// Whether a plan has a bulk that nobody has claimed.
    fn is_open(&self, message: i64, plan: Option<i64>) -> bool {
        let taken_is_done = self.has(Flaw::TakenIsDone);
        let found = self.plans.get(&message).filter(|found| plan.is_none_or(|plan| found.number == plan));
        found.is_some_and(|found| {
            found.bulks.iter().any(|stored| !(stored.is_done || taken_is_done && stored.taken.is_some()))
        })
    }

    /// Takes a bulk that nobody has, or whose taker has not claimed it in time.
    pub(super) fn lease(
        &mut self,
        portion: &QueuePosition,
        run: RunId,
        held: &[i32],
        now: Duration,
    ) -> Option<LeasedBulk> {
        let hands_out_twice = self.has(Flaw::HandsOutTwice);
        let keeps_taken = self.has(Flaw::TakenForEver) || self.has(Flaw::TakenIsDone);
        let plan = self.plans.get_mut(&portion.number).filter(|plan| plan.number == portion.plan)?;
        if now.saturating_sub(plan.touched_at) > TOUCHED_AFTER {
            plan.touched_at = now;
        }
        let is_free = |stored: &StoredBulk| {
            let is_late = |at: Duration| !keeps_taken && now.saturating_sub(at) > LEASE;
            hands_out_twice || stored.taken.is_none_or(|(_, at)| is_late(at))
        };
        let stored = plan
            .bulks
            .iter_mut()
            .find(|stored| !stored.is_done && !held.contains(&stored.bulk.position.number) && is_free(stored))?;
        if stored.taken.replace((run, now)).is_some() {
            self.corners.insert(Corner::TakenOver);
        }
        Some(stored.bulk.clone())
    }

    /// Whether a plan has bulks that nobody has claimed, and that it is still at work.
    pub(super) fn is_at_work(&mut self, portion: &QueuePosition, now: Duration) -> bool {
        if let Some(plan) = self.plans.get_mut(&portion.number).filter(|plan| plan.number == portion.plan) {
            plan.touched_at = now;
        }
        self.is_open(portion.number, Some(portion.plan))
    }

    /// Gives a bulk up, if it is still this run's.
    pub(super) fn give_up(&mut self, position: LeasedPosition, run: RunId, what: GivenUp) {
        let Some(stored) = self.stored(position).filter(|stored| stored.is_of(run)) else { return };
        match what {
            GivenUp::ToOthers if stored.is_done => return,
            GivenUp::ToOthers => stored.taken = None,
            GivenUp::Done => stored.is_done = true,
        }
        self.corners.insert(if what == GivenUp::Done { Corner::Unwanted } else { Corner::LeftToOthers });
    }

    fn stored(&mut self, position: LeasedPosition) -> Option<&mut StoredBulk> {
        let plan = self.plans.get_mut(&position.message).filter(|plan| plan.number == position.plan)?;
        plan.bulks.iter_mut().find(|stored| stored.bulk.position == position)
    }

    /// The stops that stand, for a run that looks.
    pub(super) fn look(&mut self, run: RunId) -> Vec<StopOrder> {
        let stops = self.sign.look().unwrap_or_default();
        if stops.is_empty() || self.has(Flaw::HidesStops) {
            return Vec::new();
        }
        self.told.insert(run);
        stops
    }

    /// Lifts the stop, and lets every message go on.
    pub(super) fn lift(&mut self) {
        self.sign = StopSign::default();
        self.limit = None;
    }

    /// Whether a message had ended by all that is written, as soon as it was judged: runs ask anew before each claim
    /// until then, and every few seconds afterwards.
    fn has_ended(&self, claim: &Claim) -> bool {
        let bulk = &claim.id.bulk;
        let answered = self.ledger.answered(&bulk.message, bulk.revision, View::Exclusive, |_| false);
        answered.accepted == 0
            && self.limit.as_ref().is_some_and(|limit| limit.is_exceeded(&answered, &Undelivered::default()))
    }

    /// Inserts the people of a claim, all or none, if no stop stands; its bulk has to be its run's still.
    pub(super) fn claim(
        &mut self,
        message: i64,
        claim: &Claim,
        bulk: Option<LeasedPosition>,
    ) -> Result<Grant, ClaimFault> {
        if self.sign.stands() && !self.has(Flaw::GrantsWhileStopped) {
            self.corners.insert(Corner::Stopped);
            return Err(ClaimFault::Stopped);
        }
        let has_ended = self.has_ended(claim);
        let grant = self.grant(message, claim, bulk);
        if grant == Grant::Granted && has_ended {
            self.corners.insert(Corner::EndedMeanwhile);
            *self.late.entry(claim.id.run).or_default() += 1;
        }
        Ok(grant)
    }

    fn grant(&mut self, message: i64, claim: &Claim, bulk: Option<LeasedPosition>) -> Grant {
        let grants_twice = self.has(Flaw::GrantsTwice);
        let has_row = |person: &Person| self.rows.contains_key(&(message, *person));
        let taken: Vec<Person> = claim.people.iter().copied().filter(has_row).collect();
        if !taken.is_empty() && !grants_twice {
            self.corners.insert(Corner::Elsewhere);
            return Grant::ClaimedElsewhere(taken);
        }
        if let Some(position) = bulk {
            let run = claim.id.run;
            match self.stored(position) {
                Some(stored) if grants_twice || !stored.is_done && stored.is_of(run) => stored.is_done = true,
                Some(_) | None => {
                    self.corners.insert(Corner::TooLate);
                    return Grant::ClaimedElsewhere(claim.people.clone());
                }
            }
        }
        for person in &claim.people {
            self.rows.insert((message, *person), claim.id.clone());
        }
        self.ledger.add_claim(claim.clone()).unwrap();
        Grant::Granted
    }

    /// Writes what became of a claim, and frees whoever it gave back of those whom no other holds. Says how many.
    pub(super) fn settle(&mut self, message: i64, outcome: Outcome, may_free: &PersonSet) -> usize {
        let id = outcome.claim.clone();
        self.ledger.add_outcome(outcome).unwrap();
        let mut back = given_back(&self.ledger, &id);
        back.retain(|person| may_free.contains(person) && self.rows.get(&(message, *person)) == Some(&id));
        self.delete(message, &back)
    }

    /// Frees people, if the ledger by which nobody holds them is all that was written; says how many.
    pub(super) fn free(&mut self, message: i64, people: &FreeAgain, known: &Ledger) -> Option<usize> {
        let is_theirs = |(person, claims): (&Person, &Vec<ClaimId>)| {
            let claim = self.rows.get(&(message, *person))?;
            claims.contains(claim).then_some(*person)
        };
        let rows: Vec<Person> = people.iter().filter_map(is_theirs).collect();
        if !rows.is_empty() && sample::content(known) != sample::content(&self.ledger) {
            return None;
        }
        if !rows.is_empty() {
            self.corners.insert(Corner::FreedLater);
        }
        Some(self.delete(message, &rows))
    }

    fn delete(&mut self, message: i64, people: &[Person]) -> usize {
        if self.has(Flaw::KeepsRefused) {
            return 0;
        }
        people.iter().filter(|person| self.rows.remove(&(message, **person)).is_some()).count()
    }

    /// Who has somebody.
    pub(super) fn holder(&self, message: i64, person: Person) -> Option<&ClaimId> {
        self.rows.get(&(message, person))
    }
}

impl StoredBulk {
    fn is_of(&self, run: RunId) -> bool {
        self.taken.is_some_and(|(taker, _)| taker == run)
    }
}

/// The people whom a claim gave back.
pub(super) fn given_back(ledger: &Ledger, claim: &ClaimId) -> Vec<Person> {
    let people = ledger.claim_state(claim).into_iter().flat_map(ClaimState::people);
    let is_back = |state: &PersonState| state.came_to_nothing();
    people.filter(|(_, state)| is_back(state)).map(|(person, _)| person).collect()
}

impl Written for Mutex<Tables> {
    fn people(&self, claim: &ClaimId) -> Option<Vec<Person>> {
        Some(self.lock().unwrap().ledger.claim_state(claim)?.claim().people.clone())
    }

    fn is_settled(&self, claim: &ClaimId) -> bool {
        let tables = self.lock().unwrap();
        let people = tables.ledger.claim_state(claim).into_iter().flat_map(ClaimState::people);
        people.into_iter().any(|(_, state)| state != PersonState::Claimed)
    }

    fn begins(&self, claim: &ClaimId) {
        let mut tables = self.lock().unwrap();
        let is_told = tables.told.contains(&claim.run);
        if is_told || tables.sign.stands() && !tables.looks_are_apart {
            let told = if is_told { "its run was told of it" } else { "its run has not looked" };
            tables.breaches.push(format!("a request of {:?} begins while a stop stands, and {told}", claim.run));
        }
    }
}
