//! The project file as it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Audience, Schedule, StopAfter, pattern, present};
use crate::wire::channel::{ConversationRule, ValidityFrom};
use crate::wire::choices::{
    Duplicates, Nulls, OvernightWindow, PastSendAt, PushedReports, SendAtForms, UnknownFieldRule, UnsentInLogs,
    WebhookSuccess,
};
use crate::wire::sandbox_limits::{
    BATCH_MAX, BODY_MEBIBYTES_MAX, FAULT_CHARS_MAX, HOST_CHARS_MAX, SPEED_MAX, WEBHOOK_URL_CHARS_MAX,
};

/// A project of sendform: what all campaigns of a folder have in common. The file is called
/// `sendform.yaml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Project {
    /// The project's name, which must never change: it is part of every person's fingerprint. 1 to 40
    /// lower-case letters, digits and hyphens. Example: `acme-shop`.
    #[schemars(regex(pattern = pattern::ID), example = &"acme-shop")]
    pub project: String,
    /// The gateway to which messages are sent.
    #[serde(default)]
    pub gateway: Gateway,
    /// Where the ledger of what was sent is kept.
    #[serde(default)]
    pub state: State,
    /// Senders by name, for every campaign: the ids that the gateway knows.
    /// Example: `{ shop: "OFFICIAL-ACCOUNT-ID-123" }`.
    #[serde(default)]
    #[schemars(
        extend("propertyNames" = { "pattern": pattern::NAME }),
        extend("additionalProperties" = { "type": "string", "minLength": 1, "maxLength": 255 })
    )]
    pub senders: BTreeMap<String, String>,
    /// Audiences by name, for every campaign.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": pattern::NAME }))]
    pub audiences: BTreeMap<String, Audience>,
    /// Schedules by name, for every campaign.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": pattern::NAME }))]
    pub schedules: BTreeMap<String, Schedule>,
    /// Audiences whose people never get anything, from any campaign: those who opted out.
    /// Example: `[{ csv: audiences/opt-outs.csv, columns: { to: instagram_id } }]`.
    #[serde(default)]
    pub suppress: Vec<Audience>,
    /// Where delivery reports may go.
    #[serde(default)]
    pub webhooks: WebhookPolicy,
    /// Safety limits: what goes beyond them is sent only if somebody accepts the number.
    #[serde(default)]
    pub limits: Limits,
    /// When rejections end a message, unless the message says otherwise. Example:
    /// `{ share: 10%, of: 200 }`, which is the default.
    #[serde(default)]
    pub stop_after: StopAfter,
    /// What the ids of recipients look like.
    #[serde(default)]
    pub recipients: Recipients,
    /// How many people one request holds at most. 1 to 10000. Default: 1000.
    #[serde(default = "bulk_size")]
    #[schemars(range(min = 1, max = 10_000))]
    pub bulk_size: u32,
    /// What a text of more than 1000 bytes of UTF-8 is. The gateway's page limits characters, the
    /// channel's pages bytes. Default: `error`.
    #[serde(default)]
    pub long_texts: LongTexts,
    /// How long after the last instant at which a message could leave its absence from the gateway's
    /// logs may prove that it was not sent. At most `46h`, as the logs go back 48 hours.
    /// Default: `15m`.
    #[serde(default = "absence_proves_after")]
    #[schemars(regex(pattern = pattern::DURATION), example = &"2h")]
    pub absence_proves_after: String,
    /// Whether the gateway's logs are asked, before anything is claimed, for people who are about to be
    /// sent to: a ledger that was taken back does not know whom it has sent to. Default: `preferred`, and
    /// `off` in the sandbox.
    #[serde(default, deserialize_with = "present")]
    pub witness: Option<Witness>,
    /// How many people have to approve the pull request of a plan before `sendform ci apply` sends it: with write
    /// access, for exactly its newest commit, other than its author. The larger number of the file before the merge
    /// and after it counts. 0 to 100. Default: 0.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub approvals: u32,
    /// Campaigns (`spring-sale`) and messages (`spring-sale.announce`) that were sent once and are
    /// gone from the files on purpose.
    #[serde(default)]
    #[schemars(
        inner(regex(pattern = pattern::RETIRED)),
        extend("uniqueItems" = true)
    )]
    pub retired: Vec<String>,
    /// YAML files in the project's folder and below it that are no campaigns, and folders in which
    /// nothing is one: paths relative to the project's folder. Example: `[compose.yaml, deploy]`.
    #[serde(default)]
    #[schemars(
        inner(length(min = 1, max = 1024)),
        extend("uniqueItems" = true)
    )]
    pub ignore: Vec<String>,
    /// Settings of the sandbox.
    #[serde(default)]
    pub sandbox: Sandbox,
}

