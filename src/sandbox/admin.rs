//! The routes under `/sandbox/`, for testers and for people who look on:
//!
//! - `GET state`: the time and the counts.
//! - `GET wait?held=1&requests=2&queries=1&bulks=1&accepted=1000&webhooks=1`: the same, as soon as all of these are
//!   reached; `held=0` waits until none is held. So do `sent=…` and `final=…` for messages that have left and ended,
//!   `idle=1` until no request is being served; `timeout=30s` answers 408 if that is over first.
//! - `GET messages?bulkId=…&messageId=…&to=…&sender=…&campaignReferenceId=…&state=…&q=…&limit=…&cursor=…`: accepted and
//!   rejected messages, with their texts and where they are now, the oldest first; `nextCursor` leads to the next page.
//! - `GET messages/{id}`: the whole life of a message; `POST messages/{id}/outcome {"status": 9, "error": 7002}`: how it
//!   is to end.
//! - `GET campaigns`: what became of everything, by campaign and sender.
//! - `GET requests?status=4xx&path=…&outcome=…&bodies=1&count=1&limit=…&cursor=…`: the requests to the API, those that
//!   were refused too, the newest first.
//! - `GET events`: what happens, as server-sent events.
//! - `GET health`, `GET clock`, `GET conversations`, `POST reset`.
//! - `GET faults`, `PUT faults {"faults": ["429*2", …]}` (or `POST`), `DELETE faults`: which faults are played, and what is
//!   left of each.
//! - `POST release`: lets all held requests go on.
//! - `GET rules`, `PUT rules {…}`: how the channel behaves, from now on.
//! - `POST inbound {"from": "…", "to": "…", "text": "…"}`: a person writes to a sender, which may write back for 24
//!   hours; with `"act"` they do something else.
//! - `GET webhooks?state=…&bulkId=…&messageId=…&limit=…&cursor=…`: what was posted by itself, with its tries;
//!   `POST webhooks/{n}/retry` posts it once more.
//! - `POST clock {"now": "2026-12-01T09:00:00Z"}` or `{"advance": "2h 30m"}`: moves the clock forward;
//!   `{"speed": 60}` and `{"stopped": true}` set how it runs. What is due until then is posted first; with `"wait": 0`
//!   the answer comes at once.

mod campaigns;
mod faults;
mod inbound;
mod message;
mod messages;
mod page;
mod paging;
mod parameters;
mod requests;
mod shown;
mod stream;
mod wait;
mod webhooks;
mod whole;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{Response, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use parameters::{BODY_MAX, DoorBody, ONE_OR_ZERO, takes_no_query};

use super::answer::Answer;
use super::auth;
use super::clock::{ClockRefusal, ClockSetting, Speed};
use super::local;
use super::model::rules::ChannelRules;
use super::reading::{self, Misread};
use super::request_tracker::RequestCounts;
use super::state::SandboxState;
use super::webhooks::{DamagedWork, Postman};
use crate::timing::read_duration;
use crate::wire::time::{self, serde_instant};

/// The routes, without their prefix.
pub(super) fn router(sandbox: SandboxState, reach: Exposure) -> Router<SandboxState> {
    let without_parameters = Router::new()
        .route("/state", get(state))
        .route("/messages/{id}/outcome", post(message::tell_outcome))
        .route("/campaigns", get(campaigns::overview))
        .route("/rules", get(rules).put(set_rules))
        .route("/inbound", post(inbound))
        .route("/events", get(stream::events))
        .route("/health", get(whole::health))
        .route("/reset", post(whole::reset))
        .route("/faults", get(faults::show).put(faults::replace).delete(faults::clear).post(set_faults))
        .route("/webhooks/{number}/retry", post(webhooks::retry))
        .route("/release", post(release))
        .route("/clock", get(whole::clock).post(clock))
        .route_layer(from_fn(takes_no_query));
    Router::new()
        .route("/wait", get(wait::until))
        .route("/messages", get(messages::list))
        .route("/messages/{id}", get(message::show))
        .route("/requests", get(requests::list))
        .route("/conversations", get(whole::conversations))
        .route("/webhooks", get(webhooks::list))
        .merge(without_parameters)
        .fallback(async || no_door())
        .method_not_allowed_fallback(async || {
            Answer::refused(StatusCode::METHOD_NOT_ALLOWED, "method", NO_METHOD).into_response()
        })
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(Door { sandbox, reach }, let_in))
}

