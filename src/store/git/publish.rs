//! From what a run wants written to a tip of the remote that has it: push, and if somebody was
//! faster join what they did and push again.

use std::thread;
use std::time::Duration;

use crate::store::error::StoreError;

use super::commit::{self, Addition};
use super::error::GitError;
use super::push::{self, Pushed};
use super::repository::{Oid, Repository};
use super::tip::Tip;

/// How often others may be faster, one push after the other.
const BEHIND_MAX: u32 = 20;
/// How often the remote may say that its branch is in use or another, one push after the other, although
/// nobody has pushed.
const STUCK_MAX: u32 = 5;
/// How often a push may end without an answer.
const LOST_MAX: u32 = 3;
/// How often the remote is asked what it has after such a push.
const LOOKS_MAX: u32 = 4;
/// About how long to wait before the second try; doubled each time.
const AGAIN_FIRST: Duration = Duration::from_millis(100);
/// About the longest wait that doubling leads to.
const AGAIN_MAX: Duration = Duration::from_secs(3);

/// What is to be written, as it looks from any tip.
pub(super) trait Changes {
    /// What is to be added to a tip; `None` if there is nothing (any more).
    fn addition(&mut self, tip: &Tip) -> Option<Addition>;

    /// Learns what others have written between two tips.
    fn learn(&mut self, repository: &Repository, since: &Tip, tip: &Tip) -> Result<(), StoreError>;

    /// Takes out what does not go with what was learned.
    fn give_way(&mut self);
}

/// Changes that were not published.
#[derive(Debug)]
pub(super) struct Unpublished {
    /// Why.
    pub(super) cause: StoreError,
    /// Whether the remote may have taken them all the same.
    pub(super) may_be_there: bool,
}

impl From<StoreError> for Unpublished {
    /// Wraps a failure before anything was pushed.
    fn from(cause: StoreError) -> Self {
        Self { cause, may_be_there: false }
    }
}

/// What the remote has after pushes that it did not confirm.
enum RemoteState {
    /// What it had before.
    Same,
    /// A tip with one of the commits in it: the answer was lost, but not the push.
    Ours(Oid),
    /// A tip of others. None of the commits goes on from it, so none of them can come any more.
    Others(Oid),
}

/// The way to the remote.
#[derive(Debug)]
pub(super) struct Publisher {
    repository: Repository,
    tip: Tip,
    /// The number of this run, and of its last commit: names for segments that nobody else makes.
    run: u64,
    number: u32,
    /// Whether the clone could not remember the tip, although the remote has it.
    is_unseen: bool,
}

impl Publisher {
    /// Goes on from a tip.
    ///
    /// # Errors
    /// If git cannot be asked who makes commits.
    pub(super) fn new(mut repository: Repository, tip: Tip) -> Result<Self, StoreError> {
        commit::ensure_identity(&mut repository)?;
        Ok(Self { repository, tip, run: random(), number: 0, is_unseen: false })
    }

    /// Writes a commit, without pushing it.
    pub(super) fn commit(&mut self, addition: &Addition) -> Result<(Tip, Oid), GitError> {
        self.number += 1;
        let next = commit::write(&self.repository, &self.tip, addition, (self.run, self.number))?;
        let commit = next.commit.clone().unwrap_or_default();
        Ok((next, commit))
    }

    /// Pushes until the remote has the changes, or nothing is left of them; then nothing was pushed, and
    /// this says false.
    ///
    /// # Errors
    /// If the remote refuses it or cannot be reached; if its branch cannot be trusted.
    pub(super) fn publish(&mut self, changes: &mut impl Changes) -> Result<bool, Unpublished> {
        let mut may_be_there = false;
        let published = self.push_on(changes, &mut may_be_there);
        published.map_err(|cause| Unpublished { cause, may_be_there })
    }

