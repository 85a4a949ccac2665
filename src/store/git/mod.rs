//! The ledger on a branch of its own, on a remote of the project's repository: the store for CI,
//! whose machines lose their disks.
//!
//! Claims are pushed before the requests that they cover, and a push is never forced: git refuses it
//! if the branch has moved, and that is what keeps two runs apart. Whoever is refused fetches, gives
//! way to what others have claimed, and pushes the rest. Nothing here touches the work tree, the
//! index or HEAD: commits are made of objects, and the clone remembers the branch in private refs.
//!
//! An outcome is durable on this machine when it is settled, and on the remote with the next claims,
//! after half a minute, or when the run ends. A machine that is lost in between leaves a doubt, which
//! is safe.

mod batch;
mod branch;
mod commit;
mod error;
mod journal;
mod merges;
mod program;
mod publish;
mod push;
mod rebind;
mod repository;
mod tip;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::{Arc, RwLock, RwLockReadGuard};

use jiff::Timestamp;

use crate::ledger::{Authenticity, Header, Ledger, Seals};

use super::binding::Binding;
use super::error::StoreError;
use super::lock_file::LockFile;
use super::regular::{self, Links};
use super::visit::{Numbers, Visit};
use super::writer_handle::WriterHandle;

pub(super) use merges::{Merges, is_tracked, look_at_merges};

pub use branch::Branch;
pub use error::{GitError, Said};

use commit::Addition;
use journal::Journal;
use publish::Publisher;
use push::{Pushed, push};
use rebind::RebindBranch;
use repository::Repository;
use tip::Tip;
use writer::Writer;

/// A ledger on a branch, open for writing. Dropping it pushes nothing more: what was granted is on
/// the remote, and outcomes that are not wait on this disk for the next run. [`GitLedger::finish`]
/// pushes them.
#[derive(Debug)]
pub struct GitLedger {
    desk: WriterHandle<Writer>,
    bulks_ahead: usize,
}

impl GitLedger {
    /// Makes a new ledger: a branch without a past.
    ///
    /// # Errors
    /// If the branch is there already, or was; if it cannot be pushed.
    pub fn create(branch: &Branch, header: Header, expected: &Binding, visit: &Visit) -> Result<(), StoreError> {
        let guard = take_guard(branch, &visit.note)?;
        let repository = Repository::open(branch, &expected.seals)?;
        let exists = || StoreError::Exists { place: branch.place() };
        if repository.fetch()?.is_some() {
            return Err(exists());
        }
        let subject = format!("A ledger for {}", header.project);
        let mut ledger = Ledger::new(header);
        let mut numbers = Numbers::new(visit, &ledger);
        ledger.adopt(|| numbers.give());
        numbers.close(&mut ledger);
        let runs = [(visit.run, ledger.write_run(visit.run, &expected.seals))].into();
        let header = Some(ledger.write_header(&expected.seals));
        let addition = Addition { header, runs, subject, ..Addition::default() };
        let mut publisher = Publisher::new(repository, Tip::default())?;
        let (_, commit) = publisher.commit(&addition)?;
        match push(publisher.repository(), &commit)? {
            Pushed::Yes => {}
            Pushed::Behind => return Err(exists()),
            Pushed::Rejected(_) if publisher.repository().fetch()?.is_some() => return Err(exists()),
            Pushed::Rejected(said) => return Err(GitError::Refused { place: branch.place(), said }.into()),
            Pushed::Unknown(said) => {
                return Err(GitError::Unreachable { remote: branch.remote.clone(), said }.into());
            }
        }
        publisher.repository().see(&commit)?;
        guard.release()
    }

    /// Fetches and reads the ledger, without a lock: for those who only look.
    ///
    /// # Errors
    /// If it is missing or damaged, or is not what is expected.
    pub fn read(branch: &Branch, expected: &Binding) -> Result<Ledger, StoreError> {
        Self::look(branch, expected).map(|(ledger, _)| ledger)
    }

    /// Reads as [`GitLedger::read`] does, and says who has written the branch, as far as that is known.
    ///
    /// # Errors
    /// As [`GitLedger::read`].
    pub fn look(branch: &Branch, expected: &Binding) -> Result<(Ledger, Authenticity), StoreError> {
        let (repository, tip) = fetch(branch, &expected.seals)?;
        let (mut ledger, authenticity) = read(&repository, &tip, expected)?;
        join_left(branch, &mut ledger, &expected.seals)?;
        Ok((ledger, authenticity))
    }

    /// Reads the ledger as it was fetched last, without the network, and says when that was.
    ///
    /// # Errors
    /// As [`GitLedger::read`], and if it was never fetched here.
    pub fn look_here(branch: &Branch, expected: &Binding) -> Result<(Ledger, Authenticity, Timestamp), StoreError> {
        let repository = Repository::open(branch, &expected.seals)?;
        let seen = repository.seen()?.ok_or_else(|| GitError::NeverSeen { place: branch.place() })?;
        let (mut ledger, authenticity) = read(&repository, &Tip::read(&repository, &seen)?, expected)?;
        join_left(branch, &mut ledger, &expected.seals)?;
        let noted =
            regular::read_text(&branch.fetched_at(), Links::Refused).ok().and_then(|text| text.trim().parse().ok());
        let time = noted.map_or_else(|| repository.time(&seen), Ok)?;
        Ok((ledger, authenticity, time))
    }

