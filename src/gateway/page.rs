//! One page of the logs: an answer's status and body to rows and the next cursor, or to a failure.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;

use super::answer::RawResponse;
use crate::apply::evidence::{Addressee, LogRow, LogsFailure};
use crate::wire::error::ApiError;
use crate::wire::limits::LOGS_PAGE_DEFAULT;
use crate::wire::response::{Log, LogsPage};
use crate::wire::said;

/// What the error of a message is called that went well.
const NO_ERROR: &str = "NO_ERROR";

/// A page of the logs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) rows: Vec<LogRow>,
    /// How many rows have no messageId: they are nobody's, and somebody's all the same.
    pub(super) nameless: usize,
    /// The cursor of the next page, if there is one.
    pub(super) next: Option<String>,
}

/// What a request to the logs came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It was answered.
    Page(Page),
    /// It is worth trying again, after this time if the gateway named one.
    Again(LogsFailure, Option<Duration>),
    /// It is not.
    Failed(LogsFailure),
}

/// Reads an answer. `now` is what a `Retry-After` with a date counts from.
pub(super) fn read(answer: &RawResponse, now: SystemTime) -> Turn {
    let status = answer.status;
    match status {
        StatusCode::OK => match &answer.body {
            Ok(body) => page(body),
            Err(why) => Turn::Again(LogsFailure::Unreadable(why.clone()), None),
        },
        StatusCode::UNAUTHORIZED => Turn::Failed(LogsFailure::Unauthorized),
        StatusCode::FORBIDDEN => Turn::Failed(LogsFailure::Forbidden),
        StatusCode::NOT_FOUND => Turn::Failed(LogsFailure::NotFound),
        StatusCode::TOO_MANY_REQUESTS => Turn::Again(LogsFailure::Throttled, answer.retry_after(now)),
        _ => {
            let error = answer.body.as_deref().ok().and_then(ApiError::read);
            let code = error.map(|error| harmless(&error.error_code)).filter(|code| !code.is_empty());
            let failure = LogsFailure::Answered { status: status.as_u16(), code };
            if status.is_server_error() { Turn::Again(failure, answer.retry_after(now)) } else { Turn::Failed(failure) }
        }
    }
}

fn page(body: &[u8]) -> Turn {
    let unreadable = |why: String| Turn::Failed(LogsFailure::Unreadable(why));
    let LogsPage { results, cursor } = match serde_json::from_slice(body) {
        Ok(logs) => logs,
        // The error's own words may quote the body.
        Err(error) => {
            return unreadable(format!(
                "it is not what the API says, at line {} column {}",
                error.line(),
                error.column()
            ));
        }
    };
    if cursor.is_none() && results.len() >= usize::try_from(LOGS_PAGE_DEFAULT).unwrap_or_default() {
        return unreadable("it has no cursor, so nobody knows whether there is more".to_owned());
    }
    let next = cursor.and_then(|cursor| cursor.next_cursor).filter(|next| !next.is_empty());
    let count = results.len();
    let rows: Vec<LogRow> = results.into_iter().filter_map(row).collect();
    Turn::Page(Page { nameless: count - rows.len(), rows, next })
}

fn row(log: Log) -> Option<LogRow> {
    let to = log.destination.map(Addressee::new);
    let error = log.error.map(|error| harmless(&error.name)).filter(|name| !name.is_empty() && name != NO_ERROR);
    let Log { bulk_id, sent_at, status, .. } = log;
    Some(LogRow { message_id: log.message_id?, to, bulk_id, sent_at, status, error })
}

