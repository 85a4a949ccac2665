//! A body of a send, read straight into the table of its messages: most bodies are texts and right, and need no
//! paths. Whatever is not plainly so is left to the reader that collects what is wrong, so this one has no word of
//! its own to say.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::check::{CheckedRequest, Rules, date_of, window_fault};
use super::message::{MessageTable, SharedOptions};
use crate::wire::choices::{Nulls, UnknownFieldRule};
use crate::wire::content::Content;
use crate::wire::options::{
    Day, DeliveryTimeWindow, Platform, ReportType, SendingSpeedLimit, SpeedUnit, TimeOfDay, ValidityPeriod,
    ValidityUnit,
};
use crate::wire::request::{Delivery, Destination, MessageOptions, Schedule, Webhooks};
use crate::wire::{limits, names};

/// Reads a body; `None` if it is not plainly right, or has other contents than texts.
pub(super) fn read<'a>(bytes: &'a [u8], rules: &Rules<'_>) -> Option<CheckedRequest<'a>> {
    let is_lenient = rules.choices.unknown_fields == UnknownFieldRule::Ignore && rules.choices.nulls == Nulls::Ignore;
    if !is_lenient {
        return None;
    }
    // Looked at once as a whole: text by text that takes many times as long.
    let mut reader = serde_json::Deserializer::from_str(std::str::from_utf8(bytes).ok()?);
    let request = BodySeed(rules).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    (!request.table.messages.is_empty()).then_some(request)
}

/// Reads a body.
struct BodySeed<'r>(&'r Rules<'r>);

/// What a body has.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum BodyField {
    Messages,
    Options,
}

impl<'de> DeserializeSeed<'de> for BodySeed<'_> {
    type Value = CheckedRequest<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<CheckedRequest<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BodySeed<'_> {
    type Value = CheckedRequest<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CheckedRequest<'de>, A::Error> {
        let (mut table, mut options) = (None, None);
        while let Some(field) = map.next_key()? {
            let is_new = match field {
                BodyField::Messages => table.replace(map.next_value_seed(MessagesSeed(self.0))?).is_none(),
                BodyField::Options => options.replace(map.next_value::<Option<Mapped<OptionsText<'de>>>>()?).is_none(),
            };
            if !is_new {
                return Err(not_right());
            }
        }
        let schedule = match options.flatten().and_then(|Mapped(options)| options.schedule) {
            Some(Mapped(schedule)) => schedule.check(self.0).ok_or_else(not_right)?,
            None => Schedule::default(),
        };
        Ok(CheckedRequest { table: table.unwrap_or_default(), schedule })
    }
}

/// Reads the messages of a body. Each is checked and put into the table as soon as it is read, so that only what
/// is kept of it takes room.
struct MessagesSeed<'r>(&'r Rules<'r>);

impl<'de> DeserializeSeed<'de> for MessagesSeed<'_> {
    type Value = MessageTable<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<MessageTable<'de>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for MessagesSeed<'_> {
    type Value = MessageTable<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<MessageTable<'de>, A::Error> {
        let mut reading = Reading { table: MessageTable::default(), recipients: Vec::new(), last: None };
        while messages.next_element_seed(MessageSeed { reading: &mut reading, rules: self.0 })?.is_some() {}
        Ok(reading.table)
    }
}

/// How far the messages of a body have been read.
struct Reading<'a> {
    table: MessageTable<'a>,
    /// Those of the message that is being read: a list whose room is used again for each.
    recipients: Vec<Destination<'a>>,
    /// How the terms of the message before were written, and their number.
    last: Option<(WrittenTerms<'a>, usize)>,
}

/// Terms as a message has them. Those of most are written as those of the message before, and need not be read again.
#[derive(PartialEq)]
struct WrittenTerms<'a> {
    sender: Cow<'a, str>,
    /// The JSON of the message's options.
    options: Option<&'a str>,
    delivery: Option<Delivery<Cow<'a, str>>>,
    content_type: Option<ReportType>,
}

