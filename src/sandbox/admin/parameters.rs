//! What a request to a door says: its query, its path and its body, or what is wrong with them in the form of the other
//! refusals, by the name of the parameter and with what is allowed.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use axum::middleware::Next;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use url::form_urlencoded;

use crate::sandbox::answer::Answer;

/// The longest body that a door reads, in bytes.
pub(super) const BODY_MAX: usize = 1024 * 1024;

/// The parameters of a query.
#[derive(Debug)]
pub(super) struct DoorQuery<T>(pub(super) T);

/// What a path names.
#[derive(Debug)]
pub(super) struct DoorPath(pub(super) String);

/// A body.
#[derive(Debug)]
pub(super) struct DoorBody(pub(super) Bytes);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for DoorQuery<T> {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response<Body>> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(read)) => Ok(Self(read)),
            Err(refused) => {
                let text = refused.body_text();
                let (property, violation) = in_our_words(text.strip_prefix(QUERY_REFUSED).unwrap_or(&text));
                Err(Answer::violation(property, &violation).into_response())
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DoorPath {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response<Body>> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(_) => Err(Answer::violation("path", "must be UTF-8, with percent signs as in %2F").into_response()),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for DoorBody {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response<Body>> {
        Bytes::from_request(request, state).await.map(Self).map_err(|refused| {
            let status = refused.status();
            let violation = match status {
                StatusCode::PAYLOAD_TOO_LARGE => format!("must have at most {BODY_MAX} bytes"),
                _ => "must be sent to its end".to_owned(),
            };
            Answer::refused(status, "body", &violation).into_response()
        })
    }
}

/// Refuses the queries of doors that have no parameters.
pub(super) async fn takes_no_query(request: Request, next: Next) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    if let Some((name, _)) = form_urlencoded::parse(query.as_bytes()).next() {
        let property = if name.is_empty() { "query" } else { &name };
        return Answer::violation(property, "is no parameter: this door has none").into_response();
    }
    next.run(request).await
}

/// Something in a query that is to be or not: 1 or 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Switch(pub(super) bool);

/// What may be said of it.
pub(super) const ONE_OR_ZERO: &str = "must be 1 or 0";

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match &*Cow::<'_, str>::deserialize(deserializer)? {
            "1" => Ok(Self(true)),
            "0" => Ok(Self(false)),
            _ => Err(D::Error::custom(ONE_OR_ZERO)),
        }
    }
}

/// How the library begins what it says of a query.
const QUERY_REFUSED: &str = "Failed to deserialize query string: ";

/// What the library says of a query, as the name of a parameter and what is wrong with it.
fn in_our_words(text: &str) -> (&str, String) {
    if let Some((name, known)) =
        text.split_once("unknown field `").and_then(|(_, rest)| rest.rsplit_once("`, expected "))
    {
        return match name {
            "" => ("query", format!("must name its parameters: there is {known}")),
            _ => (name, format!("is no parameter; there is {known}")),
        };
    }
    let is_name = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (property, what) = match text.split_once(": ").filter(|(name, _)| is_name(name)) {
        Some((name, what)) => (name, what),
        None => ("query", text),
    };
    if let Some((_, known)) = what.rsplit_once("`, expected ") {
        return (property, format!("must be {known}"));
    }
    if let Some(name) = what.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
        return (name, "must not be there twice".to_owned());
    }
    let is_number = ["digit", "integer", "number"].iter().any(|word| what.contains(word));
    (property, if is_number { "must be a whole number that is not too large".to_owned() } else { what.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_query_is_said_in_our_words() {
        let check = |text: &str, property: &str, violation: &str| {
            assert_eq!(in_our_words(text), (property, violation.to_owned()), "{text}");
        };
        check("limit: invalid digit found in string", "limit", "must be a whole number that is not too large");
        check(
            "cursor: number too large to fit in target type",
            "cursor",
            "must be a whole number that is not too large",
        );
        check("unknown field `a: b`, expected `limit` or `q`", "a: b", "is no parameter; there is `limit` or `q`");
        check(
            "x: unknown field `x`, expected one of `limit`, `q`",
            "x",
            "is no parameter; there is one of `limit`, `q`",
        );
        check(
            "unknown field ``, expected `limit` or `q`",
            "query",
            "must name its parameters: there is `limit` or `q`",
        );
        check("state: unknown variant `a`, expected `b` or `c`", "state", "must be `b` or `c`");
        check("duplicate field `limit`", "limit", "must not be there twice");
        check("limit: duplicate field `limit`", "limit", "must not be there twice");
        check(&format!("idle: {ONE_OR_ZERO}"), "idle", ONE_OR_ZERO);
        check("something else", "query", "something else");
    }
}
