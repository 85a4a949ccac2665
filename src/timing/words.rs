//! Instants and durations in words.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

/// Writes an instant in UTC: `2026-12-01 08:00 UTC`. Seconds are written only if there are any,
/// and what is less than a second is cut.
#[must_use]
pub fn utc(instant: Timestamp) -> String {
    let clock = instant.to_zoned_datetime(TimeZone::UTC);
    format!("{} {} UTC", clock.date(), time_of_day(&clock))
}

/// Writes an instant on both clocks: `2026-12-01 09:00 Europe/Zagreb (08:00 UTC)`; with the date in
/// UTC where that differs, and only once where the zone is UTC itself.
#[must_use]
pub fn both_clocks(instant: Timestamp, zone: &TimeZone) -> String {
    let there = instant.to_zoned_datetime(zone.clone());
    let here = instant.to_zoned_datetime(TimeZone::UTC);
    let name = zone_name(&there);
    if name == "UTC" {
        return utc(instant);
    }
    let date = if there.date() == here.date() { String::new() } else { format!("{} ", here.date()) };
    format!("{} {} {name} ({date}{} UTC)", there.date(), time_of_day(&there), time_of_day(&here))
}

/// Writes a duration in its two largest units, cut after the second: `45 s`, `2 min`, `1 h 30 min`,
/// `3 days 4 h`. What is shorter than a second is not told apart.
#[must_use]
pub fn duration(duration: SignedDuration) -> String {
    let sign = if duration.is_negative() { "-" } else { "" };
    let duration = duration.unsigned_abs();
    let seconds = duration.as_secs();
    if seconds == 0 && !duration.is_zero() {
        return "less than 1 s".to_owned();
    }
    let days = seconds / 86_400;
    let units = [
        (days, if days == 1 { "day" } else { "days" }),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    // The largest unit that is there, and the one right below it.
    let parts: Vec<String> = units
        .into_iter()
        .skip_while(|(amount, _)| *amount == 0)
        .take(2)
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, unit)| format!("{amount} {unit}"))
        .collect();
    if parts.is_empty() { "0 s".to_owned() } else { format!("{sign}{}", parts.join(" ")) }
}

/// A zone's IANA name, or its offset if it has no name.
pub(super) fn zone_name(clock: &ZonedDateTime) -> String {
    clock.time_zone().iana_name().map_or_else(|| clock.offset().to_string(), str::to_owned)
}

/// `09:00` or `09:00:30`.
pub(super) fn time_of_day(clock: &ZonedDateTime) -> String {
    let format = if clock.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    clock.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::zone;

    #[test]
    fn an_instant_is_written_on_both_clocks() {
        let check = |instant: &str, name: &str, expect: &str| {
            assert_eq!(both_clocks(instant.parse().unwrap(), &zone(name).unwrap()), expect);
        };
        check("2026-12-01T08:00:00Z", "Europe/Zagreb", "2026-12-01 09:00 Europe/Zagreb (08:00 UTC)");
        check("2026-12-01T08:01:40Z", "Europe/Zagreb", "2026-12-01 09:01:40 Europe/Zagreb (08:01:40 UTC)");
        check("2026-12-01T08:00:08.572Z", "UTC", "2026-12-01 08:00:08 UTC");
        check("2026-12-01T08:00:00Z", "UTC", "2026-12-01 08:00 UTC");
        check("2026-12-01T08:00:00Z", "Europe/London", "2026-12-01 08:00 Europe/London (08:00 UTC)");
        check("2026-12-31T23:30:00Z", "Europe/Zagreb", "2027-01-01 00:30 Europe/Zagreb (2026-12-31 23:30 UTC)");
        check("2027-01-01T02:00:00Z", "America/New_York", "2026-12-31 21:00 America/New_York (2027-01-01 02:00 UTC)");
        check("2028-02-28T18:00:00Z", "Pacific/Apia", "2028-02-29 07:00 Pacific/Apia (2028-02-28 18:00 UTC)");
        // The repeated hour: the same local time, told apart by UTC.
        check("2026-10-25T00:30:00Z", "Europe/Zagreb", "2026-10-25 02:30 Europe/Zagreb (00:30 UTC)");
        check("2026-10-25T01:30:00Z", "Europe/Zagreb", "2026-10-25 02:30 Europe/Zagreb (01:30 UTC)");
    }

    #[test]
    fn durations_have_two_units() {
        let check = |millis: i64, expect: &str| assert_eq!(duration(SignedDuration::from_millis(millis)), expect);
        check(0, "0 s");
        check(7, "less than 1 s");
        check(-999, "less than 1 s");
        check(1_999, "1 s");
        check(45_000, "45 s");
        check(120_000, "2 min");
        check(100_000, "1 min 40 s");
        check(5_400_000, "1 h 30 min");
        check(3_605_000, "1 h");
        check(86_400_000, "1 day");
        check(273_600_000, "3 days 4 h");
        check(180 * 86_400_000, "180 days");
        check(-90_000, "-1 min 30 s");
        assert_eq!(duration(SignedDuration::from_nanos(570)), "less than 1 s");
        assert_eq!(duration(SignedDuration::MIN), "-106751991167300 days 15 h");
    }
}
