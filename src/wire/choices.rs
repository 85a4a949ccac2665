//! What the API's documents leave open, as settings of the sandbox: the project file and the command line name
//! them, and the sandbox goes by them. The defaults are the choices that are hardest on a client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of a messageId that was accepted before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum Duplicates {
    /// It is accepted again, and the person gets a second message.
    #[default]
    Accept,
    /// The message is rejected with status 23.
    Reject,
}

/// What becomes of a request whose `sendAt` is past.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum PastSendAt {
    /// It is sent at once.
    #[default]
    SendNow,
    /// It is refused with a 400.
    Refuse,
}

/// What becomes of a delivery window that ends on the next day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum OvernightWindow {
    /// It is refused with a 400.
    #[default]
    Refuse,
    /// It is taken.
    Accept,
}

/// Whether the logs show a message that was accepted but not yet sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum UnsentInLogs {
    /// They do not: absence proves nothing before a message was sent.
    #[default]
    Hide,
    /// They do.
    Show,
}

/// In which forms a `sendAt` is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum SendAtForms {
    /// In those of RFC 3339, which the gateway's own clients write, and in the documented one.
    #[default]
    Rfc3339,
    /// In the documented one only: three digits of a fraction, and an offset with or without a colon.
    Documented,
}

/// What becomes of a field that the API does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum UnknownFieldRule {
    /// It is ignored.
    #[default]
    Ignore,
    /// It is refused with a 400.
    Refuse,
}

/// What becomes of a `null` where something may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum Nulls {
    /// It is as good as nothing.
    #[default]
    Ignore,
    /// It is refused with a 400.
    Refuse,
}

/// Whether a report that was pushed to a webhook can be pulled as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum PushedReports {
    /// It cannot, once its receiver has taken it.
    #[default]
    Gone,
    /// It can.
    Pullable,
}

/// With which status a receiver of webhooks takes what is posted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum WebhookSuccess {
    /// With 200 only.
    #[default]
    #[serde(rename = "200")]
    Only200,
    /// With any from 200 to 299.
    #[serde(rename = "2xx")]
    Any2xx,
}

/// All choices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choices {
    /// A messageId that was accepted before.
    pub duplicates: Duplicates,
    /// A `sendAt` that is past.
    pub past_send_at: PastSendAt,
    /// A delivery window over midnight.
    pub overnight_window: OvernightWindow,
    /// A message in the logs before it was sent.
    pub unsent_in_logs: UnsentInLogs,
    /// The forms of a `sendAt`.
    pub send_at_forms: SendAtForms,
    /// A field that the API does not have.
    pub unknown_fields: UnknownFieldRule,
    /// A `null` where something may be absent.
    pub nulls: Nulls,
    /// A report that was pushed.
    pub pushed_reports: PushedReports,
    /// The answer with which a webhook takes what is posted.
    pub webhook_success: WebhookSuccess,
}
