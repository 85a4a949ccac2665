//! What would be sent now, as data. Planning streams: of a recipient a plan keeps a few dozen
//! bytes, never the row or the text.
//!
//! [`check`] makes all checks that need no rows; [`plan`] reads the audiences, lets every row pass
//! through the gates ([`Gate`]), and cuts those who remain into bulks.

mod batch;
mod bulk;
mod changes;
mod check;
mod clocks;
mod collect;
mod compiled;
mod content;
mod decide;
mod definition;
mod digest;
mod draft;
mod finish;
mod gate;
mod handed;
mod id_diagnostics;
mod ids;
mod in_clear;
mod input;
mod lists;
mod local_webhooks;
mod message;
mod model;
mod new_revision;
mod opt_outs;
mod parallel;
mod plan_file;
mod planner;
mod prepare;
mod rejections;
mod safety_limits;
mod row_checks;
mod row_diagnostics;
mod row_issue;
mod same;
mod sample;
mod schedule_terms;
mod selection;
mod times;
mod values;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod forbidden;
#[cfg(test)]
mod tests;

pub use bulk::{Bulk, Recipient};
pub use check::check;
pub use clocks::{Clocks, ZonePeople};
pub use digest::PlanDigest;
pub use gate::{Counts, Gate};
pub use handed::{AtGateway, Ends, Gone, Outdated, TermChange, Unstopped};
pub use in_clear::InClear;
pub use input::Input;
pub use lists::Protection;
pub use local_webhooks::{GatewayPlace, local_webhooks};
pub use message::MessagePlan;
pub use model::Plan;
pub use new_revision::{NewRevision, TextBefore};
pub use opt_outs::OptOutReader;
pub use parallel::STACK_BYTES;
pub use plan_file::{
    Change, Comparison, Dropped, Frozen, FrozenError, FrozenState, MessageDifference, PeopleNamed, PlanDifference,
    Presence,
};
pub use planner::plan;
pub use prepare::{PrepareError, Preparer, RenderedPerson as PreparedPerson};
pub use rejections::{RejectionLimit, Undelivered};
pub use safety_limits::{Accepted, SafetyLimit, SafetyLimitKind};
pub use sample::Sample;
pub use selection::Selection;
