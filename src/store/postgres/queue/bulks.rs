//! The plan that workers share: stored by the first of them, taken bulk by bulk by all.

use jiff::Timestamp;
use tokio_postgres::types::Type;

use super::send_times::{END, Slots};
use crate::apply::{LeasedBulk, LeasedPosition, QueuePosition};
use crate::identity::{BulkTime, ContentDigest, Person};
use crate::plan::Bulk;
use crate::store::postgres::connection::Operation;
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::session::Session;

/// How long after it was taken a bulk that was not claimed is anybody's again, in seconds.
pub(super) const LEASE_SECONDS: i32 = 15;
/// A plan that nobody has touched for so long is no worker's any more, in seconds: longer than a
/// claim may wait for its request, a request may take, and clocks may be apart.
const ABANDONED_SECONDS: i32 = 600;
/// How many bulks are stored by one statement.
const STORED_AT_ONCE: usize = 64;

/// Joins the stored plan of each message, or stores one's own where there is none, where the last
/// was used up, and where nobody has touched it for long. One transaction.
pub(super) struct EnqueueBulks<'a> {
    /// The number of a plan that is stored now.
    pub(super) plan: i64,
    pub(super) digest: &'a str,
    pub(super) now: Timestamp,
    /// The messages by their numbers, ascending, so that two workers never wait for each other.
    pub(super) messages: &'a [(i64, Vec<Bulk>)],
}

const FOUND: &str = "SELECT p.id, p.touched_at < clock_timestamp() - $2 * interval '1 second', \
    EXISTS (SELECT 1 FROM bulks b WHERE b.message = p.message AND b.plan = p.id AND NOT b.done) \
    FROM plans p WHERE p.message = $1 FOR UPDATE";
const FIRST: &str = "INSERT INTO plans (message, id, digest, touched_at) VALUES ($1, $2, $3, clock_timestamp()) \
    ON CONFLICT DO NOTHING";
const REPLACE: &str = "UPDATE plans SET id = $2, digest = $3, touched_at = clock_timestamp() WHERE message = $1";
const CLEAR: &str = "DELETE FROM bulks WHERE message = $1";
const TOUCH: &str = "UPDATE plans SET touched_at = clock_timestamp() WHERE message = $1 AND id = $2";
const PACE: &str = "SELECT until FROM paces WHERE message = $1 FOR UPDATE";
const STORE: &str = "INSERT INTO bulks (message, plan, number, time, send_at, until, people, done) \
    SELECT $1, $2, number, time, send_at, until, people, false \
    FROM unnest($3, $4, $5, $6, $7) AS bulk (number, time, send_at, until, people)";

impl Operation for EnqueueBulks<'_> {
    /// The plan of each message, in their order.
    type Output = Vec<i64>;

    async fn run(&self, session: &Session, _again: bool) -> Result<Vec<i64>, DatabaseError> {
        session.batch("BEGIN").await?;
        let mut plans = Vec::with_capacity(self.messages.len());
        for (message, bulks) in self.messages {
            plans.push(self.share(session, *message, bulks).await?);
        }
        session.commit().await?;
        Ok(plans)
    }
}

