//! Small ledgers for tests.

use jiff::Timestamp;

use super::seals::Signing;
use super::{Claim, ClaimId, Dated, Header, Ledger, MessageRecord, Outcome, PersonState, RunId, Seals, text};
use crate::identity::{BulkId, BulkTime, Key, Keys, MessageKey, Person, ProjectId, Revision, SenderId};

/// The keys that sign it.
pub(crate) fn seals() -> Seals {
    Seals::new(&Keys::one(Key::from_bytes([1; Key::LENGTH])), &header().project)
}

/// An instant, in seconds of 2026-12-01.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_796_083_200 + second).unwrap()
}

pub(crate) fn message(name: &str) -> MessageKey {
    MessageKey::parse(&format!("spring-sale.{name}")).unwrap()
}

pub(crate) fn revision() -> Revision {
    Revision::new(1).unwrap()
}

pub(crate) fn header() -> Header {
    let keys = vec![Key::from_bytes([1; Key::LENGTH]).id()];
    Header { project: ProjectId::parse("acme-shop").unwrap(), gateway: "sandbox".to_owned(), keys, first_key: None }
}

pub(crate) fn record(name: &str, text: &str, second: i64) -> MessageRecord {
    let sender = SenderId::parse("official").unwrap();
    MessageRecord {
        message: message(name),
        revision: revision(),
        sender,
        text: text.to_owned(),
        audience: 3,
        at: at(second),
        terms: None,
        earlier: std::collections::BTreeSet::new(),
    }
}

/// A claim of these people, all of whose fields follow from the arguments.
pub(crate) fn claim(name: &str, people: &[u64], attempt: u32, run: u64) -> Claim {
    let people: Vec<Person> = people.iter().copied().map(Person).collect();
    let time = BulkTime::At(at(3600));
    let bulk = BulkId::new(&message(name), revision(), time, &people);
    Claim {
        id: ClaimId { bulk, attempt, run: RunId(run) },
        time,
        send_at: Some(at(3600)),
        until: Some(at(7200 + i64::from(attempt))),
        leaves_by: None,
        start_by: at(600),
        at: at(i64::from(attempt)),
        machine_at: None,
        dated: Dated::Unwritten,
        is_recovered: false,
        by: None,
        edition: None,
        people,
    }
}

/// A machine's outcome.
pub(crate) fn outcome(claim: &Claim, state: PersonState, others: &[(u64, PersonState)]) -> Outcome {
    let others = others.iter().map(|(person, state)| (Person(*person), *state)).collect();
    Outcome { claim: claim.id.clone(), state, others, at: at(60), by: None, why: None, proof: None, known: None }
}

/// A ledger with a record, and claims in several states.
pub(crate) fn ledger() -> Ledger {
    let mut ledger = Ledger::new(header());
    ledger.add_message(record("announce", "Hi {{ name }}\n", 0));
    let [first, second, third] = [&[1, 2, 3][..], &[4, 5], &[6]].map(|people| claim("announce", people, 1, 7));
    for claim in [&first, &second, &third] {
        ledger.add_claim(claim.clone()).unwrap();
    }
    ledger.add_outcome(outcome(&first, PersonState::Accepted, &[(2, PersonState::Rejected(14))])).unwrap();
    let word = Outcome {
        by: Some("ana".to_owned()),
        why: Some("seen in the portal".to_owned()),
        ..outcome(&second, PersonState::Accepted, &[(5, PersonState::Claimed)])
    };
    ledger.add_outcome(word).unwrap();
    ledger
}

/// Lines that nobody has signed, and which are entries of no run.
pub(crate) fn header_line(header: &Header) -> String {
    text::header_line(header, None, &Seals::none())
}

pub(crate) fn message_line(record: &MessageRecord) -> String {
    text::message_line(record, None, &Signing::NOBODY)
}

pub(crate) fn claim_line(claim: &Claim) -> String {
    text::claim_line(claim, None, &Signing::NOBODY)
}

pub(crate) fn outcome_line(outcome: &Outcome) -> String {
    text::outcome_line(outcome, None, &Signing::NOBODY)
}

/// What a ledger says, whoever has written it, and in how many entries.
pub(crate) fn content(ledger: &Ledger) -> String {
    let mut claims: Vec<String> = ledger.claims().map(super::ClaimState::line).collect();
    claims.sort_unstable();
    let messages = ledger.messages().map(message_line);
    std::iter::once(header_line(ledger.header())).chain(messages).chain(claims).collect()
}
