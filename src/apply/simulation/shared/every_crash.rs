//! Two workers, one queue: one of them dies at each of its steps, whatever the gateway does; the other goes on,
//! and a run after them ends the work.

use std::collections::BTreeSet;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

use super::super::gateway::{Act, HONEST};
use super::oracle::play;
use super::tables::Corner;
use super::world::{End, Worker, World};
use crate::ledger::Standing;

const PEOPLE: [u64; 6] = [1, 2, 3, 4, 5, 6];

/// Everything that a gateway does with a request which comes to an end, and is honest about whom it took.
fn acts() -> Vec<Act> {
    HONEST.into_iter().chain([Act::Slow, Act::WrongClock, Act::Panic]).collect()
}

/// In these orders the workers take turns.
const ORDERS: u64 = 3;

#[track_caller]
fn check(script: &[Act], workers: &[Worker], order: u64) -> Vec<usize> {
    let world = World::new(script, &[]);
    play(&world, workers, order).unwrap_or_else(|fault| panic!("{fault}: {script:?} {workers:?} {order}"))
}

/// One worker dies at each of its steps.
fn every_death(script: &[Act], workers: &[Worker; 2], order: u64) {
    let [first, second] = workers;
    let steps = check(script, workers, order)[0];
    for step in 0..steps {
        check(script, &[Worker { dies_at: Some(step), ..first.clone() }, second.clone()], order);
    }
}

#[test]
fn every_step_and_every_outcome() {
    for act in acts() {
        for before in 0..3 {
            let script: Vec<Act> = std::iter::repeat_n(Act::Accept, before).chain([act]).collect();
            for order in 0..ORDERS {
                every_death(&script, &[Worker::of(&PEOPLE), Worker::of(&PEOPLE)], order);
            }
        }
    }
}

#[test]
fn every_two_outcomes() {
    for first in acts() {
        for second in acts() {
            for order in 0..ORDERS {
                check(&[first, second], &[Worker::of(&PEOPLE), Worker::of(&PEOPLE)], order);
            }
        }
    }
}

/// They have cut other people into other bulks, of two messages, and one begins when the other is at work.
#[test]
fn every_step_of_workers_who_have_planned_otherwise() {
    let one = Worker { parallel: 2, ..Worker::of(&[1, 2, 3, 4, 101, 102, 103]) };
    let other = Worker { size: 3, ..Worker::of(&[104, 103, 102, 101, 5, 4, 3]) };
    for script in [&[][..], &[Act::TooMany], &[Act::NamesNone, Act::LostAfter], &[Act::Accept, Act::Unreachable]] {
        for order in 0..ORDERS {
            every_death(script, &[one.clone(), other.clone()], order);
            every_death(script, &[other.clone(), one.clone()], order);
            every_death(script, &[Worker { begins: 3, ..one.clone() }, Worker { renders: 5, ..other.clone() }], order);
        }
    }
}

/// A request of one of them hangs, or cannot begin, until somebody interrupts both.
#[test]
fn a_worker_whose_request_hangs_holds_nobody_else_back() {
    let stops = || Worker { stops: Some(60), ..Worker::of(&PEOPLE) };
    for act in [Act::Hang, Act::Connect] {
        for before in 0..3 {
            let script: Vec<Act> = std::iter::repeat_n(Act::Accept, before).chain([act]).collect();
            for order in 0..ORDERS {
                every_death(&script, &[stops(), stops()], order);
            }
        }
    }
}

/// Whoever needs longer than its lease loses its bulk, and claims nobody of it.
#[test]
fn a_slow_worker_loses_its_bulk_to_another() {
    let mut shares = BTreeSet::new();
    for order in 0..10 {
        let world = World::new(&[], &[]);
        let slow = Worker { renders: 20, ..Worker::of(&PEOPLE) };
        let past = world.work(&[slow, Worker::of(&PEOPLE)], order);
        assert!(PEOPLE.iter().all(|person| world.standing(*person) == Standing::Accepted));
        let accepted = past.iter().map(|past| match &past.end {
            End::Told(summary) => summary.total().accepted,
            End::Died | End::Never => panic!("{past:?}"),
        });
        shares.insert(accepted.collect::<Vec<_>>());
    }
    assert_eq!(shares, BTreeSet::from([vec![0, 6]]), "the slow one has nobody");
}