/// What is answered where there is no door.
pub(super) fn no_door() -> Response<Body> {
    Answer::not_found("path", "must be that of a door: GET / shows all of them").into_response()
}

const NO_METHOD: &str = "must be one that the header `Allow` names";

/// The first page, at the root.
pub(super) fn page_router(sandbox: SandboxState, reach: Exposure) -> Router<SandboxState> {
    Router::new().route("/", get(page::page)).layer(from_fn_with_state(Door { sandbox, reach }, let_in))
}

/// Lets in who is at this machine. If the sandbox is reached from others too, only who may do everything.
async fn let_in(State(door): State<Door>, request: Request, next: Next) -> Response<Body> {
    let options = door.sandbox.options();
    let headers = request.headers();
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let may = match door.reach {
        Exposure::ThisMachine => true,
        Exposure::Others => auth::is_master(shown, &options.credentials),
    };
    if !local::is_from_here(headers, &options.hosts) {
        return Answer::kept_out("Origin", NOT_FROM_HERE).into_response();
    }
    if local::is_push(headers) {
        return Answer::kept_out(local::PUSH_HEADER, NOT_FOR_PUSHES).into_response();
    }
    if may { next.run(request).await } else { Answer::error(StatusCode::FORBIDDEN).into_response() }
}

/// Why a door stays shut.
const NOT_FROM_HERE: &str =
    "must be absent, or a page of this machine (localhost, 127.0.0.1, [::1]) or of a name given by `--host`";
const NOT_FOR_PUSHES: &str = "must be absent: what a sandbox posts by itself opens no door";

/// From where a sandbox is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    /// From this machine only.
    ThisMachine,
    /// From other machines too.
    Others,
}

#[derive(Debug, Clone)]
struct Door {
    sandbox: SandboxState,
    reach: Exposure,
}

#[derive(Serialize)]
struct ShownMessage {
    #[serde(with = "serde_instant")]
    now: Timestamp,
    /// `advancing` while its clock is being moved and what was due on the way is posted, else `ready`.
    status: &'static str,
    #[serde(flatten)]
    counts: RequestCounts,
    /// What of its books cannot be read.
    #[serde(skip_serializing_if = "DamagedWork::is_none")]
    damaged: DamagedWork,
}

fn shown(sandbox: &SandboxState, counts: RequestCounts) -> Response<Body> {
    let is_advancing = sandbox.postman().is_some_and(Postman::is_advancing);
    let status = if is_advancing { "advancing" } else { "ready" };
    Answer::ok(&ShownMessage { now: sandbox.now(), status, counts, damaged: sandbox.damage() }).into_response()
}

async fn state(State(sandbox): State<SandboxState>) -> Response<Body> {
    shown(&sandbox, sandbox.counts())
}

async fn set_faults(State(sandbox): State<SandboxState>, DoorBody(body): DoorBody) -> Response<Body> {
    match faults::read(&body) {
        Ok(faults) => {
            sandbox.set_faults(faults);
            shown(&sandbox, sandbox.counts())
        }
        Err(violation) => Answer::violation("faults", &violation).into_response(),
    }
}

async fn release(State(sandbox): State<SandboxState>) -> Response<Body> {
    Answer::ok(&json!({ "released": sandbox.release() })).into_response()
}

async fn rules(State(sandbox): State<SandboxState>) -> Response<Body> {
    Answer::ok(sandbox.store().inputs().latest_rules()).into_response()
}

const NO_ROOM: &str = "all rules that held until now are kept and take too much room: POST /sandbox/reset forgets them";

/// The answer to rules that cannot be read.
fn misread_rules(misread: &Misread) -> Answer {
    let property = if misread.property.is_empty() { "rules" } else { &misread.property };
    Answer::violation(property, &misread.violation)
}

