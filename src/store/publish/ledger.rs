//! A published ledger on this machine: made, read, opened for writing, bound anew.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock, RwLockReadGuard};

use crate::ledger::{Authenticity, Header, Ledger, Seals};
use crate::store::binding::Binding;
use crate::store::error::StoreError;
use crate::store::lock_file::LockFile;
use crate::store::visit::{Numbers, Visit};
use crate::store::writer_handle::WriterHandle;

use super::journal::Journal;
use super::publisher::Publisher;
use super::rebind::RebindChanges;
use super::remote::{Addition, Attempt, Remote};
use super::writer::BatchWriter;

/// A published ledger, open for writing. Dropping it publishes nothing more: what was granted is on the remote,
/// and outcomes that are not wait on this disk for the next run. [`PublishedLedger::finish`] publishes them.
#[derive(Debug)]
pub(in crate::store) struct PublishedLedger<R: Remote> {
    desk: WriterHandle<BatchWriter<R>>,
}

impl<R: Remote> PublishedLedger<R> {
    /// Opens the ledger for writing, at the tip that was fetched. The guard keeps other runs of this machine away
    /// from the file of outcomes that are not published yet.
    ///
    /// # Errors
    /// If it is damaged, or is not what is expected; if nothing shows that its lines are genuine.
    pub(in crate::store) fn open(
        (remote, tip): (R, R::Tip),
        (guard, pending): (LockFile, PathBuf),
        expected: &Binding,
        visit: &Visit,
    ) -> Result<Self, StoreError> {
        let (ledger, authenticity) = read(&remote, &tip, expected)?;
        let is_signed = authenticity != Authenticity::Unsigned || expected.seals.is_empty();
        if !is_signed {
            visit.check_unsigned(&ledger, remote.place())?;
        }
        let header = ledger.header().clone();
        let left = Journal::read(&pending, &expected.seals, visit.unauthenticated)?;
        let numbers = Numbers::new(visit, &ledger);
        let ledger = Arc::new(RwLock::new(ledger));
        let journal = Journal::new(pending, header, expected.seals.clone());
        let parts = (Publisher::new(remote, tip), journal, guard);
        let mut writer = BatchWriter::new(Arc::clone(&ledger), left.as_ref(), parts, (expected.clone(), numbers))?;
        writer.close_the_dead((visit.now, visit.lives_at), !is_signed);
        if left.is_some() {
            writer.publish_left()?;
        }
        let desk = WriterHandle::open(ledger, move |requests| writer.run(requests))?;
        Ok(Self { desk })
    }

    /// Where entries are handed in.
    pub(in crate::store) fn desk(&self) -> &WriterHandle<BatchWriter<R>> {
        &self.desk
    }

    /// The ledger as it is now, without claims that are on their way to the remote.
    pub(in crate::store) fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.desk.ledger()
    }

    /// Ends the run: publishes what is not published yet.
    ///
    /// # Errors
    /// If anything could not be published, now or before. What was granted stays durable.
    pub(in crate::store) fn finish(mut self) -> Result<(), StoreError> {
        self.desk.stop().ok_or(StoreError::Stopped)?.finish()
    }
}

/// Publishes a new ledger where there is none.
///
/// # Errors
/// If there is one already, or was; if it cannot be published.
pub(in crate::store) fn create<R: Remote>(
    mut remote: R,
    guard: LockFile,
    header: Header,
    expected: &Binding,
    visit: &Visit,
) -> Result<(), StoreError> {
    let exists = |remote: &R| StoreError::Exists { place: remote.place() };
    if remote.fetch()?.is_some() {
        return Err(exists(&remote));
    }
    let subject = format!("A ledger for {}", header.project);
    let mut ledger = Ledger::new(header);
    let mut numbers = Numbers::new(visit, &ledger);
    ledger.adopt(|| numbers.give());
    numbers.close(&mut ledger);
    let runs = [(visit.run, ledger.write_run(visit.run, &expected.seals))].into();
    let header = Some(ledger.write_header(&expected.seals));
    let nothing = R::Tip::default();
    let (version, tip) = remote.stage(&nothing, &Addition { header, runs, subject, ..Addition::default() })?;
    match remote.try_replace(&nothing, &tip)? {
        Attempt::Replaced => {}
        Attempt::Behind => return Err(exists(&remote)),
        Attempt::Rejected(_) if remote.fetch()?.is_some() => return Err(exists(&remote)),
        Attempt::Rejected(error) | Attempt::Unknown(error) => return Err(error.into()),
    }
    remote.remember(&version)?;
    guard.release()
}

/// Reads the ledger at a tip, and remembers that as one that can be trusted.
///
/// # Errors
/// If it is damaged, or is not what is expected.
pub(in crate::store) fn read<R: Remote>(
    remote: &R,
    tip: &R::Tip,
    expected: &Binding,
) -> Result<(Ledger, Authenticity), StoreError> {
    let (ledger, authenticity) = remote.ledger(tip)?;
    expected.check(ledger.header(), &remote.place())?;
    if let Some(version) = R::version(tip) {
        remote.remember(version)?;
    }
    Ok((ledger, authenticity))
}

/// Joins in what an earlier run on this machine has settled and not published.
///
/// # Errors
/// If that is damaged, not genuine, or does not go with the ledger.
pub(in crate::store) fn join_left(pending: &Path, ledger: &mut Ledger, seals: &Seals) -> Result<(), StoreError> {
    match Journal::read(pending, seals, 0)? {
        Some(left) => ledger.join(&left).map_err(StoreError::Join),
        None => Ok(()),
    }
}

/// Binds the ledger to something else: another gateway, more keys. What an earlier run on this machine has
/// settled and not published goes with it. A call that was cut off can be made again: a ledger that is bound to
/// `to` already is as good as one bound to `from`.
///
/// # Errors
/// If it is not what is expected before; if it names a key that `to` lacks; if it cannot be published.
pub(in crate::store) fn rebind<R: Remote>(
    (remote, tip): (R, R::Tip),
    (guard, pending): (LockFile, PathBuf),
    from: &Binding,
    to: Header,
    visit: &Visit,
) -> Result<(), StoreError> {
    let left = Journal::read(&pending, &from.seals, visit.unauthenticated)?;
    let mut journal = Journal::new(pending.clone(), to.clone(), from.seals.clone());
    let mut changes = RebindChanges::new(from.clone(), to, left.map(|left| (pending, left)), visit.clone());
    changes.take(&remote, &tip)?;
    Publisher::new(remote, tip).publish(&mut changes).map_err(|failed| failed.cause)?;
    journal.clear()?;
    guard.release()
}