const fn bulk_size() -> u32 {
    1000
}

fn absence_proves_after() -> String {
    "15m".to_owned()
}

/// The gateway to which messages are sent. Its credentials come from the environment only.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gateway {
    /// The account's base URL: https and a host, without a path; http only to this machine. The
    /// environment variable `SENDFORM_BASE_URL` says it as well.
    /// Example: `https://xxxxx.api.infobip.com`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(url, length(max = WEBHOOK_URL_CHARS_MAX), example = &"https://xxxxx.api.infobip.com")]
    pub base_url: Option<String>,
}

/// Where the ledger of what was sent is kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// The kind of store. Default: `lockfile`, the file `sendform.lock` beside this one.
    #[serde(default, rename = "in")]
    pub home: StateHome,
    /// With `git`: the remote, by its name in the clone. Default: `origin`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(regex(pattern = pattern::GIT_NAME), length(max = 100), example = &"origin")]
    pub remote: Option<String>,
    /// With `git`: the branch that holds the ledger and nothing else. Default: `sendform-ledger`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(regex(pattern = pattern::GIT_NAME), length(max = 200), example = &"sendform-ledger")]
    pub branch: Option<String>,
    /// With `git`: how many bulks may be claimed before their requests, so that a push covers many. A
    /// run that dies leaves at most so many in doubt. 1 to 1000. Default: 256.
    #[serde(default, deserialize_with = "present")]
    #[schemars(range(min = 1, max = 1000))]
    pub bulks_ahead: Option<u32>,
    /// With `postgres`: the schema that holds the tables. Default: `sendform`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(regex(pattern = pattern::DATABASE_SCHEMA), example = &"sendform")]
    pub schema: Option<String>,
}

/// The kind of store in which the ledger is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum StateHome {
    /// The file `sendform.lock` beside the project file: for one machine.
    #[default]
    Lockfile,
    /// A branch of its own on a remote of the project's repository: for CI.
    Git,
    /// PostgreSQL, at the URL in `SENDFORM_DATABASE_URL`: for many machines at once.
    Postgres,
}

/// Where delivery reports may go.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookPolicy {
    /// The hosts to which campaigns may have delivery reports sent, without scheme and port.
    /// Example: `[hooks.example.com]`.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = HOST_CHARS_MAX)), extend("uniqueItems" = true))]
    pub allowed_hosts: Vec<String>,
}

/// Safety limits: what goes beyond them is sent only if somebody accepts the number.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// How many messages one apply may send. Default: 10000.
    #[serde(default = "messages_per_apply")]
    #[schemars(range(min = 1))]
    pub messages_per_apply: u64,
    /// By how many percent an audience may have grown since its last send; up to 100 people more are
    /// never too many, unless this is 0. 0 to 100000. Default: 50.
    #[serde(default = "audience_growth_percent")]
    #[schemars(range(max = 100_000))]
    pub audience_growth_percent: u32,
    /// How many percent of an audience's rows may be unreadable; up to 5 rows are never too many, unless
    /// this is 0. 0 to 100. Default: 1.
    #[serde(default = "unreadable_rows_percent")]
    #[schemars(range(max = 100))]
    pub unreadable_rows_percent: u32,
    /// How many rows of a message may fail: a template that does not suit them, a text that is too long.
    /// Default: 0.
    #[serde(default)]
    pub failed_rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages_per_apply: messages_per_apply(),
            audience_growth_percent: audience_growth_percent(),
            unreadable_rows_percent: unreadable_rows_percent(),
            failed_rows: 0,
        }
    }
}

