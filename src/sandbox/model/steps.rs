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
    instants.dedup();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::model::drawn::{at, bulk, terms};
    use crate::sandbox::model::inputs::{Inputs, RulesEntry};
    use crate::sandbox::model::message::SendTiming;
    use crate::sandbox::model::rules::ChannelRules;

    #[test]
    fn what_the_channel_answers_at_once_leaves_once_and_ends_once() {
        let mut inputs = Inputs::default();
        let rules = ChannelRules { latency_ms: 0, ..ChannelRules::default() };
        inputs.add_rules(RulesEntry { at: at(0), after_bulk: 0, rules });
        let bulk = bulk(1, 1, SendTiming::default(), vec![terms(None, "shop")]);
        let lives = bulk.lives(&inputs);
        let steps = steps(&bulk, &bulk.table.messages[0], &lives[0], at(9));
        assert_eq!(
            steps.iter().map(|step| step.state).collect::<Vec<_>>(),
            [MessageState::Sent, MessageState::Delivered]
        );
    }
}
