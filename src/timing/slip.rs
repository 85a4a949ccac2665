//! Dates, times and durations as people write them, read in order to say how they are written here.
//! Nothing that is read here is ever taken for what was meant.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::loosely::LooseTime;
use super::zone::zone;

/// An hour for texts that have none.
const SOME_TIME: &str = "09:00";

/// Says how a text is written as a local time, `2026-12-01 09:00`, beside the zone whose clocks count, if
/// that is known; `None` if nobody knows what it is. Where the text has an offset, it is an instant, and
/// what is to be written is the same one.
#[must_use]
pub fn local_slip(text: &str, beside: Option<&str>) -> Option<String> {
    let read = LooseTime::of(text)?;
    let named = beside.and_then(|name| Some((name, zone(name)?)));
    match (read.dates.as_slice(), read.time, read.offset) {
        (_, _, None) => hint(&read, |date, time| format!("\"{date} {time}\"")),
        ([date], Some(time), Some(minutes)) => {
            let ahead = SignedDuration::from_mins(i64::from(minutes));
            let utc = DateTime::from_parts(*date, time).checked_sub(ahead).ok()?;
            let written = |local: DateTime| format!("\"{} {}\"", local.date(), clock(local.time()));
            Some(match named {
                Some((name, zone)) => {
                    let local = zone.to_datetime(TimeZone::UTC.to_timestamp(utc).ok()?);
                    format!("write {}: what this instant is on the clocks of `{name}`", written(local))
                }
                None => format!("write {} and `timeZone: UTC`, which is the same instant", written(utc)),
            })
        }
        _ => {
            let whose = named.map_or_else(|| "the zone beside it".to_owned(), |(name, _)| format!("`{name}`"));
            Some(format!("write \"YYYY-MM-DD HH:MM\", on the clocks of {whose}, without an offset"))
        }
    }
}

/// Says how a text is written as a time in UTC, `2026-12-01 09:00Z`; `None` if nobody knows what it is.
#[must_use]
pub fn instant_slip(text: &str) -> Option<String> {
    let read = LooseTime::of(text)?;
    let hint = match (read.dates.as_slice(), read.time, read.offset) {
        ([date], Some(time), Some(minutes)) => {
            let ahead = SignedDuration::from_mins(i64::from(minutes));
            let utc = DateTime::from_parts(*date, time).checked_sub(ahead).ok()?;
            format!("write \"{} {}Z\"", utc.date(), clock(utc.time()))
        }
        _ => hint(&read, |date, time| format!("\"{date} {time}Z\""))?,
    };
    let unknown = if read.offset.is_none() { ", if that is the time in UTC" } else { "" };
    Some(format!("{hint}{unknown}"))
}

/// Says how a text is written as a duration, `90m`; `None` if nobody knows what it is.
#[must_use]
pub fn duration_slip(text: &str) -> Option<String> {
    let text = text.trim();
    if (1..=6).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("say its unit: `{text}s`, `{text}m`, `{text}h` or `{text}d`"));
    }
    let span: Span = text.to_lowercase().replace('.', ",").parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let seconds =
        u64::try_from(duration.as_secs()).ok().filter(|seconds| *seconds > 0 && duration.subsec_nanos() == 0)?;
    let (length, unit) =
        [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')].into_iter().find(|(length, _)| seconds % length == 0)?;
    let amount = seconds / length;
    (amount < 1_000_000).then(|| format!("write `{amount}{unit}`"))
}

/// Writes what was read, with all that it may mean.
fn hint(read: &LooseTime, write: impl Fn(Date, &str) -> String) -> Option<String> {
    let time = read.time.map_or_else(|| SOME_TIME.to_owned(), clock);
    let missing = if read.time.is_none() { ": the time of day is missing" } else { "" };
    match read.dates.as_slice() {
        [] => Some(format!("the date is missing: write \"YYYY-MM-DD {time}\"")),
        [date] if read.time.is_none() => Some(format!("such as {}{missing}", write(*date, &time))),
        [date] => Some(format!("write {}", write(*date, &time))),
        [one, other, ..] => {
            let day = |date: &Date| date.strftime("%-d %B").to_string();
            Some(format!(
                "this may be {} or {}: write {} or {}{missing}",
                day(one),
                day(other),
                write(*one, &time),
                write(*other, &time)
            ))
        }
    }
}

