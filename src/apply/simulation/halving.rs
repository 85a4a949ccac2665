//! A gateway that refuses requests without naming anybody: either some people are wrong, or the request.

use proptest::prelude::*;

use super::gateway::Books;
use super::store::Fault;
use super::world::{World, bulk};
use crate::apply::{Stopped, Summary, Tally};
use crate::identity::{BulkTime, Person};
use crate::ledger::Standing;

/// A gateway that finds these people wrong, and that refuses everything from this request on.
fn gateway(wrong: impl IntoIterator<Item = u64>, refuses_from: Option<usize>) -> World {
    let wrong = wrong.into_iter().map(Person).collect();
    World { books: Books { wrong, refuses_from, ..Books::default() }.into(), ..World::default() }
}

/// Applies to so many people in bulks of this size, so many requests at a time.
fn apply(world: &World, people: u64, size: usize, parallel: usize) -> Summary {
    let everybody: Vec<u64> = (1..=people).collect();
    let bulks = everybody.chunks(size).map(|people| bulk(people, BulkTime::Start(0))).collect();
    let summary = world.apply(bulks, &world.settings(parallel), Fault::Never).summary.unwrap();
    assert_eq!(summary.total().people(), people, "everybody is in one group");
    summary
}

fn requests(world: &World) -> usize {
    world.books.lock().unwrap().requests
}

/// Makes sure that a run was stopped because of the request, and that nobody is to blame.
fn is_stopped(world: &World, summary: &Summary, people: u64) {
    assert_eq!(summary.stopped, Some(Stopped::Request("400 E400".to_owned())));
    assert_eq!(summary.total().rejected_any(), 0);
    for person in 1..=people {
        assert!(matches!(world.standing(person), Standing::Free | Standing::Accepted), "{person}");
    }
}

#[test]
fn what_is_refused_whatever_is_tried_is_not_the_peoples_fault() {
    for (people, size, parallel, requests_max) in
        [(100_000, 1000, 1, 50), (100_000, 1000, 4, 150), (1000, 1000, 1, 25), (2, 2, 1, 3), (4, 1, 1, 4), (3, 2, 1, 6)]
    {
        let world = gateway([], Some(1));
        let summary = apply(&world, people, size, parallel);
        is_stopped(&world, &summary, people);
        let requests = requests(&world);
        assert!(requests <= requests_max, "{requests} requests for {people} people, {size} in a bulk");
    }
}

#[test]
fn a_gateway_that_begins_to_refuse_everything_stops_the_run() {
    for begins in [2, 5, 17] {
        let world = gateway([], Some(begins));
        let summary = apply(&world, 20_000, 1000, 1);
        is_stopped(&world, &summary, 20_000);
        assert_eq!(summary.total().accepted, 1000 * (begins as u64 - 1));
        assert!(requests(&world) < begins + 50);
    }
    // Also in the middle of a bulk that is halved, and in the last one.
    let world = gateway([1], Some(12));
    is_stopped(&world, &apply(&world, 4000, 1000, 1), 4000);
    let world = gateway([], Some(4));
    is_stopped(&world, &apply(&world, 4000, 1000, 1), 4000);
}

#[test]
fn one_wrong_person_holds_nobody_back() {
    for wrong in [1, 2, 437, 500, 501, 999, 1000] {
        let world = gateway([wrong], None);
        let Tally { accepted, rejected, .. } = apply(&world, 1000, 1000, 1).total();
        assert_eq!((accepted, rejected.get(&400)), (999, Some(&1)), "{wrong}");
        assert!(requests(&world) <= 22, "{wrong}");
    }
    let world = gateway([1], None);
    assert_eq!(apply(&world, 1, 1, 1).total().rejected_any(), 1, "the only one is to blame");
}

#[test]
fn wrong_people_beside_each_other_hold_nobody_back() {
    for (wrong, parallel) in
        [(vec![1, 2], 1), (vec![1, 2, 3, 4], 1), (vec![999, 1000, 1001, 1002], 2), (vec![1, 1001], 2)]
    {
        let world = gateway(wrong.clone(), None);
        let Tally { accepted, rejected, .. } = apply(&world, 2000, 1000, parallel).total();
        let count = wrong.len() as u64;
        assert_eq!((accepted, rejected.get(&400)), (2000 - count, Some(&count)), "{wrong:?}");
    }
    let world = gateway([1, 3], None);
    let Tally { accepted, rejected, .. } = apply(&world, 4, 2, 2).total();
    assert_eq!((accepted, rejected.get(&400)), (2, Some(&2)), "the first of each bulk");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Of a sound gateway, whoever is wrong: the right ones get theirs, the wrong ones are rejected, and
    /// nobody else is. A run that stops says so, and leaves nobody rejected who is right.
    #[test]
    fn only_the_wrong_are_rejected(
        wrong in proptest::collection::btree_set(1..=60_u64, 0..6),
        size in 1..=20_usize,
        parallel in 1..=4_usize,
    ) {
        let world = gateway(wrong.iter().copied(), None);
        let summary = apply(&world, 60, size, parallel);
        for person in 1..=60 {
            let standing = world.standing(person);
            if wrong.contains(&person) {
                prop_assert!(matches!(standing, Standing::Rejected(400)) || summary.stopped.is_some(), "{}", person);
            } else {
                prop_assert!(standing == Standing::Accepted || summary.stopped.is_some(), "{}", person);
                prop_assert!(!matches!(standing, Standing::Rejected(_)), "{}", person);
            }
        }
        if size > 6 {
            prop_assert_eq!(summary.stopped, None);
        }
    }

    /// Whenever the gateway begins to refuse everything, nobody is rejected.
    #[test]
    fn nobody_is_rejected_by_a_gateway_that_refuses_everything(begins in 1..40_usize, size in 2..=20_usize, parallel in 1..=4_usize) {
        let world = gateway([], Some(begins));
        let summary = apply(&world, 42 * size as u64, size, parallel);
        prop_assert_eq!(summary.total().rejected_any(), 0);
        prop_assert!(requests(&world) <= begins + 110, "{}", requests(&world));
    }
}
