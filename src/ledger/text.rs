//! Entries to lines of a ledger, each with its checksum and its end.
//!
//! The encoding is canonical: one ledger has one text. Fields come in the order of `raw`; what is
//! absent is left out; unknown fields follow in the order of their names. Of a claim's people,
//! `state` (and `status`, if it is `rejected`) is what most of them have, of several such states
//! the lowest; everybody else is in exactly one of the lists `rejected`, `open` (still claimed),
//! `refused`, `abandoned`, `accepted`, in ascending order. An outcome says the same of its claim's
//! people. Instants are in RFC 3339 with as many decimals as they need, runs and single persons are
//! 16 hexadecimal digits, and several people are base64 of their 8-byte big-endian numbers.
//!
//! The `terms` of a message's record, and since when they are so, tell a plan what was edited since people
//! were handed over; older versions neither write nor need them.
//!
//! A claim's `dated` is the gateway's last date that its run had seen, or null if it had seen none; older
//! versions did not write it.
//!
//! `recovered` is true of a claim that was written afterwards, from the gateway's logs.
//!
//! A claim's `by` is who ran its run; older versions did not write it. An outcome, and so its note, may say in
//! `known` that somebody knows of people who were accepted here and in other claims (`beside`): its state is
//! `claimed` then, which says nothing of what was sent.
//!
//! `facts` are the numbers of the entries that are folded into a line, by run. The line of a run that has
//! ended says how many `entries` there are of it, which numbers it `skipped`, and which runs had ended
//! before (`after`, those that no other names); these lines come last, in the order of their ends. A
//! ledger with keys is signed, line by line, and has version 2; without keys, as it is kept in a database,
//! it has version 1.
//!
//! Runs append claims that are only claimed, and outcomes. Rewriting folds outcomes into their
//! claims: `settled` and `why` are its own run's last word, `notes` are all words of persons and of the
//! gateway's logs, and `outcomeFields` holds the unknown fields of outcomes.
//!
//! An outcome by the logs that has anybody as accepted says what that rests on, and so does its note:
//! `left`, when the first and the last of their messages were sent, `found`, who they are, if that is not
//! everybody in the claim, and `twice`, of whom the logs have the message more than once. Of those whom a
//! note has as found, `answered` names in a claim whoever is accepted by another word as well: their own
//! run's, a person's, or one of the logs without `left`, as older versions write it.

use serde::Serialize;

use super::closing::Closing;
use super::entry::{BoundHeader, ClaimEntry, Note, RecordEntry};
use super::facts::{Fact, Facts};
use super::line::{
    Claim, ClaimId, Dated, Edition, FirstKey, Header, KnownTwice, MessageRecord, Outcome, PersonState, Proof, RunId,
    Terms,
};
use super::seals::{Seals, Signer, Signing};
use super::states::States;
use super::unknown_fields::UnknownFields;
use super::{people, raw, seal};
use crate::identity::Person;

/// Writes the line of a header.
#[must_use]
pub fn header_line(header: &Header, fact: Option<Fact>, seals: &Seals) -> String {
    bound_line(&BoundHeader::new(header.clone(), fact.into(), UnknownFields::default()), seals.signing(header).0)
}

/// Writes the line of a message's record.
#[must_use]
pub fn message_line(record: &MessageRecord, fact: Option<Fact>, by: &Signing<'_>) -> String {
    record_line(&RecordEntry { record: record.clone(), facts: fact.into(), extra: UnknownFields::default() }, by.0)
}

/// Writes the line of a claim of which nothing else is known.
#[must_use]
pub fn claim_line(claim: &Claim, fact: Option<Fact>, by: &Signing<'_>) -> String {
    line(&raw::Claim { facts: fact.into(), ..raw_claim(claim, raw_states(PersonState::Claimed, &[])) }, by.0)
}

/// Writes the line of an outcome.
#[must_use]
pub fn outcome_line(outcome: &Outcome, fact: Option<Fact>, by: &Signing<'_>) -> String {
    let ClaimId { bulk, attempt, run } = &outcome.claim;
    let mut others = outcome.others.clone();
    others.sort_unstable_by(|one, other| other.cmp(one));
    others.dedup_by_key(|(person, _)| *person);
    others.reverse();
    let raw = raw::Outcome {
        outcome: bulk.to_string().into(),
        run: run.to_string().into(),
        attempt: *attempt,
        states: raw_states(outcome.state, &others),
        at: outcome.at,
        by: outcome.by.clone(),
        why: outcome.why.clone(),
        left: outcome.proof.as_ref().map(|proof| proof.left),
        found: outcome.proof.as_ref().and_then(found),
        twice: outcome.proof.as_ref().and_then(twice),
        known: outcome.known.as_ref().map(known),
        facts: fact.into(),
        extra: UnknownFields::default(),
    };
    line(&raw, by.0)
}

