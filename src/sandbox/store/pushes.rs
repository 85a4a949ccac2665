//! The pushes in the books: what was posted, what is to be tried again, and of which bulks nothing is to come.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use serde::Deserialize;

use super::MessageStore;
use super::database::MessageDatabase;
use super::table;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::reports::Marks;
use crate::sandbox::model::webhook::batch::{self, BulkPlan, ReportMoment, ReportPlace};
use crate::sandbox::model::webhook::body;
use crate::sandbox::model::webhook::inbound::{self, PairedMessage};
use crate::sandbox::model::webhook::push::{Push, PushContent};
use crate::wire::{limits, names};

/// Of a bulk nothing is kept but a bit for each report that was made into a push. A push has a row once it was
/// tried, or once it has to wait.
pub(super) const SCHEMA: &str = "
    CREATE TABLE pushed (
        number INTEGER PRIMARY KEY,
        marks BLOB NOT NULL,          -- two bits for each message: it left, and it ended
        is_all INTEGER NOT NULL       -- whether nothing is to come
    ) STRICT;
    CREATE TABLE push (
        number INTEGER PRIMARY KEY,
        created_at INTEGER NOT NULL,
        url TEXT NOT NULL,
        content_type TEXT NOT NULL,
        bulk INTEGER,                 -- reports of this bulk,
        reports TEXT,                 -- with these numbers, as JSON,
        inbound INTEGER,              -- or what a person wrote
        state TEXT NOT NULL,
        next_at INTEGER,
        tries TEXT NOT NULL           -- JSON
    ) STRICT;
    CREATE INDEX push_by_next ON push (next_at) WHERE next_at IS NOT NULL;
    CREATE INDEX push_by_state ON push (state, number);
";

/// Makes what came later where it is not there: pushes are found by their bulk.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("CREATE INDEX IF NOT EXISTS push_by_bulk ON push (bulk) WHERE bulk IS NOT NULL")
}

/// A push as it is to be noted.
#[derive(Debug, Clone)]
pub struct PushNote {
    /// The push.
    pub push: Push,
    /// Whether its reports cannot be pulled any more.
    pub hands_out: bool,
    /// Whether no push of its bulk is to come.
    pub is_all: bool,
}

/// What is to be done when the books are opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingPushes {
    /// The bulks of which pushes may be to come.
    pub bulks: Vec<i64>,
    /// The pushes that wait, and until when.
    pub waiting: Vec<(i64, Timestamp)>,
}

impl MessageStore {
    /// Notes what became of a push; that is durable when this returns. Gives its number.
    ///
    /// # Errors
    /// If it could not be noted.
    pub async fn note_push(&self, note: PushNote) -> Result<i64, SandboxError> {
        self.write(move |database| database.note_push(&note)).await
    }

    /// Notes that nothing of a bulk is to be pushed any more.
    ///
    /// # Errors
    /// If it could not be noted.
    pub async fn close_pushes(&self, bulk: i64) -> Result<(), SandboxError> {
        self.write(move |database| {
            let result = close(&database.connection, bulk);
            database.wrap(result)
        })
        .await
    }

    /// What is to be done about pushes.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn pending_pushes(&self) -> Result<PendingPushes, SandboxError> {
        self.read(|database| database.wrap(pending(&database.connection))).await
    }

    /// Works out what of a bulk is to be pushed by now, apart from reports that are on their way: to the URL of the account
    /// where a message has none, and so many reports together at most.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn plan_pushes(
        &self,
        bulk: i64,
        (account, reports_max): (Option<String>, usize),
        on_their_way: Vec<ReportPlace>,
        now: Timestamp,
    ) -> Result<BulkPlan, SandboxError> {
        self.judge(move |database, inputs| {
            let Some(loaded) = database.bulk(bulk)? else {
                return Ok(BulkPlan { due: Vec::new(), next_at: None, is_over: false });
            };
            let mut marks = database.wrap(marks(&database.connection, bulk))?;
            on_their_way.iter().for_each(|place| marks.add(place.number()));
            Ok(batch::plan(&loaded, inputs, (account.as_deref(), &marks), (now, reports_max)))
        })
        .await
    }

    /// Writes the body of a push.
    ///
    /// # Errors
    /// If the books cannot be read, or have nothing for it.
    pub async fn push_body(&self, push: Push) -> Result<Vec<u8>, SandboxError> {
        self.judge(move |database, inputs| database.push_body(&push, inputs)).await
    }

    /// Reads a push.
    ///
    /// # Errors
    /// If the books cannot be read, or what they have of it.
    pub async fn push(&self, number: i64) -> Result<Option<Push>, SandboxError> {
        self.read(move |database| push(&database.connection, number).map_err(|source| database.broken(number, source)))
            .await
    }

    /// The message that came to a person from a sender last by now, of those in the logs.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn last_message_to(
        &self,
        sender: String,
        person: String,
        now: Timestamp,
    ) -> Result<Option<PairedMessage>, SandboxError> {
        self.judge(move |database, inputs| database.last_message_to((&sender, &person), inputs, now)).await
    }
}

impl MessageDatabase {
    fn note_push(&mut self, note: &PushNote) -> Result<i64, SandboxError> {
        let result = self.note_push_in_one(note);
        self.wrap(result)
    }

