//! What `apply` needs of the world. Static dispatch: whoever calls chooses.

use std::error::Error;
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use jiff::Timestamp;

use super::gateway_time::GatewayTime;
use super::prepared::Prepared;
use super::send_schedule::LateBulk;
use super::sent_bulk::SentBulk;
use super::summary::{MessageRevision, Stopped, Tally};
use crate::identity::{MessageId, MessageKey, Person};
use crate::ledger::{Answered, Claim, ClaimId, Evidence, Grant, Outcome, RunId, StopOrder, Weighed};
use crate::plan::{Bulk, Undelivered};
use crate::wire::sandbox_time::SandboxTime;

/// Keeps the ledger.
pub trait Store: Sync {
    /// Why it failed.
    type Error: Error + Send + Sync + 'static;

    /// Writes a claim, which is durable before this returns [`Grant::Granted`]. If some of its
    /// people have a live claim or an acceptance, nothing is written, and they are named.
    fn claim(&self, claim: Claim) -> impl Future<Output = Result<Grant, Self::Error>> + Send;

    /// Whether an error of [`Store::claim`] proves that nothing was written. Where it does not,
    /// the claim may be in the ledger, and needs an outcome.
    fn is_surely_not_written(_error: &Self::Error) -> bool {
        false
    }

    /// Whether an error of [`Store::claim`] says that a stop stood, so that nothing was written. Only a store that
    /// looks for stops in the write itself has one.
    fn is_stop(_error: &Self::Error) -> bool {
        false
    }

    /// Writes what became of a claim. It should be durable before this returns; a store may make it
    /// so with its next claims, and at the end of an orderly run: what is lost in between is a doubt.
    fn settle(&self, outcome: Outcome) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Holds what the gateway's logs say against the ledger as it is at the moment of writing, with all
    /// that others have written until then, and writes what follows from it: one claim after the other,
    /// durable before this returns; see [`Ledger::weigh`](crate::ledger::Ledger::weigh). After an error
    /// some of it may be written.
    fn weigh(&self, evidence: Vec<Evidence>) -> impl Future<Output = Result<Vec<Weighed>, Self::Error>> + Send;

