//! Checked campaigns and projects: what the rest of the house works with.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::raw::{StateHome, Witness};
use crate::diagnostic::Place;
use crate::identity::{CampaignId, IdRule, MessageKey, ProjectId, Revision, SenderId};
use crate::timing::IfAmbiguous;
use crate::wire::channel::ChannelSettings;
use crate::wire::choices::Choices;
use crate::wire::content::Content;
use crate::wire::options::{DeliveryTimeWindow, Platform, ReportType, SendingSpeedLimit, ValidityPeriod};

/// A project: the file `sendform.yaml`.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its immutable name.
    pub id: ProjectId,
    /// The gateway's base URL, if the file names one.
    pub base_url: Option<url::Url>,
    /// Where the ledger lives.
    pub state: State,
    /// Senders by name, usable by every campaign.
    pub senders: BTreeMap<String, SenderId>,
    /// Audiences whose people never get anything.
    pub suppress: Vec<Arc<Audience>>,
    /// Hosts, in lower case, to which delivery reports may go.
    pub webhook_hosts: Vec<String>,
    /// The safety limits.
    pub limits: Limits,
    /// When rejections end a message that says nothing of it.
    pub stop_after: StopAfter,
    /// What the ids of recipients look like.
    pub ids: IdRule,
    /// How the sandbox behaves.
    pub sandbox: SandboxSettings,
    /// How many people have to approve a pull request before its plan is sent by CI.
    pub approvals: u32,
    /// Campaigns (`spring-sale`) or messages (`spring-sale.announce`) that are gone on purpose.
    pub retired: Vec<String>,
    /// Files and folders below the project's that are no campaigns.
    pub ignore: Vec<Ignored>,
    /// How many people one bulk holds at most.
    pub bulk_size_max: usize,
    /// Whether a text of more than 1000 bytes is an error (else a warning).
    pub long_texts_are_errors: bool,
    /// How long after the last possible sending an absence from the logs may prove anything.
    pub absence_proves_after: SignedDuration,
    /// Whether the gateway's logs are asked before anything is claimed, if the file says so.
    pub witness: Option<Witness>,
    /// The file as a whole, for diagnostics.
    pub place: Place,
    /// Audiences and schedules that every campaign may use.
    pub shared: SharedParts,
}

/// How the sandbox behaves, as far as the project file says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SandboxSettings {
    /// Where its clock starts.
    pub now: Option<Timestamp>,
    /// How many seconds of its clock pass in a second.
    pub speed: u32,
    /// Whether its clock stands still until it is moved.
    pub is_stopped: bool,
    /// Where it listens on its own.
    pub listen: Option<String>,
    /// Further names under which it is reached there.
    pub hosts: Vec<String>,
    /// The file of its rules, relative to the project's folder.
    pub rules: Option<String>,
    /// The faults with which it starts.
    pub faults: Vec<String>,
    /// How many queries of the logs it takes in a minute; 0 is any number.
    pub logs_per_minute: Option<u32>,
    /// The largest body of a request, in MiB.
    pub body_mebibytes_max: Option<u16>,
    /// How long it remembers a messageId.
    pub duplicate_memory: Option<SignedDuration>,
    /// The choices where the API's documents are silent.
    pub choices: Choices,
    /// How long connecting to a webhook may take, in real time.
    pub webhook_connect: Option<SignedDuration>,
    /// How long a try to post may take in all, in real time.
    pub webhook_answer: Option<SignedDuration>,
    /// Where it posts reports of messages that name no URL of their own.
    pub account_webhook: Option<String>,
    /// Where it posts what people write.
    pub inbound_webhook: Option<String>,
    /// How many delivery reports it posts together at most.
    pub batch: Option<u16>,
    /// How its channel behaves, unless rules say it.
    pub channel: ChannelSettings,
    /// Where what only the sandbox can read stands in the file.
    pub places: SandboxPlaces,
}

/// Where settings stand whose meaning only the sandbox knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SandboxPlaces {
    /// `listen`.
    pub listen: Option<Place>,
    /// `rules`.
    pub rules: Option<Place>,
    /// `faults`, each by itself.
    pub faults: Vec<Place>,
    /// `accountWebhook`.
    pub account_webhook: Option<Place>,
    /// `inboundWebhook`.
    pub inbound_webhook: Option<Place>,
}

/// A file that is no campaign, or a folder in which nothing is one.
#[derive(Debug, Clone)]
pub struct Ignored {
    /// Its path, relative to the project's folder.
    pub path: String,
    /// Where it is written.
    pub place: Place,
}

/// Audiences and schedules that a project declares for every campaign, by name.
#[derive(Debug, Clone, Default)]
pub struct SharedParts {
    /// The audiences.
    pub audiences: BTreeMap<String, DeclaredAudience>,
    /// The schedules.
    pub schedules: BTreeMap<String, Schedule>,
}

/// An audience, with those whose people are left out of it.
#[derive(Debug, Clone)]
pub struct DeclaredAudience {
    /// The audience.
    pub audience: Arc<Audience>,
    /// The audiences whose people are left out.
    pub exclude: Vec<Arc<Audience>>,
}

