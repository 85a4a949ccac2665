//! One run's way to the tables. It has read what was there when it began, and what it caught up with.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;

use super::super::clock::{SimClock, yield_once};
use super::super::life::Life;
use super::super::store::DiskFull;
use super::tables::{ClaimFault, FreeAgain, GivenUp, Tables, given_back};
use super::world::number;
use crate::apply::evidence::LedgerView;
use crate::apply::{
    Clock as _, Enqueued, IsHeldBack, Lease, LeasedBulk, LeasedPosition, Leases, MessageRevision, PlanQueue,
    QueuePosition, QueuedPlan, Store,
};
use crate::identity::{BulkId, MessageId, Person, PersonSet};
use crate::ledger::{
    Answered, Claim, ClaimId, ClaimState, Evidence, Grant, Ledger, Outcome, RunId, Standing, StopOrder, View, Weighed,
};
use crate::plan::Bulk;

/// After so many transactions of all runs nobody is answered any more.
const TRANSACTIONS_MAX: usize = 50_000;
/// How often freeing people is tried.
const FREE_TRIES_MAX: u32 = 5;

/// One run's way to the tables.
pub(super) struct Connection<'a> {
    tables: &'a Mutex<Tables>,
    clock: &'a SimClock,
    life: &'a Life,
    transactions: &'a AtomicUsize,
    run: RunId,
    ledger: Mutex<Ledger>,
    leases: Mutex<Leases>,
}

/// What a connection needs of the world.
pub(super) type Surroundings<'a> = (&'a Mutex<Tables>, &'a SimClock, &'a AtomicUsize);

impl<'a> Connection<'a> {
    pub(super) async fn open((tables, clock, transactions): Surroundings<'a>, run: RunId, life: &'a Life) -> Self {
        life.step().await;
        let ledger = tables.lock().unwrap().ledger.clone();
        Self { tables, clock, life, transactions, run, ledger: Mutex::new(ledger), leases: Mutex::default() }
    }

    /// One transaction: the run may die before it, and after it.
    async fn transact<T>(&self, work: impl FnOnce(&mut Tables) -> T) -> T {
        if self.transactions.fetch_add(1, Ordering::Relaxed) > TRANSACTIONS_MAX {
            std::future::pending::<()>().await;
        }
        yield_once().await;
        self.life.step().await;
        let result = {
            let mut tables = self.tables.lock().unwrap();
            tables.sign.step();
            let result = work(&mut tables);
            tables.sign.step();
            result
        };
        yield_once().await;
        self.life.step().await;
        result
    }

    async fn dismiss(&self, run: RunId, bulk: LeasedPosition) {
        let is_news = self.leases.lock().unwrap().pass(bulk, self.clock.elapsed());
        let what = if is_news { GivenUp::ToOthers } else { GivenUp::Done };
        self.transact(|tables| tables.give_up(bulk, run, what)).await;
    }

    async fn read_anew(&self) {
        let news = self.transact(|tables| tables.ledger.clone()).await;
        self.ledger.lock().unwrap().join(&news).unwrap();
    }

    /// Frees those of some people whom every claim of theirs gave back; gives how many.
    async fn free(&self, bulk: &BulkId, people: &[Person]) -> usize {
        for _ in 0..FREE_TRIES_MAX {
            self.read_anew().await;
            let known = self.ledger.lock().unwrap().clone();
            let people = free_again(&known, bulk, people);
            if people.is_empty() {
                break;
            }
            if let Some(freed) = self.transact(|tables| tables.free(number(&bulk.message), &people, &known)).await {
                return freed;
            }
        }
        0
    }

    /// Frees whoever seems to be somebody else's, and was given back by every claim; says whether anybody was.
    async fn free_kept_back(&self, bulk: &BulkId, people: &[Person]) -> bool {
        let is_any = !free_again(&self.ledger.lock().unwrap(), bulk, people).is_empty();
        is_any && self.free(bulk, people).await > 0
    }
}

/// Those of some people whom no claim holds, each with their claims.
fn free_again(ledger: &Ledger, bulk: &BulkId, people: &[Person]) -> FreeAgain {
    let standings = ledger.standings(&bulk.message, bulk.revision);
    let is_free = |person: &Person| is_free(standings.get(*person, View::Exclusive));
    let mut free: FreeAgain = people.iter().copied().filter(is_free).map(|person| (person, Vec::new())).collect();
    for claim in ledger.claims_of(&bulk.message, bulk.revision).map(ClaimState::claim) {
        for person in &claim.people {
            if let Some(claims) = free.get_mut(person) {
                claims.push(claim.id.clone());
            }
        }
    }
    free
}

fn is_free(standing: Standing) -> bool {
    matches!(standing, Standing::Free | Standing::Rejected(_))
}

impl LedgerView for Connection<'_> {
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger.lock().unwrap())
    }

    fn view(&self, now: Timestamp) -> View {
        View::Shared { now }
    }
}

