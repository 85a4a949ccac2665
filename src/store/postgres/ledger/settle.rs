//! Settling: one transaction that writes what became of a claim, and frees whoever it was surely not
//! sent to and whom only it has. It needs nothing but what the run knows, so that nothing that others
//! wrote keeps an outcome from being written.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::lines;
use super::release::is_free;
use crate::identity::{Person, PersonSet};
use crate::ledger::{ClaimId, ClaimState, Header, Ledger, Outcome, PersonState, View};
use crate::store::postgres::connection::Operation;
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::ids;
use crate::store::postgres::session::{Session, Value, Values};

/// Writes an outcome.
pub(super) struct SettleClaim<'a> {
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
const FREE: &str = include_str!("free_own.sql");
/// A word for people who were free before, and may have been claimed since, holds them for good.
const HOLD: &str = "INSERT INTO persons (message, person, claim) SELECT $1, person, $2 FROM unnest($3) AS person \
    ON CONFLICT (message, person) DO UPDATE SET claim = excluded.claim";
const KEEP: &str = "INSERT INTO persons (message, person, claim) SELECT $1, person, $2 FROM unnest($3) AS person \
    ON CONFLICT DO NOTHING";

/// What came of settling a claim.
pub(super) struct SettledClaim {
    /// What the database now knows of the claim, alone.
    pub(super) known: Ledger,
    /// How many of its people were freed.
    pub(super) freed: u64,
}

impl Operation for SettleClaim<'_> {
    /// `None` if the database has no such claim.
    type Output = Option<SettledClaim>;

    async fn run(&self, session: &Session, _again: bool) -> Result<Option<SettledClaim>, DatabaseError> {
        match self.settle(session, &[]).await? {
            Ok(settled) => Ok(settled),
            Err(ToHold(people)) => self.settle(session, &people).await?.map_err(|_| DatabaseError::Foreign("claims")),
        }
    }
}

/// People who are to be held, and have to be locked before the claim is: nothing was written.
struct ToHold(Vec<i64>);

impl SettleClaim<'_> {
    /// Writes the outcome, with the claim holding these people. Whoever locks a claim waits for nobody's
    /// row then: the other way round is how others lock both.
    async fn settle(
        &self,
        session: &Session,
        hold: &[i64],
    ) -> Result<Result<Option<SettledClaim>, ToHold>, DatabaseError> {
        let claim = [(&self.ledger as _, Type::INT8), (&self.claim as _, Type::INT8)];
        let row = if hold.is_empty() {
            session.begin(CLAIM, &claim).await?.into_iter().next()
        } else {
            session.begin(HOLD, &holding(&self.message, &self.claim, &hold)).await?;
            session.row(CLAIM, &claim).await?
        };
        let Some(row) = row else {
            session.roll_back().await?;
            return Ok(Ok(None));
        };
        let (mut ledger, is_known) = known(session, self.header, &row, &claim).await?;
        let foreign = DatabaseError::Foreign;
        ledger.add_outcome(self.outcome.clone()).map_err(|_| foreign("claims"))?;
        let state = ledger.claims().next().ok_or(foreign("claims"))?;
        let (freed, held) = split(state, self.may_free);
        // Nobody was freed as long as nothing was said of the claim. Whoever is held by another word that
        // came in between was held by whoever gave it.
        if is_known && hold.is_empty() && !held.is_empty() {
            session.roll_back().await?;
            return Ok(Err(ToHold(held)));
        }
        let line = ids::line(self.line);
        let values = [
            (&self.ledger as _, Type::INT8),
            (&self.claim as _, Type::INT8),
            (&line as _, Type::INT8),
            (&self.line as _, Type::TEXT),
        ];
        session.run(OUTCOME, &values).await?;
        let freed = write(session, FREE, self.message, self.claim, &freed).await?;
        session.commit().await?;
        Ok(Ok(Some(SettledClaim { known: ledger, freed })))
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

/// Reads what is known of a claim that is locked, alone, and whether anything was said of it. A claim
/// that was joined in has what was said of it in its own line.
async fn known(
    session: &Session,
    header: &Header,
    claim: &Row,
    values: &Values<'_>,
) -> Result<(Ledger, bool), DatabaseError> {
    let mut lines = lines::header(header);
    lines.push_str(claim.try_get(0)?);
    let known = session.rows(KNOWN, values).await?;
    for row in &known {
        lines.push_str(row.try_get(0)?);
    }
    let ledger = lines::read(&lines).map_err(|_| DatabaseError::Foreign("claims"))?;
    let is_told = !ledger.claims().flat_map(ClaimState::people).all(|(_, state)| is_open(state));
    let is_known = !known.is_empty() || is_told;
    Ok((ledger, is_known))
}

/// Has a claim hold people for good.
pub(super) async fn hold(session: &Session, message: i64, claim: i64, people: &[i64]) -> Result<(), DatabaseError> {
    write(session, HOLD, message, claim, people).await.map(drop)
}

/// Has a claim hold people who have no row.
pub(super) async fn keep(session: &Session, message: i64, claim: i64, people: &[i64]) -> Result<(), DatabaseError> {
    write(session, KEEP, message, claim, people).await.map(drop)
}

async fn write(
    session: &Session,
    statement: &str,
    message: i64,
    claim: i64,
    people: &[i64],
) -> Result<u64, DatabaseError> {
    if people.is_empty() {
        return Ok(0);
    }
    session.run(statement, &holding(&message, &claim, &people)).await
}

fn holding<'a>(message: &'a i64, claim: &'a i64, people: &'a &[i64]) -> [Value<'a>; 3] {
    [(message, Type::INT8), (claim, Type::INT8), (people, Type::INT8_ARRAY)]
}

/// Whom a claim frees, of those whom no other holds, and whom it holds for good.
fn split(state: ClaimState<'_>, may_free: &PersonSet) -> (Vec<i64>, Vec<i64>) {
    let numbers = |is_wanted: &dyn Fn(Person, PersonState) -> bool| {
        ids::persons(state.people().filter(|(person, state)| is_wanted(*person, *state)).map(|(person, _)| person))
    };
    let freed = numbers(&|person, state| state.came_to_nothing() && may_free.contains(&person));
    (freed, numbers(&|_, state| is_held(state)))
}

/// The people whom a claim gave back.
pub(super) fn given_back(ledger: &Ledger, claim: &ClaimId) -> Vec<Person> {
    let people = ledger.claim_state(claim).into_iter().flat_map(ClaimState::people);
    people.filter(|(_, state)| state.came_to_nothing()).map(|(person, _)| person).collect()
}

/// Whether nobody else is to have somebody ever.
pub(super) fn is_held(state: PersonState) -> bool {
    matches!(state, PersonState::Accepted | PersonState::Abandoned)
}

/// Whether nothing is known of somebody yet.
pub(super) fn is_open(state: PersonState) -> bool {
    state == PersonState::Claimed
}

/// The people of a claim whom no claim holds.
pub(super) fn not_held(ledger: &Ledger, claim: &ClaimId) -> PersonSet {
    let standings = ledger.standings(&claim.bulk.message, claim.bulk.revision);
    let people = ledger.claim_state(claim).into_iter().flat_map(ClaimState::people);
    people.map(|(person, _)| person).filter(|person| is_free(standings.get(*person, View::Exclusive))).collect()
}
