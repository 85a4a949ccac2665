//! People, bulks and processes.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;

use super::clock::{Death, SimClock, drive};
use super::gateway::{Act, Books, SimSender};
use super::opt_outs::SimOptOuts;
use super::store::{DiskFull, Fault, Records, SimStore};
use crate::apply::work::PreparedBulk;
use crate::apply::{
    BulkOptions, Event, GatewayTime, Interrupts, PlannedBulks, Ports, Prepare, Prepared, PreparedPerson, Reports,
    RunSettings, Summary, apply,
};
use crate::audience::RowAt;
use crate::identity::{BulkTime, ContentDigest, MessageKey, Person, Revision, SenderId};
use crate::ledger::{EditionId, RunId, Standing};
use crate::plan::{Bulk, Recipient};
use crate::wire::content::Content;
use crate::wire::options::{SendingSpeedLimit, SpeedUnit};

/// When every run begins: 2026-11-30 12:00 UTC.
pub(super) const NOON: Timestamp = Timestamp::constant(1_796_040_000, 0);

/// The message that everybody gets.
pub(in crate::apply) fn message() -> MessageKey {
    MessageKey::parse("spring-sale.announce").unwrap()
}

/// A bulk to these people.
pub(in crate::apply) fn bulk(people: &[u64], time: BulkTime) -> Bulk {
    let recipient =
        |number: &u64| Recipient { person: Person(*number), content: ContentDigest(*number), row: RowAt(*number) };
    Bulk {
        message: message(),
        revision: Revision::new(1).unwrap(),
        time,
        send_at: None,
        until: None,
        recipients: people.iter().map(recipient).collect(),
    }
}

/// Bulks to these people, two in each, as soon as possible.
pub(super) fn pairs(people: &[u64]) -> Vec<Bulk> {
    people.chunks(2).map(|people| bulk(people, BulkTime::Start(0))).collect()
}

fn prepared(bulk: &Bulk, speed: Option<SendingSpeedLimit>) -> Prepared {
    let recipient = |recipient: &Recipient| PreparedPerson {
        person: recipient.person,
        to: format!("1784{}", recipient.person.0),
        content: Content::Text { text: "Hi!".to_owned() },
        callback_data: None,
        closes_at: None,
    };
    let options = BulkOptions {
        sender: SenderId::parse("OFFICIAL-ACCOUNT-ID-123").unwrap(),
        platform: None,
        validity: None,
        window: None,
        campaign_reference_id: None,
        reports: Reports::default(),
        speed,
        edition: EditionId::of("Hi!", &BTreeMap::new()),
    };
    Prepared { options, people: bulk.recipients.iter().map(recipient).collect() }
}

/// A rendered bulk to so many people.
pub(in crate::apply) fn prepared_bulk(time: BulkTime, people: u64) -> PreparedBulk {
    let bulk = bulk(&(0..people).collect::<Vec<_>>(), time);
    let prepared = prepared(&bulk, None);
    PreparedBulk::new(&bulk, prepared)
}

/// The same, of which one is sent every minute.
pub(in crate::apply) fn paced(time: BulkTime, people: u64) -> PreparedBulk {
    let bulk = bulk(&(0..people).collect::<Vec<_>>(), time);
    let prepared = prepared(&bulk, Some(SendingSpeedLimit { amount: 1, time_unit: SpeedUnit::Minute }));
    PreparedBulk::new(&bulk, prepared)
}

/// Renders what the test says.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct SimPrepare {
    pub(super) speed: Option<SendingSpeedLimit>,
    /// Whether it fails.
    pub(super) broken: bool,
}

impl Prepare for SimPrepare {
    type Error = DiskFull;

    async fn prepare(&self, bulk: &Bulk) -> Result<Prepared, DiskFull> {
        if self.broken { Err(DiskFull) } else { Ok(prepared(bulk, self.speed)) }
    }
}

/// Renders, with the conversation windows that the books know.
pub(super) struct WithWindows<'a, P> {
    pub(super) prepare: P,
    pub(super) books: &'a Mutex<Books>,
}

impl<P: Prepare> Prepare for WithWindows<'_, P> {
    type Error = P::Error;

    async fn prepare(&self, bulk: &Bulk) -> Result<Prepared, P::Error> {
        let mut prepared = self.prepare.prepare(bulk).await?;
        let books = self.books.lock().unwrap();
        for recipient in &mut prepared.people {
            recipient.closes_at = books.closes_at.get(&recipient.person).copied();
        }
        Ok(prepared)
    }
}