/// A number of a message; `None` if there is none.
async fn number(session: &Session, query: &str, message: i64) -> Result<Option<i64>, DatabaseError> {
    let row = session.row(query, &[(&message, Type::INT8)]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
}

/// Bulks, column by column.
#[derive(Default)]
struct BulkColumns {
    numbers: Vec<i32>,
    times: Vec<String>,
    send_at: Vec<Option<i64>>,
    until: Vec<Option<i64>>,
    people: Vec<Vec<u8>>,
}

impl EnqueueBulks<'_> {
    /// Finds or stores the plan of a message.
    async fn share(&self, session: &Session, message: i64, bulks: &[Bulk]) -> Result<i64, DatabaseError> {
        let plan = [(&message as _, Type::INT8), (&self.plan as _, Type::INT8), (&self.digest as _, Type::TEXT)];
        let is_first = session.run(FIRST, &plan).await? == 1;
        let mut end = None;
        if !is_first {
            // Whoever was first has committed: a row that is in the way is waited for.
            let values = [(&message as _, Type::INT8), (&f64::from(ABANDONED_SECONDS) as _, Type::FLOAT8)];
            if let Some(row) = session.row(FOUND, &values).await? {
                let (found, is_abandoned, is_open): (i64, bool, bool) =
                    (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                if is_open && (!is_abandoned || found == self.plan) {
                    session.run(TOUCH, &[(&message, Type::INT8), (&found, Type::INT8)]).await?;
                    return Ok(found);
                }
                // Workers may be about to send bulks of it once more, each at its own time.
                if !is_abandoned {
                    end = number(session, END, message).await?;
                }
            }
            session.run(REPLACE, &plan).await?;
        }
        session.run(CLEAR, &[(&message, Type::INT8)]).await?;
        let pace = number(session, PACE, message).await?.max(end);
        self.store(session, message, bulks, pace).await?;
        Ok(self.plan)
    }

    async fn store(
        &self,
        session: &Session,
        message: i64,
        bulks: &[Bulk],
        pace: Option<i64>,
    ) -> Result<(), DatabaseError> {
        let mut slots = Slots::new(self.now, pace);
        let mut number = 0_i32;
        for some in bulks.chunks(STORED_AT_ONCE) {
            let mut columns = BulkColumns::default();
            for bulk in some {
                let (send_at, until) = slots.next(bulk);
                columns.numbers.push(number);
                columns.times.push(bulk.time.to_string());
                columns.send_at.push(send_at);
                columns.until.push(until);
                columns.people.push(encode(bulk));
                number = number.saturating_add(1);
            }
            let values = [
                (&message as _, Type::INT8),
                (&self.plan as _, Type::INT8),
                (&columns.numbers as _, Type::INT4_ARRAY),
                (&columns.times as _, Type::TEXT_ARRAY),
                (&columns.send_at as _, Type::INT8_ARRAY),
                (&columns.until as _, Type::INT8_ARRAY),
                (&columns.people as _, Type::BYTEA_ARRAY),
            ];
            session.run(STORE, &values).await?;
        }
        Ok(())
    }
}

/// Takes a bulk that nobody has, or whose taker has not claimed it in time.
pub(super) struct LeaseBulk<'a> {
    pub(super) portion: &'a QueuePosition,
    pub(super) run: i64,
    /// The bulks that the run has at work: its slowness makes none of them its own a second time.
    pub(super) held: &'a [i32],
}

const TAKE: &str = "WITH touched AS (UPDATE plans SET touched_at = clock_timestamp() \
        WHERE message = $1 AND id = $2 AND touched_at < clock_timestamp() - interval '1 minute') \
    UPDATE bulks SET run = $3, taken_at = clock_timestamp() \
    WHERE message = $1 AND plan = $2 AND number = ( \
        SELECT number FROM bulks WHERE message = $1 AND plan = $2 AND NOT done \
            AND number <> ALL ($5) AND (taken_at IS NULL OR taken_at < clock_timestamp() - $4 * interval '1 second') \
        ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED) \
    RETURNING number, time, send_at, until, people";

impl Operation for LeaseBulk<'_> {
    type Output = Option<LeasedBulk>;

    async fn run(&self, session: &Session, _again: bool) -> Result<Option<LeasedBulk>, DatabaseError> {
        let QueuePosition { number, message, revision, plan } = self.portion;
        let values = [
            (number as _, Type::INT8),
            (plan as _, Type::INT8),
            (&self.run as _, Type::INT8),
            (&f64::from(LEASE_SECONDS) as _, Type::FLOAT8),
            (&self.held as _, Type::INT4_ARRAY),
        ];
        let Some(row) = session.row(TAKE, &values).await? else { return Ok(None) };
        let foreign = DatabaseError::Foreign;
        let instant = |millisecond: Option<i64>| millisecond.and_then(|at| Timestamp::from_millisecond(at).ok());
        Ok(Some(LeasedBulk {
            message: message.clone(),
            revision: *revision,
            time: BulkTime::parse(row.try_get(1)?).ok_or(foreign("bulks"))?,
            send_at: instant(row.try_get(2)?),
            until: instant(row.try_get(3)?),
            people: decode(row.try_get(4)?).ok_or(foreign("bulks"))?,
            position: LeasedPosition { message: *number, plan: *plan, number: row.try_get(0)? },
        }))
    }
}

