//! Schedules: times, zones, windows, validity.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::campaign::at::At;
use crate::campaign::checked::{IfAmbiguous, IfPast, Schedule, SendAt, Zone};
use crate::campaign::raw;
use crate::diagnostic::{Code, Diagnostic};
use crate::wire::limits::{SCHEDULE_DAYS_MAX, VALIDITY_HOURS_MAX, WINDOW_MINUTES_MIN};
use crate::wire::options::{DeliveryTimeWindow, TimeOfDay, ValidityPeriod};

use super::findings::Findings;
use super::time;

/// Checks a schedule.
pub(super) fn schedule(at: &At<'_>, findings: &mut Findings) -> Option<Schedule> {
    let raw: raw::Schedule = at.read()?;
    let send_at = match (&raw.send_at, &raw.time_zone) {
        (Some(local), Some(zone)) => Some(send_at(at, local, zone, raw.if_ambiguous, findings)?),
        // The schema reports one without the other.
        (Some(_), None) | (None, Some(_)) => return None,
        (None, None) => None,
    };
    if let Some(window) = &raw.delivery_time_window {
        check_window(&at.key("deliveryTimeWindow"), window, send_at.as_ref(), findings);
    }
    if let Some(validity) = raw.validity_period {
        check_validity(&at.key("validityPeriod"), validity, findings);
    }
    let handover = match &raw.handover {
        Some(text) => {
            let hours_max = i64::from(SCHEDULE_DAYS_MAX) * 24;
            Some(findings.take(time::duration(&at.key("handover"), text, hours_max))?)
        }
        None => None,
    };
    Some(Schedule {
        send_at,
        speed: raw.sending_speed_limit,
        window: raw.delivery_time_window,
        validity: raw.validity_period,
        handover,
        if_past: match raw.if_past {
            Some(raw::IfPast::SendNow) => IfPast::SendNow,
            Some(raw::IfPast::TooLate) | None => IfPast::TooLate,
        },
        place: Some(at.key_place()),
    })
}

fn send_at(
    at: &At<'_>,
    local: &str,
    zone: &raw::TimeZone,
    if_ambiguous: Option<raw::IfAmbiguous>,
    findings: &mut Findings,
) -> Option<SendAt> {
    let place = at.key("sendAt");
    let local = findings.take(time::local(&place, local));
    let zone_at = at.key("timeZone");
    let zone = match zone {
        raw::TimeZone::Named(name) => findings.take(time::zone(&zone_at, name)).map(Zone::Fixed),
        raw::TimeZone::PerPerson(raw::PerPerson { fallback: None, .. }) => Some(Zone::PerPerson { fallback: None }),
        raw::TimeZone::PerPerson(raw::PerPerson { fallback: Some(name), .. }) => findings
            .take(time::zone(&zone_at.key("fallback"), name))
            .map(|zone| Zone::PerPerson { fallback: Some(zone) }),
    };
    let if_ambiguous = match if_ambiguous {
        None => IfAmbiguous::Refuse,
        Some(raw::IfAmbiguous::Earlier) => IfAmbiguous::Earlier,
        Some(raw::IfAmbiguous::Later) => IfAmbiguous::Later,
    };
    let (local, zone) = local.zip(zone)?;
    if let Zone::Fixed(zone) = &zone
        && if_ambiguous == IfAmbiguous::Refuse
    {
        check_ambiguous(&place, local, zone, findings);
    }
    Some(SendAt { local, zone, if_ambiguous, place: place.place() })
}

/// A change of the clock may skip a local time, or let it happen twice.
fn check_ambiguous(at: &At<'_>, local: DateTime, zone: &TimeZone, findings: &mut Findings) {
    let ambiguous = zone.to_ambiguous_zoned(local);
    let what = match ambiguous.offset() {
        jiff::tz::AmbiguousOffset::Unambiguous { .. } => return,
        jiff::tz::AmbiguousOffset::Gap { .. } => "skips",
        jiff::tz::AmbiguousOffset::Fold { .. } => "repeats",
    };
    let message = format!("a change of the clock {what} this time");
    findings.push(
        Diagnostic::error(Code::AmbiguousTime, message, at.place())
            .help("say `ifAmbiguous: earlier` or `ifAmbiguous: later`, or choose another time"),
    );
}

fn check_window(at: &At<'_>, window: &DeliveryTimeWindow, send_at: Option<&SendAt>, findings: &mut Findings) {
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
fn warn_of_zone(at: &At<'_>, from: TimeOfDay, to: TimeOfDay, send_at: &SendAt, findings: &mut Findings) {
    let zone = match &send_at.zone {
        Zone::Fixed(zone) | Zone::PerPerson { fallback: Some(zone) } => Some(zone),
        Zone::PerPerson { fallback: None } => None,
    };
    let date = send_at.local.date();
    let utc = |time: TimeOfDay| {
        let (hour, minute) = (i8::try_from(time.hour).ok()?, i8::try_from(time.minute).ok()?);
        Some(date.at(hour, minute, 0, 0).to_zoned(TimeZone::UTC).ok()?.timestamp())
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

fn check_validity(at: &At<'_>, validity: ValidityPeriod, findings: &mut Findings) {
    if validity.seconds() > i64::from(VALIDITY_HOURS_MAX) * 3600 {
        let message = format!("the gateway cuts a validity to {VALIDITY_HOURS_MAX} hours");
        findings.push(Diagnostic::warning(Code::ValidityClamped, message, at.key("amount").place()));
    }
}
