//! Lives by hand, and what holds of all of them.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Life, MessageState, Sight};
use crate::sandbox::model::course::MessageCourse;
use crate::sandbox::model::rules::ChannelFate;
use crate::sandbox::model::status::{self, Ending};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

const DELIVERED: Ending = Ending { status: status::DELIVERED, error: status::NO_ERROR };
const UNKNOWN: Ending = Ending { status: status::UNDELIVERABLE_NOT_DELIVERED, error: 7002 };

fn course(turn_at: i64, leaves_at: Option<i64>, over_at: i64) -> MessageCourse {
    MessageCourse { turn_at: Some(at(turn_at)), leaves_at: leaves_at.map(at), over_at: at(over_at) }
}

/// Where a life is at some times, with its window open: the state, the status and the error.
fn check(life: &Life, expected: &[(i64, MessageState, u16, u16)]) {
    for (now, state, status, error) in expected {
        let sight = life.at(at(*now), || true);
        assert_eq!((sight.state, sight.ending), (*state, Ending { status: *status, error: *error }), "at {now}");
    }
}

#[test]
fn a_message_waits_leaves_and_arrives() {
    let life = Life::new(at(2_000), course(5_000, Some(5_000), 100_000), |_| ChannelFate::Answered(1_000, DELIVERED));
    check(
        &life,
        &[
            (1_999, MessageState::Scheduled, 26, 0),
            (2_000, MessageState::Queued, 26, 0),
            (4_999, MessageState::Queued, 26, 0),
            (5_000, MessageState::Sent, 7, 0),
            (5_999, MessageState::Sent, 7, 0),
            (6_000, MessageState::Delivered, 5, 0),
            (9_000_000, MessageState::Delivered, 5, 0),
        ],
    );
    assert_eq!((life.logged_at(), life.is_charged()), (at(5_000), true));
}

#[test]
fn a_message_that_had_its_turn_is_held_as_long_as_its_window_is_closed() {
    let life = Life::new(at(0), course(5, Some(50), 100), |_| ChannelFate::Answered(1, DELIVERED));
    let held = |now: i64, is_open| life.at(at(now), || is_open).ending.status;
    assert_eq!([held(4, false), held(5, false), held(49, false), held(49, true)], [26, 1, 1, 26]);
}

#[test]
fn there_are_three_ways_to_expire() {
    let unsent = Life::new(at(0), course(5, None, 100), |_| unreachable!("it never leaves"));
    check(&unsent, &[(99, MessageState::Queued, 26, 0), (100, MessageState::Expired, 15, 4100)]);
    assert_eq!((unsent.sent_at, unsent.logged_at(), unsent.is_charged()), (None, at(100), false));
    // The answer comes in the instant at which the validity is over.
    let late = Life::new(at(0), course(5, Some(5), 100), |_| ChannelFate::Answered(95, DELIVERED));
    check(&late, &[(99, MessageState::Sent, 7, 0), (100, MessageState::Expired, 15, 4101)]);
    let silent = Ending { status: status::EXPIRED_DLR_UNKNOWN, error: 255 };
    let silent = Life::new(at(0), course(5, Some(5), 100), |_| ChannelFate::Unanswered(silent));
    check(&silent, &[(172_800_004, MessageState::Sent, 7, 0), (172_800_005, MessageState::Expired, 29, 255)]);
}

#[test]
fn the_gateway_and_the_channel_turn_messages_down() {
    let blocked = Ending { status: status::REJECTED_DESTINATION_BLOCKLISTED, error: 2052 };
    let life = Life::new(at(0), course(5, Some(5), 100), |_| ChannelFate::TurnedDown(blocked));
    check(&life, &[(4, MessageState::Queued, 26, 0), (5, MessageState::Rejected, 14, 2052)]);
    assert!(!life.is_charged());
    let life = Life::new(at(0), course(5, Some(5), 100), |_| ChannelFate::Answered(10, UNKNOWN));
    check(&life, &[(5, MessageState::Sent, 7, 0), (15, MessageState::Undeliverable, 9, 7002)]);
    let life = Life::turned_down(at(5), status::MISSING_TO);
    check(&life, &[(5, MessageState::Rejected, 51, 0)]);
}

fn a_life() -> impl Strategy<Value = Life> {
    let fate = prop_oneof![
        (0_i64..200, any::<bool>())
            .prop_map(|(after, fails)| ChannelFate::Answered(after, if fails { UNKNOWN } else { DELIVERED })),
        Just(ChannelFate::Unanswered(Ending { status: status::EXPIRED_DLR_UNKNOWN, error: 255 })),
        Just(ChannelFate::TurnedDown(Ending { status: status::REJECTED_SOURCE, error: 0 })),
    ];
    (0_i64..50, 0_i64..50, proptest::option::of(0_i64..50), 1_i64..200, fate).prop_map(
        |(starts, turn, leaves, validity, fate)| {
            let turn = starts + turn;
            let leaves = leaves.map(|leaves| turn + leaves);
            let over = leaves.unwrap_or(turn) + validity;
            Life::new(at(starts), course(turn, leaves, over), |_| fate)
        },
    )
}

proptest! {
    /// Whoever looks often sees what they see who look once; nothing that was seen is taken back, and there is
    /// exactly one end.
    #[test]
    fn looking_changes_nothing(
        life in a_life(),
        looks in proptest::collection::vec((0_i64..500, any::<bool>()), 1..20),
    ) {
        let mut looks = looks;
        looks.sort_unstable();
        let mut before: Option<Sight> = None;
        for (now, is_open) in looks {
            let sight = life.at(at(now), || is_open);
            if let Some(before) = before {
                prop_assert!(before.state.may_become(sight.state), "{before:?} {sight:?}");
                prop_assert!(before.sent_at.is_none() || before.sent_at == sight.sent_at);
                prop_assert!(before.done_at.is_none() || before == sight);
            }
            prop_assert_eq!(sight.state.is_final(), sight.done_at.is_some());
            before = Some(sight);
        }
        let end = life.at(life.done_at + SignedDuration::from_hours(9), || false);
        prop_assert!(end.state.is_final() && end.done_at == Some(life.done_at));
        prop_assert_eq!(end, life.at(life.done_at, || true));
    }
}
