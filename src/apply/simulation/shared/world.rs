//! Workers, what outlives them, and what each of them has told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, OptionFuture, select};

use super::super::clock::SimClock;
use super::super::driver::{Chance, interleave};
use super::super::gateway::{Act, Books, SimSender};
use super::super::life::Life;
use super::super::opt_outs::SimOptOuts;
use super::super::store::DiskFull;
use super::super::world::{SimPrepare, WithWindows, bulk, message};
use super::connection::Connection;
use super::tables::{Flaw, Tables};
use crate::apply::evidence::LedgerView as _;
use crate::apply::{
    BulkSource, Clock as _, CutReason, Event, GatewayTime, Interrupts, IsHeldBack, MessageRevision, Ports, Prepare,
    Prepared, QueuedPlan, Replan, RunSettings, SharedPlan, Stopped, Summary, Supply, Tally, WatchedMessage, apply,
};
use crate::identity::{BulkTime, MessageKey, Person, Revision};
use crate::ledger::{Ledger, RunId, Standing, View};
use crate::plan::{Bulk, RejectionLimit};

/// A run that works for longer works for ever.
const TIME_MAX: Duration = Duration::from_mins(30);

/// The number of a message in the tables.
pub(super) fn number(of: &MessageKey) -> i64 {
    i64::from(*of != message())
}

pub(super) fn revision() -> Revision {
    Revision::new(1).unwrap()
}

/// The message that somebody gets: another one from the hundredth person on.
pub(super) fn message_of(person: u64) -> MessageKey {
    if person < 100 { message() } else { MessageKey::parse("spring-sale.remind").unwrap() }
}

/// One run.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    /// Its audience, in the order in which it is cut into bulks.
    pub(super) people: Vec<u64>,
    /// How many people a bulk has.
    pub(super) size: usize,
    pub(super) parallel: usize,
    /// After so many seconds it begins.
    pub(super) begins: u64,
    /// At which of its steps it dies.
    pub(super) dies_at: Option<usize>,
    /// How many seconds it takes to render its first bulk.
    pub(super) renders: u64,
    /// After so many seconds it is interrupted.
    pub(super) stops: Option<u64>,
    pub(super) plans_anew: bool,
}

impl Worker {
    /// A run that nothing disturbs.
    pub(super) fn of(people: &[u64]) -> Self {
        let people = people.to_vec();
        Self { people, size: 2, parallel: 1, begins: 0, dies_at: None, renders: 0, stops: None, plans_anew: true }
    }

    /// Bulks of whoever is free.
    fn bulks(&self, ledger: &Ledger, view: View, opted_out: &BTreeSet<Person>) -> Vec<Bulk> {
        let mut messages: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
        for person in self.people.iter().filter(|person| !opted_out.contains(&Person(**person))) {
            let message = message_of(*person);
            if ledger.standing(&message, revision(), Person(*person), view) == Standing::Free {
                messages.entry(number(&message)).or_default().push(*person);
            }
        }
        let cut = |people: &Vec<u64>| {
            let cut = people.chunks(self.size.max(1));
            let of = |people: &[u64]| Bulk { message: message_of(people[0]), ..bulk(people, BulkTime::Start(0)) };
            cut.map(of).collect::<Vec<_>>()
        };
        messages.values().flat_map(cut).collect()
    }
}

/// Plans as a worker does.
struct Files<'a> {
    worker: &'a Worker,
    opted_out: BTreeSet<Person>,
    books: &'a Mutex<Books>,
}

impl Replan for Files<'_> {
    fn plan(&self, ledger: &Ledger, view: View) -> Result<QueuedPlan, Stopped> {
        let View::Shared { now } = view else { panic!("others are at work") };
        let books = self.books.lock().unwrap();
        let closed = books.closes_at.iter().filter(|(_, closes_at)| **closes_at <= now).map(|(person, _)| *person);
        let closed: BTreeSet<Person> = closed.collect();
        let left_out = closed.union(&self.opted_out).copied().collect();
        let bulks = if self.worker.plans_anew { self.worker.bulks(ledger, view, &left_out) } else { Vec::new() };
        let missed = closed.difference(&self.opted_out);
        let missed = missed.map(|person| ((message_of(person.0), revision()), *person, CutReason::WindowClosed));
        Ok(QueuedPlan { digest: "plan/v1:anew".to_owned(), now, bulks, missed: missed.collect() })
    }
}

/// Renders, the first bulk slowly.
struct SlowPrepare<'a> {
    clock: &'a SimClock,
    seconds: u64,
    bulks: AtomicUsize,
}