    fn push_on(&mut self, changes: &mut impl Changes, may_be_there: &mut bool) -> Result<bool, StoreError> {
        self.remember()?;
        let mut tried: Vec<Oid> = Vec::new();
        let (mut stuck, mut lost) = (0, 0);
        while let Some(addition) = changes.addition(&self.tip) {
            let (next, commit) = self.commit(&addition)?;
            tried.push(commit.clone());
            let might_be_there = *may_be_there;
            let pushed = push::push(&self.repository, &commit);
            *may_be_there |=
                !matches!(pushed, Ok(Pushed::Behind) | Err(GitError::Refused { .. } | GitError::NoProgram(_)));
            let rejected = match pushed? {
                Pushed::Yes => {
                    self.tip = next;
                    self.is_unseen = self.repository.see(&commit).is_err();
                    return Ok(true);
                }
                Pushed::Behind => None,
                Pushed::Rejected(said) => Some(said),
                Pushed::Unknown(said) => {
                    lost += 1;
                    if lost >= LOST_MAX {
                        let remote = self.repository.branch.remote.clone();
                        return Err(GitError::Unreachable { remote, said }.into());
                    }
                    None
                }
            };
            let tries = u32::try_from(tried.len()).unwrap_or(u32::MAX);
            wait(tries);
            match self.find(&tried)? {
                RemoteState::Ours(tip) => {
                    *may_be_there = true;
                    self.catch_up(&tip, changes)?;
                    return Ok(true);
                }
                RemoteState::Others(tip) => {
                    *may_be_there = false;
                    self.catch_up(&tip, changes)?;
                    stuck = 0;
                }
                RemoteState::Same => {
                    // Without an answer the push may still come; with one it is not there, as was seen.
                    if let Some(said) = rejected {
                        *may_be_there = might_be_there;
                        stuck += 1;
                        if stuck >= STUCK_MAX {
                            return Err(GitError::Refused { place: self.repository.place(), said }.into());
                        }
                    }
                }
            }
            let behind = tries.saturating_sub(lost);
            if behind >= BEHIND_MAX {
                return Err(GitError::Busy { place: self.repository.place(), tries: behind }.into());
            }
            changes.give_way();
        }
        Ok(false)
    }

    /// Remembers the tip, if that has failed: what is pushed counts without it, but the next push does
    /// not go on without the guard against a branch that is taken back.
    fn remember(&mut self) -> Result<(), GitError> {
        if let Some(commit) = self.tip.commit.as_ref().filter(|_| self.is_unseen) {
            self.repository.see(commit)?;
            self.is_unseen = false;
        }
        Ok(())
    }

    /// Looks what the remote has, and whether one of these commits is in it.
    fn find(&self, tried: &[Oid]) -> Result<RemoteState, GitError> {
        let Some(tip) = self.look()?.filter(|tip| self.tip.commit.as_ref() != Some(tip)) else {
            return Ok(RemoteState::Same);
        };
        for commit in tried {
            if self.repository.is_ancestor(commit, &tip)? {
                return Ok(RemoteState::Ours(tip));
            }
        }
        Ok(RemoteState::Others(tip))
    }

    /// Joins in what others have pushed since, if they have.
    ///
    /// # Errors
    /// If the remote cannot be reached, or its branch cannot be trusted.
    pub(super) fn catch_up_with_others(&mut self, changes: &mut impl Changes) -> Result<(), StoreError> {
        let Some(tip) = self.look()?.filter(|tip| self.tip.commit.as_ref() != Some(tip)) else { return Ok(()) };
        self.catch_up(&tip, changes)?;
        changes.give_way();
        Ok(())
    }

    /// Joins in what the remote has, and goes on from there.
    fn catch_up(&mut self, found: &Oid, changes: &mut impl Changes) -> Result<(), StoreError> {
        let tip = Tip::read(&self.repository, found)?;
        changes.learn(&self.repository, &self.tip, &tip)?;
        self.repository.see(found)?;
        self.tip = tip;
        Ok(())
    }

    fn look(&self) -> Result<Option<Oid>, GitError> {
        let mut tries = 0;
        loop {
            match self.repository.fetch() {
                Err(GitError::Unreachable { .. } | GitError::TooSlow { .. } | GitError::Killed { .. })
                    if tries < LOOKS_MAX =>
                {
                    tries += 1;
                    wait(tries + 2);
                }
                result => return result,
            }
        }
    }

    /// The clone and its branch.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }
}

/// Waits, so that those who were refused together do not come again together.
fn wait(tries: u32) {
    let factor = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
    let time = AGAIN_FIRST.saturating_mul(factor).min(AGAIN_MAX);
    let percent = u32::try_from(random() % 100).unwrap_or_default() + 50;
    thread::sleep(time.saturating_mul(percent) / 100);
}

/// A random number; the time, if the operating system has none.
fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let now = jiff::Timestamp::now().as_nanosecond().unsigned_abs();
        u64::try_from(now % u128::from(u64::MAX)).unwrap_or_default()
    })
}
