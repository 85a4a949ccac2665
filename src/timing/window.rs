//! Delivery windows: the days and hours, in UTC, in which the gateway delivers.
//!
//! A window without hours covers whole days. It holds its first instant and not its last. Hours
//! that run over midnight belong to the day on which they begin: `MONDAY 22:00 to 06:00` ends on
//! Tuesday at 06:00.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::words::{time_of_day, zone_name};
use crate::diagnostic::words::list;
use crate::wire::options::{Day, DeliveryTimeWindow};

const DAY_SECONDS: i64 = 86_400;
/// After so many days every window begins again.
const WEEK_DAYS: i64 = 7;

/// Whether the window is open at an instant.
#[must_use]
pub fn is_open(window: &DeliveryTimeWindow, instant: Timestamp) -> bool {
    // They are in the order in which they open: none that comes after one that is still to open is looked at.
    spans(window, instant).take_while(|span| span.open <= instant).any(|span| instant < span.close)
}

/// The first instant, from the given one on, at which the window is open: the given one, if it is
/// open then. A window without days never opens again; that is the end of time.
#[must_use]
pub fn next_open(window: &DeliveryTimeWindow, instant: Timestamp) -> Timestamp {
    let next = spans(window, instant).find(|span| instant < span.close);
    next.map_or(Timestamp::MAX, |span| span.open.max(instant))
}

/// The first instant after the given one, at which the window is open, when it is closed; `None`
/// if it never is, or if it is closed already.
#[must_use]
pub fn next_close(window: &DeliveryTimeWindow, instant: Timestamp) -> Option<Timestamp> {
    let mut close = instant;
    // Whole days that follow each other are one opening.
    for span in spans(window, instant) {
        if span.open <= close && close < span.close {
            close = span.close;
        }
    }
    let week = SignedDuration::from_hours(24 * WEEK_DAYS);
    (instant < close && close.duration_since(instant) < week).then_some(close)
}

/// Writes a window's hours on another clock, as they are on an instant's day: `09:00 to 21:00 in
/// Europe/Zagreb`. Hours that fall on another day there say so.
#[must_use]
pub fn local_hours(window: &DeliveryTimeWindow, zone: &TimeZone, instant: Timestamp) -> String {
    let day = day_number(instant);
    let span = span_on(window, day);
    let local = |instant: Timestamp| {
        let clock = instant.to_zoned_datetime(zone.clone());
        // The local calendar read as UTC numbers its days as the window's are numbered.
        let midnight = clock.date().to_zoned_datetime(TimeZone::UTC).map_or(day, |date| day_number(date.timestamp()));
        (time_of_day(&clock), midnight - day)
    };
    let ((from, from_shift), (to, to_shift)) = (local(span.open), local(span.close));
    let from_day = if from_shift == to_shift { "" } else { shift_words(from_shift) };
    let zone = zone_name(&span.open.to_zoned_datetime(zone.clone()));
    format!("{from}{from_day} to {to}{} in {zone}", shift_words(to_shift))
}

/// Writes a window's days and hours, in UTC and, if a zone is everybody's, on its clock as it goes at an instant:
/// `Monday to Friday 08:00 to 20:00 UTC (09:00 to 21:00 in Europe/Zagreb)`.
#[must_use]
pub fn days_and_hours(window: &DeliveryTimeWindow, zone: Option<&TimeZone>, instant: Timestamp) -> String {
    let days = day_words(window);
    let (Some(from), Some(to)) = (window.from, window.to) else { return format!("{days} UTC") };
    let is_utc = |zone: &&TimeZone| zone_name(&instant.to_zoned_datetime((*zone).clone())) == "UTC";
    let local = zone.filter(|zone| !is_utc(zone)).map(|zone| local_hours(window, zone, instant));
    let local = local.map(|local| format!(" ({local})")).unwrap_or_default();
    format!("{days} {from} to {to} UTC{local}")
}

