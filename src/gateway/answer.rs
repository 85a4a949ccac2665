//! What an answer is, by its status: the table of outcomes, as far as HTTP knows it.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use crate::apply::{Refusal, SendOutcome};
use crate::wire::error::ApiError;
use crate::wire::response::Response;

/// The head of an answer, and as much of its body as could be read.
pub(super) struct RawResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Why the body could not be read, if so.
    pub(super) body: Result<Vec<u8>, String>,
}

impl RawResponse {
    /// Says what came of the request; `now` is what a `Retry-After` with a date counts from, unless
    /// the gateway tells its own time.
    pub(super) fn sent(&self, now: SystemTime) -> SendOutcome {
        let status = self.status.as_u16();
        SendOutcome::Refused(match self.status {
            StatusCode::OK => return self.answered(),
            StatusCode::UNAUTHORIZED => Refusal::Unauthorized,
            StatusCode::FORBIDDEN => Refusal::Forbidden,
            StatusCode::NOT_FOUND => Refusal::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
            StatusCode::TOO_MANY_REQUESTS => Refusal::TooMany { retry_after: self.retry_after(now) },
            // The status alone proves that nothing was taken; the body only tells why.
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                Refusal::Invalid { status, error: self.body.as_deref().ok().and_then(ApiError::read) }
            }
            _ => return SendOutcome::Unknown(format!("the gateway answered {status}")),
        })
    }

    fn answered(&self) -> SendOutcome {
        let body = match &self.body {
            Ok(body) => body,
            Err(why) => {
                return SendOutcome::Unknown(format!("the gateway answered 200, but its body cannot be read: {why}"));
            }
        };
        match serde_json::from_slice::<Response>(body) {
            Ok(response) => SendOutcome::Answered(response),
            // The error's own words may quote the body.
            Err(error) => SendOutcome::Unknown(format!(
                "the gateway answered 200, but its body is not what the API says, at line {} column {}",
                error.line(),
                error.column()
            )),
        }
    }

    /// How long to wait before the next request, if the gateway said so.
    pub(super) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Duration::from_secs);
        }
        let then = self.date(&RETRY_AFTER)?;
        let now = self.date(&DATE).unwrap_or(now);
        Some(then.duration_since(now).unwrap_or_default())
    }

    fn date(&self, name: &HeaderName) -> Option<SystemTime> {
        httpdate::parse_http_date(self.headers.get(name)?.to_str().ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn sent(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> SendOutcome {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        RawResponse { status, headers, body: Ok(body.into()) }.sent(SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn every_status_has_its_class() {
        let refused = |status: u16| match sent(status, &[], "") {
            SendOutcome::Refused(refusal) => Some(refusal),
            SendOutcome::Unknown(why) => {
                assert!(why.contains(&status.to_string()));
                None
            }
            SendOutcome::Answered(_) => panic!("{status} is no answer"),
        };
        assert_eq!(refused(401), Some(Refusal::Unauthorized));
        assert_eq!(refused(403), Some(Refusal::Forbidden));
        assert_eq!(refused(404), Some(Refusal::NotFound));
        assert_eq!(refused(413), Some(Refusal::TooLarge));
        assert_eq!(refused(429), Some(Refusal::TooMany { retry_after: None }));
        assert_eq!(refused(400), Some(Refusal::Invalid { status: 400, error: None }));
        assert_eq!(refused(422), Some(Refusal::Invalid { status: 422, error: None }));
        let unknown = (200..600).filter(|status| refused_is_unknown(*status)).count();
        assert_eq!(unknown, 400 - 7, "everything else is in doubt");
    }

    fn refused_is_unknown(status: u16) -> bool {
        matches!(sent(status, &[], "{}"), SendOutcome::Unknown(_))
    }

    #[test]
    fn retry_after_in_every_form() {
        let wait = |headers: &[(&'static str, &'static str)]| match sent(429, headers, "") {
            SendOutcome::Refused(Refusal::TooMany { retry_after }) => retry_after.map(|wait| wait.as_secs()),
            other @ (SendOutcome::Answered(_) | SendOutcome::Refused(_) | SendOutcome::Unknown(_)) => {
                panic!("{other:?}")
            }
        };
        let after = |value| wait(&[("retry-after", value)]);
        assert_eq!([after("0"), after("7"), after(" 1000000000 ")], [Some(0), Some(7), Some(1_000_000_000)]);
        assert_eq!([after("-1"), after("soon"), after(""), after("99999999999999999999")], [None; 4]);
        assert_eq!(after("Thu, 01 Jan 1970 00:01:00 GMT"), Some(60));
        // The gateway's own clock counts, if it tells it; what is past is now.
        let date = ("date", "Thu, 01 Jan 1970 00:00:50 GMT");
        assert_eq!(wait(&[date, ("retry-after", "Thu, 01 Jan 1970 00:01:00 GMT")]), Some(10));
        assert_eq!(wait(&[date, ("retry-after", "Thu, 01 Jan 1970 00:00:01 GMT")]), Some(0));
    }

    #[test]
    fn both_forms_of_errors_are_read() {
        let code = |body| match sent(400, &[], body) {
            SendOutcome::Refused(Refusal::Invalid { error, .. }) => {
                error.map(|error| (error.error_code, error.violations.len()))
            }
            other @ (SendOutcome::Answered(_) | SendOutcome::Refused(_) | SendOutcome::Unknown(_)) => {
                panic!("{other:?}")
            }
        };
        let new = r#"{"errorCode":"E400","description":"no","action":"","violations":[{"property":"messages[0]","violation":"no"}],"resources":[]}"#;
        assert_eq!(code(new), Some(("E400".to_owned(), 1)));
        let old = r#"{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"no","validationErrors":{"messages[1].content":["no","never"]}}}}"#;
        assert_eq!(code(old), Some(("BAD_REQUEST".to_owned(), 2)));
        assert_eq!(code("<html>"), None);
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_not_quoted() {
        let SendOutcome::Unknown(why) = sent(200, &[], r#"{"messages":"17841400000000001"}"#) else {
            panic!("unknown")
        };
        insta::assert_snapshot!(why, @"the gateway answered 200, but its body is not what the API says, at line 1 column 31");
    }
}
