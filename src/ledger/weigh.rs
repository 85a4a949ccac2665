//! What the gateway's logs say of a claim, held against all that the ledger knows: one row explains
//! one claim.
//!
//! A row that another claim explains says nothing of this one. A claim explains rows of its own bulk,
//! and, because the gateway may leave the bulkId out where a request has one message only, rows that
//! name none; but none that was sent before the claim was made. So a claim is accepted if there are more
//! accepted rows than the other claims of the person, accepted or open, can explain; and whoever the logs
//! do not have is refused only if no row is left over.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::book::{Ledger, Of};
use super::line::{BY_LOGS, Claim, ClaimId, Dated, Outcome, PersonState, Proof};
use super::queries::ClaimState;
use super::view::View;
use crate::identity::{BulkId, MessageId, Person, PersonSet};
use crate::wire::response::STATUS_DUPLICATE_MESSAGE_ID;

/// How far the clock of a run may be from the gateway's: with a larger difference nothing is claimed.
const APART_MAX: SignedDuration = SignedDuration::from_mins(1);

/// The earliest instant at which a message of a claim can have been sent. Of a run that had not compared its
/// clock with the gateway's nobody knows when it made a claim.
pub(super) fn earliest(claim: &Claim) -> Timestamp {
    if claim.dated == Dated::Never && !claim.is_recovered {
        return Timestamp::MIN;
    }
    claim.at.checked_sub(APART_MAX).unwrap_or(Timestamp::MIN)
}

/// What the logs say of people of one claim. It is evidence, and no outcome, until a store holds it
/// against what it knows when it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The claim.
    pub claim: ClaimId,
    /// When it is written.
    pub at: Timestamp,
    /// The same by the clocks of machines, by which other runs may still live.
    pub lives_at: Timestamp,
    /// What is said of its people, in ascending order.
    pub people: Vec<Testimony>,
}

/// What the logs say of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Testimony {
    /// Who.
    pub person: Person,
    /// The rows of their messageId, of whatever bulk.
    pub rows: Vec<Sighting>,
    /// Whether the absence of a row proves that nothing was sent.
    pub absence_proves: bool,
}

/// A row of the logs, as far as it is evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its bulkId, if it has one.
    pub bulk: Option<String>,
    /// Accepted, rejected, or claimed if its status says nothing.
    pub state: PersonState,
    /// When it was sent, if it says so.
    pub sent_at: Option<Timestamp>,
}

/// What evidence says of one person of one claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// They have it.
    Accepted,
    /// The gateway rejected it with a status.
    Rejected(
        /// The status id of the gateway.
        u16,
    ),
    /// The logs have nothing of it, and that proves that nothing was sent.
    Refused,
    /// The logs have nothing of it, which proves nothing.
    Absent,
    /// The logs have a row of a bulk that no claim explains.
    InAnotherBulk,
    /// The logs have a row of the claim's own bulk that was sent before the claim was made: a clock differs, or the
    /// ledger has lost an earlier claim.
    BeforeItsClaim,
    /// The logs have a row, but another claim of the same bulk, which is open too, may be what it is of.
    InAnotherClaim,
    /// The gateway calls the messageId a duplicate, but the ledger has no other claim of it.
    DuplicateId,
    /// The logs have it with a status that the API does not have.
    UnclearStatus,
    /// They are in doubt no more: somebody else has settled them.
    Settled,
}

/// What came of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// What it says of each person, in the order of the evidence.
    pub decisions: Vec<Decision>,
    /// What is written: first of the claim itself, then of other claims of its people, which a row shows to have
    /// been sent although they were called surely not sent. Nothing, if nobody is settled by it.
    pub outcomes: Vec<Outcome>,
}

impl Sighting {
    fn is_of(&self, bulk: &str) -> bool {
        self.bulk.as_deref() == Some(bulk)
    }
}

impl Ledger {
    /// Holds evidence against the ledger, one claim after the other, each as if what came of those
    /// before it were in the ledger already. Changes nothing: the outcomes are to be added, all of them,
    /// to the ledger as it is now and to no later one. `view` is what the writer knows about other runs.
    #[must_use]
    pub fn weigh(&self, evidence: &[Evidence], view: View) -> Vec<Weighed> {
        let mut ledger = self.about(evidence);
        let mut all = Vec::with_capacity(evidence.len());
        for evidence in evidence {
            let (decisions, outcome) = ledger.weigh_one(evidence, view);
            let mut outcomes = Vec::new();
            ledger.take_in(outcome, &mut outcomes);
            for other in ledger.about_settled(evidence) {
                let (_, outcome) = ledger.weigh_one(&other, view);
                ledger.take_in(outcome, &mut outcomes);
            }
            all.push(Weighed { decisions, outcomes });
        }
        all
    }

