<<<<<<< HEAD
//! The answer to somebody who asks for a claim.

use crate::identity::Person;

/// Whether a claim was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Grant {
    /// It is in the ledger, durable; its request may begin.
    Granted,
    /// It is not in the ledger: these of its people are accepted, given up, or claimed already, in
    /// ascending order.
=======
//! The answer of a store to a claim.

use crate::identity::Person;

/// Whether a store took a claim. It grants a bulk only if none of its people has a live claim or an
/// acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// The claim is durable.
    Granted,
    /// Nothing was written, because of these people.
>>>>>>> apply
    Taken(Vec<Person>),
}
