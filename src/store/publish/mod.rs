//! A ledger that is published: it lives elsewhere, in one current version that everybody sees, and whoever writes
//! replaces that version, if nobody was faster. What it takes of the other side is one trait, [`Remote`]; git's
//! branch is one, and an object store with conditional writes would be another.
//!
//! Claims are published before the requests that they cover. Whoever is too slow reads what others have written,
//! gives way to what they have claimed, and tries the rest again. Many entries go in one attempt.
//!
//! An outcome is durable on this machine when it is settled, and on the remote with the next claims, after half a
//! minute, or when the run ends. A machine that is lost in between leaves a doubt, which is safe.

mod batch;
mod journal;
mod ledger;
mod publisher;
mod rebind;
mod remote;
mod writer;

#[cfg(test)]
mod memory;
#[cfg(test)]
mod tests;

pub(super) use ledger::{PublishedLedger, create, join_left, read, rebind};
pub(super) use remote::{Addition, Attempt, Remote};
