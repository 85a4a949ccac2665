//! The life of a message, as a machine: events happen to it, one after the other, and each says where the
//! message is then, what others see of that, and what it waits for next.
//!
//! Time and the acceptance are all that a life depends on. So nothing is kept of it: whoever has the request
//! knows where a message is at any time, and a bulk of a million scheduled messages costs no more than its
//! text.

use jiff::{SignedDuration, Timestamp};

use super::status;

/// How long a message is on its way, in milliseconds.
const DELIVERY_MS: i64 = 1000;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// Nowhere yet.
    New,
    /// It waits for its turn.
    Queued,
    /// It left the gateway, and nobody has said that it arrived.
    Sent,
    /// It arrived; nothing more happens to it.
    Delivered,
    /// It was turned down when its request was accepted, with this status; nothing more happens to it.
    Rejected(u16),
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEvent {
    /// Its request was accepted.
    Accepted {
        /// When it is its turn under the schedule and the speed of its bulk.
        turn_at: Timestamp,
        /// The status with which the message itself is turned down, if it is.
        rejection: Option<u16>,
    },
    /// It is its turn to be sent.
    Turn,
    /// The channel says that it arrived.
    Arrival,
}

/// What others see of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The message has left the gateway.
    Left,
    /// It has come to its end.
    Done,
}

/// The next event of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// When it happens.
    pub at: Timestamp,
    /// What happens.
    pub event: MessageEvent,
}

/// What an event leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// Where the message is now.
    pub state: MessageState,
    /// What others see of it, in order.
    pub effects: &'static [Effect],
    /// What happens next; nothing that is known, if absent.
    pub wake: Option<Wake>,
}

impl MessageState {
    /// The API's status of a message that is there; one that is not there yet is as good as queued.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::New | Self::Queued => status::PENDING_ACCEPTED,
            Self::Sent => status::PENDING_ENROUTE,
            Self::Delivered => status::DELIVERED,
            Self::Rejected(status) => status,
        }
    }
}

/// Lets an event happen to a message, at its time. An event that its state has no place for changes nothing.
#[must_use]
pub fn step(state: MessageState, event: MessageEvent, now: Timestamp) -> Transition {
    use MessageState::{Delivered, New, Queued, Rejected, Sent};
    let (state, effects, wake): (_, &[Effect], _) = match (state, event) {
        (New, MessageEvent::Accepted { rejection: Some(status), .. }) => {
            (Rejected(status), &[Effect::Left, Effect::Done], None)
        }
        (New, MessageEvent::Accepted { turn_at, rejection: None }) => {
            (Queued, &[], Some(Wake { at: turn_at, event: MessageEvent::Turn }))
        }
        (Queued, MessageEvent::Turn) => {
            (Sent, &[Effect::Left], Some(Wake { at: later(now, DELIVERY_MS), event: MessageEvent::Arrival }))
        }
        (Sent, MessageEvent::Arrival) => (Delivered, &[Effect::Done], None),
        (
            New | Queued | Sent | Delivered | Rejected(_),
            MessageEvent::Accepted { .. } | MessageEvent::Turn | MessageEvent::Arrival,
        ) => (state, &[], None),
    };
    Transition { state, effects, wake }
}

/// A message's life up to some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Where it is.
    pub state: MessageState,
    /// When it left the gateway; absent as long as it has not.
    pub left_at: Option<Timestamp>,
    /// When it came to its end; absent as long as it has not.
    pub done_at: Option<Timestamp>,
    next: Option<Wake>,
}

impl Life {
    /// Begins a life with its acceptance.
    #[must_use]
    pub fn begin(accepted_at: Timestamp, turn_at: Timestamp, rejection: Option<u16>) -> Self {
        let mut life = Self { state: MessageState::New, left_at: None, done_at: None, next: None };
        life.happen(Wake { at: accepted_at, event: MessageEvent::Accepted { turn_at, rejection } });
        life
    }

    /// When it left the gateway, or is to leave it, as far as is known now.
    #[must_use]
    pub fn leaves_at(&self) -> Timestamp {
        self.left_at.or(self.next.map(|wake| wake.at)).unwrap_or(Timestamp::MAX)
    }

