//! A sandbox that is open: books, clock, faults and counts, shared by all that serve it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jiff::Timestamp;
use tokio::sync::broadcast;

use super::answer::Answer;
use super::clock::{ClockHold, ClockRefusal, ClockSetting, Moved, SandboxClock};
use super::error::SandboxError;
use super::events::{SandboxEvent, SandboxEventKind, SandboxEvents, SandboxInput};
use super::faults::{Fault, FaultPlan, FaultStanding, Faults, PushPlan, Target};
use super::journal::entry::{KeptBodies, RequestEntry};
use super::model::rules::ChannelRules;
use super::model::status::Ending;
use super::model::throttle::Throttle;
use super::options::Options;
use super::push_told::PushTold;
use super::request_tracker::{RequestCounts, RequestTracker};
use super::store::{BookCount, MessageStore, NewInbound, OutcomeRefusal};
use super::webhooks::{DamagedWork, Postman};
use crate::wire::sandbox_time::SandboxTime;

/// A sandbox that is open. Clones are the same sandbox.
#[derive(Debug, Clone)]
pub struct SandboxState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    store: MessageStore,
    clock: Arc<SandboxClock>,
    tracker: RequestTracker,
    faults: Mutex<Faults>,
    events: SandboxEvents,
    throttle: Mutex<Throttle>,
    opened: Instant,
    sequence: AtomicU64,
    /// Whoever posts to webhooks; nobody does unless [`serve_posting`](super::webhooks::serve_posting) has begun.
    postman: OnceLock<Postman>,
    /// What was told last of books that cannot be used, and when.
    trouble: Mutex<Option<(String, Instant)>>,
}

/// After how much real time the same trouble is told again.
const TROUBLE_TOLD_AGAIN: Duration = Duration::from_secs(60);

impl SandboxState {
    /// Opens a sandbox with its books; nothing is served yet.
    ///
    /// # Errors
    /// If the books cannot be opened.
    pub fn open(options: Options) -> Result<Self, SandboxError> {
        let store = MessageStore::open(&options.books)?;
        let opened = store.opened();
        let sandbox = Self(Arc::new(Inner {
            clock: Arc::new(SandboxClock::start(options.now, options.speed, opened.bound)),
            faults: Mutex::new(Faults::new(options.faults.clone())),
            sequence: AtomicU64::new(opened.sequence),
            tracker: RequestTracker::default(),
            events: SandboxEvents::default(),
            throttle: Mutex::default(),
            opened: Instant::now(),
            postman: OnceLock::new(),
            trouble: Mutex::default(),
            store,
            options,
        }));
        sandbox.count_books();
        Ok(sandbox)
    }

    /// Counts what its books have now, and wakes whoever waits for that.
    pub(super) fn count_books(&self) {
        self.0.tracker.count(|counts| {
            let BookCount { bulks, accepted } = self.0.store.counted();
            (counts.bulks, counts.accepted) = (bulks, accepted);
        });
    }

    /// The time of its clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The time of its clock, and how that goes on.
    #[must_use]
    pub fn time(&self) -> SandboxTime {
        self.0.clock.reading()
    }

    /// Begins: from now on the time that its clock shows is durable before it is shown, and the rules that the
    /// settings name hold.
    ///
    /// # Errors
    /// If the books cannot be written.
    pub(super) async fn begin(&self) -> Result<(), SandboxError> {
        self.0.store.keep(Arc::clone(&self.0.clock)).await?;
        let inputs = self.0.store.inputs();
        match &self.0.options.rules {
            Some(rules) if rules != inputs.latest_rules() => self.0.store.set_rules(rules.clone()).await.map(drop),
            Some(_) | None => Ok(()),
        }
    }

    /// Changes its clock, for good. If it posts to webhooks, all that is due until then is posted first, each at its
    /// own instant.
    ///
    /// # Errors
    /// If that cannot be noted in the books; then nothing happens.
    pub async fn change_clock(&self, change: ClockSetting) -> Result<Result<Moved, ClockRefusal>, SandboxError> {
        if let Some(postman) = self.postman() {
            return match postman.change_clock(change).await {
                // Whoever posts breaks off if the books cannot be written: they say why.
                Err(closed @ SandboxError::Closed { .. }) => {
                    self.0.store.check_writable().await?;
                    Err(closed)
                }
                changed => changed,
            };
        }
        let change = async move |sandbox: Self| {
            let changed = sandbox.store().change(change).await;
            if let Ok(Ok(moved)) = changed {
                sandbox.clock_changed(moved);
            }
            changed
        };
        self.to_the_end(change).await
    }

