//! People whom the ledger has as accepted under more than one key, which only their rows can tell.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::identity::{CanonicalTo, Fingerprint, MessageKey, Person};
use crate::ledger::{Ledger, Standing, Standings, Twice, View};

/// Looks at the rows of a message for them.
#[derive(Default)]
pub(in crate::plan) struct SeveralKeys<'a> {
    /// How people stand with each revision of the message; nothing, if there is one key only.
    standings: Vec<Standings<'a>>,
    /// All persons of each, the one under the first key first.
    found: Mutex<BTreeSet<Vec<Person>>>,
}

impl<'a> SeveralKeys<'a> {
    /// Has seen nobody yet.
    pub(in crate::plan) fn of(ledger: Option<&'a Ledger>, message: &MessageKey, keys: usize) -> Self {
        let Some(ledger) = ledger.filter(|_| keys > 1) else { return Self::default() };
        let records = ledger.messages().filter(|record| record.message == *message);
        let standings = records.map(|record| ledger.standings(message, record.revision));
        Self { standings: standings.filter(|it| !it.is_empty()).collect(), found: Mutex::default() }
    }

    /// Looks at somebody in a row.
    pub(in crate::plan) fn see(&self, fingerprints: &[Fingerprint], to: &CanonicalTo<'_>, person: Person) {
        if self.standings.is_empty() {
            return;
        }
        let older = fingerprints.iter().skip(1).map(|fingerprint| fingerprint.person(to));
        let persons: Vec<Person> = std::iter::once(person).chain(older).collect();
        // Nobody is in flight or in doubt who is accepted, so that any view does.
        let is_accepted =
            |standings: &Standings<'_>, one: &Person| standings.get(*one, View::Exclusive) == Standing::Accepted;
        let is_repeated =
            |standings: &Standings<'_>| persons.iter().filter(|one| is_accepted(standings, one)).count() > 1;
        if self.standings.iter().any(is_repeated) {
            self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(persons);
        }
    }

    /// What that comes to, once all rows are read.
    pub(in crate::plan) fn twice(self, ledger: Option<&Ledger>, message: &MessageKey) -> Vec<Twice> {
        let found: Vec<Vec<Person>> =
            self.found.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect();
        let ledger = ledger.filter(|_| !found.is_empty());
        ledger.map(|ledger| ledger.accepted_under_several_keys(message, &found)).unwrap_or_default()
    }
}
