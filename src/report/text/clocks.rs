//! When people get a message: how many, from when until when, and on whose clocks. What is said is
//! said of all bulks.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::report::message::{BulkView, Due, MessageView, ZoneView};
use crate::timing;
use crate::wire::options::SpeedUnit;

use crate::report::grid::Grid;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::{number, plural};

/// How many zones are shown.
const ZONES_SHOWN_MAX: usize = 20;

/// How it is told when the last of several leaves that are paced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum LastTold {
    /// By its time on both clocks, and how long after the first it is.
    Whole,
    /// Only by how long after the first it is, where there is little room.
    Briefly,
}

/// When those leave who are to send now: behind their number.
pub(in crate::report) fn due(plan: &MessageView<'_>, last: LastTold) -> String {
    let bulks: Vec<&BulkView<'_>> = plan.bulks_due(Due::Now).collect();
    if bulks.is_empty() {
        return String::new();
    }
    let late = if has_time(plan) { " (late)" } else { "" };
    let begins_at_once = bulks.iter().any(|bulk| bulk.send_at.is_none());
    let clocks = if plan.at_once < plan.to_send() && plan.is_per_person {
        let by_clock = by_clocks(plan, |zone| zone.people - zone.not_due);
        match plan.at_once {
            0 => by_clock,
            late => {
                let rest = number(plan.to_send() - late);
                format!(": {} at once (late), {rest}{by_clock}", number(late))
            }
        }
    } else if begins_at_once {
        format!(" at once{late}")
    } else {
        at_one_time(plan, &bulks)
    };
    format!("{clocks}{}, {}", pace(plan, &bulks, last), plural(bulks.len() as u64, "bulk"))
}

/// When those leave who are not due yet, and when they are handed over: behind their number.
pub(in crate::report) fn later(plan: &MessageView<'_>, last: LastTold) -> String {
    let bulks: Vec<&BulkView<'_>> = plan.bulks_due(Due::Later).collect();
    let Some(due) = plan.next_due.filter(|_| !bulks.is_empty()) else { return String::new() };
    let leaving = if plan.is_per_person { by_clocks(plan, |zone| zone.not_due) } else { at_one_time(plan, &bulks) };
    let pace = pace(plan, &bulks, last);
    format!(": handed over from {}, leaving{leaving}{pace}", clock(plan, due))
}

/// When the gateway delivers what is handed over, if that is not at any time: below the number of those who are due,
/// or, if nobody is, of the others.
pub(in crate::report) fn delivered(plan: &MessageView<'_>, due: Due, now: Timestamp) -> Option<String> {
    let is_first = due == Due::Now || plan.bulks_due(Due::Now).next().is_none();
    let window = plan.window.filter(|_| is_first && plan.bulks_due(due).next().is_some())?;
    let words = timing::days_and_hours(window, plan.common_zone(), plan.first_at.unwrap_or(now));
    Some(format!("delivered {words}"))
}

/// The zones of people who each have their own clock, of those who are due or of those who are not: of one zone alone
/// the headline tells all; and who has none.
pub(super) fn zones(out: &mut Sheet, plan: &MessageView<'_>, due: Due, paint: Paint) {
    let counts = |zone: &ZoneView<'_>| match due {
        Due::Now => (zone.people - zone.not_due, zone.fallback - zone.fallback_not_due),
        Due::Later => (zone.not_due, zone.fallback_not_due),
    };
    // Where some are due, the headline alone tells of the others.
    let has_table = due == Due::Now || plan.bulks_due(Due::Now).next().is_none();
    if plan.is_per_person && plan.zones.len() > 1 && has_table {
        let zones: Vec<_> =
            plan.zones.iter().map(|zone| (zone, counts(zone).0)).filter(|(_, people)| *people > 0).collect();
        zone_table(out, &zones, paint);
    }
    for (zone, fallback) in plan.zones.iter().map(|zone| (zone.zone, counts(zone).1)).filter(|(_, people)| *people > 0)
    {
        let (people, verb) = (plural(fallback, "person"), if fallback == 1 { "has" } else { "have" });
        let words = format!("{people} {verb} no zone of their own: the fallback {zone} stands in");
        line(out, &paint.faint(&format!("        {words}")));
    }
}

