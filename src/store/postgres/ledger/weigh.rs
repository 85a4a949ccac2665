//! Weighing: one transaction that holds evidence against all that the database knows of its people, and
//! writes what follows from it.
//!
//! Everybody whom the evidence is about is locked first, also who has no row: who is claimed or freed from
//! then on is so before or after, and never in between. A claim that was committed before that is seen,
//! and one that waits finds its people held, or free. All claims of those people are locked next, in
//! ascending order. Whoever locks both locks people before claims, so that nobody waits in a circle.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use tokio_postgres::types::Type;

use super::lines;
use super::release::is_free;
use super::settle;
use crate::identity::{MessageKey, Person, Revision};
use crate::ledger::{Evidence, Header, Ledger, PersonState, View, Weighed};
use crate::store::postgres::connection::Operation;
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::ids;
use crate::store::postgres::session::{Session, Value};

/// Holds evidence against the ledger.
pub(super) struct WeighEvidence<'a> {
    pub(super) ledger: i64,
    pub(super) header: &'a Header,
    pub(super) evidence: &'a [Evidence],
    pub(super) view: View,
    /// The claims of these people as this run knows them, which may be old.
    pub(super) before: &'a Ledger,
    /// The numbers of all claims that this run knows.
    pub(super) known: &'a HashSet<i64>,
    /// Whom the evidence is about, by the numbers of their messages.
    pub(super) subjects: &'a BTreeMap<i64, Subject>,
    /// What was to be committed by an attempt of which no answer came.
    pub(super) tried: Mutex<Option<Heard>>,
}

/// The people of one revision of a message whom evidence is about.
pub(super) struct Subject {
    pub(super) message: MessageKey,
    pub(super) revision: Revision,
    /// Each with the number of a claim of theirs.
    pub(super) people: BTreeMap<Person, i64>,
}

/// Finds whom evidence is about.
pub(super) fn subjects(ledger: i64, evidence: &[Evidence]) -> BTreeMap<i64, Subject> {
    let mut subjects = BTreeMap::new();
    for Evidence { claim, people, .. } in evidence {
        let (message, revision) = (&claim.bulk.message, claim.bulk.revision);
        let subject = subjects.entry(ids::message(ledger, message, revision));
        let subject =
            subject.or_insert_with(|| Subject { message: message.clone(), revision, people: BTreeMap::new() });
        let claim = ids::claim(claim);
        for testimony in people {
            subject.people.entry(testimony.person).or_insert(claim);
        }
    }
    subjects
}

/// What came of evidence.
#[derive(Clone)]
pub(super) struct Heard {
    pub(super) weighed: Vec<Weighed>,
    /// What the database knows now of the claims of these people.
    pub(super) known: Ledger,
    /// The lines that were written, each with its claim's number.
    pub(super) lines: Vec<(i64, String)>,
}

const LEDGER: &str = "SELECT 1 FROM ledgers WHERE id = $1";
const LOCK: &str = include_str!("lock_people.sql");
const NAMES: &str = "SELECT id FROM claims WHERE ledger = $1 AND message = $2";
const READ: &str = "SELECT id, line FROM claims WHERE ledger = $1 AND id = ANY($2)";
const CLAIMS: &str = "SELECT line FROM claims WHERE ledger = $1 AND id = ANY($2) ORDER BY id FOR UPDATE";
const OUTCOMES: &str = "SELECT line FROM outcomes WHERE ledger = $1 AND claim = ANY($2)";
const OUTCOME: &str = "INSERT INTO outcomes (ledger, claim, id, line) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const IS_WRITTEN: &str = "SELECT 1 FROM outcomes WHERE ledger = $1 AND claim = $2 AND id = $3";
/// A row of a claim that is not in the ledger is nobody's to delete.
const FREE: &str = "DELETE FROM persons WHERE message = $1 AND person = ANY($2) AND claim = ANY($3)";

