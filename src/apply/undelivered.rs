//! Whom the gateway has accepted, and then finally not delivered to: its logs tell, after a while. What they tell counts
//! for the rule that ends a message, and for nothing else: who was accepted stays accepted.
//!
//! Bulks of earlier runs are asked for before anything is claimed, so that a run that is begun again and again stops before
//! it sends. Those whose messages leave at once are asked for as the run goes, at most every [`EVERY`], those that were
//! asked for longest ago first, and each until all of its messages have come to an end. When a run has nothing left to
//! send it asks [at its end](super::stop_after) whatever could still end a message: else a short one had never asked.
//!
//! All of this is asked in passing: doubts and the witness go first, and a run waits for no answer but the first, and those
//! at its end, which it does [not for long](LOOK_TIME_MAX). Of other runs on the same account nobody here knows, so where
//! the gateway asks for patience it has it, and every such word makes the next wait twice as long.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};
use tokio::sync::Mutex as TurnMutex;

use super::evidence::{By, LogQuery, LogRow, Logs, LogsAnswer, LogsFailure, PROVES_WITHIN};
use super::ports::{Clock, Undeliverables};
use super::sent_bulk::SentBulk;
use super::summary::{Alarm, MessageRevision};
use crate::identity::MessageId;
use crate::plan::Undelivered;
use crate::wire::limits::LOGS_PAGE_MAX;
use crate::wire::response::{GROUP_EXPIRED, GROUP_PENDING, GROUP_REJECTED, GROUP_UNDELIVERABLE};

/// How often the logs are asked, and how long their first answer holds a run up.
const EVERY: Duration = Duration::from_secs(10);
/// The longest wait where the gateway asks for patience.
const EVERY_MAX: Duration = Duration::from_mins(5);
/// How long a question has been under way at least, once it is told that none was answered.
const SILENT: Duration = Duration::from_secs(1);
/// How long an answer is waited for.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// How many pages are read then: half of what an account may ask in that time, so that whoever else asks is not held up.
const PAGES_MAX: usize = 10;
/// How long the answers hold a run up that asks at its end.
const LOOK_TIME_MAX: Duration = Duration::from_secs(2);
/// How many pages are read then, which may be right after the others.
const LOOK_PAGES_MAX: usize = 5;
/// How many bulks of earlier runs are asked for.
const EARLIER_MAX: usize = 20;
/// What the failures of those are called of whom nothing is known yet.
const UNKNOWN: &str = "";

/// Asks the logs about the bulks of the messages that a rule may end.
#[derive(Debug)]
pub struct DeliveryWatch<'a, L, C> {
    logs: &'a L,
    clock: &'a C,
    watched: BTreeSet<MessageRevision>,
    state: Mutex<DeliveryState>,
    /// Whose turn it is to ask: an answer is about those who were asked for last.
    turn: TurnMutex<()>,
}

#[derive(Debug, Default)]
struct DeliveryState {
    /// The bulks that were not asked for yet.
    unread: VecDeque<FollowedBulk>,
    /// The bulks that have not come to an end, those that were asked for longest ago first.
    open: VecDeque<FollowedBulk>,
    /// The bulks of the question that is under way.
    asked: Vec<FollowedBulk>,
    found: BTreeMap<MessageRevision, Undelivered>,
    round: u64,
    /// Why the last question was not answered, if it was not.
    failure: Option<LogsFailure>,
    /// When the first question was asked, unless one was answered since.
    unanswered: Option<Duration>,
    is_answered: bool,
    /// How long is waited besides, since the gateway has asked for patience.
    patience: Duration,
    /// Nobody asks before that, by the clock of [`Clock::elapsed`], for the same reason.
    rests_until: Duration,
    /// Whether it was told that the logs cannot be read.
    is_told: bool,
    /// Whether there is no use in asking again.
    is_refused: bool,
}

#[derive(Debug)]
struct FollowedBulk {
    sent: SentBulk,
    /// What was found of it.
    found: Undelivered,
    /// How many of its messages have come to an end.
    ended: usize,
    /// In which round.
    round: u64,
}

impl FollowedBulk {
    fn new(sent: SentBulk) -> Self {
        Self { sent, found: Undelivered::default(), ended: 0, round: 0 }
    }
}

impl DeliveryState {
    /// Everything that has not come to an end.
    fn followed(&self) -> impl Iterator<Item = &FollowedBulk> {
        self.unread.iter().chain(&self.open).chain(&self.asked)
    }
}

impl<'a, L: Logs, C: Clock> DeliveryWatch<'a, L, C> {
    /// Watches these messages; `earlier` are the bulks of other runs, the newest first, of which some are asked for as
    /// well.
    #[must_use]
    pub fn new(
        logs: &'a L,
        clock: &'a C,
        watched: impl IntoIterator<Item = MessageRevision>,
        earlier: impl IntoIterator<Item = SentBulk>,
    ) -> Self {
        let (watched, state, turn) = (watched.into_iter().collect(), Mutex::default(), TurnMutex::default());
        let watch = Self { logs, clock, watched, state, turn };
        earlier.into_iter().take(EARLIER_MAX).for_each(|sent| watch.accepted(sent));
        watch
    }

