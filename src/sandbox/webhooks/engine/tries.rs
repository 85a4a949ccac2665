//! How a push is tried: after those before it for its URL, and noted before anything else is done.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Ended, Engine, PushJob, of_task};
use crate::sandbox::error::SandboxError;
use crate::sandbox::faults::PushPlan;
use crate::sandbox::model::webhook::agenda::DueWork;
use crate::sandbox::model::webhook::push::{Push, PushContent, PushState, Try, TryCause, TryOutcome};
use crate::sandbox::push_told::PushTold;
use crate::sandbox::store::PushNote;
use crate::sandbox::webhooks::queues::Reaction;
use crate::wire::choices::PushedReports;

/// How long a push that is to come after another one waits for that, in milliseconds.
const REORDER_MS: i64 = 60_000;

/// What is to be done about a push: try it, or push the reports of its bulk if it has no number yet.
fn due_work(push: &Push) -> DueWork {
    match (push.number, &push.content) {
        (None, PushContent::Reports { bulk, .. }) => DueWork::Bulk(*bulk),
        (number, PushContent::Reports { .. } | PushContent::Inbound(_)) => DueWork::Push(number.unwrap_or_default()),
    }
}

/// Whether somebody answered a try that ended in this way.
const fn heard(outcome: TryOutcome) -> Reaction {
    match outcome {
        TryOutcome::Answered(_) => Reaction::Answer,
        TryOutcome::NoConnection | TryOutcome::NoAnswer | TryOutcome::Broken => Reaction::Silence,
        TryOutcome::NotAllowed | TryOutcome::NotUrl | TryOutcome::Itself => Reaction::Nothing,
    }
}

impl Engine {
    /// Sends a new push off, as the faults want it.
    pub(super) async fn send_off(&mut self, mut push: Push, faults: PushPlan) -> Result<(), SandboxError> {
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
    pub(super) fn enqueue(&mut self, job: PushJob) {
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
    pub(super) async fn note(&mut self, Ended { job, at, outcome }: Ended) -> Result<(), SandboxError> {
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

    /// Notes how the tries end that were begun, and begins no others.
    pub(super) async fn end(&mut self) -> Result<(), SandboxError> {
        while let Some(ended) = self.tries.join_next().await {
            // Of one that could not be made there is nothing to note.
            if let Ok(Ended { job, at, outcome: Some(outcome) }) = of_task(ended) {
                self.note_try(job, at, outcome).await?;
            }
        }
        Ok(())
    }
}
