//! What holds for the ledgers that any runs leave, over one to three clones: killed, settled by others,
//! bound anew, merged in any order; and for what somebody makes of them without the key.

use std::collections::BTreeSet;

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_assume, proptest};
use proptest::sample::Index;

use super::sample::{at, claim, content, header, outcome, record, seals};
use super::seals::Signing;
use super::text;
use super::{
    Authenticity, Claim, Fact, Grant, Header, JoinError, Ledger, MergeError, MessageRecord, Outcome, PersonState,
    Reason, RunId, Seals, merge,
};
use crate::identity::Person;

const CLONES: usize = 3;

/// One thing that happens to a clone.
#[derive(Debug, Clone)]
enum Event {
    /// A run claims, is answered, and ends; or dies after so many entries.
    Run { clone: usize, people: Vec<u64>, lives: bool },
    /// A run settles what another has claimed.
    Settle { clone: usize, of: Index, state: bool },
    /// The gateway gets another name; every clone hears of it with the next merge.
    Rebind { clone: usize },
    /// One clone merges another.
    Merge { into: usize, from: usize, has_driver: bool },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let clone = || 0..CLONES;
    let run = (clone(), prop::collection::vec(0_u64..9, 1..3), any::<bool>())
        .prop_map(|(clone, people, lives)| Event::Run { clone, people, lives });
    let settle =
        (clone(), any::<Index>(), any::<bool>()).prop_map(|(clone, of, state)| Event::Settle { clone, of, state });
    let rebind = clone().prop_map(|clone| Event::Rebind { clone });
    let merge =
        (clone(), clone(), any::<bool>()).prop_map(|(into, from, has_driver)| Event::Merge { into, from, has_driver });
    prop::collection::vec(
        prop::strategy::Union::new_weighted(vec![
            (5, run.boxed()),
            (3, settle.boxed()),
            (1, rebind.boxed()),
            (3, merge.boxed()),
        ]),
        1..10,
    )
}

/// What was written, with its number.
#[derive(Debug, Clone)]
enum Entry {
    Header(Header),
    Record(MessageRecord),
    Claim(Claim),
    Outcome(Outcome),
}

#[derive(Debug, Clone)]
struct World {
    texts: Vec<Vec<u8>>,
    /// Everything that was ever written.
    entries: Vec<(Fact, Entry)>,
    runs: u64,
}

impl World {
    fn new() -> Self {
        let mut world = Self { texts: Vec::new(), entries: Vec::new(), runs: 1 };
        let mut ledger = Ledger::new(header());
        let fact = Fact { run: RunId(1), number: 0 };
        ledger.adopt(|| fact);
        world.entries.push((fact, Entry::Header(header())));
        ledger.close(RunId(1), 1, BTreeSet::new(), BTreeSet::new(), at(0));
        world.texts = vec![ledger.write(&seals()); CLONES];
        world
    }

    fn played(events: &[Event]) -> Self {
        let mut world = Self::new();
        for event in events {
            world.play(event);
        }
        world
    }

    /// Opens a clone's ledger as a run on its machine does, which closes the runs that died there.
    fn open(&self, clone: usize) -> Ledger {
        let mut ledger = read(&self.texts[clone]);
        for dead in ledger.unclosed() {
            ledger.close_as_it_is(dead.run, at(0));
        }
        ledger.close_outgrown(RunId(self.runs + 1), at(0));
        ledger
    }

    fn play(&mut self, event: &Event) {
        match event {
            Event::Run { clone, people, lives } => {
                let ledger = self.open(*clone);
                let mut entries = vec![Entry::Record(record("announce", "Hi", 0))];
                for person in people {
                    let claim = claim("announce", &[*person], 1, self.runs + 1);
                    let is_repeated =
                        entries.iter().any(|entry| matches!(entry, Entry::Claim(one) if one.id == claim.id));
                    if is_repeated || !ledger.claimed_elsewhere(&claim).is_empty() {
                        continue;
                    }
                    entries.push(Entry::Claim(claim.clone()));
                    entries.push(Entry::Outcome(outcome(&claim, PersonState::Accepted, &[])));
                }
                self.write(*clone, ledger, entries, *lives);
            }
            Event::Settle { clone, of, state } => {
                let ledger = self.open(*clone);
                let claims: Vec<Claim> = ledger.claims().map(|claim| claim.claim().clone()).collect();
                if claims.is_empty() {
                    return;
                }
                let state = if *state { PersonState::Accepted } else { PersonState::Rejected(14) };
                let by = Some("ana".to_owned());
                let outcome = Outcome { by, ..outcome(of.get(&claims), state, &[]) };
                self.write(*clone, ledger, vec![Entry::Outcome(outcome)], true);
            }
            Event::Rebind { clone } => {
                let ledger = self.open(*clone);
                let gateway = format!("gateway-{}", self.runs);
                let header = Header { gateway, ..ledger.header().clone() };
                self.write(*clone, ledger, vec![Entry::Header(header)], true);
            }
            Event::Merge { into, from, has_driver } => {
                let texts = [b"".as_slice(), &self.texts[*into], &self.texts[*from]];
                let keys = |_: &_| if *has_driver { seals() } else { Seals::none() };
                match merge(texts, keys) {
                    Ok(merged) => self.texts[*into] = merged,
                    // Two names for one gateway are for people to decide about.
                    Err((_, MergeError::Join(JoinError::Gateway(..)))) => {}
                    Err((_, MergeError::Damage(damage))) => {
                        assert!(matches!(damage.reason, Reason::Foreign(JoinError::Gateway(..))), "{damage}");
                    }
                    Err((_, error)) => panic!("{error}"),
                }
            }
        }
    }

