//! The rules for the body of a send: it becomes a checked request, or everything that is wrong
//! with it is named.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::body;
use super::checker::{Violations, choose, one_of};
use super::choices::{Choices, OvernightWindow, PastSendAt};
use super::content;
use super::field::Field;
use super::message::{CheckedRequest, MessageTable, ReceivedMessage, SendTiming, SharedOptions};
use crate::wire::error::Violation;
use crate::wire::limits;
use crate::wire::options::{
    Day, DeliveryTimeWindow, Platform, ReportType, SendingSpeedLimit, SpeedUnit, TimeOfDay, ValidityPeriod,
    ValidityUnit,
};
use crate::wire::request::Delivery;

/// What the rules depend on.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The time.
    pub now: Timestamp,
    /// The choices where the API's documents are silent.
    pub choices: Choices,
    /// Recipients that are refused with a violation that names them, on request of a tester.
    pub invalid: &'a [String],
}

/// Why a body was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyRefusal {
    /// It is not a JSON object.
    Malformed,
    /// These of its fields break rules.
    Violations(Vec<Violation>),
}

const AMOUNTS: RangeInclusive<u32> = 1..=2_147_483_647;

const VALIDITY_UNITS: [(&str, ValidityUnit); 3] =
    [("SECONDS", ValidityUnit::Seconds), ("MINUTES", ValidityUnit::Minutes), ("HOURS", ValidityUnit::Hours)];

const SPEED_UNITS: [(&str, SpeedUnit); 3] =
    [("MINUTE", SpeedUnit::Minute), ("HOUR", SpeedUnit::Hour), ("DAY", SpeedUnit::Day)];

const REPORT_TYPES: [(&str, ReportType); 2] =
    [("application/json", ReportType::Json), ("application/xml", ReportType::Xml)];

const DAYS: [(&str, Day); 7] = [
    ("MONDAY", Day::Monday),
    ("TUESDAY", Day::Tuesday),
    ("WEDNESDAY", Day::Wednesday),
    ("THURSDAY", Day::Thursday),
    ("FRIDAY", Day::Friday),
    ("SATURDAY", Day::Saturday),
    ("SUNDAY", Day::Sunday),
];

/// Checks a body.
///
/// # Errors
/// With all that is wrong with it, in the order of the schema.
pub fn check<'a>(bytes: &'a [u8], rules: &Rules<'_>) -> Result<CheckedRequest<'a>, BodyRefusal> {
    let body = body::read(bytes).ok_or(BodyRefusal::Malformed)?;
    let mut checker = Violations::default();
    let mut sheet = MessageTable::default();
    if let Some(messages) = checker.required("messages", body.messages) {
        if messages.is_empty() {
            checker.say("messages", "must not be empty");
        }
        checker.items("messages", messages, |checker, entry| message(checker, entry, &mut sheet, rules));
    }
    let options = checker.optional("options", body.options);
    let (bulk_id, pace) = checker
        .object("options", options, |checker, options| {
            let schedule = checker.optional("schedule", options.schedule);
            checker.object("schedule", schedule, |checker, schedule| Some(self::schedule(checker, schedule, rules)))
        })
        .unwrap_or_default();
    match checker.into_violations() {
        violations if violations.is_empty() => Ok(CheckedRequest { bulk_id, pace, sheet }),
        violations => Err(BodyRefusal::Violations(violations)),
    }
}

