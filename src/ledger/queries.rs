//! Questions to the ledger: what is in doubt, how many are in which state, when it ends.

use jiff::Timestamp;

use super::book::Ledger;
use super::entry::{ClaimEntry, Note, Settled};
use super::facts::Facts;
use super::line::{Claim, ClaimId, MessageRecord, Outcome, PersonState, RunId, Standing};
use super::text;
use super::view::View;
use crate::identity::{MessageId, MessageKey, Person, Revision};
use crate::timing::horizon::LOGS_BACK_MAX;

/// A claim of which something is in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The claim; its bulk names message and revision.
    pub claim: ClaimId,
    /// How many of its people are in doubt.
    pub open: usize,
    /// How many people it has.
    pub count: usize,
    /// The `sendAt` of its request; at once, if absent.
    pub send_at: Option<Timestamp>,
    /// When its paced sending ends; absent if it is not paced.
    pub until: Option<Timestamp>,
    /// When the claim was made.
    pub at: Timestamp,
    /// What is known of its request; absent if the run that made it died.
    pub why: Option<String>,
}

impl Doubt {
    /// Until when the gateway's logs can tell anything of it: 48 hours from when its first message
    /// could leave.
    #[must_use]
    pub fn logs_end(&self) -> Timestamp {
        let leaves = self.send_at.map_or(self.at, |send_at| send_at.max(self.at));
        leaves.checked_add(LOGS_BACK_MAX).unwrap_or(Timestamp::MAX)
    }
}

/// People who are in flight elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    /// How many: claimed, and not settled.
    pub people: usize,
    /// The last instant at which all of it may be under way; who is not settled then is in doubt.
    pub until: Timestamp,
}

/// How many people of a revision of a message stand how, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Accepted by the gateway.
    pub accepted: usize,
    /// Rejected by the gateway.
    pub rejected: usize,
    /// Claimed, and nothing is known.
    pub in_doubt: usize,
    /// Claimed by a run that may still be sending.
    pub in_flight: usize,
    /// Given up by a person's word.
    pub abandoned: usize,
    /// Claimed before, surely not sent, and free again.
    pub refused: usize,
}

/// A claim, and what is known of its people.
#[derive(Debug, Clone, Copy)]
pub struct ClaimState<'a>(&'a ClaimEntry);

impl<'a> ClaimState<'a> {
    /// The claim.
    #[must_use]
    pub fn claim(self) -> &'a Claim {
        &self.0.claim
    }

    /// Its people in ascending order, each with their state.
    pub fn people(self) -> impl Iterator<Item = (Person, PersonState)> + 'a {
        self.0.iter()
    }

    /// What is known of somebody; `None` if they are not in the claim.
    #[must_use]
    pub fn state(self, person: Person) -> Option<PersonState> {
        self.0.state(person)
    }

    /// Whether nothing of it was sent, for sure.
    #[must_use]
    pub fn is_refused(self) -> bool {
        self.0.is_refused()
    }

    /// Its people in ascending order, each with their state, and whether the run that claimed them left them open: what
    /// became of them is another word then, and not what the run was told.
    pub fn history(self) -> impl Iterator<Item = (PersonState, bool)> + 'a {
        self.0.iter().map(move |(person, state)| (state, self.0.was_left_open(person, state)))
    }

    /// How many of its people are still open.
    #[must_use]
    pub fn open(self) -> usize {
        self.0.open()
    }

    /// Until when its request may still begin, or be under way, as far as somebody with this view
    /// knows; `None` if it surely is over.
    #[must_use]
    pub fn in_flight_until(self, view: View) -> Option<Timestamp> {
        view.in_flight_until(self.0)
    }

    /// Writes its line, with all that is known of it.
    #[must_use]
    pub fn line(self) -> String {
        let ClaimEntry { claim, states, notes, settled, answered, facts: _, extra, outcome_extra } = self.0;
        let (claim, states, notes, settled) = (claim.clone(), states.clone(), notes.clone(), settled.clone());
        let (answered, extra, outcome_extra) = (answered.clone(), extra.clone(), outcome_extra.clone());
        text::entry_line(
            &ClaimEntry { claim, states, notes, settled, answered, facts: Facts::default(), extra, outcome_extra },
            None,
        )
    }

    /// A person's word on those of its people who are still open: of the others it repeats what is
    /// known, because a word on a doubt says nothing about whoever was rejected or refused.
    #[must_use]
    pub fn word(self, state: PersonState, at: Timestamp, by: String, why: String) -> Outcome {
        let others = self.people().filter(|(_, known)| *known != PersonState::Claimed).collect();
        Outcome {
            claim: self.0.claim.id.clone(),
            state,
            others,
            at,
            by: Some(by),
            why: Some(why),
            proof: None,
            known: None,
        }
    }

    /// When, and why, a run has last settled it.
    #[must_use]
    pub fn settled(self) -> Option<&'a Settled> {
        self.0.settled.as_ref()
    }

    /// The words of persons on it, the oldest first.
    pub fn notes(self) -> impl Iterator<Item = &'a Note> {
        self.0.notes.iter()
    }
}

