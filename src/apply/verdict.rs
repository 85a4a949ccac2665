//! What an answer means for each person: the table of outcomes, as one pure function.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::cut_out::CutOut;
use super::prepared::PreparedPerson;
use super::sent::{Refusal, SendOutcome};
use super::summary::{Alarm, Stopped, Tally};
use crate::identity::{BulkId, MessageId, Person, PersonMap};
use crate::ledger::{ClaimId, Outcome, PersonState};
use crate::wire::error::{ApiError, Violation};
use crate::wire::response::{GROUP_REJECTED, Response, Status};
use crate::wire::said;

/// What an answer means.
#[derive(Debug)]
pub(super) struct Verdict {
    /// What became of each person, in the order of the request.
    pub(super) states: Vec<PersonState>,
    /// Why, of a refusal or a doubt; holds no personal data.
    pub(super) why: Option<String>,
    /// What somebody should look at.
    pub(super) alarms: Vec<Alarm>,
    /// What to do next.
    pub(super) next: Next,
}

/// What to do after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: the states are final.
    Done,
    /// The states are final, and nothing more may be sent.
    Stop(Stopped),
    /// The bulk is tried again.
    Again(Again),
    /// The refused people are tried again as one bulk.
    Rest,
    /// The bulk is tried again in halves.
    Halve,
    /// A single person was refused without being named: they end like this if they are to blame.
    Suspect(PersonState),
    /// The request never began, because the run ends.
    NotBegun,
    /// The request never began, because these people must not be in it: the others are tried as another bulk.
    Without(CutOut),
}

/// Why a bulk is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Again {
    /// There was no connection.
    Unreachable(String),
    /// The ticket was too old.
    NotStarted,
    /// 429.
    TooMany {
        /// How long to wait, if the gateway said so.
        retry_after: Option<Duration>,
    },
}

/// An outcome that does not know its claim yet.
#[derive(Debug)]
pub(super) struct Settlement {
    state: PersonState,
    others: Vec<(Person, PersonState)>,
    at: Timestamp,
    why: Option<String>,
}

impl Settlement {
    /// The outcome of a claim.
    pub(super) fn of(self, claim: ClaimId) -> Outcome {
        let Self { state, others, at, why } = self;
        Outcome { claim, state, others, at, by: None, why, proof: None, known: None }
    }
}

impl Verdict {
    fn all(people: &[PreparedPerson], state: PersonState, why: impl Into<String>, next: Next) -> Self {
        Self { states: vec![state; people.len()], why: Some(why.into()), alarms: Vec::new(), next }
    }

    /// The verdict on a claim whose request never began.
    pub(super) fn not_begun(people: &[PreparedPerson], next: Next) -> Self {
        Self::all(people, PersonState::Refused, NOT_ATTEMPTED, next)
    }

