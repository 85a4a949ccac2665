//! The rules for the body of a send: it becomes the request that it is, or everything that is wrong with it is
//! named.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::message::MessageTable;
use super::reader::{self, Fields, Strictness};
use super::violations::ViolationList;
use super::{content, quick};
use crate::wire::choices::{Choices, OvernightWindow, PastSendAt, SendAtForms};
use crate::wire::options::{DeliveryTimeWindow, Platform, SendingSpeedLimit, TimeOfDay, ValidityPeriod};
use crate::wire::request::{
    Delivery, Destination, Message, MessageOptions, Request, RequestOptions, Schedule, Webhooks,
};
use crate::wire::{limits, time};

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

/// A body in which nothing is wrong.
#[derive(Debug, PartialEq)]
pub struct CheckedRequest<'a> {
    /// Its messages, one for each destination. At least one.
    pub table: MessageTable<'a>,
    /// When and how fast they are sent.
    pub schedule: Schedule<'a>,
}

impl<'a> From<Request<'a>> for CheckedRequest<'a> {
    fn from(Request { messages, options }: Request<'a>) -> Self {
        Self { table: messages.into(), schedule: options.schedule }
    }
}

/// Checks a body.
///
/// # Errors
/// With all that is wrong with it, in the order of the schema.
pub fn check<'a>(bytes: &'a [u8], rules: &Rules<'_>) -> Result<CheckedRequest<'a>, ViolationList> {
    match quick::read(bytes, rules) {
        Some(request) => Ok(request),
        None => collect(bytes, rules).map(CheckedRequest::from),
    }
}

/// Reads a body that was accepted at an instant, whatever the choices were then and are now.
#[must_use]
pub fn read_again(bytes: &[u8], accepted_at: Timestamp) -> Option<CheckedRequest<'_>> {
    let choices = Choices {
        past_send_at: PastSendAt::SendNow,
        overnight_window: OvernightWindow::Accept,
        send_at_forms: SendAtForms::Rfc3339,
        ..Choices::default()
    };
    check(bytes, &Rules { now: accepted_at, choices, invalid: &[] }).ok()
}

/// Checks a body field by field, and collects what is wrong.
fn collect<'a>(bytes: &'a [u8], rules: &Rules<'_>) -> Result<Request<'a>, ViolationList> {
    let Choices { unknown_fields, nulls, .. } = rules.choices;
    reader::read(bytes, Strictness { unknown_fields, nulls }, |fields| {
        let messages = fields.required_items("messages", |violations, object| {
            violations.fields(object, |fields| message(fields, rules))
        });
        let options = fields.object("options", |fields| {
            let schedule = fields.object("schedule", |fields| Some(schedule(fields, rules)));
            Some(RequestOptions { schedule: schedule.unwrap_or_default() })
        });
        Some(Request { messages, options: options.unwrap_or_default() })
    })
}

fn message<'a>(fields: &mut Fields<'_, 'a>, rules: &Rules<'_>) -> Option<Message<'a>> {
    let sender: Option<Cow<'a, str>> = fields.required("sender");
    if sender.as_ref().is_some_and(|sender| sender.trim().is_empty()) {
        fields.say("sender", "must not be blank");
    }
    let destinations = fields.required_items("destinations", |violations, object| {
        violations.fields(object, |fields| destination(fields, rules))
    });
    let content = fields.required_object("content", content::content);
    let options = fields.object("options", |fields| Some(message_options(fields, rules)));
    let webhooks = fields.object("webhooks", |fields| Some(webhooks(fields)));
    Some(Message {
        sender: sender?,
        destinations,
        content: content?,
        options: options.unwrap_or_default(),
        webhooks: webhooks.unwrap_or_default(),
    })
}

