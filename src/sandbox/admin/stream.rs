//! `GET /sandbox/events`: what happens, as it happens, as server-sent events. Who reads too slowly is told how much was
//! lost, and let go.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream, StreamExt as _};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::sandbox::events::SandboxEvent;
use crate::sandbox::state::SandboxState;

/// Somebody who listens; nobody any more, once they were let go.
type Listening = Option<(Receiver<Arc<SandboxEvent>>, SandboxState)>;

/// Tells all that happens from now on.
pub(super) async fn events(State(sandbox): State<SandboxState>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listening: Listening = Some((sandbox.listen(), sandbox));
    // The first line comes at once: whoever has read it misses nothing from then on.
    let first = stream::once(async { Event::default().comment("listening") });
    let events = first.chain(stream::unfold(listening, next)).map(Ok);
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn next(listening: Listening) -> Option<(Event, Listening)> {
    let (mut events, sandbox) = listening?;
    let event = tokio::select! {
        event = events.recv() => event,
        () = sandbox.tracker().watch().closed() => return None,
    };
    match event {
        Ok(event) => Some((written(&event), Some((events, sandbox)))),
        Err(RecvError::Lagged(lost)) => {
            let data = json!({ "lost": lost }).to_string();
            Some((Event::default().event("lost").data(data), None))
        }
        Err(RecvError::Closed) => None,
    }
}

fn written(event: &SandboxEvent) -> Event {
    // Plain data is written as JSON, and JSON has no line ends.
    let data = serde_json::to_string(event).unwrap_or_default();
    Event::default().id(event.id.to_string()).event(event.what.name()).data(data)
}