    fn note_push_in_one(&mut self, PushNote { push, hands_out, is_all }: &PushNote) -> rusqlite::Result<i64> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = write(&transaction, push)?;
        if let PushContent::Reports { bulk, reports } = &push.content {
            let mut marks = marks(&transaction, *bulk)?;
            reports.iter().for_each(|place| marks.add(place.number()));
            transaction
                .prepare_cached(
                    "INSERT INTO pushed VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET marks = ?2, is_all = max(is_all, ?3)",
                )?
                .execute(params![bulk, marks.bytes(), is_all])?;
            if *hands_out {
                let ended = reports.iter().filter(|place| place.moment == ReportMoment::End);
                table::hand_out(&transaction, *bulk, ended.map(|place| place.position))?;
            }
        }
        transaction.commit()?;
        Ok(number)
    }

    fn push_body(&self, push: &Push, inputs: &Inputs) -> Result<Vec<u8>, SandboxError> {
        let number = push.number.unwrap_or_default();
        let damaged = || SandboxError::Damaged { path: self.path.clone(), number };
        match &push.content {
            PushContent::Reports { bulk, reports } => {
                let bulk = self.bulk(*bulk)?.ok_or_else(damaged)?;
                body::body(push.content_type, batch::reports(&bulk, inputs, reports)).map_err(|_| damaged())
            }
            PushContent::Inbound(entry) => {
                let message = self.wrap(inbound_message(&self.connection, *entry))?;
                inbound::body(&message.ok_or_else(damaged)?).map_err(|_| damaged())
            }
        }
    }

    fn last_message_to(
        &self,
        pair: (&str, &str),
        inputs: &Inputs,
        now: Timestamp,
    ) -> Result<Option<PairedMessage>, SandboxError> {
        let from = super::database::hours_before(now, limits::LOGS_HOURS);
        let mut last: Option<(Timestamp, PairedMessage)> = None;
        for header in self.wrap(table::headers_between(&self.connection, from, now))? {
            if last.as_ref().is_some_and(|(sent_at, _)| header.ends_at() < *sent_at) {
                break;
            }
            let found = inbound::last_to(&self.load(header)?, inputs, pair, now);
            last = last.into_iter().chain(found).max_by_key(|(sent_at, _)| *sent_at);
        }
        Ok(last.map(|(_, message)| message))
    }
}

/// Notes a push that waits, for example of what a person wrote just now.
pub(super) fn write(connection: &Connection, push: &Push) -> rusqlite::Result<i64> {
    let (bulk, reports, inbound) = match &push.content {
        PushContent::Reports { bulk, reports } => {
            let numbers: Vec<usize> = reports.iter().map(|place| place.number()).collect();
            (Some(bulk), Some(table::json(&numbers)?), None)
        }
        PushContent::Inbound(entry) => (None, None, Some(entry)),
    };
    connection.prepare_cached("INSERT OR REPLACE INTO push VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?.insert(params![
        push.number,
        push.created_at.as_millisecond(),
        push.url,
        body::media_type(push.content_type),
        bulk,
        reports,
        inbound,
        push.state.name(),
        push.next_at.map(Timestamp::as_millisecond),
        table::json(&push.tries)?,
    ])
}

fn marks(connection: &Connection, bulk: i64) -> rusqlite::Result<Marks> {
    let mut statement = connection.prepare_cached("SELECT marks FROM pushed WHERE number = ?")?;
    Ok(statement.query_row([bulk], |row| row.get(0)).optional()?.map(Marks::new).unwrap_or_default())
}

fn close(connection: &Connection, bulk: i64) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT INTO pushed VALUES (?, x'', 1) ON CONFLICT DO UPDATE SET is_all = 1")?;
    statement.execute([bulk]).map(drop)
}

fn pending(connection: &Connection) -> rusqlite::Result<PendingPushes> {
    let mut statement = connection.prepare(
        "SELECT number FROM bulk LEFT JOIN pushed USING (number) WHERE coalesce(is_all, 0) = 0 ORDER BY number",
    )?;
    let bulks = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT number, next_at FROM push WHERE next_at IS NOT NULL")?;
    let waiting = statement.query_map([], |row| Ok((row.get(0)?, table::instant(row.get(1)?))))?;
    Ok(PendingPushes { bulks, waiting: waiting.collect::<Result<_, _>>()? })
}

/// How a push is read, with the bulkId of its reports.
pub(super) const PUSH: &str =
    "SELECT number, created_at, url, content_type, bulk, reports, inbound, state, next_at, tries,
     (SELECT bulk_id FROM bulk WHERE bulk.number = push.bulk) FROM push";

fn push(connection: &Connection, number: i64) -> rusqlite::Result<Option<Push>> {
    connection.prepare_cached(&format!("{PUSH} WHERE number = ?"))?.query_row([number], read).optional()
}

fn inbound_message(connection: &Connection, entry: i64) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT message FROM inbound WHERE entry = ?")?;
    Ok(statement.query_row([entry], |row| row.get(0)).optional()?.flatten())
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Push> {
    let content = match row.get(6)? {
        Some(entry) => PushContent::Inbound(entry),
        None => {
            let numbers: Vec<usize> = parsed(row, 5)?;
            let reports = numbers.into_iter().map(ReportPlace::new).collect();
            PushContent::Reports { bulk: row.get(4)?, reports }
        }
    };
    Ok(Push {
        number: Some(row.get(0)?),
        created_at: table::instant(row.get(1)?),
        url: row.get(2)?,
        content_type: named(row, 3)?,
        content,
        state: named(row, 7)?,
        next_at: row.get::<_, Option<i64>>(8)?.map(table::instant),
        tries: parsed(row, 9)?,
    })
}

fn parsed<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| table::broken(column, error))
}

pub(super) fn named<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    let unknown = || table::broken(column, serde::de::Error::custom("it is none of the names"));
    names::named(&text).ok_or_else(unknown)
}
