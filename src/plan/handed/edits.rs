//! What was edited of a message's schedule and options since its people were handed over.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::campaign::{Message, Schedule, Zone};
use crate::identity::{MessageKey, Revision};
use crate::ledger::{Claim, ClaimState, HandedOver, Ledger, Terms};
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

/// What was edited, and for whom that comes too late.
#[derive(Debug, Default)]
pub(super) struct Edits {
    pub(super) changed: Option<(Vec<TermChange>, HandedOver)>,
    pub(super) other_time: Option<HandedOver>,
}

/// The terms of a message, for its record in the ledger.
#[must_use]
pub(in crate::plan) fn terms(message: &Message, ledger: Option<&Ledger>, now: Timestamp) -> Terms {
    let values = values(message);
    let known = ledger.and_then(|ledger| recorded(ledger, &message.key, message.revision));
    let since = known.filter(|known| known.values == values).map_or(now, |known| known.since);
    Terms { since, values }
}

fn values(message: &Message) -> BTreeMap<String, String> {
    let terms = schedule_terms::of_schedule(&message.schedule).into_iter().chain(schedule_terms::of_options(message));
    terms.filter(|term| !OF_NO_MATTER.contains(&term.name.as_str())).map(|term| (term.name, term.value)).collect()
}

fn recorded<'a>(ledger: &'a Ledger, message: &MessageKey, revision: Revision) -> Option<&'a Terms> {
    ledger.record(message, revision)?.terms.as_ref()
}

/// Compares the message as it is now with what it was when its people were handed over: by the ledger's
/// record where that tells, else by the times of their claims. What nobody knows is not told.
pub(super) fn of(message: &Message, ledger: &Ledger, waiting: &[(ClaimState<'_>, HandedOver)]) -> Edits {
    let known = recorded(ledger, &message.key, message.revision);
    let (told, rest): (Vec<_>, Vec<_>) =
        waiting.iter().partition(|(claim, _)| known.is_some_and(|known| claim.claim().at >= known.since));
    let changes = known.map(|known| differing(&known.values, &values(message))).unwrap_or_default();
    let told = told.into_iter().map(|(_, handed)| handed).reduce(HandedOver::join);
    let times = Times::of(message, ledger);
    let elsewhen = rest.into_iter().filter(|(claim, _)| times.differ(claim.claim()));
    Edits {
        changed: told.filter(|_| !changes.is_empty()).map(|handed| (changes, handed)),
        other_time: elsewhen.map(|(_, handed)| handed).reduce(HandedOver::join),
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