fn message<'a>(
    checker: &mut Violations,
    body: body::Message<'a>,
    sheet: &mut MessageTable<'a>,
    rules: &Rules<'_>,
) -> Option<()> {
    let sender = checker.required("sender", body.sender);
    if sender.as_ref().is_some_and(|sender| sender.trim().is_empty()) {
        checker.say("sender", "must not be blank");
    }
    let destinations = checker.required("destinations", body.destinations);
    if destinations.as_ref().is_some_and(Vec::is_empty) {
        checker.say("destinations", "must not be empty");
    }
    let destinations =
        checker.items("destinations", destinations.unwrap_or_default(), |checker, to| destination(checker, to, rules));
    let content = checker.required("content", body.content);
    let content = checker.object("content", content, content::content);
    let options = checker.optional("options", body.options);
    let options = checker.object("options", options, |checker, options| Some(message_options(checker, options, rules)));
    let options = options.unwrap_or_default();
    let webhooks = checker.optional("webhooks", body.webhooks);
    let webhooks = checker.object("webhooks", webhooks, |checker, hooks| Some(self::webhooks(checker, hooks)));
    let webhooks = webhooks.unwrap_or_default();

    let content = content?;
    let terms = sheet.place(SharedOptions {
        sender: sender?,
        platform: options.platform,
        validity_period: options.validity_period,
        delivery_time_window: options.delivery_time_window,
        campaign_reference_id: options.campaign_reference_id,
        delivery: webhooks.delivery,
        content_type: webhooks.content_type,
    });
    sheet.messages.extend(destinations.into_iter().map(|(to, message_id)| ReceivedMessage {
        terms,
        to,
        message_id,
        content: content.clone(),
        callback_data: webhooks.callback_data.clone(),
    }));
    Some(())
}

fn destination<'a>(
    checker: &mut Violations,
    body: body::Destination<'a>,
    rules: &Rules<'_>,
) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let to = checker.required("to", body.to);
    if to.as_ref().is_some_and(|to| rules.invalid.iter().any(|invalid| invalid == to)) {
        checker.say("to", "must be a valid destination");
    }
    let message_id = checker.text("messageId", body.message_id, limits::MESSAGE_ID_CHARS_MAX);
    Some((to?, message_id.unwrap_or_default()))
}

/// The options of a message that count as its terms.
#[derive(Default)]
struct Conditions<'a> {
    platform: Option<Platform>,
    validity_period: Option<ValidityPeriod>,
    delivery_time_window: Option<DeliveryTimeWindow>,
    campaign_reference_id: Option<Cow<'a, str>>,
}

fn message_options<'a>(checker: &mut Violations, body: body::MessageOptions<'a>, rules: &Rules<'_>) -> Conditions<'a> {
    let platform = checker.optional("platform", body.platform);
    let platform = checker.object("platform", platform, |checker, platform| {
        let mut id = |name, field| checker.text(name, field, limits::PLATFORM_ID_CHARS_MAX).map(Cow::into_owned);
        let entity_id = id("entityId", platform.entity_id);
        Some(Platform { entity_id, application_id: id("applicationId", platform.application_id) })
    });
    let validity = checker.optional("validityPeriod", body.validity_period);
    let validity_period = checker.object("validityPeriod", validity, |checker, period| {
        let amount = checker.integer("amount", period.amount, &AMOUNTS);
        let time_unit = checker.choice("timeUnit", period.time_unit, &VALIDITY_UNITS).unwrap_or_default();
        Some(ValidityPeriod { amount: amount?, time_unit })
    });
    let window = checker.optional("deliveryTimeWindow", body.delivery_time_window);
    let delivery_time_window =
        checker.object("deliveryTimeWindow", window, |checker, window| self::window(checker, window, rules));
    let campaign_reference_id =
        checker.text("campaignReferenceId", body.campaign_reference_id, limits::CAMPAIGN_REFERENCE_ID_CHARS_MAX);
    Conditions { platform, validity_period, delivery_time_window, campaign_reference_id }
}

fn window(checker: &mut Violations, body: body::Window<'_>, rules: &Rules<'_>) -> Option<DeliveryTimeWindow> {
    let days = checker.required("days", body.days);
    if days.as_ref().is_some_and(Vec::is_empty) {
        checker.say("days", "must not be empty");
    }
    let days = checker.items("days", days.unwrap_or_default(), |checker, name| {
        let day = choose(&name, &DAYS);
        if day.is_none() {
            checker.say_here(&one_of(&DAYS));
        }
        day
    });
    let mut time = |name, field: Field<body::Time>| {
        let is_given = field != Field::Absent;
        let time = checker.optional(name, field);
        (is_given, checker.object(name, time, time_of_day))
    };
    let (has_from, from) = time("from", body.from);
    let (has_to, to) = time("to", body.to);
    match (has_from, has_to) {
        (true, false) => checker.say("to", "must be provided together with from"),
        (false, true) => checker.say("from", "must be provided together with to"),
        (true, true) | (false, false) => {}
    }
    if let (Some(from), Some(to)) = (from, to) {
        if from.minutes().abs_diff(to.minutes()) < limits::WINDOW_MINUTES_MIN {
            checker.say("to", "must differ from from by at least 1 hour");
        } else if to < from && rules.choices.overnight_window == OvernightWindow::Refuse {
            checker.say("to", "must be after from");
        }
    }
    Some(DeliveryTimeWindow { days, from, to })
}