impl Ledger {
    /// Iterates over the latest record of each revision of each message, in their order.
    pub fn messages(&self) -> impl Iterator<Item = &MessageRecord> {
        self.records.values().map(|record| &record.record)
    }

    /// Finds the latest record of a revision of a message.
    #[must_use]
    pub fn record(&self, message: &MessageKey, revision: Revision) -> Option<&MessageRecord> {
        self.records.get(&(message.clone(), revision)).map(|record| &record.record)
    }

    /// Finds the latest record of a message's highest revision.
    #[must_use]
    pub fn last_record(&self, message: &MessageKey) -> Option<&MessageRecord> {
        self.messages().filter(|record| record.message == *message).last()
    }

    /// Iterates over all claims, in no particular order.
    pub fn claims(&self) -> impl ExactSizeIterator<Item = ClaimState<'_>> {
        self.entries.iter().map(ClaimState)
    }

    /// Iterates over the claims of a revision of a message.
    pub fn claims_of(&self, message: &MessageKey, revision: Revision) -> impl Iterator<Item = ClaimState<'_>> {
        let positions = self.index(message, revision).into_iter().flat_map(|index| &index.claims);
        positions.filter_map(|position| self.entries.get(*position)).map(ClaimState)
    }

    /// Iterates over the claims that a message's person is in, with what is known of them there.
    pub fn claims_with(&self, id: &MessageId) -> impl Iterator<Item = (ClaimState<'_>, PersonState)> {
        let person = id.person;
        let positions = self.index(&id.message, id.revision).into_iter().flat_map(move |index| index.positions(person));
        let claims = positions.filter_map(|position| self.entries.get(*position)).map(ClaimState);
        claims.filter_map(move |claim| Some((claim, claim.state(person)?)))
    }

    /// Iterates over the claims of a message, of all its revisions.
    pub fn claims_of_all(&self, message: &MessageKey) -> impl Iterator<Item = ClaimState<'_>> {
        let indexes = self.indexes.iter().filter(move |((of, _), _)| of == message);
        let positions = indexes.flat_map(|(_, index)| &index.claims);
        positions.filter_map(|position| self.entries.get(*position)).map(ClaimState)
    }

    /// Finds a claim.
    #[must_use]
    pub fn claim_state(&self, id: &ClaimId) -> Option<ClaimState<'_>> {
        self.by_id.get(id).and_then(|position| self.entries.get(*position)).map(ClaimState)
    }

    /// Finds the claims of a bulk by its whole id, or by the digits at its end; the oldest first.
    #[must_use]
    pub fn find_bulk(&self, bulk: &str) -> Vec<ClaimState<'_>> {
        let is_it = |claim: &ClaimState<'_>| {
            let id = claim.claim().id.bulk.to_string();
            id == bulk || id.rsplit_once('.').is_some_and(|(_, digits)| digits == bulk)
        };
        let mut found: Vec<_> = self.claims().filter(is_it).collect();
        found.sort_by_key(|claim| (claim.claim().at, claim.claim().id.clone()));
        found
    }

    /// Whether there is another claim of this message to this person than the one named, in
    /// which they were not rejected.
    #[must_use]
    pub fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> bool {
        self.claims_with(message)
            .any(|(claim, state)| claim.claim().id != *besides && !matches!(state, PersonState::Rejected(_)))
    }

    /// Lists the claims of which something is in doubt, the oldest first. What may still be in
    /// flight is not in doubt.
    #[must_use]
    pub fn doubts(&self, view: View) -> Vec<Doubt> {
        self.doubts_where(|entry| !view.is_in_flight(entry))
    }

    /// Lists the doubts as a run leaves them that is over: nothing of its own is in flight any more.
    #[must_use]
    pub fn doubts_after(&self, run: RunId, view: View) -> Vec<Doubt> {
        self.doubts_where(|entry| entry.claim.id.run == run || !view.is_in_flight(entry))
    }

    /// Says what is in flight elsewhere; nothing of the run `over` is, which is over.
    #[must_use]
    pub fn in_flight(&self, view: View, over: Option<RunId>) -> Option<Flight> {
        let claims = self.entries.iter().filter(|entry| Some(entry.claim.id.run) != over);
        let flights = claims.filter_map(|entry| Some((entry.open(), view.in_flight_until(entry)?)));
        flights.filter(|(open, _)| *open > 0).fold(None, |flight: Option<Flight>, (open, until)| {
            let Flight { people, until: last } = flight.unwrap_or(Flight { people: 0, until });
            Some(Flight { people: people.saturating_add(open), until: last.max(until) })
        })
    }

    fn doubts_where(&self, is_over: impl Fn(&ClaimEntry) -> bool) -> Vec<Doubt> {
        let dead = self.entries.iter().filter(|entry| is_over(entry));
        let doubts = dead.filter_map(|entry| {
            let Claim { id, send_at, until, at, people, .. } = &entry.claim;
            let (claim, count) = (id.clone(), people.len());
            let why = entry.settled.as_ref().and_then(|settled| settled.why.clone());
            let doubt = Doubt { claim, open: entry.open(), count, send_at: *send_at, until: *until, at: *at, why };
            (doubt.open > 0).then_some(doubt)
        });
        let mut doubts: Vec<Doubt> = doubts.collect();
        doubts.sort_by(|one, other| (one.at, &one.claim).cmp(&(other.at, &other.claim)));
        doubts
    }

    /// The latest end of paced sending among the claims of a revision of a message that were not
    /// wholly refused.
    #[must_use]
    pub fn until(&self, message: &MessageKey, revision: Revision) -> Option<Timestamp> {
        self.sendable(message, revision).filter_map(|claim| claim.until).max()
    }

    /// The latest `sendAt` among the claims of a revision of a message that were not wholly
    /// refused.
    #[must_use]
    pub fn last_send_at(&self, message: &MessageKey, revision: Revision) -> Option<Timestamp> {
        self.sendable(message, revision).filter_map(|claim| claim.send_at).max()
    }

    /// Whether anything of a revision of a message was sent, or may have been.
    #[must_use]
    pub fn is_begun(&self, message: &MessageKey, revision: Revision) -> bool {
        self.sendable(message, revision).next().is_some()
    }

    fn sendable(&self, message: &MessageKey, revision: Revision) -> impl Iterator<Item = &Claim> {
        self.claims_of(message, revision).filter(|claim| !claim.0.is_refused()).map(ClaimState::claim)
    }

    /// Counts how the people of a revision of a message stand.
    #[must_use]
    pub fn totals(&self, message: &MessageKey, revision: Revision, view: View) -> Totals {
        let mut totals = Totals::default();
        let Some(index) = self.index(message, revision) else { return totals };
        totals.accepted = index.accepted.len();
        for person in index.others.keys() {
            let count = match index.standing(&self.entries, *person, view) {
                Standing::Free => &mut totals.refused,
                Standing::Rejected(_) => &mut totals.rejected,
                Standing::Abandoned => &mut totals.abandoned,
                Standing::InFlight => &mut totals.in_flight,
                Standing::InDoubt => &mut totals.in_doubt,
                Standing::Accepted => &mut totals.accepted,
            };
            *count += 1;
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Finding, ImportFile, Seals, sample};

    /// Claims until second 600 plus 120 plus 300.
    fn shared(second: i64) -> View {
        View::Shared { now: sample::at(second) }
    }

    #[test]
    fn everybody_is_counted_once_as_they_stand() {
        let mut ledger = sample::ledger();
        let again = sample::claim("announce", &[2, 4, 7], 2, 8);
        ledger.add_claim(again.clone()).unwrap();
        ledger.add_outcome(sample::outcome(&again, PersonState::Refused, &[])).unwrap();
        let totals = |view| ledger.totals(&sample::message("announce"), sample::revision(), view);
        let wanted = Totals { accepted: 3, rejected: 1, in_doubt: 2, in_flight: 0, abandoned: 0, refused: 1 };
        assert_eq!(totals(View::Exclusive), wanted);
        assert_eq!(totals(shared(1021)), wanted);
        assert_eq!(totals(shared(1020)), Totals { in_doubt: 0, in_flight: 2, ..wanted });
        let other = sample::message("remind");
        assert_eq!(ledger.totals(&other, sample::revision(), View::Exclusive), Totals::default());
    }

    #[test]
    fn what_its_own_run_has_settled_is_not_in_flight() {
        let mut ledger = sample::ledger();
        let claim = sample::claim("announce", &[8, 9], 1, 7);
        ledger.add_claim(claim.clone()).unwrap();
        assert!(ledger.doubts(shared(0)).is_empty());
        ledger.add_outcome(sample::outcome(&claim, PersonState::Claimed, &[(8, PersonState::Accepted)])).unwrap();
        assert_eq!(ledger.doubts(shared(0)).iter().map(|doubt| &doubt.claim).collect::<Vec<_>>(), [&claim.id]);
        let standing = |person| ledger.standing(&sample::message("announce"), sample::revision(), person, shared(0));
        assert_eq!(
            [Person(8), Person(9), Person(6)].map(standing),
            [Standing::Accepted, Standing::InDoubt, Standing::InFlight]
        );
    }

    #[test]
    fn doubts_are_listed_with_their_numbers() {
        let ledger = sample::ledger();
        let doubts = ledger.doubts(View::Exclusive);
        let mut numbers: Vec<_> = doubts.iter().map(|doubt| (doubt.open, doubt.count)).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [(1, 1), (1, 2)]);
        assert!(ledger.doubts(shared(1020)).is_empty());
        assert_eq!(ledger.doubts(shared(1021)), doubts);
    }

    #[test]
    fn nothing_of_a_run_that_is_over_is_in_flight() {
        let mut ledger = sample::ledger();
        let claim = sample::claim("announce", &[8, 9], 1, 9);
        ledger.add_claim(claim.clone()).unwrap();
        let run = claim.id.run;
        let of_run = |doubts: Vec<Doubt>| doubts.into_iter().map(|doubt| (doubt.claim, doubt.open)).collect::<Vec<_>>();
        assert_eq!(of_run(ledger.doubts_after(run, shared(0))), [(claim.id, 2)]);
        assert!(ledger.doubts(shared(0)).is_empty());
        let until = sample::at(1020);
        assert_eq!(ledger.in_flight(shared(0), None), Some(Flight { people: 4, until }));
        assert_eq!(ledger.in_flight(shared(0), Some(run)), Some(Flight { people: 2, until }));
        assert_eq!(ledger.in_flight(shared(1021), None), None);
        assert_eq!(ledger.in_flight(View::Exclusive, None), None);
    }

    #[test]
    fn refused_claims_hold_nobody_up() {
        let mut ledger = Ledger::new(sample::header());
        let [first, second] = [1, 2].map(|attempt| sample::claim("announce", &[1], attempt, 7));
        let until = |ledger: &Ledger| ledger.until(&sample::message("announce"), sample::revision());
        assert_eq!(until(&ledger), None);
        ledger.add_claim(first.clone()).unwrap();
        assert_eq!(until(&ledger), first.until);
        ledger.add_outcome(sample::outcome(&first, PersonState::Refused, &[])).unwrap();
        assert_eq!(until(&ledger), None);
        ledger.add_claim(second.clone()).unwrap();
        assert_eq!(until(&ledger), second.until);
        assert_eq!(ledger.last_send_at(&sample::message("announce"), sample::revision()), second.send_at);
    }

    #[test]
    fn a_bulk_is_found_by_its_id_or_digits_with_the_words_on_it() {
        let ledger = sample::ledger();
        let claim = sample::claim("announce", &[4, 5], 1, 7);
        let id = claim.id.bulk.to_string();
        let (_, digits) = id.rsplit_once('.').unwrap();
        for text in [id.as_str(), digits] {
            let found = ledger.find_bulk(text);
            assert_eq!(found.iter().map(|claim| &claim.claim().id).collect::<Vec<_>>(), [&claim.id]);
        }
        assert!(ledger.find_bulk("").is_empty());
        let state = ledger.claim_state(&claim.id).unwrap();
        let notes: Vec<_> = state.notes().map(|note| (note.by.as_str(), note.why.as_deref())).collect();
        assert_eq!(notes, [("ana", Some("seen in the portal"))]);
        assert_eq!(state.settled(), None);
        assert_eq!(state.open(), 1);
    }

    #[test]
    fn a_word_settles_only_whoever_is_open() {
        use PersonState::{Abandoned, Accepted, Claimed, Refused, Rejected};
        for word in [Accepted, Refused, Abandoned] {
            let mut ledger = Ledger::new(sample::header());
            let claim = sample::claim("announce", &[1, 2, 3, 4, 5], 1, 7);
            ledger.add_claim(claim.clone()).unwrap();
            let known = [(1, Rejected(14)), (2, Refused), (3, Accepted)];
            ledger.add_outcome(sample::outcome(&claim, Claimed, &known)).unwrap();
            let state = ledger.claim_state(&claim.id).unwrap();
            let outcome = state.word(word, sample::at(9), "ana".to_owned(), "seen".to_owned());
            // What is written has to say the same.
            let ImportFile::Outcomes(said) =
                ImportFile::read(sample::outcome_line(&outcome).as_bytes(), &Seals::none()).unwrap()
            else {
                panic!("an outcome has no header")
            };
            assert_eq!(ledger.take_outcomes(&said), Ok(0));
            ledger.add_outcome(outcome).unwrap();
            let state = ledger.claim_state(&claim.id).unwrap();
            let states: Vec<_> = state.people().map(|(_, state)| state).collect();
            assert_eq!(states, [Rejected(14), Refused, Accepted, word, word]);
            let notes: Vec<_> = state.notes().map(|note| note.state).collect();
            assert_eq!(notes, [word]);
        }
    }

    #[test]
    fn the_last_record_is_of_the_highest_revision_then_the_latest() {
        let mut ledger = Ledger::new(sample::header());
        let higher = MessageRecord { revision: Revision::new(2).unwrap(), ..sample::record("announce", "two", 0) };
        for record in [sample::record("announce", "new", 9), higher, sample::record("announce", "old", 1)] {
            ledger.add_message(record);
        }
        let texts: Vec<&str> = ledger.messages().map(|record| record.text.as_str()).collect();
        assert_eq!(texts, ["new", "two"]);
        assert_eq!(ledger.last_record(&sample::message("announce")).unwrap().text, "two");
        assert_eq!(ledger.last_record(&sample::message("remind")), None);
    }

    #[test]
    fn what_should_never_be_is_found() {
        assert_eq!(sample::ledger().verify(), []);
        let mut ledger = Ledger::new(sample::header());
        let [first, mut second] = [&[1, 2][..], &[2, 3]].map(|people| sample::claim("announce", people, 1, 7));
        second.time = crate::identity::BulkTime::Start(0);
        for claim in [&first, &second] {
            ledger.add_claim(claim.clone()).unwrap();
            ledger.add_outcome(sample::outcome(claim, PersonState::Accepted, &[])).unwrap();
        }
        let mut claims = vec![first.id, second.id.clone()];
        claims.sort();
        let wanted = [
            Finding::AcceptedTwice { person: Person(2), claims },
            Finding::ForeignId { claim: second.id },
            Finding::NoRecord { message: sample::message("announce"), revision: sample::revision() },
        ];
        assert_eq!(ledger.verify(), wanted);
    }
}