impl Prepare for SlowPrepare<'_> {
    type Error = DiskFull;

    async fn prepare(&self, bulk: &Bulk) -> Result<Prepared, DiskFull> {
        if self.seconds > 0 && self.bulks.fetch_add(1, Ordering::Relaxed) == 0 {
            self.clock.sleep(Duration::from_secs(self.seconds)).await;
        }
        SimPrepare::default().prepare(bulk).await
    }
}

/// What has happened to a run, as others may have to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    /// It has found nobody more to send to.
    HasNobodyLeft,
    Died,
}

/// What happened to which run, in its order.
pub(super) type Story = Mutex<Vec<(RunId, Happening)>>;

/// Notes when a run is given no more.
struct Noted<'a, B> {
    inner: B,
    run: RunId,
    story: &'a Story,
}

impl<B: BulkSource> BulkSource for Noted<'_, B> {
    async fn next(&self, is_held_back: &IsHeldBack<'_>) -> Result<Supply, Stopped> {
        let next = self.inner.next(is_held_back).await?;
        if matches!(next, Supply::UsedUp) {
            self.story.lock().unwrap().push((self.run, Happening::HasNobodyLeft));
        }
        Ok(next)
    }

    fn forgo(&self, message: &MessageRevision, person: Person) {
        self.inner.forgo(message, person);
    }

    fn end(&self, message: &MessageRevision) {
        self.inner.end(message);
    }

    fn untried(&self) -> Vec<(MessageRevision, Vec<Person>)> {
        self.inner.untried()
    }

    fn not_given(&self) -> Vec<(MessageRevision, Tally)> {
        self.inner.not_given()
    }
}

/// Notes when a run dies: nothing of it is left then.
struct Alive<'a> {
    run: RunId,
    story: &'a Story,
    has_ended: bool,
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.story.lock().unwrap().push((self.run, Happening::Died));
        }
    }
}

/// What is left of a run.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) run: RunId,
    /// Whom it has planned at first.
    pub(super) planned: Vec<u64>,
    /// How many steps it made.
    pub(super) steps: usize,
    pub(super) end: End,
}

#[derive(Debug)]
pub(super) enum End {
    Died,
    /// It works for ever.
    Never,
    Told(Box<Summary>),
}

/// What outlives the runs.
pub(super) struct World {
    pub(super) tables: Mutex<Tables>,
    pub(super) books: Mutex<Books>,
    pub(super) clock: SimClock,
    pub(super) story: Story,
    transactions: AtomicUsize,
    runs: Mutex<u64>,
}

impl World {
    pub(super) fn new(script: &[Act], flaws: &[Flaw]) -> Self {
        Self {
            tables: Mutex::new(Tables::new(flaws)),
            books: Mutex::new(Books { script: script.to_vec(), ..Books::default() }),
            clock: SimClock::default(),
            story: Mutex::default(),
            transactions: AtomicUsize::new(0),
            runs: Mutex::new(0),
        }
    }

    /// Lets workers work at once, one step of one of them at a time, in an order that follows from a number.
    pub(super) fn work(&self, workers: &[Worker], order: u64) -> Vec<Past> {
        let lives: Vec<Life> = workers.iter().map(|worker| Life::new(worker.dies_at)).collect();
        let runs: Vec<RunId> = workers.iter().map(|_| self.next_run()).collect();
        let planned: Vec<Mutex<Vec<u64>>> = workers.iter().map(|_| Mutex::default()).collect();
        let parts = workers.iter().zip(&lives).zip(&runs).zip(&planned);
        let processes = parts.map(|(((worker, life), run), planned)| {
            let process = async move {
                let work = self.process(worker, *run, life, planned).boxed();
                match select(work, self.clock.sleep(TIME_MAX).boxed()).await {
                    Either::Left((summary, _)) => End::Told(Box::new(summary)),
                    Either::Right(((), _)) => End::Never,
                }
            };
            (life.death.clone(), process.boxed())
        });
        let ends = interleave(&self.clock, &Chance::new(order), processes.collect());
        let parts = runs.iter().zip(planned).zip(&lives).zip(ends);
        let past = parts.map(|(((run, planned), life), end)| Past {
            run: *run,
            planned: planned.into_inner().unwrap(),
            steps: life.steps(),
            end: end.unwrap_or(End::Died),
        });
        past.collect()
    }

