//! Answers on their way out: an HTTP status, a JSON body, and what corrupts them.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use futures_util::stream;
use serde::Serialize;

use super::auth::Denied;
use super::faults::{Corruption, Reply};
use super::journal::entry::{BulkTaken, VIOLATIONS_KEPT};
use super::model::answer;
use super::model::violations::{ViolationList, repeated, shortened};
use crate::wire::error::{ApiError, Violation};

/// The header of a 403 in which the sandbox says which scopes would have done.
const SCOPES_HEADER: &str = "x-sendform-sandbox-scopes";

/// An answer that can still be corrupted.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    is_cut: bool,
    /// What was wrong with the request, the first of it, and how much was.
    violations: Vec<Violation>,
    violation_count: usize,
    /// The bulk that the request made.
    bulk: Option<BulkTaken>,
}

/// The body that goes out with a response, for the journal of requests.
#[derive(Debug, Clone)]
pub(super) struct SentBody(pub(super) Bytes);

/// How much of what is wrong with one thing is said, in characters: it may repeat what was asked.
const WORDS_CHARS_MAX: usize = 500;

/// What a journal of requests needs to know of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AnswerNote {
    /// Its status.
    pub(super) status: u16,
    /// What was wrong with the request, the first of it.
    pub(super) violations: Vec<Violation>,
    /// How much was wrong with it.
    pub(super) violation_count: usize,
    /// The bulk that the request made.
    pub(super) bulk: Option<BulkTaken>,
}

impl Answer {
    /// A 200 with a body.
    pub(super) fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// An error without violations.
    pub(super) fn error(status: StatusCode) -> Self {
        Self::json(status, &answer::error(status.as_u16()))
    }

    /// A 400.
    pub(super) fn bad_request(error: &ApiError) -> Self {
        let violations = error.violations.iter().take(VIOLATIONS_KEPT).cloned().collect();
        let violation_count = error.violations.len();
        Self { violations, violation_count, ..Self::json(StatusCode::BAD_REQUEST, error) }
    }

    /// A 400 for all that is wrong with a request.
    pub(super) fn refusal(found: ViolationList) -> Self {
        let violation_count = found.count();
        Self { violation_count, ..Self::bad_request(&answer::bad_request(found.into_listed())) }
    }

    /// The same answer to a request that made a bulk.
    pub(super) fn of_bulk(self, bulk: BulkTaken) -> Self {
        Self { bulk: Some(bulk), ..self }
    }

    /// What a journal needs to know of it.
    pub(super) fn note(&self) -> AnswerNote {
        let (violations, violation_count) = (self.violations.clone(), self.violation_count);
        AnswerNote { status: self.status.as_u16(), violations, violation_count, bulk: self.bulk.clone() }
    }

    /// A 400 for one thing that is wrong.
    pub(super) fn violation(property: &str, violation: &str) -> Self {
        Self::bad_request(&answer::bad_request(one(property, violation)))
    }

    /// The same for one that was found.
    pub(super) fn violated(Violation { property, violation }: &Violation) -> Self {
        Self::violation(property, violation)
    }

    /// A refusal that says what is wrong.
    pub(super) fn refused(status: StatusCode, property: &str, violation: &str) -> Self {
        let violations = one(property, violation);
        Self::json(status, &ApiError { violations, ..answer::error(status.as_u16()) })
    }

    /// A 404 that says what there is not.
    pub(super) fn not_found(property: &str, violation: &str) -> Self {
        Self::refused(StatusCode::NOT_FOUND, property, violation)
    }

    /// A 409 that says what stands against it.
    pub(super) fn conflict(property: &str, violation: &str) -> Self {
        Self::refused(StatusCode::CONFLICT, property, violation)
    }

    /// The answer to whoever may not: a 401 that says which credentials are expected, or a 403 that says which would have
    /// done.
    pub(super) fn denied(denied: &Denied) -> Self {
        match denied {
            Denied::Unauthorized(expected) => Self::error(StatusCode::UNAUTHORIZED).header(WWW_AUTHENTICATE, expected),
            Denied::Forbidden(missing) => {
                Self::error(StatusCode::FORBIDDEN).header(HeaderName::from_static(SCOPES_HEADER), missing)
            }
        }
    }

