//! Stops of a ledger in PostgreSQL: rows of a table. A claim is granted only in a transaction that sees no stop
//! standing, so whatever is claimed after a stop was committed is refused.

use tokio_postgres::types::Type;

use super::load::ReadHeader;
use crate::identity::ProjectId;
use crate::ledger::{Stops, StopsDamage};
use crate::store::error::StoreError;
use crate::store::postgres::connection::{AT_ONCE, Link, Operation};
use crate::store::postgres::database::Database;
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::ids;
use crate::store::postgres::session::Session;
use crate::store::postgres::tables;

/// For a query over a ledger `$1`: whether no stop of it stands.
pub(super) const NONE_STANDS: &str = "NOT EXISTS (SELECT 1 FROM stops s WHERE s.ledger = $1 AND NOT s.resumes \
    AND NOT EXISTS (SELECT 1 FROM stops r WHERE r.ledger = s.ledger AND r.stop = s.stop AND r.resumes))";

/// Reads all stops and resumes of a ledger.
pub(super) struct ReadStops {
    pub(super) ledger: i64,
}

impl Operation for ReadStops {
    type Output = Result<Stops, StopsDamage>;

    async fn run(&self, session: &Session, _again: bool) -> Result<Self::Output, DatabaseError> {
        let rows = session.rows("SELECT line FROM stops WHERE ledger = $1", &[(&self.ledger, Type::INT8)]).await?;
        let mut text = String::new();
        for row in &rows {
            text.push_str(row.try_get(0)?);
        }
        Ok(Stops::parse(text.as_bytes()))
    }
}

/// Writes stops and resumes; those that are there already stay as they are.
struct AddStops<'a> {
    ledger: i64,
    news: &'a Stops,
}

impl Operation for AddStops<'_> {
    type Output = ();

    async fn run(&self, session: &Session, _again: bool) -> Result<(), DatabaseError> {
        let (mut numbers, mut of, mut resumes, mut lines) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (stop, is_resume, piece) in self.news.each() {
            let line = piece.write();
            numbers.push(ids::line(&line));
            of.push(i64::from(stop.0));
            resumes.push(is_resume);
            lines.push(line);
        }
        let values = [
            (&self.ledger as _, Type::INT8),
            (&numbers as _, Type::INT8_ARRAY),
            (&of as _, Type::INT8_ARRAY),
            (&resumes as _, Type::BOOL_ARRAY),
            (&lines as _, Type::TEXT_ARRAY),
        ];
        session.begin(ADD, &values).await?;
        session.commit().await
    }
}

const ADD: &str = "INSERT INTO stops (ledger, id, stop, resumes, line) \
    SELECT $1, id, stop, resumes, line FROM unnest($2, $3, $4, $5) AS news (id, stop, resumes, line) \
    ON CONFLICT DO NOTHING";

/// Whether there is a ledger, in tables that are up to date now.
struct HasLedger<'a> {
    schema: &'a str,
    ledger: i64,
}

impl Operation for HasLedger<'_> {
    type Output = bool;

    async fn run(&self, session: &Session, again: bool) -> Result<bool, DatabaseError> {
        let is_there = tables::update(session, self.schema).await?;
        Ok(is_there && (ReadHeader { ledger: self.ledger }).run(session, again).await?.is_some())
    }
}

impl Database {
    /// Reads the stops of a project's ledger. It needs no key.
    ///
    /// # Errors
    /// If there is no such ledger; if the server cannot be used, or a row is damaged.
    pub(in crate::store) async fn stops(&self, project: &ProjectId) -> Result<Stops, StoreError> {
        let link = self.link_to(project).await?;
        let found = link.run(&ReadStops { ledger: ids::ledger(project) }, AT_ONCE).await?;
        found.map_err(|damage| damaged(&self.place(), damage))
    }

    /// Adds stops and resumes to a project's ledger: durable when this returns. It needs no key.
    ///
    /// # Errors
    /// If there is no such ledger; if the server cannot be used.
    pub(in crate::store) async fn add_stops(&self, project: &ProjectId, news: &Stops) -> Result<(), StoreError> {
        let link = self.link_to(project).await?;
        Ok(link.run(&AddStops { ledger: ids::ledger(project), news }, AT_ONCE).await?)
    }

    async fn link_to(&self, project: &ProjectId) -> Result<Link, StoreError> {
        let link = Link::open(self).await?;
        let ledger = HasLedger { schema: &self.schema, ledger: ids::ledger(project) };
        if link.run(&ledger, AT_ONCE).await? {
            return Ok(link);
        }
        Err(StoreError::Missing { place: self.place(), shadow: None, commit: None, refusal: None })
    }
}

/// A row that is no stop.
pub(super) fn damaged(place: &str, damage: StopsDamage) -> StoreError {
    StoreError::StopsDamage { place: format!("{place}, table stops"), damage, is_table: true }
}