    fn take_in(&mut self, outcome: Option<Outcome>, outcomes: &mut Vec<Outcome>) {
        let Some(outcome) = outcome else { return };
        self.add_outcome(outcome.clone()).expect("the claim is there, and so is everybody in its outcome");
        outcomes.push(outcome);
    }

    /// The same rows as evidence about other claims of these people that somebody else than their own runs called
    /// surely not sent: the logs, or a person. A row shows what became of a messageId, whichever claim was asked
    /// about; by the time it is weighed that one may be settled, and then nobody would ask again.
    ///
    /// What its own run knows to be refused is left alone, and so is whoever is accepted as often as there are rows:
    /// by a clock that was set in the middle of a run a row may look older than its claim, and would be booked twice.
    fn about_settled(&self, evidence: &Evidence) -> Vec<Evidence> {
        let BulkId { message, revision, .. } = &evidence.claim.bulk;
        let mut others: BTreeMap<(Timestamp, ClaimId), Vec<Testimony>> = BTreeMap::new();
        for Testimony { person, rows, .. } in &evidence.people {
            let rows: Vec<Sighting> = rows.iter().filter(|row| is_accepted(row.state)).cloned().collect();
            if rows.is_empty() {
                continue;
            }
            let id = MessageId { message: message.clone(), revision: *revision, person: *person };
            let accepted = self.claims_with(&id).filter(|(_, state)| is_accepted(*state)).count();
            if accepted >= rows.len() {
                continue;
            }
            for (other, state) in self.claims_with(&id) {
                let claim = other.claim();
                let is_by_word = other.notes().next().is_some();
                if claim.id != evidence.claim && state.came_to_nothing() && is_by_word {
                    let testimony = Testimony { person: *person, rows: rows.clone(), absence_proves: false };
                    others.entry((claim.at, claim.id.clone())).or_default().push(testimony);
                }
            }
        }
        let Evidence { at, lives_at, .. } = *evidence;
        others.into_iter().map(|((_, claim), people)| Evidence { claim, at, lives_at, people }).collect()
    }

    /// The claims of the people whom evidence is about, and nothing else: all that it is held against.
    #[must_use]
    pub fn about(&self, evidence: &[Evidence]) -> Self {
        let mut people: BTreeMap<Of, PersonSet> = BTreeMap::new();
        for Evidence { claim, people: testimonies, .. } in evidence {
            let of = (claim.bulk.message.clone(), claim.bulk.revision);
            people.entry(of).or_default().extend(testimonies.iter().map(|testimony| testimony.person));
        }
        let mut about = Self::bound(self.bound.clone());
        for (of, people) in people {
            let positions = self.indexes.get(&of).into_iter().flat_map(|index| &index.claims);
            for entry in positions.filter_map(|position| self.entries.get(*position)) {
                if entry.claim.people.iter().any(|person| people.contains(person)) {
                    about.by_id.insert(entry.claim.id.clone(), about.entries.len());
                    about.entries.push(entry.clone());
                }
            }
        }
        about.index_anew();
        about
    }

    fn weigh_one(&self, evidence: &Evidence, view: View) -> (Vec<Decision>, Option<Outcome>) {
        let Some(state) = self.claim_state(&evidence.claim) else {
            return (vec![Decision::Absent; evidence.people.len()], None);
        };
        let own = Own { bulk: evidence.claim.bulk.to_string(), earliest: earliest(state.claim()) };
        let judged: Vec<Explained<'_>> = evidence
            .people
            .iter()
            .map(|testimony| {
                let Some(known) = state.state(testimony.person) else { return Decision::Absent.into() };
                decide(&own, known, testimony, &self.elsewhere(state, testimony, view))
            })
            .collect();
        let outcome = outcome(state, evidence, &judged);
        (judged.into_iter().map(|judged| judged.decision).collect(), outcome)
    }