impl PlanQueue for Connection<'_> {
    type Error = DiskFull;

    async fn enqueue(&self, run: RunId, nth: u32, plan: QueuedPlan) -> Result<Enqueued, DiskFull> {
        let mine = i64::try_from(run.0).unwrap() * 1000 + i64::from(nth);
        let mut portions: Vec<QueuePosition> = Vec::new();
        let mut messages: Vec<(i64, Vec<Bulk>)> = Vec::new();
        for bulk in plan.bulks {
            let number = number(&bulk.message);
            if let Some((_, others)) = messages.iter_mut().find(|(known, _)| *known == number) {
                others.push(bulk);
            } else {
                let (message, revision) = (bulk.message.clone(), bulk.revision);
                portions.push(QueuePosition { number, message, revision, plan: mine });
                messages.push((number, vec![bulk]));
            }
        }
        let plans = self.transact(|tables| tables.enqueue(mine, &messages, self.clock.elapsed())).await;
        let is_joined = plans.iter().any(|found| *found != mine);
        for (portion, plan) in portions.iter_mut().zip(plans) {
            portion.plan = plan;
        }
        self.leases.lock().unwrap().begin(portions);
        Ok(if is_joined { Enqueued::Joined } else { Enqueued::Stored })
    }

    async fn take(&self, run: RunId, is_held_back: &IsHeldBack<'_>) -> Result<Lease, DiskFull> {
        loop {
            let Some(portion) = self.leases.lock().unwrap().current(is_held_back).cloned() else { break };
            let held = self.leases.lock().unwrap().held(&portion, self.clock.elapsed());
            let taken = self.transact(|tables| tables.lease(&portion, run, &held, self.clock.elapsed())).await;
            if let Some(bulk) = taken {
                self.leases.lock().unwrap().take(&bulk);
                return Ok(Lease::Bulk(bulk));
            }
            self.leases.lock().unwrap().skip(portion.number);
        }
        if self.leases.lock().unwrap().holds_back() {
            self.leases.lock().unwrap().begin_again(0);
            return Ok(Lease::HeldBack);
        }
        let portions = self.leases.lock().unwrap().portions().to_vec();
        for (place, portion) in portions.iter().enumerate() {
            if self.transact(|tables| tables.is_at_work(portion, self.clock.elapsed())).await {
                self.leases.lock().unwrap().begin_again(place);
                return Ok(Lease::Wait);
            }
        }
        Ok(Lease::UsedUp)
    }

    async fn discard(&self, run: RunId, bulk: &LeasedBulk) -> Result<(), DiskFull> {
        self.dismiss(run, bulk.position).await;
        Ok(())
    }

    async fn forgo(&self, run: RunId, (message, _): &MessageRevision, person: Person) -> Result<(), DiskFull> {
        let bulk = self.leases.lock().unwrap().with(number(message), person);
        if let Some(bulk) = bulk {
            self.dismiss(run, bulk).await;
        }
        Ok(())
    }

    fn leave(&self, (message, _): &MessageRevision) {
        self.leases.lock().unwrap().leave(number(message));
    }

    async fn catch_up(&self) -> Result<(), DiskFull> {
        self.read_anew().await;
        Ok(())
    }

    fn missed(&self, (message, _): &MessageRevision, people: &PersonSet) -> PersonSet {
        let leases = self.leases.lock().unwrap();
        people.iter().copied().filter(|person| leases.has_missed(number(message), *person)).collect()
    }
}

impl Store for Connection<'_> {
    type Error = ClaimFault;

    fn is_stop(error: &ClaimFault) -> bool {
        matches!(error, ClaimFault::Stopped)
    }

    async fn claim(&self, claim: Claim) -> Result<Grant, ClaimFault> {
        let bulk = &claim.id.bulk;
        let message = number(&bulk.message);
        let taken = self.leases.lock().unwrap().of(message, &claim);
        let mut grant = self.transact(|tables| tables.claim(message, &claim, taken)).await?;
        if let Grant::ClaimedElsewhere(people) = &grant
            && self.free_kept_back(bulk, people).await
        {
            grant = self.transact(|tables| tables.claim(message, &claim, taken)).await?;
        }
        self.leases.lock().unwrap().claimed(message, &claim, &grant);
        let is_over = match &grant {
            Grant::Granted => true,
            Grant::ClaimedElsewhere(people) => people.len() == claim.people.len(),
        };
        if let Some(taken) = taken.filter(|_| is_over) {
            self.leases.lock().unwrap().forget(taken);
            if grant != Grant::Granted {
                self.transact(|tables| tables.give_up(taken, claim.id.run, GivenUp::Done)).await;
            }
        }
        if grant == Grant::Granted {
            // Reading what was written since may have found it already.
            drop(self.ledger.lock().unwrap().add_claim(claim));
        }
        Ok(grant)
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), ClaimFault> {
        let id = outcome.claim.clone();
        let (may_free, back) = {
            let mut ledger = self.ledger.lock().unwrap();
            ledger.add_outcome(outcome.clone()).unwrap();
            let standings = ledger.standings(&id.bulk.message, id.bulk.revision);
            let back = given_back(&ledger, &id);
            let is_free = |person: &Person| is_free(standings.get(*person, View::Exclusive));
            (back.iter().copied().filter(is_free).collect::<PersonSet>(), back)
        };
        let message = number(&id.bulk.message);
        let freed = self.transact(|tables| tables.settle(message, outcome, &may_free)).await;
        if freed < back.len() {
            self.free(&id.bulk, &back).await;
        }
        Ok(())
    }

    async fn standing_stops(&self) -> Result<Vec<StopOrder>, ClaimFault> {
        yield_once().await;
        // Nothing stands between this look and what it allows.
        Ok(self.tables.lock().unwrap().look(self.run))
    }

    async fn weigh(&self, _: Vec<Evidence>) -> Result<Vec<Weighed>, ClaimFault> {
        panic!("a run asks no logs")
    }

    async fn catch_up(&self) -> Result<(), ClaimFault> {
        self.read_anew().await;
        Ok(())
    }

    async fn answered_elsewhere(
        &self,
        (message, revision): &MessageRevision,
        run: RunId,
    ) -> Result<Answered, ClaimFault> {
        self.read_anew().await;
        Ok(self.ledger.lock().unwrap().answered_elsewhere(message, *revision, run))
    }

    async fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> Result<bool, ClaimFault> {
        self.read_anew().await;
        Ok(self.ledger.lock().unwrap().claimed_before(message, besides))
    }
}
