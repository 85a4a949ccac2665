//! What was edited of a message since its people were sent to, and who keeps what.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::campaign::{Message, Schedule, Zone};
use crate::ledger::{Claim, ClaimState, EditionId, HandedOver, Leaving, Ledger, SentEdition, Terms};
use crate::plan::schedule_terms;
use crate::timing;

/// Terms that make no difference to whoever is handed over already.
const OF_NO_MATTER: [&str; 4] = ["", "ifAmbiguous", "ifPast", "handover"];

/// A term of a schedule, or an option, that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermChange {
    /// The name, as a user writes it.
    pub name: String,
    /// When it was handed over; `None` if it was not there.
    pub before: Option<String>,
    /// In the files; `None` if it is not there any more.
    pub now: Option<String>,
}

/// People who have a message, or will get it, as it was before it was edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    /// The source of its template then; `None` if that is the same.
    pub text: Option<String>,
    /// What else was edited that makes a difference to those of them whose message is still to leave.
    pub terms: Vec<TermChange>,
    /// How many keep it as it was: they have it, or will get it so.
    pub keep: u64,
    /// Those of them whose message is still to leave.
    pub waiting: Option<HandedOver>,
}

/// People of a claim who are to have what was sent to them.
pub(super) struct KeptPeople<'a> {
    pub(super) claim: ClaimState<'a>,
    pub(super) people: u64,
    /// When it leaves, if it has not left yet.
    pub(super) leaving: Option<Leaving>,
}

/// What was edited, and for whom that comes too late.
#[derive(Debug, Default)]
pub(super) struct Edits {
    pub(super) outdated: Vec<Outdated>,
    pub(super) other_time: Option<HandedOver>,
}

/// The terms of a message, for its record in the ledger.
#[must_use]
pub(in crate::plan) fn terms(message: &Message, ledger: Option<&Ledger>, now: Timestamp) -> Terms {
    let values = values(message);
    let record = ledger.and_then(|ledger| ledger.record(&message.key, message.revision));
    let known = record.filter(|record| record.text == message.content.joined()).and_then(|it| it.terms.as_ref());
    if let Some(known) = known.filter(|known| known.values == values) {
        return known.clone();
    }
    // Whatever is claimed by now is of what was before, whatever the clocks say.
    let claims = ledger.into_iter().flat_map(|ledger| ledger.claims_of(&message.key, message.revision));
    let claims = claims.map(ClaimState::claim).filter(|claim| claim.at >= now);
    Terms { since: now, after: claims.map(|claim| claim.id.run).collect(), values }
}

/// Names a message as it is now, for its claims.
#[must_use]
pub(in crate::plan) fn edition(message: &Message) -> EditionId {
    EditionId::of(&message.content.joined(), &values(message))
}

fn values(message: &Message) -> BTreeMap<String, String> {
    let terms = schedule_terms::of_schedule(&message.schedule).into_iter().chain(schedule_terms::of_options(message));
    terms.filter(|term| !OF_NO_MATTER.contains(&term.name.as_str())).map(|term| (term.name, term.value)).collect()
}

/// Compares the message as it is now with what its people were sent: by what the ledger tells of that, else
/// by the times of their claims. What nobody knows is not told.
pub(super) fn of(message: &Message, ledger: &Ledger, kept: &[KeptPeople<'_>]) -> Edits {
    let mut edits = Edits::default();
    let Some(record) = ledger.record(&message.key, message.revision) else { return edits };
    let mut editions: BTreeMap<SentEdition<'_>, (u64, Option<HandedOver>)> = BTreeMap::new();
    let times = Times::of(message, ledger);
    let known = record.editions();
    for KeptPeople { claim, people, leaving } in kept {
        let edition = known.sent_by(claim.claim());
        let has_terms = edition.is_some_and(|edition| edition.values.is_some());
        if let Some(leaving) = leaving.filter(|_| !has_terms && times.differ(claim.claim())) {
            HandedOver::add(&mut edits.other_time, *people, leaving);
        }
        if let Some(edition) = edition {
            let (all, waiting) = editions.entry(edition).or_default();
            *all += people;
            leaving.iter().for_each(|leaving| HandedOver::add(waiting, *people, *leaving));
        }
    }
    let (text, values) = (message.content.joined(), values(message));
    for (edition, (keep, waiting)) in editions.into_iter().rev() {
        let then = (edition.text != text).then_some(edition.text);
        let terms = edition.values.filter(|_| waiting.is_some()).map(|then| differing(then, &values));
        edits.outdate(then, terms.unwrap_or_default(), keep, waiting);
    }
    edits
}

impl Edits {
    /// Takes people of one edition in: those who are still to get it where the same changed for others, and
    /// whoever has it already where the text is the same.
    fn outdate(&mut self, text: Option<&str>, terms: Vec<TermChange>, keep: u64, waiting: Option<HandedOver>) {
        if keep == 0 || (text.is_none() && terms.is_empty()) {
            return;
        }
        let is_like = |known: &&mut Outdated| {
            known.text.as_deref() == text && (terms == known.terms || waiting.is_none() || known.waiting.is_none())
        };
        match self.outdated.iter_mut().find(is_like) {
            Some(known) => {
                known.keep += keep;
                known.waiting = known.waiting.into_iter().chain(waiting).reduce(HandedOver::join);
                if !terms.is_empty() {
                    known.terms = terms;
                }
            }
            None => self.outdated.push(Outdated { text: text.map(str::to_owned), terms, keep, waiting }),
        }
    }
}

/// What differs, in the order of the names.
fn differing(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<TermChange> {
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let value =
        |of: &BTreeMap<String, String>, name: &str| of.get(name).map(|value| schedule_terms::in_words(name, value));
    let differ = names.into_iter().filter(|name| before.get(*name) != now.get(*name));
    differ.map(|name| TermChange { name: name.clone(), before: value(before, name), now: value(now, name) }).collect()
}

/// The time that a message has now, to be held against those of its claims.
enum Times {
    /// It cannot be told: everybody has their own, or it has none.
    Unknown,
    /// This one; and the first `sendAt` of all its claims, if each of them had one.
    One { now: Option<Timestamp>, first: Option<Timestamp> },
}

impl Times {
    fn of(message: &Message, ledger: &Ledger) -> Self {
        let Ok(now) = instant(&message.schedule) else { return Self::Unknown };
        let claims = ledger.claims_of(&message.key, message.revision);
        let first = claims.map(|claim| claim.claim().send_at).min().flatten();
        Self::One { now, first }
    }

    /// Whether a claim surely has another time.
    fn differ(&self, claim: &Claim) -> bool {
        let Self::One { now, first } = self else { return false };
        match (claim.send_at, now) {
            (None, _) => false,
            (Some(_), None) => first.is_some(),
            // A bulk that follows others at their pace leaves later than its message's time.
            (Some(send_at), Some(now)) if claim.until.is_some() => {
                send_at < *now || first.is_some_and(|first| first > *now)
            }
            (Some(send_at), Some(now)) => send_at != *now,
        }
    }
}

/// The one instant of a schedule: `None` means at once.
fn instant(schedule: &Schedule) -> Result<Option<Timestamp>, ()> {
    let Some(send_at) = &schedule.send_at else { return Ok(None) };
    match &send_at.zone {
        Zone::Fixed(zone) => timing::resolve(send_at.local, zone, send_at.if_ambiguous).map(Some).map_err(drop),
        Zone::PerPerson { .. } => Err(()),
    }
}
