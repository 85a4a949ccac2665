//! Which pushes are looked for: those in a state, and those that have reports of a bulk or of a message.

use rusqlite::{Connection, params};

use super::MessageStore;
use super::database::MessageDatabase;
use super::{pushes, table};
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::webhook::push::{Push, PushState};

/// Which pushes are shown. What is absent does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushFilter {
    /// In this state.
    pub state: Option<PushState>,
    /// With reports of bulks with this bulkId.
    pub bulk_id: Option<String>,
    /// With reports of messages with this messageId.
    pub message_id: Option<String>,
    /// With a number after this one.
    pub after: i64,
    /// So many at most.
    pub limit: usize,
}

/// A push, and the bulkId of its reports.
pub type ListedPush = (Push, Option<String>);

/// A bulk, and the position of a message in it; all of its messages if there is none.
type Place = (i64, Option<usize>);

impl MessageStore {
    /// Reads pushes in their order, with the bulkIds of reports, and how many there are in each state, on all pages: of
    /// those bulks and messages that the filter names.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn pushes(&self, filter: PushFilter) -> Result<(Vec<ListedPush>, Vec<(PushState, u64)>), SandboxError> {
        self.read(move |database| {
            let places = database.places(&filter)?;
            let search = PushSearch { filter: &filter, places: places.as_deref() };
            database.with_connection(|connection| Ok((search.pushes(connection)?, search.counts(connection)?)))
        })
        .await
    }

    /// Reads the pushes that have a report of the message at a position of a bulk, in their order: two at most, one of
    /// each moment at which there is a report.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn pushes_of(&self, bulk: i64, position: usize) -> Result<Vec<ListedPush>, SandboxError> {
        self.read(move |database| {
            let places = [(bulk, Some(position))];
            let filter = PushFilter { limit: usize::MAX, ..PushFilter::default() };
            database.with_connection(|connection| {
                let places = table::json(&places)?;
                PushSearch { filter: &filter, places: Some(&places) }.pushes(connection)
            })
        })
        .await
    }
}

impl MessageDatabase {
    /// The places of the messages that a filter names, as JSON; nothing if it names none.
    fn places(&mut self, filter: &PushFilter) -> Result<Option<String>, SandboxError> {
        let mut places: Vec<Place> = Vec::new();
        match (&filter.message_id, &filter.bulk_id) {
            (None, None) => return Ok(None),
            (None, Some(bulk_id)) => {
                let bulk_ids = std::slice::from_ref(bulk_id);
                let headers = self.with_connection(|connection| table::headers(connection, bulk_ids))?;
                places.extend(headers.into_iter().map(|header| (header.number, None)));
            }
            (Some(message_id), bulk_id) => {
                for bulk in self.bulks_with(message_id)? {
                    let is_wanted = bulk_id.as_ref().is_none_or(|wanted| *wanted == bulk.header.bulk_id);
                    let positions = bulk.table.messages.iter().enumerate();
                    let positions = positions.filter(|(_, message)| is_wanted && message.message_id == *message_id);
                    places.extend(positions.map(|(position, _)| (bulk.header.number, Some(position))));
                }
            }
        }
        self.with_connection(|_| table::json(&places)).map(Some)
    }
}

/// Which pushes are looked for, with the places of the messages whose reports they have.
#[derive(Clone, Copy)]
struct PushSearch<'a> {
    filter: &'a PushFilter,
    /// The places, as JSON; nothing if all pushes are wanted.
    places: Option<&'a str>,
}

/// Which pushes have reports of some places; a report's number says the position of its message.
const AT_PLACES: &str = "push.bulk IN (SELECT value ->> 0 FROM json_each(?1)) AND EXISTS (
    SELECT 1 FROM json_each(?1) AS place, json_each(push.reports) AS report WHERE place.value ->> 0 = push.bulk
    AND (place.value ->> 1 IS NULL OR place.value ->> 1 = report.value / 2))";

impl PushSearch<'_> {
    const fn condition(self) -> &'static str {
        match self.places {
            Some(_) => AT_PLACES,
            None => "?1 IS NULL",
        }
    }

    fn pushes(self, connection: &Connection) -> rusqlite::Result<Vec<ListedPush>> {
        let PushSearch { filter, places } = self;
        let (push, condition) = (pushes::PUSH, self.condition());
        let mut statement = connection.prepare_cached(&format!(
            "{push} WHERE {condition} AND push.number > ?2 AND (?3 IS NULL OR state = ?3) ORDER BY push.number LIMIT ?4"
        ))?;
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        let parameters = params![places, filter.after, filter.state.map(PushState::name), limit];
        statement.query_map(parameters, |row| Ok((pushes::read(row)?, row.get(10)?)))?.collect()
    }

    fn counts(self, connection: &Connection) -> rusqlite::Result<Vec<(PushState, u64)>> {
        let condition = self.condition();
        let mut statement =
            connection.prepare_cached(&format!("SELECT state, count(*) FROM push WHERE {condition} GROUP BY state"))?;
        let rows = statement.query_map([self.places], |row| {
            let count: i64 = row.get(1)?;
            Ok((pushes::named(row, 0)?, u64::try_from(count).unwrap_or_default()))
        })?;
        rows.collect()
    }
}
