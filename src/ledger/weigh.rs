//! What the gateway's logs say of a claim, held against all that the ledger knows: one row explains
//! one claim.
//!
//! A row that another claim explains says nothing of this one. A claim explains rows of its own bulk,
//! and, because the gateway may leave the bulkId out where a request has one message only, rows that
//! name none. So a claim is accepted if there are more accepted rows than the other claims of the
//! person, accepted or open, can explain; and whoever the logs do not have is refused only if no row is
//! left over.

use jiff::Timestamp;

use super::book::Ledger;
use super::line::{BY_LOGS, ClaimId, Outcome, PersonState};
use super::survey::ClaimState;
use super::view::View;
use crate::identity::{BulkId, Person};
use crate::wire::response::STATUS_DUPLICATE_MESSAGE_ID;

/// What the logs say of people of one claim. It is evidence, and no outcome, until a store holds it
/// against what it knows when it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The claim.
    pub claim: ClaimId,
    /// When it is written.
    pub at: Timestamp,
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
    /// What is written; nothing, if nobody is settled by it.
    pub outcome: Option<Outcome>,
}

impl Sighting {
    fn is_of(&self, bulk: &str) -> bool {
        self.bulk.as_deref() == Some(bulk)
    }
}

impl Ledger {
    /// Holds evidence against the ledger. Changes nothing: the outcome is to be added, to the ledger as
    /// it is now and to no later one. `view` is what the writer knows about other runs.
    #[must_use]
    pub fn weigh(&self, evidence: &Evidence, view: View) -> Weighed {
        let Some(state) = self.claim_state(&evidence.claim) else {
            return Weighed { decisions: vec![Decision::Absent; evidence.people.len()], outcome: None };
        };
        let own = evidence.claim.bulk.to_string();
        let decisions: Vec<Decision> = evidence
            .people
            .iter()
            .map(|testimony| {
                let Some(known) = state.state(testimony.person) else { return Decision::Absent };
                decide(&own, known, testimony, &self.elsewhere(state, testimony, view))
            })
            .collect();
        let outcome = outcome(state, evidence, &decisions);
        Weighed { decisions, outcome }
    }

    /// What is known of somebody by other claims of the message. It is only looked for where it may
    /// explain a row.
    fn elsewhere(&self, claim: ClaimState<'_>, testimony: &Testimony, view: View) -> Vec<Other> {
        if testimony.rows.is_empty() {
            return Vec::new();
        }
        let own = claim.claim();
        let BulkId { message, revision, .. } = &own.id.bulk;
        let others = self.claims_of(message, *revision).filter(|other| other.claim().id != own.id);
        let others = others.filter_map(|other| {
            let state = other.state(testimony.person)?;
            let is_first =
                other.in_flight_until(view).is_some() || (other.claim().at, &other.claim().id) < (own.at, &own.id);
            Some(Other { bulk: other.claim().id.bulk.to_string(), state, is_first })
        });
        others.collect()
    }
}

/// Another claim of the same person.
struct Other {
    bulk: String,
    state: PersonState,
    /// Whether, if it is open, a row is rather its own than that of the claim in question: it may be
    /// sending right now, or is the older one of two whose runs are over.
    is_first: bool,
}

/// What a kind of rows says of a claim, when other claims have explained theirs.
struct Left {
    /// How many are left of the claim's own bulk, or of none.
    own: usize,
    /// How many are left of other bulks.
    others: usize,
}

/// Takes away the rows that other claims explain: each one of its own bulk, else one that names none.
fn left<'a>(own: &str, rows: impl Iterator<Item = &'a Sighting>, explaining: impl Iterator<Item = &'a Other>) -> Left {
    let mut rows: Vec<&Sighting> = rows.collect();
    let mut unused = 0;
    for other in explaining {
        match rows.iter().position(|row| row.is_of(&other.bulk)) {
            Some(position) => drop(rows.swap_remove(position)),
            None => unused += 1,
        }
    }
    let (nameless, named): (Vec<&Sighting>, Vec<&Sighting>) = rows.into_iter().partition(|row| row.bulk.is_none());
    let of_own = named.iter().filter(|row| row.is_of(own)).count();
    Left { own: of_own + nameless.len().saturating_sub(unused), others: named.len() - of_own }
}

