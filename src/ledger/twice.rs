//! People who were accepted in several claims of one revision of one message: whether they got it twice, and
//! whether somebody knows.
//!
//! Two clones that each have their own lockfile may both send to the same people, and nobody can know before
//! their ledgers are joined. What was sent then cannot be taken back, so it is said, until somebody says that
//! they know: their word names the people, and the claims that it knows of. A further claim is news again.
//!
//! Under another key somebody is another person. That two persons are one only their row tells, so whoever reads
//! rows hands that in.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::book::Ledger;
use super::entry::ClaimEntry;
use super::index::PeopleIndex;
use super::line::{ClaimId, KnownTwice, Outcome, PersonState};
use super::weigh::earliest;
use crate::identity::{MessageKey, Person, PersonMap, Revision};

/// People who were accepted in the same claims of one revision of one message, so that they got it more than
/// once, and of whom nobody has said that they know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twice {
    /// The message.
    pub message: MessageKey,
    /// Its revision.
    pub revision: Revision,
    /// Who, in ascending order.
    pub people: Vec<Person>,
    /// What they are under further keys, in ascending order; nothing, if one key has them in all of the claims.
    pub under_other_keys: Vec<Person>,
    /// The claims, two at least, the oldest first.
    pub claims: Vec<AcceptedIn>,
}

/// A claim in which people were accepted who were accepted elsewhere as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcceptedIn {
    /// When it was made.
    pub at: Timestamp,
    /// The claim.
    pub id: ClaimId,
    /// The `sendAt` of its request; at once, if absent.
    pub send_at: Option<Timestamp>,
    /// Who ran its run, if that is known.
    pub by: Option<String>,
}

/// That a claim has a person as accepted.
#[derive(Clone, Copy)]
struct AcceptedAs<'a> {
    person: Person,
    entry: &'a ClaimEntry,
}

/// Somebody who is accepted in several claims.
pub(super) struct Repeated<'a> {
    /// Who.
    pub(super) person: Person,
    /// The claims that have messages of their own; all of them, if it is one message.
    pub(super) entries: Vec<&'a ClaimEntry>,
    /// What that means.
    pub(super) kind: RepeatKind,
}

/// What several acceptances of somebody are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RepeatKind {
    /// Several messages, and nobody has said that they know.
    Twice,
    /// Several messages, and somebody knows.
    Known,
    /// As far as anybody knows one message, that was booked for several claims.
    Booked,
}

impl Ledger {
    /// Finds everybody who was accepted more than once, so that they got a message more than once, and of whom
    /// nobody has said that they know: those in the same claims together, in the order of the messages and of
    /// the claims' times.
    #[must_use]
    pub fn accepted_twice(&self) -> Vec<Twice> {
        let mut found = Vec::new();
        for ((message, revision), index) in &self.indexes {
            let mut groups: BTreeMap<Vec<AcceptedIn>, Vec<Person>> = BTreeMap::new();
            for repeated in self.repeated(index).filter(|repeated| repeated.kind == RepeatKind::Twice) {
                let mut claims: Vec<AcceptedIn> = repeated.entries.into_iter().map(AcceptedIn::new).collect();
                claims.sort_unstable();
                groups.entry(claims).or_default().push(repeated.person);
            }
            let (message, revision) = (message.clone(), *revision);
            found.extend(groups.into_iter().map(|(claims, people)| Twice {
                message: message.clone(),
                revision,
                people,
                under_other_keys: Vec::new(),
                claims,
            }));
        }
        found
    }

