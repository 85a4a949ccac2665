//! `GET /sandbox/wait`: the counts, as soon as they are as wanted. Nothing is polled: whatever changes wakes it, and where
//! only time is missing it sleeps until then.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::parameters::{DoorQuery, Switch};
use crate::sandbox::answer::Answer;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::progress::MessageProgress;
use crate::sandbox::request_tracker::RequestCounts;
use crate::sandbox::state::SandboxState;
use crate::timing::read_duration;
use crate::wire::time::serde_instant;

/// How long it waits at most, and if nothing is said.
const TIMEOUT_MAX: Duration = Duration::from_mins(10);
/// How long it sleeps at most, and at least, where only time is missing.
const SLEEP_MAX: Duration = Duration::from_hours(1);
const SLEEP_MIN: Duration = Duration::from_millis(1);

/// What is waited for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitCondition {
    held: Option<u64>,
    requests: Option<u64>,
    queries: Option<u64>,
    reports: Option<u64>,
    bulks: Option<u64>,
    accepted: Option<u64>,
    webhooks: Option<u64>,
    /// So many messages have left.
    sent: Option<u64>,
    /// So many have ended.
    #[serde(rename = "final")]
    ended: Option<u64>,
    /// 1: no request is being served or held.
    #[serde(default)]
    idle: Switch,
    /// How long.
    timeout: Option<String>,
}

impl WaitCondition {
    fn is_reached(&self, counts: &RequestCounts) -> bool {
        let reached = |wanted: Option<u64>, count| wanted.is_none_or(|wanted| count >= wanted);
        let held = if self.held == Some(0) { counts.held == 0 } else { reached(self.held, counts.held) };
        let is_idle = !self.idle.0 || (counts.in_flight == 0 && counts.held == 0);
        held && is_idle
            && reached(self.requests, counts.requests)
            && reached(self.queries, counts.queries)
            && reached(self.reports, counts.reports)
            && reached(self.bulks, counts.bulks)
            && reached(self.accepted, counts.accepted)
            && reached(self.webhooks, counts.webhooks)
    }
}

/// What has come to pass.
#[derive(Serialize)]
struct Reached {
    #[serde(with = "serde_instant")]
    now: Timestamp,
    #[serde(flatten)]
    counts: RequestCounts,
    /// How many messages have left, if that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<u64>,
    /// How many have ended, if that is asked.
    #[serde(rename = "final", skip_serializing_if = "Option::is_none")]
    ended: Option<u64>,
}

/// One look at everything.
struct WaitLook {
    reached: Reached,
    is_reached: bool,
    /// When it will be by time alone, as far as is known now.
    at: Option<Timestamp>,
}

/// Waits until everything is as wanted, and answers.
pub(super) async fn until(
    State(sandbox): State<SandboxState>,
    DoorQuery(wanted): DoorQuery<WaitCondition>,
) -> Response<Body> {
    let Some(timeout) = wanted.timeout.as_deref().map_or(Some(TIMEOUT_MAX), timeout) else {
        return Answer::violation("timeout", "must be a duration of at most 10 minutes, as in 30s").into_response();
    };
    let deadline = tokio::time::sleep(timeout);
    tokio::pin!(deadline);
    loop {
        // What changes from here on is not missed.
        let mut watch = sandbox.tracker().watch();
        let look = match look(&sandbox, &wanted).await {
            Ok(look) => look,
            Err(error) => return sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
        };
        if look.is_reached {
            return Answer::ok(&look.reached).into_response();
        }
        let real = look.at.and_then(|at| sandbox.clock().real_until(at));
        let time = tokio::time::sleep(real.unwrap_or(SLEEP_MAX).clamp(SLEEP_MIN, SLEEP_MAX));
        tokio::select! {
            changed = watch.changed() => {
                if changed.is_err() {
                    return Answer::error(StatusCode::SERVICE_UNAVAILABLE).into_response();
                }
            }
            () = time => {}
            () = &mut deadline => return Answer::json(StatusCode::REQUEST_TIMEOUT, &look.reached).into_response(),
        }
    }
}

async fn look(sandbox: &SandboxState, condition: &WaitCondition) -> Result<WaitLook, SandboxError> {
    let WaitCondition { sent, ended, .. } = condition;
    let wanted = MessageProgress { sent: sent.unwrap_or_default(), ended: ended.unwrap_or_default() };
    let seen = match (sent, ended) {
        (None, None) => None,
        (Some(_), _) | (_, Some(_)) => Some(sandbox.store().progress(sandbox.now(), wanted).await?),
    };
    let missing = seen.filter(|seen| !seen.counted.reaches(wanted));
    let (now, counts) = (sandbox.now(), sandbox.counts());
    let [sent, ended] = [
        seen.filter(|_| sent.is_some()).map(|seen| seen.counted.sent),
        seen.filter(|_| ended.is_some()).map(|seen| seen.counted.ended),
    ];
    Ok(WaitLook {
        is_reached: missing.is_none() && condition.is_reached(&counts),
        at: missing.and_then(|missing| missing.when),
        reached: Reached { now, counts, sent, ended },
    })
}

/// Reads how long to wait: `30s`, `2m`, or a number of seconds.
fn timeout(text: &str) -> Option<Duration> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    let duration = seconds.or_else(|| Duration::try_from(read_duration(text)?).ok());
    duration.filter(|duration| *duration <= TIMEOUT_MAX)
}
