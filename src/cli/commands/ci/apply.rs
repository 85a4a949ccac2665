//! `ci apply`: from the commit that was merged to the plan that was reviewed, and then as `apply FILE`.

use std::path::PathBuf;

use crate::cli::args::{ApplyArgs, CiApplyArgs, Global, Scope};
use crate::cli::commands::apply;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::forge::binding::Bound;
use crate::forge::marker::{CommentKind, Marker};
use crate::forge::{CommitId, ForgeKind, Unbound};
use crate::plan::PlanDigest;

use super::failure::refusal;
use super::ground::Ground;
use super::order::{ApplySearch, ToApply, Unordered};
use super::outcome::{self, PullNews, Transcript};
use super::reviewed_file::ReviewedFile;
use super::{section, stale};

/// Runs the command.
///
/// # Errors
/// If there is no plan that was reviewed, or nothing can be sent.
pub(super) async fn run(
    global: &Global,
    args: &CiApplyArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let ground = Box::pin(Ground::find(global, settings, output)).await?;
    let job = ApplyJob { ground: &ground, args, output };
    let order = match (ApplySearch { ground: &ground, args, output }).find().await {
        Ok(order) => order,
        Err(Unordered::Failed(failure)) => return Err(failure),
        Err(Unordered::Unbound(unbound)) => {
            let pull = unbound.pull();
            let failure = refusal(&unbound, ground.forge.kind());
            job.tell_refusal(pull, &failure).await;
            return Err(failure);
        }
    };
    let expected = match order {
        ToApply::Reviewed(bound) => return job.apply(global, settings, &bound).await,
        ToApply::Named(digest) => Some(digest.to_string()),
        ToApply::Unreviewed => args.expect_digest.clone(),
    };
    let apply_args = job.apply_args(None, expected);
    Box::pin(apply::run(global, &apply_args, settings, output)).await
}

/// An apply in a run of CI.
struct ApplyJob<'a> {
    ground: &'a Ground,
    args: &'a CiApplyArgs,
    output: &'a Output,
}

impl ApplyJob<'_> {
    fn apply_args(&self, plan: Option<PathBuf>, expect_digest: Option<String>) -> ApplyArgs {
        let Self { args, .. } = self;
        let scope = Scope { only: Vec::new(), accept: args.accept.clone(), retry_rejected: Vec::new(), all: false };
        ApplyArgs {
            plan,
            scope,
            auto_approve: true,
            expect_digest,
            events: args.events.clone(),
            parallel: args.parallel,
            commit: args.commit,
        }
    }

    /// Applies a plan that was reviewed, and tells its pull request what became of it, and others that theirs is
    /// stale.
    async fn apply(&self, global: &Global, settings: &Settings, bound: &Bound) -> Result<Exit, Failure> {
        let Self { ground, args, output } = self;
        let plan = ReviewedFile::fetch(&ground.forge, &ground.home, bound).await?;
        let apply_args = self.apply_args(Some(plan.path.clone()), Some(bound.name.digest.to_string()));
        let heard = Transcript::new()?;
        let ended = Box::pin(apply::run(global, &apply_args, settings, &heard.of(output))).await;
        let ended = ended.map_err(|failure| with_ways_on(failure, ground.forge.kind()));
        let exit = ended.as_ref().map_or_else(|failure| failure.exit, |exit| *exit);
        let marker = self.marker(&bound.pull.head, Some(&bound.name.digest));
        let is_news = heard.is_of_sending() || exit != Exit::Done;
        let outcome = self.outcome((bound.pull.number, marker), exit, &heard.whole(&ended), is_news);
        outcome::tell(ground, &outcome, args.comment, output).await;
        if heard.is_of_sending() {
            stale::tell(ground, &bound.pull, args.comment, output).await;
        }
        ended
    }

    /// Tells a pull request why nothing of it was applied.
    async fn tell_refusal(&self, pull: Option<u64>, failure: &Failure) {
        let Self { ground, args, output } = self;
        let Some(pull) = pull else { return };
        let ended = Err(Failure { hints: failure.hints.clone(), ..Failure::new(failure.code, &failure.message) });
        let Ok(heard) = Transcript::new() else { return };
        let marker = self.marker(&ground.run.commit, None);
        let outcome = self.outcome((pull, marker), failure.exit, &heard.whole(&ended), true);
        outcome::tell(ground, &outcome, args.comment, output).await;
    }

    fn outcome(&self, (pull, marker): (u64, Marker), exit: Exit, said: &str, is_news: bool) -> PullNews {
        let run = &self.ground.run;
        PullNews { pull, marker, text: section::outcome(exit, &run.page, run.attempt, said), is_news }
    }

    fn marker(&self, head: &CommitId, digest: Option<&PlanDigest>) -> Marker {
        Marker {
            kind: CommentKind::Applied,
            project: self.ground.project.id.clone(),
            dir: self.ground.dir.clone(),
            head: head.clone(),
            digest: digest.cloned(),
            people: 0,
        }
    }
}

/// What was reviewed is not what would be sent now: in CI there are two ways on.
fn with_ways_on(failure: Failure, forge: ForgeKind) -> Failure {
    if failure.exit != Exit::Mismatch {
        return failure;
    }
    Unbound::WAYS_ON.into_iter().map(|way| forge.words(way)).fold(failure, Failure::hint)
}
