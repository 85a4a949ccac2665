//! How far the gateway looks ahead, and how long it keeps trying.

use jiff::{SignedDuration, Timestamp};

use crate::wire::limits;
use crate::wire::options::ValidityPeriod;

/// The longest validity, and the one that holds if none is given.
pub const VALIDITY_MAX: SignedDuration = hours(limits::VALIDITY_HOURS_MAX);
/// How far ahead a message may be scheduled.
pub const SCHEDULE_AHEAD_MAX: SignedDuration = hours(limits::SCHEDULE_DAYS_MAX * 24);
/// How long the gateway's logs go back.
pub const LOGS_BACK_MAX: SignedDuration = hours(limits::LOGS_HOURS);

const fn hours(hours: u32) -> SignedDuration {
    SignedDuration::from_hours(hours as i64)
}

/// Whether an instant is more than 180 days ahead of `now`.
#[must_use]
pub fn is_too_far_ahead(now: Timestamp, instant: Timestamp) -> bool {
    instant.duration_since(now) > SCHEDULE_AHEAD_MAX
}

/// The validity as the gateway takes it: at most 48 hours, and 48 hours if none is given.
#[must_use]
pub fn validity(period: Option<ValidityPeriod>) -> SignedDuration {
    period.map_or(VALIDITY_MAX, |period| SignedDuration::from_secs(period.seconds()).min(VALIDITY_MAX))
}

/// Whether the gateway cuts a validity, because it is over 48 hours.
#[must_use]
pub fn is_clamped(period: ValidityPeriod) -> bool {
    SignedDuration::from_secs(period.seconds()) > VALIDITY_MAX
}

/// Adds a duration to an instant; what no calendar reaches becomes the end of time.
#[must_use]
pub(super) fn later_by(instant: Timestamp, duration: SignedDuration) -> Timestamp {
    instant.checked_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::options::ValidityUnit;

    #[test]
    fn a_schedule_reaches_180_days_ahead() {
        let check = |at: &str, expect: bool| {
            let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
            assert_eq!(is_too_far_ahead(now, at.parse().unwrap()), expect, "{at}");
        };
        check("2020-01-01T00:00:00Z", false);
        check("2027-05-29T12:00:00Z", false);
        check("2027-05-29T12:00:00.001Z", true);
        check("9999-12-30T00:00:00Z", true);
    }

    #[test]
    fn a_validity_is_at_most_48_hours() {
        let check = |amount: u32, time_unit: ValidityUnit, seconds: i64, clamped: bool| {
            let period = ValidityPeriod { amount, time_unit };
            assert_eq!(validity(Some(period)), SignedDuration::from_secs(seconds), "{amount} {time_unit:?}");
            assert_eq!(is_clamped(period), clamped, "{amount} {time_unit:?}");
        };
        check(1, ValidityUnit::Seconds, 1, false);
        check(90, ValidityUnit::Minutes, 5_400, false);
        check(48, ValidityUnit::Hours, 172_800, false);
        check(172_801, ValidityUnit::Seconds, 172_800, true);
        check(720, ValidityUnit::Hours, 172_800, true);
        check(u32::MAX, ValidityUnit::Hours, 172_800, true);
        assert_eq!(validity(None), VALIDITY_MAX);
    }

    #[test]
    fn time_ends_instead_of_overflowing() {
        assert_eq!(later_by(Timestamp::UNIX_EPOCH, SignedDuration::MAX), Timestamp::MAX);
        assert_eq!(later_by(Timestamp::MAX, SignedDuration::from_secs(1)), Timestamp::MAX);
    }
}
