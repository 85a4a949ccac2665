//! From what a run wants written to a version of the remote that has it: try to replace the current one, and
//! if somebody was faster join what they did and try again.

use std::time::Duration;

use crate::store::backend_error::BackendError as _;
use crate::store::error::StoreError;

use super::remote::{Addition, Attempt, Remote};

/// How often others may be faster, one attempt after the other.
const BEHIND_MAX: u32 = 20;
/// How often the remote may say that its version is in use or another, one attempt after the other, although
/// nobody has written.
const STUCK_MAX: u32 = 5;
/// How often an attempt may end without an answer.
const LOST_MAX: u32 = 3;
/// How often the remote is asked what it has after such an attempt.
const LOOKS_MAX: u32 = 4;
/// About how long to wait before the second try; doubled each time.
const AGAIN_FIRST: Duration = Duration::from_millis(100);
/// About the longest wait that doubling leads to.
const AGAIN_MAX: Duration = Duration::from_secs(3);

/// What is to be written, as it looks from any tip.
pub(super) trait Changes<R: Remote> {
    /// What is to be added to a tip; `None` if there is nothing (any more).
    fn addition(&mut self, remote: &R, tip: &R::Tip) -> Option<Addition>;

    /// Joins in what others have written between two tips.
    ///
    /// # Errors
    /// If that cannot be read, or is not what is expected.
    fn update(&mut self, remote: &R, since: &R::Tip, tip: &R::Tip) -> Result<(), StoreError>;

    /// Takes out what does not go with what others have written.
    fn drop_conflicting(&mut self);
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
    /// Wraps a failure before anything was tried.
    fn from(cause: StoreError) -> Self {
        Self { cause, may_be_there: false }
    }
}

/// What the remote has after attempts that it did not confirm.
enum RemoteState<V> {
    /// What it had before.
    Same,
    /// A version with one of the attempts in it: the answer was lost, but not the attempt.
    Ours(V),
    /// A version of others. None of the attempts goes on from it, so none of them can come any more.
    Others(V),
}

/// The way to the remote.
#[derive(Debug)]
pub(super) struct Publisher<R: Remote> {
    remote: R,
    tip: R::Tip,
    /// Whether this machine could not remember the tip, although the remote has it.
    is_unseen: bool,
}

impl<R: Remote> Publisher<R> {
    /// Goes on from a tip.
    pub(super) fn new(remote: R, tip: R::Tip) -> Self {
        Self { remote, tip, is_unseen: false }
    }

    /// Tries until the remote has the changes, or nothing is left of them; then nothing was written, and
    /// this says false.
    ///
    /// # Errors
    /// If the remote refuses it or cannot be reached; if what it has cannot be trusted.
    pub(super) fn publish(&mut self, changes: &mut impl Changes<R>) -> Result<bool, Unpublished> {
        let mut may_be_there = false;
        let published = self.try_on(changes, &mut may_be_there);
        published.map_err(|cause| Unpublished { cause, may_be_there })
    }

