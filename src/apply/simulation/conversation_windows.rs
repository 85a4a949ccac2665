//! Conversation windows that close while a run is sending: no message leaves after its person's window is closed.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use super::gateway::{Act, HONEST};
use super::store::Fault;
use super::world::{NOON, SimPrepare, World, pairs};
use crate::apply::{RunSettings, Tally};
use crate::identity::Person;
use crate::ledger::Standing;
use crate::wire::options::{SendingSpeedLimit, SpeedUnit};

fn after(seconds: i64) -> Timestamp {
    NOON + SignedDuration::from_secs(seconds)
}

/// A world in which windows close so many seconds after noon.
fn world(script: &[Act], closing: impl IntoIterator<Item = (u64, i64)>) -> World {
    let world = World::new(script);
    let closing = closing.into_iter().map(|(person, seconds)| (Person(person), after(seconds)));
    world.books.lock().unwrap().closes_at.extend(closing);
    world
}

/// Sends to them, and tells what became of them.
fn total(world: &World, people: &[u64], parallel: usize, ahead: usize) -> Tally {
    let settings = RunSettings { ahead, ..world.settings(parallel) };
    let summary = world.apply(pairs(people), &settings, Fault::Never).summary.unwrap();
    let total = summary.total();
    assert_eq!(total.people(), people.len() as u64, "everybody is in one group");
    let records = world.records.lock().unwrap();
    assert_eq!(records.claims.len(), records.outcomes.len(), "nothing is left open");
    total
}

const PEOPLE: [u64; 5] = [1, 2, 3, 4, 5];

#[test]
fn whoever_cannot_be_written_to_any_more_is_cut_out_and_nobody_else() {
    // The gateway lets everybody wait for seven seconds, once or twice.
    for (waits, ahead) in [(1, 0), (2, 0), (1, 6), (2, 6)] {
        let script = vec![Act::TooMany; waits];
        for (person, closes) in PEOPLE.into_iter().flat_map(|person| (-1..20).map(move |closes| (person, closes))) {
            let world = world(&script, [(person, closes)]);
            let total = total(&world, &PEOPLE, 1, ahead);
            let sent = u64::from(world.accepted(person));
            assert_eq!((total.window_closed, total.accepted), (1 - sent, 4 + sent), "{person}, {closes}");
            assert_eq!(world.standing(person) == Standing::Free, sent == 0);
            assert!(sent == 0 || closes > 0, "{person} at {closes}");
            // Who comes after all of the waiting has waited for all of it.
            assert!(person < 5 || (sent == 1) == (closes > 7 * i64::try_from(waits).unwrap()), "{person} at {closes}");
        }
    }
}

#[test]
fn whoever_stands_behind_somebody_who_is_cut_out_comes_up_earlier() {
    // One a minute: the second is cut out, so that the third is in time.
    let speed = Some(SendingSpeedLimit { amount: 1, time_unit: SpeedUnit::Minute });
    let world = World { prepare: SimPrepare { speed, broken: false }, ..world(&[], [(2, 60), (3, 61), (4, 121)]) };
    let bulk = super::world::bulk(&[1, 2, 3, 4, 5], crate::identity::BulkTime::Start(0));
    let settings = world.settings(1);
    let total = world.apply(vec![bulk], &settings, Fault::Never).summary.unwrap().total();
    assert_eq!((total.accepted, total.window_closed), (4, 1));
    assert_eq!(world.standing(2), Standing::Free);
}

proptest! {
    #[test]
    fn any_windows_any_script_any_fault(
        closing in proptest::collection::btree_map(1_u64..10, -5_i64..60, 0..9),
        script in proptest::collection::vec(select(&HONEST[..]), 0..10),
        amount in prop_oneof![Just(None), (1_u32..30).prop_map(Some)],
        parallel in 1_usize..4,
        ahead in 0_usize..8,
        fault in prop_oneof![
            Just(Fault::Never),
            (0_usize..20).prop_map(Fault::DieBefore),
            (0_usize..20).prop_map(Fault::FailAfter),
        ],
    ) {
        let speed = amount.map(|amount| SendingSpeedLimit { amount, time_unit: SpeedUnit::Minute });
        let world = World { prepare: SimPrepare { speed, broken: false }, ..world(&script, closing) };
        let everybody: Vec<u64> = (1..10).collect();
        for fault in [fault, Fault::Never] {
            let free: Vec<u64> =
                everybody.iter().copied().filter(|person| world.standing(*person) == Standing::Free).collect();
            let settings = RunSettings { ahead, ..world.settings(parallel) };
            // The gateway's books look when everybody comes up.
            if let Some(summary) = world.apply(pairs(&free), &settings, fault).summary {
                prop_assert_eq!(summary.total().people(), free.len() as u64);
            }
            for person in &everybody {
                prop_assert!(world.accepted(*person) <= 1);
            }
        }
    }
}
