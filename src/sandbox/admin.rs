//! The routes under `/sandbox/`, for testers and for people who look on:
//!
//! - `GET state`: the time and the counts.
//! - `GET wait?held=1&requests=2&queries=1&reports=1&bulks=1&accepted=1000&webhooks=1`: the same, as soon as all of these
//!   are reached; `held=0` waits until none is held. So do `sent=…` and `final=…` for messages that have left and ended,
//!   `idle=1` until no request is being served; `timeout=30s` answers 408 if that is over first.
//! - `GET messages?bulkId=…&messageId=…&to=…&sender=…&campaignReferenceId=…&state=…&q=…&limit=…&cursor=…`: accepted and
//!   rejected messages, with their texts and where they are now, the oldest first; `nextCursor` leads to the next page.
//! - `GET messages/{id}`: the whole life of a message; `POST messages/{id}/outcome {"status": 9, "error": 7002}`: how it
//!   is to end.
//! - `GET campaigns`: what became of everything, by campaign and sender.
//! - `GET requests?status=4xx&method=…&path=…&bulkId=…&outcome=…&bodies=1&count=1&limit=…&cursor=…`: the requests to the
//!   API, those that were refused too, with their answers, the newest first.
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
mod clock;
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
use serde::Serialize;
use serde_json::json;

use faults::FaultsAsked;
use inbound::InboundText;
use parameters::{BODY_MAX, DoorBody, DoorText, Nothing, takes_no_query};

use super::answer::Answer;
use super::auth;
use super::local;
use super::model::rules::ChannelRules;
use super::request_tracker::RequestCounts;
use super::state::SandboxState;
use super::webhooks::{DamagedWork, Postman};
use crate::wire::time::serde_instant;

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
        .route("/clock", get(whole::clock).post(clock::change))
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
        Exposure::ThisMachine => Ok(()),
        Exposure::Others => auth::check_master(shown, &options.credentials),
    };
    if !local::is_from_here(headers, &options.hosts) {
        return Answer::kept_out("Origin", NOT_FROM_HERE).into_response();
    }
    if local::is_push(headers) {
        return Answer::kept_out(local::PUSH_HEADER, NOT_FOR_PUSHES).into_response();
    }
    match may {
        Ok(()) => next.run(request).await,
        Err(denied) => Answer::denied(&denied).into_response(),
    }
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

async fn set_faults(State(sandbox): State<SandboxState>, DoorBody(asked): DoorBody<FaultsAsked>) -> Response<Body> {
    match faults::play(&sandbox, &asked) {
        Ok(()) => shown(&sandbox, sandbox.counts()),
        Err(violation) => Answer::violated(&violation).into_response(),
    }
}

async fn release(State(sandbox): State<SandboxState>, _: DoorBody<Nothing>) -> Response<Body> {
    Answer::ok(&json!({ "released": sandbox.release() })).into_response()
}

async fn rules(State(sandbox): State<SandboxState>) -> Response<Body> {
    Answer::ok(sandbox.store().inputs().latest_rules()).into_response()
}

const NO_ROOM: &str = "all rules that held until now are kept and take too much room: POST /sandbox/reset forgets them";

impl DoorText for ChannelRules {
    const AS_IN: Option<&'static str> =
        Some(r#"{"rules": [{"outcome": "unknownPerson", "ids": ["17841400000000001"]}]}"#);
}

async fn set_rules(State(sandbox): State<SandboxState>, DoorBody(rules): DoorBody<ChannelRules>) -> Response<Body> {
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

async fn inbound(State(sandbox): State<SandboxState>, DoorBody(act): DoorBody<InboundText>) -> Response<Body> {
    match inbound::play(&sandbox, act).await {
        Ok(()) => shown(&sandbox, sandbox.counts()),
        Err(answer) => answer.into_response(),
    }
}
