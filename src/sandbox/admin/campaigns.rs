//! `GET /sandbox/campaigns`: what became of everything, by campaign and sender.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use crate::sandbox::answer::Answer;
use crate::sandbox::state::SandboxState;

/// Answers with the overview.
pub(super) async fn overview(State(sandbox): State<SandboxState>) -> Response<Body> {
    match sandbox.store().overview(sandbox.now()).await {
        Ok(overview) => Answer::ok(&overview).into_response(),
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
}
