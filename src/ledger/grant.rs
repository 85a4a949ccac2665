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
    ClaimedElsewhere(Vec<Person>),
}
