//! The numbers by which the tables know things: the first 8 bytes of digests of what they are, so
//! that no table has to be asked for them. Nothing of these leaves the database: a later version of
//! the tables may number anew.

use crate::identity::encoding::{Encode as _, PublicDigest};
use crate::identity::{MessageKey, Person, ProjectId, Revision};
use crate::ledger::ClaimId;

/// The ledger of a project.
pub(super) fn ledger(project: &ProjectId) -> i64 {
    let mut digest = PublicDigest::new("sendform.postgres.ledger.v1");
    digest.part(project.as_str());
    digest.finish().cast_signed()
}

/// A revision of a message of a ledger.
pub(super) fn message(ledger: i64, message: &MessageKey, revision: Revision) -> i64 {
    let mut digest = PublicDigest::new("sendform.postgres.message.v1");
    digest.number(ledger);
    digest.part(message.to_string());
    digest.number(revision.get());
    digest.finish().cast_signed()
}

/// A claim.
pub(super) fn claim(claim: &ClaimId) -> i64 {
    let mut digest = PublicDigest::new("sendform.postgres.claim.v1");
    digest.part(claim.bulk.to_string());
    digest.number(claim.attempt);
    digest.number(claim.run.0);
    digest.finish().cast_signed()
}

/// A line of what became of a claim.
pub(super) fn line(line: &str) -> i64 {
    let mut digest = PublicDigest::new("sendform.postgres.line.v1");
    digest.part(line);
    digest.finish().cast_signed()
}

/// A plan that a run stores, of which it is the nth.
pub(super) fn plan(run: u64, nth: u32) -> i64 {
    line(&format!("plan {nth} of {run:016x}"))
}

/// People.
pub(super) fn persons(people: impl IntoIterator<Item = Person>) -> Vec<i64> {
    people.into_iter().map(|person| person.0.cast_signed()).collect()
}

/// The person behind a number.
pub(super) fn person(number: i64) -> Person {
    Person(number.cast_unsigned())
}