    /// A 403 that says which header keeps somebody out, whatever their credentials.
    pub(super) fn kept_out(header: &str, violation: &str) -> Self {
        let violations = vec![Violation { property: header.to_owned(), violation: violation.to_owned() }];
        let description = format!("The header {header} keeps this request out of the sandbox's own pages and doors.");
        let action = "Check the violations; no credentials change it.".to_owned();
        let error = ApiError { description, action, violations, resources: Vec::new(), ..answer::error(403) };
        Self::json(StatusCode::FORBIDDEN, &error)
    }

    /// The answer of a door that cannot do what it is for, with what is in its way.
    pub(super) fn failed(status: StatusCode, why: &str) -> Self {
        let description = format!("The sandbox cannot do this: {why}.");
        let action = "Put right what is said here; the sandbox goes on by itself.".to_owned();
        let error = ApiError { description, action, resources: Vec::new(), ..answer::error(status.as_u16()) };
        Self::json(status, &error)
    }

    /// A 429 that says after how many seconds to come again.
    pub(super) fn too_many(seconds: u64) -> Self {
        Self::error(StatusCode::TOO_MANY_REQUESTS).header(RETRY_AFTER, &seconds.to_string())
    }

    /// The answer that a tester asked for.
    pub(super) fn asked_for(reply: &Reply) -> Self {
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let answer = match status {
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => {
                Self { headers: Vec::new(), body: Bytes::new(), ..Self::error(status) }
            }
            _ => Self::error(status),
        };
        let headers = [(RETRY_AFTER, &reply.retry_after), (LOCATION, &reply.location)];
        headers.into_iter().fold(answer, |answer, (name, value)| match value {
            Some(value) => answer.header(name, value),
            None => answer,
        })
    }

    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        Self::written(status, serde_json::to_vec(body))
    }

    /// A 200 with a body of about so many bytes.
    pub(super) fn large(body: &impl Serialize, bytes: usize) -> Self {
        let mut written = Vec::with_capacity(bytes);
        let result = serde_json::to_writer(&mut written, body);
        Self::written(StatusCode::OK, result.map(|()| written))
    }

    fn written(status: StatusCode, body: serde_json::Result<Vec<u8>>) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let (status, body) = match body {
            Ok(body) => (status, body.into()),
            // Plain data is always written; should it not be, its client is told in the API's form.
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(UNWRITTEN.as_bytes())),
        };
        Self { status, headers, body, is_cut: false, violations: Vec::new(), violation_count: 0, bulk: None }
    }

    /// Adds a header, unless its value cannot be one.
    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    /// Corrupts a 200.
    pub(super) fn corrupt(mut self, corruption: Corruption, empty: &'static str) -> Self {
        if self.status != StatusCode::OK {
            return self;
        }
        match corruption {
            Corruption::Cut => self.is_cut = true,
            Corruption::Garbage => self.body = Bytes::from_static(b"<html><body>It works!</body></html>"),
            Corruption::Empty => self.body = Bytes::from_static(empty.as_bytes()),
            // These corrupt what the body says, and so were played when it was written.
            Corruption::OtherBulkId | Corruption::MissingMessages(_) => {}
        }
        self
    }

    /// Writes the answer out.
    pub(super) fn into_response(self) -> Response<Body> {
        let length = self.body.len();
        let sent = if self.is_cut { self.body.slice(..length / 2) } else { self.body.clone() };
        let body = if self.is_cut { cut(sent.clone()) } else { Body::from(self.body) };
        let mut response = Response::new(body);
        response.extensions_mut().insert(SentBody(sent));
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        if self.is_cut {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        response
    }
}

/// The body of an answer that cannot be written.
const UNWRITTEN: &str = r#"{"errorCode":"E500","description":"The sandbox cannot write its answer.","action":"","violations":[],"resources":[]}"#;

/// The one thing that is wrong.
fn one(property: &str, violation: &str) -> Vec<Violation> {
    vec![Violation { property: repeated(property), violation: shortened(violation, WORDS_CHARS_MAX) }]
}

/// A part of a body; then the connection breaks.
fn cut(half: Bytes) -> Body {
    let parts = stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) => Some((Ok(half), None)),
            None => {
                // The server writes out what it has while it waits for more.
                tokio::task::yield_now().await;
                Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
            }
        }
    });
    Body::from_stream(parts)
}
