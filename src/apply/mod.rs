//! Claim, send, settle: hands bulks over to the gateway so that nobody gets one twice, whatever
//! happens in between. Async over its ports; no input or output of its own.
//!
//! For every bulk: the claim is durable before a byte of the request leaves, the request needs the
//! [`Ticket`] that claiming gave, and settling uses the ticket up. What is not known is left in
//! doubt, and never sent again from here.

mod bulk_progress;
mod claim_window;
mod cut;
mod cut_out;
mod deliver;
mod event;
pub mod evidence;
mod gateway_time;
mod kin;
mod last_departure;
mod opt_outs;
mod outgoing;
mod planned;
mod ports;
mod prepared;
mod queue;
mod rejections;
mod retry_policy;
mod run;
mod send_schedule;
mod sender;
mod sent;
mod sent_bulk;
mod settings;
mod shared;
mod stop_after;
mod summary;
mod ticket;
mod undelivered;
mod verdict;
pub mod witness;
mod work;

#[cfg(test)]
mod simulation;

pub use cut_out::CutReason;
pub use event::{AnswerKind, Event, Wait};
pub use gateway_time::{Agreement, GatewayTime, Stamp};
pub use outgoing::Outgoing;
pub use planned::PlannedBulks;
pub use ports::{BulkSource, Clock, IsHeldBack, OptOuts, Ports, Prepare, Store, Supply, Undeliverables};
pub use prepared::{BulkOptions, Prepared, PreparedPerson, Reports};
pub use run::{Interrupts, apply};
pub use send_schedule::LateBulk;
pub use sender::Sender;
pub use sent::{Refusal, SendOutcome};
pub use sent_bulk::SentBulk;
pub use settings::{RunSettings, WatchedMessage};
pub use shared::{
    Enqueued, Lease, LeasedBulk, LeasedPosition, Leases, PlanQueue, QueuePosition, QueuedPlan, Replan, SharedPlan,
};
pub use summary::{Alarm, EndedMessage, MessageRevision, Stopped, Summary, Tally};
pub use ticket::{RequestStart, Ticket};
pub use undelivered::DeliveryWatch;
