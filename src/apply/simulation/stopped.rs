//! Somebody stops a run at each of its steps. The store and the sender themselves fail a run that claims, or begins a
//! request, while the stop stands; here it is looked how everybody ends.

use std::collections::BTreeSet;
use std::time::Duration;

use super::gateway::{Act, HONEST};
use super::stop_sign::StopSign;
use super::store::Fault;
use super::world::{Ended, World, pairs};
use crate::apply::{Clock as _, RunSettings, Stopped, Tally};
use crate::ledger::Standing;

const PEOPLE: [u64; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// A run of everybody who is free, with this sign.
fn run(world: &World, sign: StopSign, parallel: usize, ahead: usize) -> Ended {
    world.records.lock().unwrap().sign = sign;
    let settings = RunSettings { ahead, ..world.settings(parallel) };
    let free: Vec<u64> = PEOPLE.into_iter().filter(|person| world.standing(*person) == Standing::Free).collect();
    world.apply(pairs(&free), &settings, Fault::Never)
}

/// Nobody twice, nobody forgotten, and the summary says what the ledger says; nothing, if the process died.
#[track_caller]
fn check(world: &World, ended: &Ended) -> Tally {
    for person in PEOPLE {
        let (accepted, standing) = (world.accepted(person), world.standing(person));
        assert!(accepted <= 1, "{person} was sent {accepted} times");
        assert!(standing != Standing::Free || accepted == 0, "{person} would be sent again");
        assert!(standing != Standing::Accepted || accepted == 1, "{person} is forgotten");
    }
    let Some(summary) = ended.summary.as_ref() else { return Tally::default() };
    assert!(summary.unsettled.is_empty());
    let total = summary.total();
    assert_eq!(total.people(), PEOPLE.len() as u64, "everybody is in one group: {total:?}");
    let count = |wanted: fn(Standing) -> bool| {
        PEOPLE.into_iter().filter(|person| wanted(world.standing(*person))).count() as u64
    };
    assert_eq!(total.accepted, count(|standing| standing == Standing::Accepted));
    assert_eq!(total.in_doubt, count(|standing| standing == Standing::InDoubt));
    assert_eq!(total.rejected_any(), count(|standing| matches!(standing, Standing::Rejected(_))));
    assert_eq!(total.refused + total.not_attempted, count(|standing| standing == Standing::Free));
    total
}

/// Stops the run at each step, and lets another go on. Says how many steps there were.
fn every_step(script: &[Act], parallel: usize, ahead: usize) -> usize {
    let world = World::new(script);
    run(&world, StopSign::default(), parallel, ahead);
    let steps = world.records.lock().unwrap().sign.steps();
    for at in 0..steps {
        let world = World::new(script);
        let ended = run(&world, StopSign::from(at, false), parallel, ahead);
        check(&world, &ended);
        let is_seen = world.records.lock().unwrap().sign.is_seen;
        if let Some(summary) = ended.summary {
            let is_stop = matches!(&summary.stopped, Some(Stopped::ByOrder(stops)) if stops.len() == 1);
            // What else ended the run may have come first.
            assert!(is_stop == is_seen || summary.stopped.is_some(), "at step {at}: {:?}", summary.stopped);
        }
        let sent: Vec<u32> = PEOPLE.into_iter().map(|person| world.accepted(person)).collect();
        run(&world, StopSign::default(), parallel, ahead);
        for (person, before) in PEOPLE.into_iter().zip(sent) {
            let now = world.accepted(person);
            assert!(now <= 1 && now >= before, "{person}: {before}, then {now}");
        }
    }
    steps
}

#[test]
fn a_stop_at_any_step_of_any_run() {
    let mut steps = 0;
    for (parallel, ahead) in [(1, 0), (2, 0), (2, 6)] {
        steps += every_step(&[], parallel, ahead);
        for first in HONEST {
            steps += every_step(&[first], parallel, ahead);
            steps += every_step(&[Act::Slow, first, first], parallel, ahead);
        }
    }
    assert!(steps > 1000, "{steps}");
}

#[test]
fn a_run_that_goes_well_is_stopped_and_the_next_sends_exactly_the_rest() {
    let mut seen = BTreeSet::new();
    for (parallel, ahead) in [(1, 0), (3, 0), (2, 6)] {
        for at in 0..30 {
            let world = World::new(&[]);
            let ended = run(&world, StopSign::from(at, false), parallel, ahead);
            let total = check(&world, &ended);
            assert_eq!(total.accepted + total.not_attempted, 8, "what was claimed and not sent is free: {total:?}");
            seen.insert(total.accepted);
            run(&world, StopSign::default(), parallel, ahead);
            assert!(PEOPLE.into_iter().all(|person| world.accepted(person) == 1));
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 2, 4, 6, 8]);
}

#[test]
fn a_stop_that_cannot_be_read_stops_as_well() {
    for at in 0..12 {
        let world = World::new(&[]);
        let ended = run(&world, StopSign::from(at, true), 2, 0);
        let total = check(&world, &ended);
        let stopped = ended.summary.unwrap().stopped;
        let is_told = matches!(&stopped, Some(Stopped::StopsUnread(why)) if why == "no space left on device");
        assert!(is_told || total.accepted == 8, "at {at}: {stopped:?}");
    }
}

#[test]
fn whoever_waits_to_try_again_learns_of_it_meanwhile() {
    let minute = Duration::from_mins(1);
    let ends: BTreeSet<Duration> = (0..16)
        .map(|at| {
            let world = World::new(&[Act::Unreachable]);
            world.records.lock().unwrap().sign = StopSign::from(at, false);
            let settings = RunSettings { backoff_first: minute, ..world.settings(1) };
            check(&world, &world.apply(pairs(&PEOPLE), &settings, Fault::Never));
            world.clock.elapsed()
        })
        .collect();
    let expect = [0, 10, 20, 30, 40, 50, 60].map(Duration::from_secs);
    assert_eq!(ends, BTreeSet::from(expect), "it looks every ten seconds");
}