async fn set_rules(State(sandbox): State<SandboxState>, DoorBody(body): DoorBody) -> Response<Body> {
    let rules: ChannelRules = match reading::json(&body) {
        Ok(rules) => rules,
        Err(misread) => return misread_rules(&misread).into_response(),
    };
    if let Some(fault) = rules.fault() {
        return Answer::violation("rules", &fault).into_response();
    }
    if !sandbox.store().inputs().has_room_for(&rules) {
        return Answer::conflict("rules", NO_ROOM).into_response();
    }
    match sandbox.set_rules(rules).await {
        Ok(()) => shown(&sandbox, sandbox.counts()),
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
}

async fn inbound(State(sandbox): State<SandboxState>, DoorBody(body): DoorBody) -> Response<Body> {
    match inbound::play(&sandbox, &body).await {
        Ok(()) => shown(&sandbox, sandbox.counts()),
        Err(answer) => answer.into_response(),
    }
}

/// A change of the clock as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockText {
    now: Option<String>,
    advance: Option<String>,
    speed: Option<u32>,
    stopped: Option<bool>,
    /// Whether to wait until it has come there: 0 is no.
    wait: Option<u8>,
}

impl ClockText {
    fn read(self) -> Result<ClockSetting, (&'static str, &'static str)> {
        let now = self.now.map(|now| time::read(&now).ok_or(("now", NOT_A_TIME))).transpose()?;
        let advance =
            self.advance.map(|text| read_duration(&text).ok_or_else(|| ("advance", no_duration(&text)))).transpose()?;
        let speed = self.speed.map(|speed| Speed::new(speed).ok_or(("speed", NOT_A_SPEED))).transpose()?;
        Ok(ClockSetting { now, advance, speed, stopped: self.stopped })
    }
}

const NOT_A_TIME: &str = r#"must be a time, as in {"now": "2026-12-01T09:00:00Z"}"#;
const NOT_A_DURATION: &str = r#"must be a duration that is not negative, as in {"advance": "2h 30m"}"#;
const NO_CALENDAR: &str =
    r#"must be in weeks, days or less: months and years have no length of their own, as in {"advance": "365d"}"#;
const NOT_A_SPEED: &str = r#"must be a whole number from 1 to 1000000, as in {"speed": 60}"#;
const NOT_A_CHANGE: &str =
    r#"must have some of `now`, `advance`, `speed` and `stopped`, and may have `wait`, as in {"advance": "1h"}"#;

/// Why a text is no duration: one that jiff can read, but that has no length of its own, is of months or years.
fn no_duration(text: &str) -> &'static str {
    let span = text.trim().parse::<jiff::Span>();
    if span.is_ok_and(|span| span.get_years() != 0 || span.get_months() != 0) { NO_CALENDAR } else { NOT_A_DURATION }
}

/// The answer to a change that cannot be read.
fn misread_clock(misread: &Misread) -> Answer {
    let wanted = match misread.property.as_str() {
        "now" => NOT_A_TIME,
        "advance" => NOT_A_DURATION,
        "speed" => NOT_A_SPEED,
        "" => return Answer::violation("body", &format!("{}; it {NOT_A_CHANGE}", misread.violation)),
        property => return Answer::violation(property, &misread.violation),
    };
    Answer::violation(&misread.property, wanted)
}

async fn clock(State(sandbox): State<SandboxState>, DoorBody(body): DoorBody) -> Response<Body> {
    let text = match reading::json::<ClockText>(&body) {
        Ok(text) => text,
        Err(misread) => return misread_clock(&misread).into_response(),
    };
    let has_time = match text.wait {
        None | Some(1) => true,
        Some(0) => false,
        Some(_) => return Answer::violation("wait", ONE_OR_ZERO).into_response(),
    };
    let change = match text.read() {
        Ok(change) if change == ClockSetting::default() => {
            return Answer::violation("body", NOT_A_CHANGE).into_response();
        }
        Ok(change) => change,
        Err((property, violation)) => return Answer::violation(property, violation).into_response(),
    };
    let moved_by = if change.advance.is_some() { "advance" } else { "now" };
    let changed = match sandbox.postman().filter(|_| !has_time) {
        Some(postman) => postman.begin_change(change).await,
        None => sandbox.change_clock(change).await.map(|changed| changed.map(drop)),
    };
    match changed {
        Ok(Ok(())) => shown(&sandbox, sandbox.counts()),
        Ok(Err(ClockRefusal::Back)) => {
            Answer::violation("now", "must not be before the time of the sandbox").into_response()
        }
        Ok(Err(ClockRefusal::Twice)) => Answer::violation("advance", "must not be there beside `now`").into_response(),
        Ok(Err(ClockRefusal::TooFar)) => {
            Answer::violation(moved_by, "leads too far: the clock must stay before the year 9998").into_response()
        }
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
}
