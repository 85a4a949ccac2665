//! The terms of a message: what a plan binds of its schedule, named, so that a change of one can be
//! told in words; and its options, which the contents of people cover already.

use jiff::SignedDuration;

use crate::campaign::{IfPast, Message, Schedule, Zone};
use crate::timing::{self, IfAmbiguous};
use crate::wire::options::{DeliveryTimeWindow, ReportType};

use super::content::days;

/// One term.
///
/// The values, in their order, are what the digest of a plan takes of a schedule. A value without a
/// name only says whether others follow.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Term {
    /// Its name, as a user writes it; empty if it is there for the digest only.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The terms of a message's schedule, in the order in which a digest takes them.
#[must_use]
pub(super) fn of_schedule(schedule: &Schedule) -> Vec<Term> {
    let mut terms = ScheduleTerms::default();
    match &schedule.send_at {
        None => terms.mark("-"),
        Some(send_at) => {
            terms.mark("+");
            terms.add("sendAt", send_at.local.to_string());
            match &send_at.zone {
                Zone::Fixed(zone) => terms.add("timeZone", zone.iana_name().unwrap_or("UTC")),
                Zone::PerPerson { fallback } => {
                    terms.add("timeZone", "per person");
                    terms.optional("timeZone.fallback", fallback.as_ref().and_then(|zone| zone.iana_name()));
                }
            }
            let if_ambiguous = match send_at.if_ambiguous {
                IfAmbiguous::Refuse => "refuse",
                IfAmbiguous::Earlier => "earlier",
                IfAmbiguous::Later => "later",
            };
            terms.add("ifAmbiguous", if_ambiguous);
        }
    }
    let if_past = match schedule.if_past {
        IfPast::Unsaid | IfPast::TooLate => "too late",
        IfPast::SendNow => "send now",
    };
    terms.add("ifPast", if_past);
    let speed = schedule.speed.map(|speed| format!("{} in {} ms", speed.amount, speed.unit_ms()));
    terms.optional("sendingSpeedLimit", speed);
    terms.window(schedule.window.as_ref());
    terms.optional("validityPeriod", schedule.validity.map(|validity| validity.seconds().to_string()));
    terms.optional("handover", schedule.handover.map(|handover| handover.as_secs().to_string()));
    terms.0
}

/// A message's own options, for showing what changed in them.
#[must_use]
pub(super) fn of_options(message: &Message) -> Vec<Term> {
    let mut terms = ScheduleTerms::default();
    let mut show = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            terms.add(name, value);
        }
    };
    let platform = message.platform.as_ref();
    show("platform.entityId", platform.and_then(|platform| platform.entity_id.as_deref()));
    show("platform.applicationId", platform.and_then(|platform| platform.application_id.as_deref()));
    show("campaignReferenceId", message.campaign_reference_id.as_deref());
    let webhooks = &message.webhooks;
    show("webhooks.delivery.url", webhooks.url.as_deref());
    show("webhooks.delivery.intermediateReport", (webhooks.intermediate_report == Some(true)).then_some("true"));
    show("webhooks.delivery.notify", (webhooks.notify == Some(false)).then_some("false"));
    let content_type = webhooks.content_type.map(|content_type| match content_type {
        ReportType::Json => "application/json",
        ReportType::Xml => "application/xml",
    });
    show("webhooks.contentType", content_type);
    show("webhooks.callbackData", webhooks.callback_data.as_ref().map(|template| template.text.as_str()));
    terms.0
}

/// The names of the terms that differ, each with its value before and now; `None` where there is
/// none.
pub(super) fn differing<'a>(
    before: &'a [Term],
    now: &'a [Term],
) -> impl Iterator<Item = (&'a str, Option<&'a str>, Option<&'a str>)> {
    fn value<'a>(terms: &'a [Term], name: &str) -> Option<&'a str> {
        terms.iter().find(|term| term.name == name).map(|term| term.value.as_str())
    }
    let gone = before.iter().filter(|term| value(now, &term.name).is_none());
    let names = now.iter().chain(gone).map(|term| term.name.as_str()).filter(|name| !name.is_empty());
    names.map(|name| (name, value(before, name), value(now, name))).filter(|(_, before, now)| before != now)
}

/// A term's value as one reads it: a digest takes plain numbers.
#[must_use]
pub(super) fn in_words(name: &str, value: &str) -> String {
    let number = value.parse::<i64>().ok();
    match (name, number) {
        ("validityPeriod" | "handover", Some(seconds)) => timing::duration(SignedDuration::from_secs(seconds)),
        ("deliveryTimeWindow.from" | "deliveryTimeWindow.to", Some(minutes)) => {
            format!("{:02}:{:02}", minutes / 60, minutes % 60)
        }
        ("sendAt", _) => value.strip_suffix(":00").filter(|it| it.len() == 16).unwrap_or(value).replace('T', " "),
        ("sendingSpeedLimit", _) => {
            let units = [(" in 60000 ms", " a minute"), (" in 3600000 ms", " an hour"), (" in 86400000 ms", " a day")];
            units.iter().fold(value.to_owned(), |value, (plain, words)| value.replace(plain, words))
        }
        _ => value.to_owned(),
    }
}

#[derive(Default)]
struct ScheduleTerms(Vec<Term>);

impl ScheduleTerms {
    fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push(Term { name: name.to_owned(), value: value.into() });
    }

    fn mark(&mut self, value: &str) {
        self.add("", value);
    }

    fn optional(&mut self, name: &str, value: Option<impl Into<String>>) {
        match value {
            None => self.mark("-"),
            Some(value) => {
                self.mark("+");
                self.add(name, value);
            }
        }
    }

    fn window(&mut self, window: Option<&DeliveryTimeWindow>) {
        let Some(window) = window else { return self.mark("-") };
        self.mark("+");
        self.add("deliveryTimeWindow.days", days(window));
        let minutes = |time: crate::wire::options::TimeOfDay| time.minutes().to_string();
        self.optional("deliveryTimeWindow.from", window.from.map(minutes));
        self.optional("deliveryTimeWindow.to", window.to.map(minutes));
    }
}

#[cfg(test)]
mod tests {
    use super::{Term, differing, in_words};

    #[test]
    fn what_differs_is_told_by_its_name() {
        let terms = |terms: &[(&str, &str)]| -> Vec<Term> {
            terms.iter().map(|(name, value)| Term { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
        };
        let before = terms(&[("", "+"), ("sendAt", "9"), ("speed", "6"), ("same", "x")]);
        let now = terms(&[("", "-"), ("sendAt", "10"), ("same", "x"), ("new", "1")]);
        let found: Vec<_> = differing(&before, &now).collect();
        assert_eq!(found, [("sendAt", Some("9"), Some("10")), ("new", None, Some("1")), ("speed", Some("6"), None)]);
    }

    #[test]
    fn values_are_put_into_words() {
        let check = |name: &str, value: &str, expect: &str| assert_eq!(in_words(name, value), expect);
        check("sendAt", "2026-12-05T09:00:00", "2026-12-05 09:00");
        check("sendAt", "2026-12-05T09:00:30", "2026-12-05 09:00:30");
        check("handover", "7200", "2 h");
        check("validityPeriod", "90", "1 min 30 s");
        check("deliveryTimeWindow.from", "425", "07:05");
        check("sendingSpeedLimit", "6 in 60000 ms", "6 a minute");
        check("sendingSpeedLimit", "6 in 86400000 ms", "6 a day");
        check("campaignReferenceId", "7200", "7200");
    }
}
