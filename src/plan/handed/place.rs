//! The people of a message who were sent to, each with the gate at which they end now. It begins
//! with the ledger, because a row may be gone, or end at a gate before the ledger is asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::campaign::Message;
use crate::identity::{CanonicalTo, Fingerprint, Person, PersonSet, Revision};
use crate::ledger::{Claim, ClaimState, HandedOver, Leaving, Ledger, MessageRecord};
use crate::plan::gate::{Counts, Gate};

use super::edits::{self, KeptPeople, Outdated};
use super::{AtGateway, Ends, Unstopped};

/// The claims of a message whose people have, or will get, what an edit of the files does not reach any more:
/// those that have not left, and those of another text than the files have by now.
#[derive(Default)]
pub(in crate::plan) struct KeptClaims<'a> {
    /// Each with when it leaves, if it has not left yet.
    claims: Vec<(ClaimState<'a>, Option<Leaving>)>,
    older_keys: Option<OlderKeyLookup>,
}

/// Finds people again whom the ledger may know under an older key.
struct OlderKeyLookup {
    /// All who are accepted there.
    people: PersonSet,
    /// Persons under an older key, with what they are under the first.
    found: Mutex<HashMap<Person, Person>>,
}

/// Where the people of the claims end, claim by claim.
#[derive(Default)]
pub(in crate::plan) struct Placed(Vec<ClaimPlace>);

#[derive(Default)]
struct ClaimPlace {
    counts: Counts,
    suppressed: Vec<Person>,
    nowhere: Vec<Person>,
}

impl<'a> KeptClaims<'a> {
    /// Finds them: those that have not left whatever their revision. `text` is the source of the message's
    /// template.
    pub(in crate::plan) fn of(
        ledger: Option<&'a Ledger>,
        message: &Message,
        text: &str,
        keys: usize,
        now: Timestamp,
    ) -> Self {
        let record = ledger.and_then(|ledger| ledger.record(&message.key, message.revision));
        let editions = record.map(MessageRecord::editions);
        let is_outdated = |claim: &Claim| {
            let is_of_it = claim.id.bulk.revision == message.revision;
            is_of_it && editions.as_ref().and_then(|it| it.sent_by(claim)).is_some_and(|sent| sent.text != text)
        };
        let claims = ledger.into_iter().flat_map(|ledger| ledger.claims_of_all(&message.key));
        let claims = claims.map(|claim| (claim, claim.leaving(now)));
        let claims = claims.filter(|(claim, leaving)| leaving.is_some() || is_outdated(claim.claim()));
        let claims: Vec<_> = claims.collect();
        let older_keys = (keys > 1 && !claims.is_empty()).then(|| OlderKeyLookup {
            people: claims.iter().flat_map(|(claim, _)| claim.accepted()).collect(),
            found: Mutex::default(),
        });
        Self { claims, older_keys }
    }

    /// Looks at somebody in a row, whom the ledger may know under an older key.
    pub(in crate::plan) fn see(&self, fingerprints: &[Fingerprint], to: &CanonicalTo<'_>, person: Person) {
        let Some(keys) = &self.older_keys else { return };
        for older in fingerprints.iter().skip(1).map(|fingerprint| fingerprint.person(to)) {
            if keys.people.contains(&older) {
                keys.found.lock().unwrap_or_else(PoisonError::into_inner).insert(older, person);
            }
        }
    }

    /// Looks up where everybody ends, once all rows are read. Whoever is suppressed is so whatever else
    /// stops them, and whether they have a row or not.
    pub(in crate::plan) fn place(
        &self,
        gate: impl Fn(Person) -> Option<Gate>,
        is_suppressed: impl Fn(Person) -> bool,
    ) -> Placed {
        let found = self.older_keys.as_ref().map(|keys| keys.found.lock().unwrap_or_else(PoisonError::into_inner));
        let under_first = |person| found.as_ref().and_then(|found| found.get(&person).copied()).unwrap_or(person);
        let place = |(claim, _): &(ClaimState<'_>, Option<Leaving>)| {
            let mut place = ClaimPlace::default();
            for person in claim.accepted() {
                let now = under_first(person);
                match gate(now) {
                    Some(gate) if !stops(gate) => place.counts.add(gate),
                    _ if is_suppressed(now) => place.suppressed.push(person),
                    Some(gate) => place.counts.add(gate),
                    None => place.nowhere.push(person),
                }
            }
            place
        };
        Placed(self.claims.iter().map(place).collect())
    }

    /// Who has the message, or will get it, as it was before it was edited, as the ledger tells it to somebody
    /// who cannot tell whose rows are whose.
    pub(in crate::plan) fn outdated(message: &Message, ledger: &'a Ledger, now: Timestamp) -> Vec<Outdated> {
        let kept = Self::of(Some(ledger), message, &message.content.joined(), 1, now);
        let placed = kept.place(|_| Some(Gate::AlreadySent), |_| false);
        kept.told(message, Some(ledger), placed, |_| false).1
    }

