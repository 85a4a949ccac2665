//! What people have, or what the gateway has for them and has not let go of yet. No edit of the files
//! reaches it any more, so a plan names every edit that changes nothing for them, with what they get and
//! when.

mod early;
mod edits;
mod gone;
mod place;
mod several_keys;
#[cfg(test)]
mod tests;

use crate::identity::{Person, Revision};
use crate::ledger::HandedOver;

use super::gate::Gate;

pub(super) use early::early;
pub use edits::{Outdated, TermChange};
pub(super) use edits::{edition, terms};
pub use gone::Gone;
pub(super) use gone::gone;
pub(super) use place::{KeptClaims, Placed};
pub(super) use several_keys::SeveralKeys;

/// Where somebody ends whose message is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ends {
    /// At a gate.
    At(Gate),
    /// Nowhere: the audience has no row of them.
    Nowhere,
}

/// People whom the files keep from a message by now, and who get it all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstopped {
    /// Where they end.
    pub ends: Ends,
    /// They.
    pub handed: HandedOver,
    /// Those of them who are suppressed, each with the revision that they get: their messageIds are made of these, by
    /// which the gateway's support finds them. Of all others nobody is named.
    pub named: Vec<(Revision, Person)>,
}

/// What the gateway has of a message and has not let go of yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtGateway {
    /// People who are to get it, counted as already sent.
    pub waiting: Option<HandedOver>,
    /// People who are not, by what stops them; the suppressed ones first.
    pub unstopped: Vec<Unstopped>,
    /// Whether the message is paused, which holds back none of it.
    pub paused: bool,
    /// Whether it is listed as gone on purpose, although the files have it.
    pub retired: bool,
    /// People who get it at another time than the schedule says by now; nothing more is known of what
    /// changed.
    pub other_time: Option<HandedOver>,
    /// People who get an older revision.
    pub older: Vec<(Revision, HandedOver)>,
}

impl AtGateway {
    /// The people who are suppressed by now, and get it all the same.
    #[must_use]
    pub fn suppressed(&self) -> Option<&Unstopped> {
        self.unstopped.iter().find(|unstopped| unstopped.ends == Ends::At(Gate::Suppressed))
    }

    /// All who get something, whatever the files say by now.
    #[must_use]
    pub fn all(&self) -> Option<HandedOver> {
        let stopped = self.unstopped.iter().map(|unstopped| unstopped.handed);
        let older = self.older.iter().map(|(_, handed)| *handed);
        self.waiting.into_iter().chain(stopped).chain(older).reduce(HandedOver::join)
    }
}
