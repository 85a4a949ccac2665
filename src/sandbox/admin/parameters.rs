//! The query of a request to a door, or what is wrong with it in the form of the other refusals.

use axum::body::Body;
use axum::extract::{FromRequestParts, Query};
use axum::http::Response;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::sandbox::answer::Answer;

/// The parameters of a query.
#[derive(Debug)]
pub(super) struct DoorQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for DoorQuery<T> {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response<Body>> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(read)) => Ok(Self(read)),
            Err(refused) => {
                let text = refused.body_text();
                let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                Err(Answer::violation("query", text).into_response())
            }
        }
    }
}
