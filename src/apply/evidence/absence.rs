//! When somebody's absence from the logs proves that they were not sent to: one function, and all
//! that can stand in the way.

use jiff::{SignedDuration, Timestamp};

/// How long after its claim absence can prove anything: the logs go back 48 hours, and an hour is
/// for asking.
pub const PROVES_WITHIN: SignedDuration = SignedDuration::from_hours(47);

/// Why somebody stays in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// The logs have their message in a bulk of which this ledger does not know.
    InAnotherBulk,
    /// The logs have their message, but another claim of the same bulk, which is open too, may be what
    /// it is of.
    InAnotherClaim,
    /// The gateway rejected the messageId as a duplicate, but this ledger has no earlier claim of it.
    DuplicateId,
    /// The logs have their message with a status that the API does not have.
    UnclearStatus,
    /// So much time has passed since the claim that absence proves nothing any more: only a person's
    /// word settles it.
    TooLate,
    /// Not all of the bulk's messages could be asked for, or not all of the answer be read.
    Unread,
    /// Their message can still leave so late that absence never proves anything.
    Never,
    /// Absence proves nothing before this instant.
    TooEarly(
        /// The first instant at which it may.
        Timestamp,
    ),
    /// This ledger has no other bulk, accepted in this time, that the logs must have as well.
    NothingToCompare,
    /// The logs lack messages that the gateway accepted: they are of another account, or not whole.
    LogsLack,
}

/// What an answer said of messages that the gateway surely has; of several answers the least counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Canary {
    /// There are no such messages.
    None,
    /// It lacked one.
    Missing,
    /// It had them.
    Found,
}

/// All on which it depends whether the absence of people of a claim proves anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Absence {
    /// The present.
    pub(super) now: Timestamp,
    /// When the claim was made.
    pub(super) claimed_at: Timestamp,
    /// The last instant at which a message of the bulk can leave.
    pub(super) leaves_by: Timestamp,
    /// How long after that the logs may take.
    pub(super) wait: SignedDuration,
    /// Whether every open messageId of the claim was asked for, and every page of the answers read.
    pub(super) is_read: bool,
    /// What the same answers said of messages of another bulk.
    pub(super) canary: Canary,
}

impl Absence {
    /// Says whether absence proves that nothing was sent.
    ///
    /// # Errors
    /// With what stands in the way; of several things with the one that lasts longest.
    pub(super) fn proves(&self) -> Result<(), Kept> {
        let proves_until = self.claimed_at.checked_add(PROVES_WITHIN).unwrap_or(Timestamp::MAX);
        let proves_from = self.leaves_by.checked_add(self.wait).unwrap_or(Timestamp::MAX);
        if self.now >= proves_until {
            return Err(Kept::TooLate);
        }
        if proves_from >= proves_until {
            return Err(Kept::Never);
        }
        if !self.is_read {
            return Err(Kept::Unread);
        }
        if self.now < proves_from {
            return Err(Kept::TooEarly(proves_from));
        }
        match self.canary {
            Canary::None => Err(Kept::NothingToCompare),
            Canary::Missing => Err(Kept::LogsLack),
            Canary::Found => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::at;

    const HOUR: i64 = 3600;

    /// Everything holds: claimed at second 0, gone after a minute, asked after an hour.
    fn whole() -> Absence {
        let wait = SignedDuration::from_mins(15);
        let (claimed_at, leaves_by, now) = (at(0), at(60), at(HOUR));
        Absence { now, claimed_at, leaves_by, wait, is_read: true, canary: Canary::Found }
    }

    #[test]
    fn absence_proves_if_everything_holds() {
        assert_eq!(whole().proves(), Ok(()));
        assert_eq!(Absence { now: at(60 + 900), ..whole() }.proves(), Ok(()));
        assert_eq!(Absence { now: at(47 * HOUR - 1), ..whole() }.proves(), Ok(()));
    }

    #[test]
    fn each_condition_alone_keeps_the_doubt() {
        let check = |absence: Absence, kept| assert_eq!(absence.proves(), Err(kept));
        check(Absence { is_read: false, ..whole() }, Kept::Unread);
        check(Absence { now: at(60 + 899), ..whole() }, Kept::TooEarly(at(960)));
        check(Absence { leaves_by: at(2 * HOUR), ..whole() }, Kept::TooEarly(at(2 * HOUR + 900)));
        check(Absence { wait: SignedDuration::from_hours(1), ..whole() }, Kept::TooEarly(at(60 + HOUR)));
        check(Absence { now: at(47 * HOUR), ..whole() }, Kept::TooLate);
        check(Absence { leaves_by: at(46 * HOUR + 2700), ..whole() }, Kept::Never);
        check(Absence { canary: Canary::None, ..whole() }, Kept::NothingToCompare);
        check(Absence { canary: Canary::Missing, ..whole() }, Kept::LogsLack);
        // A clock that was set back proves nothing either.
        check(Absence { now: at(-1), ..whole() }, Kept::TooEarly(at(960)));
    }
}