fn zone_table(out: &mut Sheet, zones: &[(&ZoneView<'_>, u64)], paint: Paint) {
    let rows = zones.iter().take(ZONES_SHOWN_MAX).map(|(zone, people)| {
        let (local, utc) = match zone.send_at {
            None => ("at once (late)".to_owned(), String::new()),
            Some(at) => (local(at, zone.zone), minute(at, &TimeZone::UTC)),
        };
        vec![zone.zone.to_owned(), local, utc, number(*people)]
    });
    out.table(Grid::of_texts(&["zone", "local", "UTC", "people"], 3, rows).indented(8));
    let rest = zones.get(ZONES_SHOWN_MAX..).unwrap_or_default();
    if !rest.is_empty() {
        let zones = plural(rest.len() as u64, "more zone");
        let people = plural(rest.iter().map(|(_, people)| people).sum(), "person");
        line(out, &paint.faint(&format!("        and {zones} with {people}")));
    }
}

/// Says before when the gateway's logs cannot tell of so many of those who are to send now.
pub(in crate::report) fn not_asked_before(plan: &MessageView<'_>, at: Timestamp) -> String {
    let people = plan.not_asked_people;
    let some = if people < plan.to_send() { format!("for {} of them ", number(people)) } else { String::new() };
    let at = clock(plan, at);
    format!(
        "{some}the gateway's logs cannot tell before {at} whether they were sent to already: they do not show what is \
         still to leave"
    )
}

fn has_time(plan: &MessageView<'_>) -> bool {
    plan.is_per_person || plan.zone.is_some()
}

/// From the first to the last of those who have a time of their own.
fn by_clocks(plan: &MessageView<'_>, people: impl Fn(&ZoneView<'_>) -> u64) -> String {
    let zones: Vec<&ZoneView<'_>> =
        plan.zones.iter().filter(|zone| people(zone) > 0 && zone.send_at.is_some()).collect();
    let times: BTreeSet<Timestamp> = zones.iter().filter_map(|zone| zone.send_at).collect();
    let when = match (zones.as_slice(), times.first(), times.last()) {
        ([zone], Some(at), _) => {
            let zone = timing::zone(zone.zone).unwrap_or(TimeZone::UTC);
            format!("at {}", timing::both_clocks(*at, &zone))
        }
        (_, Some(first), Some(last)) if first < last => range(*first, *last),
        (_, Some(at), _) => format!("at {}", timing::utc(*at)),
        (_, None, _) => return String::new(),
    };
    format!(" by each person's clock, {when}")
}

fn at_one_time(plan: &MessageView<'_>, bulks: &[&BulkView<'_>]) -> String {
    let first = bulks.iter().filter_map(|bulk| bulk.send_at).min();
    first.map(|first| format!(" at {}", clock(plan, first))).unwrap_or_default()
}

/// The speed, when the last message leaves at it, and how long that takes.
fn pace(plan: &MessageView<'_>, bulks: &[&BulkView<'_>], told: LastTold) -> String {
    let last = bulks.iter().filter_map(|bulk| bulk.last_at).max();
    let (Some(speed), Some(last)) = (plan.speed, last) else { return String::new() };
    let unit = match speed.time_unit {
        SpeedUnit::Minute => "a minute",
        SpeedUnit::Hour => "an hour",
        SpeedUnit::Day => "a day",
    };
    let speed = format!(", {} {unit}", number(u64::from(speed.amount)));
    let at_once = bulks.iter().any(|bulk| bulk.send_at.is_none());
    let begin = bulks.iter().filter(|bulk| bulk.until.is_some()).filter_map(|bulk| bulk.send_at).min();
    match begin.filter(|_| !at_once).map(|begin| last.duration_since(begin)) {
        // Of a moment nobody asks how long it lasts.
        Some(time) if time < SignedDuration::from_secs(1) => speed,
        Some(time) => {
            let at = match told {
                LastTold::Whole => format!(" at {},", clock(plan, last)),
                LastTold::Briefly => String::new(),
            };
            format!("{speed}, the last{at} {} later", timing::duration(time))
        }
        None => format!("{speed}, the last at {}", clock(plan, last)),
    }
}

fn clock(plan: &MessageView<'_>, instant: Timestamp) -> String {
    match plan.common_zone() {
        Some(zone) => timing::both_clocks(instant, zone),
        None => timing::utc(instant),
    }
}

/// Two instants in UTC, the date of the second only if it is another one.
fn range(first: Timestamp, last: Timestamp) -> String {
    let day = |instant: Timestamp| TimeZone::UTC.to_datetime(instant).date();
    let (from, to) = (minute(first, &TimeZone::UTC), minute(last, &TimeZone::UTC));
    let to = if day(first) == day(last) { to.split_once(' ').map_or(to.as_str(), |(_, time)| time) } else { &to };
    format!("{from} to {to} UTC")
}

fn local(instant: Timestamp, zone: &str) -> String {
    timing::zone(zone).map(|zone| minute(instant, &zone)).unwrap_or_default()
}

/// `2026-12-01 09:00`, with seconds only if there are any.
fn minute(instant: Timestamp, zone: &TimeZone) -> String {
    let clock = zone.to_datetime(instant);
    let format = if clock.second() == 0 { "%F %H:%M" } else { "%F %H:%M:%S" };
    clock.strftime(format).to_string()
}