impl<'a> WrittenTerms<'a> {
    fn check(&self, rules: &Rules<'_>) -> Option<SharedOptions<'a>> {
        let sender = Some(self.sender.clone()).filter(|sender| !sender.trim().is_empty())?;
        let options = match self.options {
            Some(json) => serde_json::from_str::<Mapped<MessageOptionsText<'a>>>(json).ok()?.0.check(rules)?,
            None => MessageOptions::default(),
        };
        Some(SharedOptions::new(sender, options, (self.delivery.clone(), self.content_type)))
    }
}

/// Reads a message.
struct MessageSeed<'t, 'a> {
    reading: &'t mut Reading<'a>,
    rules: &'t Rules<'t>,
}

/// What a message has.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum MessageField {
    Sender,
    Destinations,
    Content,
    Options,
    Webhooks,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reading: Reading { table, recipients, last }, rules } = self;
        let (mut sender, mut destinations, mut content) = (None, None, None);
        let (mut options, mut webhooks) = (None, None);
        while let Some(field) = map.next_key()? {
            let is_new = match field {
                MessageField::Sender => sender.replace(map.next_value::<JsonText<'de>>()?).is_none(),
                MessageField::Destinations => {
                    destinations.replace(map.next_value_seed(DestinationsSeed { recipients, rules })?).is_none()
                }
                MessageField::Content => content.replace(map.next_value::<Mapped<ContentText<'de>>>()?).is_none(),
                MessageField::Options => options.replace(map.next_value::<Option<&'de RawValue>>()?).is_none(),
                MessageField::Webhooks => {
                    webhooks.replace(map.next_value::<Option<Mapped<WebhooksText<'de>>>>()?).is_none()
                }
            };
            if !is_new {
                return Err(not_right());
            }
        }
        let content = content.and_then(|Mapped(content)| content.check()).ok_or_else(not_right)?;
        let Webhooks { delivery, content_type, callback_data } = match webhooks.flatten() {
            Some(Mapped(webhooks)) => webhooks.check().ok_or_else(not_right)?,
            None => Webhooks::default(),
        };
        let sender = whole(sender.ok_or_else(not_right)?);
        let written = WrittenTerms { sender, options: options.flatten().map(RawValue::get), delivery, content_type };
        let terms = match last {
            Some((last, terms)) if *last == written => *terms,
            Some(_) | None => {
                let terms = table.place(written.check(rules).ok_or_else(not_right)?);
                *last = Some((written, terms));
                terms
            }
        };
        if recipients.is_empty() {
            return Err(not_right());
        }
        table.add(terms, (content, callback_data), recipients.drain(..));
        Ok(())
    }
}

/// Reads the recipients of a message.
struct DestinationsSeed<'t, 'a> {
    recipients: &'t mut Vec<Destination<'a>>,
    rules: &'t Rules<'t>,
}

impl<'de> DeserializeSeed<'de> for DestinationsSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for DestinationsSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of destinations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut destinations: A) -> Result<(), A::Error> {
        while let Some(Mapped(destination)) = destinations.next_element::<Mapped<DestinationText<'de>>>()? {
            self.recipients.push(destination.check(self.rules).ok_or_else(not_right)?);
        }
        Ok(())
    }
}

/// What ends the reading of a body that is not plainly right. Nobody reads it.
fn not_right<E: serde::de::Error>() -> E {
    E::custom("not plainly right")
}

/// A text that lies in the body wherever that can be.
struct JsonText<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for JsonText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = JsonText<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<JsonText<'de>, E> {
                Ok(JsonText(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<JsonText<'de>, E> {
                Ok(JsonText(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A value that is written as an object: serde takes a list of its fields as well.
struct Mapped<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Mapped<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for MapVisitor<T> {
            type Value = Mapped<T>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mapped<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Mapped)
            }
        }
        deserializer.deserialize_map(MapVisitor(PhantomData))
    }
}

