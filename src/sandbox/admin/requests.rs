//! `GET /sandbox/requests`: the journal of requests to the API, the newest first, page by page.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::paging::{PAGE_MAX, PageRows, page_limit};
use super::parameters::{DoorQuery, Switch};
use crate::sandbox::answer::Answer;
use crate::sandbox::journal::entry::RequestOutcome;
use crate::sandbox::journal::recording::{ANSWER_KEPT, BODY_KEPT};
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::{BodiesWanted, REQUESTS_KEPT, RequestSearch};

/// How many requests a page has at most with their bodies.
const PAGE_WITH_BODIES_MAX: usize = 100;
/// How many if nothing is said.
const PAGE_USUAL: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestFilter {
    status: Option<String>,
    method: Option<String>,
    bulk_id: Option<String>,
    path: Option<String>,
    outcome: Option<RequestOutcome>,
    #[serde(default)]
    count: Switch,
    #[serde(default)]
    bodies: Switch,
    limit: Option<usize>,
    cursor: Option<i64>,
}

impl RequestFilter {
    /// What is looked for.
    fn search(self) -> Result<RequestSearch, (&'static str, String)> {
        let status = match self.status.as_deref().map(statuses) {
            None => None,
            Some(Some(statuses)) => Some(statuses),
            Some(None) => return Err(("status", "must be a status or its class, as in 429 or 4xx".to_owned())),
        };
        let method = self.method.map(|method| method.to_ascii_uppercase());
        if method.as_ref().is_some_and(|method| Method::from_bytes(method.as_bytes()).is_err()) {
            return Err(("method", "must be a method, as in POST".to_owned()));
        }
        let has_bodies = self.bodies.0;
        let most = if has_bodies { PAGE_WITH_BODIES_MAX } else { PAGE_MAX };
        Ok(RequestSearch {
            status,
            method,
            bulk_id: self.bulk_id,
            path: self.path,
            outcome: self.outcome,
            before: self.cursor,
            limit: page_limit(self.limit, PAGE_USUAL, most).map_err(|violation| ("limit", violation))?,
            bodies: has_bodies.then_some(BodiesWanted { body: BODY_KEPT, answer: ANSWER_KEPT }),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestsShown {
    requests: PageRows,
    /// How many are kept at most.
    kept: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct RequestsCounted {
    count: u64,
}

/// Answers with a page, or with how many there are.
pub(super) async fn list(
    State(sandbox): State<SandboxState>,
    DoorQuery(filter): DoorQuery<RequestFilter>,
) -> Response<Body> {
    let (counts_only, search) = match (filter.count.0, filter.search()) {
        (counts_only, Ok(search)) => (counts_only, search),
        (_, Err((property, violation))) => return Answer::violation(property, &violation).into_response(),
    };
    if counts_only {
        return match sandbox.store().count_requests(search).await {
            Ok(count) => Answer::ok(&RequestsCounted { count }).into_response(),
            Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
        };
    }
    let limit = search.limit;
    // One more than is shown tells whether there is a next page.
    let found = match sandbox.store().requests(RequestSearch { limit: limit + 1, ..search }).await {
        Ok(found) => found,
        Err(error) => return sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    };
    let mut requests = PageRows::new(limit);
    let shown = found.iter().take_while(|kept| requests.take(kept)).last();
    let next_cursor = shown.filter(|_| requests.len() < found.len()).map(|last| last.number.to_string());
    Answer::ok(&RequestsShown { requests, kept: REQUESTS_KEPT, next_cursor }).into_response()
}

/// Reads `429` or `4xx`, as the first and the last status that it means.
fn statuses(text: &str) -> Option<(u16, u16)> {
    match text.strip_suffix("xx") {
        Some(class) => {
            class.parse().ok().filter(|class| (1..=5_u16).contains(class)).map(|class| (class * 100, class * 100 + 99))
        }
        None => text.parse().ok().filter(|status| (100..600_u16).contains(status)).map(|status| (status, status)),
    }
}
