//! A gateway that follows a script and keeps books of whom it took.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::clock::{Death, SimClock, yield_once};
use super::opt_outs::OptOutBooks;
use super::store::Records;
use crate::apply::{Clock as _, GatewayTime, Outgoing, Refusal, SendOutcome, Sender, Stamp, Ticket};
use crate::identity::{MessageId, MessageKey, Person};
use crate::ledger::ClaimId;
use crate::timing::Pace;
use crate::wire::error::{ApiError, Violation};
use crate::wire::response::{MessageResponse, Response, Status};

/// What the gateway does with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Accept,
    RejectAll,
    RejectFirst,
    /// Takes all of them, but the answer lacks the first.
    OmitFirst,
    OtherBulk,
    /// Takes all of them; the answer names the first twice, first as rejected.
    Twice,
    /// Takes nobody, and nobody knows.
    LostBefore,
    /// Takes all of them, and nobody knows.
    LostAfter,
    Unreachable,
    TooMany,
    TooOld,
    NamesFirst,
    NamesNone,
    TooLarge,
    Unauthorized,
    NotFound,
    DieBefore,
    DieAfter,
    /// All are duplicates.
    Duplicates,
    /// Never lets a request begin.
    Connect,
    /// Never answers; takes nobody.
    Hang,
    /// Takes all of them, after 3 seconds.
    Slow,
    /// Takes all of them; its clock is two minutes ahead.
    WrongClock,
    Panic,
}

/// All acts in which the gateway is honest about whom it took, and comes to an end.
pub(super) const HONEST: [Act; 18] = [
    Act::Accept,
    Act::RejectAll,
    Act::RejectFirst,
    Act::OmitFirst,
    Act::OtherBulk,
    Act::Twice,
    Act::LostBefore,
    Act::LostAfter,
    Act::Unreachable,
    Act::TooMany,
    Act::TooOld,
    Act::NamesFirst,
    Act::NamesNone,
    Act::TooLarge,
    Act::Unauthorized,
    Act::NotFound,
    Act::DieBefore,
    Act::DieAfter,
];

/// What the gateway remembers, over all processes.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) script: Vec<Act>,
    /// People because of whom a request is refused without naming them.
    pub(super) wrong: BTreeSet<Person>,
    /// People whom it rejects whenever it takes a request.
    pub(super) rejects: BTreeSet<Person>,
    /// Of these messages only one request may be in flight until so many people are answered, for no more people.
    pub(super) judged_from: BTreeMap<MessageKey, usize>,
    /// How long requests of a message take.
    pub(super) delays: BTreeMap<MessageKey, Duration>,
    /// When the conversation windows of people close, of whom that is known.
    pub(super) closes_at: BTreeMap<Person, Timestamp>,
    /// Who has opted out, and who is going to.
    pub(super) opt_outs: OptOutBooks,
    /// How many people of each message it has answered.
    pub(super) answered: BTreeMap<MessageKey, usize>,
    /// How many requests of each message are in flight.
    pub(super) in_flight: BTreeMap<MessageKey, usize>,
    /// From which request on everything is refused without a name, if ever.
    pub(super) refuses_from: Option<usize>,
    /// How many requests there were.
    pub(super) requests: usize,
    /// How often each person was accepted.
    pub(super) accepted: BTreeMap<Person, u32>,
    pub(super) used: Vec<ClaimId>,
    /// The bodies, as they came.
    pub(super) bodies: Vec<serde_json::Value>,
}

/// What is written of claims, in whatever ledger.
pub(super) trait Written: Sync {
    /// The people of a claim; `None` if there is no such claim.
    fn people(&self, claim: &ClaimId) -> Option<Vec<Person>>;

    /// Whether anything was written of what became of it.
    fn is_settled(&self, claim: &ClaimId) -> bool;

    /// A request with this claim begins, which it must not while a stop stands.
    fn begins(&self, claim: &ClaimId);
}

impl Written for Mutex<Records> {
    fn people(&self, claim: &ClaimId) -> Option<Vec<Person>> {
        let records = self.lock().unwrap();
        Some(records.claims.iter().find(|known| known.id == *claim)?.people.clone())
    }

    fn is_settled(&self, claim: &ClaimId) -> bool {
        self.lock().unwrap().outcomes.iter().any(|outcome| outcome.claim == *claim)
    }

    fn begins(&self, _: &ClaimId) {
        let sign = &mut self.lock().unwrap().sign;
        assert!(!sign.stands(), "no request begins while a stop stands");
        sign.step();
    }
}

