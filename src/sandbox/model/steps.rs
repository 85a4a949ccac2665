//! The life of a message told from its beginning until now: where it was from when on.

use jiff::Timestamp;

use super::bulk::AcceptedBulk;
use super::lifecycle::{Life, MessageState};
use super::message::ReceivedMessage;
use super::status::{self, Ending};
use crate::timing::{next_close, next_open};

/// How often a window is looked at that opens and closes while a message waits: a validity has no more of them.
const WINDOWS_MAX: usize = 16;

/// Where a message was from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifeStep {
    /// Where.
    pub state: MessageState,
    /// From when on.
    pub at: Timestamp,
    /// With which status and error.
    pub ending: Ending,
}

/// The steps of a life until now, in the order of time.
#[must_use]
pub fn steps(bulk: &AcceptedBulk<'_>, message: &ReceivedMessage<'_>, life: &Life, now: Timestamp) -> Vec<LifeStep> {
    let accepted_at = bulk.header.accepted_at;
    let mut instants = vec![accepted_at, life.starts_at, life.done_at];
    instants.extend(life.turn_at.into_iter().chain(life.sent_at));
    let window = bulk.table.terms_of(message).and_then(|terms| terms.delivery_time_window.as_ref());
    if let (Some(window), Some(turn_at)) = (window, life.turn_at) {
        let end = life.logged_at().min(now);
        let mut instant = turn_at;
        for _ in 0..WINDOWS_MAX {
            let opens = next_open(window, instant);
            instants.push(opens);
            let Some(closes) = next_close(window, opens).filter(|closes| *closes < end) else { break };
            instants.push(closes);
            instant = closes;
        }
    }
    instants.retain(|instant| (accepted_at..=now).contains(instant));
    instants.sort_unstable();
    let mut steps: Vec<LifeStep> = Vec::new();
    for at in instants {
        let sight = bulk.sight(message, life, at);
        let has_left = life.is_charged() && life.sent_at == Some(at);
        if sight.state.is_final() && has_left {
            // It left and ended in one instant.
            let ending = Ending { status: status::PENDING_ENROUTE, error: status::NO_ERROR };
            steps.push(LifeStep { state: MessageState::Sent, at, ending });
        }
        if steps.last().is_none_or(|last| last.state != sight.state) {
            steps.push(LifeStep { state: sight.state, at, ending: sight.ending });
        }
    }
    steps
}