    /// Tells how the clock was changed, and wakes whoever waits for a time. Whoever has changed it does so.
    pub(super) fn clock_changed(&self, Moved { from, to }: Moved) {
        self.tell(|| SandboxEventKind::Clock { from, to });
        self.0.tracker.wake();
    }

    /// Whoever posts to webhooks.
    pub(super) fn postman(&self) -> Option<&Postman> {
        self.0.postman.get()
    }

    /// Lets somebody post to webhooks from now on; `false` if somebody does already.
    pub(super) fn set_postman(&self, postman: Postman) -> bool {
        self.0.postman.set(postman).is_ok()
    }

    /// Its clock, to be read.
    pub(super) fn clock(&self) -> &Arc<SandboxClock> {
        &self.0.clock
    }

    /// Listens to what happens from now on. Who is too slow loses events, and is told how many.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Arc<SandboxEvent>> {
        self.0.events.listen()
    }

    /// Tells all who listen what has happened now.
    pub(super) fn tell(&self, what: impl FnOnce() -> SandboxEventKind) {
        self.0.events.tell(|| self.now(), what);
    }

    /// Holds a fast clock for a moment: whoever posts is to know what is taken in before something of it is due.
    pub(super) fn hold_for_postman(&self) -> Option<ClockHold> {
        self.postman().and_then(|_| self.clock().hold_briefly())
    }

    /// Tells that something was done to it from outside, with the push that came of it, and wakes whoever waits.
    fn took(&self, input: SandboxInput, push: Option<i64>, hold: Option<ClockHold>) {
        if let Some(postman) = self.postman() {
            postman.took(push, hold);
        }
        self.tell(|| SandboxEventKind::Input(input));
        self.0.tracker.wake();
    }

    /// Tells of a try to post.
    pub(super) fn tell_try(&self, told: PushTold) {
        if told.outcome.is_withheld() {
            self.0.tracker.count(|counts| counts.withheld += 1);
        }
        self.tell(|| SandboxEventKind::Push(told));
    }

    /// Tells that its books cannot be used: once for each reason in a while, however many find it out.
    pub(super) fn note_trouble(&self, error: &SandboxError) {
        let why = error.with_reason();
        let mut told = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = told.as_ref().is_some_and(|(known, at)| *known == why && at.elapsed() < TROUBLE_TOLD_AGAIN);
        if !is_known {
            *told = Some((why.clone(), Instant::now()));
            self.tell(|| SandboxEventKind::Trouble { why });
        }
    }

    /// What of its books cannot be read, as far as somebody has met with it.
    pub(super) fn damage(&self) -> DamagedWork {
        let posted = self.postman().map(Postman::damage).unwrap_or_default();
        posted.and_bulks(self.0.store.damaged_bulks())
    }

    /// Tells of the bulks that were left out of an answer, each of them once.
    pub(super) fn tell_damage(&self) {
        self.0.store.untold_damage().iter().for_each(|damage| self.note_trouble(damage));
    }

    /// The answer of a door to whoever asked for something for which the books were needed.
    pub(super) fn failed(&self, status: StatusCode, error: &SandboxError) -> Answer {
        self.note_trouble(error);
        Answer::failed(status, &error.with_reason())
    }

    /// Takes the entry of a request that is over into the journal.
    pub(super) fn record(&self, entry: RequestEntry, kept: KeptBodies) {
        self.tell(|| SandboxEventKind::Request(Box::new(entry.clone())));
        self.0.store.journal(entry, kept);
        self.0.tracker.count(|counts| counts.in_flight = counts.in_flight.saturating_sub(1));
    }

    /// Does something to its end, even if whoever asked for it goes away meanwhile: whatever is changed in the books is
    /// told to all who have to know it.
    ///
    /// # Errors
    /// As the work, or if it ends in a panic.
    pub(super) async fn to_the_end<T: Send + 'static, F: Future<Output = Result<T, SandboxError>> + Send + 'static>(
        &self,
        work: impl FnOnce(Self) -> F,
    ) -> Result<T, SandboxError> {
        tokio::spawn(work(self.clone())).await.map_err(SandboxError::BrokenOff)?
    }

    /// Forgets everything: books, counts and faults. Its clock goes on, and the rules of its settings hold again.
    ///
    /// # Errors
    /// If the books cannot be written.
    pub(super) async fn reset(&self) -> Result<(), SandboxError> {
        let reset = async move |sandbox: Self| {
            match sandbox.postman() {
                Some(postman) => postman.reset().await?,
                None => sandbox.store().reset(sandbox.options().rules.clone()).await?,
            }
            sandbox.set_faults(Vec::new());
            sandbox.tell(|| SandboxEventKind::Reset {});
            sandbox.0.tracker.count_anew();
            sandbox.count_books();
            Ok(())
        };
        self.to_the_end(reset).await
    }

    /// Lets the channel behave in another way from now on.
    ///
    /// # Errors
    /// If that could not be noted; then nothing changes.
    pub(super) async fn set_rules(&self, rules: ChannelRules) -> Result<(), SandboxError> {
        let set = async move |sandbox: Self| {
            let hold = sandbox.hold_for_postman();
            sandbox.store().set_rules(rules).await?;
            sandbox.took(SandboxInput::Rules, None, hold);
            Ok(())
        };
        self.to_the_end(set).await
    }

    /// Plays what a person does, and lets be posted what comes of it.
    ///
    /// # Errors
    /// If it could not be noted.
    pub(super) async fn add_inbound(&self, inbound: NewInbound) -> Result<(), SandboxError> {
        let add = async move |sandbox: Self| {
            let hold = sandbox.hold_for_postman();
            let noted = sandbox.store().add_inbound(inbound).await?;
            sandbox.took(SandboxInput::Inbound, noted.push, hold);
            Ok(())
        };
        self.to_the_end(add).await
    }

    /// Says how a message ends from now on, unless it is too late for that.
    ///
    /// # Errors
    /// If that could not be noted; then nothing changes.
    pub(super) async fn tell_outcome(
        &self,
        message_id: String,
        ending: Ending,
    ) -> Result<Result<(), OutcomeRefusal>, SandboxError> {
        let tell = async move |sandbox: Self| {
            let hold = sandbox.hold_for_postman();
            let told = sandbox.store().tell_outcome(message_id, ending).await?;
            if told.is_ok() {
                sandbox.took(SandboxInput::Outcome, None, hold);
            }
            Ok(told.map(drop))
        };
        self.to_the_end(tell).await
    }

    /// What happened since it was opened, and what its books have.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        self.0.tracker.counts()
    }

    /// Waits until the counts are as wanted; `None` if the sandbox ends before.
    pub async fn wait(&self, wanted: impl FnMut(&RequestCounts) -> bool) -> Option<RequestCounts> {
        self.0.tracker.wait(wanted).await.ok()
    }

    /// Plays these faults from now on, and counts requests anew for them.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        let count = faults.len();
        *self.0.faults.lock().unwrap_or_else(PoisonError::into_inner) = Faults::new(faults);
        self.tell(|| SandboxEventKind::Faults { count });
    }

    /// The faults that are played, and what is left of each.
    pub(super) fn faults(&self) -> Vec<FaultStanding> {
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner).standing()
    }

    /// Releases all requests that are held, and says how many they are.
    #[must_use = "it says how many were held"]
    pub fn release(&self) -> u64 {
        let released = self.0.tracker.release();
        self.tell(|| SandboxEventKind::Released { released });
        released
    }

    /// The file of its books.
    #[must_use]
    pub fn books_path(&self) -> &Path {
        &self.0.options.books
    }

    pub(super) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(super) fn store(&self) -> &MessageStore {
        &self.0.store
    }

    pub(super) fn tracker(&self) -> &RequestTracker {
        &self.0.tracker
    }

    /// Counts a request, and says what is to happen to it.
    pub(super) fn next_faults(&self, target: Target) -> FaultPlan {
        self.0.tracker.count(|counts| match target {
            Target::Messages => counts.requests += 1,
            Target::Logs => counts.queries += 1,
            Target::Reports => counts.reports += 1,
            // They are counted once somebody has taken them.
            Target::Webhooks => {}
        });
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner).next(target)
    }

    /// Counts a push, and says what is to happen to it.
    pub(super) fn next_push_faults(&self) -> PushPlan {
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner).next_push()
    }

    /// Takes one query of the logs, or says in how many seconds there is room for another.
    pub(super) fn throttle(&self) -> Result<(), u64> {
        let Some(per_minute) = self.0.options.logs_per_minute else { return Ok(()) };
        let now_ms = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.throttle.lock().unwrap_or_else(PoisonError::into_inner).take(now_ms, per_minute)
    }

    /// A number that is not used again, for ids.
    pub(super) fn sequence(&self) -> u64 {
        self.0.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// Closes the books.
    pub(super) async fn close(&self) -> Result<(), SandboxError> {
        self.0.store.close().await
    }
}
