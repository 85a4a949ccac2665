//! Accepted messages, as the sandbox keeps them: a sheet for each bulk, on which terms that many
//! messages share stand once.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::wire::options::{DeliveryTimeWindow, Platform, ReportType, ValidityPeriod};

/// With how many of the latest terms new ones are compared: most messages have those of the one
/// before, and a request in which all differ must not cost the square of its length.
const TERMS_COMPARED_MAX: usize = 16;

/// A request that passed all checks.
#[derive(Debug, PartialEq)]
pub struct CheckedRequest<'a> {
    /// The bulkId, if it has one.
    pub bulk_id: Option<Cow<'a, str>>,
    /// When and how fast it is to be sent.
    pub pace: SendTiming,
    /// Its messages.
    pub sheet: MessageTable<'a>,
}

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

    /// Finds terms on the sheet, or writes them there; gives their number.
    pub(super) fn place(&mut self, terms: SharedOptions<'a>) -> usize {
        let recent = self.terms.iter().enumerate().rev().take(TERMS_COMPARED_MAX);
        if let Some((number, _)) = recent.into_iter().find(|(_, known)| **known == terms) {
            return number;
        }
        self.terms.push(terms);
        self.terms.len() - 1
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
    pub content: ReceivedContent<'a>,
    /// What comes back in delivery reports.
    #[serde(rename = "cb", default, skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<Cow<'a, str>>,
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
    pub delivery: Option<ReportTarget<'a>>,
    /// The format of delivery reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<ReportType>,
}

/// Where and which delivery reports go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportTarget<'a> {
    /// The URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Cow<'a, str>>,
    /// Whether intermediate reports are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intermediate_report: Option<bool>,
    /// Whether reports are wanted at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<bool>,
}

/// The content of a message, as the API writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReceivedContent<'a> {
    /// A text.
    Text {
        /// The text, of at most 1000 characters.
        text: Cow<'a, str>,
    },
    /// An image.
    Image {
        /// Its address.
        url: Cow<'a, str>,
    },
    /// One to ten cards side by side.
    Carousel {
        /// The cards.
        elements: Vec<Card<'a>>,
    },
    /// One card.
    RichCard(Card<'a>),
}

/// A rich card, or an element of a carousel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card<'a> {
    /// Its title.
    pub title: Cow<'a, str>,
    /// Its subtitle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<Cow<'a, str>>,
    /// The address of its image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<Cow<'a, str>>,
    /// What opens when it is tapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_action: Option<Action<'a>>,
    /// At most three buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button<'a>>,
}

/// What opens when a card is tapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action<'a> {
    /// The address.
    pub url: Cow<'a, str>,
}

/// A button of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
pub enum Button<'a> {
    /// It opens an address.
    Url {
        /// What stands on it.
        title: Cow<'a, str>,
        /// The address.
        url: Cow<'a, str>,
    },
    /// It sends a text back to the business.
    Postback {
        /// What stands on it.
        title: Cow<'a, str>,
        /// The text.
        postback: Cow<'a, str>,
    },
}