/// One process's way to the gateway.
pub(super) struct SimSender<'a, R> {
    pub(super) books: &'a Mutex<Books>,
    pub(super) records: &'a R,
    pub(super) clock: &'a SimClock,
    pub(super) time: &'a GatewayTime,
    pub(super) death: Death,
}

impl<R: Written> SimSender<'_, R> {
    /// What must hold when a request begins: its claim is durable, of exactly its people, has no
    /// outcome, and was never used before.
    fn check(&self, body: &serde_json::Value, people: &[Person], ticket: &Ticket) {
        let claim = ticket.claim();
        let mut sorted = people.to_vec();
        sorted.sort_unstable();
        assert_eq!(self.records.people(claim), Some(sorted), "a durable claim");
        assert!(!self.records.is_settled(claim), "settled before it was sent");
        let mut books = self.books.lock().unwrap();
        assert!(!books.used.contains(claim), "a ticket used twice");
        books.used.push(claim.clone());
        assert!(!people.iter().any(|person| books.opt_outs.people.contains(person)), "somebody has opted out before");
        for (person, turn) in people.iter().zip(turns(body, self.clock.now())) {
            let is_open = books.closes_at.get(person).is_none_or(|closes_at| turn < *closes_at);
            assert!(is_open, "{person:?} comes up at {turn}, when the conversation window is closed");
        }
        let message = &claim.bulk.message;
        let in_flight = books.in_flight.entry(message.clone()).or_default();
        *in_flight += 1;
        let in_flight = *in_flight;
        let from = books.judged_from.get(message).copied().unwrap_or_default();
        if books.answered.get(message).copied().unwrap_or_default() < from {
            assert_eq!(in_flight, 1, "nothing is judged yet");
            assert!(people.len() <= from, "{} people, and nothing is judged yet", people.len());
        }
    }

    /// Notes that a request is over.
    fn note(&self, message: &MessageKey, sent: &SendOutcome, people: usize) {
        let mut books = self.books.lock().unwrap();
        *books.in_flight.entry(message.clone()).or_default() -= 1;
        let answered = if matches!(sent, SendOutcome::Answered(_)) { people } else { 0 };
        *books.answered.entry(message.clone()).or_default() += answered;
    }

    /// Tells the gateway's time, which is ahead of ours.
    fn stamp(&self, ahead: SignedDuration) {
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        self.time.take(&Stamp { before: now, after: now, elapsed, date: now + ahead, is_sandbox: false });
    }

    fn take(&self, people: &[Person]) {
        let mut books = self.books.lock().unwrap();
        for person in people {
            *books.accepted.entry(*person).or_default() += 1;
        }
    }
}

/// When the messages of a request that comes now leave.
fn turns(body: &serde_json::Value, now: Timestamp) -> impl Iterator<Item = Timestamp> {
    let schedule = &body["options"]["schedule"];
    let send_at = schedule["sendAt"].as_str().map(|at| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", at).unwrap());
    let speed = (!schedule["sendingSpeedLimit"].is_null())
        .then(|| serde_json::from_value(schedule["sendingSpeedLimit"].clone()).unwrap());
    let (start, pace) = (send_at.map_or(now, |at| at.max(now)), Pace::new(speed));
    (0..).map(move |number| pace.leaves_at(start, number))
}

pub(super) fn people_of(body: &serde_json::Value) -> Vec<Person> {
    let messages = body["messages"].as_array().unwrap();
    let id = |message: &serde_json::Value| message["destinations"][0]["messageId"].as_str().unwrap().to_owned();
    messages.iter().map(|message| MessageId::parse(&id(message)).unwrap().person).collect()
}

pub(super) fn answer(request: &Outgoing, statuses: &[(Person, u16, u16)]) -> Response {
    let bulk = request.bulk();
    let message = |(person, group_id, id): &(Person, u16, u16)| MessageResponse {
        message_id: Some(
            MessageId { message: bulk.message.clone(), revision: bulk.revision, person: *person }.to_string(),
        ),
        status: Status { group_id: *group_id, id: *id, ..Status::default() },
        destination: None,
    };
    Response { bulk_id: Some(bulk.to_string()), messages: statuses.iter().map(message).collect() }
}

pub(super) fn invalid(property: Option<&str>) -> SendOutcome {
    let violation = |property: &str| Violation { property: property.to_owned(), violation: "no".to_owned() };
    let error = ApiError {
        error_code: "E400".to_owned(),
        description: String::new(),
        action: String::new(),
        violations: property.map(violation).into_iter().collect(),
        resources: Vec::new(),
    };
    SendOutcome::Refused(Refusal::Invalid { status: 400, error: Some(error) })
}

impl<R: Written> Sender for SimSender<'_, R> {
    async fn send(&self, request: &Outgoing, ticket: &Ticket) -> SendOutcome {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let people = people_of(&body);
        self.check(&body, &people, ticket);
        self.records.begins(ticket.claim());
        let act = {
            let mut books = self.books.lock().unwrap();
            books.bodies.push(body);
            books.requests += 1;
            let is_refused = books.refuses_from.is_some_and(|first| books.requests >= first)
                || people.iter().any(|person| books.wrong.contains(person));
            let usual = if is_refused { Act::NamesNone } else { Act::Accept };
            books.script.get(books.requests - 1).copied().unwrap_or(usual)
        };
        assert!(act == Act::Connect || ticket.start().begin(self.clock.elapsed()));
        yield_once().await;
        let message = &request.bulk().message;
        let delay = self.books.lock().unwrap().delays.get(message).copied();
        if let Some(delay) = delay {
            self.clock.sleep(delay).await;
        }
        let sent = self.perform(act, request, &people).await;
        self.note(message, &sent, people.len());
        yield_once().await;
        sent
    }
}