    /// Asks once for bulks of earlier runs, before anything is claimed, unless the answer takes too long.
    pub async fn open(&self) {
        match select(pin!(self.round(PAGES_MAX)), pin!(self.clock.sleep(EVERY))).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }

    /// Asks, time and again, for as long as the logs can be asked. `tell` gets what somebody should know already, once:
    /// that they could not be read.
    pub async fn drive(&self, tell: impl Fn(Alarm)) {
        while !self.state().is_refused {
            let wait = EVERY + self.state().patience;
            self.clock.sleep(wait).await;
            self.round(PAGES_MAX).await;
            self.tell(&tell);
        }
    }

    fn tell(&self, tell: impl Fn(Alarm)) {
        let is_news = self.state().failure.is_some() && !std::mem::replace(&mut self.state().is_told, true);
        if let Some(alarm) = self.alarm().filter(|_| is_news) {
            tell(alarm);
        }
    }

    /// What somebody should look at afterwards: that it is not known what became of some.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm> {
        let state = self.state();
        let silent = state.unanswered.map(|since| self.clock.elapsed().saturating_sub(since));
        let why = match &state.failure {
            Some(failure) => failure.to_string(),
            None if state.is_answered && silent.is_some_and(|silent| silent >= EVERY) => {
                "they did not answer any more at the end of the run".to_owned()
            }
            None if state.is_answered => return None,
            None if state.patience > Duration::ZERO => LogsFailure::Throttled.to_string(),
            None if silent.is_some_and(|silent| silent >= SILENT) => {
                "they had answered nothing by the end of the run".to_owned()
            }
            None => return None,
        };
        Some(Alarm::DeliveriesUnread { known: state.found.values().map(|found| found.asked).sum(), why })
    }

    /// Asks once for as many bulks as may be; false if it is no use to ask more now.
    async fn round(&self, pages_max: usize) -> bool {
        let _turn = self.turn.lock().await;
        self.begin_round();
        let mut pages = 0;
        while pages < pages_max
            && let Some((question, people)) = self.next()
        {
            pages += people.div_ceil(page()).max(1);
            let answer = self.ask(&question).await;
            if !self.take_answer(&answer) {
                return false;
            }
        }
        true
    }

    async fn ask(&self, question: &LogQuery) -> LogsAnswer {
        let asking = pin!(self.logs.find_in_passing(question));
        match select(asking, pin!(self.clock.sleep(ANSWER_TIME_MAX))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => {
                let why = format!("no whole answer within {ANSWER_TIME_MAX:?}");
                LogsAnswer { failure: Some(LogsFailure::Unreachable(why)), ..LogsAnswer::default() }
            }
        }
    }

    /// Begins a round, in which those are asked for first of whom a question was given up.
    fn begin_round(&self) {
        let mut state = self.state();
        state.round += 1;
        let DeliveryState { unread, asked, .. } = &mut *state;
        asked.drain(..).rev().for_each(|given_up| unread.push_front(given_up));
    }

    /// Takes in an answer; false if it is no use to ask more in this round.
    fn take_answer(&self, answer: &LogsAnswer) -> bool {
        if matches!(answer.failure, Some(LogsFailure::Throttled)) {
            self.be_patient(answer.later.unwrap_or_default());
            return false;
        }
        let rows = by_message(&answer.rows);
        let is_whole = answer.failure.is_none();
        let asked = std::mem::take(&mut self.state().asked);
        asked.into_iter().for_each(|open| self.take(open, &rows, is_whole));
        let mut state = self.state();
        state.failure.clone_from(&answer.failure);
        (state.is_answered, state.unanswered) = (state.is_answered || is_whole, None);
        if is_whole {
            state.patience /= 2;
        }
        state.is_refused =
            matches!(answer.failure, Some(LogsFailure::Unauthorized | LogsFailure::Forbidden | LogsFailure::NotFound));
        is_whole
    }

    /// Waits longer from now on, and so long at least: there is no room for questions in passing. What was asked is asked
    /// for first in the next round.
    fn be_patient(&self, wanted: Duration) {
        let now = self.clock.elapsed();
        let mut state = self.state();
        let longer = (2 * (EVERY + state.patience)).min(EVERY_MAX);
        state.patience = longer.max(wanted).saturating_sub(EVERY);
        state.rests_until = now.saturating_add(EVERY + state.patience);
        state.unanswered = None;
    }

    /// The next question: bulks that were not asked for in this round, as many as one page of an answer holds; and how
    /// many people are in them.
    fn next(&self) -> Option<(LogQuery, usize)> {
        let now = self.clock.elapsed();
        let mut state = self.state();
        let round = state.round;
        let DeliveryState { unread, open, asked, unanswered, .. } = &mut *state;
        let queue = if unread.is_empty() { open } else { unread };
        let way = by(&queue.front().filter(|open| open.round < round)?.sent);
        let mut people = 0;
        let fitting = queue.iter().take_while(|open| {
            people += open.sent.count;
            open.round < round && by(&open.sent) == way && (people == open.sent.count || people <= page())
        });
        let ids = fitting.map(|open| match way {
            By::Bulk => open.sent.bulk.to_string(),
            By::Message => open.sent.ids().map(|id| id.to_string()).next().unwrap_or_default(),
        });
        let (question, count) = LogQuery::packed(way, ids, [&[], &[]]);
        asked.extend(queue.drain(..count));
        unanswered.get_or_insert(now);
        Some((question, asked.iter().map(|open| open.sent.count).sum()))
    }

    /// Takes in what the logs have of a bulk, and asks for it again later unless all of it has come to an end.
    fn take(&self, open: FollowedBulk, rows: &BTreeMap<MessageId, Vec<&LogRow>>, is_whole: bool) {
        let mut state = self.state();
        let round = state.round;
        if !is_whole {
            state.open.push_back(FollowedBulk { round, ..open });
            return;
        }
        let FollowedBulk { sent, found: before, .. } = open;
        let (mut found, mut ended) = (Undelivered::default(), 0);
        for rows in sent.ids().filter_map(|id| rows.get(&id)) {
            found.asked += 1;
            let is_pending = rows.iter().any(|row| row.status.group_id == GROUP_PENDING);
            ended += usize::from(!is_pending);
            if let [first, ..] = rows.as_slice()
                && rows.iter().all(|row| has_failed(row))
            {
                *found.failed.entry(error(first)).or_default() += 1;
            }
        }
        let all = state.found.entry(sent.message()).or_default();
        all.replace(&before, &found);
        if ended < sent.accepted.len() && self.is_told(&sent) {
            state.open.push_back(FollowedBulk { sent, found, ended, round });
        }
    }

    /// Whether a rule may end its message, and the logs still have it.
    fn is_told(&self, sent: &SentBulk) -> bool {
        self.watched.contains(&sent.message()) && self.clock.now().duration_since(sent.at) < PROVES_WITHIN
    }

    fn state(&self) -> MutexGuard<'_, DeliveryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Logs, C: Clock> Undeliverables for DeliveryWatch<'_, L, C> {
    fn accepted(&self, sent: SentBulk) {
        if self.is_told(&sent) {
            self.state().unread.push_back(FollowedBulk::new(sent));
        }
    }

    fn of(&self, message: &MessageRevision) -> Undelivered {
        self.state().found.get(message).cloned().unwrap_or_default()
    }

    fn at_worst(&self, message: &MessageRevision) -> Option<Undelivered> {
        let state = self.state();
        if state.is_refused || self.clock.elapsed() < state.rests_until {
            return None;
        }
        let mut worst = state.found.get(message).cloned().unwrap_or_default();
        let mut unknown = 0;
        for FollowedBulk { sent, found, ended, .. } in state.followed().filter(|bulk| bulk.sent.message() == *message) {
            let all = sent.accepted.len();
            worst.asked += (all as u64).saturating_sub(found.asked);
            unknown += all.saturating_sub(*ended) as u64;
        }
        *worst.failed.entry(UNKNOWN.to_owned()).or_default() += unknown;
        (unknown > 0).then_some(worst)
    }

    fn ask_now(&self) -> BoxFuture<'_, bool> {
        Box::pin(async {
            match select(pin!(self.round(LOOK_PAGES_MAX)), pin!(self.clock.sleep(LOOK_TIME_MAX))).await {
                Either::Left((is_whole, _)) => is_whole,
                Either::Right(_) => false,
            }
        })
    }
}

/// How the logs are asked for a bulk: they have the bulkIds of requests with several messages only.
fn by(sent: &SentBulk) -> By {
    if sent.count > 1 { By::Bulk } else { By::Message }
}

/// How many rows a page of the logs has.
fn page() -> usize {
    usize::try_from(LOGS_PAGE_MAX).unwrap_or(usize::MAX)
}

fn by_message(rows: &[LogRow]) -> BTreeMap<MessageId, Vec<&LogRow>> {
    let mut found: BTreeMap<MessageId, Vec<&LogRow>> = BTreeMap::new();
    for row in rows {
        if let Some(id) = MessageId::parse(&row.message_id) {
            found.entry(id).or_default().push(row);
        }
    }
    found
}

/// Whether a message has come to its end without having been delivered.
fn has_failed(row: &LogRow) -> bool {
    [GROUP_UNDELIVERABLE, GROUP_EXPIRED, GROUP_REJECTED].contains(&row.status.group_id)
}

/// What a failure is called.
fn error(row: &LogRow) -> String {
    row.error.clone().unwrap_or_else(|| format!("status {}", row.status.id))
}
