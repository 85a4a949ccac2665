//! Answers that a forge gives on a bad day.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForgeFault {
    /// This status, with the words that the forge has for it. It may be asked again at once.
    Status(u16),
    /// This status, so many times; then all is well.
    StatusTimes(u16, u32),
    /// The body ends in the middle.
    CutShort,
    /// A list has nothing on its first page, and yet a second one.
    EmptyPage,
    /// A list says that it has more items than come.
    MissingItems,
    /// Every page is the first one.
    SamePage,
    /// It sends elsewhere.
    Redirect,
    /// It is a page for people.
    Html,
}

/// The answer of a status.
pub(super) fn status(code: u16) -> Response<Body> {
    let message = match code {
        403 => "Resource not accessible by integration",
        404 => "Not Found",
        422 => "Validation Failed",
        429 => "You have exceeded a secondary rate limit",
        _ => "Server Error",
    };
    let status = StatusCode::from_u16(code).expect("a status");
    let mut answer = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    if code == 429 || code >= 500 {
        answer = answer.header(header::RETRY_AFTER, "0");
    }
    answer.body(Body::from(format!("{{\"message\":\"{message}\",\"status\":\"{code}\"}}"))).expect("an answer")
}
