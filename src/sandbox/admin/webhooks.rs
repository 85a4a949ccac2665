//! `GET /sandbox/webhooks`: what was posted to whom, and how that went; `POST /sandbox/webhooks/{n}/retry`: posts it
//! once more.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::paging::{PAGE_MAX, PageRows, page_limit};
use super::parameters::{DoorBody, DoorPath, DoorQuery, Nothing};
use crate::sandbox::answer::Answer;
use crate::sandbox::model::webhook::push::{PushContent, PushState, Try, TryCause, TryOutcome};
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::{ListedPush, PushFilter};
use crate::sandbox::webhooks::{DamagedWork, Postman};
use crate::wire::options::ReportType;
use crate::wire::time::{optional_instant, serde_instant};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WebhookFilter {
    state: Option<PushState>,
    bulk_id: Option<String>,
    message_id: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A push as testers see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PushShown<'a> {
    number: i64,
    kind: &'static str,
    url: &'a str,
    content_type: ReportType,
    /// The bulk of the reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    bulk_id: Option<&'a str>,
    /// How many reports or messages it has.
    results: usize,
    state: PushState,
    #[serde(with = "serde_instant")]
    created_at: Timestamp,
    /// When it is tried next; absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    next_at: Option<Timestamp>,
    tries: Vec<TryShown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TryShown {
    #[serde(with = "serde_instant")]
    at: Timestamp,
    outcome: &'static str,
    /// The status of the answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    cause: TryCause,
}

/// A page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PushesShown {
    /// How many there are of each state, on all pages: of those bulks and messages that are looked for.
    counts: BTreeMap<&'static str, u64>,
    webhooks: PageRows,
    /// What cannot be read of the books, so that nothing of it is posted.
    #[serde(skip_serializing_if = "DamagedWork::is_none")]
    damaged: DamagedWork,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

fn show_try(tried: &Try) -> TryShown {
    let (outcome, status) = match tried.outcome {
        TryOutcome::Answered(status) => ("answered", Some(status)),
        TryOutcome::NoConnection => ("noConnection", None),
        TryOutcome::NoAnswer => ("noAnswer", None),
        TryOutcome::Broken => ("broken", None),
        TryOutcome::NotAllowed => ("notAllowed", None),
        TryOutcome::NotUrl => ("notUrl", None),
        TryOutcome::Itself => ("itself", None),
    };
    TryShown { at: tried.at, outcome, status, cause: tried.cause }
}

/// Shows a push.
pub(super) fn show((push, bulk_id): &ListedPush) -> PushShown<'_> {
    let (kind, results) = match &push.content {
        PushContent::Reports { reports, .. } => ("reports", reports.len()),
        PushContent::Inbound(_) => ("inbound", 1),
    };
    PushShown {
        number: push.number.unwrap_or_default(),
        kind,
        url: &push.url,
        content_type: push.content_type,
        bulk_id: bulk_id.as_deref(),
        results,
        state: push.state,
        created_at: push.created_at,
        next_at: push.next_at,
        tries: push.tries.iter().map(show_try).collect(),
    }
}

/// Answers with a page.
pub(super) async fn list(
    State(sandbox): State<SandboxState>,
    DoorQuery(filter): DoorQuery<WebhookFilter>,
) -> Response<Body> {
    let limit = match page_limit(filter.limit, PAGE_MAX, PAGE_MAX) {
        Ok(limit) => limit,
        Err(violation) => return Answer::violation("limit", &violation).into_response(),
    };
    let Ok(after) = filter.cursor.as_deref().map_or(Ok(0), str::parse::<i64>) else {
        return Answer::violation("cursor", "must be a value of nextCursor").into_response();
    };
    // One more than is shown tells whether there is a next page.
    let WebhookFilter { state, bulk_id, message_id, .. } = filter;
    let search = PushFilter { state, bulk_id, message_id, after, limit: limit + 1 };
    let (pushes, counts) = match sandbox.store().pushes(search).await {
        Ok(found) => found,
        Err(error) => return sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    };
    let mut webhooks = PageRows::new(limit);
    let shown = pushes.iter().map(show).take_while(|push| webhooks.take(push)).last();
    let next_cursor = shown.filter(|_| webhooks.len() < pushes.len()).map(|last| last.number.to_string());
    let counts = counts.into_iter().map(|(state, count)| (state.name(), count)).collect();
    let damaged = sandbox.postman().map(Postman::damage).unwrap_or_default();
    Answer::ok(&PushesShown { counts, webhooks, damaged, next_cursor }).into_response()
}

/// Answers once it was tried.
pub(super) async fn retry(
    State(sandbox): State<SandboxState>,
    DoorPath(number): DoorPath,
    _: DoorBody<Nothing>,
) -> Response<Body> {
    let Some(postman) = sandbox.postman() else {
        return Answer::violation("webhooks", "are posted by `sendform sandbox` only").into_response();
    };
    let none = || Answer::not_found("number", "there is no push with this number").into_response();
    let Ok(number) = number.parse::<i64>() else { return none() };
    match postman.retry(number).await {
        Ok(Some(_)) => {}
        Ok(None) => return none(),
        Err(error) => return sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
    let only = PushFilter { after: number.saturating_sub(1), limit: 1, ..PushFilter::default() };
    match sandbox.store().pushes(only).await {
        Ok((pushes, _)) => Answer::ok(&pushes.first().map(show)).into_response(),
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
}
