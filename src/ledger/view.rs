//! Who is looking at the ledger: whether an open claim may still be at work.

use jiff::{SignedDuration, Timestamp};

use super::entry::ClaimEntry;
use super::line::{Claim, PersonState, Standing};

/// The longest that a request may take after it began; a gateway's client may not wait longer.
pub const DEADLINE_MAX: SignedDuration = SignedDuration::from_secs(120);

/// How far the clocks of two machines may be apart.
pub const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// What the reader of a ledger knows about other runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// A lock of the operating system proves that no other run lives: every open claim is in doubt.
    Exclusive,
    /// Other runs may live: an open claim is in flight until its run has written what became of it, or
    /// until its `start_by`, [`DEADLINE_MAX`] and [`SKEW_MAX`] have passed.
    Shared {
        /// The present, by the clocks of machines.
        now: Timestamp,
    },
}

/// The last instant at which the request of a claim may be under way, whatever the clocks say: by the clocks of
/// machines, because a run does not live longer where a sandbox's clock is set or runs faster.
pub(super) fn lives_until(claim: &Claim) -> Timestamp {
    let start_by = match claim.machine_at {
        None => Ok(claim.start_by),
        Some(machine_at) => machine_at.checked_add(claim.start_by.duration_since(claim.at)),
    };
    let end = start_by.and_then(|end| end.checked_add(DEADLINE_MAX)).and_then(|end| end.checked_add(SKEW_MAX));
    end.unwrap_or(Timestamp::MAX)
}

impl View {
    /// Says how somebody stands by one claim alone. Once the run that made it has written what became
    /// of it, nothing of it is in flight any more.
    pub(super) fn standing(self, entry: &ClaimEntry, state: PersonState) -> Standing {
        match state {
            PersonState::Claimed if self.is_in_flight(entry) => Standing::InFlight,
            PersonState::Claimed => Standing::InDoubt,
            PersonState::Refused => Standing::Free,
            PersonState::Rejected(status) => Standing::Rejected(status),
            PersonState::Abandoned => Standing::Abandoned,
            PersonState::Accepted => Standing::Accepted,
        }
    }

    /// Whether the request of a claim may still begin, or be under way.
    pub(super) fn is_in_flight(self, entry: &ClaimEntry) -> bool {
        entry.settled.is_none() && self.may_live(&entry.claim)
    }

    /// Until when the request of a claim may still begin, or be under way; `None` if it surely is not.
    pub(super) fn in_flight_until(self, entry: &ClaimEntry) -> Option<Timestamp> {
        self.is_in_flight(entry).then(|| lives_until(&entry.claim))
    }

    /// Whether a claim is young enough for its request to begin, or to be under way.
    fn may_live(self, claim: &Claim) -> bool {
        match self {
            Self::Exclusive => false,
            Self::Shared { now } => now <= lives_until(claim),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{self, at};

    /// A sandbox's clock that was set, or runs fast, makes no run live longer or shorter.
    #[test]
    fn a_claim_lives_by_the_clocks_of_machines() {
        let claim = Claim { at: at(0), start_by: at(120), ..sample::claim("announce", &[1], 1, 1) };
        assert_eq!(lives_until(&claim), at(120 + 120 + 300));
        let year = 365 * 86_400;
        for machine in [-year, year] {
            let entry = ClaimEntry::new(Claim { machine_at: Some(at(machine)), ..claim.clone() }).unwrap();
            let is_in_flight = |second| View::Shared { now: at(machine + second) }.is_in_flight(&entry);
            assert_eq!((is_in_flight(0), is_in_flight(540), is_in_flight(541)), (true, true, false));
        }
    }
}
