//! What came of a request: an answer, a refusal, or nothing that proves anything.

use std::time::Duration;

use crate::wire::error::ApiError;
use crate::wire::response::Response;

/// What came of a request.
#[derive(Debug, Clone)]
pub enum SendOutcome {
    /// A 200 that could be read.
    Answered(
        /// Its body.
        Response,
    ),
    /// Surely nothing was sent.
    Refused(Refusal),
    /// Nobody knows; the text says why.
    Unknown(String),
}

/// Why surely nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 401: the credentials are wrong.
    Unauthorized,
    /// 403: the credentials do not allow it.
    Forbidden,
    /// There was no connection; the text says why.
    Unreachable(String),
    /// The ticket was too old before the first byte.
    NotStarted,
    /// 429: too many requests.
    TooMany {
        /// How long to wait, if the gateway said so.
        retry_after: Option<Duration>,
    },
    /// 400 or 422: the request is at fault.
    Invalid {
        /// The status.
        status: u16,
        /// What the gateway says about it, if that could be read.
        error: Option<ApiError>,
    },
    /// 413: the request is too large.
    TooLarge,
    /// 404: there is no such API at this address.
    NotFound,
}
