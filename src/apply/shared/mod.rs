//! Several runs that send one plan together: they take its bulks from one queue, each bulk by one run only, and
//! whoever is left when the queue is used up is planned anew.

mod leases;
mod look_again;
mod plan;
mod queue;
mod roster;

pub use leases::{Lease, LeasedBulk, LeasedPosition, Leases, QueuePosition};
pub use plan::SharedPlan;
pub use queue::{Enqueued, PlanQueue, QueuedPlan, Replan};
