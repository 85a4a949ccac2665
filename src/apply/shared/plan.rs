//! One run of several that share a plan: it takes bulk after bulk from the queue, and plans anew when the queue
//! is used up and somebody is left.

use std::sync::Mutex;
use std::time::Duration;

use super::leases::{Lease, LeasedBulk};
use super::look_again::{LookAgain, NextStep, UsedUp};
use super::queue::{Enqueued, PlanQueue, QueuedPlan, Replan};
use super::roster::{Roster, Unclaimed};
use crate::apply::ports::{BulkSource, Clock, IsHeldBack, Supply};
use crate::apply::run::lock;
use crate::apply::summary::{MessageRevision, Stopped, Tally};
use crate::identity::Person;
use crate::ledger::{Ledger, RunId};
use crate::plan::Bulk;

/// How long to wait before looking again for bulks that others have taken and not claimed.
const TAKE_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// The bulks of a plan that several runs share, as one of them gets them. It sends to nobody who is not in its
/// own first plan, so the safety limits that were shown for that hold; and to everybody in it whom nobody else
/// has.
#[derive(Debug)]
pub struct SharedPlan<'a, Q, P, C> {
    queue: &'a Q,
    planner: &'a P,
    clock: &'a C,
    run: RunId,
    roster: Mutex<Roster>,
    look_again: Mutex<LookAgain>,
    /// People of bulks that the run was given, and in which nobody is left to be claimed.
    forgone: Mutex<Vec<(MessageRevision, Person)>>,
    /// How many plans this run has put into the queue, or joined with.
    plans: Mutex<u32>,
    /// What became of the last one.
    enqueued: Mutex<Enqueued>,
}

impl<'a, Q: PlanQueue, P: Replan, C: Clock> SharedPlan<'a, Q, P, C> {
    /// Joins the plan that the queue holds, or puts this run's own into it.
    ///
    /// # Errors
    /// If the queue fails.
    pub async fn join(
        queue: &'a Q,
        planner: &'a P,
        clock: &'a C,
        run: RunId,
        plan: QueuedPlan,
    ) -> Result<Self, Q::Error> {
        let view = queue.view(clock.lives_at());
        let roster = Mutex::new(queue.read(|ledger| Roster::new(&plan.bulks, ledger, view)));
        let (look_again, plans, enqueued) = (Mutex::default(), Mutex::default(), Mutex::new(Enqueued::Stored));
        let forgone = Mutex::default();
        let shared = Self { queue, planner, clock, run, roster, look_again, forgone, plans, enqueued };
        shared.enqueue(plan).await?;
        Ok(shared)
    }

    async fn enqueue(&self, plan: QueuedPlan) -> Result<(), Q::Error> {
        let nth = {
            let mut plans = lock(&self.plans);
            *plans += 1;
            *plans
        };
        *lock(&self.enqueued) = self.queue.enqueue(self.run, nth, plan).await?;
        Ok(())
    }

    /// Takes a bulk for this run's own, if it has anybody of it to send to; else leaves it to others.
    async fn accept(&self, leased: &LeasedBulk) -> Result<Option<Bulk>, Stopped> {
        let bulk = lock(&self.roster).give(leased, self.queue)?;
        if bulk.recipients.is_empty() {
            self.queue.discard(self.run, leased).await.map_err(failed)?;
            return Ok(None);
        }
        Ok(Some(bulk))
    }

