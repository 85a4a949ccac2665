//! Does what is due, in the order of its instants, and notes it before the next step.
//!
//! The clock is barred: it comes to no instant after one at which something is due until that was begun. Where it is
//! moved by hand or faster than the real time it stands until what was begun has ended, so that each try is made
//! and ends at its own instant. At the speed of the real time it goes on: there a receiver that does not answer for
//! a minute takes a minute of nobody else's time. All that is known here is in the books as well: after a kill it is
//! read from there again, and a try that was not noted is made once more. Where the books cannot be used nothing more is
//! posted until what was is noted, and then it is read from there again as well; what is damaged is left out.

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
use super::queues::{Queued, Queues};
use super::settings::WebhookSettings;
use crate::sandbox::clock::{ClockHold, Moved};
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::webhook::agenda::{Agenda, DueWork};
use crate::sandbox::model::webhook::batch::{BulkPlan, ReportBatch, ReportPlace};
use crate::sandbox::model::webhook::push::{Push, PushContent, PushState, TryCause, TryOutcome};
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::{MessageStore, PendingPushes};

mod moves;
mod tries;

/// How often it looks at least whether a clock that is held up has come to an instant.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

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
                    Some(PostCommand::Took(push, hold)) => self.take_input(push, hold),
                    Some(other @ (PostCommand::Change(_) | PostCommand::Reset(_) | PostCommand::Retry(..))) => drop(other),
                    None => return Err(SandboxError::Closed { path: self.sandbox.books_path().to_owned() }),
                },
            }
        }
        Ok(())
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

    async fn take(&mut self, command: PostCommand) -> Result<(), SandboxError> {
        match command {
            PostCommand::Accepted(bulk, hold) => self.take_bulk(bulk, hold),
            PostCommand::Took(push, hold) => self.take_input(push, hold),
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

    /// Takes what was done to the sandbox, with the push that came of it; a clock that was held for that is let go as
    /// above.
    fn take_input(&mut self, push: Option<i64>, hold: Option<ClockHold>) {
        if let Some(push) = push {
            self.agenda.set(DueWork::Push(push), self.sandbox.now());
        }
        self.look_at_inputs();
        self.set_bar();
        drop(hold);
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
