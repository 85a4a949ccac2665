//! What else is written: records of messages, and whole ledgers that are joined in.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::lines;
use super::settle::{self, is_held, is_open};
use crate::identity::Person;
use crate::ledger::{ClaimState, Header, Ledger, MessageRecord, PersonState};
use crate::store::postgres::connection::{Operation, WHOLE_TIME_MAX};
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::ids;
use crate::store::postgres::marks::MarkSupport;
use crate::store::postgres::session::{Session, Value};

/// Writes what a message is; the latest record of each revision stays.
pub(super) struct WriteRecord<'a> {
    pub(super) ledger: i64,
    pub(super) record: &'a MessageRecord,
}

const RECORD: &str = "INSERT INTO messages (ledger, id, at, line) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (ledger, id) DO UPDATE SET at = excluded.at, line = excluded.line WHERE messages.at <= excluded.at";

impl Operation for WriteRecord<'_> {
    type Output = ();

    async fn run(&self, session: &Session, _again: bool) -> Result<(), DatabaseError> {
        let message = ids::message(self.ledger, &self.record.message, self.record.revision);
        let at = self.record.at.as_microsecond();
        let line = lines::message(self.record);
        let values = [
            (&self.ledger as _, Type::INT8),
            (&message as _, Type::INT8),
            (&at as _, Type::INT8),
            (&line as _, Type::TEXT),
        ];
        session.run(RECORD, &values).await.map(drop)
    }
}

/// Joins what another ledger has beyond this one in, in one transaction. A claim that is there already
/// gets the other's line beside its own: reading joins them. Everybody whom a claim holds gets a row;
/// nobody is freed, because what this run knew before says nothing of who is claimed now.
pub(super) struct JoinLedger<'a> {
    pub(super) ledger: i64,
    pub(super) header: &'a Header,
    pub(super) other: &'a Ledger,
    /// What this run knows.
    pub(super) before: &'a Ledger,
    /// What this run knows when the other is joined in.
    pub(super) joined: &'a Ledger,
    pub(super) marks: MarkSupport,
}

const BESIDE: &str = "INSERT INTO outcomes (ledger, claim, id, line) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

impl Operation for JoinLedger<'_> {
    type Output = ();

    const TIME_MAX: Duration = WHOLE_TIME_MAX;

    async fn run(&self, session: &Session, _again: bool) -> Result<(), DatabaseError> {
        session.batch("BEGIN").await?;
        for record in self.other.messages() {
            let record = self.joined.record(&record.message, record.revision).unwrap_or(record);
            WriteRecord { ledger: self.ledger, record }.run(session, false).await?;
        }
        for claim in self.other.claims().filter(|claim| self.is_news(*claim)) {
            self.join(session, claim).await?;
        }
        session.commit().await
    }
}

impl JoinLedger<'_> {
    fn is_news(&self, claim: ClaimState<'_>) -> bool {
        let line = |ledger: &Ledger| ledger.claim_state(&claim.claim().id).map(ClaimState::line);
        line(self.before) != line(self.joined)
    }

    fn values<'a>(&'a self, claim: &'a i64, other: &'a i64, line: &'a String) -> [Value<'a>; 4] {
        [(&self.ledger, Type::INT8), (claim, Type::INT8), (other, Type::INT8), (line, Type::TEXT)]
    }

    async fn join(&self, session: &Session, state: ClaimState<'_>) -> Result<(), DatabaseError> {
        let id = &state.claim().id;
        let (claim, message) = (ids::claim(id), ids::message(self.ledger, &id.bulk.message, id.bulk.revision));
        let line = state.line();
        let beside = ids::line(&line);
        let insert = format!(
            "INSERT INTO claims (ledger, id, message, line, born) VALUES ($1, $2, $3, $4, {}) ON CONFLICT DO NOTHING",
            self.marks.first()
        );
        let inserted = session.run(&insert, &self.values(&claim, &message, &line)).await?;
        if inserted == 1 {
            // Also whomever another claim has now, which may free them.
            let people = state.people().filter(|(_, state)| is_open(*state) || is_held(*state));
            return settle::hold(session, message, claim, &numbers(people)).await;
        }
        session.run(BESIDE, &self.values(&claim, &beside, &line)).await?;
        let known = settle::lock(session, self.header, self.ledger, claim).await?;
        let known = known.as_ref().and_then(|ledger| ledger.claim_state(id)).ok_or(DatabaseError::Foreign("claims"))?;
        let held = numbers(known.people().filter(|(_, state)| is_held(*state)));
        settle::hold(session, message, claim, &held).await?;
        // Whoever knows this claim already, and nothing of one that has a row now, may free by this one.
        let open = numbers(known.people().filter(|(_, state)| is_open(*state)));
        settle::keep(session, message, claim, &open).await
    }
}

fn numbers(people: impl Iterator<Item = (Person, PersonState)>) -> Vec<i64> {
    ids::persons(people.map(|(person, _)| person))
}

/// Remembers the server that holds a ledger from now on.
pub(super) struct ConfirmServer<'a> {
    pub(super) ledger: i64,
    pub(super) server: Option<&'a str>,
    pub(super) marks: MarkSupport,
}

impl Operation for ConfirmServer<'_> {
    type Output = ();

    async fn run(&self, session: &Session, _again: bool) -> Result<(), DatabaseError> {
        let values = [(&self.ledger as _, Type::INT8), (&self.server as _, Type::TEXT)];
        let query = format!("UPDATE ledgers SET server = $2, born = {} WHERE id = $1", self.marks.next());
        session.run(&query, &values).await.map(drop)
    }
}

/// Binds a ledger anew, if it is still bound as expected; gives whether it was.
pub(super) struct RebindHeader<'a> {
    pub(super) ledger: i64,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) marks: MarkSupport,
}

impl Operation for RebindHeader<'_> {
    type Output = bool;

    async fn run(&self, session: &Session, again: bool) -> Result<bool, DatabaseError> {
        let values = [(&self.ledger as _, Type::INT8), (&self.from as _, Type::TEXT), (&self.to as _, Type::TEXT)];
        let query = format!(
            "UPDATE ledgers SET header = $3, born = {} WHERE id = $1 AND (header = $2 OR ($4 AND header = $3))",
            self.marks.next()
        );
        let [ledger, from, to] = values;
        Ok(session.run(&query, &[ledger, from, to, (&again, Type::BOOL)]).await? == 1)
    }
}
