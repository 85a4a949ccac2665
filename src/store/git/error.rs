//! What can go wrong with a ledger on a branch, in the words of git and in ours.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::ledger::Damage;
use crate::store::backend_error::BackendError;

/// How many lines of what git said are told.
const SAID_LINES_MAX: usize = 6;
/// How long one line of them is at most, in characters.
const SAID_LINE_MAX: usize = 200;

/// What git said about a failure: its last lines, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// Takes what a program wrote to its stderr.
    pub(super) fn of(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("hint:"));
        let lines: Vec<String> =
            lines.map(|line| without_credentials(line).chars().take(SAID_LINE_MAX).collect()).collect();
        let told = lines.get(lines.len().saturating_sub(SAID_LINES_MAX)..).unwrap_or_default();
        Self(if told.is_empty() { "nothing".to_owned() } else { told.join("; ") })
    }
}

impl fmt::Display for Said {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "git said: {}", self.0)
    }
}

impl std::error::Error for Said {}

/// The file of a lock of this clone that a command did not get.
pub(super) fn lock_in_the_way(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("Unable to create '")?;
    rest.split_once("': File exists").map(|(path, _)| path)
}

/// Leaves out what stands between `://` and `@` in an address.
fn without_credentials(line: &str) -> String {
    let mut parts = line.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str("://");
        let authority = part.find(|mark: char| mark == '/' || mark.is_whitespace()).unwrap_or(part.len());
        let start = part.get(..authority).and_then(|authority| authority.rfind('@')).map_or(0, |at| at + 1);
        clean.push_str(part.get(start..).unwrap_or_default());
    }
    clean
}

/// Why a ledger on a branch cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program is not there, or cannot be started.
    #[error("the program `git` cannot be run")]
    NoProgram(
        /// Why.
        #[source]
        io::Error,
    ),
    /// The project is not in a repository, or git does not trust that one.
    #[error("`{}` is in no git repository that can be used", .folder.display())]
    NoRepository {
        /// The project's folder.
        folder: PathBuf,
        /// What git said.
        #[source]
        said: Said,
    },
    /// The repository has no remote of this name.
    #[error("the git repository has no remote `{remote}`")]
    NoRemote {
        /// Its name.
        remote: String,
    },
    /// The remote cannot be reached, or does not let us in.
    #[error("the remote `{remote}` cannot be reached")]
    Unreachable {
        /// Its name.
        remote: String,
        /// What git said.
        #[source]
        said: Said,
    },
    /// A command took too long, and was ended.
    #[error("`git {command}` did not end within {} seconds", .time_max.as_secs())]
    TooSlow {
        /// The command.
        command: String,
        /// How long it may take.
        time_max: Duration,
    },
    /// A command was killed, and has said nothing that counts.
    #[error("`git {command}` was killed before its end")]
    Killed {
        /// The command.
        command: String,
    },
    /// A lock of this clone is held, or was left by a git that was killed.
    #[error("another git holds `{lock}`, or was killed and has left it")]
    Locked {
        /// The lock's file.
        lock: String,
    },
    /// The remote, or a hook on the way, does not take the branch.
    #[error("a push to `{place}` was refused")]
    Refused {
        /// The remote and the branch.
        place: String,
        /// What git said.
        #[source]
        said: Said,
    },
    /// There is no such branch, and this clone has never seen one.
    #[error("there is no ledger at `{place}`")]
    Missing {
        /// The remote and the branch.
        place: String,
    },
    /// The branch is gone, although this clone has seen it.
    #[error("the ledger's branch `{place}` is gone")]
    Gone {
        /// The remote and the branch.
        place: String,
        /// The private ref that still has it.
        seen: String,
        /// How to bring it back.
        restore: String,
    },
    /// The branch of stops is gone, although this clone has seen it.
    #[error("the branch of stops `{place}` is gone, and with it any stop that was not seen here")]
    StopsGone {
        /// The remote and the branch.
        place: String,
        /// The private ref that still has what was seen.
        seen: String,
        /// How to bring it back.
        restore: String,
    },
    /// The branch does not continue what this clone has seen.
    #[error("the ledger's branch `{place}` was rewound or replaced")]
    Rewound {
        /// The remote and the branch.
        place: String,
        /// The private ref that has what was seen.
        seen: String,
        /// How to bring it back.
        restore: String,
    },
    /// The branch holds something that sendform did not write.
    #[error("the branch `{place}` is no ledger as sendform writes it: {what}")]
    Foreign {
        /// The remote and the branch.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file of the branch is not as it was written.
    #[error("the ledger's file `{place}` is damaged")]
    Damage {
        /// The branch and the file.
        place: String,
        /// What is wrong with it.
        #[source]
        damage: Box<Damage>,
    },
    /// There is nothing here to look at without the network.
    #[error("the ledger's branch `{place}` was never fetched here")]
    NeverSeen {
        /// The remote and the branch.
        place: String,
    },
    /// Something else that git should have been able to do.
    #[error("git cannot {action}")]
    Failed {
        /// What was tried.
        action: &'static str,
        /// What git said.
        #[source]
        said: Said,
    },
    /// A temporary file cannot be used.
    #[error("a temporary file for `git` cannot be used")]
    Temporary(
        /// Why.
        #[source]
        io::Error,
    ),
}

