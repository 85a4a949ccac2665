//! What has happened, in the order in which it did: what the runs themselves cannot be asked.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use crate::identity::Person;
use crate::ledger::RunId;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) run: RunId,
    /// The true time.
    pub(super) at: Duration,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// The run has planned bulks of these people.
    Planned(Vec<BTreeSet<Person>>),
    /// The run had an answer, read to its end, about these people.
    Asked(BTreeSet<Person>),
    /// The run has read what was sent lately, as far as it wanted.
    Looked,
    /// An answer showed to the run that the gateway has accepted these people.
    Shown(BTreeSet<Person>),
    /// A claim of the run is durable.
    Claimed(BTreeSet<Person>),
}

/// All that happened.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Vec<Entry>>);

impl Journal {
    pub(super) fn write(&self, run: RunId, at: Duration, what: What) {
        self.0.lock().unwrap().push(Entry { run, at, what });
    }

    pub(super) fn of(&self, run: RunId) -> Vec<Entry> {
        self.0.lock().unwrap().iter().filter(|entry| entry.run == run).cloned().collect()
    }
}
