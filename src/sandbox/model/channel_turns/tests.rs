//! Turns by hand, and what holds of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};

use super::{TakenTime, turns};
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::course::courses;
use crate::sandbox::model::drawn::{at, bulk, terms};
use crate::sandbox::model::message::{SendTiming, SharedOptions};
use crate::wire::channel::ValidityFrom;
use crate::wire::options::{
    Day, DeliveryTimeWindow, SendingSpeedLimit, SpeedUnit, TimeOfDay, ValidityPeriod, ValidityUnit,
};

/// A channel that remembers each time that it ever gave.
#[derive(Default)]
struct Channel(BTreeMap<String, Vec<TakenTime>>);

fn senders(bulk: &AcceptedBulk<'_>) -> BTreeSet<String> {
    bulk.table.terms.iter().map(|terms| terms.sender.to_string()).collect()
}

impl Channel {
    /// Gives a bulk its turns.
    fn give(&mut self, mut bulk: AcceptedBulk<'static>, rate: &str) -> AcceptedBulk<'static> {
        let senders = senders(&bulk);
        let taken_after = |at: i64| {
            let times = senders.iter().filter_map(|sender| self.0.get(sender)).flatten();
            Ok::<_, Infallible>(times.filter(|time| time.ends > at).min_by_key(|time| time.begins).copied())
        };
        let (turns, time) = turns(&bulk, (rate.parse().unwrap(), ValidityFrom::SendAt), taken_after).unwrap();
        bulk.header.pace.turns = Some(turns);
        for sender in senders {
            self.0.entry(sender).or_default().extend(time);
        }
        bulk
    }
}

/// When each message of a bulk leaves, with its sender.
fn leaves(bulk: &AcceptedBulk<'_>) -> Vec<(String, Option<Timestamp>)> {
    let groups: Vec<_> = bulk.table.messages.iter().map(|message| Some(message.terms)).collect();
    let courses = courses(&bulk.timetable(ValidityFrom::SendAt), &bulk.conditions(), &groups);
    let senders = bulk.table.messages.iter().map(|message| bulk.table.terms_of(message).unwrap().sender.to_string());
    senders.zip(courses).map(|(sender, course)| (sender, course.unwrap().leaves_at)).collect()
}

fn seconds(bulk: &AcceptedBulk<'_>) -> Vec<Option<i64>> {
    leaves(bulk).into_iter().map(|(_, leaves)| leaves.map(|leaves| leaves.duration_since(at(0)).as_secs())).collect()
}

fn of_shop(count: usize) -> Vec<SharedOptions<'static>> {
    vec![terms(None, "shop"); count]
}

#[test]
fn bulks_go_through_one_after_the_other_and_a_gap_is_used() {
    let mut channel = Channel::default();
    let later = SendTiming { send_at: Some(at(6)), ..SendTiming::default() };
    let now = SendTiming::default();
    let slow = SendTiming { speed: Some(SendingSpeedLimit { amount: 30, time_unit: SpeedUnit::Minute }), ..now };
    let mut check = |second, pace, terms, expect: &[i64]| {
        let bulk = channel.give(bulk(1, second, pace, terms), "1/s");
        assert_eq!(seconds(&bulk), expect.iter().copied().map(Some).collect::<Vec<_>>());
    };
    check(0, later, of_shop(2), &[6, 7]);
    check(0, now, of_shop(4), &[0, 1, 2, 3]);
    // There is room for two before the first, and for three behind it.
    check(1, now, of_shop(3), &[8, 9, 10]);
    check(1, now, of_shop(2), &[4, 5]);
    // Its own speed is slower.
    check(2, slow, of_shop(2), &[11, 13]);
    check(2, now, of_shop(1), &[15]);
    // Another sender has nothing to do with it, and a bulk of both waits for both.
    check(2, now, vec![terms(None, "gallery")], &[2]);
    check(3, now, vec![terms(None, "gallery"), terms(None, "shop")], &[16, 17]);
    check(3, now, vec![terms(None, "gallery")], &[3]);
}