    /// Writes entries as one run, which closes itself if it lives; else only the first of them come.
    fn write(&mut self, clone: usize, mut ledger: Ledger, entries: Vec<Entry>, lives: bool) {
        self.runs += 1;
        let run = RunId(self.runs);
        let count = if lives { entries.len() } else { entries.len().div_ceil(2) };
        let mut lines = ledger.write(&seals());
        for (number, entry) in (0..).zip(entries.into_iter().take(count)) {
            let fact = Fact { run, number };
            lines.extend_from_slice(enter(&mut ledger, fact, &entry).as_bytes());
            self.entries.push((fact, entry));
        }
        if lives {
            let after = ledger.last_runs();
            ledger.close(run, u32::try_from(count).unwrap(), BTreeSet::new(), after, at(0));
            lines = ledger.write(&seals());
        }
        self.texts[clone] = lines;
    }

    /// The ledger of nothing but these entries.
    fn ledger_of(&self, facts: &BTreeSet<Fact>) -> Ledger {
        let mut ledger = Ledger::new(header());
        for (fact, entry) in self.entries.iter().filter(|(fact, _)| facts.contains(fact)) {
            enter(&mut ledger, *fact, entry);
        }
        ledger
    }
}

/// Adds an entry, and gives the line that a run appends for it.
fn enter(ledger: &mut Ledger, fact: Fact, entry: &Entry) -> String {
    let seals = seals();
    let by = seals.signing(ledger.header());
    let number = Some(fact);
    match entry.clone() {
        Entry::Header(header) => {
            ledger.enter_header(header, number);
            ledger.write_header(&seals)
        }
        Entry::Record(record) => {
            ledger.enter_message(record.clone(), number);
            text::message_line(&record, number, &by)
        }
        Entry::Claim(claim) => {
            // Two clones may claim the same people: what both have written stands.
            let mut alone = Ledger::new(ledger.header().clone());
            assert_eq!(alone.enter_claim(claim.clone(), number), Ok(Grant::Granted));
            ledger.join(&alone).unwrap();
            text::claim_line(&claim, number, &by)
        }
        Entry::Outcome(outcome) => {
            // Of a claim that was lost nothing can be said.
            drop(ledger.enter_outcome(outcome.clone(), number));
            text::outcome_line(&outcome, number, &by)
        }
    }
}

fn read(text: &[u8]) -> Ledger {
    let read = Ledger::read(text, &seals()).unwrap();
    assert_eq!(read.authenticity, Authenticity::Signed);
    read.ledger
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// What somebody does to a text without the key.
#[derive(Debug, Clone)]
enum Deed {
    /// Takes lines away.
    Remove(Vec<Index>),
    /// Puts the lines of an older version, or of another clone, in the place of those about the same.
    Replay(Index, Vec<Index>),
    /// Cuts the text.
    Cut(Index),
    /// Puts other texts in the lines, with checksums that are right.
    Forge(Index, bool),
}

fn deeds() -> impl Strategy<Value = Deed> {
    let some = || prop::collection::vec(any::<Index>(), 1..4);
    prop::strategy::Union::new(vec![
        some().prop_map(Deed::Remove).boxed(),
        (any::<Index>(), some()).prop_map(|(of, lines)| Deed::Replay(of, lines)).boxed(),
        any::<Index>().prop_map(Deed::Cut).boxed(),
        (any::<Index>(), any::<bool>()).prop_map(|(line, whole)| Deed::Forge(line, whole)).boxed(),
    ])
}

/// What a line is about: its first field, which names claims, messages and runs.
fn subject(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b',').next().unwrap_or_default()
}

fn done(deed: &Deed, text: &[u8], older: &[Vec<u8>]) -> Vec<u8> {
    let all = lines(text);
    match deed {
        Deed::Remove(some) => {
            let gone: BTreeSet<usize> = some.iter().map(|index| index.index(all.len())).collect();
            all.iter().enumerate().filter(|(at, _)| !gone.contains(at)).flat_map(|(_, line)| line.to_vec()).collect()
        }
        Deed::Replay(of, some) => {
            let other = lines(&older[of.index(older.len())]);
            let chosen: Vec<&[u8]> = some.iter().map(|index| other[index.index(other.len())]).collect();
            let kept = all.into_iter().filter(|line| chosen.iter().all(|put| subject(put) != subject(line)));
            kept.chain(chosen.iter().copied()).flatten().copied().collect()
        }
        Deed::Cut(index) => text[..index.index(text.len())].to_vec(),
        Deed::Forge(index, is_resealed) => {
            let at = index.index(all.len());
            let line = String::from_utf8(all[at].to_vec()).unwrap();
            let forged =
                line.replacen("\"state\":\"accepted\"", "\"state\":\"refused\"", 1).replacen("sandbox", "elsewhere", 1);
            let body = forged.split_once(",\"key\"").unwrap().0.to_owned() + "}";
            let stranger = super::seal::seal(body);
            let forged = if *is_resealed { resealed(&forged) } else { stranger };
            all.iter()
                .enumerate()
                .flat_map(|(other, kept)| if other == at { forged.as_bytes() } else { kept })
                .copied()
                .collect()
        }
    }
}

