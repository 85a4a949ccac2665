//! A clone, and what is asked of it about one branch: what is there, what was seen, what is new.

use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::branch::Branch;
use super::error::{GitError, Said, lock_in_the_way};
use super::program::{Git, GitOutput};
use crate::ledger::Seals;

/// How often a command is tried that another command of this clone stands in the way of.
const TRIES_MAX: u32 = 5;
/// How long to wait before the second try.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// An object's name in git.
pub(super) type Oid = String;

/// What becomes of the user's own note of where a branch stood when it was fetched last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracking {
    /// It stays as it is.
    Left,
    /// It is kept up to date, as by a fetch of theirs.
    Updated,
}

/// A clone, and one branch of one of its remotes.
#[derive(Debug, Clone)]
pub(super) struct Repository {
    pub(super) git: Git,
    pub(super) branch: Branch,
    /// The keys that the ledger's lines, and its table of contents, are signed with.
    pub(super) seals: Seals,
}

impl Repository {
    /// Finds the clone around a project's folder.
    ///
    /// # Errors
    /// If there is none, or it has no such remote.
    pub(super) fn open(branch: &Branch, seals: &Seals) -> Result<Self, GitError> {
        Self::open_in(Git::new(&branch.folder, branch.network_time_max), branch, seals)
    }

