//! A run's way to the gateway: requests, and questions to the logs, each with what goes wrong with it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use super::books::{Gateway, Line, accepted, status};
use super::journal::{Journal, What};
use super::machine::Machine;
use super::world::human;
use crate::apply::evidence::{Addressee, By, LogQuery, LogRow, Logs, LogsAnswer, LogsFailure, RecentQuery};
use crate::apply::simulation::clock::SimClock;
use crate::apply::simulation::driver::Chance;
use crate::apply::simulation::gateway::{answer, invalid, people_of};
use crate::apply::simulation::life::Life;
use crate::apply::simulation::world::NOON;
use crate::apply::{Clock as _, GatewayTime, Outgoing, Refusal, SendOutcome, Sender, Stamp, Ticket};
use crate::identity::{MessageId, Person};
use crate::ledger::RunId;
use crate::wire::time;

/// So many rows are on a page.
const PAGE: usize = 4;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Accept,
    RejectFirst,
    /// Takes all of them, but the answer lacks the first.
    OmitFirst,
    /// Takes nobody, and nobody knows.
    LostBefore,
    /// Takes all of them, and nobody knows.
    LostAfter,
    TooMany,
    TooLarge,
    NamesNone,
    Unreachable,
    /// The credentials are wrong: the run ends.
    Unauthorized,
}

/// What becomes of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Answer,
    /// The answer has no date.
    NoDate,
    /// The first half can be read.
    Half,
    Throttled,
    Forbidden,
    Broken,
    /// It takes half a minute.
    Slow,
}

/// What becomes of one after the other; the last of the questions may go on for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) acts: Vec<Act>,
    pub(super) asks: Vec<Ask>,
    pub(super) goes_on: bool,
}

/// A run's way to the gateway.
pub(super) struct Client<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) truth: &'a SimClock,
    pub(super) machine: &'a Machine<'a>,
    pub(super) time: &'a GatewayTime,
    pub(super) life: &'a Life,
    pub(super) journal: &'a Journal,
    pub(super) chance: &'a Chance,
    pub(super) run: RunId,
    acts: Mutex<VecDeque<Act>>,
    asks: Mutex<VecDeque<Ask>>,
    goes_on: bool,
}

/// What of the world a client needs.
pub(super) type Surroundings<'a> = (&'a Gateway, &'a SimClock, &'a Journal, &'a Chance);

impl<'a> Client<'a> {
    pub(super) fn new(
        (gateway, truth, journal, chance): Surroundings<'a>,
        (machine, time, life): (&'a Machine<'a>, &'a GatewayTime, &'a Life),
        run: RunId,
        script: &Script,
    ) -> Self {
        let Script { acts, asks, goes_on } = script.clone();
        let (acts, asks) = (Mutex::new(acts.into()), Mutex::new(asks.into()));
        Self { gateway, truth, machine, time, life, journal, chance, run, acts, asks, goes_on }
    }

    /// Writes down what this run does.
    pub(super) fn note(&self, what: What) {
        self.journal.write(self.run, self.truth.elapsed(), what);
    }

    fn next_ask(&self) -> Ask {
        let mut asks = self.asks.lock().unwrap();
        let stays = self.goes_on && asks.len() == 1;
        let next = if stays { asks.front().copied() } else { asks.pop_front() };
        next.unwrap_or(Ask::Answer)
    }

    /// Something is on its way.
    async fn travel(&self) {
        self.truth.sleep(Duration::from_millis(20 + self.chance.below(1500))).await;
    }

    /// Whole seconds of the true time, as an answer has them that is made now.
    fn stamp(&self, before: jiff::Timestamp, made: jiff::Timestamp) -> Stamp {
        let date = jiff::Timestamp::from_second(made.as_second()).unwrap();
        let after = self.machine.now();
        Stamp { before, after, elapsed: self.machine.elapsed(), date, is_sandbox: false }
    }

    /// Takes a request at an instant.
    fn take(&self, request: &Outgoing, people: &[Person], sent_at: Duration, is_accepted: impl Fn(usize) -> bool) {
        let bulk = request.bulk();
        for (number, person) in people.iter().enumerate() {
            let id = MessageId { message: bulk.message.clone(), revision: bulk.revision, person: *person };
            let row = LogRow {
                message_id: id.to_string(),
                to: Some(Addressee::new(human(*person).to_string())),
                // The gateway tells it of requests with several messages only.
                bulk_id: (people.len() > 1).then(|| bulk.to_string()),
                sent_at: Some(NOON + sent_at),
                status: status(is_accepted(number)),
                error: None,
            };
            let is_accepted = is_accepted(number);
            self.gateway.take(Line { run: self.run, id, sent_at, row, is_accepted });
        }
    }

