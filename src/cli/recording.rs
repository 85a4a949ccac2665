//! `apply --commit`: the lockfile goes to the branch by itself, and what could not go there is found out before anything
//! is sent.

use std::sync::{Mutex, PoisonError};

use crate::apply::Tally;
use crate::diagnostic::words::{list, number};
use crate::report::failure_code::FailureCode;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::store::{BackendError as _, RecordError, Recorded, Recorder};

use super::clones::{self, KeptFiles};
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::settings::Settings;
use super::store::expected;

/// What happens with the lockfile when a run has ended.
pub(super) struct Recording {
    /// Who commits and pushes it, if somebody has asked for that.
    recorder: Option<Recorder>,
    /// What became of everybody, once anything was sent.
    total: Mutex<Option<Tally>>,
}

impl Recording {
    /// Makes sure that the lockfile can be committed and pushed, if somebody asks for that.
    ///
    /// # Errors
    /// If it cannot be; if git never sees the ledger.
    pub(super) fn open(context: &Context, is_asked: bool, settings: &Settings) -> Result<Self, Failure> {
        let mut recording = Self { recorder: None, total: Mutex::default() };
        if !is_asked {
            return Ok(recording);
        }
        let ledger = &context.gateway.ledger;
        let expected = expected(context)?;
        let opened = tokio::task::block_in_place(|| ledger.recorder(&expected, settings.forge_token.as_ref()));
        recording.recorder = opened
            .map_err(|error| failed(&error).hint("nothing was sent; once that is done, run the same command again"))?;
        if recording.recorder.is_some() { Ok(recording) } else { Err(no_lockfile(context)) }
    }

    /// Keeps what became of everybody, for the commit.
    pub(super) fn keep_total(&self, total: Tally) {
        *self.total.lock().unwrap_or_else(PoisonError::into_inner) = Some(total);
    }

    /// Whether anybody was in a request.
    pub(super) fn has_requested(&self) -> bool {
        self.total.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|total| total.requested() > 0)
    }

    /// Commits and pushes the lockfile, however the run has ended, or says that somebody has to. The run's own end is the
    /// one that counts.
    pub(super) fn finish(
        &self,
        context: &Context,
        before: KeptFiles,
        ended: Result<Exit, Failure>,
        output: &Output,
    ) -> Result<Exit, Failure> {
        let Some(recorder) = &self.recorder else {
            clones::remind(&context.gateway.ledger, before, output);
            return ended;
        };
        match tokio::task::block_in_place(|| recorder.record(&self.message(context))) {
            Ok(recorded) => {
                tell(&recorded, output);
                ended
            }
            Err(error) => {
                let failure = failed(&error).hint(
                    "nothing is lost: the lockfile in this work tree has all of it; until it is pushed, nobody may send \
                     from another clone",
                );
                output.tell_failure(&failure);
                ended.map(|exit| exit.or(failure.exit))
            }
        }
    }

    /// What the commit says: numbers, and nobody's name.
    fn message(&self, context: &Context) -> String {
        let total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        let place = format!("{} on {}", context.project.id, context.gateway.name);
        match total.as_ref().map(counted).filter(|counted| !counted.is_empty()) {
            Some(counted) => format!("Record what was sent: {}\n\n{place}", list(&counted)),
            None => format!("Record what the ledger knows\n\n{place}"),
        }
    }
}

/// The groups that anybody is in.
fn counted(total: &Tally) -> Vec<String> {
    let groups = [(total.accepted, "accepted"), (total.rejected_any(), "rejected"), (total.in_doubt, "in doubt")];
    let groups = groups.into_iter().filter(|(count, _)| *count > 0);
    groups.map(|(count, group)| format!("{} {group}", number(count))).collect()
}

fn tell(recorded: &Recorded, output: &Output) {
    let Recorded { commit, pushed_to, is_merged } = recorded;
    let told = match (commit, pushed_to) {
        (None, _) => return,
        (Some(commit), None) => format!("the lockfile is committed ({commit}); there is no remote to push it to\n"),
        (Some(commit), Some(place)) if *is_merged => format!(
            "the lockfile is committed ({commit}) and pushed to {place}, joined with what others have pushed meanwhile: \
             `git pull` brings that here\n"
        ),
        (Some(commit), Some(place)) => format!("the lockfile is committed ({commit}) and pushed to {place}\n"),
    };
    output.tell(&harmless(&told, LineFeeds::Keep));
}

fn failed(error: &RecordError) -> Failure {
    let code = if error.is_environment() { FailureCode::StoreFailed } else { FailureCode::Ledger };
    let mut failure = Failure::new(code, harmless(&error.to_string(), LineFeeds::Escape));
    if let Some(why) = error.why() {
        failure = failure.because(why);
    }
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn no_lockfile(context: &Context) -> Failure {
    let place = context.gateway.ledger.place();
    Failure::new(
        FailureCode::Usage,
        format!("`--commit` is for a lockfile that git keeps, and the ledger is in `{place}`"),
    )
    .hint("leave `--commit` out: there is nothing to commit")
}
