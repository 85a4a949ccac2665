//! People who are cut out of a bulk that was planned with them, because by now they must not get it: they have opted
//! out, or their turn would come too late. It is looked before each claim, and before each request.
//!
//! Whoever is cut out before a request begins is not in it. Their claim, if there is one, is given back for
//! everybody, and the others go into another bulk, whose id is of exactly them.

use super::summary::Tally;
use crate::identity::Person;

/// Why people are cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutReason {
    /// They have opted out.
    OptedOut,
    /// Their conversation window is closed when it is their turn.
    WindowClosed,
    /// Their message would expire before the delivery window opens.
    WouldExpire,
}

/// People who are cut out of a bulk, all for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CutOut {
    /// They.
    pub(super) people: Vec<Person>,
    /// Why.
    pub(super) why: CutReason,
}

impl CutReason {
    /// The group of so many people.
    pub(super) fn tally(self, people: usize) -> Tally {
        let people = u64::try_from(people).unwrap_or(u64::MAX);
        match self {
            Self::OptedOut => Tally { suppressed: people, ..Tally::default() },
            Self::WindowClosed => Tally { window_closed: people, ..Tally::default() },
            Self::WouldExpire => Tally { would_expire: people, ..Tally::default() },
        }
    }
}

impl CutOut {
    /// These people, unless that is nobody.
    pub(super) fn of(people: Vec<Person>, why: CutReason) -> Option<Self> {
        (!people.is_empty()).then_some(Self { people, why })
    }
}
