//! What the evidence says of one doubt: an outcome for its claim, and a finding for its reader.

use jiff::{SignedDuration, Timestamp};

use super::absence::{Absence, Canary};
use super::decide::{Decision, decide};
use super::findings::Finding;
use super::seen::{Asked, Seen, Sightings};
use crate::apply::leaving::{self, Over};
use crate::identity::{BulkId, Person};
use crate::ledger::{BY_LOGS, ClaimState, Doubt, Ledger, Outcome, PersonState, Standing, View};
use crate::timing::horizon::LOGS_BACK_MAX;

/// What holds for all doubts of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) seen: &'a Seen,
    pub(super) now: Timestamp,
    /// How long the logs may take; `None` for a sandbox, which takes no time.
    pub(super) wait: Option<SignedDuration>,
}

/// Judges the open people of a doubt. There is no outcome if nobody is settled.
pub(super) fn judge(ledger: &Ledger, doubt: &Doubt, bench: &Bench<'_>) -> (Option<Outcome>, Finding) {
    let mut finding = Finding::new(doubt.clone());
    let Some(state) = ledger.claim_state(&doubt.claim) else { return (None, finding) };
    let open: Vec<Person> = open_people(state).collect();
    let message = (doubt.claim.bulk.message.clone(), doubt.claim.bulk.revision);
    let nothing = Sightings::default();
    let seen: Vec<(Person, &Sightings)> =
        open.iter().map(|person| (*person, bench.seen.get(&message, *person).unwrap_or(&nothing))).collect();
    finding.sent_again = seen.iter().filter(|(_, sightings)| sightings.was_sent_again()).count();
    let decisions: Vec<(Person, Decision, Asked)> = seen
        .iter()
        .map(|(person, sightings)| {
            let elsewhere = elsewhere(ledger, state, *person, sightings);
            (*person, decide(&doubt.claim.bulk, &sightings.rows, &elsewhere), sightings.asked)
        })
        .collect();
    let absent = decisions.iter().filter(|(_, decision, _)| *decision == Decision::Absent);
    let absence = absence(state, absent.map(|(.., asked)| *asked), bench).proves();
    let mut decided: Vec<(Person, PersonState)> = Vec::new();
    for (person, decision, _) in decisions {
        let settled = match (decision, absence) {
            (Decision::Accepted, _) => PersonState::Accepted,
            (Decision::Rejected(status), _) => PersonState::Rejected(status),
            (Decision::Absent, Ok(())) => PersonState::Refused,
            (Decision::Kept(kept), _) | (Decision::Absent, Err(kept)) => {
                *finding.kept.entry(kept).or_default() += 1;
                continue;
            }
        };
        decided.push((person, settled));
        count(&mut finding, settled);
    }
    let outcome = (!decided.is_empty()).then(|| outcome(state, &decided, &finding, bench.now));
    (outcome, finding)
}

/// The people of a claim who are in doubt.
pub(super) fn open_people(state: ClaimState<'_>) -> impl Iterator<Item = Person> {
    state.people().filter(|(_, known)| *known == PersonState::Claimed).map(|(person, _)| person)
}

/// What the absence of people of a claim rests on, given how each of them was asked for.
fn absence(state: ClaimState<'_>, asked: impl Iterator<Item = Asked>, bench: &Bench<'_>) -> Absence {
    let claim = state.claim();
    let over = match (bench.wait, state.settled()) {
        (None, _) => Over::AtOnce,
        (Some(_), Some(settled)) => Over::By(settled.at),
        (Some(_), None) => Over::Unknown,
    };
    let (mut is_read, mut least) = (true, None);
    for asked in asked {
        match asked {
            Asked::No => is_read = false,
            Asked::Yes(canary) => least = Some(least.map_or(canary, |least: Canary| least.min(canary))),
        }
    }
    Absence {
        now: bench.now,
        claimed_at: claim.at,
        leaves_by: leaving::last(claim, over),
        wait: bench.wait.unwrap_or(SignedDuration::ZERO),
        is_read,
        canary: least.unwrap_or(Canary::None),
    }
}

/// What the ledger knows of somebody by other claims of the message. It is only looked for where it
/// may explain a row.
fn elsewhere(
    ledger: &Ledger,
    state: ClaimState<'_>,
    person: Person,
    sightings: &Sightings,
) -> Vec<(BulkId, PersonState)> {
    let id = &state.claim().id;
    let (message, revision) = (&id.bulk.message, id.bulk.revision);
    let may_explain = sightings.rows.iter().any(|row| row.state != PersonState::Accepted)
        || ledger.standing(message, revision, person, View::Exclusive) == Standing::Accepted;
    if sightings.rows.is_empty() || !may_explain {
        return Vec::new();
    }
    let others = ledger.claims_of(message, revision).filter(|other| other.claim().id != *id);
    others.filter_map(|other| Some((other.claim().id.bulk.clone(), other.state(person)?))).collect()
}

fn count(finding: &mut Finding, settled: PersonState) {
    match settled {
        PersonState::Accepted => finding.accepted += 1,
        PersonState::Rejected(status) => *finding.rejected.entry(status).or_default() += 1,
        PersonState::Refused => finding.absent += 1,
        PersonState::Claimed | PersonState::Abandoned => {}
    }
}

/// The outcome of a claim: what was decided, and what is known, unchanged, of everybody else.
fn outcome(state: ClaimState<'_>, decided: &[(Person, PersonState)], finding: &Finding, at: Timestamp) -> Outcome {
    let groups = [(PersonState::Accepted, finding.accepted), (PersonState::Refused, finding.absent)];
    let rejected = finding.rejected.iter().map(|(status, count)| (PersonState::Rejected(*status), *count));
    let most = groups.into_iter().chain(rejected).max_by_key(|(_, count)| *count);
    let common = most.map_or(PersonState::Claimed, |(state, _)| state);
    let mut decided = decided.iter().peekable();
    let everybody = state.people().map(|(person, known)| {
        let news = decided.next_if(|(decided, _)| *decided == person);
        (person, news.map_or(known, |(_, state)| *state))
    });
    let others = everybody.filter(|(_, state)| *state != common).collect();
    let mut words = Vec::new();
    for (count, what) in [
        (finding.accepted, "found accepted"),
        (finding.rejected_any(), "found rejected"),
        (finding.absent, "proved absent"),
        (finding.open(), "still open"),
    ] {
        if count > 0 {
            words.push(format!("{count} {what}"));
        }
    }
    let (by, why) = (Some(BY_LOGS.to_owned()), Some(words.join(", ")));
    Outcome { claim: state.claim().id.clone(), state: common, others, at, by, why }
}

/// Says whether the logs do not go back to a doubt any more.
pub(super) fn is_past(doubt: &Doubt, leaves_by: Timestamp, now: Timestamp) -> bool {
    let gone = leaves_by.checked_add(LOGS_BACK_MAX).unwrap_or(Timestamp::MAX);
    now > doubt.logs_end().max(gone)
}