fn clock(time: Time) -> String {
    time.strftime(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn local_times_are_written_in_one_way() {
        let check = |text: &str, expect: &str| assert_eq!(local_slip(text, None).unwrap_or_default(), expect, "{text}");
        let write = "write \"2026-12-01 09:00\"";
        for text in [
            "2026-12-01T09:00",
            "2026-12-01T09:00:00",
            "2026-12-01  9:00",
            "2026-12-1 9:00",
            "2026/12/01 09:00",
            "2026.12.01 9 am",
            "2026-12-01 09h00",
            "20261201 09:00",
            "1 Dec 2026 9:00",
            "December 1st, 2026 at 9am",
            "Tue, 1 Dec 2026 09:00",
        ] {
            check(text, write);
        }
        check("13/12/2026 21:30", "write \"2026-12-13 21:30\"");
        check("12/13/2026 9:30:15 PM", "write \"2026-12-13 21:30:15\"");
        check("05.05.2026 12 am", "write \"2026-05-05 00:00\"");
        check(
            "12/01/2026 09:00",
            "this may be 12 January or 1 December: write \"2026-01-12 09:00\" or \"2026-12-01 09:00\"",
        );
        check(
            "01.12.2026 9:00",
            "this may be 1 December or 12 January: write \"2026-12-01 09:00\" or \"2026-01-12 09:00\"",
        );
        check(
            "12/01/2026",
            "this may be 12 January or 1 December: write \"2026-01-12 09:00\" or \"2026-12-01 09:00\": the time of day is missing",
        );
        check("2026-12-01", "such as \"2026-12-01 09:00\": the time of day is missing");
        check("9am", "the date is missing: write \"YYYY-MM-DD 09:00\"");
        check("09:00", "the date is missing: write \"YYYY-MM-DD 09:00\"");
        for text in ["2026-12-01T09:00Z", "2026-12-01T10:00:00+01:00", "2026-12-01 09:00 UTC", "2026-12-01 10:00 GMT+1"]
        {
            check(text, &format!("{write} and `timeZone: UTC`, which is the same instant"));
            let beside = local_slip(text, Some("Europe/Zagreb"));
            let expect = "write \"2026-12-01 10:00\": what this instant is on the clocks of `Europe/Zagreb`";
            assert_eq!(beside.as_deref(), Some(expect), "{text}");
        }
        let form = "write \"YYYY-MM-DD HH:MM\", on the clocks of the zone beside it, without an offset";
        check("12/01/2026 09:00Z", form);
        for text in [
            "",
            "soon",
            "tomorrow 9am",
            "12/01/26 09:00",
            "13/13/2026 09:00",
            "2026-02-30 09:00",
            "2026-13-01 09:00",
            "25:00",
            "13pm",
            "1796000000",
            "9",
            "2026-12",
            "2026-12-01 09:00 CET",
            "\u{7f}",
            &"1".repeat(100),
        ] {
            check(text, "");
        }
    }

    #[test]
    fn instants_are_written_in_utc() {
        let check = |text: &str, expect: &str| assert_eq!(instant_slip(text).unwrap_or_default(), expect, "{text}");
        check("2026-11-30T12:00:00Z", "write \"2026-11-30 12:00Z\"");
        check("2026-12-01T00:30+01:00", "write \"2026-11-30 23:30Z\"");
        check("2026-11-30 12:00", "write \"2026-11-30 12:00Z\", if that is the time in UTC");
        check(
            "11/12/2026 12:00Z",
            "this may be 11 December or 12 November: write \"2026-12-11 12:00Z\" or \"2026-11-12 12:00Z\"",
        );
        check("noon", "");
    }

    #[test]
    fn durations_are_written_with_one_unit() {
        let check = |text: &str, expect: &str| assert_eq!(duration_slip(text).unwrap_or_default(), expect, "{text}");
        check("2 hours", "write `2h`");
        check("1h30m", "write `90m`");
        check("1h 30min", "write `90m`");
        check("PT2H", "write `2h`");
        check("2 days", "write `2d`");
        check("1.5h", "write `90m`");
        check("120min", "write `2h`");
        check("90", "say its unit: `90s`, `90m`, `90h` or `90d`");
        for text in ["", "0", "0h", "-2h", "soon", "2 months", "0.5s"] {
            check(text, "");
        }
    }

    proptest! {
        #[test]
        fn what_is_proposed_is_what_was_written(year in 2000_i16..2100, month in 1_i8..=12, day in 1_i8..=28, hour in 0_i8..24, minute in 0_i8..60) {
            let at = DateTime::new(year, month, day, hour, minute, 0, 0).unwrap();
            let wanted = at.strftime("write \"%Y-%m-%d %H:%M\"").to_string();
            for form in ["%Y-%m-%dT%H:%M", "%Y/%m/%d %-I:%M %p", "%-d %B %Y %H:%M", "%b %-d, %Y %-I:%M%P"] {
                prop_assert_eq!(local_slip(&at.strftime(form).to_string(), Some("Europe/Zagreb")), Some(wanted.clone()));
            }
        }

        #[test]
        fn anything_is_read_without_panic(text: String) {
            drop((local_slip(&text, None), local_slip(&text, Some("UTC")), instant_slip(&text), duration_slip(&text)));
        }
    }
}