    /// Gives up the bulks in which nobody is left: others wait until they are claimed, or nobody's.
    async fn give_up_forgone(&self) -> Result<(), Stopped> {
        let forgone = std::mem::take(&mut *lock(&self.forgone));
        for (message, person) in forgone {
            self.queue.forgo(self.run, &message, person).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Finds who is left to be planned anew, after having waited for others if that may help; `None` if nobody is.
    async fn who_is_left(&self) -> Result<Option<Unclaimed>, Stopped> {
        loop {
            self.queue.catch_up().await.map_err(failed)?;
            let (unclaimed, now) = self.look();
            let next = lock(&self.look_again).next(now);
            match next {
                NextStep::End => return Ok(None),
                NextStep::PlanAnew => return Ok(Some(unclaimed)),
                NextStep::Wait(pause) => self.clock.sleep(pause).await,
                NextStep::GiveUp => return Err(unclaimed.abandoned()),
            }
        }
    }

    fn look(&self) -> (Unclaimed, UsedUp) {
        let view = self.queue.view(self.clock.lives_at());
        self.queue.read(|ledger| {
            let roster = lock(&self.roster);
            let unclaimed = roster.unclaimed(ledger, view, self.queue);
            let now = UsedUp {
                left: unclaimed.count(),
                claims: roster.claims(ledger),
                // What was planned anew stands behind another run's plan: nobody could claim it yet.
                may_be_awaited: *lock(&self.enqueued) == Enqueued::Joined || unclaimed.may_be_awaited(ledger),
                at: self.clock.elapsed(),
            };
            (unclaimed, now)
        })
    }

    /// Plans anew for people of the first plan whom nobody has; false if the new plan has nobody of them.
    async fn plan_anew(&self, unclaimed: &Unclaimed) -> Result<bool, Stopped> {
        // Outcomes of what is in flight do not wait for the planning.
        let ledger = self.queue.read(Ledger::clone);
        let mut plan = self.planner.plan(&ledger, self.queue.view(self.clock.lives_at()))?;
        lock(&self.roster).miss(&plan.missed);
        plan.bulks = lock(&self.roster).renew(plan.bulks, unclaimed)?;
        if plan.bulks.is_empty() {
            // Whoever asks once more, because people were passed over meanwhile, is no sign of planning in vain.
            *lock(&self.look_again) = LookAgain::Never;
            return Ok(false);
        }
        self.enqueue(plan).await.map_err(failed)?;
        Ok(true)
    }
}

impl<Q: PlanQueue, P: Replan, C: Clock> BulkSource for SharedPlan<'_, Q, P, C> {
    async fn next(&self, is_held_back: &IsHeldBack<'_>) -> Result<Supply, Stopped> {
        loop {
            self.give_up_forgone().await?;
            match self.queue.take(self.run, is_held_back).await.map_err(failed)? {
                Lease::Bulk(leased) => {
                    if let Some(bulk) = self.accept(&leased).await? {
                        return Ok(Supply::Bulk(bulk));
                    }
                }
                Lease::HeldBack => return Ok(Supply::HeldBack),
                Lease::Wait => self.clock.sleep(TAKE_AGAIN_AFTER).await,
                Lease::UsedUp => {
                    let Some(unclaimed) = self.who_is_left().await? else { return Ok(Supply::UsedUp) };
                    if !self.plan_anew(&unclaimed).await? {
                        return Ok(Supply::UsedUp);
                    }
                }
            }
        }
    }

    fn forgo(&self, message: &MessageRevision, person: Person) {
        lock(&self.forgone).push((message.clone(), person));
    }

    fn end(&self, message: &MessageRevision) {
        lock(&self.roster).end(message);
        self.queue.leave(message);
    }

    fn untried(&self) -> Vec<(MessageRevision, Vec<Person>)> {
        let view = self.queue.view(self.clock.lives_at());
        self.queue.read(|ledger| lock(&self.roster).untried(ledger, view))
    }

    /// Counts those whom others have, and those whom nobody has tried, as far as this run has read what others
    /// wrote.
    fn not_given(&self) -> Vec<(MessageRevision, Tally)> {
        let view = self.queue.view(self.clock.lives_at());
        self.queue.read(|ledger| lock(&self.roster).not_given(ledger, view))
    }
}

fn failed(error: impl std::error::Error) -> Stopped {
    Stopped::Store(error.to_string())
}
