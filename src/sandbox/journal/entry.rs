//! What the journal has of a request. Plain data: what is kept, shown, and told on a console.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::wire::error::Violation;
use crate::wire::time::serde_instant;

/// A request to the API, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestEntry {
    /// When it came, by the sandbox's clock.
    #[serde(with = "serde_instant")]
    pub at: Timestamp,
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// Its query, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The status of its answer; absent if it got none, or only a part of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What came of it.
    pub outcome: RequestOutcome,
    /// What has refused it, if that is what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<RefusedBy>,
    /// What was wrong with it, the first of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// How many things were wrong with it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub violation_count: usize,
    /// The faults that struck it, as they are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// The bulk that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk: Option<BulkTaken>,
    /// How many bytes its body has.
    pub body_bytes: u64,
    /// How many milliseconds of real time it took.
    pub ms: u64,
}

/// What is kept of the bodies of a request and of its answer: how they begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptBodies {
    /// That of the request, unless it has made a bulk, which has it.
    pub body: Vec<u8>,
    /// That of its answer; absent if it got none, or if its bulk says what it was.
    pub answer: Option<Vec<u8>>,
}

/// How many of the things that are wrong with a request are kept.
pub const VIOLATIONS_KEPT: usize = 10;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RequestOutcome {
    /// It made a bulk, whatever its client was answered.
    Accepted,
    /// It was a query, and its answer is what was asked for.
    Answered,
    /// It was refused.
    Refused,
    /// A fault ended it before it was taken in.
    Struck,
    /// It was not taken in, and its client was not answered.
    Lost,
}

impl RequestOutcome {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Struck => "struck",
            Self::Lost => "lost",
        }
    }
}

/// What refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusedBy {
    /// It is for another host.
    Host,
    /// There is nothing at its path.
    Path,
    /// Its path has another method.
    Method,
    /// It is too large.
    Size,
    /// It is not JSON by its own word.
    MediaType,
    /// It has no credentials, or unknown ones.
    Credentials,
    /// Its credentials do not suffice.
    Scopes,
    /// There were too many of its kind.
    Throttle,
    /// Its body, or its query, is not as it has to be: the violations say what is wrong.
    Violations,
    /// The books could not be read or written.
    Books,
}

impl RefusedBy {
    /// What refuses with a status.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            401 => Self::Credentials,
            403 => Self::Scopes,
            404 => Self::Path,
            405 => Self::Method,
            413 => Self::Size,
            415 => Self::MediaType,
            421 => Self::Host,
            429 => Self::Throttle,
            500.. => Self::Books,
            _ => Self::Violations,
        }
    }

    /// What it is, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Host => "it is for another host",
            Self::Path => "there is nothing at this path",
            Self::Method => "another method is wanted",
            Self::Size => "it is too large",
            Self::MediaType => "it is not `application/json`",
            Self::Credentials => "no credentials, or unknown ones",
            Self::Scopes => "the credentials do not suffice",
            Self::Throttle => "too many queries in a minute",
            Self::Violations => "it cannot be read",
            Self::Books => "the books cannot be used",
        }
    }
}

/// A bulk that a request has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkTaken {
    /// Its number in the order of acceptance.
    pub number: i64,
    /// Its bulkId.
    pub bulk_id: String,
    /// How many of its messages were accepted.
    pub accepted: u64,
    /// How many were rejected in the answer.
    pub rejected: u64,
}
