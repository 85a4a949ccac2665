//! Schedules: times, zones, windows, validity.

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::campaign::checked::{IfPast, Schedule, SendAt, Zone};
use crate::campaign::cursor::Cursor;
use crate::campaign::raw;
use crate::diagnostic::{Code, Diagnostic};
use crate::timing::{self, ClockChange, IfAmbiguous};
use crate::wire::limits::{SCHEDULE_DAYS_MAX, VALIDITY_HOURS_MAX, WINDOW_MINUTES_MIN};
use crate::wire::options::{DeliveryTimeWindow, TimeOfDay, ValidityPeriod};

use super::findings::Findings;
use super::time;

/// Checks schedules by name; `None` for those that are declared, but wrong.
pub(super) fn schedules(at: &Cursor<'_>, findings: &mut Findings) -> BTreeMap<String, Option<Schedule>> {
    at.entries()
        .map(|(name, at)| {
            let full = findings.is_full();
            (name.to_owned(), if full { None } else { schedule(&at, findings) })
        })
        .collect()
}

fn schedule(at: &Cursor<'_>, findings: &mut Findings) -> Option<Schedule> {
    let send_at = send_at(at, findings);
    let window_at = at.key("deliveryTimeWindow");
    if let Some(window) = window_at.read() {
        check_window(&window_at, &window, send_at.as_ref(), findings);
    }
    let validity_at = at.key("validityPeriod");
    if let Some(validity) = validity_at.read() {
        check_validity(&validity_at, validity, findings);
    }
    let handover_at = at.key("handover");
    let hours_max = i64::from(SCHEDULE_DAYS_MAX) * 24;
    let handover = handover_at.text().map(|text| findings.take(time::duration(&handover_at, text, hours_max)));

    // From here on the schedule must be whole.
    let raw: raw::Schedule = at.read()?;
    let whole = raw.send_at.is_some() == send_at.is_some() && raw.time_zone.is_some() == send_at.is_some();
    whole.then_some(Schedule {
        send_at,
        speed: raw.sending_speed_limit,
        window: raw.delivery_time_window,
        validity: raw.validity_period,
        handover: match handover {
            Some(handover) => Some(handover?),
            None => None,
        },
        if_past: match raw.if_past {
            Some(raw::IfPast::SendNow) => IfPast::SendNow,
            Some(raw::IfPast::TooLate) => IfPast::TooLate,
            None => IfPast::Unsaid,
        },
        place: Some(at.key_place()),
    })
}

/// Checks the time and the zone, each for itself; there is a time only if both are good.
fn send_at(at: &Cursor<'_>, findings: &mut Findings) -> Option<SendAt> {
    let place = at.key("sendAt");
    let local = place.text().and_then(|local| findings.take(time::local(&place, local)));
    let zone = zone(&at.key("timeZone"), findings);
    let if_ambiguous = match at.key("ifAmbiguous").read() {
        None => IfAmbiguous::Refuse,
        Some(raw::IfAmbiguous::Earlier) => IfAmbiguous::Earlier,
        Some(raw::IfAmbiguous::Later) => IfAmbiguous::Later,
    };
    let (local, zone) = local.zip(zone)?;
    if let Zone::Fixed(zone) = &zone
        && let Err(change) = timing::resolve(local, zone, if_ambiguous)
    {
        findings.push(ambiguous(&place, zone, &change));
    }
    Some(SendAt { local, zone, if_ambiguous, place: place.place() })
}

fn zone(at: &Cursor<'_>, findings: &mut Findings) -> Option<Zone> {
    match at.read()? {
        raw::TimeZone::Named(name) => known(at, &name, findings).map(Zone::Fixed),
        raw::TimeZone::PerPerson(raw::PerPerson { fallback: None, .. }) => Some(Zone::PerPerson { fallback: None }),
        raw::TimeZone::PerPerson(raw::PerPerson { fallback: Some(name), .. }) => {
            let fallback = known(&at.key("fallback"), &name, findings)?;
            Some(Zone::PerPerson { fallback: Some(fallback) })
        }
    }
}

