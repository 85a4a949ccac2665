//! `GET /instagram/1/logs` and `GET /instagram/1/reports`.

use axum::http::StatusCode;
use url::form_urlencoded;

use super::answer::Answer;
use super::error::SandboxError;
use super::model::{query, reports};
use super::state::SandboxState;
use crate::wire::response::DeliveryReports;

/// Answers a query of the reports.
pub(super) async fn reports(sandbox: &SandboxState, raw: &str) -> Answer {
    let pairs: Vec<_> = form_urlencoded::parse(raw.as_bytes()).collect();
    let query = match reports::read(pairs.iter().map(|(name, value)| (&**name, &**value))) {
        Ok(query) => query,
        Err(found) => return Answer::refusal(found),
    };
    match sandbox.store().reports(query, sandbox.now()).await {
        Ok(results) => {
            sandbox.tell_damage();
            Answer::ok(&DeliveryReports { results })
        }
        Err(error) => unread(sandbox, &error),
    }
}

/// Answers a query of the logs.
pub(super) async fn logs(sandbox: &SandboxState, raw: &str) -> Answer {
    if let Err(seconds) = sandbox.throttle() {
        return Answer::too_many(seconds);
    }
    let pairs: Vec<_> = form_urlencoded::parse(raw.as_bytes()).collect();
    let query = match query::read(pairs.iter().map(|(name, value)| (&**name, &**value))) {
        Ok(query) => query,
        Err(found) => return Answer::refusal(found),
    };
    match sandbox.store().logs(query, sandbox.now(), sandbox.options().choices.unsent_in_logs).await {
        Ok(logs) => {
            sandbox.tell_damage();
            Answer::ok(&logs)
        }
        Err(error) => unread(sandbox, &error),
    }
}

/// The answer to whoever asks for what cannot be read: where that is a damaged bulk that they have named, they are told.
fn unread(sandbox: &SandboxState, error: &SandboxError) -> Answer {
    if matches!(error, SandboxError::Damaged { .. }) {
        return sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, error);
    }
    sandbox.note_trouble(error);
    Answer::error(StatusCode::INTERNAL_SERVER_ERROR)
}
