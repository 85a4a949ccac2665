//! `GET /sandbox/messages/{id}`: the whole life of a message; and `POST /sandbox/messages/{id}/outcome`: how it is to end.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::messages::{NOT_A_CURSOR, PagePlace};
use super::paging::{PAGE_MAX, PageRows};
use super::parameters::{DoorBody, DoorPath, DoorQuery, DoorText};
use super::shown::{MessageShown, name};
use super::webhooks::{self, PushShown};
use crate::sandbox::answer::Answer;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::status::{self, Ending};
use crate::sandbox::model::steps::{LifeStep, steps};
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::{BulkFilter, OutcomeRefusal};
use crate::wire::channel::ChannelPrice;
use crate::wire::response::{MessageError, Status};
use crate::wire::time::serde_instant;

/// A message with its whole life.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageLife<'a> {
    #[serde(flatten)]
    message: MessageShown<'a>,
    /// Where it was from when on.
    life: Vec<StepShown>,
    /// What it costs; absent as long as it has not left.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<&'a ChannelPrice>,
    /// Whether its delivery report was handed out.
    report_handed_out: bool,
    /// The pushes that have a report of it, with their tries.
    pushes: Vec<PushShown<'a>>,
}

#[derive(Serialize)]
struct StepShown {
    state: &'static str,
    #[serde(with = "serde_instant")]
    at: Timestamp,
    status: Status,
    error: MessageError,
}

impl From<LifeStep> for StepShown {
    fn from(LifeStep { state, at, ending }: LifeStep) -> Self {
        Self { state: name(state), at, status: status::status(ending.status), error: status::error(ending.error) }
    }
}

/// All messages with an id: it may have been accepted more than once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LivesShown {
    messages: PageRows,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LivesFilter {
    cursor: Option<String>,
}

/// Shows all messages with an id.
pub(super) async fn show(
    State(sandbox): State<SandboxState>,
    DoorPath(id): DoorPath,
    DoorQuery(filter): DoorQuery<LivesFilter>,
) -> Response<Body> {
    let Some(place) = PagePlace::asked(filter.cursor.as_deref()) else {
        return Answer::violation("cursor", NOT_A_CURSOR).into_response();
    };
    match lives(&sandbox, id, place).await {
        Ok(shown) if shown.messages.len() == 0 => unknown(),
        Ok(shown) => Answer::ok(&shown).into_response(),
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
}

fn unknown() -> Response<Body> {
    Answer::not_found("messageId", "there is no message with this id").into_response()
}

async fn lives(sandbox: &SandboxState, id: String, place: PagePlace) -> Result<LivesShown, SandboxError> {
    let search = BulkFilter {
        message_id: Some(id.clone()),
        number_min: place.0,
        messages_max: Some(PAGE_MAX + 1),
        ..BulkFilter::default()
    };
    let bulks = sandbox.store().bulks(search).await?;
    let (now, inputs) = (sandbox.now(), sandbox.store().inputs());
    let mut messages = PageRows::new(PAGE_MAX);
    for bulk in &bulks {
        let marks = sandbox.store().handed_out(bulk.header.number).await?;
        let lives = bulk.lives(&inputs);
        for (position, (message, life)) in bulk.table.messages.iter().zip(&lives).enumerate() {
            let at = PagePlace::new(bulk.header.number, position);
            if at < place || message.message_id != id {
                continue;
            }
            let has_left = life.is_charged() && life.sent_at.is_some_and(|sent_at| sent_at <= now);
            let pushes = sandbox.store().pushes_of(bulk.header.number, position).await?;
            let shown = MessageLife {
                message: MessageShown::new(bulk, message, life, now),
                life: steps(bulk, message, life, now).into_iter().map(StepShown::from).collect(),
                price: has_left.then(|| bulk.price(life, &inputs)),
                report_handed_out: marks.has(position),
                pushes: pushes.iter().map(webhooks::show).collect(),
            };
            if !messages.take(&shown) {
                return Ok(LivesShown { messages, next_cursor: Some(at.write()) });
            }
        }
    }
    Ok(LivesShown { messages, next_cursor: None })
}

/// How a message is to end, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutcomeText {
    status: u16,
    error: Option<u16>,
}

impl DoorText for OutcomeText {
    const AS_IN: Option<&'static str> = Some(r#"{"status": 9, "error": 7002}"#);
}

/// Says how a message is to end, from now on.
pub(super) async fn tell_outcome(
    State(sandbox): State<SandboxState>,
    DoorPath(id): DoorPath,
    DoorBody(OutcomeText { status, error }): DoorBody<OutcomeText>,
) -> Response<Body> {
    let ending = match Ending::told(status, error) {
        Ok(ending) => ending,
        Err(violation) => return Answer::violated(&violation).into_response(),
    };
    match sandbox.tell_outcome(id.clone(), ending).await {
        Ok(Ok(())) => show(State(sandbox), DoorPath(id), DoorQuery(LivesFilter::default())).await,
        Ok(Err(OutcomeRefusal::Unknown)) => unknown(),
        Ok(Err(OutcomeRefusal::Ended)) => {
            Answer::conflict("messageId", "the message has ended, and what has happened is never changed")
                .into_response()
        }
        Ok(Err(OutcomeRefusal::Left)) => {
            Answer::conflict("status", "the message has left, and can be rejected no more").into_response()
        }
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
}
