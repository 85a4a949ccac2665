//! What has to be so whenever no run is at work, by the gateway's own books and by what the runs have told.

use super::super::gateway::Act;
use super::world::{End, Happening, Past, Worker, World, message_of, number, revision};
use crate::apply::{Stopped, Summary};
use crate::identity::Person;
use crate::ledger::{ClaimState, PersonState, RunId, Standing};

/// After so many runs, one after the other, everything is done.
const RUNS_MAX: usize = 8;

/// Lets some workers work at once, then others, one after the other, until there is nobody to send to. Gives how
/// many steps each of the first made.
///
/// # Errors
/// With what was broken.
pub(super) fn play(world: &World, workers: &[Worker], order: u64) -> Result<Vec<usize>, String> {
    let mut everybody: Vec<u64> = workers.iter().flat_map(|worker| worker.people.iter().copied()).collect();
    everybody.sort_unstable();
    everybody.dedup();
    let past = world.work(workers, order);
    check(world, &everybody, &past)?;
    world.tables.lock().unwrap().lift();
    let last = Worker { plans_anew: workers.iter().all(|worker| worker.plans_anew), ..Worker::of(&everybody) };
    for _ in 0..RUNS_MAX {
        world.clock.pass(std::time::Duration::from_hours(1));
        let last = world.work(std::slice::from_ref(&last), order);
        check(world, &everybody, &last)?;
        check_alone(world, &last)?;
    }
    match everybody.iter().find(|person| world.is_left(**person)) {
        Some(person) => Err(format!("{person} is forgotten: free after {RUNS_MAX} runs")),
        None => Ok(past.iter().map(|past| past.steps).collect()),
    }
}

/// Holds what has happened against the promises.
fn check(world: &World, everybody: &[u64], past: &[Past]) -> Result<(), String> {
    if let Some(breach) = world.tables.lock().unwrap().breaches.pop() {
        return Err(breach);
    }
    for person in everybody {
        check_person(world, *person)?;
    }
    for run in past {
        match &run.end {
            End::Died => {}
            End::Never => return Err(format!("{:?} does not end", run.run)),
            End::Told(summary) => check_told(world, run, summary)?,
        }
        check_late(world, run)?;
    }
    check_left(world, past)
}

/// Nobody twice, nobody had by two claims, and the ledger does not say otherwise than the gateway.
fn check_person(world: &World, person: u64) -> Result<(), String> {
    let (sent, standing) = (world.accepted(person), world.standing(person));
    if sent > 1 {
        return Err(format!("{person} was sent to {sent} times"));
    }
    match standing {
        Standing::Accepted if sent == 0 => return Err(format!("{person} is forgotten: accepted in the ledger only")),
        Standing::Free | Standing::Rejected(_) if sent > 0 => {
            return Err(format!("{person} is {standing:?}, and was sent to"));
        }
        Standing::InFlight | Standing::Abandoned => return Err(format!("{person} is {standing:?}")),
        Standing::Accepted | Standing::InDoubt | Standing::Free | Standing::Rejected(_) => {}
    }
    let tables = world.tables.lock().unwrap();
    let message = message_of(person);
    let holds = |claim: &ClaimState<'_>| {
        matches!(claim.state(Person(person)), Some(PersonState::Claimed | PersonState::Accepted))
    };
    let holders: Vec<_> = tables.ledger.claims_of(&message, revision()).filter(holds).collect();
    match holders.as_slice() {
        [] => Ok(()),
        [only] if tables.holder(number(&message), Person(person)) == Some(&only.claim().id) => Ok(()),
        [only] => Err(format!("nothing keeps others from {person}, whom {:?} has", only.claim().id)),
        several => Err(format!("{person} is had by {} claims", several.len())),
    }
}