fn decide(own: &str, known: PersonState, testimony: &Testimony, elsewhere: &[Other]) -> Decision {
    type Kind = fn(PersonState) -> bool;
    let rows = |kind: Kind| testimony.rows.iter().filter(move |row| kind(row.state));
    // Of an open claim nobody knows whether it explains anything: whoever is to be accepted needs a row
    // more than those that come first, and whoever is to be refused needs every row explained for sure.
    let settled = |kind: Kind| left(own, rows(kind), elsewhere.iter().filter(move |other| kind(other.state)));
    let first = |kind: Kind| {
        let may = move |other: &&Other| kind(other.state) || (is_open(other.state) && other.is_first);
        left(own, rows(kind), elsewhere.iter().filter(may))
    };
    let known_bulks = |kind: Kind| {
        let may = move |other: &&Other| kind(other.state) || is_open(other.state);
        left(own, rows(kind), elsewhere.iter().filter(may)).others
    };
    // What was surely not sent was sent all the same, if a row says so.
    let may_be_raised = match known {
        PersonState::Claimed | PersonState::Refused | PersonState::Rejected(_) => true,
        PersonState::Abandoned | PersonState::Accepted => false,
    };
    if may_be_raised && first(is_accepted).own > 0 {
        return Decision::Accepted;
    }
    if known != PersonState::Claimed {
        return Decision::Settled;
    }
    if known_bulks(is_accepted) + known_bulks(is_rejected) + known_bulks(is_open) > 0 {
        return Decision::InAnotherBulk;
    }
    // A duplicate says that the gateway has the message already, which outweighs any rejection.
    let of_own = rows(is_rejected).filter(|row| row.bulk.is_none() || row.is_of(own));
    let status = of_own.filter_map(|row| status(row.state)).max_by_key(|id| *id == STATUS_DUPLICATE_MESSAGE_ID);
    match status.filter(|_| first(is_rejected).own > 0) {
        Some(STATUS_DUPLICATE_MESSAGE_ID) => {
            let was_claimed = elsewhere.iter().any(|other| !is_rejected(other.state));
            return if was_claimed { Decision::Accepted } else { Decision::DuplicateId };
        }
        _ if rows(is_open).next().is_some() => return Decision::UnclearStatus,
        Some(status) => return Decision::Rejected(status),
        None => {}
    }
    if settled(is_accepted).own + settled(is_rejected).own > 0 {
        Decision::InAnotherClaim
    } else if testimony.absence_proves {
        Decision::Refused
    } else {
        Decision::Absent
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

/// The outcome of a claim: what was decided, and what is known, unchanged, of everybody else.
fn outcome(state: ClaimState<'_>, evidence: &Evidence, decisions: &[Decision]) -> Option<Outcome> {
    let settled = |decision: &Decision| match decision {
        Decision::Accepted => Some(PersonState::Accepted),
        Decision::Rejected(status) => Some(PersonState::Rejected(*status)),
        Decision::Refused => Some(PersonState::Refused),
        Decision::Absent
        | Decision::InAnotherBulk
        | Decision::InAnotherClaim
        | Decision::DuplicateId
        | Decision::UnclearStatus
        | Decision::Settled => None,
    };
    let decided = evidence.people.iter().zip(decisions);
    let decided: Vec<(Person, PersonState)> =
        decided.filter_map(|(testimony, decision)| Some((testimony.person, settled(decision)?))).collect();
    if decided.is_empty() {
        return None;
    }
    let count = |wanted: fn(PersonState) -> bool| decided.iter().filter(|(_, state)| wanted(*state)).count();
    let (accepted, rejected) = (count(is_accepted), count(is_rejected));
    let refused = decided.len() - accepted - rejected;
    let mut news = decided.iter().peekable();
    let everybody: Vec<(Person, PersonState)> = state
        .people()
        .map(|(person, known)| {
            let news = news.next_if(|(decided, _)| *decided == person);
            (person, news.map_or(known, |(_, state)| *state))
        })
        .collect();
    let open = everybody.iter().filter(|(_, state)| *state == PersonState::Claimed).count();
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
    })
}

/// The state that most have; of several the highest.
fn most_frequent(states: impl Iterator<Item = PersonState>) -> PersonState {
    let mut counts: std::collections::BTreeMap<PersonState, usize> = std::collections::BTreeMap::new();
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
        let other = |(bulk, state): &(&str, PersonState)| Other { bulk: (*bulk).to_owned(), state: *state, is_first };
        let elsewhere: Vec<_> = elsewhere.iter().map(other).collect();
        decide(OWN, known, &Testimony { person: Person(1), rows, absence_proves }, &elsewhere)
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
    fn a_duplicate_is_accepted_if_this_ledger_claimed_it_before() {
        let row = [(Some(OWN), Rejected(23))];
        check(&row, &[], Decision::DuplicateId);
        check(&row, &[(OTHER, Rejected(12))], Decision::DuplicateId);
        check(&row, &[(OTHER, Claimed)], Decision::Accepted);
        check(&row, &[(OTHER, Accepted)], Decision::Accepted);
        check(&[(Some(OWN), Rejected(12)), (Some(OWN), Rejected(23))], &[], Decision::DuplicateId);
    }

    #[test]
    fn the_outcome_repeats_what_is_known_of_everybody_else() {
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
            people: vec![testimony(1, &[]), testimony(2, &[row]), testimony(3, &[])],
        };
        let Weighed { decisions, outcome } = ledger.weigh(&evidence, View::Exclusive);
        assert_eq!(decisions, [Decision::Settled, Decision::Accepted, Decision::Refused]);
        let outcome = outcome.unwrap();
        assert_eq!(outcome.why.as_deref(), Some("1 found accepted, 1 proved absent, 1 still open"));
        ledger.add_outcome(outcome).unwrap();
        let states: Vec<_> = ledger.claim_state(&claim.id).unwrap().people().map(|(_, state)| state).collect();
        assert_eq!(states, [Rejected(14), Accepted, Refused, Claimed]);
        assert_eq!(ledger.weigh(&evidence, View::Exclusive).outcome, None, "a second time says nothing");
    }
}
