//! What a forge says of pull requests, runs, artifacts, reviews and comments: plain data, the same for every forge.

use jiff::Timestamp;

use super::commit_id::CommitId;

/// Who nobody is any more: GitHub's name for accounts that were deleted.
pub(super) const GHOST: &str = "ghost";

/// A pull request; on GitLab a merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// The newest commit of its branch.
    pub head: CommitId,
    /// The repository that its branch is in; `None` if that was deleted.
    pub head_repository: Option<u64>,
    /// The branch that it goes to.
    pub base_branch: String,
    /// That branch's commit, as far as the pull request knows it; GitLab leaves it out in lists.
    pub base: Option<CommitId>,
    /// Whose it is.
    pub author: String,
    /// When it was merged, if it was.
    pub merged_at: Option<Timestamp>,
    /// The commit by which it came to its branch, if it was merged.
    pub merge_commit: Option<CommitId>,
    /// Whether it still may be merged.
    pub is_open: bool,
}

/// A run of a workflow; on GitLab a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRun {
    /// Its number.
    pub id: u64,
    /// The workflow's file in the repository.
    pub path: String,
    /// The event that it ran for.
    pub event: String,
    /// The commit that it ran for: of a pull request its head.
    pub head: CommitId,
    /// The repository that this commit is in; `None` if that was deleted.
    pub head_repository: Option<u64>,
    /// `completed`, once it is over.
    pub status: String,
    /// `success`, if it is over and all went well.
    pub conclusion: Option<String>,
    /// When it was started first.
    pub created_at: Timestamp,
    /// When it was started last.
    pub started_at: Timestamp,
    /// How often it was started, from 1.
    pub attempt: u64,
    /// Its page, for people.
    pub page: String,
}

/// A file that a run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether only its name is left.
    pub is_expired: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The run that left it, where the forge says so.
    pub run: Option<u64>,
}

/// What a review said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewState {
    /// It may be merged.
    Approved,
    /// It may not.
    ChangesRequested,
    /// It does not count any more.
    Dismissed,
    /// Nothing of that: a remark, or one that was not sent yet.
    Remark,
}

/// A review of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullReview {
    /// Whose it is.
    pub author: String,
    /// Whether that is a program.
    pub is_bot: bool,
    /// What it said.
    pub state: ReviewState,
    /// The commit that was the head then; `None` if nobody knows.
    pub commit: Option<CommitId>,
}

/// A comment on a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeComment {
    /// Its number.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// What it says, in Markdown.
    pub body: String,
}
