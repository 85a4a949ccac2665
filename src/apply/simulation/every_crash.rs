//! Every script of what the gateway does, every write at which the process dies or its disk fails:
//! nobody is ever taken twice, and nobody is forgotten.

use proptest::prelude::{Just, Strategy as _, prop_oneof, proptest};
use proptest::sample::select;

use super::gateway::{Act, HONEST};
use super::store::Fault;
use super::world::{Ended, World, pairs};
use crate::apply::RunSettings;
use crate::ledger::Standing;

/// After so many runs without a fault of the store everything is done.
const RUNS_MAX: usize = 12;

/// Plans from the ledger and applies, again and again, until nothing is to be sent. The first two
/// runs have the fault. Returns how many writes the first run made.
fn play(script: &[Act], people: &[u64], parallel: usize, fault: Fault, import: bool) -> usize {
    let world = World::new(script);
    let mut first_writes = None;
    for run in 0..RUNS_MAX {
        let free: Vec<u64> =
            people.iter().copied().filter(|person| world.standing(*person) == Standing::Free).collect();
        if free.is_empty() {
            let writes = first_writes.unwrap_or_default();
            check(&world, people);
            return writes;
        }
        // Every other run claims ahead of its requests.
        let ahead = if run % 2 == 0 { parallel * 3 } else { 0 };
        let settings = RunSettings { ahead, ..world.settings(parallel) };
        let ended = world.apply(pairs(&free), &settings, if run < 2 { fault } else { Fault::Never });
        first_writes.get_or_insert(ended.writes);
        if fault == Fault::Never {
            check_summary(&world, &free, &ended);
        } else if let Some(summary) = ended.summary {
            assert_eq!(summary.total().people(), free.len() as u64);
            if import {
                world.records.lock().unwrap().outcomes.extend(summary.unsettled);
            }
        }
        check(&world, people);
    }
    panic!("never done");
}

/// The two promises.
fn check(world: &World, people: &[u64]) {
    for person in people {
        let accepted = world.accepted(*person);
        let standing = world.standing(*person);
        assert!(accepted <= 1, "{person} was sent {accepted} times");
        match standing {
            Standing::Accepted => assert_eq!(accepted, 1, "{person} is forgotten"),
            Standing::Free | Standing::Rejected(_) => assert_eq!(accepted, 0, "{person} would be sent again"),
            Standing::InDoubt => {}
            Standing::InFlight | Standing::Abandoned => panic!("{person} is {standing:?}"),
        }
    }
}

/// A run that was not disturbed says of everybody what the ledger says.
fn check_summary(world: &World, people: &[u64], ended: &Ended) {
    let Some(summary) = &ended.summary else { return };
    assert!(summary.unsettled.is_empty());
    let total = summary.total();
    let count =
        |wanted: fn(&Standing) -> bool| people.iter().filter(|person| wanted(&world.standing(**person))).count() as u64;
    assert_eq!(total.accepted, count(|standing| *standing == Standing::Accepted));
    assert_eq!(total.in_doubt, count(|standing| *standing == Standing::InDoubt));
    assert_eq!(total.rejected_any(), count(|standing| matches!(standing, Standing::Rejected(_))));
    assert_eq!(total.refused + total.not_attempted, count(|standing| *standing == Standing::Free));
    assert_eq!(total.claimed_elsewhere, 0);
}

fn every_fault(script: &[Act], people: &[u64], parallel: usize) {
    let writes = play(script, people, parallel, Fault::Never, false);
    for at in 0..writes {
        for fault in [Fault::DieBefore(at), Fault::DieAfter(at)] {
            play(script, people, parallel, fault, false);
        }
        for fault in [Fault::FailBefore(at), Fault::FailAfter(at)] {
            // What the store did not take is joined in by hand, or is not.
            play(script, people, parallel, fault, parallel == 1);
        }
    }
}

#[test]
fn every_write_and_every_outcome() {
    for first in HONEST {
        for second in HONEST {
            every_fault(&[first, second], &[1, 2, 3], 1);
            every_fault(&[first, second], &[1, 2, 3], 2);
        }
    }
}

#[test]
fn every_three_outcomes_of_one_bulk() {
    for first in HONEST {
        for second in HONEST {
            for third in HONEST {
                play(&[first, second, third], &[1, 2], 1, Fault::Never, false);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_script_any_fault(
        script in proptest::collection::vec(select(&HONEST[..]), 0..12),
        people in 1_u64..12,
        parallel in 1_usize..5,
        fault in prop_oneof![
            Just(Fault::Never),
            (0_usize..20).prop_map(Fault::DieBefore),
            (0_usize..20).prop_map(Fault::DieAfter),
            (0_usize..20).prop_map(Fault::FailBefore),
            (0_usize..20).prop_map(Fault::FailAfter),
        ],
        import: bool,
    ) {
        play(&script, &(0..people).collect::<Vec<_>>(), parallel, fault, import);
    }

    #[test]
    fn two_runs_at_once_over_one_ledger(
        script in proptest::collection::vec(select(&HONEST[..16]), 0..12),
        cut in 0_usize..10,
        parallel in 1_usize..4,
    ) {
        let world = World::new(&script);
        let people: Vec<u64> = (0..10).collect();
        // The second run has planned the same people, but cut them otherwise.
        let mut turned = people.clone();
        turned.rotate_left(cut);
        let settings = [world.settings(parallel), RunSettings { ahead: 6, ..world.settings(parallel) }];
        let (one, other) = world.apply_twice([pairs(&people), pairs(&turned)], &settings).unwrap();
        check(&world, &people);
        assert_eq!((one.total().people(), other.total().people()), (10, 10));
        let accepted = people.iter().filter(|person| world.standing(**person) == Standing::Accepted).count();
        assert_eq!(one.total().accepted + other.total().accepted, accepted as u64);
    }
}