pub(super) fn bound_line(bound: &BoundHeader, by: Option<&Signer>) -> String {
    let raw = raw::Header {
        sendform: "lock".into(),
        version: if by.is_some() { raw::SIGNED } else { raw::UNSIGNED },
        project: bound.header.project.as_str().into(),
        gateway: bound.header.gateway.as_str().into(),
        keys: bound.header.keys.clone(),
        first_key: bound.header.first_key.clone().map(|FirstKey { change, id }| raw::FirstKey { id, change }),
        facts: bound.facts.clone(),
        extra: bound.extra.clone(),
    };
    line(&raw, by)
}

pub(super) fn record_line(record: &RecordEntry, by: Option<&Signer>) -> String {
    let RecordEntry { record, facts, extra } = record;
    let raw = raw::RawMessage {
        message: record.message.to_string().into(),
        revision: record.revision.get(),
        sender: record.sender.as_str().into(),
        text: record.text.as_str().into(),
        audience: record.audience,
        at: record.at,
        terms: record.terms.clone().map(raw_terms),
        earlier: record.earlier.iter().cloned().map(raw_edition).collect(),
        facts: facts.clone(),
        extra: extra.clone(),
    };
    line(&raw, by)
}

fn raw_terms(Terms { since, after, values }: Terms) -> raw::Terms {
    raw::Terms { since, after: after.iter().map(RunId::to_string).collect(), values }
}

fn raw_edition(Edition { since, after, text, values }: Edition) -> raw::Edition {
    raw::Edition { since, after: after.iter().map(RunId::to_string).collect(), text, values }
}

/// Writes the line of a claim with all that is known of it.
pub(super) fn entry_line(entry: &ClaimEntry, by: Option<&Signer>) -> String {
    let states = match &entry.states {
        States::All(state) => raw_states(*state, &[]),
        States::Each(_) => {
            let common = entry.states.common();
            let others: Vec<_> = entry.iter().filter(|(_, state)| *state != common).collect();
            raw_states(common, &others)
        }
    };
    let raw = raw::Claim {
        settled: entry.settled.as_ref().map(|settled| settled.at),
        why: entry.settled.as_ref().and_then(|settled| settled.why.clone()),
        notes: entry.notes.iter().map(raw_note).collect(),
        answered: some_people(&entry.answered),
        outcome_fields: entry.outcome_extra.clone(),
        facts: entry.facts.clone(),
        extra: entry.extra.clone(),
        ..raw_claim(&entry.claim, states)
    };
    line(&raw, by)
}

/// Writes the line of a run's end.
pub(super) fn run_line(run: RunId, closing: &Closing, by: Option<&Signer>) -> String {
    let raw = raw::RawRun {
        run: run.to_string().into(),
        entries: closing.entries,
        skipped: closing.skipped.clone(),
        after: closing.after.iter().map(RunId::to_string).collect(),
        at: closing.at,
        extra: closing.extra.clone(),
    };
    line(&raw, by)
}

fn raw_claim(claim: &Claim, states: raw::States) -> raw::Claim<'static> {
    let ClaimId { bulk, attempt, run } = &claim.id;
    raw::Claim {
        claim: bulk.to_string().into(),
        run: run.to_string().into(),
        attempt: *attempt,
        states,
        count: claim.people.len(),
        time: claim.time.to_string().into(),
        send_at: claim.send_at,
        until: claim.until,
        leaves_by: claim.leaves_by,
        start_by: claim.start_by,
        at: claim.at,
        machine_at: claim.machine_at,
        dated: match claim.dated {
            Dated::Unwritten => None,
            Dated::Never => Some(None),
            Dated::At(date) => Some(Some(date)),
        },
        recovered: claim.is_recovered,
        by: claim.by.clone(),
        edition: claim.edition.as_ref().map(|edition| edition.as_str().to_owned()),
        settled: None,
        why: None,
        notes: Vec::new(),
        answered: None,
        outcome_fields: UnknownFields::default(),
        people: people::encode(claim.people.iter().copied()).into(),
        facts: Facts::default(),
        extra: UnknownFields::default(),
    }
}

fn raw_note(note: &Note) -> raw::Note {
    let (state, status) = word(note.state);
    raw::Note {
        state: state.to_owned(),
        status,
        at: note.at,
        by: note.by.clone(),
        why: note.why.clone(),
        left: note.proof.as_ref().map(|proof| proof.left),
        found: note.proof.as_ref().and_then(found),
        twice: note.proof.as_ref().and_then(twice),
        known: note.known.as_ref().map(known),
    }
}

