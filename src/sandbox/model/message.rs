//! Accepted messages, as the sandbox keeps them: a table for each bulk, in which terms that many
//! messages share stand once.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::wire::channel_rate::ChannelRate;
use crate::wire::content::Content;
use crate::wire::options::{DeliveryTimeWindow, Platform, ReportType, ValidityPeriod};
use crate::wire::request::{Delivery, Destination, Message, MessageOptions, Schedule, Webhooks};

/// With how many of the latest terms new ones are compared: most messages have those of the one
/// before, and a request in which all differ must not cost the square of its length.
const TERMS_COMPARED_MAX: usize = 16;

/// When and how fast a bulk is to be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendTiming {
    /// When to begin; at once if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<jiff::Timestamp>,
    /// How fast to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<crate::wire::options::SendingSpeedLimit>,
    /// When it comes up at the channel, if that takes only so many messages of a sender in a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<ChannelTurns>,
}

impl From<&Schedule<'_>> for SendTiming {
    fn from(schedule: &Schedule<'_>) -> Self {
        Self { send_at: schedule.send_at, speed: schedule.sending_speed_limit, turns: None }
    }
}

/// The turns of a bulk at the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelTurns {
    /// When they begin.
    pub at: jiff::Timestamp,
    /// How fast the channel takes the messages of a sender.
    pub rate: ChannelRate,
}

/// The messages of a bulk, one for each destination, in the order of the request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageTable<'a> {
    /// The different terms of the messages.
    pub terms: Vec<SharedOptions<'a>>,
    /// The messages.
    pub messages: Vec<ReceivedMessage<'a>>,
}

impl<'a> MessageTable<'a> {
    /// The terms of a message.
    #[must_use]
    pub fn terms_of(&self, message: &ReceivedMessage<'_>) -> Option<&SharedOptions<'a>> {
        self.terms.get(message.terms)
    }

    /// The same table, on its own.
    #[must_use]
    pub fn into_owned(self) -> MessageTable<'static> {
        MessageTable {
            terms: self.terms.into_iter().map(SharedOptions::into_owned).collect(),
            messages: self.messages.into_iter().map(ReceivedMessage::into_owned).collect(),
        }
    }

    /// Adds a message of a request, whose terms have this number: one for each of its destinations.
    pub(super) fn add(
        &mut self,
        terms: usize,
        (content, callback_data): (Content<Cow<'a, str>>, Option<Cow<'a, str>>),
        destinations: impl ExactSizeIterator<Item = Destination<'a>>,
    ) {
        let copies = std::iter::repeat_n((content, callback_data), destinations.len());
        self.messages.extend(destinations.zip(copies).map(|(destination, (content, callback_data))| {
            let Destination { to, message_id } = destination;
            ReceivedMessage { terms, to, message_id: message_id.unwrap_or_default(), content, callback_data }
        }));
    }

    /// Finds terms in the table, or writes them there; gives their number.
    pub(super) fn place(&mut self, terms: SharedOptions<'a>) -> usize {
        let recent = self.terms.iter().enumerate().rev().take(TERMS_COMPARED_MAX);
        if let Some((number, _)) = recent.into_iter().find(|(_, known)| **known == terms) {
            return number;
        }
        self.terms.push(terms);
        self.terms.len() - 1
    }
}

impl<'a> From<Vec<Message<'a>>> for MessageTable<'a> {
    fn from(messages: Vec<Message<'a>>) -> Self {
        let mut table = Self { terms: Vec::new(), messages: Vec::with_capacity(messages.len()) };
        for Message { sender, destinations, content, options, webhooks } in messages {
            let Webhooks { delivery, content_type, callback_data } = webhooks;
            let terms = table.place(SharedOptions::new(sender, options, (delivery, content_type)));
            table.add(terms, (content, callback_data), destinations.into_iter());
        }
        table
    }
}

/// One message to one destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceivedMessage<'a> {
    /// The number of its terms.
    #[serde(rename = "t")]
    pub terms: usize,
    /// The recipient.
    pub to: Cow<'a, str>,
    /// The messageId; empty until the sandbox has made one, if the request has none.
    #[serde(rename = "id")]
    pub message_id: Cow<'a, str>,
    /// What it says.
    #[serde(rename = "c")]
    pub content: Content<Cow<'a, str>>,
    /// What comes back in delivery reports.
    #[serde(rename = "cb", default, skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<Cow<'a, str>>,
}

impl ReceivedMessage<'_> {
    fn into_owned(self) -> ReceivedMessage<'static> {
        ReceivedMessage {
            terms: self.terms,
            to: owned(self.to),
            message_id: owned(self.message_id),
            content: self.content.map(|_, text| owned(text)),
            callback_data: self.callback_data.map(owned),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl<'a> SharedOptions<'a> {
    /// Those of a message of a request.
    pub(super) fn new(
        sender: Cow<'a, str>,
        options: MessageOptions<'a>,
        (delivery, content_type): (Option<Delivery<Cow<'a, str>>>, Option<ReportType>),
    ) -> Self {
        Self {
            sender,
            platform: options.platform.map(Cow::into_owned),
            validity_period: options.validity_period,
            delivery_time_window: options.delivery_time_window.map(Cow::into_owned),
            campaign_reference_id: options.campaign_reference_id,
            delivery,
            content_type,
        }
    }

    fn into_owned(self) -> SharedOptions<'static> {
        SharedOptions {
            sender: owned(self.sender),
            platform: self.platform,
            validity_period: self.validity_period,
            delivery_time_window: self.delivery_time_window,
            campaign_reference_id: self.campaign_reference_id.map(owned),
            delivery: self.delivery.map(|Delivery { url, intermediate_report, notify }| Delivery {
                url: url.map(owned),
                intermediate_report,
                notify,
            }),
            content_type: self.content_type,
        }
    }
}

/// What messages share: who sends them, on which conditions, and where reports go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedOptions<'a> {
    /// The sender.
    pub sender: Cow<'a, str>,
    /// CPaaS X options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// How long it is worth delivering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity_period: Option<ValidityPeriod>,
    /// When it may be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_time_window: Option<DeliveryTimeWindow>,
    /// The campaign it counts to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_reference_id: Option<Cow<'a, str>>,
    /// Where delivery reports go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery<Cow<'a, str>>>,
    /// The format of delivery reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<ReportType>,
}
