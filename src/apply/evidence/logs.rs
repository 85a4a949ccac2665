//! The port to the gateway's logs.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::question::{LogQuery, RecentQuery};
use crate::wire::response::Status;

/// How long after its claim absence can prove anything: the logs go back 48 hours, and an hour is
/// for asking.
pub const PROVES_WITHIN: SignedDuration = SignedDuration::from_hours(47);

/// Reads the gateway's logs.
pub trait Logs: Sync {
    /// Asks a question and reads its answer to the end, all pages of it. Total: what could be read
    /// before a failure comes back with it.
    fn find(&self, question: &LogQuery) -> impl Future<Output = LogsAnswer> + Send;

    /// Asks as [`Logs::find`] does, but only if nobody else wants to ask: whoever asks so does without an answer for now.
    /// A gateway that wants to be asked later is not asked again, and [`LogsAnswer::later`] says when it may be.
    fn find_in_passing(&self, question: &LogQuery) -> impl Future<Output = LogsAnswer> + Send {
        self.find(question)
    }

    /// Reads what a sender has sent lately, as many pages as are wanted. Total, as [`Logs::find`]; more
    /// pages than are wanted are no failure.
    fn recent(&self, look: &RecentQuery) -> impl Future<Output = LogsAnswer> + Send;
}

/// What the logs say to a question.
#[derive(Debug, Clone, Default)]
pub struct LogsAnswer {
    /// The rows that could be read.
    pub rows: Vec<LogRow>,
    /// Why there may be more; `None` if the answer was read to its end.
    pub failure: Option<LogsFailure>,
    /// How many rows had no messageId.
    pub nameless: usize,
    /// Whether every answer said that it comes from a sandbox.
    pub from_sandbox: bool,
    /// Until when a sandbox's channel, which takes only so many messages in a time, may keep back some of what was asked
    /// for: until then the logs do not have it, and it still leaves.
    pub channel_until: Option<Timestamp>,
    /// Whether there is more than was wanted.
    pub is_cut: bool,
    /// The earliest instant at which its pages can have been made, by our clock and the gateway's; absent
    /// if one of them had no date that counts.
    pub now: Option<Timestamp>,
    /// How long nobody should ask, if the gateway, or others who ask it, leave no room now.
    pub later: Option<Duration>,
}

/// One message in the logs, without what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Its messageId.
    pub message_id: String,
    /// Whom it is for, if it says so.
    pub to: Option<Addressee>,
    /// Its bulkId, if there is one.
    pub bulk_id: Option<String>,
    /// When it was sent, if it says so.
    pub sent_at: Option<Timestamp>,
    /// Its status.
    pub status: Status,
    /// The name of its error, if it has one, of harmless characters only.
    pub error: Option<String>,
}

/// Whom a row of the logs is for: an id as the gateway writes it, which is compared and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Addressee(String);

impl Addressee {
    /// Takes what a row says.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self(id)
    }

    /// The id, to make a person of.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Addressee {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Addressee(…)")
    }
}

/// Why the logs could not be read, or not to their end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogsFailure {
    /// 401.
    #[error("the gateway refused the credentials (401)")]
    Unauthorized,
    /// 403.
    #[error("the credentials do not allow to read the logs (403): they need the scope `instagram:logs:read`")]
    Forbidden,
    /// 404.
    #[error("the gateway has no logs at this address (404): is the base URL right?")]
    NotFound,
    /// 429, however often it was tried.
    #[error("the gateway keeps answering that there are too many requests (429)")]
    Throttled,
    /// No answer, however often it was tried; the text says why.
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(String),
    /// Another status, and the code in the error's body if there is one.
    #[error("the gateway answered {status}{}", code.as_ref().map(|code| format!(" {code}")).unwrap_or_default())]
    Answered {
        /// The HTTP status.
        status: u16,
        /// The error's code, of harmless characters only.
        code: Option<String>,
    },
    /// A 200 that is not what the API says, or that has no end; the text says why.
    #[error("an answer of the logs cannot be read: {0}")]
    Unreadable(String),
    /// Somebody wanted the run to end.
    #[error("interrupted")]
    Interrupted,
}

impl LogsFailure {
    /// Whether the next question would fail as well.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::Throttled
            | Self::Unreachable(_)
            | Self::Interrupted => true,
            Self::Answered { .. } | Self::Unreadable(_) => false,
        }
    }
}