    /// The outcome of its claim: the most frequent state, and the people with another.
    pub(super) fn settlement(&self, people: &[PreparedPerson], at: Timestamp) -> Settlement {
        let mut counts: BTreeMap<PersonState, usize> = BTreeMap::new();
        for state in &self.states {
            *counts.entry(*state).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        let state = most.map_or(PersonState::Claimed, |(state, _)| state);
        let pairs = people.iter().map(|recipient| recipient.person).zip(self.states.iter().copied());
        let mut others: Vec<_> = pairs.filter(|(_, other)| *other != state).collect();
        others.sort_unstable();
        Settlement { state, others, at, why: self.why.clone() }
    }

    /// Ends a suspect who is to blame.
    pub(super) fn blame(&mut self) {
        if let Next::Suspect(state) = self.next {
            self.states.fill(state);
            self.next = Next::Done;
        }
    }

    /// The groups in which people end for good; the refused do only if they are not tried again.
    pub(super) fn tally(&self, refused_are_tried_again: bool) -> Tally {
        let mut tally = Tally::default();
        for state in &self.states {
            if !(refused_are_tried_again && *state == PersonState::Refused) {
                tally.count(*state);
            }
        }
        tally
    }
}

/// How many characters of a gateway's words are looked at.
const WORDS_CHARS_MAX: usize = 1000;
/// The reason in the outcome of a claim whose request never began.
pub(super) const NOT_ATTEMPTED: &str = "not attempted";

/// Says what came of a request to these people.
pub(super) fn judge(bulk: &BulkId, people: &[PreparedPerson], sent: SendOutcome) -> Verdict {
    match sent {
        SendOutcome::Answered(response) => answered(bulk, people, &response),
        SendOutcome::Refused(refusal) => refused(people, refusal),
        SendOutcome::Unknown(why) => Verdict::all(people, PersonState::Claimed, why, Next::Done),
    }
}

fn answered(bulk: &BulkId, people: &[PreparedPerson], response: &Response) -> Verdict {
    let index: PersonMap<usize> =
        people.iter().enumerate().map(|(number, recipient)| (recipient.person, number)).collect();
    let mut found: HashMap<usize, PersonState> = HashMap::with_capacity(people.len());
    let (mut unknown, mut repeated) = (0, 0);
    for message in &response.messages {
        let id = message.message_id.as_deref().and_then(MessageId::parse);
        let ours = id.filter(|id| id.message == bulk.message && id.revision == bulk.revision);
        let Some(number) = ours.and_then(|id| index.get(&id.person).copied()) else {
            unknown += 1;
            continue;
        };
        let state = state(&message.status);
        // Of two answers for one person the one counts that sends nothing again.
        let kept = found.entry(number).or_insert(state);
        if repeated_wins(*kept, state) {
            *kept = state;
        }
        repeated += 1;
    }
    repeated -= found.len();
    let states: Vec<_> =
        (0..people.len()).map(|number| found.get(&number).copied().unwrap_or(PersonState::Claimed)).collect();
    let missing = states.iter().filter(|state| **state == PersonState::Claimed).count();
    let mut alarms = Vec::new();
    if let Some(theirs) = response.bulk_id.as_ref().filter(|theirs| **theirs != bulk.to_string()) {
        alarms.push(Alarm::OtherBulkId { ours: bulk.clone(), theirs: foreign(theirs, people) });
    }
    let alarm = |count: usize, make: fn(BulkId, usize) -> Alarm| (count > 0).then(|| make(bulk.clone(), count));
    alarms.extend(alarm(unknown, |bulk, count| Alarm::UnknownMessages { bulk, count }));
    alarms.extend(alarm(missing, |bulk, count| Alarm::MissingMessages { bulk, count }));
    alarms.extend(alarm(repeated, |bulk, count| Alarm::RepeatedMessages { bulk, count }));
    let why = (missing > 0).then(|| "the answer lacks messages".to_owned());
    Verdict { states, why, alarms, next: Next::Done }
}

/// A bulkId that is not ours, as far as it may be shown.
fn foreign(bulk: &str, people: &[PreparedPerson]) -> String {
    said::without_named(word(bulk), ids(people)).chars().take(100).collect()
}

/// The first word of what a gateway says where it should say one, such as a code, a path or an id.
fn word(text: &str) -> &str {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.char_indices().nth(WORDS_CHARS_MAX).map_or(word, |(at, _)| word.get(..at).unwrap_or_default())
}

/// What a gateway may say back of people.
fn ids(people: &[PreparedPerson]) -> impl Iterator<Item = &str> {
    people.iter().flat_map(|recipient| {
        let texts = recipient.content.texts().map(String::as_str);
        [Some(recipient.to.as_str()), recipient.callback_data.as_deref()].into_iter().flatten().chain(texts)
    })
}

/// Accepted wins over everything, a doubt over a rejection.
fn repeated_wins(kept: PersonState, new: PersonState) -> bool {
    let rank = |state| match state {
        PersonState::Accepted => 2,
        PersonState::Claimed => 1,
        PersonState::Rejected(_) | PersonState::Refused | PersonState::Abandoned => 0,
    };
    rank(new) > rank(kept)
}

/// What a status means. The gateway took the message unless it says that it rejected it; of a group
/// that the API does not have nothing is known.
pub(super) fn state(status: &Status) -> PersonState {
    match status.group_id {
        GROUP_REJECTED => PersonState::Rejected(status.id),
        0..=4 => PersonState::Accepted,
        _ => PersonState::Claimed,
    }
}

fn refused(people: &[PreparedPerson], refusal: Refusal) -> Verdict {
    let all = |why: &str, next| Verdict::all(people, PersonState::Refused, why, next);
    match refusal {
        Refusal::Unauthorized => all("401", Next::Stop(Stopped::Unauthorized)),
        Refusal::Forbidden => all("403", Next::Stop(Stopped::Forbidden)),
        Refusal::NotFound => all("404", Next::Stop(Stopped::NotFound)),
        Refusal::Unreachable(why) => all("no connection", Next::Again(Again::Unreachable(why))),
        Refusal::NotStarted => all("the claim was too old", Next::Again(Again::NotStarted)),
        Refusal::TooMany { retry_after } => all("429", Next::Again(Again::TooMany { retry_after })),
        Refusal::TooLarge if people.len() > 1 => all("413", Next::Halve),
        Refusal::TooLarge => all("413", Next::Suspect(PersonState::Refused)),
        Refusal::Invalid { status, error } => invalid(people, status, error.as_ref()),
    }
}

fn invalid(people: &[PreparedPerson], status: u16, error: Option<&ApiError>) -> Verdict {
    let violations = error.map_or(&[][..], |error| &error.violations);
    let why = describe(status, error, people);
    let mut verdict = Verdict::all(people, PersonState::Refused, why, Next::Rest);
    let mut named = false;
    for number in violations.iter().filter_map(Violation::message_index) {
        if let Some(state) = verdict.states.get_mut(number) {
            *state = PersonState::Rejected(status);
            named = true;
        }
    }
    if !named && people.len() > 1 {
        verdict.next = Next::Halve;
    } else if !named {
        verdict.next = Next::Suspect(PersonState::Rejected(status));
    }
    if !verdict.states.contains(&PersonState::Refused) {
        verdict.next = Next::Done;
    }
    verdict
}

/// A status with the error's code and the first path, both cut down to harmless characters: what
/// the gateway says in words may repeat what a person is called.
fn describe(status: u16, error: Option<&ApiError>, people: &[PreparedPerson]) -> String {
    let mut text = status.to_string();
    let path = error.and_then(|error| error.violations.first()).map(|violation| violation.property.as_str());
    for part in [error.map(|error| error.error_code.as_str()), path].into_iter().flatten() {
        let harmless = |mark: &char| mark.is_ascii_alphanumeric() || matches!(mark, '.' | '[' | ']' | '_' | '…');
        let part = said::without_people(word(part), ids(people));
        let part: String = part.chars().filter(harmless).take(80).collect();
        if !part.is_empty() {
            text.push(' ');
            text.push_str(&part);
        }
    }
    text
}