    /// When rejections end which message, for a run that begins now.
    fn watched(&self, ledger: &Ledger, run: RunId) -> BTreeMap<MessageRevision, WatchedMessage> {
        let Some(limit) = self.tables.lock().unwrap().limit.clone() else { return BTreeMap::new() };
        let of = |person| {
            let message = message_of(person);
            let before = ledger.answered(&message, revision(), View::Exclusive, |_| false);
            let elsewhere = ledger.answered_elsewhere(&message, revision(), run);
            let limit = RejectionLimit { before, ..limit.clone() };
            ((message, revision()), WatchedMessage { limit, elsewhere })
        };
        [1, 100].map(of).into()
    }

    fn next_run(&self) -> RunId {
        let mut runs = self.runs.lock().unwrap();
        *runs += 1;
        RunId(*runs)
    }

    /// What one run does, as the command puts it together.
    async fn process(&self, worker: &Worker, run: RunId, life: &Life, planned: &Mutex<Vec<u64>>) -> Summary {
        let mut alive = Alive { run, story: &self.story, has_ended: false };
        self.clock.sleep(Duration::from_secs(worker.begins)).await;
        let connection = Connection::open((&self.tables, &self.clock, &self.transactions), run, life).await;
        let now = self.clock.now();
        // What is opted out later than this is found by looking, also where is planned anew.
        let opted_out = self.books.lock().unwrap().opt_outs.people.clone();
        let bulks = connection.read(|ledger| worker.bulks(ledger, connection.view(now), &opted_out));
        let people = bulks.iter().flat_map(|bulk| bulk.recipients.iter().map(|recipient| recipient.person.0));
        *planned.lock().unwrap() = people.collect();
        let mut summary = Summary::default();
        if !bulks.is_empty() {
            let plan = QueuedPlan { digest: "plan/v1:first".to_owned(), now, bulks, missed: Vec::new() };
            let files = Files { worker, opted_out, books: &self.books };
            let shared = SharedPlan::join(&connection, &files, &self.clock, run, plan).await.unwrap();
            let source = Noted { inner: shared, run, story: &self.story };
            let time = GatewayTime::new(true);
            let sender = SimSender {
                books: &self.books,
                records: &self.tables,
                clock: &self.clock,
                time: &time,
                death: life.death.clone(),
            };
            let slow = SlowPrepare { clock: &self.clock, seconds: worker.renders, bulks: AtomicUsize::new(0) };
            let prepare = WithWindows { prepare: slow, books: &self.books };
            let ports = Ports {
                store: &connection,
                sender: &sender,
                prepare: &prepare,
                opt_outs: &SimOptOuts(&self.books),
                undeliverables: &(),
                clock: &self.clock,
                time: &time,
            };
            let watched = connection.read(|ledger| self.watched(ledger, run));
            let settings = RunSettings {
                parallel: worker.parallel,
                shares_plan: true,
                hears_others: true,
                watched,
                ..RunSettings::new(run)
            };
            let stops = worker.stops.map(|seconds| self.clock.sleep(Duration::from_secs(seconds)));
            let first = OptionFuture::from(stops).then(async |stops| match stops {
                Some(()) => {}
                None => std::future::pending().await,
            });
            let interrupts = Interrupts { first, second: std::future::pending() };
            // Nothing stands between the last look and the request, and no step either.
            let step = |event| {
                if matches!(event, Event::Claimed { .. } | Event::Settled { .. }) {
                    self.books.lock().unwrap().opt_outs.step();
                }
            };
            summary = apply(&source, ports, &settings, interrupts, step).boxed().await;
        }
        alive.has_ended = true;
        summary
    }

    /// How somebody stands, for whoever knows that no run lives.
    pub(super) fn standing(&self, person: u64) -> Standing {
        let tables = self.tables.lock().unwrap();
        tables.ledger.standing(&message_of(person), revision(), Person(person), View::Exclusive)
    }

    /// Whether somebody is still to be sent to: free, has not opted out, and can be written to.
    pub(super) fn is_left(&self, person: u64) -> bool {
        !self.has_opted_out(person) && !self.is_closed(person) && self.standing(person) == Standing::Free
    }

    /// Whether somebody has opted out.
    pub(super) fn has_opted_out(&self, person: u64) -> bool {
        self.books.lock().unwrap().opt_outs.people.contains(&Person(person))
    }

    /// Whether somebody's conversation window is closed.
    pub(super) fn is_closed(&self, person: u64) -> bool {
        let closes_at = self.books.lock().unwrap().closes_at.get(&Person(person)).copied();
        closes_at.is_some_and(|closes_at| closes_at <= self.clock.now())
    }

    /// How often the gateway took somebody.
    pub(super) fn accepted(&self, person: u64) -> u32 {
        self.books.lock().unwrap().accepted.get(&Person(person)).copied().unwrap_or_default()
    }
}
