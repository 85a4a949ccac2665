//! The answer of a store to a claim.

use crate::identity::Person;

/// Whether a store took a claim. It grants a bulk only if none of its people has a live claim or an
/// acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// The claim is durable.
    Granted,
    /// Nothing was written, because of these people.
    Taken(Vec<Person>),
}
