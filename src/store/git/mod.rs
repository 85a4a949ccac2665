//! The ledger on a branch of its own, on a remote of the project's repository: the store for CI,
//! whose machines lose their disks.
//!
//! Claims are pushed before the requests that they cover, and a push is never forced: git refuses it
//! if the branch has moved, and that is what keeps two runs apart. Whoever is refused fetches, gives
//! way to what others have claimed, and pushes the rest. Nothing here touches the work tree, the
//! index or HEAD: commits are made of objects, and the clone remembers the branch in private refs.

mod branch;
mod clone_state;
mod commit;
mod credentials;
mod error;
mod merges;
mod program;
mod push;
mod record;
mod record_error;
mod remote;
mod repository;
mod silence;
mod stops;
mod stops_poll;
mod tip;
mod trees;
mod upstream;

#[cfg(test)]
mod tests;

use std::sync::RwLockReadGuard;

use jiff::Timestamp;

use crate::ledger::{Authenticity, Claim, Evidence, Grant, Header, Ledger, MessageRecord, Outcome, StopOrder, Weighed};

use super::binding::Binding;
use super::error::StoreError;
use super::ledger_store::{LedgerStore, Written};
use super::lock_file::LockFile;
use super::publish::{self, PublishedLedger, Remote as _};
use super::regular::{self, Links};
use super::visit::Visit;
use super::waiting::waiting;

pub(super) use merges::{Merges, is_tracked, look_at_merges};
pub(super) use stops::{add as add_stops, has_ledger, read as read_stops, read_here as read_stops_here};
pub(super) use upstream::{
    KeptBy, KeptText, is_in_repository, kept_in_git, kept_texts, look_unpublished, look_upstream,
};

pub use branch::Branch;
pub use clone_state::CloneState;
pub use credentials::{ForgeToken, TokenOrigin};
pub use error::{GitError, Said};
pub use record::{Recorded, Recorder};
pub use record_error::RecordError;
pub use silence::GitSilence;
pub use upstream::{FetchedBranch, FetchedLockfile, Publishing, Unpublished, Upstream};

use remote::GitRemote;
use stops_poll::StopsPoll;
use tip::Tip;

/// A ledger on a branch, open for writing. Dropping it pushes nothing more: what was granted is on
/// the remote, and outcomes that are not wait on this disk for the next run. [`GitLedger::finish`]
/// pushes them.
#[derive(Debug)]
pub struct GitLedger {
    published: PublishedLedger<GitRemote>,
    bulks_ahead: usize,
    stops: StopsPoll,
}

impl GitLedger {
    /// Makes a new ledger: a branch without a past.
    ///
    /// # Errors
    /// If the branch is there already, or was; if it cannot be pushed.
    pub fn create(branch: &Branch, header: Header, expected: &Binding, visit: &Visit) -> Result<(), StoreError> {
        let guard = take_guard(branch, &visit.note)?;
        let remote = GitRemote::open_to_write(branch, &expected.seals)?;
        publish::create(remote, guard, header, expected, visit)
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
        let (remote, tip) = fetch(GitRemote::open(branch, &expected.seals)?, branch)?;
        let (mut ledger, authenticity) = publish::read(&remote, &tip, expected)?;
        publish::join_left(&branch.pending(), &mut ledger, &expected.seals)?;
        Ok((ledger, authenticity))
    }

    /// Reads the ledger as it was fetched last, without the network, and says when that was.
    ///
    /// # Errors
    /// As [`GitLedger::read`], and if it was never fetched here.
    pub fn look_here(branch: &Branch, expected: &Binding) -> Result<(Ledger, Authenticity, Timestamp), StoreError> {
        let remote = GitRemote::open(branch, &expected.seals)?;
        let seen = remote.repository().seen()?.ok_or_else(|| GitError::NeverSeen { place: branch.place() })?;
        let (mut ledger, authenticity) = publish::read(&remote, &remote.read(&seen)?, expected)?;
        publish::join_left(&branch.pending(), &mut ledger, &expected.seals)?;
        let noted =
            regular::read_text(&branch.fetched_at(), Links::Refused).ok().and_then(|text| text.trim().parse().ok());
        let time = noted.map_or_else(|| remote.repository().time(&seen), Ok)?;
        Ok((ledger, authenticity, time))
    }