fn destination<'a>(fields: &mut Fields<'_, 'a>, rules: &Rules<'_>) -> Option<Destination<'a>> {
    let to: Option<Cow<'a, str>> = fields.required("to");
    if to.as_ref().is_some_and(|to| rules.invalid.iter().any(|invalid| invalid == to)) {
        fields.say("to", "must be a valid destination");
    }
    let message_id = fields.text("messageId", limits::MESSAGE_ID_CHARS_MAX);
    Some(Destination { to: to?, message_id })
}

fn message_options<'a>(fields: &mut Fields<'_, 'a>, rules: &Rules<'_>) -> MessageOptions<'a> {
    let platform = fields.object("platform", |fields| {
        let mut id = |name| fields.text(name, limits::PLATFORM_ID_CHARS_MAX).map(Cow::into_owned);
        Some(Cow::Owned(Platform { entity_id: id("entityId"), application_id: id("applicationId") }))
    });
    let validity_period = fields.object("validityPeriod", |fields| {
        let amount = fields.integer("amount", &(1..=limits::AMOUNT_MAX));
        let time_unit = fields.choice("timeUnit").unwrap_or_default();
        Some(ValidityPeriod { amount: amount?, time_unit })
    });
    let delivery_time_window = fields.object("deliveryTimeWindow", |fields| Some(Cow::Owned(window(fields, rules))));
    let campaign_reference_id = fields.text("campaignReferenceId", limits::CAMPAIGN_REFERENCE_ID_CHARS_MAX);
    MessageOptions { platform, validity_period, delivery_time_window, campaign_reference_id }
}

