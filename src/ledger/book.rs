//! The ledger: a header, records of messages, and claims with what is known of their people.

use std::collections::{BTreeMap, HashMap, btree_map};

use super::closing::Closing;
use super::damage::{EntryError, JoinError};
use super::entry::{BoundHeader, ClaimEntry, RecordEntry};
use super::facts::{Fact, Facts};
use super::grant::Grant;
use super::index::{PeopleIndex, Standings};
use super::line::{Claim, ClaimId, Header, MessageRecord, Outcome, PersonState, RunId, Standing};
use super::seals::{Seals, Signer};
use super::text;
use super::unknown_fields::UnknownFields;
use super::view::View;
use crate::identity::{MessageKey, Person, Revision};

/// One revision of one message.
pub(super) type Of = (MessageKey, Revision);

/// What was sent, what was not, and what nobody knows yet. Entries are only ever added: two ledgers
/// of one project and gateway have exactly one join.
#[derive(Clone)]
pub struct Ledger {
    pub(super) bound: BoundHeader,
    pub(super) records: BTreeMap<Of, RecordEntry>,
    pub(super) entries: Vec<ClaimEntry>,
    pub(super) by_id: HashMap<ClaimId, usize>,
    pub(super) indexes: BTreeMap<Of, PeopleIndex>,
    /// The runs that have closed themselves.
    pub(super) runs: BTreeMap<RunId, Closing>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { bound, records, entries, .. } = self;
        write!(formatter, "Ledger({}, {} messages, {} claims)", bound.header.project, records.len(), entries.len())
    }
}