    /// What is known of somebody by other claims of the message. It is only looked for where it may
    /// explain a row.
    fn elsewhere(&self, claim: ClaimState<'_>, testimony: &Testimony, view: View) -> Vec<OtherClaim> {
        if testimony.rows.is_empty() {
            return Vec::new();
        }
        let own = claim.claim();
        let BulkId { message, revision, .. } = &own.id.bulk;
        let id = MessageId { message: message.clone(), revision: *revision, person: testimony.person };
        let others = self.claims_with(&id).filter(|(other, _)| other.claim().id != own.id);
        let others = others.map(|(other, state)| {
            let claim = other.claim();
            let is_older = (claim.at, &claim.id) < (own.at, &own.id);
            let is_first = is_older || other.in_flight_until(view).is_some();
            OtherClaim { bulk: claim.id.bulk.to_string(), state, earliest: earliest(claim), is_older, is_first }
        });
        others.collect()
    }
}

/// The claim in question.
struct Own {
    bulk: String,
    /// When its message can have been sent at the earliest.
    earliest: Timestamp,
}

impl Own {
    /// Whether a row is of its bulk, or of none.
    fn is_of_bulk(&self, row: &Sighting) -> bool {
        row.bulk.is_none() || row.is_of(&self.bulk)
    }

    /// Whether a row can be of its request. One of its bulk that was sent before is of a claim that was
    /// lost.
    fn may_have_sent(&self, row: &Sighting) -> bool {
        self.is_of_bulk(row) && row.sent_at.is_none_or(|sent_at| sent_at >= self.earliest)
    }
}

/// Another claim of the same person.
struct OtherClaim {
    bulk: String,
    state: PersonState,
    /// When its message can have been sent at the earliest.
    earliest: Timestamp,
    /// Whether it was made before the claim in question.
    is_older: bool,
    /// Whether, if it is open, a row is rather its own than that of the claim in question: it may be
    /// sending right now, or is the older one of two whose runs are over.
    is_first: bool,
}

impl OtherClaim {
    /// Whether a row can be of its request: not if it was sent before the claim was made.
    fn may_have_sent(&self, row: &Sighting) -> bool {
        row.sent_at.is_none_or(|sent_at| sent_at >= self.earliest)
    }

    /// Takes a row away that it explains: of several the one that was sent first, or, if it is the later
    /// claim, last. Whether there was one.
    fn take(&self, rows: &mut Vec<&Sighting>, is_its: impl Fn(&Sighting) -> bool) -> bool {
        let is_its = |row: &&Sighting| is_its(row) && self.may_have_sent(row);
        let position = if self.is_older { rows.iter().position(is_its) } else { rows.iter().rposition(is_its) };
        position.map(|position| rows.remove(position)).is_some()
    }
}

/// What a kind of rows says of a claim, when other claims have explained theirs.
struct Remaining<'a> {
    /// Those that are left and can be of the claim's own request.
    own: Vec<&'a Sighting>,
    /// How many are left besides.
    others: usize,
    /// How many of those are of its own bulk, but were sent before the claim was made.
    before: usize,
}

/// Takes away the rows that other claims explain: each one of its own bulk, else one that names none.
fn left<'a, 'b>(
    own: &Own,
    rows: impl Iterator<Item = &'a Sighting>,
    explaining: impl Iterator<Item = &'b OtherClaim>,
) -> Remaining<'a> {
    let mut rows: Vec<&Sighting> = rows.collect();
    rows.sort_by_key(|row| row.sent_at);
    let mut explaining: Vec<&OtherClaim> = explaining.collect();
    // Whoever claimed last can explain the fewest, and chooses first: so as many as can be are explained.
    explaining.sort_by_key(|other| std::cmp::Reverse(other.earliest));
    explaining.retain(|other| !other.take(&mut rows, |row| row.is_of(&other.bulk)));
    for other in explaining {
        other.take(&mut rows, |row| row.bulk.is_none());
    }
    let (mine, others): (Vec<&Sighting>, Vec<&Sighting>) = rows.into_iter().partition(|row| own.may_have_sent(row));
    let before = others.iter().filter(|row| own.is_of_bulk(row)).count();
    Remaining { own: mine, others: others.len(), before }
}

/// A decision, and the rows that an acceptance rests on.
struct Explained<'a> {
    decision: Decision,
    rows: Vec<&'a Sighting>,
}

impl From<Decision> for Explained<'_> {
    fn from(decision: Decision) -> Self {
        Self { decision, rows: Vec::new() }
    }
}

