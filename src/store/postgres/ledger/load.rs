//! The ledger from the database's lines: all of it at first, and later what others have added.

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::lines;
use crate::ledger::{Damage, Header, Ledger};
use crate::store::postgres::connection::{Link, Operation, WHOLE_TIME_MAX};
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::server::Where;
use crate::store::postgres::session::Session;

/// How many bytes of lines are read at a time, so that a large ledger is never in memory as text.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

/// What stands in the database of a ledger.
pub(super) struct Stored {
    /// The header's line.
    pub(super) header: String,
    /// The server that was confirmed last.
    pub(super) server: Option<String>,
}

impl Stored {
    /// Whether this is where the ledger was confirmed last.
    pub(super) fn place(&self, link: &Link) -> Where {
        Where::of(self.server.as_deref(), link.identity().as_deref())
    }
}

/// Reads what a ledger is bound to; `None` if there is none.
pub(super) struct ReadHeader {
    pub(super) ledger: i64,
}

impl Operation for ReadHeader {
    type Output = Option<Stored>;

    async fn run(&self, session: &Session, _again: bool) -> Result<Option<Stored>, DatabaseError> {
        let query = "SELECT header, server FROM ledgers WHERE id = $1";
        let row = session.row(query, &[(&self.ledger, Type::INT8)]).await?;
        let stored = row.map(|row| Ok::<_, DatabaseError>(Stored { header: row.try_get(0)?, server: row.try_get(1)? }));
        stored.transpose()
    }
}

/// What of a ledger is known already, by number.
#[derive(Debug, Default, Clone)]
pub(super) struct KnownLines {
    /// The claims.
    pub(super) claims: HashSet<i64>,
    /// The lines of what became of them.
    pub(super) outcomes: HashSet<i64>,
}

impl KnownLines {
    /// Takes in what else is known.
    pub(super) fn extend(&mut self, other: Self) {
        self.claims.extend(other.claims);
        self.outcomes.extend(other.outcomes);
    }
}

/// Reads the records of messages, and the claims with what became of them.
pub(super) struct LoadLedger<'a> {
    pub(super) ledger: i64,
    pub(super) header: &'a Header,
    /// Only these claims, and no records; all, if absent.
    pub(super) only: Option<&'a [i64]>,
}

const ALL: &str = "SELECT c.id, c.line, o.id, o.line FROM claims c \
    LEFT JOIN outcomes o ON o.ledger = c.ledger AND o.claim = c.id WHERE c.ledger = $1 ORDER BY c.id";
const SOME: &str = "SELECT c.id, c.line, o.id, o.line FROM claims c \
    LEFT JOIN outcomes o ON o.ledger = c.ledger AND o.claim = c.id WHERE c.ledger = $1 AND c.id = ANY($2) ORDER BY c.id";

impl Operation for LoadLedger<'_> {
    /// The ledger, or what is wrong with its lines.
    type Output = Result<(Ledger, KnownLines), Damage>;

    const TIME_MAX: Duration = WHOLE_TIME_MAX;

    async fn run(&self, session: &Session, _again: bool) -> Result<Self::Output, DatabaseError> {
        let mut loaded = Loaded::new(self.header);
        if self.only.is_none() {
            let query = "SELECT line FROM messages WHERE ledger = $1";
            for row in session.rows(query, &[(&self.ledger, Type::INT8)]).await? {
                loaded.lines.push_str(row.try_get(0)?);
            }
        }
        let rows = match &self.only {
            None => session.stream(ALL, &[(&self.ledger, Type::INT8)]).await?,
            Some(only) => session.stream(SOME, &[(&self.ledger, Type::INT8), (only, Type::INT8_ARRAY)]).await?,
        };
        let mut rows = pin!(rows);
        while let Some(row) = rows.try_next().await? {
            if let Err(damage) = loaded.take(&row)? {
                return Ok(Err(damage));
            }
        }
        loaded.finish()
    }
}

/// What was read so far.
struct Loaded<'a> {
    header: &'a Header,
    ledger: Ledger,
    known: KnownLines,
    /// Lines that are not in the ledger yet. Those of one claim are always together.
    lines: String,
    last: Option<i64>,
}

impl<'a> Loaded<'a> {
    fn new(header: &'a Header) -> Self {
        let ledger = Ledger::new(header.clone());
        Self { header, ledger, known: KnownLines::default(), lines: lines::header(header), last: None }
    }

    /// Takes a claim with one of the lines beside it, if it has any.
    fn take(&mut self, row: &Row) -> Result<Result<(), Damage>, DatabaseError> {
        let claim: i64 = row.try_get(0)?;
        if self.last.replace(claim) != Some(claim) {
            if self.lines.len() >= CHUNK_BYTES
                && let Err(damage) = self.read()?
            {
                return Ok(Err(damage));
            }
            self.lines.push_str(row.try_get(1)?);
            self.known.claims.insert(claim);
        }
        if let (Some(id), Some(line)) = (row.try_get::<_, Option<i64>>(2)?, row.try_get::<_, Option<&str>>(3)?) {
            self.lines.push_str(line);
            self.known.outcomes.insert(id);
        }
        Ok(Ok(()))
    }

    /// Reads the lines into the ledger.
    fn read(&mut self) -> Result<Result<(), Damage>, DatabaseError> {
        let lines = std::mem::replace(&mut self.lines, lines::header(self.header));
        let piece = match lines::read(&lines) {
            Ok(piece) => piece,
            Err(damage) => return Ok(Err(damage)),
        };
        if self.ledger.claims().len() == 0 {
            self.ledger = piece;
        } else {
            self.ledger.join(&piece).map_err(|_| DatabaseError::Foreign("claims"))?;
        }
        Ok(Ok(()))
    }

    fn finish(mut self) -> Result<Result<(Ledger, KnownLines), Damage>, DatabaseError> {
        Ok(self.read()?.map(|()| (self.ledger, self.known)))
    }
}

/// Whether all claims that are known are in the database still.
pub(super) struct FindLost<'a> {
    pub(super) ledger: i64,
    pub(super) known: &'a KnownLines,
}

impl Operation for FindLost<'_> {
    type Output = bool;

    const TIME_MAX: Duration = WHOLE_TIME_MAX;

    async fn run(&self, session: &Session, _again: bool) -> Result<bool, DatabaseError> {
        let mut found = 0;
        for row in session.rows("SELECT id FROM claims WHERE ledger = $1", &[(&self.ledger, Type::INT8)]).await? {
            found += usize::from(self.known.claims.contains(&row.try_get(0)?));
        }
        Ok(found < self.known.claims.len())
    }
}

/// Finds the claims of which the database knows more.
pub(super) struct FindNews<'a> {
    pub(super) ledger: i64,
    pub(super) known: &'a KnownLines,
}

impl Operation for FindNews<'_> {
    type Output = Vec<i64>;

    async fn run(&self, session: &Session, _again: bool) -> Result<Vec<i64>, DatabaseError> {
        let mut news = HashSet::new();
        let values = [(&self.ledger as _, Type::INT8)];
        for row in session.rows("SELECT claim, id FROM outcomes WHERE ledger = $1", &values).await? {
            if !self.known.outcomes.contains(&row.try_get(1)?) {
                news.insert(row.try_get(0)?);
            }
        }
        // The claims last: whoever knows one of them knows all that were written before it.
        for row in session.rows("SELECT id FROM claims WHERE ledger = $1", &values).await? {
            let claim = row.try_get(0)?;
            if !self.known.claims.contains(&claim) {
                news.insert(claim);
            }
        }
        Ok(news.into_iter().collect())
    }
}
