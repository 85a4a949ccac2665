//! The branch as something that a ledger is published to: a version is a commit, and a push that is never forced
//! replaces it only if it is still the one that was expected.

use std::collections::BTreeSet;

use crate::identity::MessageKey;
use crate::ledger::{Authenticity, Ledger, Seals};
use crate::store::publish::{Addition, Attempt, Remote};

use super::branch::Branch;
use super::commit;
use super::error::GitError;
use super::push::push;
use super::repository::{Oid, Repository};
use super::tip::Tip;

/// A branch of a remote, seen from a clone.
#[derive(Debug)]
pub(super) struct GitRemote {
    repository: Repository,
    /// The number of this run, and of its last commit: names for segments that nobody else makes.
    run: u64,
    number: u32,
}

impl GitRemote {
    /// Finds the clone around a project's folder, for looking.
    ///
    /// # Errors
    /// If there is none, or it has no such remote.
    pub(super) fn open(branch: &Branch, seals: &Seals) -> Result<Self, GitError> {
        Ok(Self { repository: Repository::open(branch, seals)?, run: random(), number: 0 })
    }

    /// The same, for making commits too.
    ///
    /// # Errors
    /// As [`GitRemote::open`], and if git cannot be asked who makes commits.
    pub(super) fn open_to_write(branch: &Branch, seals: &Seals) -> Result<Self, GitError> {
        let mut remote = Self::open(branch, seals)?;
        commit::ensure_identity(&mut remote.repository.git)?;
        Ok(remote)
    }

    /// The clone and its branch.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }
}

impl Remote for GitRemote {
    type Version = Oid;
    type Tip = Tip;
    type Error = GitError;

    fn place(&self) -> String {
        self.repository.place()
    }

    fn fetch(&self) -> Result<Option<Oid>, GitError> {
        self.repository.fetch()
    }

    fn may_pass(error: &GitError) -> bool {
        matches!(error, GitError::Unreachable { .. } | GitError::TooSlow { .. } | GitError::Killed { .. })
    }

    fn read(&self, version: &Oid) -> Result<Tip, GitError> {
        Tip::read(&self.repository, version)
    }

    fn version(tip: &Tip) -> Option<&Oid> {
        tip.commit.as_ref()
    }

    fn ledger(&self, tip: &Tip) -> Result<(Ledger, Authenticity), GitError> {
        tip.ledger(&self.repository)
    }

    fn join_news(&self, since: &Tip, tip: &Tip, into: &mut Ledger) -> Result<(), GitError> {
        tip.join_news(&self.repository, since, into)
    }

    fn crowded(&self, tip: &Tip) -> BTreeSet<MessageKey> {
        commit::crowded(tip)
    }

    fn stage(&mut self, tip: &Tip, addition: &Addition) -> Result<(Oid, Tip), GitError> {
        self.number += 1;
        commit::write(&self.repository, tip, addition, (self.run, self.number))
    }

    /// The commit itself names the one that it goes on from.
    fn try_replace(&mut self, _expected: &Tip, next: &Tip) -> Result<Attempt<GitError>, GitError> {
        push(&self.repository, next.commit.as_deref().unwrap_or_default())
    }

    fn includes(&self, version: &Oid, attempt: &Oid) -> Result<bool, GitError> {
        self.repository.is_ancestor(attempt, version)
    }

    fn remember(&self, version: &Oid) -> Result<(), GitError> {
        self.repository.see(version)
    }
}

/// A random number; the time, if the operating system has none.
fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let now = jiff::Timestamp::now().as_nanosecond().unsigned_abs();
        u64::try_from(now % u128::from(u64::MAX)).unwrap_or_default()
    })
}
