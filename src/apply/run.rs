//! A run: several bulks in flight, one end for all.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable, BoxFuture, Either, Shared, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::{SemaphorePermit, watch};

use super::bulk_progress::{self, BulkProgress};
use super::claim_window::ClaimWindow;
use super::event::Event;
use super::gateway_time::Agreement;
use super::kin::Kin;
use super::ports::{BulkSource, Clock, Ports, Prepare, Store, Supply};
use super::queue::{AcceptedRequests, Queue};
use super::rejections::Rejections;
use super::send_schedule::SendSchedule;
use super::sender::Sender;
use super::settings::RunSettings;
use super::summary::{Alarm, MessageRevision, Stopped, Summary, Tally};
use super::work::Work;
use crate::identity::{Person, PersonSet};
use crate::ledger::Outcome;
use crate::plan::Bulk;

/// How many reasons of rejected requests are told.
const REASONS_MAX: usize = 5;
/// How often whoever waits looks whether somebody has stopped sending.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// A run that leaves does so after the store's time, so many times over, whatever hangs in it.
const LEAVE_TIMES: u32 = 2;

/// Hands bulks over, in the order in which they are supplied, several at a time, and tells what
/// became of everybody in them.
///
/// When `interrupts.first` is ready no new claims are made, and requests in flight have
/// [`RunSettings::grace`] to end; when `interrupts.second` is, nobody waits for them any more, and whoever
/// is in flight is in doubt. A request is never sent again unless it surely was not taken. However the
/// run ends, the summary's groups add up to the people supplied, and those of [`BulkSource::not_given`].
pub async fn apply<B: BulkSource, S: Store, G: Sender, P: Prepare, C: Clock>(
    source: &B,
    ports: Ports<'_, S, G, P, C>,
    settings: &RunSettings,
    interrupts: Interrupts<impl Future<Output = ()> + Send, impl Future<Output = ()> + Send>,
    events: impl FnMut(Event) + Send,
) -> Summary {
    let clock = ports.clock;
    let leave = interrupts.second.boxed().shared();
    let mut left = pin!(leave.clone().then(|()| clock.sleep(settings.leave_grace.saturating_mul(LEAVE_TIMES))));
    let found_out = FoundOut {
        stopped: Box::new(|| source.stopped()),
        left_out: Box::new(|message| source.left_out(message)),
        end: Box::new(|message| source.end(message)),
        forgo: Box::new(|message, person| source.forgo(message, person)),
    };
    let run = Run::new(ports, settings, interrupts.first.boxed(), leave, found_out, Box::new(events));
    let ended = lock(&run.rejections).ended();
    ended.iter().for_each(|ended| run.end_message(&ended.message));
    let mut queue = Queue::default();
    let mut flight = FuturesUnordered::new();
    let mut aboard: Vec<Arc<BulkProgress>> = Vec::new();
    let mut is_asking = false;
    let mut is_supplied = true;
    loop {
        while flight.len() < run.ahead.bulks() {
            if let Some(work) = run.next(&mut queue) {
                let kin = work.kin.clone();
                let progress = Arc::new(BulkProgress::of(&work));
                aboard.retain(|other| Arc::strong_count(other) > 1);
                aboard.push(Arc::clone(&progress));
                lock(&run.rejections).begins(progress.message());
                flight.push(async { RunStep::Delivered(guarded(&run, work, progress).await, kin) }.boxed());
            } else if !is_asking
                && (flight.is_empty() || !queue.is_suspicious())
                && (is_supplied || (run.was_passed_over() && !run.halted()))
            {
                is_asking = true;
                flight.push(async { RunStep::Supplied(run.ask(source).await) }.boxed());
            } else {
                break;
            }
        }
        match select(flight.next(), &mut left).await {
            Either::Left((Some(RunStep::Delivered(next, kin)), _)) => {
                if !next.iter().any(|work| work.kin.goes_on(&kin)) {
                    kin.lands();
                }
                queue.came(next);
                if let Some(why) = queue.accuses() {
                    run.halt(Stopped::Request(why));
                }
            }
            Either::Left((Some(RunStep::Supplied(work)), _)) => {
                is_asking = false;
                is_supplied = work.is_some();
                if let Some(work) = work {
                    queue.push(work);
                }
            }
            Either::Left((None, _)) if queue.is_empty() => break,
            Either::Left((None, _)) => {
                if let Some(why) = run.concludes(&mut queue) {
                    run.halt(Stopped::Request(why));
                }
            }
            Either::Right(((), _)) => {
                run.halt(Stopped::Interrupted);
                let supplied = std::iter::from_fn(|| run.ask(source).now_or_never().flatten());
                let never = queue.into_iter().chain(supplied).map(|work| Arc::new(BulkProgress::of(&work)));
                // Whoever has landed already has nobody left.
                for progress in aboard.into_iter().chain(never) {
                    run.count(progress.message(), &progress.lost());
                }
                break;
            }
        }
    }
    drop(flight);
    run.look_at_the_end().await;
    run.count_not_given(source).await;
    run.count_elsewhere();
    run.end()
}