    /// Reads what others have written until now.
    fn catch_up(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Whether the ledger holds another claim of this message to this person than the one
    /// named, in which they were not rejected.
    fn claimed_before(
        &self,
        message: &MessageId,
        besides: &ClaimId,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// The stops that stand: as long as there is one, nothing may be claimed and no request may begin. A run asks
    /// before each of them, so this has to be cheap. An error is never taken for no stop.
    fn standing_stops(&self) -> impl Future<Output = Result<Vec<StopOrder>, Self::Error>> + Send;

    /// Finds a time for a paced bulk that cannot keep its planned one, where several runs share a
    /// plan: behind everything that any of them was given. `None` if this run alone sends the
    /// message, and knows all of its times.
    fn late_start(&self, _late: &LateBulk) -> impl Future<Output = Result<Option<Timestamp>, Self::Error>> + Send {
        std::future::ready(Ok(None))
    }

    /// Counts the answers to a message's claims of other runs than this one: as they are in the store now, where
    /// several runs share a plan; else those that were read until now. Asked only of runs that hear others
    /// ([`RunSettings::hears_others`](super::RunSettings::hears_others)).
    fn answered_elsewhere(
        &self,
        _message: &MessageRevision,
        _run: RunId,
    ) -> impl Future<Output = Result<Answered, Self::Error>> + Send {
        std::future::ready(Ok(Answered::default()))
    }
}

/// Says of which messages nothing more may begin for now. What it says changes while a run goes on.
pub type IsHeldBack<'a> = dyn Fn(&MessageRevision) -> bool + Sync + 'a;

/// What a source has for a run.
#[derive(Debug)]
pub enum Supply {
    /// The next bulk.
    Bulk(Bulk),
    /// Nothing but bulks of messages that are held back.
    HeldBack,
    /// Nothing more.
    UsedUp,
}

/// Gives a run its bulks.
pub trait BulkSource: Sync {
    /// Gives the next bulk that is of no message that is held back: those stay where they are, and nobody else
    /// waits for them. A run asks only when it can hand a bulk over, and drops an answer that it still waits for
    /// when it is stopped.
    ///
    /// # Errors
    /// Why the run must stop.
    fn next(&self, is_held_back: &IsHeldBack<'_>) -> impl Future<Output = Result<Supply, Stopped>> + Send;

    /// Says why nothing that it has given may be claimed any more, if that was found out since.
    fn stopped(&self) -> Option<Stopped> {
        None
    }

    /// Names people of a message who may not be claimed any more, also where they were given before.
    fn left_out(&self, _message: &MessageRevision) -> Vec<Person> {
        Vec::new()
    }

    /// Takes back the bulk that it has given with somebody in it: nobody in it is sent to, and it was not claimed.
    fn forgo(&self, _message: &MessageRevision, _person: Person) {}

    /// Gives nothing more of a message: this run will not claim it.
    fn end(&self, _message: &MessageRevision) {}

    /// Names those whom [`BulkSource::not_given`] counts as not attempted, where that may be because they have
    /// opted out.
    fn untried(&self) -> Vec<(MessageRevision, Vec<Person>)> {
        Vec::new()
    }

    /// Counts those who were shown to be sent to, and whom it has not given, when the run has ended:
    /// nobody, where each is given in any case.
    fn not_given(&self) -> Vec<(MessageRevision, Tally)> {
        Vec::new()
    }
}

/// Makes what a bulk says.
pub trait Prepare: Sync {
    /// Why it failed.
    type Error: Error + Send + Sync + 'static;

    /// Reads the rows of a bulk again, renders them again, and compares the contents with the
    /// planned ones. The people come back in the bulk's order.
    fn prepare(&self, bulk: &Bulk) -> impl Future<Output = Result<Prepared, Self::Error>> + Send;
}

/// Knows who must not get anything, as it is now.
pub trait OptOuts: Sync {
    /// Names those of a message's people who have opted out by now, or had done so at any time since the run began.
    ///
    /// # Errors
    /// If nobody can say, and so nothing may be sent: why, in words without personal data.
    fn opted_out<'a>(
        &'a self,
        message: &'a MessageKey,
        people: Vec<Person>,
    ) -> BoxFuture<'a, Result<Vec<Person>, String>>;
}

/// Nobody opts out.
impl OptOuts for () {
    fn opted_out<'a>(&'a self, _: &'a MessageKey, _: Vec<Person>) -> BoxFuture<'a, Result<Vec<Person>, String>> {
        Box::pin(ready(Ok(Vec::new())))
    }
}

/// Knows whom the gateway has accepted and then not delivered to, as far as its logs were asked.
pub trait Undeliverables: Sync {
    /// Takes in that people of a bulk were accepted whose messages leave at once.
    fn accepted(&self, sent: SentBulk);

    /// Counts whom of a message that is so of, by now.
    fn of(&self, message: &MessageRevision) -> Undelivered;

    /// The same as if everybody of whom it is not known yet were not delivered to; nothing if there is nobody, or if
    /// nobody may be asked for now.
    fn at_worst(&self, message: &MessageRevision) -> Option<Undelivered>;

    /// Asks for them at once, and waits no longer than a moment for the answer; false if it is no use to ask again.
    fn ask_now(&self) -> BoxFuture<'_, bool>;
}

/// Nobody asks.
impl Undeliverables for () {
    fn accepted(&self, _: SentBulk) {}

    fn of(&self, _: &MessageRevision) -> Undelivered {
        Undelivered::default()
    }

    fn at_worst(&self, _: &MessageRevision) -> Option<Undelivered> {
        None
    }

    fn ask_now(&self) -> BoxFuture<'_, bool> {
        Box::pin(ready(false))
    }
}

/// Tells the time.
pub trait Clock: Sync {
    /// The time of day, by which people are planned and sent to: the machine's, or that of a sandbox on it.
    fn now(&self) -> Timestamp;

    /// The machine's own time of day, where that is another one: where a sandbox tells the time.
    fn machine_now(&self) -> Option<Timestamp> {
        None
    }

    /// The time of day by which runs on several machines see of each other whether they may still live: no sandbox
    /// tells it.
    fn lives_at(&self) -> Timestamp {
        self.machine_now().unwrap_or_else(|| self.now())
    }

    /// Takes in what a sandbox on this machine says of its time in an answer that has just come, after so long.
    /// False if this run goes by another clock.
    fn hears(&self, _said: SandboxTime, _after: Duration) -> bool {
        false
    }

    /// Takes in that a request found nobody: where a sandbox tells the time, it may be gone.
    fn finds_nobody(&self) {}

    /// Looks again what time it is, where somebody else tells it who may have set it since.
    fn look(&self) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// The time since the run began, which never goes back, and which goes on while the machine
    /// sleeps.
    fn elapsed(&self) -> Duration;

    /// Waits.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// The world of a run.
pub struct Ports<'a, S, G, P, C> {
    /// The ledger's store.
    pub store: &'a S,
    /// The way to the gateway.
    pub sender: &'a G,
    /// Rendering.
    pub prepare: &'a P,
    /// Who must not get anything.
    pub opt_outs: &'a dyn OptOuts,
    /// Whom the gateway does not deliver to.
    pub undeliverables: &'a dyn Undeliverables,
    /// The clock.
    pub clock: &'a C,
    /// What answers tell of the gateway's time; the sender takes it in.
    pub time: &'a GatewayTime,
}