/// One of a type's names, as a text and in no other way.
struct Named<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let JsonText(name) = JsonText::deserialize(deserializer)?;
        names::named(&name).map(Named).ok_or_else(|| D::Error::custom("none of the names"))
    }
}

type MaybeText<'a> = Option<JsonText<'a>>;

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

/// A text that has at most so many characters; `None` if it has more.
fn fits<'a>(JsonText(text): JsonText<'a>, chars_max: usize) -> Option<Cow<'a, str>> {
    (text.len() <= chars_max || text.chars().count() <= chars_max).then_some(text)
}

/// The same of a text that may be absent.
fn maybe_fits<'a>(text: MaybeText<'a>, chars_max: usize) -> Option<Option<Cow<'a, str>>> {
    match text {
        Some(text) => fits(text, chars_max).map(Some),
        None => Some(None),
    }
}

fn whole(JsonText(text): JsonText<'_>) -> Cow<'_, str> {
    text
}

/// A number from 1 to the largest amount.
fn amount(amount: u32) -> Option<u32> {
    (1..=limits::AMOUNT_MAX).contains(&amount).then_some(amount)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DestinationText<'a> {
    #[serde(borrow)]
    to: JsonText<'a>,
    #[serde(borrow, default)]
    message_id: MaybeText<'a>,
}

impl<'a> DestinationText<'a> {
    fn check(self, rules: &Rules<'_>) -> Option<Destination<'a>> {
        let to = whole(self.to);
        let is_invalid = rules.invalid.iter().any(|invalid| *invalid == to);
        let message_id = maybe_fits(self.message_id, limits::MESSAGE_ID_CHARS_MAX)?;
        (!is_invalid).then_some(Destination { to, message_id })
    }
}

/// A content that is a text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentText<'a> {
    #[expect(dead_code, reason = "there is but one")]
    r#type: Named<TextKind>,
    #[serde(borrow)]
    text: JsonText<'a>,
}

/// The type of such a content.
#[derive(Deserialize)]
enum TextKind {
    #[serde(rename = "TEXT")]
    Text,
}

impl<'a> ContentText<'a> {
    fn check(self) -> Option<Content<Cow<'a, str>>> {
        Some(Content::Text { text: fits(self.text, limits::TEXT_CHARS_MAX)? })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MessageOptionsText<'a> {
    #[serde(borrow, default)]
    platform: Option<Mapped<PlatformText<'a>>>,
    #[serde(default)]
    validity_period: Option<Mapped<AmountText<ValidityUnit>>>,
    #[serde(default)]
    delivery_time_window: Option<Mapped<WindowText>>,
    #[serde(borrow, default)]
    campaign_reference_id: MaybeText<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlatformText<'a> {
    #[serde(borrow, default)]
    entity_id: MaybeText<'a>,
    #[serde(borrow, default)]
    application_id: MaybeText<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound = "T: DeserializeOwned")]