/// What ends a run before its work is done.
#[derive(Debug)]
pub struct Interrupts<F, S> {
    /// No new claims, and requests in flight end soon.
    pub first: F,
    /// Wait for nothing any more.
    pub second: S,
}

/// What a run waits for.
enum RunStep {
    /// A bulk from there was handed over; this comes of it.
    Delivered(Vec<Work>, Kin),
    /// The next bulk is there, or there is none.
    Supplied(Option<Work>),
}

/// Hands a bulk over; a panic on the way ends the run, but loses nobody.
async fn guarded<S: Store, G: Sender, P: Prepare, C: Clock>(
    run: &Run<'_, S, G, P, C>,
    work: Work,
    progress: Arc<BulkProgress>,
) -> Vec<Work> {
    let delivered = AssertUnwindSafe(run.deliver(work, &progress)).catch_unwind().await;
    lock(&run.rejections).lands(progress.message());
    run.landings.send_replace(());
    match delivered {
        Ok(next) => {
            progress.end();
            next
        }
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            run.count(progress.message(), &progress.lost());
            progress.end();
            run.halt(Stopped::Bug(text.unwrap_or_else(|| "a panic without words".to_owned())));
            Vec::new()
        }
    }
}

/// What a source finds out when its bulks are given already.
struct FoundOut<'a> {
    /// Why nothing may be claimed any more.
    stopped: Box<dyn Fn() -> Option<Stopped> + Send + Sync + 'a>,
    /// Who of a message may not be.
    left_out: Box<LeftOut<'a>>,
    /// Nothing more of a message is wanted.
    end: Box<dyn Fn(&MessageRevision) + Send + Sync + 'a>,
    /// Nobody is left of a bulk.
    forgo: Box<Forgo<'a>>,
}

type LeftOut<'a> = dyn Fn(&MessageRevision) -> Vec<Person> + Send + Sync + 'a;

type Forgo<'a> = dyn Fn(&MessageRevision, Person) + Send + Sync + 'a;

/// What all bulks of a run share.
pub(super) struct Run<'a, S, G, P, C> {
    pub(super) ports: Ports<'a, S, G, P, C>,
    pub(super) settings: &'a RunSettings,
    /// When the run began.
    pub(super) begin: Timestamp,
    pub(super) pace: Mutex<SendSchedule>,
    pub(super) ahead: ClaimWindow,
    pub(super) rejections: Mutex<Rejections>,
    /// Changes whenever a message may have stopped being held back.
    pub(super) landings: watch::Sender<()>,
    /// The first interrupt: when it came, on the clock of [`Clock::elapsed`].
    interrupt: Shared<BoxFuture<'a, Duration>>,
    /// The second one.
    leave: Shared<BoxFuture<'a, ()>>,
    /// The first interrupt, or another reason to claim nothing more.
    pub(super) halt: Shared<Abortable<Shared<BoxFuture<'a, Duration>>>>,
    halter: AbortHandle,
    /// What the source has found out since it gave its bulks.
    found_out: FoundOut<'a>,
    /// Nothing is claimed before this time, on the clock of [`Clock::elapsed`].
    resume_at: Mutex<Duration>,
    events: Mutex<Box<dyn FnMut(Event) + Send + 'a>>,
    summary: Mutex<Summary>,
    accepted_requests: Mutex<AcceptedRequests>,
    /// How many bulks were supplied.
    supplied: AtomicU64,
    /// People whom other runs have. Who is supplied again is not one of them any more, so they are
    /// counted when the run has ended.
    elsewhere: Mutex<HashMap<MessageRevision, PersonSet>>,
    has_passed_over: AtomicBool,
}