impl GitError {
    /// A command that has failed, from what it wrote to its stderr.
    pub(super) fn failed(action: &'static str, text: &str) -> Self {
        let lock = lock_in_the_way(text).map(|lock| Self::Locked { lock: lock.to_owned() });
        lock.unwrap_or_else(|| Self::Failed { action, said: Said::of(text) })
    }
}

impl BackendError for GitError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoProgram(_) => "install git, or keep the ledger elsewhere: `state: { in: lockfile }`",
            Self::NoRepository { .. } => {
                "`state: { in: git }` needs a clone of the project's repository around its folder"
            }
            Self::NoRemote { .. } => {
                "`git remote -v` lists the remotes; name one in the project file: `state: { in: git, remote: … }`"
            }
            Self::Unreachable { .. } | Self::TooSlow { .. } => {
                "check the network and the remote's credentials: nothing is sent without the ledger"
            }
            Self::Locked { lock } => {
                return Some(format!(
                    "if no git runs in this clone, remove it and run the same command again: `rm {lock}`"
                ));
            }
            Self::Refused { said, .. } if said.0.contains("lock") => {
                "another push may be at work on the remote, or one that was killed has left its lock there; nothing \
                 is sent without the ledger"
            }
            Self::Refused { .. } => {
                "the ledger's branch must be open for plain pushes: no protection, no required reviews, and \
                 `permissions: contents: write` in GitHub Actions"
            }
            Self::Missing { .. } => {
                "if something was sent before, push the branch again from a clone that has it; else \
                 `sendform ledger init` makes it"
            }
            Self::Gone { seen, restore, .. } => {
                return Some(format!(
                    "without it everybody would look unsent. Bring it back, from the clone or runner that applied \
                     last: `{restore}`; from any other, what was sent since is sent again. If it is gone on \
                     purpose, forget it: `git update-ref -d {seen}`"
                ));
            }
            Self::StopsGone { seen, restore, .. } => {
                return Some(format!(
                    "nothing is sent before it is back: `{restore}` brings back what was seen here. If it is gone on \
                     purpose, forget it: `git update-ref -d {seen}`"
                ));
            }
            Self::Rewound { seen, restore, .. } => {
                return Some(format!(
                    "claims may be missing from it, and their people would be sent to again. Bring it back, from \
                     the clone or runner that applied last: `{restore}`, which throws away what is there now; from \
                     any other, what was sent since is sent again. If it was replaced on purpose, forget what was \
                     seen: `git update-ref -d {seen}`"
                ));
            }
            Self::Foreign { .. } => {
                "the branch is for the ledger alone: undo what others committed to it, or name another branch \
                 in the project file"
            }
            Self::Damage { .. } => {
                "look at the branch's history for who changed the file; nothing is guessed, nothing is sent"
            }
            Self::NeverSeen { .. } => "look at it once without `--offline`",
            Self::Killed { .. } => "run the same command again; if it is killed again, is there memory enough?",
            Self::Failed { .. } | Self::Temporary(_) => return None,
        };
        Some(hint.to_owned())
    }

    fn is_environment(&self) -> bool {
        match self {
            Self::NoProgram(_)
            | Self::NoRepository { .. }
            | Self::NoRemote { .. }
            | Self::Unreachable { .. }
            | Self::TooSlow { .. }
            | Self::Killed { .. }
            | Self::Locked { .. }
            | Self::Refused { .. }
            | Self::NeverSeen { .. }
            | Self::Failed { .. }
            | Self::Temporary(_) => true,
            Self::Missing { .. }
            | Self::Gone { .. }
            | Self::StopsGone { .. }
            | Self::Rewound { .. }
            | Self::Foreign { .. }
            | Self::Damage { .. } => false,
        }
    }

    fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    fn is_taken_back(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::StopsGone { .. } | Self::Rewound { .. })
    }

    fn is_damage(&self) -> bool {
        matches!(self, Self::Damage { .. } | Self::Foreign { .. })
    }

    fn is_surely_not_written(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NoProgram(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_said_has_no_credentials_and_is_short() {
        let text = "remote: a\n\nhint: b\nfatal: unable to access 'https://u:secret@host:8/x@y.git/': no\n";
        assert_eq!(
            Said::of(text).to_string(),
            "git said: remote: a; fatal: unable to access 'https://host:8/x@y.git/': no"
        );
        assert_eq!(Said::of("see ssh://git@host").to_string(), "git said: see ssh://host");
        assert_eq!(Said::of("x\n".repeat(50).as_str()).to_string(), "git said: x; x; x; x; x; x");
        assert_eq!(Said::of(" \n").to_string(), "git said: nothing");
    }

    #[test]
    fn a_lock_is_named() {
        let text = "fatal: update_ref failed for ref 'r': cannot lock ref 'r': Unable to create \
                    '/x/.git/r.lock': File exists.\n\nAnother git process seems to be running\n";
        let error = GitError::failed("write a ref", text);
        assert_eq!(error.to_string(), "another git holds `/x/.git/r.lock`, or was killed and has left it");
        assert!(matches!(GitError::failed("write a ref", "fatal: no"), GitError::Failed { .. }));
    }
}
