//! Does what is due, in the order of its instants, and notes it before the next step.
//!
//! The clock is barred: it comes to no instant after one at which something is due until that was begun. Where it is
//! moved by hand or faster than the real time it stands until what was begun has ended, so that each try is made
//! and ends at its own instant. At the speed of the real time it goes on: there a receiver that does not answer for
//! a minute takes a minute of nobody else's time. All that is known here is in the books as well: after a kill it is
//! read from there again, and a try that was not noted is made once more. Where the books cannot be used nothing more is
//! posted until what was is noted, and then it is read from there again as well; what is damaged is left out.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};

use super::left_out::LeftOut;
use super::own_address::OwnAddress;
use super::patience::Patience;
use super::poster::Poster;
use super::postman::{ClockMove, PostCommand, Postman};
use super::queues::{Queued, Queues, Reaction};
use super::settings::WebhookSettings;
use crate::sandbox::clock::{ClockHold, ClockSetting, Moved};
use crate::sandbox::error::SandboxError;
use crate::sandbox::faults::PushPlan;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::webhook::agenda::{Agenda, DueWork};
use crate::sandbox::model::webhook::batch::{BulkPlan, ReportBatch, ReportPlace};
use crate::sandbox::model::webhook::push::{Push, PushContent, PushState, Try, TryCause, TryOutcome};
use crate::sandbox::push_told::PushTold;
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::{MessageStore, PendingPushes, PushNote};
use crate::wire::choices::PushedReports;

/// How often it looks at least whether a clock that is held up has come to an instant.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How long a push that is to come after another one waits for that, in milliseconds.
const REORDER_MS: i64 = 60_000;

/// A push that is to be tried.
struct PushJob {
    push: Push,
    cause: TryCause,
    /// How often it is posted once more.
    repeats: u32,
    reply: Option<oneshot::Sender<Option<Push>>>,
}

impl Queued for PushJob {
    fn push(&self) -> &Push {
        &self.push
    }
}

/// A try that has ended.
struct Ended {
    job: PushJob,
    at: Timestamp,
    /// Nothing if there was nothing left to try.
    outcome: Option<TryOutcome>,
}

/// What is to be done about a push: try it, or push the reports of its bulk if it has no number yet.
fn due_work(push: &Push) -> DueWork {
    match (push.number, &push.content) {
        (None, PushContent::Reports { bulk, .. }) => DueWork::Bulk(*bulk),
        (number, PushContent::Reports { .. } | PushContent::Inbound(_)) => DueWork::Push(number.unwrap_or_default()),
    }
}

/// Reports of a bulk that are on their way, and are not noted yet.
#[derive(Default)]
struct OnTheirWay {
    reports: Vec<ReportPlace>,
    /// Whether nothing is to come after them.
    is_over: bool,
}

/// A try, unless it broke off.
fn of_task(ended: Result<Result<Ended, SandboxError>, JoinError>) -> Result<Ended, SandboxError> {
    ended.map_err(SandboxError::BrokenOff)?
}

/// Whether somebody answered a try that ended in this way.
const fn heard(outcome: TryOutcome) -> Reaction {
    match outcome {
        TryOutcome::Answered(_) => Reaction::Answer,
        TryOutcome::NoConnection | TryOutcome::NoAnswer | TryOutcome::Broken => Reaction::Silence,
        TryOutcome::NotAllowed | TryOutcome::NotUrl | TryOutcome::Itself => Reaction::Nothing,
    }
}

/// Whoever posts.
pub(super) struct Engine {
    sandbox: SandboxState,
    poster: Arc<Poster>,
    account_url: Option<String>,
    /// How many reports go together at most.
    batch: usize,
    commands: mpsc::UnboundedReceiver<PostCommand>,
    agenda: Agenda,
    inputs: Arc<Inputs>,
    on_their_way: HashMap<i64, OnTheirWay>,
    /// For each URL the pushes that wait for their turn.
    queues: Queues<PushJob>,
    tries: JoinSet<Result<Ended, SandboxError>>,
    /// For each URL a push that goes after the next one.
    held_back: HashMap<String, i64>,
    left_out: LeftOut,
    patience: Patience,
    changes: VecDeque<ClockMove>,
    /// The change of the clock that is under way, from when to when.
    moving: Option<(ClockMove, Moved)>,
    /// Closed once it is to end: then it only notes how the tries end that were begun.
    stopping: oneshot::Receiver<()>,
    is_stopping: bool,
}

