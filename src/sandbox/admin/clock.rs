//! `POST /sandbox/clock`: how the sandbox's clock is moved, and how it runs.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use jiff::{SignedDuration, Span, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::parameters::{DoorBody, DoorText, ONE_OR_ZERO};
use super::shown;
use crate::sandbox::answer::Answer;
use crate::sandbox::clock::{ClockRefusal, ClockSetting, Speed};
use crate::sandbox::state::SandboxState;
use crate::timing::read_duration;
use crate::wire::time;

/// A change of the clock as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ClockText {
    #[serde(deserialize_with = "instant")]
    now: Option<Timestamp>,
    #[serde(deserialize_with = "duration")]
    advance: Option<SignedDuration>,
    #[serde(deserialize_with = "speed")]
    speed: Option<Speed>,
    stopped: Option<bool>,
    /// Whether to wait until it has come there.
    #[serde(rename = "wait", deserialize_with = "one_or_zero")]
    waits: Option<bool>,
}

impl DoorText for ClockText {
    const AS_IN: Option<&'static str> = Some(r#"{"advance": "2h 30m"}"#);
}

const NOT_A_TIME: &str = r#"must be a time, as in {"now": "2026-12-01T09:00:00Z"}"#;
const NOT_A_DURATION: &str = r#"must be a duration that is not negative, as in {"advance": "2h 30m"}"#;
const NO_CALENDAR: &str =
    r#"must be in weeks, days or less: months and years have no length of their own, as in {"advance": "365d"}"#;
const NOT_A_SPEED: &str = r#"must be a whole number from 1 to 1000000, as in {"speed": 60}"#;
const NOT_A_CHANGE: &str =
    r#"must have some of `now`, `advance`, `speed` and `stopped`, and may have `wait`, as in {"advance": "1h"}"#;

/// Reads what may be absent, or says what is wanted: also of what is of another type.
fn read<'de, D: Deserializer<'de>, R: Deserialize<'de>, T>(
    deserializer: D,
    wanted: &'static str,
    take: impl FnOnce(R) -> Result<T, &'static str>,
) -> Result<Option<T>, D::Error> {
    let written = Option::<R>::deserialize(deserializer).map_err(|_| D::Error::custom(wanted))?;
    written.map(take).transpose().map_err(D::Error::custom)
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    read(deserializer, NOT_A_TIME, |text: String| time::read(&text).ok_or(NOT_A_TIME))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SignedDuration>, D::Error> {
    read(deserializer, NOT_A_DURATION, |text: String| read_duration(&text).ok_or_else(|| no_duration(&text)))
}

fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Speed>, D::Error> {
    read(deserializer, NOT_A_SPEED, |speed| Speed::new(speed).ok_or(NOT_A_SPEED))
}

fn one_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    read(deserializer, ONE_OR_ZERO, |number: u8| match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(ONE_OR_ZERO),
    })
}

/// Why a text is no duration: one that jiff can read, but that has no length of its own, is of months or years.
fn no_duration(text: &str) -> &'static str {
    let span = text.trim().parse::<Span>();
    if span.is_ok_and(|span| span.get_years() != 0 || span.get_months() != 0) { NO_CALENDAR } else { NOT_A_DURATION }
}

/// Changes the clock, and answers once it is there, unless nobody is to wait for that.
pub(super) async fn change(
    State(sandbox): State<SandboxState>,
    DoorBody(ClockText { now, advance, speed, stopped, waits }): DoorBody<ClockText>,
) -> Response<Body> {
    let change = ClockSetting { now, advance, speed, stopped };
    if change == ClockSetting::default() {
        return Answer::violation("body", NOT_A_CHANGE).into_response();
    }
    let moved_by = if change.advance.is_some() { "advance" } else { "now" };
    let changed = match sandbox.postman().filter(|_| waits == Some(false)) {
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
