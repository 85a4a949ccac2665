//! People who opt out at any step of a run: no request that begins afterwards holds them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures_util::future::BoxFuture;
use proptest::prelude::*;
use proptest::sample::select;

use super::clock::yield_once;
use super::gateway::{Act, Books, HONEST};
use super::store::Fault;
use super::world::{World, pairs};
use crate::apply::{OptOuts, RunSettings, Stopped, Summary};
use crate::identity::{MessageKey, Person};
use crate::ledger::Standing;

/// Who has opted out, and who is going to: at which look, claim or outcome, counted from 0.
#[derive(Debug, Default)]
pub(super) struct OptOutBooks {
    pub(super) people: BTreeSet<Person>,
    pub(super) coming: BTreeMap<usize, Vec<Person>>,
    /// From which step on nobody can say who has.
    pub(super) fails_from: Option<usize>,
    pub(super) steps: usize,
}

impl OptOutBooks {
    /// Whether nobody opts out, now or ever.
    pub(super) fn is_idle(&self) -> bool {
        self.people.is_empty() && self.coming.is_empty() && self.fails_from.is_none()
    }

    pub(super) fn step(&mut self) {
        if let Some(people) = self.coming.get(&self.steps) {
            self.people.extend(people);
        }
        self.steps += 1;
    }
}

/// The list, as every process looks at it.
pub(super) struct SimOptOuts<'a>(pub(super) &'a Mutex<Books>);

impl OptOuts for SimOptOuts<'_> {
    fn opted_out<'a>(&'a self, _: &'a MessageKey, people: Vec<Person>) -> BoxFuture<'a, Result<Vec<Person>, String>> {
        Box::pin(async move {
            // Where nobody ever opts out looking takes no time, so that other looks are tried right before what they
            // allow.
            if self.0.lock().unwrap().opt_outs.is_idle() {
                return Ok(Vec::new());
            }
            yield_once().await;
            let books = &mut self.0.lock().unwrap().opt_outs;
            books.step();
            if books.fails_from.is_some_and(|from| books.steps > from) {
                return Err("`opt-outs.csv` is empty".to_owned());
            }
            Ok(people.into_iter().filter(|person| books.people.contains(person)).collect())
        })
    }
}

/// A world in which these people opt out at these steps.
fn world(script: &[Act], coming: impl IntoIterator<Item = (usize, u64)>) -> World {
    let world = World::new(script);
    for (step, person) in coming {
        world.books.lock().unwrap().opt_outs.coming.entry(step).or_default().push(Person(person));
    }
    world
}

fn apply(world: &World, people: &[u64], parallel: usize, ahead: usize, fault: Fault) -> Option<Summary> {
    let settings = RunSettings { ahead, ..world.settings(parallel) };
    let summary = world.apply(pairs(people), &settings, fault).summary?;
    assert_eq!(summary.total().people(), people.len() as u64, "everybody is in one group");
    Some(summary)
}

const PEOPLE: [u64; 5] = [1, 2, 3, 4, 5];

#[test]
fn whoever_opts_out_at_any_step_is_in_no_request_after_it() {
    let mut cut_before_a_request = 0;
    for script in [&[][..], &[Act::TooMany], &[Act::NamesNone, Act::NamesNone], &[Act::NamesFirst]] {
        for (parallel, ahead) in [(1, 0), (2, 0), (1, 6)] {
            let calm = world(script, []);
            apply(&calm, &PEOPLE, parallel, ahead, Fault::Never);
            let steps = calm.books.lock().unwrap().opt_outs.steps;
            for (step, person) in (0..steps).flat_map(|step| PEOPLE.map(|person| (step, person))) {
                let world = world(script, [(step, person)]);
                let total = apply(&world, &PEOPLE, parallel, ahead, Fault::Never).unwrap().total();
                let is_free = world.standing(person) == Standing::Free;
                assert_eq!(total.suppressed, u64::from(is_free), "{script:?}, step {step}, person {person}");
                assert_eq!(total.suppressed + total.accepted + total.rejected_any(), 5, "nobody else is held back");
                let records = world.records.lock().unwrap();
                let had = records.claims.iter().any(|claim| claim.people.contains(&Person(person)));
                cut_before_a_request += u64::from(is_free && had && script.is_empty());
                assert_eq!(records.claims.len(), records.outcomes.len(), "nothing is left open");
            }
        }
    }
    assert!(cut_before_a_request > 0, "nobody had a claim that was given back");
}

#[test]
fn when_nobody_can_say_who_has_opted_out_nothing_more_is_claimed() {
    for (step, ahead) in (0..18).flat_map(|step| [(step, 0), (step, 6)]) {
        let world = world(&[], []);
        world.books.lock().unwrap().opt_outs.fails_from = Some(step);
        let summary = apply(&world, &PEOPLE, 1, ahead, Fault::Never).unwrap();
        let is_over = summary.total().accepted == 5;
        let stopped = Some(Stopped::OptOuts("`opt-outs.csv` is empty".to_owned()));
        assert_eq!(summary.stopped, stopped.filter(|_| !is_over), "step {step}");
        assert_eq!(summary.total().accepted + summary.total().not_attempted, 5, "step {step}");
        assert!(PEOPLE.iter().all(|person| world.standing(*person) != Standing::InDoubt));
    }
}

proptest! {
    #[test]
    fn any_opt_outs_any_script_any_fault(
        coming in proptest::collection::vec((0_usize..40, 1_u64..10), 0..8),
        script in proptest::collection::vec(select(&HONEST[..]), 0..10),
        parallel in 1_usize..4,
        ahead in 0_usize..8,
        fault in prop_oneof![
            Just(Fault::Never),
            (0_usize..20).prop_map(Fault::DieBefore),
            (0_usize..20).prop_map(Fault::DieAfter),
            (0_usize..20).prop_map(Fault::FailBefore),
            (0_usize..20).prop_map(Fault::FailAfter),
        ],
    ) {
        let world = world(&script, coming);
        let everybody: Vec<u64> = (1..10).collect();
        for fault in [fault, Fault::Never] {
            let free: Vec<u64> = everybody.iter().copied().filter(|person| world.standing(*person) == Standing::Free).collect();
            apply(&world, &free, parallel, ahead, fault);
            for person in &everybody {
                prop_assert!(world.accepted(*person) <= 1);
            }
        }
    }
}
