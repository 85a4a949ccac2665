//! Settling: one transaction that writes what became of a claim, and frees whoever it was surely not
//! sent to.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::error::DatabaseError;
use super::link::Operation;
use super::number;
use super::session::{Session, Values};
use crate::identity::PersonSet;
use crate::ledger::{ClaimId, ClaimState, Header, Ledger, Outcome, PersonState, Standing, View, text};

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
        let (mut ledger, is_known) = known(session, self.header, row, &claim).await?;
        let foreign = DatabaseError::Foreign;
        ledger.add_outcome(self.outcome.clone()).map_err(|_| foreign("claims"))?;
        let state = ledger.claims().next().ok_or(foreign("claims"))?;
        let (freed, held) = split(state, self.may_free);
        let line = number::line(self.line);
        let values = [
            (&self.ledger as _, Type::INT8),
            (&self.claim as _, Type::INT8),
            (&line as _, Type::INT8),
            (&self.line as _, Type::TEXT),
        ];
        session.run(OUTCOME, &values).await?;
        free(session, self.message, self.claim, &freed).await?;
        // Nobody was freed as long as nothing was said of the claim.
        if is_known {
            hold(session, self.message, self.claim, &held).await?;
        }
        session.commit().await?;
        Ok(Some(ledger))
    }
}

/// Locks a claim, and reads all that is known of it; `None` if there is no such claim.
pub(super) async fn lock(
    session: &Session,
    header: &Header,
    ledger: i64,
    claim: i64,
) -> Result<Option<Ledger>, DatabaseError> {
    let claim = [(&ledger as _, Type::INT8), (&claim as _, Type::INT8)];
    let Some(row) = session.row(CLAIM, &claim).await? else { return Ok(None) };
    known(session, header, &row, &claim).await.map(|(ledger, _)| Some(ledger))
}

/// Reads what is known of a claim that is locked, alone, and whether anything was said of it.
async fn known(
    session: &Session,
    header: &Header,
    claim: &Row,
    values: &Values<'_>,
) -> Result<(Ledger, bool), DatabaseError> {
    let mut lines = text::header_line(header);
    lines.push_str(claim.try_get(0)?);
    let known = session.rows(KNOWN, values).await?;
    for row in &known {
        lines.push_str(row.try_get(0)?);
    }
    let read = Ledger::read(lines.as_bytes()).map_err(|_| DatabaseError::Foreign("claims"))?;
    Ok((read.ledger, !known.is_empty()))
}

/// Frees people whom a claim has.
pub(super) async fn free(session: &Session, message: i64, claim: i64, people: &[i64]) -> Result<(), DatabaseError> {
    write(session, FREE, message, claim, people).await
}

/// Has a claim hold people for good.
pub(super) async fn hold(session: &Session, message: i64, claim: i64, people: &[i64]) -> Result<(), DatabaseError> {
    write(session, HOLD, message, claim, people).await
}

async fn write(
    session: &Session,
    statement: &str,
    message: i64,
    claim: i64,
    people: &[i64],
) -> Result<(), DatabaseError> {
    if people.is_empty() {
        return Ok(());
    }
    let values = [(&message as _, Type::INT8), (&claim as _, Type::INT8), (&people as _, Type::INT8_ARRAY)];
    session.run(statement, &values).await.map(drop)
}

/// Whom a claim frees, of those whom no other holds, and whom it holds for good.
pub(super) fn split(state: ClaimState<'_>, may_free: &PersonSet) -> (Vec<i64>, Vec<i64>) {
    let (mut freed, mut held) = (Vec::new(), Vec::new());
    for (person, state) in state.people() {
        match state {
            PersonState::Refused | PersonState::Rejected(_) if may_free.contains(&person) => {
                freed.push(person.0.cast_signed());
            }
            PersonState::Accepted | PersonState::Abandoned => held.push(person.0.cast_signed()),
            PersonState::Claimed | PersonState::Refused | PersonState::Rejected(_) => {}
        }
    }
    (freed, held)
}

/// The people of a claim whom no claim holds.
pub(super) fn not_held(ledger: &Ledger, claim: &ClaimId) -> PersonSet {
    let standings = ledger.standings(&claim.bulk.message, claim.bulk.revision);
    let people = ledger.claim_state(claim).into_iter().flat_map(ClaimState::people);
    let is_free = |standing| matches!(standing, Standing::Free | Standing::Rejected(_));
    people.map(|(person, _)| person).filter(|person| is_free(standings.get(*person, View::Exclusive))).collect()
}