    /// Opens the ledger for writing.
    ///
    /// # Errors
    /// If it is missing or damaged, or is not what is expected; if another run holds it in this
    /// folder; if nothing shows that its lines are genuine.
    pub fn open(branch: &Branch, expected: &Binding, visit: &Visit) -> Result<Self, StoreError> {
        let guard = take_guard(branch, &visit.note)?;
        let (repository, tip) = fetch(branch, &expected.seals)?;
        let (ledger, authenticity) = read(&repository, &tip, expected)?;
        let is_signed = authenticity != Authenticity::Unsigned || expected.seals.is_empty();
        if !is_signed {
            visit.check_unsigned(&ledger, branch.place())?;
        }
        let header = ledger.header().clone();
        let left = Journal::read(&branch.pending(), &expected.seals, visit.unauthenticated)?;
        let numbers = Numbers::new(visit, &ledger);
        let ledger = Arc::new(RwLock::new(ledger));
        let journal = Journal::new(branch.pending(), header, expected.seals.clone());
        let parts = (Publisher::new(repository, tip)?, journal, guard);
        let mut writer = Writer::new(Arc::clone(&ledger), left.as_ref(), parts, (expected.clone(), numbers))?;
        writer.close_the_dead(visit.now, !is_signed);
        if left.is_some() {
            writer.push_left()?;
        }
        let desk = WriterHandle::open(ledger, move |requests| writer.run(requests))?;
        Ok(Self { desk, bulks_ahead: branch.bulks_ahead })
    }

    /// Binds the ledger to something else: another gateway, more keys. What an earlier run in this
    /// folder has settled and not pushed goes with it. A call that was cut off can be made again: a
    /// branch that is bound to `to` already is as good as one bound to `from`.
    ///
    /// # Errors
    /// If it is not what is expected before; if it names a key that `to` lacks; if it cannot be pushed.
    pub fn rebind(branch: &Branch, from: &Binding, to: Header, visit: &Visit) -> Result<(), StoreError> {
        let guard = take_guard(branch, &visit.note)?;
        let (repository, tip) = fetch(branch, &from.seals)?;
        let mut journal = Journal::new(branch.pending(), to.clone(), from.seals.clone());
        let left = Journal::read(&branch.pending(), &from.seals, visit.unauthenticated)?;
        let mut changes = RebindBranch::new(from.clone(), to, left, visit.clone());
        changes.take(&repository, &tip)?;
        Publisher::new(repository, tip)?.publish(&mut changes).map_err(|failed| failed.cause)?;
        journal.clear()?;
        guard.release()
    }

    /// Where entries are handed in.
    pub(super) fn desk(&self) -> &WriterHandle<Writer> {
        &self.desk
    }

    /// The ledger as it is now, without claims that are on their way to the remote.
    pub fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.desk.ledger()
    }

    /// How many bulks should be claimed at most before their requests.
    #[must_use]
    pub fn bulks_ahead(&self) -> usize {
        self.bulks_ahead
    }

    /// Ends the run: pushes what is not pushed yet.
    ///
    /// # Errors
    /// If anything could not be pushed, now or before. What was granted stays durable.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.desk.stop().ok_or(StoreError::Stopped)?.finish()
    }
}

fn take_guard(branch: &Branch, note: &str) -> Result<LockFile, StoreError> {
    let paths = branch.paths();
    paths.make_folders()?;
    LockFile::take(&paths.guard, note)
}

/// Fetches the branch and reads what it holds at its tip, but for the texts.
fn fetch(branch: &Branch, seals: &Seals) -> Result<(Repository, Tip), StoreError> {
    let repository = Repository::open(branch, seals)?;
    let tip = repository.fetch()?.ok_or_else(|| GitError::Missing { place: branch.place() })?;
    let tip = Tip::read(&repository, &tip)?;
    branch.note_fetched()?;
    Ok((repository, tip))
}

/// Reads the texts, and remembers the tip as one that can be trusted.
fn read(repository: &Repository, tip: &Tip, expected: &Binding) -> Result<(Ledger, Authenticity), StoreError> {
    let (ledger, authenticity) = tip.ledger(repository)?;
    expected.check(ledger.header(), &repository.place())?;
    if let Some(commit) = &tip.commit {
        repository.see(commit)?;
    }
    Ok((ledger, authenticity))
}

/// Joins in what an earlier run in this folder has settled and not pushed.
fn join_left(branch: &Branch, ledger: &mut Ledger, seals: &Seals) -> Result<(), StoreError> {
    match Journal::read(&branch.pending(), seals, 0)? {
        Some(left) => ledger.join(&left).map_err(StoreError::Join),
        None => Ok(()),
    }
}
