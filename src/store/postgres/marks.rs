//! Marks: every row of `ledgers` and `claims` says which transaction wrote it, and the server says so too.
//! Whoever loads a copy of rows keeps the first, and cannot keep the second: so rows that were put back, and
//! with them a ledger that may be old, are told from those that stand where they were written.
//!
//! A row under a savepoint would look like one that was put back: there is none in these transactions.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::connection::{Operation, WHOLE_TIME_MAX};
use super::error::{DatabaseError, Remedy};
use super::session::Session;

/// Whether marks tell anything on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkSupport {
    /// A row that is not put back has its mark.
    Kept,
    /// It has not, or nobody knows: rows get none.
    Unknown,
}

impl MarkSupport {
    /// The mark of a row that is inserted.
    pub(super) fn first(self) -> &'static str {
        match self {
            Self::Kept => "txid_current()",
            Self::Unknown => "NULL::bigint",
        }
    }

    /// The mark of a row that is changed: one that had its own gets another, and one that was put back, or has
    /// none, stays so.
    pub(super) fn next(self) -> &'static str {
        match self {
            Self::Kept => "CASE WHEN (born & 4294967295)::text = xmin::text THEN txid_current() ELSE born END",
            Self::Unknown => "born",
        }
    }
}

/// Finds out whether marks tell anything: by a row that is taken back at once. What the server calls itself
/// says nothing of that.
pub(super) struct ProbeMarks {
    /// The run.
    pub(super) run: i64,
}

const MARK: &str = "INSERT INTO marks (run, born) VALUES ($1, txid_current())";
const IS_KEPT: &str = "SELECT (born & 4294967295)::text = xmin::text FROM marks WHERE run = $1";

impl Operation for ProbeMarks {
    type Output = MarkSupport;

    async fn run(&self, session: &Session, _again: bool) -> Result<MarkSupport, DatabaseError> {
        let run = [(&self.run as _, Type::INT8)];
        let found = match session.begin(MARK, &run).await {
            Ok(_) => session.row(IS_KEPT, &run).await,
            Err(error) => Err(error),
        };
        session.roll_back().await?;
        match found {
            Ok(row) => {
                let is_kept: Option<bool> = row.map(|row| row.try_get(0)).transpose()?.flatten();
                Ok(if is_kept == Some(true) { MarkSupport::Kept } else { MarkSupport::Unknown })
            }
            Err(error) if is_unknown(&error) => Ok(MarkSupport::Unknown),
            Err(error) => Err(error),
        }
    }
}

/// Whether a server does not know what it was asked for; that it keeps something from us is no such thing.
fn is_unknown(error: &DatabaseError) -> bool {
    let is_refused = matches!(error, DatabaseError::Refused { .. }) && error.remedy() == Remedy::None;
    is_refused && !error.has_code(&SqlState::INSUFFICIENT_PRIVILEGE)
}

/// What the marks of a ledger's rows tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// All rows stand where they were written.
    Here,
    /// Rows have no mark, so many claims among them: nobody knows.
    Unmarked(u64),
    /// Rows were put back from a copy, so many claims among them, with those that have no mark.
    Reloaded(u64),
}

/// Looks at the marks of a ledger.
pub(super) struct ReadMarks {
    pub(super) ledger: i64,
}

/// In one statement: what another run marks is seen in all tables or in none.
const MARKS: &str = include_str!("read_marks.sql");
const ALL: &str = "SELECT count(*) FROM claims WHERE ledger = $1";

impl Operation for ReadMarks {
    type Output = Origin;

    const TIME_MAX: Duration = WHOLE_TIME_MAX;

    async fn run(&self, session: &Session, _again: bool) -> Result<Origin, DatabaseError> {
        let ledger = [(&self.ledger as _, Type::INT8)];
        let found = match session.row(MARKS, &ledger).await {
            Err(error) if is_unknown(&error) => {
                let all = session.row(ALL, &ledger).await?.map(|row| row.try_get::<_, i64>(0)).transpose()?;
                return Ok(Origin::Unmarked(all.unwrap_or_default().cast_unsigned()));
            }
            found => found?,
        };
        let Some(row) = found else { return Ok(Origin::Here) };
        let (is_unmarked, is_reloaded): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
        let (unmarked, reloaded): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        let claims = unmarked.saturating_add(reloaded).cast_unsigned();
        Ok(if is_reloaded || reloaded > 0 {
            Origin::Reloaded(claims)
        } else if is_unmarked || unmarked > 0 {
            Origin::Unmarked(claims)
        } else {
            Origin::Here
        })
    }
}

/// Marks all rows anew that were put back, or have no mark: somebody has compared them with the gateway, or
/// says that they are all.
pub(super) struct MarkAnew {
    pub(super) ledger: i64,
    /// Whether rows that were put back are among them; else only those that have no mark.
    pub(super) with_reloaded: bool,
}

const MARK_HEADER: &str = "UPDATE ledgers SET born = txid_current() WHERE id = $1 \
    AND (born IS NULL OR ($2 AND (born & 4294967295)::text <> xmin::text))";
const MARK_CLAIMS: &str = "UPDATE claims SET born = txid_current() WHERE ledger = $1 \
    AND (born IS NULL OR ($2 AND (born & 4294967295)::text <> xmin::text))";

impl Operation for MarkAnew {
    type Output = ();

    const TIME_MAX: Duration = WHOLE_TIME_MAX;

    async fn run(&self, session: &Session, _again: bool) -> Result<(), DatabaseError> {
        let values = || [(&self.ledger as _, Type::INT8), (&self.with_reloaded as _, Type::BOOL)];
        session.begin(MARK_HEADER, &values()).await?;
        session.run(MARK_CLAIMS, &values()).await?;
        session.commit().await
    }
}
