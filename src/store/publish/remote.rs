//! What a ledger can be published to: anything that holds one current version of it, and replaces that only if it
//! is still the one that was expected.
//!
//! A *version* is one state of the ledger, by a name that tells it from all others: a commit, an object with its
//! ETag. A *tip* is what a version holds, without the texts: which pieces there are. An *addition* is what a run
//! wants to have written on top of a tip. [`Publisher`](super::publisher::Publisher) does the rest: it joins what
//! others have written, tries again, and knows when it must give up.
//!
//! # For whoever adds one
//!
//! Two things keep people from being sent to twice, and both are up to the remote:
//!
//! - [`Remote::try_replace`] takes effect at one instant, for all readers, and only if the current version is the
//!   expected one. A conditional PUT of one small object does that (`If-Match` with its ETag), if that object names
//!   everything else: pieces that no current version names are nobody's, so they can be uploaded before, by
//!   [`Remote::stage`], under names that no other run makes.
//! - An [`Attempt`] never claims to know more than it does. An answer that did not come is [`Attempt::Unknown`], also
//!   where that is most likely a failure. A refusal is [`Attempt::Behind`] only if nothing on the way can have
//!   repeated the request: a client that tries again by itself gets `412` for what its first try has written, so
//!   that is [`Attempt::Rejected`].
//!
//! After an attempt without a clear answer the publisher asks [`Remote::includes`], so a version has to tell whether
//! an earlier attempt is in it, also when others have replaced it since: git knows by ancestry; an object store
//! writes the last attempt of each run into the object that it replaces.
//!
//! A branch or a bucket can be taken back by somebody else. What was seen last is remembered on this machine
//! ([`Remote::remember`]), and [`Remote::fetch`] fails for a version that does not go on from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::thread;
use std::time::Duration;

use crate::identity::MessageKey;
use crate::ledger::{Authenticity, Ledger, RunId};
use crate::store::backend_error::BackendError;

/// What is to be added to a tip.
#[derive(Debug, Default)]
pub(in crate::store) struct Addition {
    /// The header's line, if it is new.
    pub(in crate::store) header: Option<String>,
    /// New lines, by message.
    pub(in crate::store) lines: BTreeMap<MessageKey, String>,
    /// All lines of messages whose pieces become one. New lines of the same message come after them.
    pub(in crate::store) whole: BTreeMap<MessageKey, Vec<u8>>,
    /// How runs have ended: one line a run, in the place of an older one.
    pub(in crate::store) runs: BTreeMap<RunId, String>,
    /// What it is, for people.
    pub(in crate::store) subject: String,
}

/// What came of an attempt to replace the current version.
#[derive(Debug)]
pub(in crate::store) enum Attempt<E> {
    /// The remote has it.
    Replaced,
    /// The remote's version is another: somebody was faster. Nothing was written.
    Behind,
    /// The remote says that its version is another, or in use. If the way to it repeats requests, that may be
    /// by this very attempt. The error is for the case that nobody else turns out to have written anything.
    Rejected(E),
    /// Nobody knows whether the remote has it, or will have it yet. The error says why.
    Unknown(E),
}

/// Where a ledger is published. One run uses it from one thread; any number of runs have one of their own.
pub(in crate::store) trait Remote: Debug + Send + 'static {
    /// One state of the ledger, by its name. It may carry what came with the name.
    type Version: Clone + PartialEq + Debug + Send;
    /// What a version holds, without the texts. The default is before the first version.
    type Tip: Default + Debug + Send;
    /// Why something failed. One of [`Remote::try_replace`] that is
    /// [surely not written](BackendError::is_surely_not_written) frees the people of the claims in it.
    type Error: BackendError;

    /// Where it is, for people.
    fn place(&self) -> String;

    /// Asks for the current version, and makes sure that it goes on from the one that was remembered last; `None`
    /// if there is none, and none was ever seen here.
    ///
    /// # Errors
    /// If the remote cannot be asked; if the ledger is gone, was taken back or replaced.
    fn fetch(&self) -> Result<Option<Self::Version>, Self::Error>;

    /// Whether a failure may pass by itself, so that asking again is worth it.
    fn may_pass(error: &Self::Error) -> bool;

    /// Reads what a version holds, without the texts.
    ///
    /// # Errors
    /// If that cannot be done; if it is not as sendform writes it.
    fn read(&self, version: &Self::Version) -> Result<Self::Tip, Self::Error>;

    /// The version of a tip; none before the first.
    fn version(tip: &Self::Tip) -> Option<&Self::Version>;

    /// Reads the ledger at a tip, and says who has written it, as far as that is known.
    ///
    /// # Errors
    /// If that cannot be done; if anything of it is damaged.
    fn ledger(&self, tip: &Self::Tip) -> Result<(Ledger, Authenticity), Self::Error>;

    /// Joins what a tip has, and an earlier one has not, into a ledger.
    ///
    /// # Errors
    /// As [`Remote::ledger`]; if nobody with a key has written the tip.
    fn join_news(&self, since: &Self::Tip, tip: &Self::Tip, into: &mut Ledger) -> Result<(), Self::Error>;

    /// The messages that have so many pieces at a tip that they should become one with the next addition to them.
    fn crowded(&self, tip: &Self::Tip) -> BTreeSet<MessageKey>;

    /// Writes what a tip with an addition is made of, where nobody sees it yet. Gives its version, which no other
    /// run's attempt has, nor another one of this run, and the tip.
    ///
    /// # Errors
    /// If that cannot be done. Then nothing has changed for anybody.
    fn stage(&mut self, tip: &Self::Tip, addition: &Addition) -> Result<(Self::Version, Self::Tip), Self::Error>;

    /// Puts a staged tip in the place of the one that it was staged from, if that is the current one still. Tries
    /// once.
    ///
    /// # Errors
    /// If it failed. Only an error that is surely not written says that it never will be there.
    fn try_replace(&mut self, expected: &Self::Tip, next: &Self::Tip) -> Result<Attempt<Self::Error>, Self::Error>;

    /// Whether a version is an attempt, or has come of it.
    ///
    /// # Errors
    /// If that cannot be told.
    fn includes(&self, version: &Self::Version, attempt: &Self::Version) -> Result<bool, Self::Error>;

    /// Remembers a version on this machine as the last one that was seen, and could be trusted.
    ///
    /// # Errors
    /// If that cannot be written.
    fn remember(&self, version: &Self::Version) -> Result<(), Self::Error>;

    /// Waits before something is tried again.
    fn pause(&self, time: Duration) {
        thread::sleep(time);
    }
}