/// Whether a plan has bulks that nobody has claimed, and that it is still at work.
pub(super) struct ReadQueue<'a> {
    pub(super) portion: &'a QueuePosition,
}

impl Operation for ReadQueue<'_> {
    type Output = bool;

    async fn run(&self, session: &Session, _again: bool) -> Result<bool, DatabaseError> {
        let values = [(&self.portion.number as _, Type::INT8), (&self.portion.plan as _, Type::INT8)];
        session.run(TOUCH, &values).await?;
        let query = "SELECT 1 FROM bulks WHERE message = $1 AND plan = $2 AND NOT done LIMIT 1";
        Ok(session.row(query, &values).await?.is_some())
    }
}

/// What becomes of a bulk that a run has nobody of to send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::postgres) enum Rest {
    /// Whoever takes it next has it.
    ToOthers,
    /// It is done with.
    Done,
}

/// Gives up a bulk, if it is still this run's.
pub(in crate::store::postgres) struct ReturnBulk {
    pub(in crate::store::postgres) bulk: LeasedPosition,
    pub(in crate::store::postgres) run: i64,
    pub(in crate::store::postgres) rest: Rest,
}

impl Operation for ReturnBulk {
    type Output = ();

    async fn run(&self, session: &Session, _again: bool) -> Result<(), DatabaseError> {
        let LeasedPosition { message, plan, number } = &self.bulk;
        let values = [
            (message as _, Type::INT8),
            (plan as _, Type::INT8),
            (number as _, Type::INT4),
            (&self.run as _, Type::INT8),
        ];
        let query = match self.rest {
            Rest::ToOthers => {
                "UPDATE bulks SET run = NULL, taken_at = NULL \
                    WHERE message = $1 AND plan = $2 AND number = $3 AND run = $4 AND NOT done"
            }
            Rest::Done => "UPDATE bulks SET done = true WHERE message = $1 AND plan = $2 AND number = $3 AND run = $4",
        };
        session.run(query, &values).await.map(drop)
    }
}

/// Gives back all bulks that a run has taken and not claimed, so that others need not wait for them.
pub(super) struct ReturnAll<'a> {
    pub(super) messages: &'a [i64],
    pub(super) run: i64,
}

impl Operation for ReturnAll<'_> {
    type Output = ();

    async fn run(&self, session: &Session, _again: bool) -> Result<(), DatabaseError> {
        let query = "UPDATE bulks SET run = NULL, taken_at = NULL WHERE message = ANY($1) AND run = $2 AND NOT done";
        session.run(query, &[(&self.messages, Type::INT8_ARRAY), (&self.run, Type::INT8)]).await.map(drop)
    }
}

/// Writes people with their contents: 16 bytes each, big-endian.
fn encode(bulk: &Bulk) -> Vec<u8> {
    let pairs = bulk.recipients.iter().map(|recipient| (recipient.person.0, recipient.content.0));
    pairs.flat_map(|(person, content)| [person.to_be_bytes(), content.to_be_bytes()]).flatten().collect()
}

/// Reads people with their contents.
fn decode(bytes: &[u8]) -> Option<Vec<(Person, ContentDigest)>> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    let (pairs, odd) = numbers.as_chunks::<2>();
    let number = u64::from_be_bytes;
    let people = pairs.iter().map(|[person, content]| (Person(number(*person)), ContentDigest(number(*content))));
    (rest.is_empty() && odd.is_empty()).then(|| people.collect())
}