/// A code, cut down to characters that cannot say anything of a person or to a terminal.
fn harmless(code: &str) -> String {
    let code: String = code.chars().take(1000).collect();
    let code = said::without_people(&code, []);
    code.chars().filter(|mark| mark.is_ascii_alphanumeric() || matches!(mark, '_' | '…')).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;

    fn turn(status: u16, body: &str) -> Turn {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = RawResponse { status, headers: HeaderMap::new(), body: Ok(body.into()) };
        read(&answer, SystemTime::UNIX_EPOCH)
    }

    /// A messageId, a bulkId and a status.
    type Short = (String, Option<String>, u16);

    fn rows(body: &str) -> (Vec<Short>, Option<String>) {
        match turn(200, body) {
            Turn::Page(Page { rows, next, .. }) => {
                (rows.into_iter().map(|row| (row.message_id, row.bulk_id, row.status.id)).collect(), next)
            }
            other @ (Turn::Again(..) | Turn::Failed(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn rows_are_read_whatever_their_dates_look_like() {
        let log = |date: &str| {
            format!(
                r#"{{"messageId":"a","bulkId":"b","sentAt":"{date}","doneAt":"{date}","status":{{"groupId":3,"id":5}}}}"#
            )
        };
        for date in ["2026-12-01T08:00:00.000+0000", "2026-12-01T08:00:00.000+00:00", "2026-12-01T08:00:00Z", "soon"] {
            let body = format!(r#"{{"results":[{}],"cursor":{{"limit":1000}}}}"#, log(date));
            assert_eq!(rows(&body), (vec![("a".to_owned(), Some("b".to_owned()), 5)], None));
        }
    }

    #[test]
    fn the_next_cursor_is_found() {
        let next = |cursor: &str| rows(&format!(r#"{{"results":[]{cursor}}}"#)).1;
        assert_eq!(next(r#","cursor":{"limit":1000,"nextCursor":"x"}"#).as_deref(), Some("x"));
        for end in [
            "",
            r#","cursor":null"#,
            r#","cursor":{}"#,
            r#","cursor":{"nextCursor":null}"#,
            r#","cursor":{"nextCursor":""}"#,
        ] {
            assert_eq!(next(end), None, "{end}");
        }
    }

    #[test]
    fn a_row_without_a_message_id_is_nobodys_and_is_counted() {
        let page = turn(200, r#"{"results":[{"bulkId":"b","status":{"groupId":3}}]}"#);
        assert_eq!(page, Turn::Page(Page { rows: Vec::new(), nameless: 1, next: None }));
    }

    #[test]
    fn what_cannot_be_read_is_a_failure_and_no_absence() {
        let fifty = vec![r#"{"messageId":"a","status":{"groupId":3}}"#; 50].join(",");
        let fifty = format!(r#"{{"results":[{fifty}]}}"#);
        let bodies = ["", "{}", "[]", "<html>", r#"{"results":{}}"#, r#"{"results":[{"messageId":"a"}]}"#, &fifty];
        for body in bodies {
            assert!(matches!(turn(200, body), Turn::Failed(LogsFailure::Unreadable(_))), "{body}");
        }
        let Turn::Failed(failure) = turn(200, r#"{"results":"17841400000000001"}"#) else { panic!("a failure") };
        insta::assert_snapshot!(failure, @"an answer of the logs cannot be read: it is not what the API says, at line 1 column 30");
    }

    #[test]
    fn errors_of_both_forms_give_their_code() {
        let new = r#"{"errorCode":"E400\u001b[2J 1784","description":"no","action":"","violations":[],"resources":[]}"#;
        let old = r#"{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"no"}}}"#;
        for (body, code) in [(new, Some("E4002J1784")), (old, Some("BAD_REQUEST")), ("<html>", None)] {
            let code = code.map(str::to_owned);
            assert_eq!(turn(400, body), Turn::Failed(LogsFailure::Answered { status: 400, code: code.clone() }));
            assert_eq!(turn(503, body), Turn::Again(LogsFailure::Answered { status: 503, code }, None));
        }
        assert_eq!(turn(401, ""), Turn::Failed(LogsFailure::Unauthorized));
        assert_eq!(turn(403, ""), Turn::Failed(LogsFailure::Forbidden));
        assert_eq!(turn(404, ""), Turn::Failed(LogsFailure::NotFound));
        assert_eq!(turn(429, ""), Turn::Again(LogsFailure::Throttled, None));
        assert_eq!(turn(302, ""), Turn::Failed(LogsFailure::Answered { status: 302, code: None }));
    }
}
