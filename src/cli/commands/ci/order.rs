//! What an apply in CI is for: the plan of a merged pull request, one that somebody named by its digest, or, where
//! nobody wants a review, what the files want.

use crate::campaign::{decode, read_project};
use crate::cli::args::CiApplyArgs;
use crate::cli::failure::Failure;
use crate::cli::home::PROJECT_FILE;
use crate::cli::output::Output;
use crate::forge::binding::{Arrival, Bound};
use crate::forge::event::ForgeEvent;
use crate::forge::{BindError, CommitId, ForgeError, NamedPlan, PlanName, Unbound};
use crate::plan::PlanDigest;
use crate::report::failure_code::FailureCode;
use crate::report::words::list;

use super::ground::Ground;

/// What there is to apply.
pub(super) enum ToApply {
    /// The plan of a pull request.
    Reviewed(Box<Bound>),
    /// Whatever has this digest, which somebody named.
    Named(PlanDigest),
    /// What the files want now.
    Unreviewed,
}

/// Why there is nothing to apply.
pub(super) enum Unordered {
    /// Nothing was reviewed, or not by enough people.
    Unbound(Unbound),
    /// Nobody can tell.
    Failed(Failure),
}

impl From<Unbound> for Unordered {
    fn from(unbound: Unbound) -> Self {
        Self::Unbound(unbound)
    }
}

impl From<Failure> for Unordered {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<ForgeError> for Unordered {
    fn from(error: ForgeError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<BindError> for Unordered {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Forge(error) => error.into(),
            BindError::Unbound(unbound) => unbound.into(),
        }
    }
}

/// Finds what an apply is for.
pub(super) struct ApplySearch<'a> {
    /// The run and its project.
    pub(super) ground: &'a Ground,
    /// What the command line says.
    pub(super) args: &'a CiApplyArgs,
    /// Where notes go.
    pub(super) output: &'a Output,
}