    /// The same of people whom the keys of a ledger make different persons: in `alike` are all persons of each of
    /// them, the one under the first key first. Whoever is accepted under one key only is not among them.
    #[must_use]
    pub fn accepted_under_several_keys(&self, of: &MessageKey, alike: &[Vec<Person>]) -> Vec<Twice> {
        let numbers = alike.iter().zip(0_usize..).flat_map(|(all, number)| all.iter().map(move |one| (*one, number)));
        let numbers: PersonMap<usize> = numbers.collect();
        let mut found = Vec::new();
        for ((message, revision), index) in self.indexes.iter().filter(|((message, _), _)| message == of) {
            let mut accepted: BTreeMap<usize, Vec<AcceptedAs<'_>>> = BTreeMap::new();
            for entry in index.claims.iter().filter_map(|position| self.entries.get(*position)) {
                for (person, _) in entry.iter().filter(|(_, state)| *state == PersonState::Accepted) {
                    if let Some(number) = numbers.get(&person) {
                        accepted.entry(*number).or_default().push(AcceptedAs { person, entry });
                    }
                }
            }
            let mut groups: BTreeMap<Vec<AcceptedIn>, [Vec<Person>; 2]> = BTreeMap::new();
            for (number, all) in accepted {
                let apart = apart(&all);
                let is_one_person = apart.windows(2).all(|pair| matches!(pair, [a, b] if a.person == b.person));
                if is_one_person || are_known(&apart) {
                    continue;
                }
                let mut claims: Vec<AcceptedIn> = apart.iter().map(|it| AcceptedIn::new(it.entry)).collect();
                claims.sort_unstable();
                if let Some((first, others)) = alike.get(number).and_then(|all| all.split_first()) {
                    let [people, under_other_keys] = groups.entry(claims).or_default();
                    people.push(*first);
                    under_other_keys.extend(others);
                }
            }
            found.extend(groups.into_iter().map(|(claims, [mut people, mut under_other_keys])| {
                people.sort_unstable();
                under_other_keys.sort_unstable();
                Twice { message: message.clone(), revision: *revision, people, under_other_keys, claims }
            }));
        }
        found
    }

    /// Everybody of a revision of a message who is accepted in several claims, in ascending order.
    pub(super) fn repeated(&self, index: &PeopleIndex) -> impl Iterator<Item = Repeated<'_>> {
        let entries = || index.claims.iter().filter_map(|position| self.entries.get(*position));
        // Nobody is accepted twice where there are as many acceptances as people.
        let acceptances: usize = entries().map(ClaimEntry::acceptances).sum();
        let mut first: PersonMap<&ClaimEntry> = PersonMap::default();
        let mut several: BTreeMap<Person, Vec<&ClaimEntry>> = BTreeMap::new();
        for entry in entries().filter(|_| acceptances > index.accepted.len()) {
            for (person, _) in entry.iter().filter(|(_, state)| *state == PersonState::Accepted) {
                if let Some(before) = first.insert(person, entry) {
                    several.entry(person).or_insert_with(|| vec![before]).push(entry);
                }
            }
        }
        several.into_iter().map(|(person, entries)| Repeated::judge(person, entries))
    }
}

impl Twice {
    /// Says that somebody knows of these people in these claims: a word on one claim, which names the others.
    #[must_use]
    pub fn word(&self, on: &ClaimId, at: Timestamp, by: String, why: String) -> Outcome {
        let mut beside: Vec<ClaimId> =
            self.claims.iter().map(|claim| claim.id.clone()).filter(|claim| claim != on).collect();
        beside.sort_unstable();
        let mut people = [self.people.as_slice(), &self.under_other_keys].concat();
        people.sort_unstable();
        Outcome {
            claim: on.clone(),
            // That says nothing of what was sent.
            state: PersonState::Claimed,
            others: Vec::new(),
            at,
            by: Some(by),
            why: Some(why),
            proof: None,
            known: Some(KnownTwice { people, beside }),
        }
    }
}

impl AcceptedIn {
    fn new(entry: &ClaimEntry) -> Self {
        let claim = &entry.claim;
        Self { at: claim.at, id: claim.id.clone(), send_at: claim.send_at, by: claim.by.clone() }
    }
}

impl<'a> Repeated<'a> {
    /// Judges the acceptances of somebody who has several.
    fn judge(person: Person, entries: Vec<&'a ClaimEntry>) -> Self {
        let all: Vec<AcceptedAs<'a>> = entries.iter().map(|entry| AcceptedAs { person, entry }).collect();
        let apart = apart(&all);
        if apart.is_empty() {
            return Self { person, entries, kind: RepeatKind::Booked };
        }
        let kind = if are_known(&apart) { RepeatKind::Known } else { RepeatKind::Twice };
        Self { person, entries: apart.into_iter().map(|acceptance| acceptance.entry).collect(), kind }
    }
}

/// Those of somebody's acceptances that are messages of their own, each beside another one at least.
fn apart<'a>(all: &[AcceptedAs<'a>]) -> Vec<AcceptedAs<'a>> {
    let is_apart = |one: &&AcceptedAs<'a>| {
        let mut others = all.iter().filter(|other| other.entry.claim.id != one.entry.claim.id);
        others.any(|other| are_two(**one, *other))
    };
    all.iter().filter(is_apart).copied().collect()
}

