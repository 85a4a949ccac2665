//! What `apply --events` writes while it sends: one document a line, with numbers and no people.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::{AnswerKind, CutReason, Event, Stopped, Tally, Wait};
use crate::identity::BulkId;
use crate::ledger::ClaimId;

use super::document::{DateTime, Report};

/// Something that happened during an apply.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventReport {
    /// When it happened, on the run's clock.
    #[schemars(with = "DateTime")]
    pub at: Timestamp,
    /// What happened.
    pub event: EventName,
    /// The message, as `CAMPAIGN.MESSAGE`; absent if it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The revision of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// The bulk; absent if it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk_id: Option<String>,
    /// Which claim of the bulk, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How many people are claimed, are somebody else's, or have opted out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
    /// When the gateway is to send what is claimed; absent if at once.
    #[schemars(with = "Option<DateTime>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// How large the body of a request is, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How a request came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerName>,
    /// What became of people: of a claim that is settled, or of all of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<CountsView>,
    /// Into how many bulks the rest of a claim's people go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<u64>,
    /// For how long the run waits before it claims again, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Why the run waits or stops, by a stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The exit code of a run that has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventName {
    /// A claim is durable.
    Claimed,
    /// Another run has people of a bulk.
    ClaimedElsewhere,
    /// A request begins.
    Requested,
    /// A request has come to its end.
    Answered,
    /// A claim has its outcome, or is left in doubt.
    Settled,
    /// People have opted out before they were in a request.
    OptOut,
    /// People's conversation windows would be closed when it is their turn, so that they are in no request.
    WindowClosed,
    /// People's messages would expire before the delivery window opens, so that they are in no request.
    WouldExpire,
    /// The run waits before it claims again.
    Waiting,
    /// Somebody should look at what the apply says at its end.
    Alarm,
    /// The run makes no new claims.
    Stopped,
    /// The apply ends.
    Finished,
}

/// How a request came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AnswerName {
    /// The gateway took it.
    Taken,
    /// Surely nothing was sent.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// What became of people.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CountsView {
    /// How many the gateway accepted.
    pub accepted: u64,
    /// How many the gateway rejected.
    pub rejected: u64,
    /// To how many surely nothing was sent.
    pub refused: u64,
    /// How many are in doubt.
    pub in_doubt: u64,
    /// How many were in no request.
    pub not_attempted: u64,
    /// How many another run has claimed.
    pub claimed_elsewhere: u64,
    /// How many have opted out.
    pub suppressed: u64,
    /// How many people's conversation windows would have been closed.
    pub window_closed: u64,
    /// How many people's messages would have expired.
    pub would_expire: u64,
}

impl From<&Tally> for CountsView {
    fn from(tally: &Tally) -> Self {
        Self {
            accepted: tally.accepted,
            rejected: tally.rejected_any(),
            refused: tally.refused,
            in_doubt: tally.in_doubt,
            not_attempted: tally.not_attempted,
            claimed_elsewhere: tally.claimed_elsewhere,
            suppressed: tally.suppressed,
            window_closed: tally.window_closed,
            would_expire: tally.would_expire,
        }
    }
}

impl Report for EventReport {
    const KIND: &'static str = "event";
}