    /// Makes sure that [`GitLedger::open`] would not refuse a ledger that was read, without its lock.
    ///
    /// # Errors
    /// If another run holds it in this folder; if nothing shows that its lines are genuine.
    pub(in crate::store) fn check_open(
        branch: &Branch,
        read: (&Ledger, Option<Authenticity>),
        expected: &Binding,
        visit: &Visit,
    ) -> Result<(), StoreError> {
        LockFile::check_free(&branch.paths().guard)?;
        let (ledger, authenticity) = read;
        let is_signed = authenticity != Some(Authenticity::Unsigned) || expected.seals.is_empty();
        if is_signed { Ok(()) } else { visit.check_unsigned(ledger, branch.place()) }
    }

    /// Opens the ledger for writing.
    ///
    /// # Errors
    /// If it is missing or damaged, or is not what is expected; if another run holds it in this
    /// folder; if nothing shows that its lines are genuine.
    pub fn open(branch: &Branch, expected: &Binding, visit: &Visit) -> Result<Self, StoreError> {
        let guard = take_guard(branch, &visit.note)?;
        let found = fetch(GitRemote::open_to_write(branch, &expected.seals)?, branch)?;
        let published = PublishedLedger::open(found, (guard, branch.pending()), expected, visit)?;
        Ok(Self { published, bulks_ahead: branch.bulks_ahead, stops: StopsPoll::new(branch) })
    }

    /// Binds the ledger to something else: another gateway, more keys. What an earlier run in this
    /// folder has settled and not pushed goes with it. A call that was cut off can be made again: a
    /// branch that is bound to `to` already is as good as one bound to `from`.
    ///
    /// # Errors
    /// If it is not what is expected before; if it names a key that `to` lacks; if it cannot be pushed.
    pub fn rebind(branch: &Branch, from: &Binding, to: Header, visit: &Visit) -> Result<(), StoreError> {
        let guard = take_guard(branch, &visit.note)?;
        let found = fetch(GitRemote::open_to_write(branch, &from.seals)?, branch)?;
        publish::rebind(found, (guard, branch.pending()), from, to, visit)
    }

    /// Ends the run: pushes what is not pushed yet.
    ///
    /// # Errors
    /// If anything could not be pushed, now or before. What was granted stays durable.
    pub fn finish(self) -> Result<(), StoreError> {
        self.published.finish()
    }
}

/// What was opened is compared at every push: there is nothing to check in between.
impl LedgerStore for GitLedger {
    /// Without claims that are on their way to the remote.
    fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.published.ledger()
    }

    fn bulks_ahead(&self) -> Option<usize> {
        Some(self.bulks_ahead)
    }

    fn claim(&self, claim: Claim) -> Written<'_, Grant> {
        // Beside the push, which takes as long.
        self.stops.ask_soon();
        Box::pin(self.published.desk().claim(claim))
    }

    fn settle(&self, outcome: Outcome) -> Written<'_> {
        Box::pin(self.published.desk().settle(outcome))
    }

    fn weigh(&self, evidence: Vec<Evidence>) -> Written<'_, Vec<Weighed>> {
        Box::pin(self.published.desk().weigh(evidence))
    }

    fn record(&self, record: MessageRecord) -> Written<'_> {
        Box::pin(self.published.desk().record(record))
    }

    fn join(&self, other: Ledger) -> Written<'_> {
        Box::pin(self.published.desk().join(other))
    }

    fn catch_up(&self) -> Written<'_> {
        Box::pin(self.published.desk().catch_up())
    }

    fn standing_stops(&self) -> Written<'_, Vec<StopOrder>> {
        Box::pin(self.stops.standing())
    }

    fn keeps_outcomes_here(&self) -> bool {
        true
    }

    fn finish(self: Box<Self>) -> Written<'static> {
        Box::pin(waiting(move || (*self).finish()))
    }
}

fn take_guard(branch: &Branch, note: &str) -> Result<LockFile, StoreError> {
    let paths = branch.paths();
    paths.make_folders()?;
    LockFile::take(&paths.guard, note)
}

/// Fetches the branch and reads what it holds at its tip, but for the texts.
fn fetch(remote: GitRemote, branch: &Branch) -> Result<(GitRemote, Tip), StoreError> {
    let tip = remote.fetch()?.ok_or_else(|| GitError::Missing { place: branch.place() })?;
    let tip = remote.read(&tip)?;
    branch.note_fetched()?;
    Ok((remote, tip))
}
