//! Campaign files as they are written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Audience, Schedule, StopAfter, pattern, present};
use crate::wire::options::{Platform, ReportType};

/// A campaign of sendform: who says what to whom, and when. What was sent is remembered by the
/// campaign's and the messages' ids, not by this file's name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Campaign {
    /// The campaign's id, which must never change: what was sent is remembered by it. 1 to 40
    /// lower-case letters, digits and hyphens. Example: `spring-sale`.
    #[schemars(regex(pattern = pattern::ID), example = &"spring-sale")]
    pub campaign: String,
    /// Whether the whole campaign is held back. Default: false.
    #[serde(default)]
    pub paused: bool,
    /// Senders by name, beside those of the project: the ids that the gateway knows.
    /// Example: `{ shop: "OFFICIAL-ACCOUNT-ID-123" }`.
    #[serde(default)]
    #[schemars(
        extend("propertyNames" = { "pattern": pattern::NAME }),
        extend("additionalProperties" = { "type": "string", "minLength": 1, "maxLength": 255 })
    )]
    pub senders: BTreeMap<String, String>,
    /// Audiences by name, beside those of the project.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": pattern::NAME }))]
    pub audiences: BTreeMap<String, Audience>,
    /// Schedules by name, beside those of the project.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": pattern::NAME }))]
    pub schedules: BTreeMap<String, Schedule>,
    /// The messages. Each goes to every person of its audience at most once a revision.
    #[schemars(length(min = 1, max = 1000))]
    pub messages: Vec<Message>,
}

/// A message: who (sender) says what (content) to whom (audience), and when (schedule).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Message {
    /// The message's id within the campaign, which must never change: what was sent is remembered by
    /// it. 1 to 30 lower-case letters, digits and hyphens. Example: `announce`.
    #[schemars(
        regex(pattern = pattern::MESSAGE_ID),
        example = &"announce"
    )]
    pub id: String,
    /// Raising this number is the only way to send again to people who have the message already.
    /// 1 to 999999. Default: 1.
    #[serde(default = "first_revision")]
    #[schemars(range(min = 1, max = 999_999))]
    pub revision: u32,
    /// The name of a sender. Example: `shop`.
    #[schemars(length(min = 1), example = &"shop")]
    pub sender: String,
    /// The name of an audience. Example: `subscribers`.
    #[schemars(length(min = 1), example = &"subscribers")]
    pub audience: String,
    /// The name of a schedule; without one the message is sent as soon as it is applied.
    /// Example: `launch`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1), example = &"launch")]
    pub schedule: Option<String>,
    /// Whether the message is held back. Default: false.
    #[serde(default)]
    pub paused: bool,
    /// When rejections end this message, in place of what the project says.
    #[serde(default, deserialize_with = "present")]
    pub stop_after: Option<StopAfter>,
    /// What the message says.
    pub content: Content,
    /// CPaaS X options, as the gateway takes them.
    #[serde(default, deserialize_with = "present")]
    pub platform: Option<Platform>,
    /// The campaign under which the gateway's analytics count the message; at most 255 characters.
    /// Example: `spring-sale`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = 255), example = &"spring-sale")]
    pub campaign_reference_id: Option<String>,
    /// Delivery reports of the message.
    #[serde(default)]
    pub webhooks: Webhooks,
}

const fn first_revision() -> u32 {
    1
}

/// What a message says: exactly one of `text` and `template`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["text"] }, { "required": ["template"] }]))]
pub struct Content {
    /// The type of the content. Default: `TEXT`.
    #[serde(default, rename = "type")]
    pub content_type: ContentType,
    /// The text, a minijinja template over the columns of the audience. A rendered text has 1 to 1000
    /// characters and at most 1000 bytes of UTF-8. Of a block text one final newline is dropped.
    /// Example: `"Hi {{ first_name | fallback(\"there\") }}!"`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1), example = &"Hi {{ first_name | fallback(\"there\") }}!")]
    pub text: Option<String>,
    /// A file with the text, relative to the project's folder. One final newline is dropped.
    /// Example: `templates/announce.txt`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1, max = 1024), example = &"templates/announce.txt")]
    pub template: Option<String>,
}

/// The type of a content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
pub enum ContentType {
    /// A text.
    #[default]
    Text,
}

/// Delivery reports of a message.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Webhooks {
    /// Where delivery reports go, and which.
    #[serde(default)]
    pub delivery: Delivery,
    /// The format of delivery reports.
    #[serde(default, deserialize_with = "present")]
    pub content_type: Option<ReportType>,
    /// What comes back in delivery reports: a minijinja template over the columns of the audience; at
    /// most 4000 characters. Example: `"{{ customer_id }}"`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = 4000), example = &"{{ customer_id }}")]
    pub callback_data: Option<String>,
}

/// Where delivery reports go, and which.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delivery {
    /// An https URL, on a host that the project allows under `webhooks.allowedHosts`; for a sandbox also an http URL of
    /// this machine. Without it the account's own settings apply. Example: `https://hooks.example.com/dlr`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(url, length(max = 2048), example = &"https://hooks.example.com/dlr")]
    pub url: Option<String>,
    /// Whether intermediate reports are sent too. The gateway's default: false.
    #[serde(default, deserialize_with = "present")]
    pub intermediate_report: Option<bool>,
    /// Whether delivery reports are sent at all; without it the account's own settings decide.
    #[serde(default, deserialize_with = "present")]
    pub notify: Option<bool>,
}