fn decide<'a>(own: &Own, known: PersonState, testimony: &'a Testimony, elsewhere: &[OtherClaim]) -> Explained<'a> {
    type Kind = fn(PersonState) -> bool;
    let rows = |kind: Kind| testimony.rows.iter().filter(move |row| kind(row.state));
    // Of an open claim nobody knows whether it explains anything: whoever is to be accepted needs a row
    // more than those that come first, and whoever is to be refused needs every row explained for sure.
    let settled = |kind: Kind| left(own, rows(kind), elsewhere.iter().filter(move |other| kind(other.state)));
    let first = |kind: Kind| {
        let may = move |other: &&OtherClaim| kind(other.state) || (is_open(other.state) && other.is_first);
        left(own, rows(kind), elsewhere.iter().filter(may)).own
    };
    let known_bulks = |kind: Kind| {
        let may = move |other: &&OtherClaim| kind(other.state) || is_open(other.state);
        left(own, rows(kind), elsewhere.iter().filter(may))
    };
    // What was surely not sent was sent all the same, if a row says so: it takes back neither an acceptance, which
    // it could only repeat, nor a person's word that gives up.
    let may_be_raised = is_open(known) || known.came_to_nothing();
    let accepted = first(is_accepted);
    if may_be_raised && !accepted.is_empty() {
        return Explained { decision: Decision::Accepted, rows: accepted };
    }
    if known != PersonState::Claimed {
        return Decision::Settled.into();
    }
    // A rejection harms nobody: whatever became of another claim of its bulk, that explains it.
    let rejected_elsewhere = left(own, rows(is_rejected), elsewhere.iter());
    let strange = [known_bulks(is_accepted), rejected_elsewhere, known_bulks(is_open)];
    if strange.iter().any(|left| left.others > 0) {
        let is_of_own_bulk = strange.iter().all(|left| left.others == left.before);
        return if is_of_own_bulk { Decision::BeforeItsClaim } else { Decision::InAnotherBulk }.into();
    }
    // A duplicate says that the gateway has the message already, which outweighs any rejection.
    let is_of_own = |row: &&Sighting| own.is_of_bulk(row);
    let of_own = rows(is_rejected).filter(is_of_own);
    let status = of_own.filter_map(|row| status(row.state)).max_by_key(|id| *id == STATUS_DUPLICATE_MESSAGE_ID);
    let rejected = first(is_rejected);
    match status.filter(|_| !rejected.is_empty()) {
        // The one that it has is the other claim's: of this one it took nothing.
        Some(status @ STATUS_DUPLICATE_MESSAGE_ID) if elsewhere.iter().any(|other| is_accepted(other.state)) => {
            return Decision::Rejected(status).into();
        }
        Some(STATUS_DUPLICATE_MESSAGE_ID) => {
            let was_claimed = elsewhere.iter().any(|other| !is_rejected(other.state));
            let accepted = Explained { decision: Decision::Accepted, rows: rejected };
            return if was_claimed { accepted } else { Decision::DuplicateId.into() };
        }
        _ if rows(is_open).any(|row| is_of_own(&row)) => return Decision::UnclearStatus.into(),
        Some(status) => return Decision::Rejected(status).into(),
        None => {}
    }
    if settled(is_accepted).own.len() + settled(is_rejected).own.len() > 0 {
        Decision::InAnotherClaim.into()
    } else if testimony.absence_proves {
        Decision::Refused.into()
    } else {
        Decision::Absent.into()
    }
}

/// Says that nothing is known: of a claim, that it is open, and of a row, that its status is none.
fn is_open(state: PersonState) -> bool {
    state == PersonState::Claimed
}

fn is_accepted(state: PersonState) -> bool {
    state == PersonState::Accepted
}

fn is_rejected(state: PersonState) -> bool {
    status(state).is_some()
}

fn status(state: PersonState) -> Option<u16> {
    match state {
        PersonState::Rejected(status) => Some(status),
        PersonState::Claimed | PersonState::Refused | PersonState::Abandoned | PersonState::Accepted => None,
    }
}