/// Where the ledger lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// In the lockfile beside the project file.
    Lockfile,
    /// On a branch of its own.
    Git {
        /// The remote's name.
        remote: String,
        /// The branch's name.
        branch: String,
        /// How many bulks are claimed at most before their requests.
        bulks_ahead: usize,
    },
    /// In PostgreSQL.
    Postgres {
        /// The schema that holds the tables.
        schema: String,
    },
}

/// How many bulks are claimed at most before their requests in git, unless the project says so.
const BULKS_AHEAD: usize = 256;

impl State {
    /// Where a ledger lives that is of this kind, by the names that somebody has given; the others are the usual ones.
    #[must_use]
    pub fn new(home: StateHome, names: StateNames<'_>) -> Self {
        let StateNames { remote, branch, schema, bulks_ahead } = names;
        let or = |text: Option<&str>, usual: &str| text.unwrap_or(usual).to_owned();
        match home {
            StateHome::Lockfile => Self::Lockfile,
            StateHome::Git => Self::Git {
                remote: or(remote, "origin"),
                branch: or(branch, "sendform-ledger"),
                bulks_ahead: bulks_ahead.unwrap_or(BULKS_AHEAD),
            },
            StateHome::Postgres => Self::Postgres { schema: or(schema, "sendform") },
        }
    }
}

/// Names of parts of a ledger's home, as far as somebody has given them.
#[derive(Debug, Clone, Copy, Default)]
pub struct StateNames<'a> {
    /// Of the remote in git.
    pub remote: Option<&'a str>,
    /// Of the branch in git.
    pub branch: Option<&'a str>,
    /// Of the schema in PostgreSQL.
    pub schema: Option<&'a str>,
    /// How many bulks are claimed at most before their requests in git.
    pub bulks_ahead: Option<usize>,
}

/// The safety limits of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many messages one apply may send.
    pub messages_per_apply: u64,
    /// By how many percent an audience may have grown since its last send.
    pub audience_growth_percent: u32,
    /// How many percent of an audience's rows may be unreadable.
    pub unreadable_rows_percent: u32,
    /// How many rows of a message may fail.
    pub failed_rows: u64,
}

/// When rejections end a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopAfter {
    /// The share of the answered people that may be rejected, in percent, 0 to 100; more than that ends it.
    pub share_percent: u8,
    /// From how many answered people on it is judged, at least 1.
    pub of: u64,
}

/// What a message says of when rejections end it; the rest is as the project has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnStopAfter {
    /// As [`StopAfter::share_percent`].
    pub share_percent: Option<u8>,
    /// As [`StopAfter::of`].
    pub of: Option<u64>,
}

impl OwnStopAfter {
    /// What holds, given what the project says.
    #[must_use]
    pub fn or(self, project: StopAfter) -> StopAfter {
        StopAfter {
            share_percent: self.share_percent.unwrap_or(project.share_percent),
            of: self.of.unwrap_or(project.of),
        }
    }
}

/// A campaign: one file.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Its immutable id.
    pub id: CampaignId,
    /// The file, relative to the project's folder.
    pub file: String,
    /// Its messages, in the file's order.
    pub messages: Vec<Message>,
    /// Where its id stands.
    pub place: Place,
}

/// A message: who says what to whom, and when.
#[derive(Debug, Clone)]
pub struct Message {
    /// The campaign's and the message's id.
    pub key: MessageKey,
    /// The revision.
    pub revision: Revision,
    /// The sender.
    pub sender: SenderId,
    /// The sender's name in the files.
    pub sender_name: String,
    /// The audience.
    pub audience: Arc<Audience>,
    /// The audiences whose people are left out.
    pub exclude: Vec<Arc<Audience>>,
    /// When it is sent.
    pub schedule: Schedule,
    /// What it says.
    pub content: Content<TemplateText>,
    /// CPaaS X options; `None` if none is given.
    pub platform: Option<Platform>,
    /// The campaign it counts to.
    pub campaign_reference_id: Option<String>,
    /// Delivery reports.
    pub webhooks: Webhooks,
    /// Whether the message, or its campaign, is held back.
    pub paused: bool,
    /// When rejections end it, as far as it says so itself.
    pub stop_after: OwnStopAfter,
    /// Where its id stands.
    pub place: Place,
    /// Where its revision stands (its id, if no revision is written).
    pub revision_place: Place,
    /// Where its sender stands.
    pub sender_place: Place,
}

/// The source of a template.
#[derive(Debug, Clone)]
pub struct TemplateText {
    /// The source; of a block text one final newline is dropped.
    pub text: String,
    /// Where the template is: for an inline text the YAML value, for a template file its start.
    pub place: Place,
    /// For each line of `text`, where it begins in the place's source, in bytes; `None` where the
    /// source's text and the template differ (a folded or quoted text).
    pub line_starts: Option<Vec<usize>>,
    /// The file's path, if the template is a file; else `None`.
    pub file: Option<String>,
}