impl Engine {
    /// Begins, with all that the books say is to be done.
    pub(super) async fn begin(
        sandbox: &SandboxState,
        (settings, own): (WebhookSettings, OwnAddress),
        stopping: oneshot::Receiver<()>,
    ) -> Result<Self, SandboxError> {
        let urls = (settings.account_url.clone(), settings.inbound_url.clone());
        let left_out = LeftOut::default();
        let (postman, commands) = Postman::new(sandbox.books_path().to_owned(), urls, left_out.clone());
        let mut engine = Self {
            sandbox: sandbox.clone(),
            account_url: settings.account_url.clone(),
            batch: settings.batch,
            poster: Arc::new(Poster::new(settings, own)),
            commands,
            agenda: Agenda::default(),
            inputs: sandbox.store().inputs(),
            on_their_way: HashMap::new(),
            queues: Queues::default(),
            tries: JoinSet::new(),
            held_back: HashMap::new(),
            left_out,
            patience: Patience::default(),
            changes: VecDeque::new(),
            moving: None,
            stopping,
            is_stopping: false,
        };
        engine.load().await?;
        if !sandbox.set_postman(postman) {
            return Err(SandboxError::Closed { path: sandbox.books_path().to_owned() });
        }
        Ok(engine)
    }

    /// Works until the sandbox ends.
    ///
    /// # Errors
    /// If it cannot go on.
    pub(super) async fn run(mut self) -> Result<(), SandboxError> {
        loop {
            match self.work().await {
                Ok(()) => return Ok(()),
                Err(error @ SandboxError::Closed { .. }) => return Err(error),
                Err(error) => {
                    self.sandbox.note_trouble(&error);
                    self.begin_anew().await?;
                }
            }
        }
    }