impl<'a, S: Store, G: Sender, P: Prepare, C: Clock> Run<'a, S, G, P, C> {
    fn new(
        ports: Ports<'a, S, G, P, C>,
        settings: &'a RunSettings,
        stop: BoxFuture<'a, ()>,
        leave: Shared<BoxFuture<'a, ()>>,
        found_out: FoundOut<'a>,
        events: Box<dyn FnMut(Event) + Send + 'a>,
    ) -> Self {
        let clock = ports.clock;
        let interrupt = select(stop, leave.clone()).map(|_| clock.elapsed()).boxed().shared();
        let (halter, registration) = AbortHandle::new_pair();
        Self {
            begin: ports.clock.now(),
            ports,
            settings,
            pace: Mutex::default(),
            ahead: ClaimWindow::new(settings),
            rejections: Mutex::new(Rejections::new(settings)),
            landings: watch::Sender::new(()),
            halt: Abortable::new(interrupt.clone(), registration).shared(),
            interrupt,
            leave,
            halter,
            found_out,
            resume_at: Mutex::default(),
            events: Mutex::new(events),
            summary: Mutex::default(),
            accepted_requests: Mutex::default(),
            supplied: AtomicU64::new(0),
            elsewhere: Mutex::default(),
            has_passed_over: AtomicBool::new(false),
        }
    }

    /// Asks for the next bulk. What is there at once is taken although the run has stopped: its
    /// people are counted.
    async fn ask(&self, source: &impl BulkSource) -> Option<Work> {
        // Once the run has stopped, nobody waits for an answer any more.
        let is_held_back =
            |message: &MessageRevision| !self.has_stopped() && lock(&self.rejections).is_held_back(message);
        let mut landings = self.landings.subscribe();
        loop {
            landings.mark_unchanged();
            match self.while_it_goes_on(source.next(&is_held_back)).await? {
                Ok(Supply::Bulk(bulk)) => return Some(self.supplied(bulk)),
                Ok(Supply::UsedUp) => return None,
                // What others give back meanwhile is not forgotten, however long the answer takes.
                Ok(Supply::HeldBack) => {
                    let landing = pin!(landings.changed());
                    self.while_it_goes_on(select(landing, pin!(self.ports.clock.sleep(LOOK_EVERY)))).await?;
                }
                Err(reason) => {
                    self.halt(reason);
                    return None;
                }
            }
        }
    }