    /// Takes it that the files change nothing for anybody, as long as no row is read.
    pub(in crate::plan) fn unplaced(&self, message: &Message) -> AtGateway {
        let placed = self.place(|_| Some(Gate::AlreadySent), |_| false);
        self.told(message, None, placed, |_| false).0
    }

    /// Puts it together. Whoever has no row any more may be suppressed under an older key.
    pub(in crate::plan) fn told(
        &self,
        message: &Message,
        ledger: Option<&Ledger>,
        placed: Placed,
        is_suppressed: impl Fn(Person) -> bool,
    ) -> (AtGateway, Vec<Outdated>) {
        let mut sorted = Sorted::default();
        let mut kept = Vec::new();
        for ((claim, leaving), place) in self.claims.iter().zip(placed.0) {
            let revision = claim.claim().id.bulk.revision;
            if let Some(leaving) = leaving {
                sorted.unstopped(revision, *leaving, &place, &is_suppressed);
            }
            let people: u64 = place.counts.occupied().filter(|(gate, _)| !stops(*gate)).map(|(_, people)| people).sum();
            match leaving {
                _ if revision == message.revision => kept.push(KeptPeople { claim: *claim, people, leaving: *leaving }),
                Some(leaving) => HandedOver::add(sorted.older.entry(revision).or_default(), people, *leaving),
                None => {}
            }
        }
        let edits = ledger.map(|ledger| edits::of(message, ledger, &kept)).unwrap_or_default();
        let mut waiting = None;
        for KeptPeople { people, leaving, .. } in kept {
            leaving.into_iter().for_each(|leaving| HandedOver::add(&mut waiting, people, leaving));
        }
        let at_gateway = AtGateway { waiting, paused: message.paused, other_time: edits.other_time, ..sorted.done() };
        (at_gateway, edits.outdated)
    }

    /// Whether somebody may be known under an older key only.
    pub(in crate::plan) fn has_older_keys(&self) -> bool {
        self.older_keys.is_some()
    }
}

impl Placed {
    /// Whether somebody has no row any more.
    pub(in crate::plan) fn lacks_somebody(&self) -> bool {
        self.0.iter().any(|place| !place.nowhere.is_empty())
    }
}

/// People by what became of them.
#[derive(Default)]
struct Sorted {
    stopped: BTreeMap<Ends, Option<HandedOver>>,
    suppressed: Vec<(Revision, Person)>,
    older: BTreeMap<Revision, Option<HandedOver>>,
}

impl Sorted {
    /// Takes those of a claim in whom the files keep from what is still to leave.
    fn unstopped(
        &mut self,
        revision: Revision,
        leaving: Leaving,
        place: &ClaimPlace,
        is_suppressed: impl Fn(Person) -> bool,
    ) {
        let (also, nowhere): (Vec<Person>, Vec<Person>) = place.nowhere.iter().partition(|it| is_suppressed(**it));
        let suppressed = || place.suppressed.iter().chain(&also);
        self.suppressed.extend(suppressed().map(|person| (revision, *person)));
        self.stopped(Ends::At(Gate::Suppressed), suppressed().count() as u64, leaving);
        self.stopped(Ends::Nowhere, nowhere.len() as u64, leaving);
        for (gate, people) in place.counts.occupied().filter(|(gate, _)| stops(*gate)) {
            self.stopped(Ends::At(gate), people, leaving);
        }
    }

    fn stopped(&mut self, ends: Ends, people: u64, leaving: Leaving) {
        HandedOver::add(self.stopped.entry(ends).or_default(), people, leaving);
    }

    fn done(mut self) -> AtGateway {
        let first = Ends::At(Gate::Suppressed);
        let suppressed = self.stopped.remove(&first).flatten();
        let suppressed = suppressed.map(|handed| Unstopped { ends: first, handed, named: self.suppressed });
        let others = self.stopped.into_iter().filter_map(|(ends, handed)| Some((ends, handed?)));
        let others = others.map(|(ends, handed)| Unstopped { ends, handed, named: Vec::new() });
        AtGateway {
            unstopped: suppressed.into_iter().chain(others).collect(),
            older: self.older.into_iter().filter_map(|(revision, handed)| Some((revision, handed?))).collect(),
            ..AtGateway::default()
        }
    }
}

/// Whether a gate says that somebody should not get the message, whatever the ledger has of them.
fn stops(gate: Gate) -> bool {
    matches!(gate, Gate::Unreadable | Gate::Contradicting | Gate::Filtered | Gate::Suppressed | Gate::Excluded)
}