impl ApplySearch<'_> {
    /// Finds what is to be applied, and makes sure that enough people have approved it.
    ///
    /// # Errors
    /// If nothing was reviewed, or not by enough people.
    pub(super) async fn find(&self) -> Result<ToApply, Unordered> {
        let run = &self.ground.run;
        match &self.ground.event {
            ForgeEvent::Push(push) => {
                let (Some(after), Some(branch)) = (&push.after, &push.branch) else {
                    let failure = usage("nothing is applied for a tag, or for a branch that was deleted");
                    return Err(failure.hint("let the job run on `push` to the default branch").into());
                };
                if self.args.commit && self.ground.forge.touches_only(after, &self.ground.ledger_files()).await? {
                    // What was sent was committed: it goes on with what people have changed last.
                    return self.newest(branch).await;
                }
                self.bound(after, branch, push.before.as_ref()).await
            }
            ForgeEvent::Schedule { default_branch } => {
                let Some(branch) = default_branch.as_deref().or(run.branch.as_deref()) else {
                    return Err(usage("a schedule runs on a branch, and this run names none").into());
                };
                self.newest(branch).await
            }
            ForgeEvent::Dispatch { digest, branch, default_branch } => {
                let Some(branch) = branch.as_deref().or(run.branch.as_deref()) else {
                    return Err(usage("what is started by hand is applied on a branch, and this run is on none").into());
                };
                if let Some(default) = default_branch.as_deref()
                    && branch != default
                {
                    let message = format!("`{branch}` is not `{default}`: what is on it was not merged");
                    let hint = self.words(&format!("start the workflow on `{default}`"));
                    return Err(usage(&message).hint(hint).into());
                }
                self.named(digest.as_deref(), branch).await
            }
            ForgeEvent::PullRequest(_) | ForgeEvent::MergeGroup(_) => {
                let failure = usage("`sendform ci apply` is for after the merge, and this run is for before it");
                Err(failure.hint("let the job run on `push` to the default branch").into())
            }
        }
    }

    /// The plan of the newest change of the project on a branch.
    async fn newest(&self, branch: &str) -> Result<ToApply, Unordered> {
        let newest = self.newest_change(branch).await?;
        self.bound(newest.as_ref().unwrap_or(&self.ground.run.commit), branch, None).await
    }

    /// The newest commit that has changed the project: not one that only tells what was sent.
    async fn newest_change(&self, branch: &str) -> Result<Option<CommitId>, ForgeError> {
        let ground = self.ground;
        ground.forge.newest_change_of(branch, &ground.dir, &ground.ledger_files()).await
    }

    /// The plan of a commit that came to a branch.
    async fn bound(&self, commit: &CommitId, branch: &str, before: Option<&CommitId>) -> Result<ToApply, Unordered> {
        let (run, forge) = (&self.ground.run, &self.ground.forge);
        if run.attempt > 1 {
            self.is_newest(commit, branch).await?;
        }
        let arrival = Arrival { commit: commit.clone(), branch: branch.to_owned(), repository: run.repository };
        let bound = match forge.bind(&arrival, self.planner(), &self.ground.project.id).await {
            Err(BindError::Unbound(unbound)) if unbound.is_no_review() && !self.args.require_review => {
                let base = match before {
                    Some(before) => self.approvals_at(before).await?,
                    None => 0,
                };
                return Ok(self.unreviewed(&unbound, base)?);
            }
            bound => bound?,
        };
        if let Some(digest) =
            self.args.expect_digest.as_ref().filter(|digest| **digest != bound.name.digest.to_string())
        {
            let message = format!(
                "the plan of pull request {} has the digest `{}`, but `{digest}` was expected",
                bound.pull.number, bound.name.digest
            );
            return Err(Failure::new(FailureCode::Mismatch, self.words(&message))
                .hint("name the digest of the plan that was reviewed, or none: it is found without")
                .into());
        }
        self.approved(bound, before).await
    }

    /// The plan that somebody named by its digest.
    async fn named(&self, typed: Option<&str>, branch: &str) -> Result<ToApply, Unordered> {
        let Ground { run, dir, forge, .. } = self.ground;
        let own = &self.ground.ledger_files();
        let expected = self.args.expect_digest.as_deref();
        let digest = match (typed, expected) {
            (Some(typed), Some(expected)) if typed != expected => {
                let message = format!("the digests `{typed}` and `{expected}` are both asked for");
                return Err(usage(&message).into());
            }
            (Some(digest), _) | (None, Some(digest)) => PlanDigest::parse(digest),
            (None, None) => None,
        };
        let Some(digest) = digest else {
            let failure = usage("a run that is started by hand says which digest it is for");
            let hint = self.words("type a plan's whole digest, `plan/v1:…`, into the input `digest`");
            return Err(failure.hint(hint).into());
        };
        let name = PlanName { project: self.ground.project.id.clone(), digest: digest.clone() };
        let named = NamedPlan { name: &name, repository: run.repository, branch, dir, own };
        match forge.bind_digest(&named, self.planner()).await? {
            Some(bound) => self.approved(bound, None).await,
            None if self.wanted() > 0 => Err(Unbound::NoPlanOfDigest { digest: digest.to_string() }.into()),
            None => Ok(ToApply::Named(digest)),
        }
    }

    /// Makes sure that enough people have approved a plan: as many as the project wanted before the merge and wants
    /// now.
    async fn approved(&self, bound: Bound, before: Option<&CommitId>) -> Result<ToApply, Unordered> {
        let base = match before.or(bound.pull.base.as_ref()) {
            Some(before) => self.approvals_at(before).await?,
            None if self.args.approvals > 0 => 0,
            None => return Err(self.no_base(bound.pull.number).into()),
        };
        let who = self.ground.forge.approved(&bound.pull, self.wanted().max(base)).await?;
        let approved = if who.is_empty() {
            String::new()
        } else {
            let who: Vec<String> = who.iter().map(|who| format!("`{who}`")).collect();
            format!(", approved by {}", list(&who))
        };
        let (pull, name) = (bound.pull.number, &bound.name);
        self.output.note(&self.words(&format!("the plan of pull request {pull}{approved}: {name}\n")));
        Ok(ToApply::Reviewed(Box::new(bound)))
    }

    /// Goes on without a review, where nobody wants one.
    fn unreviewed(&self, unbound: &Unbound, base: u32) -> Result<ToApply, Failure> {
        if self.wanted().max(base) > 0 {
            let message = self.words(&format!("{unbound}, and the project wants approvals"));
            return Err(Failure::new(FailureCode::SafetyLimit, message)
                .hint("`approvals` in sendform.yaml is stronger than `--require-review false`"));
        }
        self.output.tell(&self.words(&format!("! {unbound}; it is applied without a review\n")));
        Ok(ToApply::Unreviewed)
    }

    /// A run that is started again is for a commit that may be old: what was changed since must not be sent as it was.
    async fn is_newest(&self, commit: &CommitId, branch: &str) -> Result<(), BindError> {
        let Some(newest) = self.newest_change(branch).await? else { return Ok(()) };
        if self.ground.forge.is_in(&newest, commit).await? {
            return Ok(());
        }
        let (branch, dir) = (branch.to_owned(), self.ground.dir.clone());
        let (newest, commit) = (newest.short().to_owned(), commit.short().to_owned());
        Err(Unbound::Moved { branch, newest, dir, commit }.into())
    }

    /// How many approvals are wanted here and now.
    fn wanted(&self) -> u32 {
        self.ground.project.approvals.max(self.args.approvals)
    }

    /// How many approvals the project wanted at a commit.
    ///
    /// # Errors
    /// If the forge does not show the project's file, or nobody can read it.
    async fn approvals_at(&self, commit: &CommitId) -> Result<u32, Failure> {
        let path = self.ground.path_of(PROJECT_FILE);
        let Some(text) = self.ground.forge.file_at(commit, &path).await? else { return Ok(0) };
        let project = decode(&path, text).ok().and_then(|source| read_project(&source).project);
        match project {
            Some(project) => Ok(project.approvals),
            None if self.args.approvals > 0 => Ok(0),
            None => {
                let message = format!(
                    "`{path}` at `{}`, before the merge, has errors: nobody knows how many approvals it wanted",
                    commit.short()
                );
                Err(Failure::new(FailureCode::SafetyLimit, message)
                    .hint("say how many there have to be: `--approvals 1`"))
            }
        }
    }

    /// Nobody knows what the branch was like before a pull request.
    fn no_base(&self, pull: u64) -> Failure {
        let message = format!(
            "the forge does not say which commit pull request {pull} was made for, so nobody knows how many approvals were wanted before it"
        );
        Failure::new(FailureCode::SafetyLimit, self.words(&message))
            .hint("say how many there have to be: `--approvals 1`")
    }

    /// What plans pull requests: a workflow's file, or a job.
    fn planner(&self) -> &str {
        self.args.plan_workflow.as_deref().unwrap_or(&self.ground.run.planner)
    }

    /// In the words of the forge.
    fn words(&self, text: &str) -> String {
        self.ground.forge.kind().words(text)
    }
}

fn usage(message: &str) -> Failure {
    Failure::new(FailureCode::Usage, message)
}