    /// Waits for something, and looks meanwhile whether somebody has stopped sending; `None` if the run stops first.
    async fn while_it_goes_on<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        let what = pin!(what);
        let mut what = select(what, self.halt.clone());
        loop {
            match select(&mut what, pin!(self.ports.clock.sleep(LOOK_EVERY))).await {
                Either::Left((Either::Left((came, _)), _)) => return Some(came),
                Either::Left((Either::Right(_), _)) => {
                    // Whoever waits is stopped, even if nobody else is left to notice it.
                    self.halt(Stopped::Interrupted);
                    return None;
                }
                Either::Right(_) => {
                    self.goes_on().await;
                }
            }
        }
    }

    fn supplied(&self, bulk: Bulk) -> Work {
        if let Some(elsewhere) = lock(&self.elsewhere).get_mut(&(bulk.message.clone(), bulk.revision)) {
            for recipient in &bulk.recipients {
                elsewhere.remove(&recipient.person);
            }
        }
        Work::planned(bulk, self.next_number())
    }

    /// The place of the next bulk among all that were supplied.
    pub(super) fn next_number(&self) -> u64 {
        self.supplied.fetch_add(1, Ordering::Relaxed)
    }

    /// What is handed over next; everything, once the run has stopped: its people are counted.
    fn next(&self, queue: &mut Queue) -> Option<Work> {
        if queue.is_empty() {
            return None;
        }
        if self.halted() {
            return queue.next_of_all();
        }
        let held = lock(&self.rejections).held_back();
        let work = queue.next(&lock(&self.accepted_requests), &held)?;
        let (work, rest) = self.cut_to_judge(work);
        queue.came(rest.into_iter().collect());
        Some(work)
    }

    fn concludes(&self, queue: &mut Queue) -> Option<String> {
        queue.concludes(&lock(&self.accepted_requests))
    }

    /// Remembers that the gateway took a request.
    pub(super) fn took(&self, message: &MessageRevision) {
        *lock(&self.accepted_requests).entry(message.clone()).or_default() += 1;
    }

    /// How many requests of a message the gateway took.
    pub(super) fn accepted_requests(&self, message: &MessageRevision) -> u64 {
        lock(&self.accepted_requests).get(message).copied().unwrap_or_default()
    }

    /// Who of a message may not be claimed any more, although they were given.
    pub(super) fn left_out(&self, message: &MessageRevision) -> Vec<Person> {
        (self.found_out.left_out)(message)
    }

    /// Nobody is left of a bulk that had this person, and it will not be claimed.
    pub(super) fn forgo(&self, message: &MessageRevision, person: Person) {
        (self.found_out.forgo)(message, person);
    }

    /// Nothing more of a message is claimed.
    pub(super) fn end_message(&self, message: &MessageRevision) {
        (self.found_out.end)(message);
    }

    /// Remembers people whom other runs have, or had a moment ago.
    pub(super) fn elsewhere(&self, message: &MessageRevision, people: &[Person]) {
        self.has_passed_over.store(true, Ordering::Relaxed);
        lock(&self.elsewhere).entry(message.clone()).or_default().extend(people);
    }

    /// Whether anybody was passed over since this was asked last. A supply that had nobody left because the
    /// run had them in hand may give them again.
    fn was_passed_over(&self) -> bool {
        self.has_passed_over.swap(false, Ordering::Relaxed)
    }

    /// Counts whoever the source did not give, by what others have written until now.
    async fn count_not_given(&self, source: &impl BulkSource) {
        let has_failed = matches!(lock(&self.summary).stopped, Some(Stopped::Store(_)));
        if self.settings.shares_plan && !has_failed {
            // Numbers that cannot be read anew are as old as what was read last.
            drop(self.patiently(self.ports.store.catch_up()).await);
        }
        let mut opted_out = HashMap::new();
        for (message, people) in source.untried() {
            match self.patiently(self.ports.opt_outs.opted_out(&message.0, people)).await {
                Ok(out) => drop(opted_out.insert(message, bulk_progress::count(out.len()))),
                Err(why) => drop(self.halt(Stopped::OptOuts(why))),
            }
        }
        for (message, mut tally) in source.not_given() {
            let suppressed = opted_out.remove(&message).unwrap_or_default().min(tally.not_attempted);
            tally.not_attempted -= suppressed;
            tally.suppressed += suppressed;
            self.count(&message, &tally);
        }
    }

    fn count_elsewhere(&self) {
        for (message, people) in lock(&self.elsewhere).drain() {
            let claimed_elsewhere = bulk_progress::count(people.len());
            self.count(&message, &Tally { claimed_elsewhere, ..Tally::default() });
        }
    }

    /// Stops the run if our clock and the gateway's do not go together.
    pub(super) fn compare_clocks(&self) {
        let clock = self.ports.clock;
        let alarm = match self.ports.time.agreement(clock.now(), clock.elapsed()) {
            Agreement::Near => return,
            Agreement::Off(theirs) => Alarm::ClockOff { ahead: -theirs },
            Agreement::Moved => Alarm::ClockMoved,
        };
        if self.halt(Stopped::ClockOff) {
            self.alarm(alarm);
        }
    }

    /// Waits until something may be claimed; false if nothing may any more.
    pub(super) async fn turn(&self) -> bool {
        loop {
            self.compare_clocks();
            if self.halted() {
                return false;
            }
            let rest = lock(&self.resume_at).saturating_sub(self.ports.clock.elapsed());
            if rest.is_zero() {
                return true;
            }
            drop(select(pin!(self.ports.clock.sleep(rest.min(LOOK_EVERY))), self.halt.clone()).await);
            if rest > LOOK_EVERY {
                self.goes_on().await;
            }
        }
    }

    /// Whether something may be claimed, and requests may begin, right now: not if the run has stopped, and not if
    /// somebody has stopped sending, which ends the run. Whoever cannot tell stops as well.
    pub(super) async fn goes_on(&self) -> bool {
        if self.halted() {
            return false;
        }
        match self.patiently(self.ports.store.standing_stops()).await {
            Ok(stops) if stops.is_empty() => !self.halted(),
            Ok(stops) => {
                self.halt(Stopped::ByOrder(stops));
                false
            }
            Err(why) => {
                self.halt(Stopped::StopsUnread(why));
                false
            }
        }
    }

    /// Waits until one more request may be in flight; `None` if the run ends before.
    pub(super) async fn request_turn(&self) -> Option<SemaphorePermit<'_>> {
        match select(pin!(self.ahead.request()), self.halt.clone()).await {
            Either::Left((permit, _)) => permit,
            Either::Right(_) => None,
        }
    }

    /// Makes everybody wait before the next claim or request.
    pub(super) fn pause(&self, time: Duration) {
        let until = self.ports.clock.elapsed().saturating_add(time);
        let mut resume_at = lock(&self.resume_at);
        *resume_at = (*resume_at).max(until);
    }

    /// Whether nothing may be claimed any more.
    pub(super) fn halted(&self) -> bool {
        if let Some(reason) = (self.found_out.stopped)() {
            self.halt(reason);
        }
        let halted = self.halt.clone().now_or_never().is_some();
        if halted {
            self.halt(Stopped::Interrupted);
        }
        halted
    }

    /// Whether a reason to claim nothing more is known already.
    pub(super) fn has_stopped(&self) -> bool {
        lock(&self.summary).stopped.is_some()
    }

    /// Ends the run; the first reason counts. True if this is it.
    pub(super) fn halt(&self, reason: Stopped) -> bool {
        let mut summary = lock(&self.summary);
        let first = summary.stopped.is_none();
        if first {
            summary.stopped = Some(reason.clone());
        }
        drop(summary);
        if first {
            self.halter.abort();
            self.event(Event::Stopped(reason));
        }
        first
    }

    /// Remembers why the gateway did not take a request, unless enough is remembered.
    pub(super) fn reason(&self, why: &str) {
        let mut summary = lock(&self.summary);
        if summary.reasons.len() < REASONS_MAX && summary.reasons.iter().all(|known| known != why) {
            summary.reasons.push(why.to_owned());
        }
    }

    /// Is ready at the first interrupt.
    pub(super) async fn interrupted(&self) {
        self.interrupt.clone().await;
    }

    /// Is ready when requests in flight have had their time.
    pub(super) async fn grace_is_over(&self) {
        select(pin!(self.interrupted_for(self.settings.grace)), self.leave.clone()).await;
    }

    /// Waits for the store, for as long as the end of the run allows.
    pub(super) async fn patiently<T, E: ToString>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, String> {
        match select(pin!(work), pin!(self.store_grace_is_over())).await {
            Either::Left((done, _)) => done.map_err(|error| error.to_string()),
            Either::Right(((), _)) => {
                if self.leave.clone().now_or_never().is_some() {
                    // It was hardly given the time to answer.
                    self.halt(Stopped::Interrupted);
                }
                Err("it does not answer".to_owned())
            }
        }
    }

    /// Is ready when the store has had its time.
    async fn store_grace_is_over(&self) {
        let RunSettings { grace, store_grace, leave_grace, .. } = self.settings;
        let leave = self.leave.clone().then(|()| self.ports.clock.sleep(*leave_grace));
        select(pin!(self.interrupted_for(grace.saturating_add(*store_grace))), pin!(leave)).await;
    }

    /// Is ready when so much time has passed since the first interrupt.
    async fn interrupted_for(&self, time: Duration) {
        let since = self.interrupt.clone().await;
        let rest = since.saturating_add(time).saturating_sub(self.ports.clock.elapsed());
        self.ports.clock.sleep(rest).await;
    }

    pub(super) fn event(&self, event: Event) {
        let mut events = lock(&self.events);
        (*events)(event);
    }

    pub(super) fn alarm(&self, alarm: Alarm) {
        lock(&self.summary).alarms.push(alarm.clone());
        self.event(Event::Alarm(alarm));
    }

    pub(super) fn count(&self, message: &MessageRevision, tally: &Tally) {
        lock(&self.summary).messages.entry(message.clone()).or_default().add(tally);
    }

    /// Keeps an outcome that the store did not take.
    pub(super) fn unsettled(&self, outcome: Outcome) {
        lock(&self.summary).unsettled.push(outcome);
    }

    fn end(self) -> Summary {
        let ended = lock(&self.rejections).ended();
        Summary { ended, ..self.summary.into_inner().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// Locks; what a panic left behind is still whole, because no change here takes more than one step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
