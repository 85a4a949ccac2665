//! `GET /instagram/1/logs`.

use axum::http::StatusCode;
use url::form_urlencoded;

use super::answer::Answer;
use super::model::{answer, query};
use super::state::SandboxState;

/// Answers a query of the logs.
pub(super) async fn take_in(sandbox: &SandboxState, raw: &str) -> Answer {
    if let Err(seconds) = sandbox.throttle() {
        return Answer::too_many(seconds);
    }
    let pairs: Vec<_> = form_urlencoded::parse(raw.as_bytes()).collect();
    let query = match query::read(pairs.iter().map(|(name, value)| (&**name, &**value))) {
        Ok(query) => query,
        Err(violations) => return Answer::bad_request(&answer::bad_request(violations)),
    };
    match sandbox.store().logs(query, sandbox.now(), sandbox.options().choices.unsent_in_logs).await {
        Ok(logs) => Answer::ok(&logs),
        Err(_) => Answer::error(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
