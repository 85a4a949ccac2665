//! Freeing: one transaction that deletes the rows of people whom every claim gave back, whichever of
//! the claims their rows name.
//!
//! A person has one row, which names one of their claims. The claim that gives them back first frees
//! nobody as long as another holds them, and the one that gives them back last need not be the one
//! that the row names. Whoever frees has written their own word before, and looks at everything that
//! was written, so of two who give somebody back at once the later one sees both words.

use tokio_postgres::types::Type;

use super::load::{FindNews, KnownLines};
use crate::identity::{MessageKey, Person, PersonMap, Revision};
use crate::ledger::{ClaimState, Ledger, Standing, View};
use crate::store::postgres::connection::Operation;
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::ids;
use crate::store::postgres::session::Session;

/// People whom no claim holds, each with the numbers of the claims that gave them back.
pub(super) type GivenBack = PersonMap<Vec<i64>>;

/// Frees people, if the ledger by which nobody holds them is all that was written.
pub(super) struct ReleasePeople<'a> {
    pub(super) ledger: i64,
    pub(super) message: i64,
    /// What the ledger was made of that `people` comes from.
    pub(super) known: &'a KnownLines,
    pub(super) people: &'a GivenBack,
}

/// What came of it.
pub(super) enum Freed {
    /// So many people had a row, and have none now.
    People(usize),
    /// Something was written that is not known: nobody was freed.
    NotYet,
}

/// Whoever claims, holds or frees them waits for this transaction from here on. It waits for nobody: a
/// row that somebody else is at stays as it is.
const LOCK: &str = "SELECT person, claim FROM persons WHERE message = $1 AND person = ANY($2) FOR UPDATE SKIP LOCKED";
const FREE: &str = "DELETE FROM persons WHERE message = $1 AND person = ANY($2)";

impl Operation for ReleasePeople<'_> {
    type Output = Freed;

    async fn run(&self, session: &Session, _again: bool) -> Result<Freed, DatabaseError> {
        let people = ids::persons(self.people.keys().copied());
        let mut rows = Vec::new();
        let values = [(&self.message as _, Type::INT8), (&people as _, Type::INT8_ARRAY)];
        for row in session.begin(LOCK, &values).await? {
            let (person, claim): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            // A row of a claim that is not in the ledger is nobody's to delete.
            if self.people.get(&ids::person(person)).is_some_and(|claims| claims.contains(&claim)) {
                rows.push(person);
            }
        }
        if rows.is_empty() {
            session.roll_back().await?;
            return Ok(Freed::People(0));
        }
        // Whoever holds one of them now wrote that before the row was locked, or waits for it.
        let news = FindNews { ledger: self.ledger, known: self.known }.run(session, false).await?;
        if !news.is_empty() {
            session.roll_back().await?;
            return Ok(Freed::NotYet);
        }
        session.run(FREE, &[(&self.message, Type::INT8), (&rows, Type::INT8_ARRAY)]).await?;
        session.commit().await?;
        Ok(Freed::People(rows.len()))
    }
}

/// Finds those of some people who have claims, of which none holds them.
pub(super) fn given_back(ledger: &Ledger, message: &MessageKey, revision: Revision, people: &[Person]) -> GivenBack {
    let standings = ledger.standings(message, revision);
    let is_free = |person: &Person| is_free(standings.get(*person, View::Exclusive));
    let mut free: GivenBack = people.iter().copied().filter(is_free).map(|person| (person, Vec::new())).collect();
    if free.is_empty() {
        return free;
    }
    for claim in ledger.claims_of(message, revision).map(ClaimState::claim) {
        let mut number = None;
        for person in &claim.people {
            if let Some(claims) = free.get_mut(person) {
                claims.push(*number.get_or_insert_with(|| ids::claim(&claim.id)));
            }
        }
    }
    free
}

/// Whether somebody who stands so is held by no claim.
pub(super) fn is_free(standing: Standing) -> bool {
    match standing {
        Standing::Free | Standing::Rejected(_) => true,
        Standing::Abandoned | Standing::InFlight | Standing::InDoubt | Standing::Accepted => false,
    }
}