const fn messages_per_apply() -> u64 {
    10_000
}

const fn audience_growth_percent() -> u32 {
    50
}

const fn unreadable_rows_percent() -> u32 {
    1
}

/// What the ids of recipients look like.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recipients {
    /// Their shape. Default: `numeric`.
    #[serde(default)]
    pub ids: Ids,
}

/// The shape of recipients' ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum Ids {
    /// 6 to 20 digits, as Instagram's are.
    #[default]
    Numeric,
    /// Anything without white space inside.
    Any,
}

/// Whether the gateway's logs are asked before anything is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Witness {
    /// Nothing is sent unless they can be asked.
    Required,
    /// They are asked as far as they can be read in time.
    Preferred,
    /// They are not asked.
    Off,
}

/// What a text of more than 1000 bytes is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum LongTexts {
    /// An error: nothing is sent.
    #[default]
    Error,
    /// A warning.
    Warning,
}

/// Settings of the sandbox.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sandbox {
    /// The time, in UTC, at which the sandbox's clock starts, so that examples with dates never rot.
    /// Example: `"2026-11-30 12:00Z"`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(
        regex(pattern = pattern::INSTANT),
        example = &"2026-11-30 12:00Z"
    )]
    pub now: Option<String>,
    /// How many seconds of the sandbox's clock pass in a second. Default: 1.
    #[serde(default = "speed")]
    #[schemars(range(min = 1, max = SPEED_MAX))]
    pub speed: u32,
    /// Whether the sandbox's clock stands still until it is moved. Default: `false`.
    #[serde(default)]
    pub stopped: bool,
    /// Where `sendform sandbox` listens, unless the command line says otherwise. Default: `127.0.0.1:8025`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1, max = 100), example = &"127.0.0.1:9000")]
    pub listen: Option<String>,
    /// Names, besides those of loopback, under which `sendform sandbox` is reached. Example: `[gateway.test]`.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = HOST_CHARS_MAX)), extend("uniqueItems" = true))]
    pub hosts: Vec<String>,
    /// A file with rules for the channel, and with credentials: a path relative to the project's folder.
    /// Example: `sandbox/rules.yaml`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1, max = 1024), example = &"sandbox/rules.yaml")]
    pub rules: Option<String>,
    /// Faults with which it starts. Example: `["500-after@3"]`.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = FAULT_CHARS_MAX)))]
    pub faults: Vec<String>,
    /// How many queries of the logs it takes in a minute; 0 is any number. Default: 120.
    #[serde(default, deserialize_with = "present")]
    pub logs_per_minute: Option<u32>,
    /// The largest body of a request, in MiB. Default: 20.
    #[serde(default, deserialize_with = "present")]
    #[schemars(range(min = 1, max = BODY_MEBIBYTES_MAX))]
    pub body_max: Option<u16>,
    /// When a business may write to a person. Default: `open`, always.
    #[serde(default, deserialize_with = "present")]
    pub conversations: Option<ConversationRule>,
    /// What the validity of a message is counted from. Default: `sendAt`.
    #[serde(default, deserialize_with = "present")]
    pub validity_from: Option<ValidityFrom>,
    /// How long the channel takes to answer, such as `200ms` or `1h 30m`. At most `48h`. Default: `1s`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1), example = &"5s")]
    pub latency: Option<String>,
    /// What each message costs that leaves. Default: nothing, in EUR. Example: `0.15 EUR`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(regex(pattern = pattern::PRICE), example = &"0.15 EUR")]
    pub price: Option<String>,
    /// How many messages of one sender the channel takes in a second, minute or hour, over all bulks. Default: as they
    /// come. Example: `20/s`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(regex(pattern = pattern::RATE), example = &"20/s")]
    pub channel_rate: Option<String>,
    /// From which the shares of rules come: always the same people under the same seed. Default: 0.
    #[serde(default, deserialize_with = "present")]
    pub seed: Option<u32>,
    /// How many delivery reports `sendform sandbox` posts together at most. Default: 100.
    #[serde(default, deserialize_with = "present")]
    #[schemars(range(min = 1, max = BATCH_MAX))]
    pub batch: Option<u16>,
    /// How long a messageId is remembered where `duplicates` is `reject`. At most `720h`. Default: `48h`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1), example = &"48h")]
    pub duplicate_memory: Option<String>,
    /// What becomes of a messageId that was accepted before. Default: `accept`, which sends it again.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// What becomes of a request whose `sendAt` is past. Default: `sendNow`.
    #[serde(default)]
    pub past_send_at: PastSendAt,
    /// What becomes of a delivery window that ends on the next day. Default: `refuse`.
    #[serde(default)]
    pub overnight_window: OvernightWindow,
    /// Whether the logs show a message that was accepted but not yet sent. Default: `hide`.
    #[serde(default)]
    pub unsent_in_logs: UnsentInLogs,
    /// In which forms a `sendAt` is taken. Default: `rfc3339`, with or without a fraction.
    #[serde(default)]
    pub send_at_forms: SendAtForms,
    /// What becomes of a field of a request that the API does not have. Default: `ignore`.
    #[serde(default)]
    pub unknown_fields: UnknownFieldRule,
    /// What becomes of a `null` in a request where something may be absent. Default: `ignore`.
    #[serde(default)]
    pub nulls: Nulls,
    /// Whether a delivery report that was pushed to a webhook can be pulled as well. Default: `gone`, it cannot.
    #[serde(default)]
    pub pushed_reports: PushedReports,
    /// With which status a webhook takes what is posted. Default: `"200"`.
    #[serde(default)]
    pub webhook_success: WebhookSuccess,
    /// How long a try to post may take, in real time.
    #[serde(default)]
    pub webhook_timeouts: WebhookTimeouts,
    /// Where `sendform sandbox` posts delivery reports of messages that name no URL of their own, as the account's
    /// settings do at the gateway. How far it may reach is for whoever starts it to say. Example:
    /// `http://127.0.0.1:9000/dlr`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(url, length(max = WEBHOOK_URL_CHARS_MAX), example = &"http://127.0.0.1:9000/dlr")]
    pub account_webhook: Option<String>,
    /// Where `sendform sandbox` posts what people write to a sender; without it to the URL of the message that came to
    /// them last. Example: `http://127.0.0.1:9000/inbound`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(url, length(max = WEBHOOK_URL_CHARS_MAX), example = &"http://127.0.0.1:9000/inbound")]
    pub inbound_webhook: Option<String>,
}