struct AmountText<T> {
    amount: u32,
    #[serde(default = "Option::default")]
    time_unit: Option<Named<T>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowText {
    days: Vec<Named<Day>>,
    #[serde(default)]
    from: Option<Mapped<TimeText>>,
    #[serde(default)]
    to: Option<Mapped<TimeText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeText {
    hour: u8,
    minute: u8,
}

impl<'a> MessageOptionsText<'a> {
    fn check(self, rules: &Rules<'_>) -> Option<MessageOptions<'a>> {
        let platform = match self.platform {
            Some(Mapped(PlatformText { entity_id, application_id })) => {
                let id = |text| Some(maybe_fits(text, limits::PLATFORM_ID_CHARS_MAX)?.map(Cow::into_owned));
                Some(Cow::Owned(Platform { entity_id: id(entity_id)?, application_id: id(application_id)? }))
            }
            None => None,
        };
        let validity_period = match self.validity_period {
            Some(Mapped(AmountText { amount: number, time_unit })) => {
                let time_unit = time_unit.map_or_else(ValidityUnit::default, |Named(unit)| unit);
                Some(ValidityPeriod { amount: amount(number)?, time_unit })
            }
            None => None,
        };
        let delivery_time_window = match self.delivery_time_window {
            Some(Mapped(window)) => Some(Cow::Owned(window.check(rules)?)),
            None => None,
        };
        let campaign_reference_id = maybe_fits(self.campaign_reference_id, limits::CAMPAIGN_REFERENCE_ID_CHARS_MAX)?;
        Some(MessageOptions { platform, validity_period, delivery_time_window, campaign_reference_id })
    }
}

impl WindowText {
    fn check(self, rules: &Rules<'_>) -> Option<DeliveryTimeWindow> {
        let days = some(self.days)?.into_iter().map(|Named(day)| day).collect();
        let time = |time: Option<Mapped<TimeText>>| match time {
            Some(Mapped(TimeText { hour, minute })) if hour > limits::HOUR_MAX || minute > limits::MINUTE_MAX => None,
            Some(Mapped(TimeText { hour, minute })) => Some(Some(TimeOfDay { hour, minute })),
            None => Some(None),
        };
        let (from, to) = (time(self.from)?, time(self.to)?);
        let is_fine = match (from, to) {
            (Some(from), Some(to)) => window_fault(from, to, rules).is_none(),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        is_fine.then_some(DeliveryTimeWindow { days, from, to })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WebhooksText<'a> {
    #[serde(borrow, default)]
    delivery: Option<Mapped<DeliveryText<'a>>>,
    #[serde(default)]
    content_type: Option<Named<ReportType>>,
    #[serde(borrow, default)]
    callback_data: MaybeText<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeliveryText<'a> {
    #[serde(borrow, default)]
    url: MaybeText<'a>,
    #[serde(default)]
    intermediate_report: Option<bool>,
    #[serde(default)]
    notify: Option<bool>,
}

impl<'a> WebhooksText<'a> {
    fn check(self) -> Option<Webhooks<'a>> {
        let delivery = self.delivery.map(|Mapped(DeliveryText { url, intermediate_report, notify })| Delivery {
            url: url.map(whole),
            intermediate_report,
            notify,
        });
        let content_type = self.content_type.map(|Named(content_type)| content_type);
        let callback_data = maybe_fits(self.callback_data, limits::CALLBACK_DATA_CHARS_MAX)?;
        Some(Webhooks { delivery, content_type, callback_data })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsText<'a> {
    #[serde(borrow, default)]
    schedule: Option<Mapped<ScheduleText<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScheduleText<'a> {
    #[serde(borrow, default)]
    bulk_id: MaybeText<'a>,
    #[serde(borrow, default)]
    send_at: MaybeText<'a>,
    #[serde(default)]
    sending_speed_limit: Option<Mapped<AmountText<SpeedUnit>>>,
}

impl<'a> ScheduleText<'a> {
    fn check(self, rules: &Rules<'_>) -> Option<Schedule<'a>> {
        let bulk_id = maybe_fits(self.bulk_id, limits::BULK_ID_CHARS_MAX)?.filter(|id| !id.is_empty());
        let send_at = match self.send_at {
            Some(JsonText(text)) => Some(date_of(&text, rules).ok()?),
            None => None,
        };
        let sending_speed_limit = match self.sending_speed_limit {
            Some(Mapped(AmountText { amount: number, time_unit })) => {
                let time_unit = time_unit.map_or_else(SpeedUnit::default, |Named(unit)| unit);
                Some(SendingSpeedLimit { amount: amount(number)?, time_unit })
            }
            None => None,
        };
        Some(Schedule { bulk_id, send_at, sending_speed_limit })
    }
}