/// The days of a window: `every day`, `Monday to Friday`, `Monday, Wednesday and Sunday`.
fn day_words(window: &DeliveryTimeWindow) -> String {
    const WEEK: [(Day, &str); 7] = [
        (Day::Monday, "Monday"),
        (Day::Tuesday, "Tuesday"),
        (Day::Wednesday, "Wednesday"),
        (Day::Thursday, "Thursday"),
        (Day::Friday, "Friday"),
        (Day::Saturday, "Saturday"),
        (Day::Sunday, "Sunday"),
    ];
    let is_in = |(day, _): &(Day, &str)| window.days.contains(day);
    if WEEK.iter().all(is_in) {
        return "every day".to_owned();
    }
    let runs = WEEK.chunk_by(|one, other| is_in(one) == is_in(other)).filter(|run| run.iter().all(is_in));
    let names = runs.flat_map(|run| match run {
        [(_, first), _, .., (_, last)] => vec![format!("{first} to {last}")],
        few => few.iter().map(|(_, name)| (*name).to_owned()).collect(),
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() { "on no day".to_owned() } else { list(&names) }
}

fn shift_words(days: i64) -> &'static str {
    match days {
        0 => "",
        days if days > 0 => " of the next day",
        _ => " of the day before",
    }
}

/// One opening of a window.
struct Span {
    open: Timestamp,
    close: Timestamp,
}

/// The openings that matter around an instant: from the day before it, for hours that run over
/// midnight, to a week after it, in ascending order.
fn spans(window: &DeliveryTimeWindow, instant: Timestamp) -> impl Iterator<Item = Span> {
    let today = day_number(instant);
    (today - 1..=today + WEEK_DAYS).filter(|day| window.days.contains(&weekday(*day))).map(|day| span_on(window, day))
}

fn span_on(window: &DeliveryTimeWindow, day: i64) -> Span {
    let minutes = |minutes: u32| i64::from(minutes) * 60;
    let from = window.from.map_or(0, |from| minutes(from.minutes()));
    let to = window.to.map_or(DAY_SECONDS, |to| minutes(to.minutes()));
    let to = if from < to { to } else { to + DAY_SECONDS };
    let instant = |second: i64| Timestamp::from_second(day * DAY_SECONDS + second).unwrap_or(Timestamp::MAX);
    Span { open: instant(from), close: instant(to) }
}

/// The number of an instant's day in UTC; 1970-01-01 is day 0.
fn day_number(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(DAY_SECONDS)
}

fn weekday(day: i64) -> Day {
    // 1970-01-01 was a Thursday.
    match day.rem_euclid(WEEK_DAYS) {
        0 => Day::Thursday,
        1 => Day::Friday,
        2 => Day::Saturday,
        3 => Day::Sunday,
        4 => Day::Monday,
        5 => Day::Tuesday,
        _ => Day::Wednesday,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::timing::zone;
    use crate::wire::options::TimeOfDay;

    /// Reads `MO,TU 08:00-20:00`, or only the days.
    fn window(text: &str) -> DeliveryTimeWindow {
        let (days, hours) = text.split_once(' ').map_or((text, None), |(days, hours)| (days, Some(hours)));
        let day = |name: &str| match name {
            "MO" => Day::Monday,
            "TU" => Day::Tuesday,
            "WE" => Day::Wednesday,
            "TH" => Day::Thursday,
            "FR" => Day::Friday,
            "SA" => Day::Saturday,
            "SU" => Day::Sunday,
            _ => panic!("no day {name}"),
        };
        let time = |text: &str| {
            let (hour, minute) = text.split_once(':').unwrap();
            TimeOfDay { hour: hour.parse().unwrap(), minute: minute.parse().unwrap() }
        };
        let hours = hours.map(|hours| hours.split_once('-').unwrap());
        DeliveryTimeWindow {
            days: days.split(',').filter(|name| !name.is_empty()).map(day).collect(),
            from: hours.map(|(from, _)| time(from)),
            to: hours.map(|(_, to)| time(to)),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const EVERY_DAY: &str = "MO,TU,WE,TH,FR,SA,SU";

    #[test]
    fn a_window_opens_at_its_hours_on_its_days() {
        // 2026-12-01 is a Tuesday; 2028-02-29 too.
        let check = |text: &str, instant: &str, opens: &str| {
            let (window, instant) = (window(text), at(instant));
            let next = next_open(&window, instant);
            assert_eq!(next.to_string(), opens, "{text} {instant}");
            assert_eq!(is_open(&window, instant), next == instant, "{text} {instant}");
        };
        let same = |text: &str, instant: &str| check(text, instant, instant);
        same("MO,TU 08:00-20:00", "2026-12-01T08:00:00Z");
        same("MO,TU 08:00-20:00", "2026-12-01T19:59:59.999Z");
        check("MO,TU 08:00-20:00", "2026-12-01T07:59:59.999Z", "2026-12-01T08:00:00Z");
        check("MO,TU 08:00-20:00", "2026-12-01T20:00:00Z", "2026-12-07T08:00:00Z");
        check("TU 08:00-20:00", "2026-12-01T20:00:00Z", "2026-12-08T08:00:00Z");
        // Whole days.
        same("TU", "2028-02-29T23:59:59Z");
        check("TU", "2028-03-01T00:00:00Z", "2028-03-07T00:00:00Z");
        check("FR", "2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z");
        // Over midnight: the day on which the hours begin counts.
        same("TU 22:00-06:00", "2026-12-02T05:59:00Z");
        check("TU 22:00-06:00", "2026-12-01T05:59:00Z", "2026-12-01T22:00:00Z");
        check("TU 22:00-06:00", "2026-12-02T06:00:00Z", "2026-12-08T22:00:00Z");
        same("TH 22:00-06:00", "2027-01-01T03:00:00Z");
        // Before 1970, and never.
        same("WE 08:00-09:00", "1969-12-31T08:30:00Z");
        check("", "2026-12-01T08:00:00Z", &Timestamp::MAX.to_string());
    }

    #[test]
    fn openings_that_follow_each_other_are_one() {
        let check = |text: &str, instant: &str, closes: &str| {
            let close = next_close(&window(text), at(instant)).map(|close| close.to_string());
            assert_eq!(close.unwrap_or_default(), closes, "{text} {instant}");
        };
        check("MO,TU", "2026-11-30T12:00:00Z", "2026-12-02T00:00:00Z");
        check("SU,MO", "2026-11-29T12:00:00Z", "2026-12-01T00:00:00Z");
        check("MO,TU 08:00-20:00", "2026-11-30T12:00:00Z", "2026-11-30T20:00:00Z");
        check("MO,TU,WE,TH,FR,SA", "2026-11-30T00:00:00Z", "2026-12-06T00:00:00Z");
        check(EVERY_DAY, "2026-11-30T12:00:00Z", "");
        check("MO", "2026-12-01T12:00:00Z", "");
    }

    #[test]
    fn hours_are_written_on_the_local_clock() {
        let check = |text: &str, name: &str, instant: &str, expect: &str| {
            assert_eq!(local_hours(&window(text), &zone(name).unwrap(), at(instant)), expect);
        };
        check("TU 08:00-20:00", "Europe/Zagreb", "2026-12-01T08:00:00Z", "09:00 to 21:00 in Europe/Zagreb");
        check("TU 08:00-20:00", "Europe/Zagreb", "2026-07-07T08:00:00Z", "10:00 to 22:00 in Europe/Zagreb");
        check("TU 08:00-20:00", "UTC", "2026-12-01T08:00:00Z", "08:00 to 20:00 in UTC");
        check("TU 20:00-23:00", "Asia/Tokyo", "2026-12-01T08:00:00Z", "05:00 to 08:00 of the next day in Asia/Tokyo");
        check("TU 08:00-20:00", "Asia/Tokyo", "2026-12-01T08:00:00Z", "17:00 to 05:00 of the next day in Asia/Tokyo");
        check(
            "TU 01:00-20:00",
            "America/New_York",
            "2026-12-01T08:00:00Z",
            "20:00 of the day before to 15:00 in America/New_York",
        );
        check("TU", "Europe/Zagreb", "2026-12-01T08:00:00Z", "01:00 to 01:00 of the next day in Europe/Zagreb");
    }

    proptest! {
        #[test]
        fn a_window_is_open_when_it_opens(
            days in proptest::sample::subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 1..=7),
            from in 0_u32..1440,
            to in 0_u32..1440,
            second in -4_000_000_000_i64..8_000_000_000,
        ) {
            let hours = format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60);
            let window = window(&format!("{} {hours}", days.join(",")));
            let instant = Timestamp::from_second(second).unwrap();
            let next = next_open(&window, instant);
            prop_assert!(next >= instant && is_open(&window, next));
            prop_assert_eq!(next == instant, is_open(&window, instant));
            if let Some(close) = next_close(&window, next) {
                prop_assert!(!is_open(&window, close) && is_open(&window, close - SignedDuration::from_millis(1)));
            }
        }
    }

    #[test]
    fn days_and_hours_are_written_on_both_clocks() {
        let check = |text: &str, name: &str, expect: &str| {
            let zone = zone(name);
            let instant = "2026-12-01T09:00:00Z".parse().unwrap();
            assert_eq!(days_and_hours(&window(text), zone.as_ref(), instant), expect, "{text}");
        };
        let zagreb = "Europe/Zagreb";
        check(
            "MO,TU,WE,TH,FR 08:00-20:00",
            zagreb,
            "Monday to Friday 08:00 to 20:00 UTC (09:00 to 21:00 in Europe/Zagreb)",
        );
        check("MO,TU,WE,TH,FR,SA,SU 08:00-20:00", "UTC", "every day 08:00 to 20:00 UTC");
        check("SU,MO 08:00-20:00", "", "Monday and Sunday 08:00 to 20:00 UTC");
        check("SA,SU,TU", zagreb, "Tuesday, Saturday and Sunday UTC");
        check("MO,TU,WE,FR,SA,SU", zagreb, "Monday to Wednesday and Friday to Sunday UTC");
        let los_angeles = "Monday 02:00 to 20:00 UTC (18:00 of the day before to 12:00 in America/Los_Angeles)";
        check("MO 02:00-20:00", "America/Los_Angeles", los_angeles);
        check("", zagreb, "on no day UTC");
    }
}