/// Of a bulk that a slow worker has lost, another claims some people only, whom it has planned too.
#[test]
fn whoever_is_left_of_a_lost_bulk_is_planned_anew_by_the_run_that_had_them_in_hand() {
    for order in 0..10 {
        let world = World::new(&[], &[]);
        let slow = Worker { parallel: 2, size: 4, renders: 20, ..Worker::of(&[1, 2, 3, 4, 5, 6, 7, 8]) };
        let past = world.work(&[slow, Worker { begins: 17, ..Worker::of(&[1, 2]) }], order);
        assert!((1..=8).all(|person| world.standing(person) == Standing::Accepted), "{order}: {past:?}");
    }
}

/// Others have put bulks of their own people into the queue, and were stopped: those stand before what is planned
/// anew, and nobody claims them.
#[test]
fn a_plan_that_nobody_sends_any_more_is_no_reason_to_give_up() {
    for order in 0..10 {
        let slow = Worker { size: 1, renders: 19, ..Worker::of(&[1, 2, 3, 101, 102, 103]) };
        let stopped = Worker { size: 1, begins: 7, ..Worker::of(&[4, 5, 6, 103, 104]) };
        check(&[Act::Accept, Act::Unauthorized], &[stopped, slow], order);
    }
}

/// What these histories prove they prove of everything that the queue does.
#[test]
fn every_corner_is_reached() {
    let slow = |people: &[u64], size, renders| Worker { parallel: 2, size, renders, ..Worker::of(people) };
    let mut corners = BTreeSet::new();
    for step in 0..40 {
        for order in 0..ORDERS {
            let world = World::new(&[Act::TooMany; 12], &[]);
            let first = slow(&[1, 2, 3, 4, 101, 102, 103], 2, 20);
            let dies = Worker { dies_at: Some(step), ..Worker::of(&[6, 5, 4, 3, 2, 1]) };
            let workers = [first, dies, slow(&[104, 103, 102, 101, 5, 4, 3], 3, 20)];
            play(&world, &workers, order).unwrap();
            corners.extend(world.tables.into_inner().unwrap().corners);
        }
    }
    // Three who give the same people back again and again know of each other's claims too late.
    let script = [&[Act::NamesNone, Act::Unreachable][..], &[Act::TooOld; 5], &[Act::TooMany; 7]].concat();
    let of = |size, parallel, begins, renders| Worker { size, parallel, begins, renders, ..Worker::of(&PEOPLE) };
    for order in 0..1000 {
        let world = World::new(&script, &[]);
        play(&world, &[of(2, 2, 9, 0), of(1, 2, 7, 9), of(3, 3, 7, 3)], order).unwrap();
        corners.extend(world.tables.into_inner().unwrap().corners);
    }
    let all = [
        Corner::Joined,
        Corner::Replaced,
        Corner::TakenOver,
        Corner::LeftToOthers,
        Corner::Unwanted,
        Corner::Elsewhere,
        Corner::TooLate,
        Corner::FreedLater,
    ];
    assert_eq!(corners, BTreeSet::from(all));
}

pub(super) fn worker() -> impl Strategy<Value = Worker> {
    let people = prop_oneof![
        Just(PEOPLE.to_vec()),
        Just(vec![6, 5, 4, 3, 2, 1]),
        Just(vec![1, 2, 3, 101, 102, 103]),
        Just(vec![4, 5, 6, 103, 104]),
        Just((1..=12).collect()),
    ];
    let dies_at = prop_oneof![Just(None), (0_usize..80).prop_map(Some)];
    let renders = prop_oneof![4 => Just(0), 1 => 1_u64..40];
    let stops = prop_oneof![4 => Just(None), 1 => (0_u64..40).prop_map(Some)];
    (people, 1_usize..5, 1_usize..4, 0_u64..30, dies_at, renders, stops).prop_map(
        |(people, size, parallel, begins, dies_at, renders, stops)| Worker {
            people,
            size,
            parallel,
            begins,
            dies_at,
            renders,
            stops,
            plans_anew: true,
        },
    )
}

proptest! {
    // A history that has failed becomes a test of its own.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_workers_any_script_any_order(
        script in proptest::collection::vec(select(acts()), 0..12),
        workers in proptest::collection::vec(worker(), 1..4),
        order in any::<u64>(),
    ) {
        let world = World::new(&script, &[]);
        play(&world, &workers, order).map_err(TestCaseError::fail)?;
    }
}