impl<R: Written> SimSender<'_, R> {
    async fn perform(&self, act: Act, request: &Outgoing, people: &[Person]) -> SendOutcome {
        let statuses = |group, id| people.iter().map(|person| (*person, group, id)).collect::<Vec<_>>();
        // Answers come in another order than the request, to show that positions do not matter.
        let answered = |mut statuses: Vec<_>| {
            statuses.reverse();
            self.stamp(SignedDuration::ZERO);
            SendOutcome::Answered(answer(request, &statuses))
        };
        match act {
            Act::Accept => {
                let rejects = self.books.lock().unwrap().rejects.clone();
                let (rejected, taken): (Vec<_>, Vec<_>) = people.iter().partition(|person| rejects.contains(person));
                self.take(&taken);
                let taken = taken.into_iter().map(|person| (person, 1, 26));
                answered(taken.chain(rejected.into_iter().map(|person| (person, 5, 14))).collect())
            }
            Act::RejectAll => answered(statuses(5, 6)),
            Act::RejectFirst => {
                self.take(&people[1..]);
                let mut statuses = statuses(1, 26);
                statuses[0] = (people[0], 5, 14);
                answered(statuses)
            }
            Act::OmitFirst => {
                self.take(people);
                answered(statuses(1, 26)[1..].to_vec())
            }
            Act::OtherBulk => {
                self.take(people);
                let mut response = answer(request, &statuses(1, 26));
                response.bulk_id = Some("2034072219640523072".to_owned());
                SendOutcome::Answered(response)
            }
            Act::Twice => {
                self.take(people);
                let mut statuses = statuses(1, 26);
                statuses.push((people[0], 5, 14));
                answered(statuses)
            }
            Act::LostBefore => SendOutcome::Unknown("the request timed out".to_owned()),
            Act::LostAfter => {
                self.take(people);
                SendOutcome::Unknown("the connection was lost".to_owned())
            }
            Act::Unreachable => SendOutcome::Refused(Refusal::Unreachable("connection refused".to_owned())),
            Act::TooMany => SendOutcome::Refused(Refusal::TooMany { retry_after: Some(Duration::from_secs(7)) }),
            Act::TooOld => SendOutcome::Refused(Refusal::NotStarted),
            Act::NamesFirst => invalid(Some("messages[0].content.text")),
            Act::NamesNone => invalid(None),
            Act::TooLarge => SendOutcome::Refused(Refusal::TooLarge),
            Act::Unauthorized => SendOutcome::Refused(Refusal::Unauthorized),
            Act::NotFound => SendOutcome::Refused(Refusal::NotFound),
            Act::DieBefore => {
                self.death.die().await;
                SendOutcome::Unknown("dead".to_owned())
            }
            Act::DieAfter => {
                self.take(people);
                self.death.die().await;
                SendOutcome::Unknown("dead".to_owned())
            }
            Act::Duplicates => answered(statuses(5, 23)),
            Act::Connect | Act::Hang => std::future::pending().await,
            Act::Slow => {
                self.clock.sleep(Duration::from_secs(3)).await;
                self.take(people);
                answered(statuses(1, 26))
            }
            Act::WrongClock => {
                self.take(people);
                self.stamp(SignedDuration::from_mins(2));
                SendOutcome::Answered(answer(request, &statuses(1, 26)))
            }
            Act::Panic => panic!("the sender has a bug"),
        }
    }
}