/// Whoever was planned is told in one group, and what a run tells of its own claims is what the ledger says.
fn check_told(world: &World, past: &Past, summary: &Summary) -> Result<(), String> {
    let run = past.run;
    let total = summary.total();
    let planned = past.planned.len() as u64;
    if total.people() != planned {
        return Err(format!("{run:?} tells of {} people, and has planned {planned}: {total:?}", total.people()));
    }
    let panics = world.books.lock().unwrap().script.contains(&Act::Panic);
    match &summary.stopped {
        Some(Stopped::Bug(_)) if panics => {}
        Some(why @ (Stopped::Bug(_) | Stopped::Prepare(_) | Stopped::Store(_))) => {
            return Err(format!("{run:?} stops: {why:?}"));
        }
        Some(_) | None => {}
    }
    let told = (total.accepted, total.rejected_any(), total.in_doubt);
    let written = written(world, run);
    if told != written || !summary.unsettled.is_empty() {
        return Err(format!("{run:?} tells {told:?} as accepted, rejected and in doubt, and wrote {written:?}"));
    }
    Ok(())
}

/// Of a message that has ended nothing is claimed but what was about to be: until it is judged, one bulk of each run.
fn check_late(world: &World, past: &Past) -> Result<(), String> {
    match world.tables.lock().unwrap().late.get(&past.run) {
        Some(late) if *late > 1 => Err(format!("{:?} has claimed {late} times of a message that had ended", past.run)),
        Some(_) | None => Ok(()),
    }
}

/// How many people a run has as accepted, rejected and in doubt.
fn written(world: &World, run: RunId) -> (u64, u64, u64) {
    let tables = world.tables.lock().unwrap();
    let mut written = (0, 0, 0);
    for claim in tables.ledger.claims().filter(|claim| claim.claim().id.run == run) {
        for (_, state) in claim.people() {
            match state {
                PersonState::Accepted => written.0 += 1,
                PersonState::Rejected(_) => written.1 += 1,
                PersonState::Claimed => written.2 += 1,
                PersonState::Refused | PersonState::Abandoned => {}
            }
        }
    }
    written
}

/// Whoever is free was refused for good, or belongs to a run that was stopped; runs that have told so count. Who
/// was another run's, which died after this one had looked last, or when this one was stopped, is told as that.
fn check_left(world: &World, past: &[Past]) -> Result<(), String> {
    let ended = || {
        past.iter().filter_map(|past| match &past.end {
            End::Told(summary) => Some((past, summary.as_ref())),
            End::Died | End::Never => None,
        })
    };
    let told = |summary: &Summary| {
        let total = summary.total();
        let has_ended = summary.stopped.is_some() || !summary.ended.is_empty();
        total.refused + if has_ended { total.not_attempted } else { 0 }
    };
    let all_told: u64 = ended().map(|(_, summary)| told(summary)).sum();
    for (past, summary) in ended() {
        let free = past.planned.iter().filter(|person| world.is_left(**person)).count() as u64;
        let total = summary.total();
        let has_looked = summary.stopped.is_none() && summary.ended.is_empty() && !outlived(world, past.run);
        let others = if has_looked { 0 } else { total.claimed_elsewhere + total.not_attempted };
        if free > all_told + others {
            let run = past.run;
            return Err(format!("{free} people of {run:?} are forgotten: free, and told as {total:?}"));
        }
    }
    Ok(())
}

/// Whether some run died after this one had found nobody more to send to.
fn outlived(world: &World, run: RunId) -> bool {
    let story = world.story.lock().unwrap();
    let last = story.iter().position(|(of, what)| *of == run && *what == Happening::HasNobodyLeft);
    let after = last.and_then(|last| story.get(last..)).unwrap_or_default();
    after.iter().any(|(_, what)| *what == Happening::Died)
}

/// A run that has the tables for itself has nobody to leave to others.
fn check_alone(world: &World, past: &[Past]) -> Result<(), String> {
    for past in past {
        let End::Told(summary) = &past.end else { continue };
        let total = summary.total();
        let free = past.planned.iter().filter(|person| world.is_left(**person)).count() as u64;
        // Of a run that was stopped, whoever cannot be written to any more may be told with those who are left.
        let is_stopped = summary.stopped.is_some();
        let cannot = |person: &&u64| world.is_closed(**person) || (is_stopped && world.has_opted_out(**person));
        let is_told = |person: &&u64| cannot(person) && world.standing(**person) == Standing::Free;
        let told = past.planned.iter().filter(is_told).count() as u64;
        if total.claimed_elsewhere > 0 || !(free..=free + told).contains(&(total.refused + total.not_attempted)) {
            return Err(format!("{:?} was alone, leaves {free} people free, and tells {total:?}", past.run));
        }
    }
    Ok(())
}
