//! An answer of a forge: what its status and headers mean, and whether it is worth asking again.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::forge::error::ForgeErrorKind;

/// How much of what a forge says of a refusal is repeated, in characters.
const SAID_CHARS_MAX: usize = 200;
/// The longest wait that a forge may ask for before the same is asked again.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// An answer.
#[derive(Debug)]
pub(super) struct ForgeAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What becomes of a call that failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// It is made again, after this time if the forge named one: surely nothing was done.
    Refused(Option<Duration>),
    /// The same, but something may have been done: only what may be done twice is done again.
    Unknown(Option<Duration>),
    /// It would end in the same way.
    Never,
}

impl ForgeAnswer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// How long it asks to be left alone.
    fn retry_after(&self) -> Option<Duration> {
        self.header(RETRY_AFTER.as_str())?.parse().ok().map(Duration::from_secs)
    }

    fn is_limit(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
            || (self.status == StatusCode::FORBIDDEN
                && (self.retry_after().is_some() || self.header("x-ratelimit-remaining") == Some("0")))
    }

    /// Why it is no success, and whether to ask again; `now` is what a limit's end is counted from.
    pub(super) fn failure(&self, now: Timestamp) -> (ForgeErrorKind, Retry) {
        if self.is_limit() {
            let reset = self.header("x-ratelimit-reset").and_then(|text| text.parse().ok());
            let reset = reset.and_then(|seconds| Timestamp::from_second(seconds).ok());
            let wait = self.retry_after().or_else(|| Duration::try_from(reset?.duration_since(now)).ok());
            let until = reset.or_else(|| {
                let wait = self.retry_after().filter(|wait| !wait.is_zero())?;
                Timestamp::from_second(now.checked_add(wait).ok()?.as_second()).ok()
            });
            let again = if wait.is_some_and(|wait| wait > WAIT_MAX) { Retry::Never } else { Retry::Refused(wait) };
            return (ForgeErrorKind::RateLimited { until }, again);
        }
        let kind = match self.status {
            StatusCode::UNAUTHORIZED => ForgeErrorKind::Unauthorized,
            StatusCode::FORBIDDEN => ForgeErrorKind::Forbidden,
            StatusCode::NOT_FOUND => ForgeErrorKind::NotFound,
            StatusCode::GONE => ForgeErrorKind::Gone,
            status if status.is_server_error() => ForgeErrorKind::Server { status: status.as_u16() },
            status => ForgeErrorKind::Invalid { status: status.as_u16(), said: self.said() },
        };
        let wait = self.retry_after().map(|wait| wait.min(WAIT_MAX));
        let again = if self.status.is_server_error() { Retry::Unknown(wait) } else { Retry::Never };
        (kind, again)
    }

    /// What it says of a refusal, cut short.
    fn said(&self) -> String {
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        let said = body.as_ref().and_then(|body| body.get("message").or_else(|| body.get("error"))?.as_str());
        said.unwrap_or_default().chars().take(SAID_CHARS_MAX).collect()
    }

    /// Reads its body as JSON. What it holds is not repeated.
    pub(super) fn json(&self) -> Result<Value, ForgeErrorKind> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ForgeErrorKind::Unreadable(format!("it is not whole JSON, at line {line} column {column}"))
        })
    }

    /// Whether it says that there is one more page.
    pub(super) fn has_next(&self) -> bool {
        let links = self.header("link").unwrap_or_default();
        // GitLab says it in a header of its own as well, which stays where links are left out.
        let next = self.header("x-next-page").is_some_and(|page| !page.is_empty());
        next || links.split(',').any(|link| link.split(';').skip(1).any(|part| part.trim() == "rel=\"next\""))
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> ForgeAnswer {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let status = StatusCode::from_u16(status).unwrap();
        ForgeAnswer { status, headers: headers.iter().map(header).collect(), body: body.into() }
    }

    fn failure(status: u16, headers: &[(&'static str, &'static str)]) -> (ForgeErrorKind, Retry) {
        answer(status, headers, r#"{"message":"Validation Failed"}"#).failure(Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn every_status_has_its_kind() {
        assert_eq!(failure(401, &[]), (ForgeErrorKind::Unauthorized, Retry::Never));
        assert_eq!(failure(403, &[]), (ForgeErrorKind::Forbidden, Retry::Never));
        assert_eq!(failure(404, &[]), (ForgeErrorKind::NotFound, Retry::Never));
        assert_eq!(failure(410, &[]), (ForgeErrorKind::Gone, Retry::Never));
        let said = "Validation Failed".to_owned();
        assert_eq!(failure(422, &[]), (ForgeErrorKind::Invalid { status: 422, said }, Retry::Never));
        assert_eq!(failure(502, &[]), (ForgeErrorKind::Server { status: 502 }, Retry::Unknown(None)));
    }

    #[test]
    fn limits_are_known_in_all_their_forms() {
        let seconds = |seconds| Retry::Refused(Some(Duration::from_secs(seconds)));
        let limited = |second: Option<i64>| ForgeErrorKind::RateLimited {
            until: second.map(|second| Timestamp::from_second(second).unwrap()),
        };
        assert_eq!(failure(429, &[]), (limited(None), Retry::Refused(None)));
        assert_eq!(failure(429, &[("retry-after", "7")]), (limited(Some(7)), seconds(7)));
        assert_eq!(failure(403, &[("retry-after", "7")]), (limited(Some(7)), seconds(7)));
        let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")];
        assert_eq!(failure(403, &spent), (limited(Some(30)), seconds(30)));
        let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "3000")];
        assert_eq!(failure(403, &spent), (limited(Some(3000)), Retry::Never));
        assert_eq!(failure(403, &[("x-ratelimit-remaining", "9")]), (ForgeErrorKind::Forbidden, Retry::Never));
    }

    #[test]
    fn the_next_page_is_known_by_its_link() {
        let next = |link: &'static str| answer(200, &[("link", link)], "").has_next();
        assert!(next(r#"<https://x/y?page=1>; rel="prev", <https://x/y?page=3>; rel="next""#));
        assert!(
            !next(r#"<https://x/y?page=1>; rel="prev", <https://x/next>; rel="last""#)
                && !answer(200, &[], "").has_next()
        );
        assert!(
            answer(200, &[("x-next-page", "2")], "").has_next() && !answer(200, &[("x-next-page", "")], "").has_next()
        );
    }
}
