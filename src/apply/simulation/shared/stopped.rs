//! Somebody stops all runs of a shared plan, people opt out, and messages end, beside deaths at every step. The
//! tables and the sender fail a run that claims, or begins a request, when it must not; the oracle says how everybody
//! ends, and that the next runs send to exactly the rest.

use std::collections::BTreeSet;

use proptest::prelude::{Just, ProptestConfig, Strategy as _, any, prop_oneof, proptest};
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

use super::super::gateway::{Act, HONEST};
use super::super::rejections::limit;
use super::super::stop_sign::StopSign;
use super::every_crash::worker;
use super::oracle::play;
use super::tables::{Corner, Flaw};
use super::world::{End, Worker, World};
use crate::apply::{Stopped, Summary};
use crate::identity::Person;
use crate::ledger::Standing;

const PEOPLE: [u64; 8] = [1, 2, 3, 4, 5, 6, 101, 102];

/// A world in which somebody stops sending at a step, and people opt out at theirs.
fn world(script: &[Act], stop: Option<usize>, coming: &[(usize, u64)], flaws: &[Flaw]) -> World {
    let world = World::new(script, flaws);
    {
        let mut tables = world.tables.lock().unwrap();
        tables.sign = stop.map(|at| StopSign::from(at, false)).unwrap_or_default();
        tables.looks_are_apart = !coming.is_empty();
        let opt_outs = &mut world.books.lock().unwrap().opt_outs;
        for (step, person) in coming {
            opt_outs.coming.entry(*step).or_default().push(Person(*person));
        }
    }
    world
}

/// A world in which a message ends when more than a tenth of at least so many people are rejected, which these are.
fn rejecting(rejects: impl IntoIterator<Item = u64>, of: u64) -> World {
    let world = World::new(&[], &[]);
    world.tables.lock().unwrap().limit = Some(limit(10, of));
    world.books.lock().unwrap().rejects = rejects.into_iter().map(Person).collect();
    world
}

fn two() -> Vec<Worker> {
    let one = Worker { parallel: 2, ..Worker::of(&PEOPLE) };
    vec![one, Worker { size: 3, ..Worker::of(&PEOPLE) }]
}

#[track_caller]
fn check(world: &World, workers: &[Worker], order: u64) -> Vec<usize> {
    play(world, workers, order).unwrap_or_else(|fault| panic!("{fault}: {workers:?} {order}"))
}

/// How many steps there are until everything is sent, and nobody stops it.
fn steps(script: &[Act], workers: &[Worker], order: u64) -> usize {
    let calm = world(script, None, &[], &[]);
    calm.work(workers, order);
    calm.tables.into_inner().unwrap().sign.steps()
}

#[test]
fn a_stop_at_any_step_of_any_worker() {
    let (mut accepted, mut corners) = (BTreeSet::new(), BTreeSet::new());
    for script in [&[][..], &[Act::TooMany], &[Act::NamesNone, Act::LostAfter], &[Act::Accept, Act::Slow]] {
        for order in 0..3 {
            for at in 0..steps(script, &two(), order) {
                let world = world(script, Some(at), &[], &[]);
                check(&world, &two(), order);
                let tables = world.tables.into_inner().unwrap();
                accepted.insert(tables.ledger.claims().count());
                corners.extend(tables.corners);
            }
        }
    }
    assert!(accepted.len() > 3, "{accepted:?}");
    assert!(corners.contains(&Corner::Stopped), "no claim was refused because of it: {corners:?}");
}

#[test]
fn a_stop_beside_a_death() {
    for order in 0..2 {
        let lives = check(&world(&[], None, &[], &[]), &two(), order)[0];
        for at in (0..steps(&[], &two(), order)).step_by(3) {
            for dies_at in (0..lives).step_by(2) {
                let mut workers = two();
                workers[0].dies_at = Some(dies_at);
                check(&world(&[], Some(at), &[], &[]), &workers, order);
            }
        }
    }
}