impl AsRef<str> for TemplateText {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// An expression over a row's columns.
#[derive(Debug, Clone)]
pub struct Expression {
    /// The source.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// Where its text begins in the place's source, in bytes, if every byte of the expression
    /// stands there as it is; else `None`.
    pub start: Option<usize>,
}

/// A named audience.
#[derive(Debug, Clone)]
pub struct Audience {
    /// Its name.
    pub name: String,
    /// Where its rows come from.
    pub source: AudienceSource,
    /// What its ids look like.
    pub ids: IdRule,
    /// Which columns have a meaning of their own.
    pub columns: Columns,
    /// Which rows belong to it; all, if absent.
    pub filter: Option<Expression>,
    /// How many people it should have.
    pub expect: Option<Expect>,
    /// Whether it may protect nobody where it keeps people from getting messages.
    pub may_be_empty: bool,
    /// Where it is declared.
    pub place: Place,
    /// Where its parts are written.
    pub places: AudiencePlaces,
}

/// Where the parts of an audience are written.
#[derive(Debug, Clone)]
pub struct AudiencePlaces {
    /// The name of its file, or its rows.
    pub source: Place,
    /// The columns with a meaning of their own, each by its key in `columns`, if it is named there.
    pub columns: BTreeMap<&'static str, Place>,
}

/// Where an audience's rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudienceSource {
    /// A CSV file with a header, maybe compressed (`.gz`, `.zst`).
    Csv {
        /// Its path, relative to the project's folder, or to the data folder.
        path: String,
        /// What stands between the columns, if the campaign says so.
        delimiter: Option<u8>,
        /// Its encoding, if the campaign names one.
        encoding: Option<String>,
    },
    /// A file with a JSON object on each line, maybe compressed.
    Ndjson {
        /// Its path.
        path: String,
        /// Its encoding, if the campaign names one.
        encoding: Option<String>,
    },
    /// Rows written in the campaign file.
    Rows {
        /// The file in which they are written.
        file: String,
        /// The columns.
        header: Vec<String>,
        /// For each row its line in the file and its cells, one a column.
        rows: Vec<(u64, Vec<String>)>,
    },
}

impl AudienceSource {
    /// The file in which the rows stand.
    #[must_use]
    pub fn file(&self) -> &str {
        match self {
            Self::Csv { path, .. } | Self::Ndjson { path, .. } => path,
            Self::Rows { file, .. } => file,
        }
    }
}

/// Columns with a meaning of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The recipient's id; `to` if nothing is said.
    pub to: String,
    /// The recipient's IANA time zone.
    pub time_zone: Option<String>,
    /// When the recipient's conversation window closes.
    pub window_closes_at: Option<String>,
    /// When the recipient wrote last; the window closes 24 hours later.
    pub last_message_at: Option<String>,
}

/// How many people an audience should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expect {
    /// At least so many.
    pub min: Option<u64>,
    /// At most so many.
    pub max: Option<u64>,
}

/// When and how fast a message is sent.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// When; as soon as it is applied, if absent.
    pub send_at: Option<SendAt>,
    /// The limit of its speed.
    pub speed: Option<SendingSpeedLimit>,
    /// The delivery window, in UTC.
    pub window: Option<DeliveryTimeWindow>,
    /// The validity.
    pub validity: Option<ValidityPeriod>,
    /// How long before its time a bulk is handed over to the gateway; at once, if absent.
    pub handover: Option<SignedDuration>,
    /// What becomes of people found after the time is past.
    pub if_past: IfPast,
    /// Where it is declared (the message, if it has no schedule).
    pub place: Option<Place>,
}

/// A local time in a zone.
#[derive(Debug, Clone)]
pub struct SendAt {
    /// The local time.
    pub local: DateTime,
    /// Whose clock it is.
    pub zone: Zone,
    /// What if a change of the clock skips or repeats it.
    pub if_ambiguous: IfAmbiguous,
    /// Where it stands.
    pub place: Place,
}

/// Whose clock a local time is on.
#[derive(Debug, Clone)]
pub enum Zone {
    /// One zone for all.
    Fixed(TimeZone),
    /// Each person's own, from the audience's `timeZone` column.
    PerPerson {
        /// For people whose cell is empty; without it such a row is unreadable.
        fallback: Option<TimeZone>,
    },
}

/// What becomes of people found after a message's time is past.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IfPast {
    /// They are too late, and that is an open question: nobody has said whether it is over for them.
    #[default]
    Unsaid,
    /// They are too late, and that is meant: for them the message is over.
    TooLate,
    /// They are sent at once.
    SendNow,
}

/// Delivery reports of a message.
#[derive(Debug, Clone, Default)]
pub struct Webhooks {
    /// Where they go.
    pub url: Option<String>,
    /// Where that stands, if it is on this machine: a sandbox posts there, and no other gateway can.
    pub local_place: Option<Place>,
    /// Whether intermediate ones are wanted; `None` is the API's default, false.
    pub intermediate_report: Option<bool>,
    /// Whether they are wanted at all; `None` leaves it to the account.
    pub notify: Option<bool>,
    /// Their format.
    pub content_type: Option<ReportType>,
    /// What comes back in them: a template.
    pub callback_data: Option<TemplateText>,
}