    /// Asks the logs: `wanted` chooses among what they show, the oldest first.
    async fn ask(&self, wanted: impl FnOnce(Vec<Line>) -> (Vec<Line>, bool)) -> LogsAnswer {
        self.life.step().await;
        let ask = self.next_ask();
        let before = self.machine.now();
        if ask == Ask::Slow {
            self.truth.sleep(Duration::from_secs(30)).await;
        }
        self.travel().await;
        let made = self.truth.now();
        let (mut lines, is_cut) = wanted(self.gateway.shown(self.truth.elapsed()));
        self.travel().await;
        self.life.step().await;
        let failure = match ask {
            Ask::Answer | Ask::NoDate | Ask::Slow => None,
            Ask::Half => Some(LogsFailure::Unreadable("it ends too soon".to_owned())),
            Ask::Throttled => Some(LogsFailure::Throttled),
            Ask::Forbidden => Some(LogsFailure::Forbidden),
            Ask::Broken => Some(LogsFailure::Answered { status: 502, code: None }),
        };
        match ask {
            Ask::Half => lines.truncate(lines.len() / 2),
            Ask::Throttled | Ask::Forbidden | Ask::Broken => lines.clear(),
            Ask::Answer | Ask::NoDate | Ask::Slow => {}
        }
        let mut now = None;
        if ask != Ask::NoDate {
            let stamp = self.stamp(before, made);
            self.time.take(&stamp);
            now = Some(self.time.instant(&stamp));
        }
        self.note(What::Shown(accepted(&lines)));
        let rows = lines.into_iter().map(|line| line.row).collect();
        LogsAnswer { rows, failure, nameless: 0, from_sandbox: false, channel_until: None, is_cut, now, later: None }
    }
}

impl Sender for Client<'_> {
    async fn send(&self, request: &Outgoing, ticket: &Ticket) -> SendOutcome {
        self.life.step().await;
        let before = self.machine.now();
        if !ticket.start().begin(self.machine.elapsed()) {
            return SendOutcome::Refused(Refusal::NotStarted);
        }
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Accept);
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let people = people_of(&body);
        // What has left the machine arrives, whatever becomes of the process.
        let arrives_at = self.truth.elapsed() + Duration::from_millis(self.chance.below(1500));
        let send_at = body["options"]["schedule"]["sendAt"].as_str().and_then(time::read);
        let planned = send_at.and_then(|send_at| Duration::try_from(send_at.duration_since(NOON)).ok());
        let sent_at = planned.map_or(arrives_at, |planned| planned.max(arrives_at));
        match act {
            Act::Accept | Act::OmitFirst | Act::LostAfter => self.take(request, &people, sent_at, |_| true),
            Act::RejectFirst => self.take(request, &people, sent_at, |number| number > 0),
            Act::LostBefore | Act::TooMany | Act::TooLarge | Act::NamesNone | Act::Unreachable | Act::Unauthorized => {}
        }
        self.truth.sleep(arrives_at.saturating_sub(self.truth.elapsed())).await;
        let made = self.truth.now();
        self.travel().await;
        self.life.step().await;
        if !matches!(act, Act::LostBefore | Act::LostAfter | Act::Unreachable) {
            self.time.take(&self.stamp(before, made));
        }
        let statuses = |skip: usize, first: (u16, u16)| -> Vec<(Person, u16, u16)> {
            let all = people.iter().enumerate().skip(skip);
            all.map(|(number, person)| if number == 0 { (*person, first.0, first.1) } else { (*person, 1, 26) })
                .collect()
        };
        match act {
            Act::Accept => SendOutcome::Answered(answer(request, &statuses(0, (1, 26)))),
            Act::RejectFirst => SendOutcome::Answered(answer(request, &statuses(0, (5, 14)))),
            Act::OmitFirst => SendOutcome::Answered(answer(request, &statuses(1, (1, 26)))),
            Act::LostBefore | Act::LostAfter => SendOutcome::Unknown("the connection was lost".to_owned()),
            Act::TooMany => SendOutcome::Refused(Refusal::TooMany { retry_after: Some(Duration::from_secs(7)) }),
            Act::TooLarge => SendOutcome::Refused(Refusal::TooLarge),
            Act::NamesNone => invalid(None),
            Act::Unreachable => SendOutcome::Refused(Refusal::Unreachable("connection refused".to_owned())),
            Act::Unauthorized => SendOutcome::Refused(Refusal::Unauthorized),
        }
    }
}

impl Logs for Client<'_> {
    async fn find(&self, question: &LogQuery) -> LogsAnswer {
        let ids: BTreeSet<&str> = question.ids().split(',').collect();
        let is_wanted = |line: &Line| match question.by() {
            By::Bulk => line.row.bulk_id.as_ref().is_some_and(|id| ids.contains(id.as_str())),
            By::Message => ids.contains(line.row.message_id.as_str()),
        };
        let found = self.ask(|lines| (lines.into_iter().filter(is_wanted).collect(), false)).await;
        if found.failure.is_none() && question.by() == By::Message {
            let people = ids.iter().filter_map(|id| MessageId::parse(id)).map(|id| id.person).collect();
            self.note(What::Asked(people));
        }
        found
    }

    async fn recent(&self, look: &RecentQuery) -> LogsAnswer {
        let wanted = |lines: Vec<Line>| {
            let since = |line: &Line| NOON + line.sent_at >= look.since;
            let mut lines: Vec<Line> = lines.into_iter().filter(since).collect();
            // The newest come first.
            lines.reverse();
            let is_cut = lines.len() > look.pages_max * PAGE;
            lines.truncate(look.pages_max * PAGE);
            (lines, is_cut)
        };
        let found = self.ask(wanted).await;
        if found.failure.is_none() {
            self.note(What::Looked);
        }
        found
    }
}
