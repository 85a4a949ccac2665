//! What holds for every ledger and every text.

use std::collections::BTreeSet;

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;

use super::sample::{
    at, claim, claim_line, header, header_line, ledger, message, message_line, outcome, outcome_line, record, revision,
};
use super::{
    Claim, ClaimId, Edition, Ledger, MessageRecord, Outcome, PersonState, Proof, RunId, Seals, Standing, Terms, View,
};
use crate::identity::Person;

const NAMES: [&str; 2] = ["announce", "remind"];
const PEOPLE: u64 = 5;

/// One entry with the claim that it is about.
#[derive(Debug, Clone)]
enum Event {
    Message(MessageRecord),
    Claim(Claim),
    Outcome(Claim, Box<Outcome>),
}

fn claims() -> impl Strategy<Value = Claim> {
    (0..NAMES.len(), 1_u8..(1 << PEOPLE), 1_u32..3, 1_u64..3).prop_map(|(name, mask, attempt, run)| {
        let people: Vec<u64> = (0..PEOPLE).filter(|person| mask >> person & 1 == 1).collect();
        claim(NAMES[name], &people, attempt, run)
    })
}

fn states() -> impl Strategy<Value = PersonState> {
    prop_oneof![
        prop::strategy::Just(PersonState::Claimed),
        prop::strategy::Just(PersonState::Refused),
        (14_u16..17).prop_map(PersonState::Rejected),
        prop::strategy::Just(PersonState::Abandoned),
        prop::strategy::Just(PersonState::Accepted),
    ]
}

fn records() -> impl Strategy<Value = MessageRecord> {
    let values = prop::collection::btree_map("[a-b]", "[a-z\"é]{0,2}", 0..3).boxed();
    let terms = prop::option::of((0_i64..3, values.clone()).prop_map(|(second, values)| Terms {
        since: at(second),
        after: [RunId(second.unsigned_abs())].into(),
        values,
    }));
    let edition = (0_i64..3, "[a-z]{0,3}", prop::option::of(values)).prop_map(|(second, text, values)| Edition {
        since: at(second),
        after: BTreeSet::new(),
        text,
        values,
    });
    let earlier = prop::collection::btree_set(edition, 0..3);
    (0..NAMES.len(), 0_i64..3, "[a-z]{0,3}", terms, earlier).prop_map(|(name, second, text, terms, earlier)| {
        MessageRecord { terms, earlier, ..record(NAMES[name], &text, second) }
    })
}

fn events() -> impl Strategy<Value = Event> {
    let words = || prop::option::of("[a-z\"\\\\é\n]{0,4}");
    let proofs = prop::option::of((0_i64..3, 0_i64..3, prop::option::of(any::<u8>()), any::<u8>()));
    let others = (prop::collection::vec(states(), 5), any::<u8>());
    let outcomes = (claims(), states(), others, 0_i64..4, words(), words(), proofs);
    let outcomes = outcomes.prop_map(|(claim, state, (others, mask), second, by, why, proof)| {
        let some = |mask: u8| claim.people.iter().copied().filter(|person| mask >> person.0 & 1 == 1).collect();
        let proof = proof.map(|(first, last, people, twice)| Proof {
            left: [at(first), at(last)],
            people: people.map(some),
            twice: some(twice),
        });
        let named = claim.people.iter().zip(others).filter(|(person, _)| mask >> person.0 & 1 == 1);
        let others: Vec<_> = named.map(|(person, state)| (person.0, state)).collect();
        let outcome = Outcome { at: at(second), by, why, proof, ..outcome(&claim, state, &others) };
        Event::Outcome(claim, Box::new(outcome))
    });
    prop_oneof![records().prop_map(Event::Message), claims().prop_map(Event::Claim), outcomes,]
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(events(), 0..12)
}

