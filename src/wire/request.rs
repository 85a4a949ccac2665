//! The body of `POST /instagram/1/messages`: sendform writes it, and the sandbox reads it. The sandbox describes it to
//! others by the schema of these types.

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::limits;
use super::options::{DeliveryTimeWindow, Platform, ReportType, SendingSpeedLimit, ValidityPeriod};
use super::time::optional_instant;

/// What has something in it besides what Unicode calls white space.
const NOT_BLANK: &str = r"[^\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]";

/// The whole body.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Request<'a> {
    /// The messages. (Sendform writes one for every recipient, because every recipient has their own text.)
    #[schemars(length(min = 1))]
    pub messages: Vec<Message<'a>>,
    /// Options of the request.
    #[schemars(default)]
    pub options: RequestOptions<'a>,
}

/// One message.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Message<'a> {
    /// The sender: the id of an account. It is not blank.
    #[schemars(extend("pattern" = NOT_BLANK))]
    pub sender: Cow<'a, str>,
    /// To whom it goes. (Sendform writes exactly one.)
    #[schemars(length(min = 1))]
    pub destinations: Vec<Destination<'a>>,
    /// What it says.
    pub content: Content<Cow<'a, str>>,
    /// Its options.
    #[serde(skip_serializing_if = "MessageOptions::is_empty")]
    #[schemars(default)]
    pub options: MessageOptions<'a>,
    /// Its webhooks.
    #[serde(skip_serializing_if = "Webhooks::is_empty")]
    #[schemars(default)]
    pub webhooks: Webhooks<'a>,
}

/// To whom a message goes.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Destination<'a> {
    /// The recipient's id, as the audience has it. Nobody can be written to without one.
    pub to: Cow<'a, str>,
    /// The messageId; the gateway makes one if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::MESSAGE_ID_CHARS_MAX))]
    pub message_id: Option<Cow<'a, str>>,
}

/// The options of one message.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageOptions<'a> {
    /// CPaaS X options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Cow<'a, Platform>>,
    /// How long it is worth delivering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity_period: Option<ValidityPeriod>,
    /// When it may be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_time_window: Option<Cow<'a, DeliveryTimeWindow>>,
    /// The campaign it counts to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::CAMPAIGN_REFERENCE_ID_CHARS_MAX))]
    pub campaign_reference_id: Option<Cow<'a, str>>,
}

impl MessageOptions<'_> {
    fn is_empty(&self) -> bool {
        self.platform.is_none()
            && self.validity_period.is_none()
            && self.delivery_time_window.is_none()
            && self.campaign_reference_id.is_none()
    }
}

/// The webhooks of one message.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhooks<'a> {
    /// Where delivery reports go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery<Cow<'a, str>>>,
    /// The format of the reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<ReportType>,
    /// What comes back in the reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::CALLBACK_DATA_CHARS_MAX))]
    pub callback_data: Option<Cow<'a, str>>,
}

impl Webhooks<'_> {
    fn is_empty(&self) -> bool {
        self.delivery.is_none() && self.content_type.is_none() && self.callback_data.is_none()
    }
}

/// Where and which delivery reports go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Delivery")]
pub struct Delivery<T> {
    /// The address to which reports are posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<T>,
    /// Whether intermediate reports are wanted; the API's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intermediate_report: Option<bool>,
    /// Whether reports are wanted at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<bool>,
}

/// The options of a request.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestOptions<'a> {
    /// When and how fast it is sent.
    #[schemars(default)]
    pub schedule: Schedule<'a>,
}

/// When and how fast a request is sent.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Schedule<'a> {
    /// The bulkId; the gateway makes one if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::BULK_ID_CHARS_MAX))]
    pub bulk_id: Option<Cow<'a, str>>,
    /// When to send, at most 180 days ahead; at once if absent.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_instant::serialize")]
    #[schemars(with = "Option<String>")]
    pub send_at: Option<Timestamp>,
    /// How fast to send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending_speed_limit: Option<SendingSpeedLimit>,
}
