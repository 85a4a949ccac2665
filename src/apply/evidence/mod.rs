//! Doubt settled by evidence: what the gateway's logs say of the people of which nobody knows
//! whether they got their message, person by person.
//!
//! Whoever is found there has it, or was rejected. Whoever is not found proves nothing, unless
//! everything that could hide them is ruled out ([`StillInDoubt`] names what may stand in the way). What is
//! not proved stays in doubt.

mod absence;
mod ask;
mod control;
mod findings;
mod judge;
mod logs;
mod question;
mod reconcile;
mod seen;

#[cfg(test)]
mod tests;

pub use absence::StillInDoubt;
pub use findings::{DoubtFinding, Reconciled};
pub use logs::{Addressee, LogRow, Logs, LogsAnswer, LogsFailure, PROVES_WITHIN};
pub use question::{By, LogQuery, RecentQuery};
pub(super) use seen::sighting;

pub use reconcile::{LedgerView, ReconcileOptions, ReconcileProgress, reconcile};