/// How long the sandbox waits for whoever receives webhooks.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookTimeouts {
    /// How long connecting may take, such as `200ms`. At most `1h`. Default: `10s`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1), example = &"2s")]
    pub connect: Option<String>,
    /// How long a try may take in all, until it is answered. At most `1h`. Default: `60s`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1), example = &"5s")]
    pub answer: Option<String>,
}

fn speed() -> u32 {
    1
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            now: None,
            speed: speed(),
            stopped: false,
            listen: None,
            hosts: Vec::new(),
            rules: None,
            faults: Vec::new(),
            logs_per_minute: None,
            body_max: None,
            conversations: None,
            validity_from: None,
            latency: None,
            price: None,
            channel_rate: None,
            seed: None,
            batch: None,
            duplicate_memory: None,
            duplicates: Duplicates::default(),
            past_send_at: PastSendAt::default(),
            overnight_window: OvernightWindow::default(),
            unsent_in_logs: UnsentInLogs::default(),
            send_at_forms: SendAtForms::default(),
            unknown_fields: UnknownFieldRule::default(),
            nulls: Nulls::default(),
            pushed_reports: PushedReports::default(),
            webhook_success: WebhookSuccess::default(),
            webhook_timeouts: WebhookTimeouts::default(),
            account_webhook: None,
            inbound_webhook: None,
        }
    }
}
