//! The tables, and how they come to be: in numbered steps, each done once.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::connection::{Operation, WHOLE_TIME_MAX};
use super::error::DatabaseError;
use super::marks::ProbeMarks;
use super::session::Session;

/// The steps; the version of the tables is how many of them were done. A step is never changed once
/// it was published. Without extensions, sequences and advisory locks, so that the distributed
/// databases that speak PostgreSQL's language take them as well.
const STEPS: [&str; 3] = [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// How often making the tables is tried: another run may be making them as well.
const ATTEMPTS_MAX: u32 = 5;

/// Says which version the tables have; 0 if there are none.
pub(super) async fn version(session: &Session) -> Result<i32, DatabaseError> {
    match session.row("SELECT number FROM version", &[]).await {
        Ok(row) => Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0)),
        Err(error) if error.has_code(&SqlState::UNDEFINED_TABLE) || error.has_code(&SqlState::INVALID_SCHEMA_NAME) => {
            Ok(0)
        }
        Err(error) => Err(error),
    }
}

/// Fails unless everything is there that the second and the third step have made.
const HAS_ALL: &str = "SELECT 1 FROM ledgers, claims, marks, stops \
    WHERE ledgers.born = claims.born AND claims.born = marks.born LIMIT 0";

/// Brings tables that are there up to date; those that are not are left alone. Gives whether they
/// are there.
pub(super) async fn update(session: &Session, schema: &str) -> Result<bool, DatabaseError> {
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    match version(session).await? {
        0 => return check_usage(session, schema).await.map(|()| false),
        found if found > known => return Err(DatabaseError::Newer { found, known }),
        found if found < known => return make(session, schema).await.map(|()| true),
        _ => {}
    }
    match session.row(HAS_ALL, &[]).await {
        Ok(_) => Ok(true),
        // Some tables were put back one by one, from a dump of before: their version is not theirs any more.
        Err(error) if error.has_code(&SqlState::UNDEFINED_COLUMN) || error.has_code(&SqlState::UNDEFINED_TABLE) => {
            make_from(session, schema, 1).await.map(|()| true)
        }
        Err(error) => Err(error),
    }
}

/// Where no table is seen, that may be because none may be: PostgreSQL passes over a schema that its user must
/// not use.
async fn check_usage(session: &Session, schema: &str) -> Result<(), DatabaseError> {
    let allowed = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1";
    // Databases that do not know the question have no such schema either.
    let Ok(Some(row)) = session.row(allowed, &[(&schema, Type::TEXT)]).await else { return Ok(()) };
    if row.try_get(0)? {
        return Ok(());
    }
    let code = SqlState::INSUFFICIENT_PRIVILEGE.code().to_owned();
    Err(DatabaseError::Refused { code, message: format!("permission denied for schema {schema}") })
}

/// Makes the tables, or brings them up to date.
pub(super) async fn make(session: &Session, schema: &str) -> Result<(), DatabaseError> {
    make_from(session, schema, usize::MAX).await
}

/// The same, with all steps from this one on, whatever the tables' version is: the later ones can be repeated.
async fn make_from(session: &Session, schema: &str, first: usize) -> Result<(), DatabaseError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match try_make(session, schema, first).await {
            Err(error) if attempt < ATTEMPTS_MAX && is_race(&error) => session.roll_back().await?,
            result => return result,
        }
    }
}

/// Whether somebody else was making the same thing at the same time.
fn is_race(error: &DatabaseError) -> bool {
    let codes = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_OBJECT,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ];
    codes.iter().any(|code| error.has_code(code))
}

async fn try_make(session: &Session, schema: &str, first: usize) -> Result<(), DatabaseError> {
    // Whoever may not make schemas may still have been given one.
    let there = session.row("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[(&schema, Type::TEXT)]).await?;
    if there.is_none() {
        session.batch(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")).await?;
    }
    session
        .batch(
            "CREATE TABLE IF NOT EXISTS version (one boolean PRIMARY KEY, number integer NOT NULL);
             INSERT INTO version VALUES (true, 0) ON CONFLICT DO NOTHING",
        )
        .await?;
    let found = session.begin("SELECT number FROM version FOR UPDATE", &[]).await?;
    let found: i32 = found.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    if found > known {
        session.roll_back().await?;
        return Err(DatabaseError::Newer { found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0).min(first)) {
        session.batch(step).await?;
    }
    session.run("UPDATE version SET number = $1", &[(&known, Type::INT4)]).await?;
    session.commit().await
}

/// Makes the tables and a new ledger; gives whether there was none.
pub(super) struct MakeLedger<'a> {
    pub(super) schema: &'a str,
    pub(super) ledger: i64,
    pub(super) project: &'a str,
    pub(super) header: &'a str,
    pub(super) server: Option<&'a str>,
    /// The run that makes it.
    pub(super) run: i64,
}

impl Operation for MakeLedger<'_> {
    type Output = bool;

    const TIME_MAX: Duration = WHOLE_TIME_MAX;

    async fn run(&self, session: &Session, _again: bool) -> Result<bool, DatabaseError> {
        make(session, self.schema).await?;
        let born = ProbeMarks { run: self.run }.run(session, false).await?.first();
        let made = session
            .run(
                &format!(
                    "INSERT INTO ledgers (id, project, header, server, born) VALUES ($1, $2, $3, $4, {born}) \
                     ON CONFLICT DO NOTHING"
                ),
                &[
                    (&self.ledger, Type::INT8),
                    (&self.project, Type::TEXT),
                    (&self.header, Type::TEXT),
                    (&self.server, Type::TEXT),
                ],
            )
            .await?;
        Ok(made == 1)
    }
}