impl Ledger {
    /// Makes an empty ledger.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self::bound(BoundHeader::new(header, Facts::default(), UnknownFields::default()))
    }

    pub(super) fn bound(bound: BoundHeader) -> Self {
        Self {
            bound,
            records: BTreeMap::new(),
            entries: Vec::new(),
            by_id: HashMap::new(),
            indexes: BTreeMap::new(),
            runs: BTreeMap::new(),
        }
    }

    /// What the ledger is bound to.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.bound.header
    }

    /// Writes the whole ledger: the header, the records of messages, the claims, and the runs that have
    /// ended, sorted, one line each. The text is canonical: equal ledgers have equal texts under one first
    /// key, and reading a text gives the ledger that it was written from.
    #[must_use]
    pub fn write(&self, seals: &Seals) -> Vec<u8> {
        let by = seals.signing(self.header()).0;
        let mut written = text::bound_line(&self.bound, by).into_bytes();
        write_lines(self.records.values(), self.entries.iter().collect(), by, &mut written);
        written.extend_from_slice(&self.write_runs(seals));
        written
    }

    /// Writes the lines of the runs that have ended, as [`Ledger::write`] does.
    #[must_use]
    pub fn write_runs(&self, seals: &Seals) -> Vec<u8> {
        let by = seals.signing(self.header()).0;
        let mut runs: Vec<_> = self.runs.iter().collect();
        runs.sort_unstable_by_key(|(run, closing)| (closing.at, **run));
        runs.into_iter().flat_map(|(run, closing)| text::run_line(*run, closing, by).into_bytes()).collect()
    }

    /// The runs that have ended.
    pub fn closed_runs(&self) -> impl Iterator<Item = RunId> {
        self.runs.keys().copied()
    }

    /// Writes the line of one run that has ended; nothing, if it has not.
    #[must_use]
    pub fn write_run(&self, run: RunId, seals: &Seals) -> String {
        let by = seals.signing(self.header()).0;
        self.runs.get(&run).map(|closing| text::run_line(run, closing, by)).unwrap_or_default()
    }

    /// Writes the line of the header.
    #[must_use]
    pub fn write_header(&self, seals: &Seals) -> String {
        text::bound_line(&self.bound, seals.signing(self.header()).0)
    }

    /// Writes the lines of one message, all its revisions, as [`Ledger::write`] does, but without a
    /// header.
    #[must_use]
    pub fn write_message(&self, message: &MessageKey, seals: &Seals) -> Vec<u8> {
        let records = self.records.values().filter(|record| record.record.message == *message);
        let indexes = self.indexes.iter().filter(|((of, _), _)| of == message);
        let entries = indexes.flat_map(|(_, index)| &index.claims).filter_map(|position| self.entries.get(*position));
        let mut written = Vec::new();
        write_lines(records, entries.collect(), seals.signing(self.header()).0, &mut written);
        written
    }

    /// Takes the header of another ledger of the same project: what this one says of its own counts for nothing.
    pub fn take_header(&mut self, other: &Self) {
        self.bound = other.bound.clone();
    }

    /// Whether its header is the same as another's, or a later one.
    #[must_use]
    pub fn is_bound_after(&self, other: &Self) -> bool {
        !other.bound.facts.is_empty() && self.bound.facts.includes(&other.bound.facts)
    }

    /// Forgets which entries its lines are, and how runs have ended: nothing of that counts where nobody has
    /// signed it.
    pub fn forget_numbers(&mut self) {
        self.runs.clear();
        let records = self.records.values_mut().map(|record| &mut record.facts);
        let entries = self.entries.iter_mut().map(|entry| &mut entry.facts);
        let all = std::iter::once(&mut self.bound.facts).chain(records).chain(entries);
        all.for_each(|facts| *facts = Facts::default());
    }

    /// Whether the header's line is another than that of the ledger before.
    #[must_use]
    pub fn has_other_header(&self, before: &Self) -> bool {
        self.bound.header != before.bound.header || self.bound.facts != before.bound.facts
    }

    /// Joins another ledger in: commutative, associative, idempotent.
    ///
    /// # Errors
    /// If the other belongs to another project or gateway, or knows another claim under the same
    /// identity. After an error this ledger may hold a part of the other, and is of no use.
    pub fn join(&mut self, other: &Self) -> Result<(), JoinError> {
        self.bound.join(&other.bound)?;
        for record in other.records.values() {
            self.put_record(record.clone());
        }
        for entry in &other.entries {
            self.join_entry(entry).map_err(JoinError::Entry)?;
        }
        for (run, closing) in &other.runs {
            self.put_closing(*run, closing.clone());
        }
        Ok(())
    }

    fn join_entry(&mut self, other: &ClaimEntry) -> Result<(), EntryError> {
        let known = self.by_id.get(&other.claim.id).copied();
        let mine = known.and_then(|position| Some((position, self.entries.get_mut(position)?)));
        let position = match mine {
            None => self.insert(other.clone())?,
            Some((position, mine)) => {
                let is_news = mine.states != other.states;
                mine.join(other)?;
                if !is_news {
                    return Ok(());
                }
                position
            }
        };
        self.index_at(position);
        Ok(())
    }

    /// Adds a record of a message; of each revision only the latest is kept.
    pub fn add_message(&mut self, record: MessageRecord) {
        self.enter_message(record, None);
    }

    /// Adds a record of a message as an entry of a run.
    pub fn enter_message(&mut self, record: MessageRecord, fact: Option<Fact>) {
        let record = record.normalized();
        self.put_record(RecordEntry { record, facts: fact.into(), extra: UnknownFields::default() });
    }

    /// Adds a claim, unless it is there already.
    ///
    /// # Errors
    /// If it has no people, or they are not in ascending order, each once; or if another claim has
    /// its identity.
    pub fn add_claim(&mut self, claim: Claim) -> Result<(), EntryError> {
        let position = self.insert(ClaimEntry::new(claim)?)?;
        self.index_at(position);
        Ok(())
    }

    /// Adds a claim if none of its people is accepted, given up or claimed already, and says whom
    /// it was that stood in its way.
    ///
    /// # Errors
    /// As [`Ledger::add_claim`]; and if a claim of this identity is there already.
    pub fn grant(&mut self, claim: Claim) -> Result<Grant, EntryError> {
        self.enter_claim(claim, None)
    }

    /// Grants a claim, as [`Ledger::grant`] does, as an entry of a run.
    ///
    /// # Errors
    /// As [`Ledger::grant`].
    pub fn enter_claim(&mut self, claim: Claim, fact: Option<Fact>) -> Result<Grant, EntryError> {
        if self.by_id.contains_key(&claim.id) {
            return Err(EntryError::Repeated(claim.id));
        }
        let entry = ClaimEntry { facts: fact.into(), ..ClaimEntry::new(claim)? };
        let taken = self.claimed_elsewhere(&entry.claim);
        if !taken.is_empty() {
            return Ok(Grant::ClaimedElsewhere(taken));
        }
        let position = self.insert(entry)?;
        self.index_at(position);
        Ok(Grant::Granted)
    }

    /// Says which people of a claim are accepted, given up or claimed already, in its order.
    #[must_use]
    pub fn claimed_elsewhere(&self, claim: &Claim) -> Vec<Person> {
        let bulk = &claim.id.bulk;
        let standings = self.standings(&bulk.message, bulk.revision);
        let is_taken = |person: &Person| match standings.get(*person, View::Exclusive) {
            Standing::Free | Standing::Rejected(_) => false,
            Standing::Abandoned | Standing::InFlight | Standing::InDoubt | Standing::Accepted => true,
        };
        claim.people.iter().copied().filter(is_taken).collect()
    }

    /// Adds an outcome.
    ///
    /// # Errors
    /// If its claim is not there, or it names somebody who is not in the claim.
    pub fn add_outcome(&mut self, outcome: Outcome) -> Result<(), EntryError> {
        self.enter_outcome(outcome, None)
    }

    /// Adds an outcome as an entry of a run.
    ///
    /// # Errors
    /// As [`Ledger::add_outcome`].
    pub fn enter_outcome(&mut self, outcome: Outcome, fact: Option<Fact>) -> Result<(), EntryError> {
        let position = self.settle(outcome, &fact.into(), &UnknownFields::default())?;
        self.index_at(position);
        Ok(())
    }

    pub(super) fn put_record(&mut self, record: RecordEntry) {
        let of = (record.record.message.clone(), record.record.revision);
        match self.records.entry(of) {
            btree_map::Entry::Vacant(vacant) => drop(vacant.insert(record)),
            btree_map::Entry::Occupied(mut kept) => kept.get_mut().join(&record),
        }
    }

    /// Takes a claim with all that is known of it, but does not index it; returns its position.
    pub(super) fn insert(&mut self, other: ClaimEntry) -> Result<usize, EntryError> {
        if let Some(position) = self.by_id.get(&other.claim.id).copied() {
            self.entries.get_mut(position).map_or(Ok(()), |entry| entry.join(&other))?;
            return Ok(position);
        }
        let position = self.entries.len();
        self.by_id.insert(other.claim.id.clone(), position);
        self.entries.push(other);
        Ok(position)
    }

    /// Takes an outcome, but does not index it; returns its claim's position.
    pub(super) fn settle(
        &mut self,
        outcome: Outcome,
        facts: &Facts,
        extra: &UnknownFields,
    ) -> Result<usize, EntryError> {
        let found = self.by_id.get(&outcome.claim).copied();
        let found = found.and_then(|position| Some((position, self.entries.get_mut(position)?)));
        let Some((position, entry)) = found else { return Err(EntryError::UnknownClaim(outcome.claim)) };
        entry.settle(outcome, facts, extra)?;
        Ok(position)
    }

    /// Indexes the claim at a position.
    fn index_at(&mut self, position: usize) {
        if let Some(entry) = self.entries.get(position) {
            self.indexes.entry(of(entry)).or_default().take(position, entry);
        }
    }

    /// Indexes everything anew.
    pub(super) fn index_anew(&mut self) {
        self.indexes.clear();
        let mut accepted: BTreeMap<Of, usize> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.states.is_all(PersonState::Accepted)) {
            *accepted.entry(of(entry)).or_default() += entry.claim.people.len();
        }
        for (of, count) in accepted {
            self.indexes.entry(of).or_default().reserve(count);
        }
        for position in 0..self.entries.len() {
            self.index_at(position);
        }
    }

    /// Says how somebody stands with a revision of a message. For many people ask
    /// [`Ledger::standings`] once.
    #[must_use]
    pub fn standing(&self, message: &MessageKey, revision: Revision, person: Person, view: View) -> Standing {
        self.standings(message, revision).get(person, view)
    }

    /// Finds how everybody stands with a revision of a message.
    #[must_use]
    pub fn standings(&self, message: &MessageKey, revision: Revision) -> Standings<'_> {
        Standings::new(&self.entries, self.index(message, revision))
    }

    pub(super) fn index(&self, message: &MessageKey, revision: Revision) -> Option<&PeopleIndex> {
        self.indexes.get(&(message.clone(), revision))
    }
}