/// The outcome of a claim: what was decided. Of everybody else it says nothing, not even what is known:
/// so whoever it has as accepted is accepted by the logs.
fn outcome(state: ClaimState<'_>, evidence: &Evidence, judged: &[Explained<'_>]) -> Option<Outcome> {
    let settled = |judged: &Explained<'_>| match judged.decision {
        Decision::Accepted => Some(PersonState::Accepted),
        Decision::Rejected(status) => Some(PersonState::Rejected(status)),
        Decision::Refused => Some(PersonState::Refused),
        Decision::Absent
        | Decision::InAnotherBulk
        | Decision::BeforeItsClaim
        | Decision::InAnotherClaim
        | Decision::DuplicateId
        | Decision::UnclearStatus
        | Decision::Settled => None,
    };
    let decided = evidence.people.iter().zip(judged);
    let decided: Vec<(Person, PersonState)> =
        decided.filter_map(|(testimony, judged)| Some((testimony.person, settled(judged)?))).collect();
    if decided.is_empty() {
        return None;
    }
    let count = |wanted: fn(PersonState) -> bool| decided.iter().filter(|(_, state)| wanted(*state)).count();
    let (accepted, rejected) = (count(is_accepted), count(is_rejected));
    let refused = decided.len() - accepted - rejected;
    let mut news = decided.iter().peekable();
    let (mut open, mut everybody) = (0, Vec::new());
    for (person, known) in state.people() {
        let news = news.next_if(|(decided, _)| *decided == person).map(|(_, state)| *state);
        open += usize::from(is_open(news.unwrap_or(known)));
        everybody.push((person, news.unwrap_or(PersonState::Claimed)));
    }
    let common = most_frequent(decided.iter().map(|(_, state)| *state));
    let others = everybody.into_iter().filter(|(_, state)| *state != common).collect();
    let groups =
        [(accepted, "found accepted"), (rejected, "found rejected"), (refused, "proved absent"), (open, "still open")];
    let words: Vec<String> =
        groups.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    Some(Outcome {
        claim: evidence.claim.clone(),
        state: common,
        others,
        at: evidence.at,
        by: Some(BY_LOGS.to_owned()),
        why: Some(words.join(", ")),
        proof: proof(state, evidence, judged),
        known: None,
    })
}

/// What the acceptances of evidence rest on; nothing, if there is none. A row that does not say when it
/// was sent was sent between the claim and the question.
fn proof(state: ClaimState<'_>, evidence: &Evidence, judged: &[Explained<'_>]) -> Option<Proof> {
    let accepted = evidence.people.iter().zip(judged).filter(|(_, judged)| judged.decision == Decision::Accepted);
    let (mut people, mut twice, mut left) = (Vec::new(), Vec::new(), None);
    for (testimony, judged) in accepted {
        people.push(testimony.person);
        if testimony.rows.iter().filter(|row| is_accepted(row.state)).count() > 1 {
            twice.push(testimony.person);
        }
        for row in &judged.rows {
            let [from, to] = row.sent_at.map_or([state.claim().at, evidence.at], |sent_at| [sent_at, sent_at]);
            let [first, last] = left.unwrap_or([from, to]);
            left = Some([from.min(first), to.max(last)]);
        }
    }
    let is_everybody = people.len() == state.claim().people.len();
    Some(Proof { left: left?, people: (!is_everybody).then_some(people), twice })
}

