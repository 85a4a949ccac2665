//! What has to be so, by the gateway's books and by what was seen of the runs from outside.

use std::collections::BTreeSet;
use std::time::Duration;

use super::deeds::{PEOPLE, Task};
use super::journal::{Entry, What};
use super::world::{Past, World, human};
use crate::apply::{Alarm, Stopped};
use crate::campaign::Witness;
use crate::identity::Person;
use crate::ledger::{Finding, RunId, Standing};

/// Holds everything that has happened until now against the promises.
///
/// # Errors
/// With what was broken.
pub(super) fn check(world: &World) -> Result<(), String> {
    let accepted = world.gateway.accepted();
    for human in 0..PEOPLE {
        let runs = accepted.get(&human).map_or(&[][..], Vec::as_slice);
        check_human(world, human, runs)?;
    }
    for (id, past) in &world.past {
        let entries = world.journal.of(*id);
        check_shown(*id, &entries)?;
        check_asked(*id, past, &entries)?;
        check_ended(world, *id, past)?;
    }
    check_ledger(world)
}

/// Nobody twice, and nobody forgotten, where the ledger was never taken back.
fn check_human(world: &World, human: u64, runs: &[RunId]) -> Result<(), String> {
    let standing = world.standing(human);
    let is_accepted = !runs.is_empty();
    if standing == Standing::Accepted && !is_accepted {
        return Err(format!("{human} is forgotten: accepted in the ledger only"));
    }
    if world.is_taken_back {
        return Ok(());
    }
    if runs.len() > 1 {
        return Err(format!("{human} was sent to by {runs:?}"));
    }
    match standing {
        Standing::Accepted | Standing::InDoubt => Ok(()),
        Standing::Free | Standing::Rejected(_) if !is_accepted => Ok(()),
        Standing::Free | Standing::Rejected(_) | Standing::InFlight | Standing::Abandoned => {
            Err(format!("{human} is {standing:?}, and was sent to by {runs:?}"))
        }
    }
}

/// Whoever was shown to a run as accepted is not claimed by it later on.
fn check_shown(id: RunId, entries: &[Entry]) -> Result<(), String> {
    let mut shown: Vec<(Duration, &BTreeSet<Person>)> = Vec::new();
    for entry in entries {
        match &entry.what {
            What::Shown(people) => shown.push((entry.at, people)),
            What::Claimed(people) => {
                let before = shown.iter().filter(|(at, _)| *at < entry.at);
                let known: BTreeSet<u64> = before.flat_map(|(_, people)| people.iter().copied().map(human)).collect();
                let again: Vec<u64> = people.iter().copied().map(human).filter(|human| known.contains(human)).collect();
                if !again.is_empty() {
                    return Err(format!("{id:?} was shown {again:?} as accepted, and claimed them"));
                }
            }
            What::Planned(_) | What::Asked(_) | What::Looked => {}
        }
    }
    Ok(())
}

/// Before a claim its bulk was asked for, and what was sent lately; else the run says so.
fn check_asked(id: RunId, past: &Past, entries: &[Entry]) -> Result<(), String> {
    let Task::Apply(sending) = &past.run.task else { return Ok(()) };
    let says_so = match (&past.ended, sending.witness) {
        (_, Witness::Off) => return Ok(()),
        (_, Witness::Required) => false,
        // It was killed before it could.
        (None, Witness::Preferred) => return Ok(()),
        (Some(ended), Witness::Preferred) => {
            let alarms = ended.summary.iter().flat_map(|summary| &summary.alarms);
            alarms.into_iter().any(|alarm| matches!(alarm, Alarm::NotWitnessed { .. }))
        }
    };
    let (mut asked, mut planned, mut has_looked) = (BTreeSet::new(), Vec::new(), false);
    for entry in entries {
        match &entry.what {
            What::Planned(bulks) => planned.clone_from(bulks),
            What::Asked(people) => asked.extend(people.iter().copied()),
            What::Looked => has_looked = true,
            What::Claimed(claimed) => {
                let of = planned.iter().filter(|bulk| !bulk.is_disjoint(claimed));
                let is_witnessed = |bulk: &BTreeSet<Person>| {
                    bulk.intersection(&asked).count() >= sending.of_each.min(bulk.len()).max(1)
                };
                let is_asked = has_looked && of.into_iter().all(is_witnessed);
                if !is_asked && !says_so {
                    return Err(format!("{id:?} claimed {claimed:?} without asking, and does not say so"));
                }
            }
            What::Shown(_) => {}
        }
    }
    Ok(())
}

/// No clock that is wrong frees anybody, and nothing is called lost where nothing is.
fn check_ended(world: &World, id: RunId, past: &Past) -> Result<(), String> {
    let Some(ended) = &past.ended else { return Ok(()) };
    let findings = ended.passes.iter().flat_map(|pass| &pass.findings);
    let freed: usize = findings.map(|finding| finding.absent).sum();
    if past.is_far_off && freed > 0 {
        return Err(format!("{id:?} has a wrong clock, and frees {freed}"));
    }
    if world.is_taken_back {
        return Ok(());
    }
    let again: usize = ended.passes.iter().map(|pass| pass.sent_again()).sum();
    let recovered = ended.recovered.as_ref().map_or(0, |recovered| recovered.accepted + recovered.rejected);
    let summary = ended.summary.as_ref();
    let all_the_same = summary.is_some_and(|summary| {
        summary.alarms.iter().any(|alarm| matches!(alarm, Alarm::SentAllTheSame { .. }))
            || matches!(
                summary.stopped,
                Some(Stopped::LedgerLacks { .. } | Stopped::OtherKeys { .. } | Stopped::Bug(_) | Stopped::Store(_))
            )
    });
    if again > 0 || recovered > 0 || all_the_same {
        return Err(format!("{id:?} gives a false alarm: {ended:?}"));
    }
    Ok(())
}

/// The ledger is in order; it has nobody as sent to twice who was not.
fn check_ledger(world: &World) -> Result<(), String> {
    let accepted = world.gateway.accepted();
    let is_twice = |person: &Person| accepted.get(&human(*person)).is_some_and(|runs| runs.len() > 1);
    let is_false = |finding: &Finding| match finding {
        Finding::AcceptedTwice { person, .. } => !is_twice(person),
        // Where claims were lost their row may be booked for an earlier one, and for them as well when they are found.
        Finding::NoRecord { .. } | Finding::BookedTwice { .. } => !world.is_taken_back,
        Finding::KnownTwice { .. } | Finding::ForeignId { .. } => true,
    };
    match world.shelf.ledger().verify().iter().find(|finding| is_false(finding)) {
        Some(finding) => Err(format!("the ledger says {finding:?}")),
        None => Ok(()),
    }
}
