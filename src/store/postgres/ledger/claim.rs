//! Claiming: one transaction, whose commit is what allows a request to begin.

use std::time::Duration;

use futures_util::future;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::stops::{NONE_STANDS, ReadStops};
use crate::apply::LeasedPosition;
use crate::identity::{Person, PersonSet};
use crate::ledger::{Claim, Grant};
use crate::store::postgres::connection::Operation;
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::ids;
use crate::store::postgres::marks::{MarkSupport, Origin, ReadMarks};
use crate::store::postgres::session::Session;

/// Inserts the people of a claim, all or none, and the claim itself.
pub(super) struct InsertClaim<'a> {
    pub(super) ledger: i64,
    pub(super) message: i64,
    pub(super) id: i64,
    pub(super) line: &'a str,
    /// The line of the header that the ledger has to have still.
    pub(super) header: &'a str,
    pub(super) claim: &'a Claim,
    pub(super) persons: &'a [i64],
    /// The bulk of a shared plan that this is the first claim of.
    pub(super) bulk: Option<LeasedPosition>,
    /// The run.
    pub(super) run: i64,
    pub(super) marks: MarkSupport,
    /// Whether the ledger's row stood where it was written when this run began, and so has to do that still.
    pub(super) is_written_here: bool,
}

/// Whoever binds the ledger anew waits for this transaction, and this one for them; nothing is claimed while a stop
/// stands.
const HEADER: &str = "SELECT 1 FROM ledgers WHERE id = $1 AND header = $2";
/// The same, where whoever puts the ledger back from a copy while this run is sending is noticed as well.
const HEADER_HERE: &str = "SELECT 1 FROM ledgers WHERE id = $1 AND header = $2 \
    AND (born & 4294967295)::text = xmin::text";
/// Whoever is taken makes it fail, which is rare; `ON CONFLICT` would take half as long again for all.
const PEOPLE: &str = "INSERT INTO persons (message, person, claim) SELECT $1, person, $3 FROM unnest($2) AS person";
const TAKEN: &str = "SELECT person FROM persons WHERE message = $1 AND person = ANY($2)";
/// A bulk is its taker's only as long as nobody else has taken it over.
const BULK: &str =
    "UPDATE bulks SET done = true WHERE message = $1 AND plan = $2 AND number = $3 AND run = $4 AND NOT done";

/// How long to wait before people are claimed again whose rows came and went.
const FREED_PAUSE: Duration = Duration::from_millis(10);

impl Operation for InsertClaim<'_> {
    type Output = Grant;

    async fn run(&self, session: &Session, again: bool) -> Result<Grant, DatabaseError> {
        if again && self.is_there(session).await? {
            return Ok(Grant::Granted);
        }
        loop {
            let taken = match self.insert(session).await? {
                Inserted::Everybody => break,
                Inserted::NotAllowed => None,
                Inserted::NotOurs => Some(self.claim.people.clone()),
                Inserted::SomeAreClaimed => Some(self.claimed_elsewhere(session).await?),
            };
            // An attempt without an answer may have been committed just now.
            if again && self.is_there(session).await? {
                return Ok(Grant::Granted);
            }
            match taken {
                None => return Err(self.why_refused(session).await?),
                // They were freed in between.
                Some(taken) if taken.is_empty() => sleep(FREED_PAUSE).await,
                Some(taken) => return Ok(Grant::ClaimedElsewhere(taken)),
            }
        }
        let values = [
            (&self.ledger as _, Type::INT8),
            (&self.id as _, Type::INT8),
            (&self.message as _, Type::INT8),
            (&self.line as _, Type::TEXT),
        ];
        let claim = "INSERT INTO claims (ledger, id, message, line, born) VALUES ($1, $2, $3, $4, ";
        session.run(&format!("{claim}{})", self.marks.first()), &values).await?;
        session.commit().await?;
        Ok(Grant::Granted)
    }
}

/// What came of inserting the people of a claim.
enum Inserted {
    /// All of them are in, in a transaction that is still open.
    Everybody,
    /// The ledger is bound anew, or a stop stands; nothing is open.
    NotAllowed,
    /// Another run has taken the bulk over; nothing is open.
    NotOurs,
    /// Some have another claim; nothing is open.
    SomeAreClaimed,
}

impl InsertClaim<'_> {
    /// Finds the ledger's row, if it is the one that it was.
    fn bound(&self) -> &'static str {
        if self.is_written_here { HEADER_HERE } else { HEADER }
    }

    /// Begins a transaction, and inserts everybody.
    async fn insert(&self, session: &Session) -> Result<Inserted, DatabaseError> {
        let people =
            [(&self.message as _, Type::INT8), (&self.persons as _, Type::INT8_ARRAY), (&self.id as _, Type::INT8)];
        let header = [(&self.ledger as _, Type::INT8), (&self.header as _, Type::TEXT)];
        let may_claim = format!("{} AND {NONE_STANDS} FOR SHARE", self.bound());
        let begun = session.begin(&may_claim, &header);
        let (bound, inserted, is_ours) = future::join3(begun, session.run(PEOPLE, &people), self.fence(session)).await;
        let found = if bound?.is_empty() {
            Inserted::NotAllowed
        } else {
            match inserted {
                Err(error) if error.has_code(&SqlState::UNIQUE_VIOLATION) => Inserted::SomeAreClaimed,
                Err(error) => return Err(error),
                Ok(_) if is_ours? => return Ok(Inserted::Everybody),
                Ok(_) => Inserted::NotOurs,
            }
        };
        session.roll_back().await?;
        Ok(found)
    }

    /// Why nothing may be claimed: a stop stands, or the ledger's row is not the one that it was. If it is, a stop
    /// stood, which somebody has ended since.
    async fn why_refused(&self, session: &Session) -> Result<DatabaseError, DatabaseError> {
        let stops = (ReadStops { ledger: self.ledger }).run(session, false).await?;
        if stops.is_ok_and(|stops| stops.standing().next().is_some()) {
            return Ok(DatabaseError::StopStands);
        }
        let header = [(&self.ledger as _, Type::INT8), (&self.header as _, Type::TEXT)];
        if !session.rows(self.bound(), &header).await?.is_empty() {
            return Ok(DatabaseError::StopStands);
        }
        if !self.is_written_here {
            return Ok(DatabaseError::Rebound);
        }
        Ok(match (ReadMarks { ledger: self.ledger }).run(session, false).await? {
            Origin::Reloaded(claims) | Origin::Unmarked(claims) => DatabaseError::Reloaded { claims },
            Origin::Here => DatabaseError::Rebound,
        })
    }

    /// Whoever of the claim has another one.
    async fn claimed_elsewhere(&self, session: &Session) -> Result<Vec<Person>, DatabaseError> {
        let values = [(&self.message as _, Type::INT8), (&self.persons as _, Type::INT8_ARRAY)];
        let mut taken = PersonSet::default();
        for row in session.rows(TAKEN, &values).await? {
            taken.insert(ids::person(row.try_get(0)?));
        }
        Ok(self.claim.people.iter().copied().filter(|person| taken.contains(person)).collect())
    }

    async fn is_there(&self, session: &Session) -> Result<bool, DatabaseError> {
        let query = "SELECT 1 FROM claims WHERE ledger = $1 AND id = $2";
        Ok(session.row(query, &[(&self.ledger, Type::INT8), (&self.id, Type::INT8)]).await?.is_some())
    }

    /// Whether the bulk is still this run's, and that it is claimed now.
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
