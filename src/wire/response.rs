//! What the gateway answers. Unknown fields are ignored, because the gateway may add some.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::time::WrittenInstant;

/// The body of a 200 to a send.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The bulkId of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk_id: Option<String>,
    /// What became of each message.
    pub messages: Vec<MessageResponse>,
}

/// What became of one message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageResponse {
    /// Its messageId.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Its status.
    pub status: Status,
    /// Its recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
}

/// The status of a message. Decisions rest on the group only; names and descriptions vary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The group: 0 accepted, 1 pending, 2 undeliverable, 3 delivered, 4 expired, 5 rejected.
    pub group_id: u16,
    /// The group's name.
    #[serde(default)]
    #[schemars(extend("enum" = STATUS_GROUPS))]
    pub group_name: String,
    /// The status within the group.
    #[serde(default)]
    pub id: u16,
    /// The status's name.
    #[serde(default)]
    pub name: String,
    /// The status in words.
    #[serde(default)]
    pub description: String,
    /// What may be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// The group of messages that have not come to their end.
pub const GROUP_PENDING: u16 = 1;
/// The group of messages that could not be delivered.
pub const GROUP_UNDELIVERABLE: u16 = 2;
/// The group of messages whose validity was over first.
pub const GROUP_EXPIRED: u16 = 4;
/// The names of the groups of statuses, by their ids.
pub const STATUS_GROUPS: [&str; 6] = ["ACCEPTED", "PENDING", "UNDELIVERABLE", "DELIVERED", "EXPIRED", "REJECTED"];
/// The names of the groups of errors, by their ids.
pub const ERROR_GROUPS: [&str; 4] = ["OK", "HANDSET_ERRORS", "USER_ERRORS", "OPERATOR_ERRORS"];
/// The group of rejected messages.
pub const GROUP_REJECTED: u16 = 5;
/// The status of a message whose messageId the gateway has seen before.
pub const STATUS_DUPLICATE_MESSAGE_ID: u16 = 23;

/// The error of a message; one that went well has `NO_ERROR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageError {
    /// The group: 0 none, 1 of the handset, 2 of the user, 3 of the operator.
    pub group_id: u16,
    /// The group's name.
    #[serde(default)]
    #[schemars(extend("enum" = ERROR_GROUPS))]
    pub group_name: String,
    /// The error within the group.
    #[serde(default)]
    pub id: u16,
    /// The error's name.
    #[serde(default)]
    pub name: String,
    /// The error in words.
    #[serde(default)]
    pub description: String,
    /// Whether another try could not work either.
    #[serde(default)]
    pub permanent: bool,
}

/// What a message cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagePrice {
    /// The price.
    #[serde(default)]
    pub price_per_message: f64,
    /// Its currency.
    #[serde(default)]
    pub currency: String,
}

/// The body of a 200 to a query of the delivery reports, and of what is posted to webhooks.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryReports {
    /// The reports.
    pub results: Vec<DeliveryReport>,
}

/// What became of one message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReport {
    /// The bulkId.
    pub bulk_id: Option<String>,
    /// What it cost.
    pub price: Option<MessagePrice>,
    /// Its status.
    pub status: Status,
    /// Its error.
    pub error: Option<MessageError>,
    /// The messageId.
    pub message_id: Option<String>,
    /// The recipient.
    pub to: Option<String>,
    /// The sender.
    pub sender: Option<String>,
    /// When it was sent; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::time::optional_instant")]
    #[schemars(with = "Option<WrittenInstant>")]
    pub sent_at: Option<Timestamp>,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::time::optional_instant")]
    #[schemars(with = "Option<WrittenInstant>")]
    pub done_at: Option<Timestamp>,
    /// Of how many parts it was.
    pub message_count: Option<u32>,
    /// What the request wanted back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<String>,
    /// Its CPaaS X options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<super::options::Platform>,
    /// The campaign it counts to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_reference_id: Option<String>,
}

/// The body of a 200 to a query of the logs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogsPage {
    /// The messages found, the newest first.
    pub results: Vec<Log>,
    /// Where the next page begins; absent without `useCursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<PageCursor>,
}

/// Where the next page begins.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageCursor {
    /// How many logs a page holds.
    #[serde(default)]
    pub limit: u32,
    /// The next page's cursor; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One message in the logs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// The sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The bulkId.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk_id: Option<String>,
    /// The messageId.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::time::optional_instant")]
    #[schemars(with = "Option<WrittenInstant>")]
    pub sent_at: Option<Timestamp>,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::time::optional_instant")]
    #[schemars(with = "Option<WrittenInstant>")]
    pub done_at: Option<Timestamp>,
    /// Of how many parts it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_count: Option<u32>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MessagePrice>,
    /// Its status.
    pub status: Status,
    /// Its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<MessageError>,
    /// Its CPaaS X options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<super::options::Platform>,
    /// Its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Content<String>>")]
    pub content: Option<serde_json::Value>,
    /// The campaign it counts to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_reference_id: Option<String>,
}