#[test]
fn runs_that_are_stopped_tell_so_and_the_next_sends_to_exactly_the_rest() {
    let mut shares = BTreeSet::new();
    for order in 0..3 {
        for at in 0..steps(&[], &two(), order) {
            let world = world(&[], Some(at), &[], &[]);
            let past = world.work(&two(), order);
            let sent = PEOPLE.iter().filter(|person| world.accepted(**person) == 1).count();
            let free = PEOPLE.iter().filter(|person| world.standing(**person) == Standing::Free).count();
            assert_eq!(sent + free, PEOPLE.len(), "nobody is in doubt");
            let told = |summary: &Summary| matches!(summary.stopped, Some(Stopped::ByOrder(_)));
            let is_told = past.iter().any(|past| matches!(&past.end, End::Told(summary) if told(summary)));
            assert!(is_told || free == 0, "order {order}, step {at}: {past:?}");
            world.tables.lock().unwrap().lift();
            // Their leases come back by themselves.
            world.work(&[Worker::of(&PEOPLE)], order);
            assert!(PEOPLE.iter().all(|person| world.accepted(*person) == 1), "order {order}, step {at}");
            shares.insert(sent);
        }
    }
    assert!(shares.len() > 3, "{shares:?}");
}

/// The look before a request is what keeps it from beginning: without it a claim from before the stop would be used.
/// Without the look in the claim's transaction it still is.
#[test]
fn a_run_that_is_not_told_of_a_stop_is_noticed() {
    let told = |flaws: &[Flaw]| -> Vec<String> {
        let all = 0..steps(&[], &two(), 0);
        all.filter_map(|at| play(&world(&[], Some(at), &[], flaws), &two(), 0).err()).collect()
    };
    assert_eq!(told(&[Flaw::GrantsWhileStopped]), [] as [String; 0]);
    let unseen = told(&[Flaw::HidesStops]);
    assert!(unseen.iter().all(|told| told.contains("begins while a stop stands")), "{unseen:?}");
    assert!(!unseen.is_empty(), "nobody begins a request with a claim from before the stop");
}

#[test]
fn whoever_opts_out_at_any_step_is_in_no_request_after_it() {
    let mut suppressed = 0;
    for script in [&[][..], &[Act::TooMany], &[Act::NamesNone, Act::NamesNone]] {
        for order in 0..2 {
            for (step, person) in (0..60).flat_map(|step| [1, 6, 102].map(|person| (step, person))) {
                let world = world(script, None, &[(step, person)], &[]);
                check(&world, &two(), order);
                suppressed += usize::from(world.standing(person) == Standing::Free);
            }
        }
    }
    assert!(suppressed > 100, "{suppressed}");
}

#[test]
fn a_message_of_which_everybody_is_rejected_ends_for_all_workers() {
    let people: Vec<u64> = (1..=30).collect();
    let mut corners = BTreeSet::new();
    for order in 0..20 {
        let world = rejecting(1..=30, 4);
        let worker = || Worker { parallel: 2, ..Worker::of(&people) };
        let past = world.work(&[worker(), worker(), Worker { size: 3, ..worker() }], order);
        let rejected = people.iter().filter(|person| matches!(world.standing(**person), Standing::Rejected(_))).count();
        // Three runs with a bulk each, when the last answer that it takes is written.
        assert!((4..=12).contains(&rejected), "order {order}: {rejected}");
        let ended = past.iter().filter(|past| matches!(&past.end, End::Told(summary) if !summary.ended.is_empty()));
        assert_eq!(ended.count(), 3, "order {order}: all of them tell: {past:?}");
        corners.extend(world.tables.into_inner().unwrap().corners);
    }
    assert!(corners.contains(&Corner::EndedMeanwhile), "what is in flight when it ends is not tried: {corners:?}");
}

#[test]
fn a_message_that_ends_beside_a_death() {
    for order in 0..3 {
        let lives = check(&rejecting(1..=6, 2), &two(), order)[0];
        for dies_at in 0..lives {
            let mut workers = two();
            workers[0].dies_at = Some(dies_at);
            check(&rejecting(1..=6, 2), &workers, order);
        }
    }
}

proptest! {
    // A history that has failed becomes a test of its own.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stop_any_opt_outs_any_limit_any_workers(
        script in proptest::collection::vec(select(&HONEST[..]), 0..8),
        workers in proptest::collection::vec(worker(), 1..4),
        stop in prop_oneof![Just(None), (0_usize..200).prop_map(Some)],
        coming in prop_oneof![Just(Vec::new()), proptest::collection::vec((0_usize..80, 1_u64..7), 0..4)],
        rejects in proptest::collection::btree_set(1_u64..107, 0..8),
        of in prop_oneof![Just(None), (1_u64..6).prop_map(Some)],
        order in any::<u64>(),
    ) {
        let world = world(&script, stop, &coming, &[]);
        world.books.lock().unwrap().rejects = rejects.iter().copied().map(Person).collect();
        world.tables.lock().unwrap().limit = of.map(|of| limit(0, of));
        play(&world, &workers, order).map_err(TestCaseError::fail)?;
    }
}
