//! What a request to a door says: its query, its path and its body. What a door does not know or cannot read it refuses,
//! by the name of it and with what is allowed: nothing is taken as said that was not.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use axum::middleware::Next;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::sandbox::answer::Answer;
use crate::sandbox::reading::{self, Misread};

/// The longest body that a door reads, in bytes.
pub(super) const BODY_MAX: usize = 1024 * 1024;

/// The parameters of a query.
#[derive(Debug)]
pub(super) struct DoorQuery<T>(pub(super) T);

/// What a path names.
#[derive(Debug)]
pub(super) struct DoorPath(pub(super) String);

/// What a door reads of a body.
pub(super) trait DoorText: DeserializeOwned {
    /// What it may look like, for whoever has written something else; absent if nothing is to be said to the door.
    const AS_IN: Option<&'static str>;
}

/// A body.
#[derive(Debug)]
pub(super) struct DoorBody<T>(pub(super) T);

/// What is read by a door that only has to be opened.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

impl DoorText for Nothing {
    const AS_IN: Option<&'static str> = None;
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for DoorQuery<T> {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response<Body>> {
        let read = reading::query(parts.uri.query().unwrap_or_default());
        read.map(Self).map_err(|misread| refusal("query", &misread, None))
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

impl<T: DoorText, S: Send + Sync> FromRequest<S> for DoorBody<T> {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response<Body>> {
        let body = whole(request, state).await?;
        let is_nothing = T::AS_IN.is_none() && [b"".as_slice(), b"null"].contains(&body.trim_ascii());
        let read = reading::json(if is_nothing { b"{}" } else { &body });
        read.map(Self).map_err(|misread| refusal("body", &misread, T::AS_IN))
    }
}

/// The bytes of a body.
async fn whole<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Response<Body>> {
    Bytes::from_request(request, state).await.map_err(|refused| {
        let status = refused.status();
        let violation = match status {
            StatusCode::PAYLOAD_TOO_LARGE => format!("must have at most {BODY_MAX} bytes"),
            _ => "must be sent to its end".to_owned(),
        };
        Answer::refused(status, "body", &violation).into_response()
    })
}

/// The answer to what cannot be read; what is wrong as a whole has a name of its own, and may be shown how it looks.
fn refusal(whole: &str, Misread { property, violation }: &Misread, as_in: Option<&str>) -> Response<Body> {
    let answer = match (property.as_str(), as_in) {
        ("", None) => Answer::violation(whole, violation),
        ("", Some(example)) => Answer::violation(whole, &format!("{violation}; as in {example}")),
        (property, _) => Answer::violation(property, violation),
    };
    answer.into_response()
}

/// Refuses the queries of doors that have no parameters.
pub(super) async fn takes_no_query(_: DoorQuery<Nothing>, request: Request, next: Next) -> Response<Body> {
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