    fn try_on(&mut self, changes: &mut impl Changes<R>, may_be_there: &mut bool) -> Result<bool, StoreError> {
        self.remember()?;
        let mut tried: Vec<R::Version> = Vec::new();
        let (mut stuck, mut lost) = (0, 0);
        while let Some(addition) = changes.addition(&self.remote, &self.tip) {
            let (version, next) = self.remote.stage(&self.tip, &addition)?;
            tried.push(version.clone());
            let might_be_there = *may_be_there;
            let attempt = self.remote.try_replace(&self.tip, &next);
            *may_be_there |= match &attempt {
                Ok(Attempt::Behind) => false,
                Ok(Attempt::Replaced | Attempt::Rejected(_) | Attempt::Unknown(_)) => true,
                Err(error) => !error.is_surely_not_written(),
            };
            let rejected = match attempt? {
                Attempt::Replaced => {
                    self.tip = next;
                    self.is_unseen = self.remote.remember(&version).is_err();
                    return Ok(true);
                }
                Attempt::Behind => None,
                Attempt::Rejected(error) => Some(error),
                Attempt::Unknown(error) => {
                    lost += 1;
                    if lost >= LOST_MAX {
                        return Err(error.into());
                    }
                    None
                }
            };
            let tries = u32::try_from(tried.len()).unwrap_or(u32::MAX);
            self.pause(tries);
            match self.find(&tried)? {
                RemoteState::Ours(version) => {
                    *may_be_there = true;
                    self.catch_up(&version, changes)?;
                    return Ok(true);
                }
                RemoteState::Others(version) => {
                    *may_be_there = false;
                    self.catch_up(&version, changes)?;
                    stuck = 0;
                }
                RemoteState::Same => {
                    // Without an answer the attempt may still come; with one it is not there, as was seen.
                    if let Some(error) = rejected {
                        *may_be_there = might_be_there;
                        stuck += 1;
                        if stuck >= STUCK_MAX {
                            return Err(error.into());
                        }
                    }
                }
            }
            let behind = tries.saturating_sub(lost);
            if behind >= BEHIND_MAX {
                return Err(StoreError::Busy { place: self.remote.place(), tries: behind });
            }
            changes.drop_conflicting();
        }
        Ok(false)
    }

    /// Remembers the tip, if that has failed: what is published counts without it, but the next attempt does
    /// not go on without the guard against a remote that is taken back.
    fn remember(&mut self) -> Result<(), R::Error> {
        if let Some(version) = R::version(&self.tip).filter(|_| self.is_unseen) {
            self.remote.remember(version)?;
            self.is_unseen = false;
        }
        Ok(())
    }

    /// Looks what the remote has, and whether one of these attempts is in it.
    fn find(&self, tried: &[R::Version]) -> Result<RemoteState<R::Version>, R::Error> {
        let Some(version) = self.look_for_others()? else { return Ok(RemoteState::Same) };
        for attempt in tried {
            if self.remote.includes(&version, attempt)? {
                return Ok(RemoteState::Ours(version));
            }
        }
        Ok(RemoteState::Others(version))
    }

    /// Joins in what others have written since, if they have.
    ///
    /// # Errors
    /// If the remote cannot be reached, or what it has cannot be trusted.
    pub(super) fn catch_up_with_others(&mut self, changes: &mut impl Changes<R>) -> Result<(), StoreError> {
        let Some(version) = self.look_for_others()? else { return Ok(()) };
        self.catch_up(&version, changes)?;
        changes.drop_conflicting();
        Ok(())
    }

    /// Joins in what the remote has, and goes on from there.
    fn catch_up(&mut self, found: &R::Version, changes: &mut impl Changes<R>) -> Result<(), StoreError> {
        let tip = self.remote.read(found)?;
        changes.update(&self.remote, &self.tip, &tip)?;
        self.remote.remember(found)?;
        self.tip = tip;
        Ok(())
    }

    /// Asks for the current version; `None` if it is the one that is known.
    fn look_for_others(&self) -> Result<Option<R::Version>, R::Error> {
        let mut tries = 0;
        loop {
            match self.remote.fetch() {
                Err(error) if R::may_pass(&error) && tries < LOOKS_MAX => {
                    tries += 1;
                    self.pause(tries + 2);
                }
                found => return Ok(found?.filter(|version| R::version(&self.tip) != Some(version))),
            }
        }
    }

    /// Waits, so that those who were refused together do not come again together.
    fn pause(&self, tries: u32) {
        let factor = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let time = AGAIN_FIRST.saturating_mul(factor).min(AGAIN_MAX);
        // Without a random number everybody waits equally long, which costs some tries.
        let percent = u32::try_from(getrandom::u64().unwrap_or(50) % 100).unwrap_or_default() + 50;
        self.remote.pause(time.saturating_mul(percent) / 100);
    }

    /// Where it is published.
    pub(super) fn remote(&self) -> &R {
        &self.remote
    }
}
