//! `GET /sandbox/wait`: the counts, as soon as they are as wanted. Nothing is polled: whatever changes wakes it, and where
//! only time is missing it sleeps until then.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sandbox::answer::Answer;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::progress::Progress;
use crate::sandbox::request_tracker::RequestCounts;
use crate::sandbox::state::SandboxState;
use crate::timing::read_duration;
use crate::wire::time::serde_instant;

/// How long it waits at most, and if nothing is said.
const TIMEOUT_MAX: Duration = Duration::from_mins(10);
/// How long it sleeps at most, and at least, where only time is missing.
const SLEEP_MAX: Duration = Duration::from_hours(1);
const SLEEP_MIN: Duration = Duration::from_millis(1);

/// What is waited for besides the counts of requests.
#[derive(Deserialize)]
pub(super) struct MoreConditions {
    /// So many messages have left.
    sent: Option<u64>,
    /// So many have ended.
    #[serde(rename = "final")]
    ended: Option<u64>,
    /// 1: no request is being served or held.
    idle: Option<u8>,
    /// How long.
    timeout: Option<String>,
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

/// Waits until the counts of requests are as wanted, and the rest is, and answers.
pub(super) async fn until(
    sandbox: &SandboxState,
    more: &MoreConditions,
    are_reached: impl Fn(&RequestCounts) -> bool,
) -> Response<Body> {
    let Some(timeout) = more.timeout.as_deref().map_or(Some(TIMEOUT_MAX), timeout) else {
        return Answer::violation("timeout", "must be a duration of at most 10 minutes, as in 30s").into_response();
    };
    let deadline = tokio::time::sleep(timeout);
    tokio::pin!(deadline);
    loop {
        // What changes from here on is not missed.
        let mut watch = sandbox.tracker().watch();
        let Ok(look) = look(sandbox, more, &are_reached).await else {
            return Answer::error(StatusCode::INTERNAL_SERVER_ERROR).into_response();
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

async fn look(
    sandbox: &SandboxState,
    more: &MoreConditions,
    are_reached: &impl Fn(&RequestCounts) -> bool,
) -> Result<WaitLook, SandboxError> {
    let MoreConditions { sent, ended, idle, .. } = more;
    let wanted = Progress { sent: sent.unwrap_or_default(), ended: ended.unwrap_or_default() };
    let seen = match (sent, ended) {
        (None, None) => None,
        (Some(_), _) | (_, Some(_)) => Some(sandbox.store().progress(sandbox.now(), wanted).await?),
    };
    let missing = seen.filter(|seen| !seen.counted.reaches(wanted));
    let (now, counts) = (sandbox.now(), sandbox.counts());
    let is_idle = *idle != Some(1) || (counts.in_flight == 0 && counts.held == 0);
    let [sent, ended] = [
        seen.filter(|_| sent.is_some()).map(|seen| seen.counted.sent),
        seen.filter(|_| ended.is_some()).map(|seen| seen.counted.ended),
    ];
    Ok(WaitLook {
        is_reached: missing.is_none() && is_idle && are_reached(&counts),
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
