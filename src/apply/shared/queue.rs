//! What a run that shares a plan needs of the world, besides a clock.

use std::error::Error;

use jiff::Timestamp;

use super::leases::{Lease, LeasedBulk};
use crate::apply::cut_out::CutReason;
use crate::apply::evidence::LedgerView;
use crate::apply::ports::IsHeldBack;
use crate::apply::summary::{MessageRevision, Stopped};
use crate::identity::{Person, PersonSet};
use crate::ledger::{Ledger, RunId, View};
use crate::plan::Bulk;

/// A plan as it is put into the queue.
#[derive(Debug, Clone)]
pub struct QueuedPlan {
    /// The plan's digest.
    pub digest: String,
    /// When it was made.
    pub now: Timestamp,
    /// Its bulks, in the order in which they are sent.
    pub bulks: Vec<Bulk>,
    /// Those whom it leaves out because their turn would come too late.
    pub missed: Vec<(MessageRevision, Person, CutReason)>,
}

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// All of its bulks are in the queue.
    Stored,
    /// The queue holds another run's plan, at least of some message, and that comes first.
    Joined,
}

/// The queue of a plan that several runs share, and the ledger that they share as well.
///
/// A bulk that was taken is its taker's until it is claimed. If that takes too long, the bulk is handed out
/// again, and the slow taker's claim of it is refused: so whoever dies in between holds nobody back for long.
pub trait PlanQueue: LedgerView {
    /// Why it failed.
    type Error: Error + Send + Sync + 'static;

    /// Joins the plan that the queue holds, message by message. Where it holds none, where that is used up, and
    /// where no run has been at it for long, these bulks are put into it, as the run's plan of this number.
    fn enqueue(
        &self,
        run: RunId,
        nth: u32,
        plan: QueuedPlan,
    ) -> impl Future<Output = Result<Enqueued, Self::Error>> + Send;

    /// Takes the next bulk for a run, of no message that is held back: nobody sits on a bulk that another run
    /// could claim.
    fn take(
        &self,
        run: RunId,
        is_held_back: &IsHeldBack<'_>,
    ) -> impl Future<Output = Result<Lease, Self::Error>> + Send;

    /// Gives up a bulk of which the run has nobody to send to. Others get it first; it is done with if none of
    /// them has anybody to send to either.
    fn discard(&self, run: RunId, bulk: &LeasedBulk) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The same for the bulk with this person in it that the run has taken and not claimed; nothing, if there is
    /// none.
    fn forgo(
        &self,
        run: RunId,
        message: &MessageRevision,
        person: Person,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Takes nothing more of a message for this run, and waits for nothing of it: others may go on with it.
    fn leave(&self, message: &MessageRevision);

    /// Reads into the ledger what others have written until now.
    fn catch_up(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Names those of some people whom others had whenever this run tried to claim them.
    fn missed(&self, message: &MessageRevision, people: &PersonSet) -> PersonSet;
}

/// Plans anew.
pub trait Replan: Sync {
    /// Plans as the run's first plan was made, by the ledger as it is now.
    ///
    /// # Errors
    /// Why the run must stop: who is left cannot be planned with the files as they are now.
    fn plan(&self, ledger: &Ledger, view: View) -> Result<QueuedPlan, Stopped>;
}