fn time_of_day(checker: &mut Violations, body: body::Time) -> Option<TimeOfDay> {
    let hour = checker.integer("hour", body.hour, &(0..=23));
    let minute = checker.integer("minute", body.minute, &(0..=59));
    Some(TimeOfDay { hour: u8::try_from(hour?).ok()?, minute: u8::try_from(minute?).ok()? })
}

/// Where the reports of a message go.
#[derive(Default)]
struct ReportHooks<'a> {
    delivery: Option<Delivery<Cow<'a, str>>>,
    content_type: Option<ReportType>,
    callback_data: Option<Cow<'a, str>>,
}

fn webhooks<'a>(checker: &mut Violations, body: body::Webhooks<'a>) -> ReportHooks<'a> {
    let delivery = checker.optional("delivery", body.delivery);
    let delivery = checker.object("delivery", delivery, |checker, delivery| {
        Some(Delivery {
            url: checker.optional("url", delivery.url),
            intermediate_report: checker.optional("intermediateReport", delivery.intermediate_report),
            notify: checker.optional("notify", delivery.notify),
        })
    });
    let content_type = checker.choice("contentType", body.content_type, &REPORT_TYPES);
    let callback_data = checker.text("callbackData", body.callback_data, limits::CALLBACK_DATA_CHARS_MAX);
    ReportHooks { delivery, content_type, callback_data }
}

fn schedule<'a>(
    checker: &mut Violations,
    body: body::Schedule<'a>,
    rules: &Rules<'_>,
) -> (Option<Cow<'a, str>>, SendTiming) {
    let bulk_id = checker.text("bulkId", body.bulk_id, limits::BULK_ID_CHARS_MAX);
    let send_at = checker.optional("sendAt", body.send_at).and_then(|text| send_at(checker, &text, rules));
    let speed = checker.optional("sendingSpeedLimit", body.sending_speed_limit);
    let speed = checker.object("sendingSpeedLimit", speed, |checker, speed| {
        let amount = checker.integer("amount", speed.amount, &AMOUNTS);
        let time_unit = checker.choice("timeUnit", speed.time_unit, &SPEED_UNITS).unwrap_or_default();
        Some(SendingSpeedLimit { amount: amount?, time_unit })
    });
    (bulk_id.filter(|id| !id.is_empty()), SendTiming { send_at, speed })
}

fn send_at(checker: &mut Violations, text: &str, rules: &Rules<'_>) -> Option<Timestamp> {
    let Some(instant) = date(text) else {
        checker.say("sendAt", "must have the format yyyy-MM-dd'T'HH:mm:ss.SSSZ");
        return None;
    };
    let horizon = SignedDuration::from_hours(i64::from(limits::SCHEDULE_DAYS_MAX) * 24);
    if instant.duration_since(rules.now) > horizon {
        checker.say("sendAt", format!("must be no later than {} days in advance", limits::SCHEDULE_DAYS_MAX));
    }
    if instant < rules.now && rules.choices.past_send_at == PastSendAt::Refuse {
        checker.say("sendAt", "must not be in the past");
    }
    Some(instant)
}

/// Reads `yyyy-MM-dd'T'HH:mm:ss.SSSZ`: exactly three digits of a fraction and an offset, with or
/// without a colon, because services of this kind silently drop what has another form.
fn date(text: &str) -> Option<Timestamp> {
    const SHAPES: [&str; 2] = ["0000-00-00T00:00:00.000+0000", "0000-00-00T00:00:00.000+00:00"];
    let alike = |shape: &&str| {
        shape.len() == text.len()
            && shape.bytes().zip(text.bytes()).all(|(wanted, byte)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'+' => matches!(byte, b'+' | b'-'),
                _ => byte == wanted,
            })
    };
    SHAPES.iter().any(alike).then(|| crate::wire::time::read(text)).flatten()
}

#[cfg(test)]
mod tests;