/// Whether somebody knows of all these acceptances of somebody together: words on them that name each other lead
/// from each to each.
fn are_known(acceptances: &[AcceptedAs<'_>]) -> bool {
    let Some((first, others)) = acceptances.split_first() else { return true };
    let (mut reached, mut left) = (vec![*first], others.to_vec());
    while let Some(from) = reached.pop() {
        let (next, rest): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|other| names(from, *other) || names(*other, from));
        reached.extend(next);
        left = rest;
    }
    left.is_empty()
}

/// Whether a word on one claim says of somebody that they were accepted in another as well.
fn names(on: AcceptedAs<'_>, other: AcceptedAs<'_>) -> bool {
    let mut known = on.entry.notes.iter().filter_map(|note| note.known.as_ref());
    known.any(|known| {
        let has = |person| known.people.binary_search(&person).is_ok();
        has(on.person) && has(other.person) && known.beside.contains(&other.entry.claim.id)
    })
}

/// Whether the acceptances of somebody in two claims are two messages. What the gateway answered is
/// a message of its own. One row of the logs may have been booked for both claims, unless it was sent
/// before one of them was made, or the logs had more than one row.
fn are_two(one: AcceptedAs<'_>, other: AcceptedAs<'_>) -> bool {
    let was_sent_twice = |AcceptedAs { person, entry }: AcceptedAs<'_>| {
        entry.proofs(person).any(|proof| proof.twice.binary_search(&person).is_ok())
    };
    if was_sent_twice(one) || was_sent_twice(other) {
        return true;
    }
    let is_before = |[_, last]: [Timestamp; 2], instant| last < instant;
    let is_before_claim = |left: [Timestamp; 2], of: AcceptedAs<'_>| is_before(left, earliest(&of.entry.claim));
    match (left(one), left(other)) {
        (None, None) => true,
        (Some(left), None) => is_before_claim(left, other),
        (None, Some(left)) => is_before_claim(left, one),
        (Some(mine), Some(theirs)) => {
            is_before_claim(mine, other)
                || is_before_claim(theirs, one)
                || is_before(mine, theirs[0])
                || is_before(theirs, mine[0])
        }
    }
}