    /// The same, of the repository that a program works in.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub(super) fn open_in(mut git: Git, branch: &Branch, seals: &Seals) -> Result<Self, GitError> {
        let found = git.ask(&["rev-parse", "--git-dir"])?;
        if !found.is_ok() {
            return Err(GitError::NoRepository { folder: git.folder().to_owned(), said: Said::of(&found.err) });
        }
        // Only a remote by its name: an address in a file that a pull request may change could lead
        // anywhere.
        let plain = |name: &str| !name.is_empty() && !name.starts_with('-');
        let remote = &branch.remote;
        if !plain(remote) || !git.ask(&["remote", "get-url", "--", remote])?.is_ok() {
            return Err(GitError::NoRemote { remote: remote.clone() });
        }
        if !plain(&branch.branch) || !git.ask(&["check-ref-format", &branch.on_remote()])?.is_ok() {
            let what = "its name is none of a branch".to_owned();
            return Err(GitError::Foreign { place: branch.place(), what });
        }
        if let Some(token) = &branch.token {
            token.lend(&mut git, remote)?;
        }
        Ok(Self { git, branch: branch.clone(), seals: seals.clone() })
    }

    /// The remote and the branch, for people.
    pub(super) fn place(&self) -> String {
        self.branch.place()
    }

    /// The last tip that was seen and could be trusted.
    pub(super) fn seen(&self) -> Result<Option<Oid>, GitError> {
        self.resolve(&self.branch.seen())
    }

    /// Remembers a tip as the last one seen.
    pub(super) fn see(&self, tip: &str) -> Result<(), GitError> {
        let seen = self.branch.seen();
        let answer = patiently(|| self.git.ask(&["update-ref", &seen, tip]))?;
        if answer.is_ok() { Ok(()) } else { Err(GitError::failed("write a ref", &answer.err)) }
    }

    /// Fetches the branch, and makes sure that its tip goes on from the last one seen; `None` if
    /// the remote has no such branch, and nobody here has ever seen one.
    ///
    /// # Errors
    /// If the remote cannot be reached; if the branch is gone, rewound or replaced.
    pub(super) fn fetch(&self) -> Result<Option<Oid>, GitError> {
        let seen = self.seen()?;
        let tip = self.fetch_tip(Tracking::Left)?;
        let (place, branch) = (self.place(), &self.branch);
        match (&seen, &tip) {
            (Some(_), None) => Err(GitError::Gone { place, seen: branch.seen(), restore: branch.bring_back() }),
            (Some(seen), Some(tip)) if !self.is_ancestor(seen, tip)? => {
                Err(GitError::Rewound { place, seen: branch.seen(), restore: branch.restore() })
            }
            _ => Ok(tip),
        }
    }

    /// Fetches the branch, whatever it is; `None` if the remote has no such branch.
    ///
    /// # Errors
    /// If the remote cannot be reached.
    pub(super) fn fetch_tip(&self, tracking: Tracking) -> Result<Option<Oid>, GitError> {
        let target = self.branch.fetched();
        let refspec = format!("+{}:{target}", self.branch.on_remote());
        let quiet = ["--quiet", "--no-tags", "--no-prune", "--no-filter", "--no-recurse-submodules"];
        let refmap: &[&str] = match tracking {
            Tracking::Left => &["--refmap="],
            Tracking::Updated => &[],
        };
        let own = ["--no-write-fetch-head", "--", &self.branch.remote, &refspec];
        let arguments = [["fetch"].as_slice(), &quiet, refmap, &own].concat();
        let answer = patiently(|| self.git.ask_far(&arguments))?;
        if answer.is_ok() {
            return self.resolve(&target);
        }
        if answer.err.contains("couldn't find remote ref") && self.is_missing()? {
            return Ok(None);
        }
        Err(match lock_in_the_way(&answer.err) {
            Some(lock) => GitError::Locked { lock: lock.to_owned() },
            None => self.unreachable(&answer),
        })
    }

    /// Asks the remote whether it has no such branch.
    fn is_missing(&self) -> Result<bool, GitError> {
        self.tip_on_remote().map(|tip| tip.is_none())
    }

    /// Asks the remote where the branch stands, without fetching it; `None` if it has no such branch.
    ///
    /// # Errors
    /// If the remote cannot be reached.
    pub(super) fn tip_on_remote(&self) -> Result<Option<Oid>, GitError> {
        let arguments = ["ls-remote", "--exit-code", "--", &self.branch.remote, &self.branch.on_remote()];
        let answer = self.git.ask_far(&arguments)?;
        match answer.code {
            0 => Ok(answer.word().split_ascii_whitespace().next().map(str::to_owned)),
            2 => Ok(None),
            _ => Err(self.unreachable(&answer)),
        }
    }

    pub(super) fn unreachable(&self, answer: &GitOutput) -> GitError {
        GitError::Unreachable { remote: self.branch.remote.clone(), said: Said::of(&answer.err) }
    }

    /// Whether a commit is another, or one that came before it.
    pub(super) fn is_ancestor(&self, commit: &str, of: &str) -> Result<bool, GitError> {
        let answer = self.git.ask(&["merge-base", "--is-ancestor", commit, of])?;
        match answer.code {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(GitError::Failed { action: "compare two commits", said: Said::of(&answer.err) }),
        }
    }

    /// When a commit was made, by its maker's clock.
    pub(super) fn time(&self, commit: &str) -> Result<Timestamp, GitError> {
        let format = ["log", "--no-show-signature", "-1", "--format=%ct", commit, "--"];
        let word = self.git.word("read a commit", &format, b"")?;
        let seconds = word.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        seconds.ok_or_else(|| GitError::Failed { action: "tell when a commit was made", said: Said::of(&word) })
    }

    pub(super) fn resolve(&self, name: &str) -> Result<Option<Oid>, GitError> {
        let commit = format!("{name}^{{commit}}");
        let answer = self.git.ask(&["rev-parse", "--verify", "--quiet", &commit])?;
        match answer.code {
            0 => Ok(Some(answer.word())),
            1 => Ok(None),
            _ => Err(GitError::Failed { action: "read a ref", said: Said::of(&answer.err) }),
        }
    }
}

/// Runs a command again as long as another of this clone has a lock that it needs.
pub(super) fn patiently(command: impl Fn() -> Result<GitOutput, GitError>) -> Result<GitOutput, GitError> {
    let mut tries = 1;
    loop {
        let answer = command()?;
        let in_the_way = answer.err.contains("cannot lock ref") || answer.err.contains(".lock'");
        if answer.is_ok() || !in_the_way || tries >= TRIES_MAX {
            return Ok(answer);
        }
        thread::sleep(TRY_AGAIN.saturating_mul(tries));
        tries += 1;
    }
}