/// What outlives processes.
#[derive(Default)]
pub(super) struct World {
    pub(super) records: Mutex<Records>,
    pub(super) books: Mutex<Books>,
    pub(super) clock: SimClock,
    pub(super) prepare: SimPrepare,
    pub(super) runs: Mutex<u64>,
}

/// Only a future that can move between threads goes through here.
fn movable<F: Future + Send>(future: F) -> F {
    future
}

/// What is left of one process.
pub(super) struct Ended {
    /// `None` if it died.
    pub(super) summary: Option<Summary>,
    pub(super) events: Vec<Event>,
    pub(super) writes: usize,
}

impl World {
    pub(super) fn new(script: &[Act]) -> Self {
        Self { books: Mutex::new(Books { script: script.to_vec(), ..Books::default() }), ..Self::default() }
    }

    /// The settings of the next process.
    pub(super) fn settings(&self, parallel: usize) -> RunSettings {
        let mut runs = self.runs.lock().unwrap();
        *runs += 1;
        RunSettings { parallel, ..RunSettings::new(RunId(*runs)) }
    }

    /// Runs one process, never interrupted.
    pub(super) fn apply(&self, bulks: Vec<Bulk>, settings: &RunSettings, fault: Fault) -> Ended {
        self.apply_until(bulks, settings, fault, std::future::pending())
    }

    /// Runs one process.
    pub(super) fn apply_until(
        &self,
        bulks: Vec<Bulk>,
        settings: &RunSettings,
        fault: Fault,
        stop: impl Future<Output = ()> + Send,
    ) -> Ended {
        self.apply_through(bulks, settings, fault, Interrupts { first: stop, second: std::future::pending() })
    }

    /// Runs one process with both interrupts.
    pub(super) fn apply_through(
        &self,
        bulks: Vec<Bulk>,
        settings: &RunSettings,
        fault: Fault,
        interrupts: Interrupts<impl Future<Output = ()> + Send, impl Future<Output = ()> + Send>,
    ) -> Ended {
        let death = Death::default();
        let store = SimStore::new(&self.records, fault, &death);
        let mut events = Vec::new();
        let process = self.process(bulks, settings, &store, &death, interrupts, |event| {
            if matches!(event, Event::Claimed { .. } | Event::Settled { .. }) {
                self.books.lock().unwrap().opt_outs.step();
            }
            events.push(event);
        });
        let summary = drive(&self.clock, &death, process);
        Ended { summary, events, writes: store.writes() }
    }

    /// Runs two processes at once over one ledger.
    pub(super) fn apply_twice(&self, bulks: [Vec<Bulk>; 2], settings: &[RunSettings; 2]) -> Option<(Summary, Summary)> {
        let death = Death::default();
        let store = SimStore::new(&self.records, Fault::Never, &death);
        let [first, second] = bulks;
        let never = || Interrupts { first: std::future::pending(), second: std::future::pending() };
        let one = self.process(first, &settings[0], &store, &death, never(), |_| {});
        let other = self.process(second, &settings[1], &store, &death, never(), |_| {});
        drive(&self.clock, &death, futures_util::future::join(one, other))
    }

    async fn process(
        &self,
        bulks: Vec<Bulk>,
        settings: &RunSettings,
        store: &SimStore<'_>,
        death: &Death,
        interrupts: Interrupts<impl Future<Output = ()> + Send, impl Future<Output = ()> + Send>,
        events: impl FnMut(Event) + Send,
    ) -> Summary {
        let time = GatewayTime::new(true);
        let sender = SimSender {
            books: &self.books,
            records: &self.records,
            clock: &self.clock,
            time: &time,
            death: death.clone(),
        };
        let ports = Ports {
            store,
            sender: &sender,
            prepare: &WithWindows { prepare: self.prepare, books: &self.books },
            opt_outs: &SimOptOuts(&self.books),
            undeliverables: &(),
            clock: &self.clock,
            time: &time,
        };
        let source = PlannedBulks::new(bulks);
        movable(apply(&source, ports, settings, interrupts, events)).await
    }

    pub(super) fn standing(&self, person: u64) -> Standing {
        self.records.lock().unwrap().standing(Person(person))
    }

    /// How often the gateway took somebody.
    pub(super) fn accepted(&self, person: u64) -> u32 {
        self.books.lock().unwrap().accepted.get(&Person(person)).copied().unwrap_or_default()
    }
}
