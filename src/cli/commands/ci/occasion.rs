//! Why a run of CI plans, and where it is heard.

use crate::cli::failure::Failure;
use crate::cli::settings::runner;
use crate::forge::event::ForgeEvent;
use crate::forge::runner::Runner;
use crate::forge::{CommitId, GitLabRunner, PlannedCommit};

use super::ground::event_of;
use super::said::{OF_A_FORK, OF_A_FORK_ON_GITLAB, OF_A_MERGED_RESULT};

/// A run that plans.
pub(super) struct Occasion {
    /// What the environment says of it.
    pub(super) runner: Runner,
    /// What it plans.
    pub(super) asked: PlanAsked,
}

/// What a run plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlanAsked {
    /// The head of a pull request.
    Pull {
        /// Its number.
        number: u64,
        /// The newest commit of its branch.
        head: CommitId,
        /// Whether its branch is in another repository.
        is_from_fork: bool,
    },
    /// What a merge queue would merge.
    Group {
        /// The pull request that is the last of the group, if the group's name tells.
        pull: Option<u64>,
    },
    /// A branch as it is.
    Branch,
}

impl Occasion {
    /// Finds it in the environment.
    ///
    /// # Errors
    /// If this is no run of CI, or none that a plan is for: one that gives secrets to a stranger's branch is refused.
    pub(super) fn find() -> Result<Self, Failure> {
        let runner = runner()?;
        let asked = match &runner {
            Runner::GitLab(runner) => of_gitlab(runner),
            Runner::GitHub(runner) => match event_of(runner)? {
                ForgeEvent::PullRequest(pull) => {
                    PlanAsked::Pull { number: pull.number, is_from_fork: pull.is_from_fork(), head: pull.head }
                }
                ForgeEvent::MergeGroup(group) => PlanAsked::Group { pull: group.pull_number() },
                ForgeEvent::Push(_) | ForgeEvent::Schedule { .. } | ForgeEvent::Dispatch { .. } => PlanAsked::Branch,
            },
        };
        Ok(Self { runner, asked })
    }

    /// Whether it plans what a stranger has written, without any secret.
    pub(super) const fn is_from_fork(&self) -> bool {
        matches!(self.asked, PlanAsked::Pull { is_from_fork: true, .. })
    }

    /// What is said before the plan, wherever it is shown.
    pub(super) fn own_words(&self) -> Option<&'static str> {
        match &self.runner {
            Runner::GitHub(_) => self.is_from_fork().then_some(OF_A_FORK),
            Runner::GitLab(_) if self.is_from_fork() => Some(OF_A_FORK_ON_GITLAB),
            Runner::GitLab(runner) => {
                let request = runner.merge_request.as_ref()?;
                (request.planned == PlannedCommit::MergedResult).then_some(OF_A_MERGED_RESULT)
            }
        }
    }

    /// Says what is planned, where that is not the head that people review.
    pub(super) fn told(&self) -> Option<String> {
        let Runner::GitLab(runner) = &self.runner else { return None };
        let request = runner.merge_request.as_ref().filter(|_| !self.is_from_fork())?;
        let (commit, head, branch) = (runner.commit.short(), request.head.short(), &request.base_branch);
        match request.planned {
            PlannedCommit::Head => None,
            PlannedCommit::MergedResult => {
                Some(format!("planned is `{commit}`: what `{branch}` would be with the head `{head}` merged into it\n"))
            }
            PlannedCommit::Train => Some(format!(
                "planned is `{commit}`: what `{branch}` would be once this merge train has merged the head `{head}`\n"
            )),
        }
    }
}

fn of_gitlab(runner: &GitLabRunner) -> PlanAsked {
    let Some(request) = &runner.merge_request else { return PlanAsked::Branch };
    let (number, is_from_fork) = (request.number, runner.is_from_fork());
    match request.planned {
        // A train runs in this project, with its secrets; what a stranger has written has none of them there either.
        PlannedCommit::Train if !is_from_fork => PlanAsked::Group { pull: Some(number) },
        PlannedCommit::Train | PlannedCommit::Head | PlannedCommit::MergedResult => {
            PlanAsked::Pull { number, head: request.head.clone(), is_from_fork }
        }
    }
}
