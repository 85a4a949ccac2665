//! The routes under `/sandbox/`, for testers and for people who look on:
//!
//! - `GET state`: the time and the counts.
//! - `GET wait?held=1&requests=2&bulks=1&accepted=1000`: the same, as soon as all of these are
//!   reached; `held=0` waits until none is held.
//! - `GET messages?bulkId=…&messageId=…&limit=…`: accepted and rejected messages, with their texts,
//!   the oldest first, at most 10,000 unless a limit is given.
//! - `POST faults {"faults": ["429*2", …]}`: plays these faults instead of those before.
//! - `POST release`: lets all held requests go on.
//! - `POST clock {"now": "2026-12-01T09:00:00Z"}` or `{"advance": "2h 30m"}`: moves the clock forward;
//!   `{"speed": 60}` and `{"stopped": true}` set how it runs.

use std::borrow::Cow;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::{Response, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::Answer;
use super::clock::{ClockRefusal, ClockSetting, Speed, read_duration};
use super::faults::parse;
use super::local::is_local;
use super::model::bulk::AcceptedBulk;
use super::model::{answer, status};
use super::request_tracker::RequestCounts;
use super::state::SandboxState;
use super::store::BulkFilter;
use crate::wire::content::Content;
use crate::wire::error::Violation;
use crate::wire::time::{self, serde_instant};

/// The routes, without their prefix.
pub(super) fn router() -> Router<SandboxState> {
    Router::new()
        .route("/state", get(state))
        .route("/wait", get(wait))
        .route("/messages", get(messages))
        .route("/faults", post(faults))
        .route("/release", post(release))
        .route("/clock", post(clock))
        .layer(from_fn(for_this_machine))
}

async fn for_this_machine(request: Request, next: Next) -> Response<Body> {
    if is_local(request.headers()) {
        return next.run(request).await;
    }
    Answer::error(StatusCode::FORBIDDEN).into_response()
}

#[derive(Serialize)]
struct ShownMessage {
    #[serde(with = "serde_instant")]
    now: Timestamp,
    #[serde(flatten)]
    counts: RequestCounts,
}

fn shown(sandbox: &SandboxState, counts: RequestCounts) -> Response<Body> {
    Answer::ok(&ShownMessage { now: sandbox.now(), counts }).into_response()
}

async fn state(State(sandbox): State<SandboxState>) -> Response<Body> {
    shown(&sandbox, sandbox.counts())
}

#[derive(Deserialize)]
struct WaitCondition {
    held: Option<u64>,
    requests: Option<u64>,
    bulks: Option<u64>,
    accepted: Option<u64>,
}

impl WaitCondition {
    fn is_reached(&self, counts: &RequestCounts) -> bool {
        let reached = |wanted: Option<u64>, count| wanted.is_none_or(|wanted| count >= wanted);
        let held = if self.held == Some(0) { counts.held == 0 } else { reached(self.held, counts.held) };
        held && reached(self.requests, counts.requests)
            && reached(self.bulks, counts.bulks)
            && reached(self.accepted, counts.accepted)
    }
}

async fn wait(State(sandbox): State<SandboxState>, Query(wanted): Query<WaitCondition>) -> Response<Body> {
    match sandbox.wait(|counts| wanted.is_reached(counts)).await {
        Some(counts) => shown(&sandbox, counts),
        None => Answer::error(StatusCode::SERVICE_UNAVAILABLE).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageFilter {
    bulk_id: Option<String>,
    message_id: Option<String>,
    limit: Option<usize>,
}

/// How many messages are shown unless a limit is given.
const SHOWN_MAX: usize = 10_000;

/// A message as testers see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageShown<'a> {
    bulk_id: &'a str,
    message_id: &'a str,
    to: &'a str,
    sender: Option<&'a str>,
    /// The text, of a message that is one.
    text: Option<&'a str>,
    content: &'a Content<Cow<'a, str>>,
    #[serde(with = "serde_instant")]
    accepted_at: Timestamp,
    /// When it leaves, or left, the gateway.
    #[serde(with = "serde_instant")]
    send_at: Timestamp,
    status: String,
}

fn show<'a>(bulk: &'a AcceptedBulk<'_>, now: Timestamp) -> impl Iterator<Item = MessageShown<'a>> {
    bulk.table.messages.iter().enumerate().map(move |(position, message)| MessageShown {
        bulk_id: &bulk.header.bulk_id,
        message_id: &message.message_id,
        to: &message.to,
        sender: bulk.table.terms_of(message).map(|terms| &*terms.sender),
        text: match &message.content {
            Content::Text { text } => Some(text),
            Content::Image { .. } | Content::Carousel { .. } | Content::RichCard(_) => None,
        },
        content: &message.content,
        accepted_at: bulk.header.accepted_at,
        send_at: bulk.life(position).leaves_at(),
        status: status::status(bulk.life(position).until(now).state.status()).group_name,
    })
}

async fn messages(State(sandbox): State<SandboxState>, Query(filter): Query<MessageFilter>) -> Response<Body> {
    let MessageFilter { bulk_id, message_id, limit } = filter;
    let limit = limit.unwrap_or(SHOWN_MAX);
    let search = BulkFilter { bulk_id, message_id: message_id.clone(), messages_max: Some(limit) };
    let Ok(bulks) = sandbox.store().bulks(search).await else {
        return Answer::error(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    };
    let now = sandbox.now();
    let shown = bulks.iter().flat_map(|bulk| show(bulk, now));
    let is_wanted = |message: &MessageShown<'_>| message_id.as_ref().is_none_or(|id| id == message.message_id);
    let shown: Vec<_> = shown.filter(is_wanted).take(limit).collect();
    Answer::ok(&json!({ "messages": shown })).into_response()
}

#[derive(Deserialize)]
struct FaultTexts {
    faults: Vec<String>,
}

async fn faults(State(sandbox): State<SandboxState>, body: Bytes) -> Response<Body> {
    let Ok(FaultTexts { faults }) = serde_json::from_slice(&body) else {
        return bad("faults", r#"must be a list of faults, as in {"faults": ["429*2"]}"#);
    };
    let read: Result<Vec<_>, _> = faults.iter().map(|text| parse::fault(text)).collect();
    match read {
        Ok(faults) => {
            sandbox.set_faults(faults);
            shown(&sandbox, sandbox.counts())
        }
        Err(error) => bad("faults", &error.to_string()),
    }
}

async fn release(State(sandbox): State<SandboxState>) -> Response<Body> {
    Answer::ok(&json!({ "released": sandbox.release() })).into_response()
}

/// A change of the clock as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockText {
    now: Option<String>,
    advance: Option<String>,
    speed: Option<u32>,
    stopped: Option<bool>,
}

impl ClockText {
    fn read(self) -> Result<ClockSetting, (&'static str, &'static str)> {
        let now = self.now.map(|now| time::read(&now).ok_or(("now", NOT_A_TIME))).transpose()?;
        let advance = self.advance.map(|text| read_duration(&text).ok_or(("advance", NOT_A_DURATION))).transpose()?;
        let speed = self.speed.map(|speed| Speed::new(speed).ok_or(("speed", NOT_A_SPEED))).transpose()?;
        Ok(ClockSetting { now, advance, speed, stopped: self.stopped })
    }
}

const NOT_A_TIME: &str = r#"must be a time, as in {"now": "2026-12-01T09:00:00Z"}"#;
const NOT_A_DURATION: &str = r#"must be a duration that is not negative, as in {"advance": "2h 30m"}"#;
const NOT_A_SPEED: &str = r#"must be a whole number from 1 to 1000000, as in {"speed": 60}"#;
const NOT_A_CHANGE: &str = r#"must have some of `now`, `advance`, `speed` and `stopped`, as in {"advance": "1h"}"#;

async fn clock(State(sandbox): State<SandboxState>, body: Bytes) -> Response<Body> {
    let Ok(text) = serde_json::from_slice::<ClockText>(&body) else {
        return bad("clock", NOT_A_CHANGE);
    };
    let change = match text.read() {
        Ok(change) => change,
        Err((property, violation)) => return bad(property, violation),
    };
    match sandbox.change_clock(change).await {
        Ok(Ok(_)) => shown(&sandbox, sandbox.counts()),
        Ok(Err(ClockRefusal::Back)) => bad("now", "must not be before the time of the sandbox"),
        Ok(Err(ClockRefusal::Twice)) => bad("advance", "must not be there beside `now`"),
        Ok(Err(ClockRefusal::TooFar)) => bad("now", "must be before the year 9998"),
        Err(_) => Answer::error(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    }
}

fn bad(property: &str, violation: &str) -> Response<Body> {
    let violation = Violation { property: property.to_owned(), violation: violation.to_owned() };
    Answer::bad_request(&answer::bad_request(vec![violation])).into_response()
}
