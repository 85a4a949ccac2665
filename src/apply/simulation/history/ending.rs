//! How a history ends: the clocks are right, the logs catch up, and some ordinary runs bring it to its end.

use std::time::Duration;

use super::deeds::{Deed, PEOPLE, Run, Sending, Task};
use super::oracle;
use super::world::{World, human, message, revision};
use crate::apply::Clock as _;
use crate::identity::Person;
use crate::ledger::{Outcome, PersonState, RunId, Standing, View};

/// After so many runs everything is done.
const RUNS_MAX: usize = 10;

/// Brings a history to its end.
///
/// # Errors
/// With what is not as it has to be.
pub(super) fn end(world: &mut World) -> Result<(), String> {
    world.truth.pass(Duration::from_hours(1));
    world.gateway.pipeline.lock().unwrap().heal(world.truth.elapsed());
    let mut task = Task::Apply(Sending::default());
    for number in 0..RUNS_MAX {
        let work = Deed::Work { runs: vec![Run::of(task)], order: number as u64 };
        world.happen(&work);
        oracle::check(world)?;
        let (_, last) = world.past.last_key_value().unwrap();
        let ended = last.ended.as_ref().unwrap();
        task = if ended.lacks() { Task::Recover } else { Task::Apply(Sending::default()) };
        if ended.passes.iter().any(|pass| pass.sent_again() > 0) {
            resolve(world);
        }
        world.truth.pass(Duration::from_hours(1));
    }
    let accepted = world.gateway.accepted();
    for human in 0..PEOPLE {
        let count = accepted.get(&human).map_or(0, Vec::len);
        match world.standing(human) {
            Standing::Accepted | Standing::InDoubt | Standing::Rejected(_) => {}
            standing @ (Standing::Free | Standing::InFlight | Standing::Abandoned) => {
                let last: Vec<_> = world.past.values().rev().take(3).map(|past| &past.ended).collect();
                return Err(format!("in the end {human} is {standing:?}, sent to {count} times: {last:?}"));
            }
        }
    }
    check_reasons(world)
}

/// Somebody looks into the gateway's own pages, and says who has their message.
fn resolve(world: &World) {
    let accepted = world.gateway.accepted();
    world.shelf.change(|ledger| {
        for doubt in ledger.doubts(View::Exclusive) {
            let state = ledger.claim_state(&doubt.claim).unwrap();
            let has_it = |(person, _): &(Person, PersonState)| accepted.contains_key(&human(*person));
            let others = state.people().filter(has_it).map(|(person, _)| (person, PersonState::Accepted)).collect();
            let (by, why) = (Some("ana".to_owned()), Some("seen in the portal".to_owned()));
            let (claim, at) = (doubt.claim, world.truth.now());
            let word = Outcome { claim, state: PersonState::Claimed, others, at, by, why, proof: None, known: None };
            ledger.add_outcome(word).unwrap();
        }
    });
}

/// Whoever is still in doubt is so for a reason that was told.
fn check_reasons(world: &mut World) -> Result<(), String> {
    world.happen(&Deed::Work { runs: vec![Run::of(Task::Reconcile)], order: 0 });
    let last = RunId(world.past.len() as u64 - 1);
    let passes = &world.past[&last].ended.as_ref().unwrap().passes;
    let told: usize = passes.iter().map(|pass| pass.open()).sum();
    let open: usize = world.shelf.ledger().doubts(View::Exclusive).iter().map(|doubt| doubt.open).sum();
    let ledger = world.shelf.ledger();
    let totals = ledger.totals(&message(), revision(), View::Exclusive);
    if told == open && totals.in_flight == 0 { Ok(()) } else { Err(format!("{open} in doubt, {told} told")) }
}