#[test]
fn what_expires_before_its_turn_takes_no_time_from_others() {
    let mut channel = Channel::default();
    let minute = Some(ValidityPeriod { amount: 1, time_unit: ValidityUnit::Minutes });
    let short = || vec![SharedOptions { validity_period: minute, ..terms(None, "shop") }; 50];
    let mut give = |second, terms| channel.give(bulk(1, second, SendTiming::default(), terms), "1/s");
    assert_eq!(seconds(&give(0, short())).last(), Some(&Some(49)));
    let cut = seconds(&give(0, short()));
    assert_eq!((cut[9], cut[10]), (Some(59), None));
    assert_eq!(seconds(&give(0, short())), [None; 50]);
    assert_eq!(seconds(&give(1, of_shop(1))), [Some(60)]);
}

#[test]
fn turns_begin_when_the_window_opens() {
    let mut channel = Channel::default();
    let hour = |hour| Some(TimeOfDay { hour, minute: 0 });
    let window = Some(DeliveryTimeWindow { days: vec![Day::Monday], from: hour(14), to: hour(20) });
    let windowed = || vec![SharedOptions { delivery_time_window: window.clone(), ..terms(None, "shop") }; 2];
    let mut give = |terms| seconds(&channel.give(bulk(1, 0, SendTiming::default(), terms), "1/s"));
    // It is noon.
    assert_eq!(give(windowed()), [Some(7_200), Some(7_201)]);
    assert_eq!(give(windowed()), [Some(7_202), Some(7_203)]);
    assert_eq!(give(of_shop(2)), [Some(0), Some(1)]);
}

/// What is accepted, as it comes: how long after the one before, in seconds; its `sendAt`; its speed; its senders.
type Sent = (i64, Option<i64>, Option<(u32, SpeedUnit)>, Vec<bool>);

fn some_sent() -> impl Strategy<Value = Sent> {
    let unit = prop_oneof![Just(SpeedUnit::Minute), Just(SpeedUnit::Hour)];
    let speed = proptest::option::of((1_u32..2_000, unit));
    let send_at = proptest::option::of(0_i64..600);
    (0_i64..90, send_at, speed, proptest::collection::vec(any::<bool>(), 1..20))
}

proptest! {
    /// Over all bulks no stretch of a second, a minute or an hour has more of a sender than the channel takes.
    #[test]
    fn the_channel_takes_no_more_than_it_does(
        sent in proptest::collection::vec(some_sent(), 1..15),
        (rate, amount, unit_ms) in proptest::sample::select(vec![("1/s", 1, 1_000), ("7/s", 7, 1_000), ("7/m", 7, 60_000), ("900/h", 900, 3_600_000)]),
    ) {
        let (mut channel, mut now, mut bulks) = (Channel::default(), 0, Vec::new());
        for (number, (wait, send_at, speed, senders)) in (1..).zip(sent) {
            now += wait;
            let speed = speed.map(|(amount, time_unit)| SendingSpeedLimit { amount, time_unit });
            let pace = SendTiming { send_at: send_at.map(at), speed, turns: None };
            let terms = senders.iter().map(|is_shop| terms(None, if *is_shop { "shop" } else { "gallery" })).collect();
            bulks.push(channel.give(bulk(number, now, pace, terms), rate));
        }
        for sender in ["shop", "gallery"] {
            let mut all: Vec<_> = bulks.iter().flat_map(leaves).filter(|(of, _)| of == sender).filter_map(|(_, at)| at).collect();
            all.sort_unstable();
            for (first, beyond) in all.iter().zip(all.iter().skip(amount)) {
                prop_assert!(beyond.duration_since(*first) >= SignedDuration::from_millis(unit_ms), "{first} {beyond}");
            }
        }
        for (index, late) in bulks.iter().enumerate() {
            prop_assert!(leaves(late).iter().map(|(_, at)| at).is_sorted(), "a bulk goes in its order");
            let turns = |bulk: &AcceptedBulk<'_>| bulk.header.pace.turns.unwrap().at;
            prop_assert!(turns(late) >= late.header.starts_at());
            // Whoever came before, and asks for no more, is not behind.
            for early in bulks.iter().take(index) {
                let is_less = early.header.count <= late.header.count && early.header.pace.speed == late.header.pace.speed;
                if is_less && senders(early).is_subset(&senders(late)) && early.header.starts_at() <= late.header.starts_at() {
                    prop_assert!(turns(early) <= turns(late));
                }
            }
        }
    }
}