/// Finds a zone, and warns if it is likely not the one that is meant.
fn known(at: &Cursor<'_>, name: &str, findings: &mut Findings) -> Option<TimeZone> {
    let zone = findings.take(time::zone(at, name))?;
    if let Some(advice) = timing::zone_advice(name) {
        findings.push(Diagnostic::warning(Code::FixedZone, advice.why, at.place()).help(advice.cure));
    }
    Some(zone)
}

fn ambiguous(at: &Cursor<'_>, zone: &TimeZone, change: &ClockChange) -> Diagnostic {
    Diagnostic::error(Code::AmbiguousTime, change.to_string(), at.place()).help(format!(
        "say `ifAmbiguous: earlier` for {}, or `later` for {}, or choose another time",
        timing::both_clocks(change.earlier, zone),
        timing::both_clocks(change.later, zone),
    ))
}

fn check_window(at: &Cursor<'_>, window: &DeliveryTimeWindow, send_at: Option<&SendAt>, findings: &mut Findings) {
    let (Some(from), Some(to)) = (window.from, window.to) else { return };
    if to.minutes() < from.minutes() {
        let message = format!("the window ends at {to}, before it begins at {from}");
        let help = "the gateway documents no windows over midnight (UTC): choose one within a day";
        findings.push(Diagnostic::error(Code::BadWindow, message, at.key("to").key_place()).help(help));
        return;
    }
    let length = to.minutes() - from.minutes();
    if length < WINDOW_MINUTES_MIN {
        let message =
            format!("the window is {length} minutes long, but the gateway wants at least {WINDOW_MINUTES_MIN}");
        findings.push(Diagnostic::error(Code::BadWindow, message, at.key("to").key_place()));
        return;
    }
    if let Some(send_at) = send_at {
        warn_of_zone(at, from, to, send_at, findings);
    }
}

/// A window is in UTC even where the schedule is not: the warning shows its local hours.
fn warn_of_zone(at: &Cursor<'_>, from: TimeOfDay, to: TimeOfDay, send_at: &SendAt, findings: &mut Findings) {
    let zone = match &send_at.zone {
        Zone::Fixed(zone) | Zone::PerPerson { fallback: Some(zone) } => Some(zone),
        Zone::PerPerson { fallback: None } => None,
    };
    let date = send_at.local.date();
    let utc = |time: TimeOfDay| {
        // The schema has refused an hour like 25 already, but this is checked all the same.
        let clock = Time::new(i8::try_from(time.hour).ok()?, i8::try_from(time.minute).ok()?, 0, 0).ok()?;
        Some(date.to_datetime(clock).to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
    };
    let same = |zone: &TimeZone, time| {
        utc(time).is_some_and(|instant| zone.to_datetime(instant) == TimeZone::UTC.to_datetime(instant))
    };
    let local = zone.and_then(|zone| {
        let name = zone.iana_name().unwrap_or("the schedule's zone");
        let hours = |time| Some(zone.to_datetime(utc(time)?).strftime("%H:%M").to_string());
        Some(format!("{} to {} in {name} on {date}", hours(from)?, hours(to)?))
    });
    let fixed = matches!(send_at.zone, Zone::Fixed(_));
    if fixed && zone.is_some_and(|zone| same(zone, from) && same(zone, to)) {
        return;
    }
    let message = match (local, fixed) {
        (Some(local), true) => format!("the window is in UTC: {from} to {to} is {local}"),
        (Some(local), false) => format!("the window is in UTC, whatever a person's zone: {from} to {to} is {local}"),
        (None, _) => format!("the window is in UTC, whatever a person's zone: {from} to {to} is another time for each"),
    };
    findings.push(Diagnostic::warning(Code::WindowZone, message, at.key_place()));
}

fn check_validity(at: &Cursor<'_>, validity: ValidityPeriod, findings: &mut Findings) {
    if validity.seconds() > i64::from(VALIDITY_HOURS_MAX) * 3600 {
        let message = format!("the gateway cuts a validity to {VALIDITY_HOURS_MAX} hours");
        findings.push(Diagnostic::warning(Code::ValidityClamped, message, at.key("amount").place()));
    }
}
