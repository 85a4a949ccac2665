//! What the queries of the API's paths ask for, and the answers of `GET /instagram/1/logs` and `GET /instagram/1/reports`.

use std::borrow::Cow;

use axum::http::{HeaderName, StatusCode};
use url::form_urlencoded;

use super::answer::Answer;
use super::events::SandboxEventKind;
use super::model::violations::ViolationList;
use super::model::{query, reports};
use super::state::SandboxState;
use crate::wire::SANDBOX_CHANNEL_HEADER;
use crate::wire::choices::UnknownFieldRule;
use crate::wire::response::DeliveryReports;

/// A name and a value of a query.
type QueryPair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// Reads a query by the sandbox's rule for what nobody knows.
fn asked<Q>(
    sandbox: &SandboxState,
    raw: &str,
    read: impl FnOnce(&[(&str, &str)], UnknownFieldRule) -> Result<Q, ViolationList>,
) -> Result<Q, ViolationList> {
    let pairs: Vec<QueryPair<'_>> = form_urlencoded::parse(raw.as_bytes()).collect();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
    read(&pairs, sandbox.options().choices.unknown_fields)
}

/// The answer to a send with parameters, if they are to be refused: the API has none there.
pub(super) fn refused_send(sandbox: &SandboxState, raw: &str) -> Option<Answer> {
    asked(sandbox, raw, |pairs, rule| query::read_none(pairs.iter().copied(), rule)).err().map(Answer::refusal)
}

/// Answers a query of the reports.
pub(super) async fn reports(sandbox: &SandboxState, raw: &str) -> Answer {
    let query = match asked(sandbox, raw, |pairs, rule| reports::read(pairs.iter().copied(), rule)) {
        Ok(query) => query,
        Err(found) => return Answer::refusal(found),
    };
    match sandbox.store().reports(query, sandbox.now()).await {
        Ok(results) => {
            if !results.is_empty() {
                sandbox.tell(|| SandboxEventKind::Pulled { reports: results.len() });
            }
            sandbox.tell_damage();
            Answer::ok(&DeliveryReports { results })
        }
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error),
    }
}

/// Answers a query of the logs.
pub(super) async fn logs(sandbox: &SandboxState, raw: &str) -> Answer {
    if let Err(seconds) = sandbox.throttle() {
        return Answer::too_many(seconds);
    }
    let query = match asked(sandbox, raw, |pairs, rule| query::read(pairs.iter().copied(), rule)) {
        Ok(query) => query,
        Err(found) => return Answer::refusal(found),
    };
    let found = sandbox.store().logs(query, sandbox.now(), sandbox.options().choices.unsent_in_logs).await;
    sandbox.tell_damage();
    match found {
        Ok((logs, None)) => Answer::ok(&logs),
        Ok((logs, Some(until))) => {
            Answer::ok(&logs).header(HeaderName::from_static(SANDBOX_CHANNEL_HEADER), &until.to_string())
        }
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error),
    }
}