/// When the messages left by which alone somebody is accepted in a claim; absent if they are by another word.
fn left(AcceptedAs { person, entry }: AcceptedAs<'_>) -> Option<[Timestamp; 2]> {
    let lefts = entry.proofs(person).filter(|_| entry.is_found_only(person)).map(|proof| proof.left);
    lefts.reduce(|[first, last], [from, to]| [first.min(from), last.max(to)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};

    use super::*;
    use crate::ledger::{Claim, Finding, Seals, sample};

    const PEOPLE: [u64; 3] = [1, 2, 3];

    /// Claims of different runs of the same people, each with a time of its own.
    fn claims() -> Vec<Claim> {
        (1..=4)
            .map(|run| Claim { by: Some(format!("run {run}")), ..sample::claim("announce", &PEOPLE, 1, run) })
            .collect()
    }

    fn with(claim: &Claim, outcomes: Vec<Outcome>) -> Ledger {
        let mut ledger = Ledger::new(sample::header());
        ledger.add_claim(claim.clone()).unwrap();
        outcomes.into_iter().for_each(|outcome| ledger.add_outcome(outcome).unwrap());
        ledger
    }

    fn joined(ledgers: impl IntoIterator<Item = Ledger>) -> Ledger {
        ledgers.into_iter().fold(Ledger::new(sample::header()), |mut all, ledger| {
            all.join(&ledger).unwrap();
            all
        })
    }

    /// Somebody's word that they know of a pair of claims.
    fn word(one: &Claim, other: &Claim, people: Vec<Person>) -> Outcome {
        let claims = [one, other].map(|claim| AcceptedIn::new(&ClaimEntry::new(claim.clone()).unwrap())).into();
        let (message, revision) = (sample::message("announce"), sample::revision());
        let twice = Twice { message, revision, people, under_other_keys: Vec::new(), claims };
        twice.word(&one.id, sample::at(70), "ana".to_owned(), "two clones".to_owned())
    }

    #[test]
    fn a_word_ends_the_alarm_about_these_people_in_these_claims_and_no_other() {
        let claims = claims();
        let accepted = |claim: &Claim| with(claim, vec![sample::outcome(claim, PersonState::Accepted, &[])]);
        let mut both = joined([accepted(&claims[0]), accepted(&claims[1])]);
        let found = both.accepted_twice();
        let [twice] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(twice.people, PEOPLE.map(Person));
        let by: Vec<_> = twice.claims.iter().map(|claim| claim.by.as_deref()).collect();
        assert_eq!(by, [Some("run 1"), Some("run 2")]);
        let text = both.write(&Seals::none());
        both.add_outcome(twice.word(&claims[1].id, sample::at(70), "ana".to_owned(), "two clones".to_owned())).unwrap();
        assert_eq!(both.accepted_twice(), []);
        let known = both.verify().into_iter().filter(|finding| matches!(finding, Finding::KnownTwice { .. }));
        assert_eq!(known.count(), PEOPLE.len());
        // It is in the text, says nothing of what was sent, and a version from before is the lesser one.
        let written = both.write(&Seals::none());
        assert_ne!(written, text);
        let read = Ledger::read(&written, &Seals::none()).unwrap().ledger;
        assert_eq!(read.accepted_twice(), []);
        assert_eq!(read.write(&Seals::none()), written);
        let before = Ledger::read(&text, &Seals::none()).unwrap().ledger;
        assert_eq!(joined([read.clone(), before]).write(&Seals::none()), written);
        let totals = read.totals(&sample::message("announce"), sample::revision(), crate::ledger::View::Exclusive);
        assert_eq!((totals.accepted, totals.in_doubt), (PEOPLE.len(), 0));
        // What comes later is news.
        let third = joined([read, accepted(&claims[2])]).accepted_twice();
        assert_eq!(third.iter().map(|twice| twice.claims.len()).collect::<Vec<_>>(), [3]);
    }

    /// By the definition: some two acceptances, and no chain of words between them.
    fn alarms(accepted: &[[bool; 3]; 4], words: &[(usize, usize, u8)]) -> Vec<Person> {
        let is_alarming = |person: usize| {
            let of: Vec<usize> = (0..4).filter(|claim| accepted[*claim][person]).collect();
            let mut group: [usize; 4] = [0, 1, 2, 3];
            for _ in 0..4 {
                for (one, other, mask) in words {
                    if mask >> person & 1 == 1 && of.contains(one) && of.contains(other) {
                        let least = group[*one].min(group[*other]);
                        (group[*one], group[*other]) = (least, least);
                    }
                }
            }
            of.iter().any(|one| of.iter().any(|other| group[*one] != group[*other]))
        };
        (0..3).filter(|person| is_alarming(*person)).map(|person| Person(PEOPLE[person])).collect()
    }

    fn words() -> impl Strategy<Value = Vec<(usize, usize, u8)>> {
        prop::collection::vec((0_usize..4, 1_usize..4, 0_u8..8), 0..6)
            .prop_map(|words| words.into_iter().map(|(one, step, mask)| (one, (one + step) % 4, mask)).collect())
    }

    proptest! {
        #[test]
        fn there_is_an_alarm_iff_somebody_has_two_acceptances_that_no_word_leads_between(
            accepted in any::<[[bool; 3]; 4]>(), words in words(), order in prop::collection::vec(any::<u64>(), 10)
        ) {
            let claims = claims();
            let outcome = |(claim, accepted): (&Claim, &[bool; 3])| {
                let others: Vec<_> = PEOPLE.into_iter().zip(accepted).filter(|(_, is)| **is).collect();
                let others: Vec<_> = others.into_iter().map(|(person, _)| (person, PersonState::Accepted)).collect();
                with(claim, vec![sample::outcome(claim, PersonState::Refused, &others)])
            };
            let mut ledgers: Vec<Ledger> = claims.iter().zip(&accepted).map(outcome).collect();
            for (one, other, mask) in &words {
                let people = (0..3).filter(|person| mask >> person & 1 == 1).map(|person| Person(PEOPLE[person]));
                ledgers.push(with(&claims[*one], vec![word(&claims[*one], &claims[*other], people.collect())]));
            }
            let mut order = order.into_iter();
            ledgers.sort_by_cached_key(|_| order.next());
            let all = joined(ledgers);
            let mut alarmed: Vec<Person> = all.accepted_twice().into_iter().flat_map(|twice| twice.people).collect();
            alarmed.sort_unstable();
            prop_assert_eq!(&alarmed, &alarms(&accepted, &words));
            let read = Ledger::read(&all.write(&Seals::none()), &Seals::none()).unwrap().ledger;
            prop_assert_eq!(read.accepted_twice(), all.accepted_twice());
        }
    }
}
