//! The language as types: what serde reads, and what the JSON Schemas are generated from. The
//! comments here are the schemas' descriptions, which editors show beside a key. Nothing here
//! checks more than a schema can say; [`super::check`] does.

mod audience;
mod campaign;
pub(super) mod pattern;
mod project;
mod schedule;
mod stop_after;

pub use audience::{Audience, Columns, Expect};
pub use campaign::{Campaign, Content, ContentType, Delivery, Message, Webhooks};
pub use project::{
    Gateway, Ids, Limits, LongTexts, Project, Recipients, Sandbox, State, StateHome, WebhookPolicy, Witness,
};
pub use schedule::{IfAmbiguous, IfPast, PerPerson, Schedule, TimeZone};
pub use stop_after::StopAfter;

/// Reads a key that may be missing, but not be empty.
fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
