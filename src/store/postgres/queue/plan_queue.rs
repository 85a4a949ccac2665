//! The plan that the workers of an open ledger share, and the times that they give late bulks.

use jiff::Timestamp;

use super::bulks::{EnqueueBulks, LeaseBulk, ReadQueue, Rest, ReturnAll, ReturnBulk};
use super::send_times::DelayBulks;
use crate::apply::evidence::LedgerView;
use crate::apply::{
    Enqueued, IsHeldBack, LateBulk, Lease, LeasedBulk, LeasedPosition, MessageRevision, PlanQueue, QueuePosition,
    QueuedPlan,
};
use crate::identity::{MessageKey, Person, PersonSet, Revision};
use crate::ledger::{Ledger, RunId, View};
use crate::plan::Bulk;
use crate::store::error::StoreError;
use crate::store::postgres::connection::AT_ONCE;
use crate::store::postgres::ids;
use crate::store::postgres::ledger::opened::{PATIENCE, Postgres};

impl Postgres {
    /// Joins the plan that workers share, message by message, or stores these bulks as such: where
    /// there is none, where it was used up, and where no worker has been at it for ten minutes. Says which it was.
    ///
    /// # Errors
    /// If the database fails for too long.
    pub async fn share(
        &self,
        run: RunId,
        nth: u32,
        digest: &str,
        now: Timestamp,
        bulks: Vec<Bulk>,
    ) -> Result<Enqueued, StoreError> {
        let mut portions: Vec<QueuePosition> = Vec::new();
        let mut messages: Vec<(i64, Vec<Bulk>)> = Vec::new();
        let plan = ids::plan(run.0, nth);
        for bulk in bulks {
            let number = ids::message(self.number, &bulk.message, bulk.revision);
            match messages.iter_mut().find(|(known, _)| *known == number) {
                Some((_, others)) => others.push(bulk),
                None => {
                    portions.push(QueuePosition {
                        number,
                        message: bulk.message.clone(),
                        revision: bulk.revision,
                        plan,
                    });
                    messages.push((number, vec![bulk]));
                }
            }
        }
        messages.sort_unstable_by_key(|(number, _)| *number);
        let plans = self.link.run(&EnqueueBulks { plan, digest, now, messages: &messages }, PATIENCE).await?;
        let is_joined = plans.iter().any(|found| *found != plan);
        for ((number, _), plan) in messages.iter().zip(plans) {
            for portion in portions.iter_mut().filter(|portion| portion.number == *number) {
                portion.plan = plan;
            }
        }
        self.shares().begin(portions);
        Ok(if is_joined { Enqueued::Joined } else { Enqueued::Stored })
    }

    /// Takes the next bulk of the shared plan, of no message that is held back.
    ///
    /// # Errors
    /// If the database fails for too long.
    pub async fn take(&self, run: RunId, is_held_back: &IsHeldBack<'_>) -> Result<Lease, StoreError> {
        loop {
            let Some(portion) = self.shares().current(is_held_back).cloned() else { break };
            let held = self.shares().held(&portion, self.opened_at.elapsed());
            let taking = LeaseBulk { portion: &portion, run: run.0.cast_signed(), held: &held };
            if let Some(bulk) = self.link.run(&taking, PATIENCE).await? {
                self.shares().take(&bulk);
                return Ok(Lease::Bulk(bulk));
            }
            self.shares().skip(portion.number);
        }
        if self.shares().holds_back() {
            self.shares().begin_again(0);
            return Ok(Lease::HeldBack);
        }
        let portions = self.shares().portions().to_vec();
        for (place, portion) in portions.iter().enumerate() {
            if self.link.run(&ReadQueue { portion }, PATIENCE).await? {
                self.shares().begin_again(place);
                return Ok(Lease::Wait);
            }
        }
        Ok(Lease::UsedUp)
    }

    /// Those of some people whom others had whenever this run tried to claim them.
    #[must_use]
    pub fn missed(&self, message: &MessageKey, revision: Revision, people: &PersonSet) -> PersonSet {
        let (number, shares) = (ids::message(self.number, message, revision), self.shares());
        people.iter().copied().filter(|person| shares.has_missed(number, *person)).collect()
    }

    /// Gives up a bulk of which this run has nobody to send to. Somebody else may have: whoever planned it
    /// knows its people. So they get it first, and it is done with if nobody takes it.
    ///
    /// # Errors
    /// If the database fails for too long.
    pub async fn dismiss(&self, run: RunId, bulk: LeasedPosition) -> Result<(), StoreError> {
        let run = run.0.cast_signed();
        let rest = if self.shares().pass(bulk, self.opened_at.elapsed()) { Rest::ToOthers } else { Rest::Done };
        Ok(self.link.run(&ReturnBulk { bulk, run, rest }, PATIENCE).await?)
    }

    /// Gives back what this run has taken and not claimed, when it has ended. What is not given back is anybody's
    /// a few seconds later.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn give_back(&self, run: RunId) -> Result<(), StoreError> {
        let messages: Vec<i64> = self.shares().portions().iter().map(|portion| portion.number).collect();
        let returning = ReturnAll { messages: &messages, run: run.0.cast_signed() };
        Ok(self.link.run(&returning, AT_ONCE).await?)
    }

    /// Finds a time for a paced bulk that cannot keep its own: behind everything that any worker
    /// was given.
    ///
    /// # Errors
    /// If the database fails for too long.
    pub async fn late_start(&self, late: &LateBulk) -> Result<Timestamp, StoreError> {
        let (message, revision) = &late.message;
        let delaying = DelayBulks {
            message: ids::message(self.number, message, *revision),
            earliest: late.earliest.as_millisecond(),
            length: late.length_ms,
        };
        let start = self.link.run(&delaying, PATIENCE).await?;
        Ok(Timestamp::from_millisecond(start).unwrap_or(Timestamp::MAX))
    }
}

impl LedgerView for Postgres {
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger())
    }

    fn view(&self, now: Timestamp) -> View {
        View::Shared { now }
    }
}

impl PlanQueue for Postgres {
    type Error = StoreError;

    async fn enqueue(&self, run: RunId, nth: u32, plan: QueuedPlan) -> Result<Enqueued, StoreError> {
        self.share(run, nth, &plan.digest, plan.now, plan.bulks).await
    }

    async fn take(&self, run: RunId, is_held_back: &IsHeldBack<'_>) -> Result<Lease, StoreError> {
        Self::take(self, run, is_held_back).await
    }

    async fn discard(&self, run: RunId, bulk: &LeasedBulk) -> Result<(), StoreError> {
        self.dismiss(run, bulk.position).await
    }

    async fn forgo(&self, run: RunId, (message, revision): &MessageRevision, person: Person) -> Result<(), StoreError> {
        let bulk = self.shares().with(ids::message(self.number, message, *revision), person);
        match bulk {
            Some(bulk) => self.dismiss(run, bulk).await,
            None => Ok(()),
        }
    }

    fn leave(&self, (message, revision): &MessageRevision) {
        self.shares().leave(ids::message(self.number, message, *revision));
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        Self::catch_up(self).await
    }

    fn missed(&self, (message, revision): &MessageRevision, people: &PersonSet) -> PersonSet {
        Self::missed(self, message, *revision, people)
    }
}
