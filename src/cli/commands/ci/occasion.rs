//! Why a run of CI plans, and where it is heard.

use crate::cli::failure::Failure;
use crate::cli::settings::runner;
use crate::forge::CommitId;
use crate::forge::event::{EVENT_BYTES_MAX, ForgeEvent};
use crate::forge::runner::{GitHubRunner, GitLabRunner, Runner};
use crate::report::failure_code::FailureCode;
use crate::store::regular::{self, Links};

/// A run that plans.
pub(super) enum Occasion {
    /// On GitHub.
    GitHub(Box<GitHubRunner>, PlanAsked),
    /// On GitLab.
    GitLab(Box<GitLabRunner>),
}

/// What a run on GitHub plans.
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
        let runner = match runner()? {
            Runner::GitHub(runner) => runner,
            Runner::GitLab(runner) => return Ok(Self::GitLab(runner)),
        };
        let file = regular::read(&runner.event_file, Links::Followed, EVENT_BYTES_MAX).map_err(|error| {
            let message = format!("the event file `{}` cannot be read", runner.event_file.display());
            Failure::new(FailureCode::Environment, message).at(&runner.event_file).because(&error)
        })?;
        let event = ForgeEvent::read(&runner.event_name, &file)?;
        let asked = match event {
            ForgeEvent::PullRequest(pull) => {
                PlanAsked::Pull { number: pull.number, is_from_fork: pull.is_from_fork(), head: pull.head }
            }
            ForgeEvent::MergeGroup(group) => PlanAsked::Group { pull: group.pull_number() },
            ForgeEvent::Push(_) | ForgeEvent::Schedule { .. } | ForgeEvent::Dispatch { .. } => PlanAsked::Branch,
        };
        Ok(Self::GitHub(runner, asked))
    }

    /// Whether it plans what a stranger has written, without any secret.
    pub(super) fn is_from_fork(&self) -> bool {
        match self {
            Self::GitHub(_, PlanAsked::Pull { is_from_fork, .. }) => *is_from_fork,
            Self::GitHub(_, PlanAsked::Group { .. } | PlanAsked::Branch) => false,
            Self::GitLab(runner) => {
                runner.merge_request.as_ref().is_some_and(|request| request.source_project != runner.project_id)
            }
        }
    }
}