fn window(fields: &mut Fields<'_, '_>, rules: &Rules<'_>) -> DeliveryTimeWindow {
    let days = fields.required_items("days", |violations, name: Cow<'_, str>| violations.choice(&name));
    let [has_from, has_to] = ["from", "to"].map(|name| fields.has(name));
    let [from, to] = ["from", "to"].map(|name| fields.object(name, time_of_day));
    match (has_from, has_to) {
        (true, false) => fields.say("to", "must be provided together with from"),
        (false, true) => fields.say("from", "must be provided together with to"),
        (true, true) | (false, false) => {}
    }
    if let (Some(from), Some(to)) = (from, to)
        && let Some(fault) = window_fault(from, to, rules)
    {
        fields.say("to", fault);
    }
    DeliveryTimeWindow { days, from, to }
}

/// What is wrong with the end of a window, if something is.
pub(super) fn window_fault(from: TimeOfDay, to: TimeOfDay, rules: &Rules<'_>) -> Option<&'static str> {
    if from.minutes().abs_diff(to.minutes()) < limits::WINDOW_MINUTES_MIN {
        return Some("must differ from from by at least 1 hour");
    }
    let is_refused = to < from && rules.choices.overnight_window == OvernightWindow::Refuse;
    is_refused.then_some("must be after from")
}

fn time_of_day(fields: &mut Fields<'_, '_>) -> Option<TimeOfDay> {
    let hour = fields.integer("hour", &(0..=limits::HOUR_MAX));
    let minute = fields.integer("minute", &(0..=limits::MINUTE_MAX));
    Some(TimeOfDay { hour: hour?, minute: minute? })
}

fn webhooks<'a>(fields: &mut Fields<'_, 'a>) -> Webhooks<'a> {
    let delivery = fields.object("delivery", |fields| {
        Some(Delivery {
            url: fields.optional("url"),
            intermediate_report: fields.optional("intermediateReport"),
            notify: fields.optional("notify"),
        })
    });
    let content_type = fields.choice("contentType");
    let callback_data = fields.text("callbackData", limits::CALLBACK_DATA_CHARS_MAX);
    Webhooks { delivery, content_type, callback_data }
}

fn schedule<'a>(fields: &mut Fields<'_, 'a>, rules: &Rules<'_>) -> Schedule<'a> {
    let bulk_id = fields.text("bulkId", limits::BULK_ID_CHARS_MAX).filter(|id| !id.is_empty());
    let send_at = fields.optional("sendAt").and_then(|text: Cow<'a, str>| send_at(fields, &text, rules));
    let sending_speed_limit = fields.object("sendingSpeedLimit", |fields| {
        let amount = fields.integer("amount", &(1..=limits::AMOUNT_MAX));
        let time_unit = fields.choice("timeUnit").unwrap_or_default();
        Some(SendingSpeedLimit { amount: amount?, time_unit })
    });
    Schedule { bulk_id, send_at, sending_speed_limit }
}

fn send_at(fields: &mut Fields<'_, '_>, text: &str, rules: &Rules<'_>) -> Option<Timestamp> {
    match date_of(text, rules) {
        Ok(instant) => Some(instant),
        Err(fault) => {
            fields.say("sendAt", fault);
            None
        }
    }
}

/// Reads when to send.
pub(super) fn date_of(text: &str, rules: &Rules<'_>) -> Result<Timestamp, Cow<'static, str>> {
    let Some(instant) = date(text, rules.choices.send_at_forms) else {
        return Err("must have the format yyyy-MM-dd'T'HH:mm:ss.SSSZ".into());
    };
    let horizon = SignedDuration::from_hours(i64::from(limits::SCHEDULE_DAYS_MAX) * 24);
    if instant.duration_since(rules.now) > horizon {
        return Err(format!("must be no later than {} days in advance", limits::SCHEDULE_DAYS_MAX).into());
    }
    if instant < rules.now && rules.choices.past_send_at == PastSendAt::Refuse {
        return Err("must not be in the past".into());
    }
    Ok(instant)
}

/// Reads a date and time with an offset. In all forms it has seconds, and a `T` between the two, which may be small in those of
/// RFC 3339.
fn date(text: &str, forms: SendAtForms) -> Option<Timestamp> {
    let text = &*match forms {
        SendAtForms::Documented => Cow::Borrowed(text),
        // Both of its letters may be small there.
        SendAtForms::Rfc3339 => Cow::Owned(text.to_ascii_uppercase()),
    };
    let (_, rest) = text.split_at_checked(SECONDS.len()).filter(|(begin, _)| is_like(begin, SECONDS))?;
    let digits = rest.strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    // A point without a digit behind it is part of no offset.
    let (_, offset) = rest.split_at_checked(if digits == 0 { 0 } else { digits + 1 })?;
    let has_offset = is_like(offset, "+0000") || is_like(offset, "+00:00");
    let is_taken = match forms {
        // Services of this kind silently drop what has another form than the documented one.
        SendAtForms::Documented => digits == 3 && has_offset,
        SendAtForms::Rfc3339 => digits <= 9 && (has_offset || offset == "Z"),
    };
    is_taken.then(|| time::read(text)).flatten()
}

/// What a date and time with an offset looks like, as a regular expression.
pub(super) fn date_pattern(forms: SendAtForms) -> String {
    const DATE: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
    const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)";
    const OFFSET: &str = "[+-]([01][0-9]|2[0-3]):?[0-5][0-9]";
    match forms {
        SendAtForms::Documented => format!(r"^{DATE}T{TIME}\.[0-9]{{3}}{OFFSET}$"),
        SendAtForms::Rfc3339 => format!(r"^{DATE}[Tt]{TIME}(\.[0-9]{{1,9}})?([Zz]|{OFFSET})$"),
    }
}

/// A date and a time of day as they begin; `0` stands for any digit.
const SECONDS: &str = "0000-00-00T00:00:00";

/// Whether a text looks like a shape, in which `0` stands for any digit and `+` for either sign.
fn is_like(text: &str, shape: &str) -> bool {
    shape.len() == text.len()
        && shape.bytes().zip(text.bytes()).all(|(wanted, byte)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'+' => matches!(byte, b'+' | b'-'),
            _ => byte == wanted,
        })
}

#[cfg(test)]
mod tests;