impl Operation for WeighEvidence<'_> {
    type Output = Heard;

    async fn run(&self, session: &Session, again: bool) -> Result<Heard, DatabaseError> {
        if again && let Some(heard) = self.was_committed(session).await? {
            return Ok(heard);
        }
        session.begin(LEDGER, &[(&self.ledger, Type::INT8)]).await?;
        for (message, subject) in self.subjects {
            let people = ids::persons(subject.people.keys().copied());
            let claims: Vec<i64> = subject.people.values().copied().collect();
            let values =
                [(message as _, Type::INT8), (&people as _, Type::INT8_ARRAY), (&claims as _, Type::INT8_ARRAY)];
            session.run(LOCK, &values).await?;
        }
        let mut known = self.read(session).await?;
        let weighed = known.weigh(self.evidence, self.view);
        let mut lines = Vec::new();
        for outcome in weighed.iter().flat_map(|weighed| weighed.outcomes.clone()) {
            lines.push((ids::claim(&outcome.claim), lines::outcome(&outcome)));
            known.add_outcome(outcome).map_err(|_| DatabaseError::Foreign("claims"))?;
        }
        let heard = Heard { weighed, known, lines };
        if heard.lines.is_empty() {
            session.roll_back().await?;
            return Ok(heard);
        }
        for (claim, line) in &heard.lines {
            let id = ids::line(line);
            let ledger: Value<'_> = (&self.ledger, Type::INT8);
            session.run(OUTCOME, &[ledger, (claim, Type::INT8), (&id, Type::INT8), (line, Type::TEXT)]).await?;
        }
        self.give_back(session, &heard).await?;
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard.clone());
        session.commit().await?;
        Ok(heard)
    }
}

impl WeighEvidence<'_> {
    /// What an earlier attempt has committed, if it has.
    async fn was_committed(&self, session: &Session) -> Result<Option<Heard>, DatabaseError> {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((heard, (claim, line))) = tried.and_then(|heard| Some((heard.clone(), heard.lines.first()?.clone())))
        else {
            return Ok(None);
        };
        let id = ids::line(&line);
        let values = [(&self.ledger as _, Type::INT8), (&claim as _, Type::INT8), (&id as _, Type::INT8)];
        Ok(session.row(IS_WRITTEN, &values).await?.map(|_| heard))
    }

    /// Reads all claims of the people who are locked, and what is known of them, and locks those as well.
    async fn read(&self, session: &Session) -> Result<Ledger, DatabaseError> {
        let foreign = DatabaseError::Foreign("claims");
        let mut claims: BTreeSet<i64> = self.before.claims().map(|claim| ids::claim(&claim.claim().id)).collect();
        for message in self.subjects.keys() {
            let mut news = Vec::new();
            for row in session.rows(NAMES, &[(&self.ledger, Type::INT8), (message, Type::INT8)]).await? {
                news.push(row.try_get(0)?);
            }
            news.retain(|claim| !self.known.contains(claim));
            let mut lines = lines::header(self.header);
            for row in session.rows(READ, &[(&self.ledger, Type::INT8), (&news, Type::INT8_ARRAY)]).await? {
                lines.push_str(row.try_get(1)?);
            }
            let read = lines::read(&lines).map_err(|_| DatabaseError::Foreign("claims"))?;
            claims.extend(read.about(self.evidence).claims().map(|claim| ids::claim(&claim.claim().id)));
        }
        let claims: Vec<i64> = claims.into_iter().collect();
        let values = [(&self.ledger as _, Type::INT8), (&claims as _, Type::INT8_ARRAY)];
        let mut lines = lines::header(self.header);
        for query in [CLAIMS, OUTCOMES] {
            for row in session.rows(query, &values).await? {
                lines.push_str(row.try_get(0)?);
            }
        }
        lines::read(&lines).map_err(|_| foreign)
    }

    /// Frees whoever no claim holds, and has the claims that were found to be sent hold their people for
    /// good: whoever has claimed them since would free them.
    async fn give_back(&self, session: &Session, heard: &Heard) -> Result<(), DatabaseError> {
        let claims: Vec<i64> = heard.known.claims().map(|claim| ids::claim(&claim.claim().id)).collect();
        for (message, subject) in self.subjects {
            let standings = heard.known.standings(&subject.message, subject.revision);
            let free = subject.people.keys().copied().filter(|person| is_free(standings.get(*person, View::Exclusive)));
            let free = ids::persons(free);
            let values = [(message as _, Type::INT8), (&free as _, Type::INT8_ARRAY), (&claims as _, Type::INT8_ARRAY)];
            session.run(FREE, &values).await?;
        }
        for (evidence, weighed) in self.evidence.iter().zip(&heard.weighed) {
            let bulk = &evidence.claim.bulk;
            let message = ids::message(self.ledger, &bulk.message, bulk.revision);
            for outcome in &weighed.outcomes {
                let people = evidence.people.iter().map(|testimony| testimony.person);
                let held = ids::persons(people.filter(|person| outcome.state_of(*person) == PersonState::Accepted));
                settle::hold(session, message, ids::claim(&outcome.claim), &held).await?;
            }
        }
        Ok(())
    }
}