fn known(known: &KnownTwice) -> raw::Known {
    let beside = known.beside.iter().map(|ClaimId { bulk, attempt, run }| raw::OtherClaim {
        claim: bulk.to_string(),
        run: run.to_string(),
        attempt: *attempt,
    });
    raw::Known { people: people::encode(known.people.iter().copied()), beside: beside.collect() }
}

fn found(proof: &Proof) -> Option<String> {
    proof.people.as_ref().map(|found| people::encode(found.iter().copied()))
}

fn twice(proof: &Proof) -> Option<String> {
    some_people(&proof.twice)
}

fn some_people(some: &[Person]) -> Option<String> {
    (!some.is_empty()).then(|| people::encode(some.iter().copied()))
}

fn word(state: PersonState) -> (&'static str, Option<u16>) {
    match state {
        PersonState::Claimed => ("claimed", None),
        PersonState::Refused => ("refused", None),
        PersonState::Rejected(status) => ("rejected", Some(status)),
        PersonState::Abandoned => ("abandoned", None),
        PersonState::Accepted => ("accepted", None),
    }
}

/// Takes the common state, and everybody who has another, in ascending order.
fn raw_states(common: PersonState, others: &[(Person, PersonState)]) -> raw::States {
    let list = |wanted: PersonState| {
        let people: Vec<Person> =
            others.iter().filter(|(_, state)| *state == wanted).map(|(person, _)| *person).collect();
        (!people.is_empty()).then(|| people::encode(people.into_iter()))
    };
    let rejected = others.iter().filter_map(|(person, state)| match state {
        PersonState::Rejected(status) => Some(raw::Rejected { person: person.to_string(), status: *status }),
        PersonState::Claimed | PersonState::Refused | PersonState::Abandoned | PersonState::Accepted => None,
    });
    let (state, status) = word(common);
    raw::States {
        state: state.to_owned(),
        status,
        rejected: rejected.collect(),
        open: list(PersonState::Claimed),
        refused: list(PersonState::Refused),
        abandoned: list(PersonState::Abandoned),
        accepted: list(PersonState::Accepted),
    }
}

fn line(raw: &impl Serialize, by: Option<&Signer>) -> String {
    let object = serde_json::to_string(raw).expect("names are texts, and nothing else can fail in memory");
    match by {
        Some(signer) => seal::sign(object, signer),
        None => seal::seal(object),
    }
}

#[cfg(test)]
mod tests {
    use super::Seals;
    use crate::ledger::sample;

    #[test]
    fn the_lockfile_looks_like_this() {
        let text = String::from_utf8(sample::ledger().write(&Seals::none())).unwrap();
        insta::assert_snapshot!(text, @r#"
        {"sendform":"lock","version":1,"project":"acme-shop","gateway":"sandbox","keys":["b5c6a100"],"sum":"c360f4da0b67c3e7"}
        {"message":"spring-sale.announce","revision":1,"sender":"official","text":"Hi {{ name }}\n","audience":3,"at":"2026-12-01T00:00:00Z","sum":"1275735c2698c69d"}
        {"claim":"spring-sale.announce.r1.0d2db5633b4e3bce","run":"0000000000000007","attempt":1,"state":"claimed","accepted":"AAAAAAAAAAQ=","count":2,"time":"at 2026-12-01T01:00:00Z","sendAt":"2026-12-01T01:00:00Z","until":"2026-12-01T02:00:01Z","startBy":"2026-12-01T00:10:00Z","at":"2026-12-01T00:00:01Z","notes":[{"state":"accepted","at":"2026-12-01T00:01:00Z","by":"ana","why":"seen in the portal"}],"people":"AAAAAAAAAAQAAAAAAAAABQ==","sum":"d0bef53e926b2dae"}
        {"claim":"spring-sale.announce.r1.5e87d9620c3b05a6","run":"0000000000000007","attempt":1,"state":"accepted","rejected":[{"person":"0000000000000002","status":14}],"count":3,"time":"at 2026-12-01T01:00:00Z","sendAt":"2026-12-01T01:00:00Z","until":"2026-12-01T02:00:01Z","startBy":"2026-12-01T00:10:00Z","at":"2026-12-01T00:00:01Z","settled":"2026-12-01T00:01:00Z","people":"AAAAAAAAAAEAAAAAAAAAAgAAAAAAAAAD","sum":"5111173123b520b1"}
        {"claim":"spring-sale.announce.r1.b37df208f5fdc3e6","run":"0000000000000007","attempt":1,"state":"claimed","count":1,"time":"at 2026-12-01T01:00:00Z","sendAt":"2026-12-01T01:00:00Z","until":"2026-12-01T02:00:01Z","startBy":"2026-12-01T00:10:00Z","at":"2026-12-01T00:00:01Z","people":"AAAAAAAAAAY=","sum":"63eac472f297a948"}
        "#);
    }
}
