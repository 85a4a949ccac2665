//! Settling: one transaction that writes what became of a claim, and frees whoever it was surely not
//! sent to.

use tokio_postgres::types::Type;

use super::error::DatabaseError;
use super::link::Operation;
use super::number;
use super::session::Session;
use crate::identity::PersonSet;
use crate::ledger::{ClaimState, Header, Ledger, Outcome, PersonState, text};

/// Writes an outcome.
pub(super) struct Settling<'a> {
    pub(super) ledger: i64,
    pub(super) message: i64,
    pub(super) claim: i64,
    pub(super) header: &'a Header,
    pub(super) outcome: &'a Outcome,
    /// The outcome's line.
    pub(super) line: &'a str,
    /// The people of the claim whom no other claim that this run knows holds.
    pub(super) may_free: &'a PersonSet,
}

/// Locks the claim, so that what is known of it does not change until the end.
const CLAIM: &str = "SELECT line FROM claims WHERE ledger = $1 AND id = $2 FOR UPDATE";
const KNOWN: &str = "SELECT line FROM outcomes WHERE ledger = $1 AND claim = $2";
const OUTCOME: &str = "INSERT INTO outcomes (ledger, claim, id, line) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
/// Only the claim's own rows: somebody else may have claimed its people since they were freed.
const FREE: &str = "DELETE FROM persons WHERE message = $1 AND claim = $2 AND person = ANY($3)";
/// A word for people who were free before, and may have been claimed since, holds them for good.
const HOLD: &str = "INSERT INTO persons (message, person, claim) SELECT $1, person, $2 FROM unnest($3) AS person \
    ON CONFLICT (message, person) DO UPDATE SET claim = excluded.claim";

impl Operation for Settling<'_> {
    /// What the database now knows of the claim, alone; `None` if it has no such claim.
    type Output = Option<Ledger>;

    async fn run(&self, session: &Session, _again: bool) -> Result<Option<Ledger>, DatabaseError> {
        let claim = [(&self.ledger as _, Type::INT8), (&self.claim as _, Type::INT8)];
        let rows = session.begin(CLAIM, &claim).await?;
        let Some(row) = rows.first() else {
            session.roll_back().await?;
            return Ok(None);
        };
        let mut lines = text::header_line(self.header);
        lines.push_str(row.try_get(0)?);
        let known = session.rows(KNOWN, &claim).await?;
        for row in &known {
            lines.push_str(row.try_get(0)?);
        }
        let foreign = DatabaseError::Foreign;
        let mut ledger = Ledger::read(lines.as_bytes()).map_err(|_| foreign("claims"))?.ledger;
        ledger.add_outcome(self.outcome.clone()).map_err(|_| foreign("claims"))?;
        let state = ledger.claims().next().ok_or(foreign("claims"))?;
        let (freed, held) = self.split(state);
        let line = number::line(self.line);
        let values = [
            (&self.ledger as _, Type::INT8),
            (&self.claim as _, Type::INT8),
            (&line as _, Type::INT8),
            (&self.line as _, Type::TEXT),
        ];
        session.run(OUTCOME, &values).await?;
        let of =
            |people| [(&self.message as _, Type::INT8), (&self.claim as _, Type::INT8), (people, Type::INT8_ARRAY)];
        if !freed.is_empty() {
            session.run(FREE, &of(&freed as _)).await?;
        }
        // Nobody was freed as long as nothing was said of the claim.
        if !held.is_empty() && !known.is_empty() {
            session.run(HOLD, &of(&held as _)).await?;
        }
        session.commit().await?;
        Ok(Some(ledger))
    }
}

impl Settling<'_> {
    /// Whom the claim frees, and whom it holds for good.
    fn split(&self, state: ClaimState<'_>) -> (Vec<i64>, Vec<i64>) {
        let (mut freed, mut held) = (Vec::new(), Vec::new());
        for (person, state) in state.people() {
            match state {
                PersonState::Refused | PersonState::Rejected(_) if self.may_free.contains(&person) => {
                    freed.push(person.0.cast_signed());
                }
                PersonState::Accepted | PersonState::Abandoned => held.push(person.0.cast_signed()),
                PersonState::Claimed | PersonState::Refused | PersonState::Rejected(_) => {}
            }
        }
        (freed, held)
    }
}