impl EventReport {
    /// Makes the report of something that happened then.
    #[must_use]
    pub fn new(at: Timestamp, event: &Event) -> Self {
        match event {
            Event::Claimed { claim, people, send_at } => Self {
                people: Some(*people as u64),
                send_at: *send_at,
                ..Self::of_claim(at, EventName::Claimed, claim)
            },
            Event::ClaimedElsewhere { bulk, people } => {
                Self { people: Some(*people as u64), ..Self::of_bulk(at, EventName::ClaimedElsewhere, bulk) }
            }
            Event::Sending { claim, bytes } => {
                Self { bytes: Some(*bytes as u64), ..Self::of_claim(at, EventName::Requested, claim) }
            }
            Event::Answered { claim, answer } => {
                let answer = match answer {
                    AnswerKind::Taken => AnswerName::Taken,
                    AnswerKind::Refused => AnswerName::Refused,
                    AnswerKind::Unknown => AnswerName::Unknown,
                };
                Self { answer: Some(answer), ..Self::of_claim(at, EventName::Answered, claim) }
            }
            Event::CutOut { message: (message, revision), people, why } => Self {
                message: Some(message.to_string()),
                revision: Some(revision.get()),
                people: Some(*people as u64),
                ..Self::of_run(
                    at,
                    match why {
                        CutReason::OptedOut => EventName::OptOut,
                        CutReason::WindowClosed => EventName::WindowClosed,
                        CutReason::WouldExpire => EventName::WouldExpire,
                    },
                )
            },
            Event::Settled { claim, tally, again, .. } => Self {
                counts: Some(tally.into()),
                again: Some(*again as u64),
                ..Self::of_claim(at, EventName::Settled, claim)
            },
            Event::Waiting { why, time } => {
                let reason = match why {
                    Wait::Unreachable(_) => "unreachable",
                    Wait::TooMany => "tooManyRequests",
                };
                Self { seconds: Some(time.as_secs()), reason: Some(reason), ..Self::of_run(at, EventName::Waiting) }
            }
            Event::Alarm(_) => Self::of_run(at, EventName::Alarm),
            Event::Stopped(reason) => {
                Self { reason: Some(reason_name(reason)), ..Self::of_run(at, EventName::Stopped) }
            }
        }
    }

    /// Makes the report of an apply that ends with this code; of nobody, if nothing was tried.
    #[must_use]
    pub fn finished(at: Timestamp, total: Option<&Tally>, exit_code: u8) -> Self {
        let counts = total.map(CountsView::from);
        Self { counts, exit_code: Some(exit_code), ..Self::of_run(at, EventName::Finished) }
    }

    fn of_run(at: Timestamp, event: EventName) -> Self {
        Self {
            at,
            event,
            message: None,
            revision: None,
            bulk_id: None,
            attempt: None,
            people: None,
            send_at: None,
            bytes: None,
            answer: None,
            counts: None,
            again: None,
            seconds: None,
            reason: None,
            exit_code: None,
        }
    }

    fn of_bulk(at: Timestamp, event: EventName, bulk: &BulkId) -> Self {
        Self {
            message: Some(bulk.message.to_string()),
            revision: Some(bulk.revision.get()),
            bulk_id: Some(bulk.to_string()),
            ..Self::of_run(at, event)
        }
    }

    fn of_claim(at: Timestamp, event: EventName, claim: &ClaimId) -> Self {
        Self { attempt: Some(claim.attempt), ..Self::of_bulk(at, event, &claim.bulk) }
    }
}

fn reason_name(reason: &Stopped) -> &'static str {
    match reason {
        Stopped::Unauthorized => "unauthorized",
        Stopped::Forbidden => "forbidden",
        Stopped::NotFound => "notFound",
        Stopped::Request(_) => "requestRefused",
        Stopped::Unreachable(_) => "unreachable",
        Stopped::Throttled => "tooManyRequests",
        Stopped::TooSlow => "tooSlow",
        Stopped::Store(_) => "store",
        Stopped::Prepare(_) => "changedContent",
        Stopped::Files(_) => "files",
        Stopped::OptOuts(_) => "optOuts",
        Stopped::Interrupted => "interrupted",
        Stopped::ByOrder(_) | Stopped::StopEnded => "stopped",
        Stopped::StopsUnread(_) => "stopsUnread",
        Stopped::ClockOff => "clock",
        Stopped::LedgerLacks { .. } => "ledgerLacks",
        Stopped::OtherKeys { .. } => "otherKeys",
        Stopped::Unwitnessed(_) => "unwitnessed",
        Stopped::Bug(_) => "bug",
    }
}
