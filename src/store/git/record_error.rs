//! Why a lockfile cannot be committed and pushed, and what to type about it.

use crate::diagnostic::shell_word;
use crate::store::backend_error::BackendError;
use crate::store::typed_git::TypedGit;

use super::error::GitError;
use super::silence::GitSilence;

/// Why a lockfile cannot be committed and pushed.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct RecordError {
    /// How git is typed about the lockfile.
    pub(super) typed: Box<TypedGit>,
    /// What is in the way.
    pub(super) what: Obstacle,
}

impl RecordError {
    /// Why that is in the way, if there is more to say than what it is.
    #[must_use]
    pub fn why(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.what)
    }
}

/// What is in the way of a commit, or of its push.
#[derive(Debug, thiserror::Error)]
pub(super) enum Obstacle {
    /// It is in no work tree of git.
    #[error("the lockfile is in no work tree of git, so there is nothing to commit it to")]
    NoWorkTree,
    /// git does not answer there.
    #[error("{0}")]
    Silent(GitSilence),
    /// git ignores it.
    #[error("git ignores the lockfile, so it cannot be committed")]
    Ignored,
    /// No branch is checked out.
    #[error("no branch is checked out (HEAD is detached), so a commit would be on none")]
    Detached,
    /// The branch has no commit yet.
    #[error("`{branch}` has no commit yet")]
    Unborn {
        /// The branch.
        branch: String,
    },
    /// Something is half done in the work tree.
    #[error("a {what} is under way in this work tree")]
    Underway {
        /// A merge, a cherry-pick or a revert.
        what: &'static str,
    },
    /// Nothing says which remote is meant.
    #[error("`{branch}` follows no branch of a remote, and there are several remotes")]
    NoRemote {
        /// The branch.
        branch: String,
    },
    /// The remote has no such branch.
    #[error("`{place}` is not there: this branch was never pushed")]
    NeverPushed {
        /// The remote and the branch.
        place: String,
        /// The remote and the branch, as they are typed.
        typed: String,
    },
    /// The remote's branch has commits that this one lacks.
    #[error("`{place}` has commits that this branch lacks")]
    Behind {
        /// The remote and the branch.
        place: String,
    },
    /// This branch has commits of somebody that the remote's lacks, and that are theirs to push.
    #[error("this branch has commits that `{place}` lacks, and not only of the lockfile")]
    Ahead {
        /// The remote and the branch.
        place: String,
    },
    /// A commit cannot be made.
    #[error("the lockfile cannot be committed")]
    Uncommittable {
        /// Why.
        #[source]
        error: GitError,
    },
    /// A push is not taken, or would not be.
    #[error("the lockfile cannot be pushed to `{place}`")]
    Unpushable {
        /// The remote and the branch.
        place: String,
        /// Why.
        #[source]
        error: GitError,
    },
    /// Others were faster, again and again.
    #[error("`{place}` has moved on at each of {tries} tries to push the lockfile")]
    Moved {
        /// The remote and the branch.
        place: String,
        /// How often it was tried.
        tries: u32,
    },
    /// The two versions do not go together.
    #[error("the lockfile of `{place}` does not go with this one: {why}")]
    Unmergeable {
        /// The remote and the branch.
        place: String,
        /// Why.
        why: String,
    },
    /// The lockfile cannot be read.
    #[error("`{path}` cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        why: std::io::Error,
    },
    /// Something else that git should have been able to do.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl BackendError for RecordError {
    fn hint(&self) -> Option<String> {
        let TypedGit { git, path, .. } = &*self.typed;
        Some(match &self.what {
            Obstacle::NoWorkTree => "leave out `--commit`, and keep the lockfile as you keep the files".to_owned(),
            Obstacle::Silent(silence) => return silence.hint(),
            Obstacle::Ignored => format!("which rule does that: `{git} check-ignore -v {path}`"),
            Obstacle::Detached => {
                format!(
                    "check the branch out: `{git} switch main`; in GitHub's checkout `ref: main` names it, and on GitLab \
                     `{git} switch -C main --track origin/main` comes before"
                )
            }
            Obstacle::Unborn { .. } => format!("commit the project first: `{git} add .`, `{git} commit`"),
            Obstacle::Underway { .. } => format!("finish it, or take it back: `{git} status` says how"),
            Obstacle::NoRemote { .. } => format!("name the branch to push to: `{git} branch --set-upstream-to=…`"),
            Obstacle::NeverPushed { typed, .. } => format!("push it first: `{git} push -u {typed}`"),
            Obstacle::Behind { .. } | Obstacle::Moved { .. } => {
                format!("take them in, and push: `{git} pull --no-rebase`, `{git} push`")
            }
            Obstacle::Ahead { .. } => format!("look at them, and push them yourself: `{git} push`"),
            Obstacle::Uncommittable { error } => error.hint().unwrap_or_else(|| {
                format!("`{git} commit` has to work here: its identity, and its signature if it has one")
            }),
            Obstacle::Unpushable { error, .. } if !matches!(error, GitError::Refused { .. }) => return error.hint(),
            Obstacle::Unpushable { .. } => format!(
                "the branch must take plain pushes from whoever applies: no protection that asks for a pull request, \
                 and `permissions: contents: write` in GitHub Actions; `{git} push` says more"
            ),
            Obstacle::Unmergeable { place, .. } => {
                format!("look at it before anything else is sent: `{git} log -p {} -- {path}`", shell_word(place))
            }
            Obstacle::Unreadable { .. } => return None,
            Obstacle::Git(error) => return error.hint(),
        })
    }

    fn is_environment(&self) -> bool {
        !matches!(self.what, Obstacle::Unmergeable { .. })
    }
}
