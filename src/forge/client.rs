//! The way to the forge that a run is on, whichever it is: what a plan and an apply ask of it, and no more.

use std::io::Write;

use crate::identity::ProjectId;

use super::binding::{Arrival, Bound};
use super::commit_id::CommitId;
use super::error::{ForgeError, ForgeErrorKind, Permission};
use super::facts::{Artifact, ForgeComment, Pull};
use super::github::GitHub;
use super::gitlab::{GitLab, READ};
use super::kind::ForgeKind;
use super::plan_name::PlanName;
use super::unbound::Unbound;

/// Why there is no plan to go by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// The forge was asked, and did not answer as it should.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// There is none that was reviewed.
    #[error(transparent)]
    Unbound(#[from] Unbound),
}

/// A client of one repository on its forge.
#[derive(Debug)]
pub enum ForgeClient {
    /// On GitHub.
    GitHub(Box<GitHub>),
    /// On GitLab.
    GitLab(Box<GitLab>),
}

/// A plan that somebody named by its digest, and where it may have come to.
#[derive(Debug, Clone)]
pub struct NamedPlan<'a> {
    /// Its name.
    pub name: &'a PlanName,
    /// The repository.
    pub repository: u64,
    /// The branch that it was merged into.
    pub branch: &'a str,
    /// The project's folder, as in [`Marker::dir`](super::marker::Marker::dir).
    pub dir: &'a str,
    /// The files that runs commit themselves, as in [`ForgeClient::newest_change_of`].
    pub own: &'a [String],
}

/// How many of the newest commits are looked through.
pub(super) const COMMITS_READ: usize = 100;

impl ForgeClient {
    /// Which forge it is.
    #[must_use]
    pub const fn kind(&self) -> ForgeKind {
        match self {
            Self::GitHub(_) => ForgeKind::GitHub,
            Self::GitLab(_) => ForgeKind::GitLab,
        }
    }

