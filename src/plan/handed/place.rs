//! The people of a message who are handed over, each with the gate at which they end now. It begins
//! with the ledger, because a row may be gone, or end at a gate before the ledger is asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::campaign::Message;
use crate::identity::{CanonicalTo, Fingerprint, MessageId, Person, PersonSet, Revision};
use crate::ledger::{ClaimState, HandedOver, Leaving, Ledger};
use crate::plan::gate::{Counts, Gate};

use super::{AtGateway, Ends, IDS_MAX, Unstopped, edits};

/// The claims of a message that are handed over and have not left.
#[derive(Default)]
pub(in crate::plan) struct PendingClaims<'a> {
    claims: Vec<(ClaimState<'a>, Leaving)>,
    older_keys: Option<OlderKeyLookup>,
}

/// Finds people again whom the ledger may know under an older key.
struct OlderKeyLookup {
    /// All whose message is handed over.
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

impl<'a> PendingClaims<'a> {
    /// Finds them, whatever the revision.
    pub(in crate::plan) fn of(ledger: Option<&'a Ledger>, message: &Message, keys: usize, now: Timestamp) -> Self {
        let claims: Vec<_> = ledger.into_iter().flat_map(|ledger| ledger.handed_over(&message.key, now)).collect();
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
        let place = |(claim, _): &(ClaimState<'_>, Leaving)| {
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

    /// Takes it that the files change nothing for anybody, as long as no row is read.
    pub(in crate::plan) fn unplaced(&self, message: &Message) -> AtGateway {
        let placed = self.place(|_| Some(Gate::AlreadySent), |_| false);
        self.at_gateway(message, None, placed, |_| false)
    }

    /// Puts it together. Whoever has no row any more may be suppressed under an older key.
    pub(in crate::plan) fn at_gateway(
        &self,
        message: &Message,
        ledger: Option<&Ledger>,
        placed: Placed,
        is_suppressed: impl Fn(Person) -> bool,
    ) -> AtGateway {
        let mut sorted = Sorted::default();
        let mut waiting = Vec::new();
        for ((claim, leaving), place) in self.claims.iter().zip(placed.0) {
            let revision = claim.claim().id.bulk.revision;
            let (also, nowhere): (Vec<_>, Vec<_>) = place.nowhere.into_iter().partition(|it| is_suppressed(*it));
            let suppressed = || place.suppressed.iter().chain(&also);
            let room = IDS_MAX.saturating_sub(sorted.ids.len());
            let id = |person: &Person| MessageId { message: message.key.clone(), revision, person: *person };
            sorted.ids.extend(suppressed().take(room).map(id));
            sorted.stopped(Ends::At(Gate::Suppressed), suppressed().count() as u64, *leaving);
            sorted.stopped(Ends::Nowhere, nowhere.len() as u64, *leaving);
            for (gate, people) in place.counts.occupied() {
                if stops(gate) {
                    sorted.stopped(Ends::At(gate), people, *leaving);
                } else if revision == message.revision {
                    waiting.push((*claim, HandedOver { people, leaving: *leaving }));
                } else {
                    HandedOver::add(sorted.older.entry(revision).or_default(), people, *leaving);
                }
            }
        }
        let edits = ledger.map(|ledger| edits::of(message, ledger, &waiting)).unwrap_or_default();
        AtGateway {
            waiting: waiting.into_iter().map(|(_, handed)| handed).reduce(HandedOver::join),
            paused: message.paused,
            changed: edits.changed,
            other_time: edits.other_time,
            ..sorted.done()
        }
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
    ids: Vec<MessageId>,
    older: BTreeMap<Revision, Option<HandedOver>>,
}

impl Sorted {
    fn stopped(&mut self, ends: Ends, people: u64, leaving: Leaving) {
        HandedOver::add(self.stopped.entry(ends).or_default(), people, leaving);
    }

    fn done(mut self) -> AtGateway {
        let first = Ends::At(Gate::Suppressed);
        let suppressed = self.stopped.remove(&first).flatten();
        let suppressed = suppressed.map(|handed| Unstopped { ends: first, handed, ids: self.ids });
        let others = self.stopped.into_iter().filter_map(|(ends, handed)| Some((ends, handed?)));
        let others = others.map(|(ends, handed)| Unstopped { ends, handed, ids: Vec::new() });
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