    /// Lets everything happen that is due.
    #[must_use]
    pub fn until(mut self, now: Timestamp) -> Self {
        while let Some(wake) = self.next.filter(|wake| wake.at <= now) {
            self.happen(wake);
        }
        self
    }

    fn happen(&mut self, wake: Wake) {
        let Transition { state, effects, wake: next } = step(self.state, wake.event, wake.at);
        for effect in effects {
            match effect {
                Effect::Left => self.left_at = Some(wake.at),
                Effect::Done => self.done_at = Some(wake.at),
            }
        }
        (self.state, self.next) = (state, next);
    }
}

/// An instant some milliseconds later, or the last one that there is.
pub(super) fn later(instant: Timestamp, ms: i64) -> Timestamp {
    instant.checked_add(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy as _, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn told(life: &Life) -> (u16, Option<i64>, Option<i64>) {
        let ms = |instant: Option<Timestamp>| instant.map(Timestamp::as_millisecond);
        (life.state.status(), ms(life.left_at), ms(life.done_at))
    }

    #[test]
    fn a_message_waits_leaves_and_arrives() {
        let life = Life::begin(at(1_000), at(5_000), None);
        let check = |now, expect| assert_eq!(told(&life.until(at(now))), expect, "{now}");
        check(1_000, (status::PENDING_ACCEPTED, None, None));
        check(4_999, (status::PENDING_ACCEPTED, None, None));
        check(5_000, (status::PENDING_ENROUTE, Some(5_000), None));
        check(5_999, (status::PENDING_ENROUTE, Some(5_000), None));
        check(6_000, (status::DELIVERED, Some(5_000), Some(6_000)));
        check(9_000_000, (status::DELIVERED, Some(5_000), Some(6_000)));
        assert_eq!(life.leaves_at(), at(5_000));
    }

    #[test]
    fn a_rejected_message_is_done_when_it_is_accepted() {
        let life = Life::begin(at(1_000), at(5_000), Some(14));
        assert_eq!(told(&life), (14, Some(1_000), Some(1_000)));
        assert_eq!(life.until(at(9_000)), life);
    }

    #[test]
    fn what_comes_out_of_turn_changes_nothing() {
        use MessageState::{Delivered, New, Queued, Rejected, Sent};
        let accepted = MessageEvent::Accepted { turn_at: at(1), rejection: None };
        for (state, event) in [
            (New, MessageEvent::Turn),
            (Queued, MessageEvent::Arrival),
            (Queued, accepted),
            (Sent, MessageEvent::Turn),
            (Delivered, MessageEvent::Turn),
            (Delivered, MessageEvent::Arrival),
            (Rejected(14), MessageEvent::Turn),
            (Rejected(14), accepted),
        ] {
            assert_eq!(
                step(state, event, at(2)),
                Transition { state, effects: &[], wake: None },
                "{state:?}, {event:?}"
            );
        }
    }

    #[test]
    fn the_end_of_time_is_no_end_of_a_life() {
        let life = Life::begin(Timestamp::MIN, Timestamp::MAX, None).until(Timestamp::MAX);
        assert_eq!((life.state, life.done_at), (MessageState::Delivered, Some(Timestamp::MAX)));
    }

    proptest! {
        /// Whoever looks often sees what they see who look once, and nothing that was seen is taken back.
        #[test]
        fn looking_changes_nothing(
            accepted in 0_i64..100,
            wait in prop_oneof![Just(0_i64), 0_i64..5_000],
            rejection in prop_oneof![Just(None), (1_u16..60).prop_map(Some)],
            looks in proptest::collection::vec(0_i64..7_000, 0..6),
        ) {
            let begun = Life::begin(at(accepted), at(accepted + wait), rejection);
            let mut looks = looks;
            looks.sort_unstable();
            let mut life = begun;
            for now in looks {
                let later = life.until(at(now));
                prop_assert!(life.left_at.is_none() || later.left_at == life.left_at);
                prop_assert!(life.done_at.is_none() || later == life);
                prop_assert_eq!(later, begun.until(at(now)));
                prop_assert_eq!(later.leaves_at(), begun.leaves_at());
                life = later;
            }
        }
    }
}