    /// Begins anew where something could not be done: how the tries end that were begun is noted, so that they are not
    /// made once more, and all that is to be done is read from the books again.
    async fn begin_anew(&mut self) -> Result<(), SandboxError> {
        self.end().await?;
        while !self.is_stopping {
            self.wait_for_books().await?;
            match self.load().await {
                Ok(()) => break,
                Err(error @ SandboxError::Closed { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Waits for a while when the books could not be used. Whoever wants something else than to be posted is told that
    /// it did not work.
    async fn wait_for_books(&mut self) -> Result<(), SandboxError> {
        self.give_up_moving();
        let wait = tokio::time::sleep(self.patience.wait(Instant::now()));
        tokio::pin!(wait);
        while !self.is_stopping {
            tokio::select! {
                () = &mut wait => break,
                _ = &mut self.stopping => self.is_stopping = true,
                command = self.commands.recv() => match command {
                    Some(PostCommand::Accepted(bulk, hold)) => self.take_bulk(bulk, hold),
                    Some(PostCommand::Pushed(push)) => self.agenda.set(DueWork::Push(push), self.sandbox.now()),
                    Some(other @ (PostCommand::Change(_) | PostCommand::Reset(_) | PostCommand::Retry(..))) => drop(other),
                    None => return Err(SandboxError::Closed { path: self.sandbox.books_path().to_owned() }),
                },
            }
        }
        Ok(())
    }

    /// Leaves the clock where it has come to.
    fn give_up_moving(&mut self) {
        self.changes.clear();
        if let Some((_, Moved { from, .. })) = self.moving.take() {
            self.sandbox.clock_changed(Moved { from, to: self.sandbox.now() });
        }
    }

    fn store(&self) -> &MessageStore {
        self.sandbox.store()
    }

    /// Forgets all, and reads it from the books.
    async fn load(&mut self) -> Result<(), SandboxError> {
        let now = self.sandbox.now();
        self.sandbox.clock().bar(Some(now));
        (self.agenda, self.tries) = (Agenda::default(), JoinSet::new());
        self.queues.clear();
        self.on_their_way.clear();
        self.held_back.clear();
        self.left_out.clear();
        let PendingPushes { bulks, waiting } = self.store().pending_pushes().await?;
        for (push, at) in waiting {
            self.agenda.set(DueWork::Push(push), at);
        }
        for bulk in bulks {
            self.agenda.set(DueWork::Bulk(bulk), now);
        }
        Ok(())
    }

    async fn work(&mut self) -> Result<(), SandboxError> {
        loop {
            if self.is_stopping {
                return self.end().await;
            }
            while let Ok(command) = self.commands.try_recv() {
                self.take(command).await?;
            }
            self.look_at_inputs();
            if !self.is_about_to_move() {
                self.start_due().await?;
            }
            if self.tries.is_empty() && self.go_on_moving().await? {
                continue;
            }
            self.set_bar();
            if !self.wait().await? {
                return Ok(());
            }
        }
    }

    /// Waits until something is to be done; `false` if the sandbox ends.
    async fn wait(&mut self) -> Result<bool, SandboxError> {
        let due_in = self.agenda.next_at().filter(|_| !self.stands() && !self.is_about_to_move());
        let due_in = due_in.and_then(|at| self.sandbox.clock().real_until(at)).map(|time| time.max(LOOK_AGAIN));
        tokio::select! {
            command = self.commands.recv() => match command {
                Some(command) => self.take(command).await?,
                None => return Ok(false),
            },
            Some(ended) = self.tries.join_next() => self.note(of_task(ended)?).await?,
            _ = &mut self.stopping => self.is_stopping = true,
            () = self.sandbox.store().inputs_changed(&self.inputs) => {}
            () = tokio::time::sleep(due_in.unwrap_or_default()), if due_in.is_some() => {}
        }
        Ok(true)
    }

    /// Notes how the tries end that were begun, and begins no others.
    async fn end(&mut self) -> Result<(), SandboxError> {
        while let Some(ended) = self.tries.join_next().await {
            // Of one that could not be made there is nothing to note.
            if let Ok(Ended { job, at, outcome: Some(outcome) }) = of_task(ended) {
                self.note_try(job, at, outcome).await?;
            }
        }
        Ok(())
    }

    async fn take(&mut self, command: PostCommand) -> Result<(), SandboxError> {
        let now = self.sandbox.now();
        match command {
            PostCommand::Accepted(bulk, hold) => self.take_bulk(bulk, hold),
            PostCommand::Pushed(push) => self.agenda.set(DueWork::Push(push), now),
            PostCommand::Change(change) => self.take_change(change).await?,
            PostCommand::Reset(reply) => {
                self.tries.shutdown().await;
                let rules = self.sandbox.options().rules.clone();
                let result = self.store().reset(rules).await;
                let loaded = self.load().await;
                // Whoever asked may be gone.
                reply.send(result).unwrap_or_default();
                loaded?;
            }
            PostCommand::Retry(number, reply) => match self.store().push(number).await? {
                Some(push) => self.enqueue(PushJob { push, cause: TryCause::Hand, repeats: 0, reply: Some(reply) }),
                None => drop(reply.send(None)),
            },
        }
        Ok(())
    }

    /// Takes a bulk that was accepted; a clock that was held for that is let go once it comes no further than it should.
    fn take_bulk(&mut self, bulk: i64, hold: Option<ClockHold>) {
        self.agenda.set(DueWork::Bulk(bulk), self.sandbox.now());
        self.set_bar();
        drop(hold);
    }

    /// Takes a change of the clock: how it runs is changed at once; where it stands, once nothing is on its way.
    async fn take_change(&mut self, change: ClockMove) -> Result<(), SandboxError> {
        let ClockSetting { now, advance, .. } = change.setting;
        let is_move = now.is_some() || advance.is_some();
        if is_move || self.moving.is_some() || !self.changes.is_empty() {
            self.changes.push_back(change);
            return Ok(());
        }
        let changed = self.store().change(change.setting).await?;
        if let Ok(moved) = changed {
            self.sandbox.clock_changed(moved);
        }
        // Whoever asked may be gone.
        if let Some(begun) = change.begun {
            begun.send(changed.map(drop)).unwrap_or_default();
        }
        if let Some(done) = change.done {
            done.send(changed).unwrap_or_default();
        }
        Ok(())
    }

    /// Whether the clock is to be moved as soon as nothing is on its way.
    fn is_about_to_move(&self) -> bool {
        self.moving.is_none() && !self.changes.is_empty()
    }

    /// Looks at every bulk again if what happens to its messages may be something else now.
    fn look_at_inputs(&mut self) {
        let inputs = self.store().inputs();
        if Arc::ptr_eq(&inputs, &self.inputs) {
            return;
        }
        self.inputs = inputs;
        let now = self.sandbox.now();
        for bulk in self.agenda.bulks() {
            self.agenda.set(DueWork::Bulk(bulk), now);
        }
    }

    /// Begins all that is due.
    async fn start_due(&mut self) -> Result<(), SandboxError> {
        while let Some((_, due)) = self.agenda.take(self.sandbox.now()) {
            match due {
                DueWork::Push(number) => {
                    let Some(push) = self.unless_damaged(due, self.store().push(number).await)? else { continue };
                    if let Some(push) = push.filter(|push| push.state == PushState::Waiting) {
                        self.enqueue(PushJob { push, cause: TryCause::Turn, repeats: 0, reply: None });
                    }
                }
                DueWork::Bulk(bulk) => self.push_bulk(bulk).await?,
            }
        }
        Ok(())
    }

    /// What was read for something that is due; nothing if it is damaged, and so is left out.
    fn unless_damaged<T>(&self, due: DueWork, read: Result<T, SandboxError>) -> Result<Option<T>, SandboxError> {
        match read {
            Err(SandboxError::Damaged { .. }) => {
                self.left_out.add(due);
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Pushes what of a bulk is due.
    async fn push_bulk(&mut self, bulk: i64) -> Result<(), SandboxError> {
        let now = self.sandbox.now();
        let on_their_way = self.on_their_way.get(&bulk).map(|way| way.reports.clone()).unwrap_or_default();
        let plan = self.store().plan_pushes(bulk, (self.account_url.clone(), self.batch), on_their_way, now).await;
        let Some(plan) = self.unless_damaged(DueWork::Bulk(bulk), plan)? else { return Ok(()) };
        let BulkPlan { due, next_at, is_over } = plan;
        for ReportBatch { url, content_type, reports, .. } in due {
            let push = Push::new(now, url, content_type, PushContent::Reports { bulk, reports });
            self.send_off(push, self.sandbox.next_push_faults()).await?;
        }
        if let Some(next_at) = next_at {
            self.agenda.set(DueWork::Bulk(bulk), next_at);
        }
        match self.on_their_way.get_mut(&bulk) {
            Some(way) => way.is_over = is_over,
            None if is_over => self.store().close_pushes(bulk).await?,
            None => {}
        }
        Ok(())
    }

    /// Sends a new push off, as the faults want it.
    async fn send_off(&mut self, mut push: Push, faults: PushPlan) -> Result<(), SandboxError> {
        let delay_ms = i64::try_from(faults.delay.as_millis()).unwrap_or(i64::MAX);
        let delay_ms = if faults.is_reordered { delay_ms.max(REORDER_MS) } else { delay_ms };
        if faults.is_dropped || delay_ms > 0 {
            push.delay(delay_ms);
            if faults.is_dropped {
                push.drop_unseen();
            }
            let (url, next_at) = (push.url.clone(), push.next_at);
            let number = self.note_push(PushNote { push, hands_out: false, is_all: false }).await?;
            if let Some(next_at) = next_at {
                self.agenda.set(DueWork::Push(number), next_at);
            }
            if faults.is_reordered && !faults.is_dropped {
                self.held_back.insert(url, number);
            }
            return Ok(());
        }
        if let PushContent::Reports { bulk, reports } = &push.content {
            self.on_their_way.entry(*bulk).or_default().reports.extend(reports);
        }
        self.enqueue(PushJob { push, cause: TryCause::Turn, repeats: faults.repeats, reply: None });
        Ok(())
    }

    /// Tries a push once it is its turn among those for the same URL: whoever does not answer holds up nobody else.
    fn enqueue(&mut self, job: PushJob) {
        let url = job.push.url.clone();
        self.queues.add(job);
        self.begin_tries(&url);
    }

    fn begin_tries(&mut self, url: &str) {
        while let Some(job) = self.queues.begin(url) {
            self.begin_try(job);
        }
    }

    fn begin_try(&mut self, job: PushJob) {
        let (sandbox, poster, left_out) = (self.sandbox.clone(), Arc::clone(&self.poster), self.left_out.clone());
        self.tries.spawn(async move {
            let mut job = job;
            if let Some(number) = job.push.number {
                // Another try may have ended since it was put into the queue.
                job.push = sandbox.store().push(number).await?.unwrap_or(job.push);
                if job.cause == TryCause::Turn && job.push.state != PushState::Waiting {
                    return Ok(Ended { job, at: sandbox.now(), outcome: None });
                }
            }
            let at = sandbox.now();
            let body = match sandbox.store().push_body(job.push.clone()).await {
                // What is not there cannot be posted, and holds up no clock.
                Err(SandboxError::Damaged { .. }) => {
                    left_out.add(due_work(&job.push));
                    return Ok(Ended { job, at, outcome: None });
                }
                body => body?,
            };
            let outcome = poster.post(&job.push.url, job.push.content_type, body).await;
            Ok(Ended { job, at, outcome: Some(outcome) })
        });
    }

    /// Notes how a try ended, and goes on with the next ones for its URL.
    async fn note(&mut self, Ended { job, at, outcome }: Ended) -> Result<(), SandboxError> {
        let tried = job.push.clone();
        let again = match outcome {
            Some(outcome) => self.note_try(job, at, outcome).await?,
            None => None,
        };
        if self.is_stopping {
            return Ok(());
        }
        match again {
            // It is under way still.
            Some(again) => self.begin_try(again),
            None => {
                self.queues.end(&tried, outcome.map_or(Reaction::Nothing, heard));
                self.begin_tries(&tried.url);
            }
        }
        Ok(())
    }

    /// Notes how a try ended; gives it back if it is to be posted once more.
    async fn note_try(
        &mut self,
        mut job: PushJob,
        at: Timestamp,
        outcome: TryOutcome,
    ) -> Result<Option<PushJob>, SandboxError> {
        let now = self.sandbox.now();
        let choices = self.sandbox.options().choices;
        let is_new = job.push.number.is_none();
        let has_taken = outcome.is_success(choices.webhook_success);
        job.push.tried(Try { at, outcome, cause: job.cause }, now, choices.webhook_success);
        let is_all = is_new && self.arrived(&job.push);
        let hands_out = has_taken && choices.pushed_reports == PushedReports::Gone;
        let number = self.note_push(PushNote { push: job.push.clone(), hands_out, is_all }).await?;
        job.push.number = Some(number);
        self.sandbox.tell_try(PushTold::new(number, &job.push, outcome));
        match job.push.next_at {
            Some(next_at) => self.agenda.set(DueWork::Push(number), next_at),
            None => self.agenda.remove(DueWork::Push(number)),
        }
        if has_taken {
            self.sandbox.tracker().count(|counts| counts.webhooks += 1);
        }
        if let Some(reply) = job.reply.take() {
            // Whoever asked may be gone.
            drop(reply.send(Some(job.push.clone())));
        }
        let is_passed = |held: &i64| *held != number;
        if let Some(held) = self.held_back.get(&job.push.url).copied().filter(is_passed) {
            self.held_back.remove(&job.push.url);
            self.agenda.set(DueWork::Push(held), now);
        }
        let repeats = if has_taken { job.repeats.checked_sub(1) } else { None };
        Ok(repeats.map(|repeats| PushJob { repeats, cause: TryCause::Repeat, ..job }))
    }

    /// Notes a push. Where the books cannot be written it waits until they can, and nothing else is posted meanwhile:
    /// what was posted and is not noted would be posted again.
    async fn note_push(&mut self, note: PushNote) -> Result<i64, SandboxError> {
        loop {
            match self.store().note_push(note.clone()).await {
                Ok(number) => return Ok(number),
                Err(error @ SandboxError::Closed { .. }) => return Err(error),
                Err(error) if self.is_stopping => return Err(error),
                Err(_) => self.wait_for_books().await?,
            }
        }
    }

    /// Forgets that the reports of a push are on their way; `true` if nothing of their bulk is to come.
    fn arrived(&mut self, push: &Push) -> bool {
        let PushContent::Reports { bulk, reports } = &push.content else { return false };
        let Entry::Occupied(mut way) = self.on_their_way.entry(*bulk) else { return false };
        way.get_mut().reports.retain(|place| !reports.contains(place));
        way.get().reports.is_empty() && way.remove().is_over
    }

    /// Whether the clock stands until all tries have ended.
    fn stands(&self) -> bool {
        !self.tries.is_empty() && (self.moving.is_some() || self.sandbox.clock().is_fast())
    }

    fn set_bar(&self) {
        let clock = self.sandbox.clock();
        clock.bar(if self.stands() || self.is_about_to_move() { Some(clock.now()) } else { self.agenda.next_at() });
    }

    /// Moves the clock on to the next instant at which something is due, or to where it is to come; `false` if it
    /// is not to be moved.
    async fn go_on_moving(&mut self) -> Result<bool, SandboxError> {
        let moving = self.moving.take().or_else(|| self.next_change());
        let Some((change, Moved { from, to })) = moving else { return Ok(false) };
        let clock = self.sandbox.clock();
        let next_at = self.agenda.next_at().filter(|next_at| *next_at <= to);
        if let Some(next_at) = next_at.map(|next_at| next_at.max(clock.now())) {
            clock.bar(Some(next_at));
            self.moving = Some((change, Moved { from, to }));
            // It is barred there, so that it is not later; and nothing but this moves it.
            if self.store().change(ClockSetting::to(next_at)).await?.is_err() {
                self.give_up_moving();
            }
            self.sandbox.tracker().wake();
            return Ok(true);
        }
        clock.bar(Some(to));
        let ClockSetting { speed, stopped, .. } = change.setting;
        let setting = ClockSetting { now: Some(to), advance: None, speed, stopped };
        let moved = match self.store().change(setting).await {
            Ok(moved) => moved.map(|_| Moved { from, to }),
            Err(error) => {
                self.moving = Some((change, Moved { from, to }));
                return Err(error);
            }
        };
        if let Ok(moved) = moved {
            self.sandbox.clock_changed(moved);
        }
        if let Some(done) = change.done {
            // Whoever asked may be gone.
            done.send(moved).unwrap_or_default();
        }
        Ok(true)
    }

    /// Begins the next change of the clock that can be made.
    fn next_change(&mut self) -> Option<(ClockMove, Moved)> {
        while let Some(mut change) = self.changes.pop_front() {
            let clock = self.sandbox.clock();
            let from = clock.now();
            let target = clock.target_of(&change.setting);
            if let Some(begun) = change.begun.take() {
                begun.send(target.map(drop)).unwrap_or_default();
            }
            match target {
                Ok(to) => return Some((change, Moved { from, to })),
                Err(refusal) => {
                    if let Some(done) = change.done {
                        done.send(Err(refusal)).unwrap_or_default();
                    }
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_try_that_broke_off_is_no_end_of_the_sandbox() {
        let mut tries: JoinSet<Result<Ended, SandboxError>> = JoinSet::new();
        tries.spawn(async { std::panic::resume_unwind(Box::new("it broke")) });
        let ended = of_task(tries.join_next().await.unwrap());
        assert!(matches!(ended, Err(SandboxError::BrokenOff(_))));
    }
}
