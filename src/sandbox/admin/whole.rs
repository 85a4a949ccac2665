//! Doors to the sandbox as a whole: whether it works, its clock, its conversations, and how it begins anew.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::paging::{PAGE_MAX, PageRows, page_limit};
use super::parameters::{DoorBody, DoorQuery, Nothing};
use crate::sandbox::answer::Answer;
use crate::sandbox::model::inputs::{CONVERSATION, Conversation};
use crate::sandbox::request_tracker::RequestCounts;
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::RequestSearch;
use crate::sandbox::webhooks::DamagedWork;
use crate::wire::time::{optional_instant, serde_instant};

#[derive(Serialize)]
struct HealthShown {
    status: &'static str,
    version: &'static str,
    #[serde(with = "serde_instant")]
    now: Timestamp,
    /// What of its books cannot be read.
    #[serde(skip_serializing_if = "DamagedWork::is_none")]
    damaged: DamagedWork,
}

/// Whether its books can be read and written; `damaged` if some of them cannot be read.
pub(super) async fn health(State(sandbox): State<SandboxState>) -> Response<Body> {
    let store = sandbox.store();
    let works = match store.check_writable().await {
        Ok(()) => store.count_requests(RequestSearch::default()).await,
        Err(error) => Err(error),
    };
    match works {
        Ok(_) => {
            let damaged = sandbox.damage();
            let status = if damaged.is_none() { "ok" } else { "damaged" };
            let version = env!("CARGO_PKG_VERSION");
            Answer::ok(&HealthShown { status, version, now: sandbox.now(), damaged }).into_response()
        }
        Err(error) => sandbox.failed(StatusCode::SERVICE_UNAVAILABLE, &error).into_response(),
    }
}

#[derive(Serialize)]
struct ClockShown {
    #[serde(with = "serde_instant")]
    now: Timestamp,
    speed: u32,
    stopped: bool,
}

/// What the clock shows, and how it runs.
pub(super) async fn clock(State(sandbox): State<SandboxState>) -> Response<Body> {
    let (speed, runs) = sandbox.clock().speed();
    Answer::ok(&ClockShown { now: sandbox.now(), speed: speed.get(), stopped: !runs }).into_response()
}

/// Forgets everything but the time, unless somebody is being served: what becomes of them would be a remainder of the
/// time before.
pub(super) async fn reset(State(sandbox): State<SandboxState>, _: DoorBody<Nothing>) -> Response<Body> {
    let RequestCounts { held, in_flight, .. } = sandbox.counts();
    if held > 0 {
        return Answer::conflict("held", "requests are held: POST /sandbox/release lets them go on").into_response();
    }
    if in_flight > 0 {
        let served = "requests are being served: GET /sandbox/wait?idle=1 answers when none is any more";
        return Answer::conflict("inFlight", served).into_response();
    }
    match sandbox.reset().await {
        Ok(()) => Answer::ok(&json!({ "reset": true })).into_response(),
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationFilter {
    sender: Option<String>,
    person: Option<String>,
    limit: Option<usize>,
    cursor: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConversationShown<'a> {
    sender: &'a str,
    person: &'a str,
    /// When they wrote last; absent if they never did.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    last_message_at: Option<Timestamp>,
    /// Until when they may be written to, or might; absent if they never wrote.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    closes_at: Option<Timestamp>,
    /// Whether they have blocked the sender, and have not written since.
    blocked: bool,
    /// When they did.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    blocked_at: Option<Timestamp>,
    /// Whether they can be reached: their last message is not too old, and they have not blocked the sender.
    is_open: bool,
}

impl<'a> ConversationShown<'a> {
    fn new(Conversation { sender, person, last_message_at, blocked_at }: Conversation<'a>, now: Timestamp) -> Self {
        let closes_at = last_message_at.map(|at| at.checked_add(CONVERSATION).unwrap_or(Timestamp::MAX));
        let blocked = blocked_at.is_some();
        let is_open = !blocked && closes_at.is_some_and(|closes_at| now < closes_at);
        Self { sender, person, last_message_at, closes_at, blocked, blocked_at, is_open }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConversationsShown {
    conversations: PageRows,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Who has written to whom, until when they may be written to, and who has blocked whom.
pub(super) async fn conversations(
    State(sandbox): State<SandboxState>,
    DoorQuery(filter): DoorQuery<ConversationFilter>,
) -> Response<Body> {
    let limit = match page_limit(filter.limit, PAGE_MAX, PAGE_MAX) {
        Ok(limit) => limit,
        Err(violation) => return Answer::violation("limit", &violation).into_response(),
    };
    let (now, inputs) = (sandbox.now(), sandbox.store().inputs());
    let is = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|wanted| wanted == name);
    let all = inputs.conversations();
    let skipped = filter.cursor.unwrap_or_default();
    let wanted = all.into_iter().filter(|it| is(&filter.sender, it.sender) && is(&filter.person, it.person));
    let mut shown = wanted.skip(skipped).map(|it| ConversationShown::new(it, now));
    let mut conversations = PageRows::new(limit);
    let has_more = !shown.all(|shown| conversations.take(&shown));
    let next_cursor = has_more.then(|| skipped.saturating_add(conversations.len()).to_string());
    Answer::ok(&ConversationsShown { conversations, next_cursor }).into_response()
}
