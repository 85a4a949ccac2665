//! What a person writes to a business, as the gateway posts it.

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::status;
use crate::wire::limits;
use crate::wire::response::MessagePrice;
use crate::wire::time::{WrittenInstant, serde_instant};

/// What a person writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundContent {
    /// A text.
    Text {
        /// The text.
        text: String,
        /// What stands behind the quick reply that was tapped, if one was.
        quick_reply: Option<String>,
        /// Whether it is written as a reply to what the business wrote last.
        is_reply: bool,
    },
    /// A button that was tapped.
    Postback {
        /// What stands on it.
        title: String,
        /// What stands behind it.
        payload: String,
    },
}

/// The message of the business that came to the person last before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairedMessage {
    /// Its messageId.
    pub message_id: String,
    /// What its request wanted back.
    pub callback_data: Option<String>,
    /// Its entity.
    pub entity_id: Option<String>,
    /// Its application.
    pub application_id: Option<String>,
    /// Where its reports go.
    pub url: Option<String>,
}

/// Who writes what to whom, before the time is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundDraft {
    /// The person.
    pub person: String,
    /// The business's sender.
    pub sender: String,
    /// What.
    pub content: InboundContent,
    /// What came before.
    pub paired: Option<PairedMessage>,
    /// In which currency it costs nothing.
    pub currency: String,
}

/// What is posted of what people write.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboundMessages<R> {
    /// What was written.
    results: Vec<R>,
    /// How many messages these are.
    message_count: u32,
    /// How many more wait.
    pending_message_count: u32,
}

/// What is posted of one message that a person has written.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboundResult<'a> {
    /// The person.
    sender: &'a str,
    /// The business's sender.
    to: &'a str,
    /// The channel: `INSTAGRAM_DM`.
    integration_type: &'static str,
    /// When it came in.
    #[serde(with = "serde_instant")]
    #[schemars(with = "WrittenInstant")]
    received_at: Timestamp,
    /// Its id.
    message_id: String,
    /// The message of the business that came to the person last.
    #[serde(skip_serializing_if = "Option::is_none")]
    paired_message_id: Option<&'a str>,
    /// What the request of that wanted back.
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_data: Option<&'a str>,
    /// The entity of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::PLATFORM_ID_CHARS_MAX))]
    entity_id: Option<&'a str>,
    /// The application of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::PLATFORM_ID_CHARS_MAX))]
    application_id: Option<&'a str>,
    /// What was written.
    message: InboundShown<'a>,
    /// What it costs.
    price: MessagePrice,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "UPPERCASE", rename_all_fields = "camelCase")]
enum InboundShown<'a> {
    Text {
        mid: String,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        quick_reply: Option<Payload<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<Mid<'a>>,
    },
    Postback {
        mid: String,
        title: &'a str,
        payload: &'a str,
    },
}

#[derive(Serialize, JsonSchema)]
struct Payload<'a> {
    payload: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Mid<'a> {
    mid: &'a str,
}

impl InboundDraft {
    /// Writes it as the message with a number that comes in at an instant.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn compose(&self, number: i64, received_at: Timestamp) -> Result<String, serde_json::Error> {
        let id = |what: &str| {
            BASE64URL_NOPAD.encode(format!("ig_dm:{what}:{}:{}:{number}", self.sender, self.person).as_bytes())
        };
        let paired = self.paired.as_ref();
        let message = match &self.content {
            InboundContent::Text { text, quick_reply, is_reply } => InboundShown::Text {
                mid: id("mid"),
                text,
                quick_reply: quick_reply.as_deref().map(|payload| Payload { payload }),
                reply_to: paired.filter(|_| *is_reply).map(|paired| Mid { mid: &paired.message_id }),
            },
            InboundContent::Postback { title, payload } => InboundShown::Postback { mid: id("mid"), title, payload },
        };
        serde_json::to_string(&InboundResult {
            sender: &self.person,
            to: &self.sender,
            integration_type: "INSTAGRAM_DM",
            received_at,
            message_id: id("message"),
            paired_message_id: paired.map(|paired| paired.message_id.as_str()),
            callback_data: paired.and_then(|paired| paired.callback_data.as_deref()),
            entity_id: paired.and_then(|paired| paired.entity_id.as_deref()),
            application_id: paired.and_then(|paired| paired.application_id.as_deref()),
            message,
            price: MessagePrice { price_per_message: 0.0, currency: self.currency.clone() },
        })
    }
}

/// The body in which a message goes out that was composed.
///
/// # Errors
/// If it was not.
pub fn body(result: &str) -> Result<Vec<u8>, serde_json::Error> {
    let result: &RawValue = serde_json::from_str(result)?;
    serde_json::to_vec(&InboundMessages { results: vec![result], message_count: 1, pending_message_count: 0 })
}

/// The message of a bulk that came to a person from a sender last by now, and when it left: one that was not delivered
/// did not come.
#[must_use]
pub fn last_to(
    bulk: &AcceptedBulk<'_>,
    inputs: &Inputs,
    (sender, person): (&str, &str),
    now: Timestamp,
) -> Option<(Timestamp, PairedMessage)> {
    let lives = bulk.lives(inputs);
    let sent = bulk.table.messages.iter().zip(&lives).filter_map(|(message, life)| {
        let terms = bulk.table.terms_of(message).filter(|terms| terms.sender == sender && message.to == person)?;
        let came = status::group(life.ending.status) == Some(status::DELIVERED_GROUP);
        let sent_at = life.sent_at.filter(|sent_at| *sent_at <= now && came)?;
        Some((sent_at, message, terms))
    });
    let (sent_at, message, terms) = sent.max_by_key(|(sent_at, ..)| *sent_at)?;
    let platform = terms.platform.as_ref();
    let paired = PairedMessage {
        message_id: message.message_id.clone().into_owned(),
        callback_data: message.callback_data.clone().map(Into::into),
        entity_id: platform.and_then(|platform| platform.entity_id.clone()),
        application_id: platform.and_then(|platform| platform.application_id.clone()),
        url: terms.delivery.as_ref().and_then(|delivery| delivery.url.clone()).map(Into::into),
    };
    Some((sent_at, paired))
}

/// What somebody does who plays a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InboundAct {
    /// They write a text.
    #[default]
    Text,
    /// They write a text as a reply to what they got last.
    Reply,
    /// They tap a button.
    Postback,
    /// They write that they want nothing more.
    OptOut,
    /// They block the business: it gets no message, and nothing reaches them any more until they write again.
    Block,
}