    /// The name that comments of this token are written under.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn login(&self) -> Result<String, ForgeError> {
        match self {
            Self::GitHub(github) => github.login().await,
            Self::GitLab(gitlab) => gitlab.login().await,
        }
    }

    /// A pull request.
    ///
    /// # Errors
    /// If it is not given.
    pub async fn pull(&self, number: u64) -> Result<Pull, ForgeError> {
        match self {
            Self::GitHub(github) => github.pull(number).await,
            Self::GitLab(gitlab) => gitlab.pull(number).await,
        }
    }

    /// All open pull requests that go to a branch, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn open_pulls(&self, base_branch: &str) -> Result<Vec<Pull>, ForgeError> {
        match self {
            Self::GitHub(github) => github.open_pulls(base_branch).await,
            Self::GitLab(gitlab) => gitlab.open_pulls(base_branch).await,
        }
    }

    /// All comments that people and programs wrote on a pull request, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn comments(&self, pull: u64) -> Result<Vec<ForgeComment>, ForgeError> {
        match self {
            Self::GitHub(github) => github.comments(pull).await,
            Self::GitLab(gitlab) => gitlab.comments(pull).await,
        }
    }

    /// Writes a new comment, and gives it back.
    ///
    /// # Errors
    /// If it is not taken: it may have at most [`ForgeKind::comment_max`] characters.
    pub async fn add_comment(&self, pull: u64, body: &str) -> Result<ForgeComment, ForgeError> {
        match self {
            Self::GitHub(github) => github.add_comment(pull, body).await,
            Self::GitLab(gitlab) => gitlab.add_comment(pull, body).await,
        }
    }

    /// Writes a comment on a pull request anew. One that was deleted meanwhile is
    /// [`NotFound`](super::ForgeErrorKind::NotFound).
    ///
    /// # Errors
    /// As [`ForgeClient::add_comment`].
    pub async fn change_comment(&self, pull: u64, id: u64, body: &str) -> Result<ForgeComment, ForgeError> {
        match self {
            Self::GitHub(github) => github.change_comment(id, body).await,
            Self::GitLab(gitlab) => gitlab.change_comment(pull, id, body).await,
        }
    }

    /// Folds a comment away as outdated, on GitHub; GitLab has nothing of that kind, and nothing is done there.
    ///
    /// # Errors
    /// If the forge does not do it.
    pub async fn hide_comment(&self, id: u64) -> Result<(), ForgeError> {
        match self {
            Self::GitHub(github) => github.hide_comment(id).await,
            Self::GitLab(_) => Ok(()),
        }
    }

    /// The newest commit of a branch that touched something else in a folder than these files, which runs commit
    /// themselves: what people have changed last. `None` if there is none. `.` is everything.
    ///
    /// # Errors
    /// If the forge does not say so, or it is further back than 100 such commits.
    pub async fn newest_change_of(
        &self,
        branch: &str,
        path: &str,
        own: &[String],
    ) -> Result<Option<CommitId>, ForgeError> {
        let commits = match self {
            Self::GitHub(github) => github.newest_commits_of(branch, path).await?,
            Self::GitLab(gitlab) => gitlab.newest_commits_of(branch, path).await?,
        };
        for commit in &commits {
            if !self.touches_only(commit, own).await? {
                return Ok(Some(commit.clone()));
            }
        }
        if commits.len() < COMMITS_READ {
            return Ok(None);
        }
        let why = format!("the newest {COMMITS_READ} only tell what was sent");
        Err(ForgeError {
            wish: format!("say which commit changed `{path}` last"),
            permission: match self {
                Self::GitHub(_) => Permission::GitHub("contents: read"),
                Self::GitLab(_) => READ,
            },
            kind: ForgeErrorKind::Unreadable(why),
        })
    }

    /// Whether a commit wrote these files and touched nothing else.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn touches_only(&self, commit: &CommitId, own: &[String]) -> Result<bool, ForgeError> {
        match self {
            Self::GitHub(github) => github.touches_only(commit, own).await,
            Self::GitLab(gitlab) => gitlab.touches_only(commit, own).await,
        }
    }

    /// Whether a commit is another one, or comes before it.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn is_in(&self, older: &CommitId, newer: &CommitId) -> Result<bool, ForgeError> {
        match self {
            Self::GitHub(github) => github.is_in(older, newer).await,
            Self::GitLab(gitlab) => gitlab.is_in(older, newer).await,
        }
    }

    /// A file as it was at a commit; `None` if it was not there.
    ///
    /// # Errors
    /// If the forge does not give it.
    pub async fn file_at(&self, commit: &CommitId, path: &str) -> Result<Option<Vec<u8>>, ForgeError> {
        match self {
            Self::GitHub(github) => github.file_at(commit, path).await,
            Self::GitLab(gitlab) => gitlab.file_at(commit, path).await,
        }
    }

    /// Finds the plan of a project that was reviewed for a commit: its pull request, the run that planned the head, and
    /// the file that it left. The planner is the workflow's file on GitHub, the job's name on GitLab.
    ///
    /// # Errors
    /// If there is none, or the forge does not say so.
    pub async fn bind(&self, arrival: &Arrival, planner: &str, project: &ProjectId) -> Result<Bound, BindError> {
        match self {
            Self::GitHub(github) => Box::pin(github.bind(arrival, planner, project)).await,
            Self::GitLab(gitlab) => Box::pin(gitlab.bind(arrival, planner, project)).await,
        }
    }

    /// Finds the plan of a project for a pull request that is not merged yet: the same that [`ForgeClient::bind`] finds
    /// for its merge.
    ///
    /// # Errors
    /// As [`ForgeClient::bind`].
    pub async fn bind_open(
        &self,
        pull: u64,
        planner: &str,
        repository: u64,
        project: &ProjectId,
    ) -> Result<Bound, BindError> {
        match self {
            Self::GitHub(github) => Box::pin(github.bind_open(pull, planner, repository, project)).await,
            Self::GitLab(gitlab) => Box::pin(gitlab.bind_open(pull, planner, repository, project)).await,
        }
    }

    /// Finds the plan that somebody named by its digest, with the pull request that it is of. On GitLab only the plan
    /// of the newest change is found in this way.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn bind_digest(&self, named: &NamedPlan<'_>, planner: &str) -> Result<Option<Bound>, ForgeError> {
        match self {
            Self::GitHub(github) => github.bind_digest(named.name, planner, (named.repository, named.branch)).await,
            Self::GitLab(gitlab) => {
                let newest = self.newest_change_of(named.branch, named.dir, named.own).await?;
                let Some(commit) = newest else { return Ok(None) };
                Box::pin(gitlab.bind_named(named, commit, planner)).await
            }
        }
    }

    /// Makes sure that so many people have approved exactly the head of a pull request, and gives their names.
    ///
    /// # Errors
    /// If they are too few, or the forge does not say who they are and what they may do.
    pub async fn approved(&self, pull: &Pull, wanted: u32) -> Result<Vec<String>, BindError> {
        match self {
            Self::GitHub(github) => github.approved(pull, wanted).await,
            Self::GitLab(gitlab) => gitlab.approved(pull, wanted).await,
        }
    }

    /// Writes an artifact as the forge keeps it: the bare file, or a zip that holds it. Gives its size in bytes.
    ///
    /// # Errors
    /// If it is not given, is larger than allowed, or cannot be written.
    pub async fn download(
        &self,
        artifact: &Artifact,
        bytes_max: u64,
        file: &mut impl Write,
    ) -> Result<u64, ForgeError> {
        match self {
            Self::GitHub(github) => github.download(artifact, bytes_max, file).await,
            Self::GitLab(gitlab) => gitlab.download(artifact, bytes_max, file).await,
        }
    }
}
