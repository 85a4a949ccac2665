//! Claiming: one transaction, whose commit is what allows a request to begin.

use futures_util::future;
use tokio_postgres::types::Type;

use super::error::DatabaseError;
use super::link::Operation;
use super::number;
use super::session::Session;
use crate::identity::{Person, PersonSet};
use crate::ledger::{Claim, Grant};

/// A bulk of a shared plan, as its taker knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// The message's number.
    pub(super) message: i64,
    /// The plan's number.
    pub(super) plan: i64,
    /// The bulk's number in it.
    pub(super) number: i32,
}

/// Inserts the people of a claim, all or none, and the claim itself.
pub(super) struct Claiming<'a> {
    pub(super) ledger: i64,
    pub(super) message: i64,
    pub(super) id: i64,
    pub(super) line: &'a str,
    /// The line of the header that the ledger has to have still.
    pub(super) header: &'a str,
    pub(super) claim: &'a Claim,
    pub(super) persons: &'a [i64],
    /// The bulk of a shared plan that this is the first claim of.
    pub(super) bulk: Option<Taken>,
    /// The run.
    pub(super) run: i64,
}

/// Whoever binds the ledger anew waits for this transaction, and this one for them.
const HEADER: &str = "SELECT 1 FROM ledgers WHERE id = $1 AND header = $2 FOR SHARE";
const PEOPLE: &str = "INSERT INTO persons (message, person, claim) SELECT $1, person, $3 FROM unnest($2) AS person \
    ON CONFLICT (message, person) DO NOTHING RETURNING person";
const CLAIM: &str = "INSERT INTO claims (ledger, id, message, line) VALUES ($1, $2, $3, $4)";
/// A bulk is its taker's only as long as nobody else has taken it over.
const BULK: &str =
    "UPDATE bulks SET done = true WHERE message = $1 AND plan = $2 AND number = $3 AND run = $4 AND NOT done";

impl Operation for Claiming<'_> {
    type Output = Grant;

    async fn run(&self, session: &Session, again: bool) -> Result<Grant, DatabaseError> {
        if again && self.is_there(session).await? {
            return Ok(Grant::Granted);
        }
        let people =
            [(&self.message as _, Type::INT8), (&self.persons as _, Type::INT8_ARRAY), (&self.id as _, Type::INT8)];
        let header = [(&self.ledger as _, Type::INT8), (&self.header as _, Type::TEXT)];
        let begun = session.begin(HEADER, &header);
        let (bound, inserted, is_ours) = future::join3(begun, session.rows(PEOPLE, &people), self.fence(session)).await;
        let (bound, inserted, is_ours) = (bound?, inserted?, is_ours?);
        if bound.is_empty() {
            session.roll_back().await?;
            return if again && self.is_there(session).await? {
                Ok(Grant::Granted)
            } else {
                Err(DatabaseError::Rebound)
            };
        }
        let mut granted = PersonSet::with_capacity_and_hasher(inserted.len(), Default::default());
        for row in inserted {
            granted.insert(number::person(row.try_get(0)?));
        }
        let taken = |person: &Person| !is_ours || !granted.contains(person);
        let taken: Vec<Person> = self.claim.people.iter().copied().filter(taken).collect();
        if !taken.is_empty() {
            session.roll_back().await?;
            // An attempt without an answer may have been committed just now.
            let granted = again && self.is_there(session).await?;
            return Ok(if granted { Grant::Granted } else { Grant::Taken(taken) });
        }
        let values = [
            (&self.ledger as _, Type::INT8),
            (&self.id as _, Type::INT8),
            (&self.message as _, Type::INT8),
            (&self.line as _, Type::TEXT),
        ];
        session.run(CLAIM, &values).await?;
        session.commit().await?;
        Ok(Grant::Granted)
    }
}

impl Claiming<'_> {
    async fn is_there(&self, session: &Session) -> Result<bool, DatabaseError> {
        let query = "SELECT 1 FROM claims WHERE ledger = $1 AND id = $2";
        Ok(session.row(query, &[(&self.ledger, Type::INT8), (&self.id, Type::INT8)]).await?.is_some())
    }

    /// Says whether the bulk is still this run's, and that it is claimed now.
    async fn fence(&self, session: &Session) -> Result<bool, DatabaseError> {
        let Some(bulk) = &self.bulk else { return Ok(true) };
        let values = [
            (&bulk.message as _, Type::INT8),
            (&bulk.plan as _, Type::INT8),
            (&bulk.number as _, Type::INT4),
            (&self.run as _, Type::INT8),
        ];
        Ok(session.run(BULK, &values).await? == 1)
    }
}