/// The state that most have; of several the highest.
fn most_frequent(states: impl Iterator<Item = PersonState>) -> PersonState {
    let mut counts: BTreeMap<PersonState, usize> = BTreeMap::new();
    for state in states {
        *counts.entry(state).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map_or(PersonState::Claimed, |(state, _)| state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample;
    use PersonState::{Abandoned, Accepted, Claimed, Refused, Rejected};

    const OWN: &str = "own";

    fn own() -> Own {
        Own { bulk: OWN.to_owned(), earliest: Timestamp::MIN }
    }
    const OTHER: &str = "other";

    fn decided(
        known: PersonState,
        rows: &[(Option<&str>, PersonState)],
        elsewhere: &[(&str, PersonState)],
        (absence_proves, is_first): (bool, bool),
    ) -> Decision {
        let rows = rows
            .iter()
            .map(|(bulk, state)| Sighting { bulk: bulk.map(str::to_owned), state: *state, sent_at: None })
            .collect();
        let other = |(bulk, state): &(&str, PersonState)| {
            let (earliest, bulk) = (sample::at(0), (*bulk).to_owned());
            OtherClaim { bulk, state: *state, earliest, is_older: is_first, is_first }
        };
        let elsewhere: Vec<_> = elsewhere.iter().map(other).collect();
        decide(&own(), known, &Testimony { person: Person(1), rows, absence_proves }, &elsewhere).decision
    }

    #[track_caller]
    fn check(rows: &[(Option<&str>, PersonState)], elsewhere: &[(&str, PersonState)], expect: Decision) {
        assert_eq!(decided(Claimed, rows, elsewhere, (true, true)), expect, "{rows:?} {elsewhere:?}");
    }

    #[test]
    fn found_is_accepted_or_rejected() {
        let own = Some(OWN);
        check(&[], &[], Decision::Refused);
        assert_eq!(decided(Claimed, &[], &[], (false, true)), Decision::Absent);
        check(&[(own, Accepted)], &[], Decision::Accepted);
        check(&[(None, Accepted)], &[], Decision::Accepted);
        check(&[(own, Rejected(12))], &[], Decision::Rejected(12));
        check(&[(own, Rejected(12)), (own, Accepted)], &[], Decision::Accepted);
        check(&[(own, Claimed)], &[], Decision::UnclearStatus);
        check(&[(own, Claimed), (own, Rejected(12))], &[], Decision::UnclearStatus);
    }

    #[test]
    fn a_row_of_its_own_bulk_that_was_sent_before_the_claim_is_told_apart() {
        let own = Own { bulk: OWN.to_owned(), earliest: sample::at(100) };
        let check = |rows: &[(&str, i64)], expect: Decision| {
            let row = |(bulk, second): &(&str, i64)| Sighting {
                bulk: Some((*bulk).to_owned()),
                state: Accepted,
                sent_at: Some(sample::at(*second)),
            };
            let testimony = Testimony { person: Person(1), rows: rows.iter().map(row).collect(), absence_proves: true };
            assert_eq!(decide(&own, Claimed, &testimony, &[]).decision, expect, "{rows:?}");
        };
        check(&[(OWN, 99)], Decision::BeforeItsClaim);
        check(&[(OWN, 100)], Decision::Accepted);
        check(&[(OTHER, 99)], Decision::InAnotherBulk);
        check(&[(OWN, 99), (OTHER, 100)], Decision::InAnotherBulk);
    }

    #[test]
    fn rows_of_other_bulks_are_no_evidence_for_this_one() {
        let (own, other) = (Some(OWN), Some(OTHER));
        for state in [Accepted, Rejected(12), Claimed] {
            check(&[(other, state)], &[], Decision::InAnotherBulk);
        }
        check(&[(other, Accepted), (own, Rejected(12))], &[], Decision::InAnotherBulk);
        check(&[(other, Accepted), (own, Accepted)], &[], Decision::Accepted);
    }

    #[test]
    fn what_other_claims_explain_says_nothing_about_this_one() {
        let (own, other) = (Some(OWN), Some(OTHER));
        check(&[(other, Rejected(12))], &[(OTHER, Rejected(12))], Decision::Refused);
        check(&[(own, Rejected(12))], &[(OWN, Rejected(12))], Decision::Refused);
        check(&[(own, Rejected(12)), (own, Rejected(12))], &[(OWN, Rejected(12))], Decision::Rejected(12));
        check(&[(own, Accepted)], &[(OWN, Rejected(12))], Decision::Accepted);
        check(&[(other, Accepted)], &[(OTHER, Refused)], Decision::InAnotherBulk);
        // A rejection that came late harms nobody.
        check(&[(other, Rejected(12))], &[(OTHER, Refused)], Decision::Refused);
        check(&[(own, Accepted)], &[(OWN, Accepted)], Decision::Refused);
        check(&[(own, Accepted), (own, Accepted)], &[(OWN, Accepted)], Decision::Accepted);
        // A row without a bulkId may be of any claim.
        check(&[(None, Accepted)], &[(OTHER, Accepted)], Decision::Refused);
        check(&[(None, Accepted), (other, Accepted)], &[(OTHER, Accepted)], Decision::Accepted);
        check(&[(None, Accepted), (None, Accepted)], &[(OTHER, Accepted)], Decision::Accepted);
    }

    #[test]
    fn what_an_open_claim_may_explain_settles_nothing() {
        let (own, other) = (Some(OWN), Some(OTHER));
        check(&[(own, Accepted)], &[(OWN, Claimed)], Decision::InAnotherClaim);
        check(&[(own, Rejected(12))], &[(OWN, Claimed)], Decision::InAnotherClaim);
        check(&[(None, Accepted)], &[(OTHER, Claimed)], Decision::InAnotherClaim);
        check(&[(other, Accepted)], &[(OTHER, Claimed)], Decision::Refused);
        check(&[(own, Accepted), (own, Accepted)], &[(OWN, Claimed)], Decision::Accepted);
        // Of two whose runs are over the older one has it.
        let second = decided(Claimed, &[(own, Accepted)], &[(OWN, Claimed)], (true, false));
        assert_eq!(second, Decision::Accepted);
    }

    #[test]
    fn a_row_raises_what_was_called_not_sent_and_nothing_takes_a_word_back() {
        let own = Some(OWN);
        for known in [Refused, Rejected(12)] {
            assert_eq!(decided(known, &[(own, Accepted)], &[], (true, true)), Decision::Accepted);
            assert_eq!(decided(known, &[(own, Accepted)], &[(OWN, Claimed)], (true, true)), Decision::Settled);
            assert_eq!(decided(known, &[(own, Accepted)], &[(OWN, Accepted)], (true, true)), Decision::Settled);
        }
        for known in [Refused, Rejected(12), Abandoned, Accepted] {
            assert_eq!(decided(known, &[], &[], (true, true)), Decision::Settled);
            assert_eq!(decided(known, &[(own, Rejected(14))], &[], (true, true)), Decision::Settled);
        }
        assert_eq!(decided(Abandoned, &[(own, Accepted)], &[], (true, true)), Decision::Settled);
    }

    #[test]
    fn a_row_that_was_sent_before_a_claim_was_made_is_not_explained_by_it() {
        let sighting =
            |second| Sighting { bulk: Some(OWN.to_owned()), state: Accepted, sent_at: Some(sample::at(second)) };
        let check = |known, sent: &[i64], others: &[(i64, PersonState, bool)], expect, rests_on: &[i64]| {
            let rows = sent.iter().copied().map(sighting).collect();
            let other = |(at, state, is_older): &(i64, PersonState, bool)| OtherClaim {
                bulk: OWN.to_owned(),
                state: *state,
                earliest: sample::at(*at) - APART_MAX,
                is_older: *is_older,
                is_first: true,
            };
            let testimony = Testimony { person: Person(1), rows, absence_proves: true };
            let others: Vec<_> = others.iter().map(other).collect();
            let judged = decide(&own(), known, &testimony, &others);
            let sent_at: Vec<_> = judged.rows.iter().filter_map(|row| row.sent_at).collect();
            let rests_on: Vec<_> = rests_on.iter().copied().map(sample::at).collect();
            assert_eq!((judged.decision, sent_at), (expect, rests_on), "{known:?} {sent:?}");
        };
        // Absence was proved too early: the row is late, and somebody claims the person again.
        for state in [Claimed, Accepted] {
            check(Refused, &[10], &[(71, state, false)], Decision::Accepted, &[10]);
            check(Refused, &[10], &[(70, state, false)], Decision::Settled, &[]);
            check(Refused, &[10, 80], &[(70, state, false)], Decision::Accepted, &[10]);
        }
        check(Claimed, &[80, 10], &[(0, Accepted, true)], Decision::Accepted, &[80]);
        // Whichever comes first, as many rows as can be are explained.
        let others = [(0, Accepted, true), (100, Accepted, true)];
        check(Claimed, &[10, 110], &others, Decision::Refused, &[]);
        check(Claimed, &[10, 20], &others, Decision::Accepted, &[20]);
    }

    #[test]
    fn what_one_claim_settles_explains_what_the_next_one_sees() {
        let mut ledger = Ledger::new(sample::header());
        let claims = [1, 2].map(|attempt| sample::claim("announce", &[1], attempt, 7));
        for claim in &claims {
            ledger.add_claim(claim.clone()).unwrap();
        }
        let bulk = Some(claims[0].id.bulk.to_string());
        let rows = vec![Sighting { bulk, state: Accepted, sent_at: None }];
        let testimony = Testimony { person: Person(1), rows, absence_proves: true };
        let evidence = claims.map(|Claim { id: claim, .. }| Evidence {
            claim,
            at: sample::at(9),
            lives_at: sample::at(9),
            people: vec![testimony.clone()],
        });
        let decided = |evidence: &[Evidence]| -> Vec<Decision> {
            ledger.weigh(evidence, View::Exclusive).into_iter().flat_map(|weighed| weighed.decisions).collect()
        };
        assert_eq!(decided(&evidence), [Decision::Accepted, Decision::Refused]);
        assert_eq!(decided(&evidence[1..]), [Decision::InAnotherClaim]);
    }

    /// A clock that is set in the middle of a run makes a row look older than its claim.
    #[test]
    fn what_its_own_run_knows_is_not_raised_by_a_row_that_was_read_for_another_claim() {
        let first = sample::claim("announce", &[1], 1, 7);
        let late = sample::at(1000);
        let second = Claim { at: late, dated: Dated::At(late), ..sample::claim("announce", &[1], 2, 7) };
        let bulk = Some(first.id.bulk.to_string());
        let rows = vec![Sighting { bulk, state: Accepted, sent_at: Some(sample::at(10)) }];
        let people = vec![Testimony { person: Person(1), rows, absence_proves: true }];
        let evidence = [Evidence { claim: second.id.clone(), at: late, lives_at: late, people }];
        let check = |by: Option<&str>, then: PersonState, raised: &[&ClaimId]| {
            let mut ledger = Ledger::new(sample::header());
            ledger.add_claim(first.clone()).unwrap();
            let by = by.map(str::to_owned);
            ledger.add_outcome(Outcome { by, ..sample::outcome(&first, Refused, &[]) }).unwrap();
            ledger.add_claim(second.clone()).unwrap();
            ledger.add_outcome(sample::outcome(&second, then, &[])).unwrap();
            let weighed = ledger.weigh(&evidence, View::Exclusive).remove(0);
            let of: Vec<&ClaimId> = weighed.outcomes.iter().map(|outcome| &outcome.claim).collect();
            assert_eq!(of, raised, "{then:?}");
        };
        for then in [Claimed, Refused, Accepted] {
            check(None, then, &[]);
        }
        check(Some(BY_LOGS), Refused, &[&first.id]);
        check(Some("ana"), Claimed, &[&first.id]);
        // There is no row more than acceptances.
        check(Some(BY_LOGS), Accepted, &[]);
    }

    #[test]
    fn a_duplicate_is_accepted_if_this_ledger_claimed_it_before() {
        let row = [(Some(OWN), Rejected(23))];
        check(&row, &[], Decision::DuplicateId);
        check(&row, &[(OTHER, Rejected(12))], Decision::DuplicateId);
        check(&row, &[(OTHER, Claimed)], Decision::Accepted);
        // The message that the gateway has is the other claim's.
        check(&row, &[(OTHER, Accepted)], Decision::Rejected(23));
        check(&[(Some(OTHER), Accepted), row[0]], &[(OTHER, Accepted)], Decision::Rejected(23));
        check(&row, &[(OTHER, Refused)], Decision::Accepted);
        check(&[(Some(OWN), Rejected(12)), (Some(OWN), Rejected(23))], &[], Decision::DuplicateId);
    }

    #[test]
    fn the_outcome_leaves_everybody_else_as_they_are() {
        let mut ledger = Ledger::new(sample::header());
        let claim = sample::claim("announce", &[1, 2, 3, 4], 1, 7);
        ledger.add_claim(claim.clone()).unwrap();
        ledger.add_outcome(sample::outcome(&claim, Claimed, &[(1, Rejected(14))])).unwrap();
        let row = Sighting { bulk: Some(claim.id.bulk.to_string()), state: Accepted, sent_at: None };
        let testimony =
            |person, rows: &[Sighting]| Testimony { person: Person(person), rows: rows.to_vec(), absence_proves: true };
        let evidence = Evidence {
            claim: claim.id.clone(),
            at: sample::at(9),
            lives_at: sample::at(9),
            people: vec![testimony(1, &[]), testimony(2, &[row]), testimony(3, &[])],
        };
        let Weighed { decisions, outcomes } = ledger.weigh(std::slice::from_ref(&evidence), View::Exclusive).remove(0);
        assert_eq!(decisions, [Decision::Settled, Decision::Accepted, Decision::Refused]);
        let [outcome] = <[_; 1]>::try_from(outcomes).unwrap();
        assert_eq!(outcome.why.as_deref(), Some("1 found accepted, 1 proved absent, 1 still open"));
        ledger.add_outcome(outcome).unwrap();
        let states: Vec<_> = ledger.claim_state(&claim.id).unwrap().people().map(|(_, state)| state).collect();
        assert_eq!(states, [Rejected(14), Accepted, Refused, Claimed]);
        let again = ledger.weigh(&[evidence], View::Exclusive).remove(0);
        assert_eq!(again.outcomes, [], "a second time says nothing");
    }
}