fn ledger_of(events: &[Event]) -> Ledger {
    let mut ledger = Ledger::new(header());
    for event in events.iter().cloned() {
        match event {
            Event::Message(record) => ledger.add_message(record),
            Event::Claim(claim) => ledger.add_claim(claim).unwrap(),
            Event::Outcome(claim, outcome) => {
                ledger.add_claim(claim).unwrap();
                ledger.add_outcome(*outcome).unwrap();
            }
        }
    }
    ledger
}

/// The lines that runs would have appended.
fn lines_of(events: &[Event]) -> Vec<String> {
    let mut lines = vec![header_line(&header())];
    for event in events {
        match event {
            Event::Message(record) => lines.push(message_line(record)),
            Event::Claim(claim) => lines.push(claim_line(claim)),
            Event::Outcome(claim, outcome) => {
                lines.extend([claim_line(claim), outcome_line(outcome)]);
            }
        }
    }
    lines
}

fn joined(one: &Ledger, other: &Ledger) -> Ledger {
    let mut joined = one.clone();
    joined.join(other).unwrap();
    joined
}

fn standings(ledger: &Ledger) -> Vec<Standing> {
    let of = |name: &&str| {
        let message = message(name);
        (0..PEOPLE + 2).map(move |person| (message.clone(), Person(person)))
    };
    let all = NAMES.iter().flat_map(of);
    all.map(|(message, person)| ledger.standing(&message, revision(), person, View::Exclusive)).collect()
}

/// How somebody stands, in the words of the definition: no index, no order.
fn standings_by_definition(ledger: &Ledger) -> Vec<Standing> {
    let mut standings = Vec::new();
    for name in NAMES {
        for person in (0..PEOPLE + 2).map(Person) {
            let states: Vec<PersonState> = ledger
                .claims()
                .filter(|claim| claim.claim().id.bulk.message == message(name))
                .filter_map(|claim| claim.state(person))
                .collect();
            let rejected = states.iter().filter_map(|state| match state {
                PersonState::Rejected(status) => Some(*status),
                PersonState::Claimed | PersonState::Refused | PersonState::Abandoned | PersonState::Accepted => None,
            });
            standings.push(if states.contains(&PersonState::Accepted) {
                Standing::Accepted
            } else if states.contains(&PersonState::Claimed) {
                Standing::InDoubt
            } else if states.contains(&PersonState::Abandoned) {
                Standing::Abandoned
            } else {
                rejected.max().map_or(Standing::Free, Standing::Rejected)
            });
        }
    }
    standings
}

/// Whom a ledger has as accepted by a proof of the logs alone, each with their claim.
fn found_only(ledger: &Ledger) -> BTreeSet<(ClaimId, Person)> {
    let found = ledger.entries.iter().flat_map(|entry| {
        let accepted = entry.iter().filter(|(_, state)| *state == PersonState::Accepted);
        let found = accepted.filter(|(person, _)| entry.is_found_only(*person));
        found.map(|(person, _)| (entry.claim.id.clone(), person))
    });
    found.collect()
}

/// The same, in the words of the definition: some outcome has them as accepted by a proof, and none
/// otherwise.
fn found_only_by_definition(events: &[Event]) -> BTreeSet<(ClaimId, Person)> {
    let (mut found, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        let Event::Outcome(claim, outcome) = event else { continue };
        for person in &claim.people {
            let named = outcome.others.iter().find(|(named, _)| named == person);
            if named.map_or(outcome.state, |(_, state)| *state) == PersonState::Accepted {
                let proof = outcome.proof.as_ref().filter(|_| outcome.by.is_some());
                let is_found = proof.is_some_and(|proof| proof.is_of(*person));
                let accepted = if is_found { &mut found } else { &mut answered };
                accepted.insert((claim.id.clone(), *person));
            }
        }
    }
    &found - &answered
}

