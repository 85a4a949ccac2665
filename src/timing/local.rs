//! From a local time to an instant, with the two ways in which a change of the clock gets in
//! between: forward, and an hour is skipped; back, and an hour is repeated.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Error, Timestamp};

/// What if a change of the clock skips or repeats a local time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IfAmbiguous {
    /// It is an error.
    #[default]
    Refuse,
    /// The earlier of the two instants is meant.
    Earlier,
    /// The later one is meant.
    Later,
}

/// How a change of the clock touches a local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The clock jumps over it: it never comes.
    Skipped,
    /// The clock is put back over it: it comes twice.
    Repeated,
}

/// A local time that is no single instant, and the two that may be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a change of the clock {} this local time", match kind {
    ChangeKind::Skipped => "skips",
    ChangeKind::Repeated => "repeats",
})]
pub struct ClockChange {
    /// Skipped or repeated.
    pub kind: ChangeKind,
    /// The instant that `ifAmbiguous: earlier` means.
    pub earlier: Timestamp,
    /// The instant that `ifAmbiguous: later` means.
    pub later: Timestamp,
}

/// Turns a local time of a zone into an instant. A skipped time is read with the offset from
/// before the change or from after it: 02:30, where the clock jumps from 02:00 to 03:00, is 01:30
/// or 03:30.
///
/// Times at the very ends of the calendar become the ends of what an instant can be.
///
/// # Errors
/// If a change of the clock skips or repeats the time, and nothing says which instant is meant.
pub fn resolve(local: DateTime, zone: &TimeZone, if_ambiguous: IfAmbiguous) -> Result<Timestamp, ClockChange> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let instant = |resolved: Result<Timestamp, Error>| {
        resolved.unwrap_or(if local.year() > 0 { Timestamp::MAX } else { Timestamp::MIN })
    };
    let (earlier, later) = (instant(ambiguous.earlier()), instant(ambiguous.later()));
    let kind = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => return Ok(earlier),
        AmbiguousOffset::Gap { .. } => ChangeKind::Skipped,
        AmbiguousOffset::Fold { .. } => ChangeKind::Repeated,
    };
    match if_ambiguous {
        IfAmbiguous::Refuse => Err(ClockChange { kind, earlier, later }),
        IfAmbiguous::Earlier => Ok(earlier),
        IfAmbiguous::Later => Ok(later),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::zone;

    fn resolved(local: &str, name: &str, if_ambiguous: IfAmbiguous) -> Result<Timestamp, ClockChange> {
        resolve(local.parse().unwrap(), &zone(name).unwrap(), if_ambiguous)
    }

    #[test]
    fn most_local_times_are_one_instant() {
        let check = |local: &str, name: &str, expect: &str| {
            for choice in [IfAmbiguous::Refuse, IfAmbiguous::Earlier, IfAmbiguous::Later] {
                let instant = resolved(local, name, choice).unwrap();
                assert_eq!(instant.to_string(), expect, "{local} {name} {choice:?}");
            }
        };
        check("2026-12-01T09:00", "Europe/Zagreb", "2026-12-01T08:00:00Z");
        check("2026-07-01T09:00", "Europe/Zagreb", "2026-07-01T07:00:00Z");
        check("2026-12-01T09:00", "UTC", "2026-12-01T09:00:00Z");
        check("2026-12-01T09:00", "Asia/Kathmandu", "2026-12-01T03:15:00Z");
        check("2026-12-01T09:00", "Pacific/Kiritimati", "2026-11-30T19:00:00Z");
        check("2028-02-29T12:00", "America/New_York", "2028-02-29T17:00:00Z");
        check("2026-12-31T23:59:59", "America/New_York", "2027-01-01T04:59:59Z");
        check("2027-01-01T00:00", "Asia/Tokyo", "2026-12-31T15:00:00Z");
        // The hours on both sides of a change.
        check("2026-03-29T01:59:59", "Europe/Zagreb", "2026-03-29T00:59:59Z");
        check("2026-03-29T03:00", "Europe/Zagreb", "2026-03-29T01:00:00Z");
        check("2026-10-25T01:59:59", "Europe/Zagreb", "2026-10-24T23:59:59Z");
        check("2026-10-25T03:00", "Europe/Zagreb", "2026-10-25T02:00:00Z");
    }

    #[test]
    fn a_change_of_the_clock_is_found_and_both_instants_are_named() {
        let check = |local: &str, name: &str, kind: ChangeKind, earlier: &str, later: &str| {
            let change = ClockChange { kind, earlier: earlier.parse().unwrap(), later: later.parse().unwrap() };
            assert_eq!(resolved(local, name, IfAmbiguous::Refuse), Err(change), "{local} {name}");
            assert_eq!(resolved(local, name, IfAmbiguous::Earlier), Ok(change.earlier), "{local} {name}");
            assert_eq!(resolved(local, name, IfAmbiguous::Later), Ok(change.later), "{local} {name}");
        };
        use ChangeKind::{Repeated, Skipped};
        check("2026-03-29T02:30", "Europe/Zagreb", Skipped, "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z");
        check("2026-10-25T02:30", "Europe/Zagreb", Repeated, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
        check("2027-03-14T02:00", "America/New_York", Skipped, "2027-03-14T06:00:00Z", "2027-03-14T07:00:00Z");
        check("2026-11-01T01:00", "America/New_York", Repeated, "2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z");
        // Lord Howe Island moves its clocks by half an hour.
        check("2026-10-04T02:15", "Australia/Lord_Howe", Skipped, "2026-10-03T15:15:00Z", "2026-10-03T15:45:00Z");
        check("2026-04-05T01:45", "Australia/Lord_Howe", Repeated, "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z");
        // Apia went over the date line and had no 30 December.
        check("2011-12-30T12:00", "Pacific/Apia", Skipped, "2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z");
    }

    #[test]
    fn the_ends_of_the_calendar_do_no_harm() {
        let at = |local: DateTime| resolve(local, &zone("America/New_York").unwrap(), IfAmbiguous::Refuse).unwrap();
        assert_eq!(at(DateTime::MAX), Timestamp::MAX);
        assert!(at(DateTime::MIN) < "-009998-01-01T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn the_error_reads_as_a_fragment() {
        let change = |local| resolved(local, "Europe/Zagreb", IfAmbiguous::Refuse).unwrap_err().to_string();
        assert_eq!(change("2026-03-29T02:30"), "a change of the clock skips this local time");
        assert_eq!(change("2026-10-25T02:30"), "a change of the clock repeats this local time");
    }
}
