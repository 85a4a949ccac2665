//! Claims and outcomes to try a store with.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use sendform::identity::{BulkId, BulkTime, Key, Keys, MessageId, MessageKey, Person, ProjectId, Revision, SenderId};
use sendform::ledger::{
    Claim, ClaimId, Dated, Edition, Ledger, MessageRecord, Outcome, PersonState, RunId, Seals, Standing, Terms, View,
};
use sendform::store::{Binding, Visit};

/// When all claims are made: noon of 2026-11-30.
pub(super) const NOON: Timestamp = Timestamp::constant(1_796_040_000, 0);

/// So late that whatever was claimed at noon is dead.
pub(super) const LATER: View = View::Shared { now: Timestamp::constant(1_796_040_000 + 3600, 0) };

pub(super) fn message() -> MessageKey {
    MessageKey::parse("sale.hello").unwrap()
}

pub(super) fn revision() -> Revision {
    Revision::new(1).unwrap()
}

pub(super) fn expected() -> Binding {
    let (keys, project) = (Keys::one(Key::from_bytes([7; Key::LENGTH])), ProjectId::parse("acme-shop").unwrap());
    let seals = Seals::new(&keys, &project);
    Binding { project, gateway: "gateway.example".to_owned(), keys: Some(keys.ids()), seals }
}

/// A run that has not opened anything yet.
pub(super) fn visit() -> Visit {
    static LAST: AtomicU64 = AtomicU64::new(1 << 32);
    Visit::new(RunId(LAST.fetch_add(1, Ordering::Relaxed)), "apply", NOON)
}

pub(super) fn record(text: &str) -> MessageRecord {
    let sender = SenderId::parse("SHOP-ACCOUNT").unwrap();
    let terms = Terms {
        since: NOON,
        after: [].into(),
        values: [("sendAt".to_owned(), "2026-12-01T09:00:00".to_owned())].into(),
    };
    let text = text.to_owned();
    let before = Edition { since: NOON, after: [].into(), text: "Hello".to_owned(), values: None };
    MessageRecord {
        message: message(),
        revision: revision(),
        sender,
        text,
        audience: 9,
        at: NOON,
        terms: Some(terms),
        earlier: [before].into(),
    }
}

/// A claim of these people by a run.
pub(super) fn claim(run: u64, people: &[u64]) -> Claim {
    let people: Vec<Person> = people.iter().copied().map(Person).collect();
    let (time, start_by) = (BulkTime::At(NOON), NOON + jiff::SignedDuration::from_mins(2));
    let bulk = BulkId::new(&message(), revision(), time, &people);
    let id = ClaimId { bulk, attempt: 1, run: RunId(run) };
    Claim {
        id,
        time,
        send_at: None,
        until: None,
        leaves_by: None,
        start_by,
        at: NOON,
        machine_at: None,
        dated: Dated::At(NOON),
        is_recovered: false,
        by: None,
        edition: None,
        people,
    }
}

/// What became of a claim: this of everybody but some.
pub(super) fn outcome(claim: &Claim, state: PersonState, others: &[(u64, PersonState)]) -> Outcome {
    let others = others.iter().map(|(person, state)| (Person(*person), *state)).collect();
    Outcome { claim: claim.id.clone(), state, others, at: NOON, by: None, why: None, proof: None, known: None }
}

pub(super) fn standing(ledger: &Ledger, person: u64) -> Standing {
    ledger.standing(&message(), revision(), Person(person), LATER)
}

pub(super) fn standings<const N: usize>(ledger: &Ledger, people: [u64; N]) -> [Standing; N] {
    people.map(|person| standing(ledger, person))
}

pub(super) fn message_id(person: u64) -> MessageId {
    MessageId { message: message(), revision: revision(), person: Person(person) }
}