proptest! {
    #[test]
    fn join_is_commutative_associative_and_idempotent(a in histories(), b in histories(), c in histories()) {
        let words = [a.clone(), b.clone()].concat();
        let [a, b, c] = [a, b, c].map(|events| ledger_of(&events));
        prop_assert_eq!(joined(&a, &b).write(&Seals::none()), joined(&b, &a).write(&Seals::none()));
        prop_assert_eq!(joined(&joined(&a, &b), &c).write(&Seals::none()), joined(&a, &joined(&b, &c)).write(&Seals::none()));
        prop_assert_eq!(joined(&a, &a).write(&Seals::none()), a.write(&Seals::none()));
        let both = joined(&a, &b);
        prop_assert_eq!(standings(&both), standings_by_definition(&both));
        prop_assert_eq!(found_only(&both), found_only_by_definition(&words));
    }

    #[test]
    fn a_ledger_is_read_as_it_was_written(events in histories()) {
        let ledger = ledger_of(&events);
        let text = ledger.write(&Seals::none());
        let read = Ledger::read(&text, &Seals::none()).unwrap();
        prop_assert_eq!(read.torn, None);
        prop_assert_eq!(standings(&read.ledger), standings(&ledger));
        prop_assert_eq!(standings(&read.ledger), standings_by_definition(&ledger));
        prop_assert_eq!(read.ledger.write(&Seals::none()), text);
    }

    #[test]
    fn uniting_lines_is_joining_ledgers(
        a in histories(), b in histories(), order in prop::collection::vec(any::<u64>(), 80)
    ) {
        let mut lines = [lines_of(&a), lines_of(&b)].concat();
        let mut order = order.into_iter().cycle();
        lines.sort_by_cached_key(|_| order.next());
        let united = Ledger::read(lines.concat().as_bytes(), &Seals::none()).unwrap().ledger;
        let both = joined(&ledger_of(&a), &ledger_of(&b));
        prop_assert_eq!(united.write(&Seals::none()), both.write(&Seals::none()));
        lines.sort();
        lines.dedup();
        prop_assert_eq!(Ledger::read(lines.concat().as_bytes(), &Seals::none()).unwrap().ledger.write(&Seals::none()), both.write(&Seals::none()));
    }

    #[test]
    fn a_cut_drops_the_last_line_only_or_is_refused(events in histories(), cut in any::<Index>()) {
        let lines = lines_of(&events);
        let text = lines.concat();
        let cut = cut.index(text.len() + 1);
        let mut whole = 0;
        let mut lines = lines.iter();
        while let Some(line) = lines.next().filter(|line| whole + line.len() - 1 <= cut) {
            whole += line.len();
        }
        let kept = &text.as_bytes()[..whole.min(text.len())];
        match Ledger::read(&text.as_bytes()[..cut], &Seals::none()) {
            Ok(read) => {
                let torn = (cut > whole).then_some(whole);
                prop_assert_eq!(read.torn, torn);
                prop_assert_eq!(read.ledger.write(&Seals::none()), Ledger::read(kept, &Seals::none()).unwrap().ledger.write(&Seals::none()));
            }
            Err(_) => prop_assert!(whole == 0, "only a text without its header is refused"),
        }
    }

    #[test]
    fn a_flipped_bit_is_found(events in histories(), byte in any::<Index>(), bit in 0_u32..8) {
        let lines = lines_of(&events);
        for mut text in [lines.concat().into_bytes(), ledger_of(&events).write(&Seals::none())] {
            let at = byte.index(text.len());
            text[at] ^= 1_u8 << bit;
            prop_assert!(Ledger::read(&text, &Seals::none()).is_err(), "bit {} of byte {}", bit, at);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Ledger::read(&bytes, &Seals::none()).is_err());
    }
}

#[test]
fn every_flipped_bit_of_a_whole_ledger_is_found() {
    let text = ledger().write(&Seals::none());
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut flipped = text.clone();
            flipped[at] ^= 1 << bit;
            assert!(Ledger::read(&flipped, &Seals::none()).is_err(), "bit {bit} of byte {at}");
        }
    }
}