/// The same line with a checksum that is right, and the signature that it had.
fn resealed(line: &str) -> String {
    let (body, _) = line.rsplit_once(",\"sum\"").unwrap();
    super::seal::seal(format!("{body}}}"))
}

proptest! {
    #[test]
    fn what_runs_leave_passes_and_has_one_text(events in events(), turn in any::<Index>()) {
        let world = World::played(&events);
        for text in &world.texts {
            let ledger = read(text);
            let canonical = ledger.write(&seals());
            prop_assert_eq!(read(&canonical).write(&seals()), canonical.clone());
            // Any order of the lines, some of them more than once, is the same ledger.
            let mut all = lines(text);
            let count = all.len();
            all.rotate_left(turn.index(count));
            all.extend_from_slice(&lines(&canonical));
            prop_assert_eq!(read(&all.concat()).write(&seals()), canonical);
            let facts: BTreeSet<Fact> = ledger.facts().collect();
            prop_assert_eq!(content(&ledger), content(&world.ledger_of(&facts)));
        }
    }

    #[test]
    fn a_merge_without_the_key_is_that_with_it_when_it_is_folded(events in events()) {
        let world = World::played(&events);
        let texts = [b"".as_slice(), &world.texts[0], &world.texts[1]];
        let keyed = merge(texts, |_| seals());
        let keyless = merge(texts, |_| Seals::none());
        prop_assert_eq!(keyed.is_ok(), keyless.is_ok());
        if let (Ok(keyed), Ok(keyless)) = (keyed, keyless) {
            prop_assert_eq!(read(&keyless).write(&seals()), keyed);
        }
    }

    #[test]
    fn what_was_taken_away_or_back_is_seen(events in events(), clone in 0..CLONES, deed in deeds()) {
        let mut versions = vec![World::new().texts[0].clone()];
        let mut world = World::new();
        for event in &events {
            world.play(event);
            versions.extend(world.texts.iter().cloned());
        }
        let text = &world.texts[clone];
        let changed = done(&deed, text, &versions);
        prop_assume!(changed != *text);
        let Ok(found) = Ledger::read(&changed, &seals()) else { return Ok(()) };
        let ledger = found.ledger;
        if found.authenticity != Authenticity::Signed {
            // Nothing at all is signed: that is said, and nothing is sent.
            prop_assert_eq!(found.authenticity, Authenticity::Unsigned);
            return Ok(());
        }
        // Whatever is there says all that its entries say, and nothing else.
        let facts: BTreeSet<Fact> = ledger.facts().collect();
        prop_assert_eq!(content(&ledger), content(&world.ledger_of(&facts)));
        // What is missing is missing whole: of no run that has closed itself is there only a part.
        let before: BTreeSet<Fact> = read(text).facts().collect();
        let unclosed: BTreeSet<RunId> = ledger.unclosed().into_iter().map(|unclosed| unclosed.run).collect();
        let here: BTreeSet<RunId> = facts.iter().map(|fact| fact.run).collect();
        let lost = before.difference(&facts).find(|fact| here.contains(&fact.run) && !unclosed.contains(&fact.run));
        prop_assert!(lost.is_none(), "{:?} of a closed run is missing", lost);
    }

    #[test]
    fn nobody_signs_without_the_key(events in events(), line in any::<Index>()) {
        let world = World::played(&events);
        let text = &world.texts[0];
        let all = lines(text);
        let at = line.index(all.len());
        let other = Seals::new(
            &crate::identity::Keys::one(crate::identity::Key::from_bytes([2; crate::identity::Key::LENGTH])),
            &header().project,
        );
        let claim = text::claim_line(&claim("announce", &[99], 1, 99), None, &other.signing(&header()));
        let mut changed = all.clone();
        changed.insert(at, claim.as_bytes());
        prop_assert!(Ledger::read(&changed.concat(), &seals()).is_err());
        let unsigned = text::claim_line(&super::sample::claim("announce", &[99], 1, 99), None, &Signing::NOBODY);
        changed[at] = unsigned.as_bytes();
        prop_assert!(Ledger::read(&changed.concat(), &seals()).is_err());
        let person = Person(99);
        prop_assert!(read(text).claims().all(|claim| claim.people().all(|(one, _)| one != person)));
    }
}
