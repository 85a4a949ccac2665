//! `GET /sandbox/requests`: the journal of requests to the API, the newest first, page by page.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::paging::{PAGE_MAX, PageRows, page_limit};
use super::parameters::{DoorQuery, Switch};
use crate::sandbox::answer::Answer;
use crate::sandbox::journal::entry::RequestOutcome;
use crate::sandbox::journal::recording::BODY_KEPT;
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::{REQUESTS_KEPT, RequestSearch};

/// How many requests a page has at most with their bodies.
const PAGE_WITH_BODIES_MAX: usize = 100;
/// How many if nothing is said.
const PAGE_USUAL: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestFilter {
    status: Option<String>,
    path: Option<String>,
    outcome: Option<RequestOutcome>,
    #[serde(default)]
    count: Switch,
    #[serde(default)]
    bodies: Switch,
    limit: Option<usize>,
    cursor: Option<i64>,
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
    let RequestFilter { status, path, outcome, count: Switch(counts_only), bodies: Switch(has_bodies), limit, cursor } =
        filter;
    let status = match status.as_deref().map(statuses) {
        None => None,
        Some(Some(statuses)) => Some(statuses),
        Some(None) => {
            return Answer::violation("status", "must be a status or its class, as in 429 or 4xx").into_response();
        }
    };
    let most = if has_bodies { PAGE_WITH_BODIES_MAX } else { PAGE_MAX };
    let limit = match page_limit(limit, PAGE_USUAL, most) {
        Ok(limit) => limit,
        Err(violation) => return Answer::violation("limit", &violation).into_response(),
    };
    let body_bytes = has_bodies.then_some(BODY_KEPT);
    // One more than is shown tells whether there is a next page.
    let search = RequestSearch { status, path, outcome, before: cursor, limit: limit + 1, body_bytes };
    if counts_only {
        return match sandbox.store().count_requests(search).await {
            Ok(count) => Answer::ok(&RequestsCounted { count }).into_response(),
            Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
        };
    }
    let Ok(found) = sandbox.store().requests(search).await else {
        return Answer::error(StatusCode::INTERNAL_SERVER_ERROR).into_response();
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