/// Writes records, and claims in ascending order.
fn write_lines<'a>(
    records: impl Iterator<Item = &'a RecordEntry>,
    mut entries: Vec<&ClaimEntry>,
    by: Option<&Signer>,
    written: &mut Vec<u8>,
) {
    entries.sort_unstable_by(|one, other| one.claim.id.cmp(&other.claim.id));
    for record in records {
        written.extend_from_slice(text::record_line(record, by).as_bytes());
    }
    for entry in entries {
        written.extend_from_slice(text::entry_line(entry, by).as_bytes());
    }
}

fn of(entry: &ClaimEntry) -> Of {
    let bulk = &entry.claim.id.bulk;
    (bulk.message.clone(), bulk.revision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample;
    use PersonState::{Abandoned, Accepted, Claimed, Refused, Rejected};

    #[test]
    fn only_free_and_rejected_people_are_granted() {
        let check = |state: Option<PersonState>, is_granted: bool| {
            let mut ledger = Ledger::new(sample::header());
            let earlier = sample::claim("announce", &[1, 2], 1, 7);
            ledger.add_claim(earlier.clone()).unwrap();
            ledger.add_outcome(sample::outcome(&earlier, Refused, &[])).unwrap();
            let before = sample::claim("announce", &[2, 3], 1, 7);
            if let Some(state) = state {
                ledger.add_claim(before.clone()).unwrap();
                ledger.add_outcome(sample::outcome(&before, state, &[])).unwrap();
            }
            let text = ledger.write(&Seals::none());
            let wanted = if is_granted { Grant::Granted } else { Grant::ClaimedElsewhere(vec![Person(2), Person(3)]) };
            assert_eq!(ledger.grant(sample::claim("announce", &[1, 2, 3], 1, 8)), Ok(wanted), "{state:?}");
            assert_eq!(ledger.write(&Seals::none()) != text, is_granted);
            let elsewhere = sample::claim("remind", &[1, 2, 3], 1, 8);
            assert_eq!(ledger.grant(elsewhere), Ok(Grant::Granted), "another message");
        };
        check(None, true);
        check(Some(Refused), true);
        check(Some(Rejected(14)), true);
        check(Some(Claimed), false);
        check(Some(Abandoned), false);
        check(Some(Accepted), false);
    }

    #[test]
    fn entries_that_do_not_go_with_the_ledger_change_nothing() {
        let mut ledger = sample::ledger();
        let text = ledger.write(&Seals::none());
        let claim = sample::claim("announce", &[1, 2, 3], 1, 7);
        let altered = Claim { until: None, ..claim.clone() };
        let stranger = sample::claim("announce", &[9], 1, 7);
        assert_eq!(ledger.add_claim(altered), Err(EntryError::Contradiction(claim.id.clone())));
        assert_eq!(ledger.grant(claim.clone()), Err(EntryError::Repeated(claim.id.clone())));
        for people in [vec![], vec![Person(2), Person(1)], vec![Person(1), Person(1)]] {
            let claim = Claim { people, ..stranger.clone() };
            assert_eq!(ledger.add_claim(claim), Err(EntryError::People(stranger.id.clone())));
        }
        let unknown = ledger.add_outcome(sample::outcome(&stranger, Refused, &[]));
        assert_eq!(unknown, Err(EntryError::UnknownClaim(stranger.id)));
        let unknown = ledger.add_outcome(sample::outcome(&claim, Refused, &[(9, Accepted)]));
        assert_eq!(unknown, Err(EntryError::UnknownPerson(claim.id)));
        assert_eq!(ledger.write(&Seals::none()), text);
    }

    #[test]
    fn only_ledgers_of_one_project_and_gateway_are_joined() {
        let mut ledger = sample::ledger();
        let keys = vec![crate::identity::Key::from_bytes([2; 32]).id()];
        let other = Header { gateway: "elsewhere".to_owned(), ..sample::header() };
        let error = ledger.join(&Ledger::new(other)).unwrap_err();
        assert_eq!(error.to_string(), "the ledgers belong to two gateways, `sandbox` and `elsewhere`");
        ledger.join(&Ledger::new(Header { keys, ..sample::header() })).unwrap();
        assert_eq!(ledger.header().keys.len(), 2);
    }
}
