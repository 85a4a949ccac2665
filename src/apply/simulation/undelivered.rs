//! A gateway that accepts people and does not deliver to them: its logs tell, and end their message.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::{Either, select};
use proptest::prelude::*;

use super::clock::{Death, SimClock, drive};
use super::gateway::{Books, SimSender};
use super::rejections::limit;
use super::store::{Fault, SimStore};
use super::world::{World, bulk, message};
use crate::apply::evidence::{By, LogQuery, LogRow, Logs, LogsAnswer, LogsFailure, RecentQuery};
use crate::apply::{
    Alarm, Clock as _, DeliveryWatch, GatewayTime, Interrupts, MessageRevision, PlannedBulks, Ports, RunSettings,
    SentBulk, Summary, Tally, Undeliverables, WatchedMessage, apply,
};
use crate::identity::{BulkId, BulkTime, MessageId, Person, Revision};
use crate::ledger::{Answered, Standing};
use crate::plan::{Bulk, RejectionLimit, Undelivered};
use crate::wire::response::{GROUP_PENDING, GROUP_UNDELIVERABLE, Status};

/// How often the logs are asked, and how long a run waits for their first answer.
const EVERY: Duration = Duration::from_secs(10);
/// How long its end waits for an answer, and after how long it asks again.
const LOOK: Duration = Duration::from_secs(2);
const MOMENT: Duration = Duration::from_secs(1);
const ERROR: &str = "EC_PROVIDER_INTERNAL_ERROR";

fn announce() -> MessageRevision {
    (message(), Revision::new(1).unwrap())
}

/// The logs of a gateway of which these people get nothing.
struct SimLogs<'a> {
    books: &'a Mutex<Books>,
    clock: &'a SimClock,
    fails: BTreeSet<Person>,
    /// How long after its request nobody knows yet.
    pending: Duration,
    /// Why nothing can be read, if so.
    failure: Option<LogsFailure>,
    /// How many questions are answered, if not all are.
    answers: Option<usize>,
    /// When each question came, and how many people its answer was about.
    asked: Mutex<Vec<(Duration, usize)>>,
}

impl SimLogs<'_> {
    fn rows(&self, question: &LogQuery, now: Duration) -> Vec<LogRow> {
        let wanted: BTreeSet<&str> = question.ids().split(',').collect();
        let mut rows = Vec::new();
        let books = self.books.lock().unwrap();
        for body in &books.bodies {
            let bulk = body["options"]["schedule"]["bulkId"].as_str().unwrap();
            let messages = body["messages"].as_array().unwrap();
            for one in messages {
                let id = one["destinations"][0]["messageId"].as_str().unwrap();
                let is_wanted = match question.by() {
                    By::Bulk => messages.len() > 1 && wanted.contains(bulk),
                    By::Message => wanted.contains(id),
                };
                let person = MessageId::parse(id).unwrap().person;
                if is_wanted && books.accepted.contains_key(&person) {
                    let group_id = match (now < self.pending, self.fails.contains(&person)) {
                        (true, _) => GROUP_PENDING,
                        (false, true) => GROUP_UNDELIVERABLE,
                        (false, false) => 3,
                    };
                    let error = (group_id == GROUP_UNDELIVERABLE).then(|| ERROR.to_owned());
                    let status = Status { group_id, ..Status::default() };
                    rows.push(LogRow {
                        message_id: id.to_owned(),
                        to: None,
                        bulk_id: None,
                        sent_at: None,
                        status,
                        error,
                    });
                }
            }
        }
        rows
    }
}

impl Logs for SimLogs<'_> {
    async fn find(&self, question: &LogQuery) -> LogsAnswer {
        let now = self.clock.elapsed();
        let rows = self.rows(question, now);
        let asked = {
            let mut asked = self.asked.lock().unwrap();
            asked.push((now, rows.len()));
            asked.len()
        };
        if self.answers.is_some_and(|answers| asked > answers) {
            std::future::pending::<()>().await;
        }
        let rows = if self.failure.is_some() { Vec::new() } else { rows };
        LogsAnswer { rows, failure: self.failure.clone(), ..LogsAnswer::default() }
    }

    async fn recent(&self, _: &RecentQuery) -> LogsAnswer {
        LogsAnswer::default()
    }
}

/// A run whose requests take so long.
struct Trial {
    world: World,
    first: u64,
    people: u64,
    size: usize,
    limit: RejectionLimit,
    fails: BTreeSet<u64>,
    pending: Duration,
    failure: Option<LogsFailure>,
    answers: Option<usize>,
    /// The bulks of runs before it.
    earlier: Vec<SentBulk>,
    /// When somebody interrupts it, if they do.
    interrupted_at: Option<Duration>,
    /// What was told while it went on.
    told: Mutex<Vec<Alarm>>,
}

impl Trial {
    fn new(people: u64, size: usize, fails: impl IntoIterator<Item = u64>) -> Self {
        let delays: BTreeMap<_, _> = [(message(), Duration::from_secs(3))].into();
        let books = Books { delays, ..Books::default() };
        let world = World { books: books.into(), ..World::default() };
        let fails = fails.into_iter().collect();
        let (limit, pending, earlier) = (limit(10, 4), Duration::ZERO, Vec::new());
        let (failure, answers, interrupted_at, told) = (None, None, None, Mutex::default());
        Self { world, first: 1, people, size, limit, fails, pending, failure, answers, earlier, interrupted_at, told }
    }

    /// A run after it, to so many more people.
    fn then(self, people: u64) -> Self {
        let sent: Vec<u64> = (self.first..=self.people).collect();
        let earlier = sent.chunks(self.size).map(|chunk| {
            let accepted: Vec<Person> = chunk.iter().copied().map(Person).collect();
            let bulk = BulkId::new(&message(), Revision::new(1).unwrap(), BulkTime::Start(0), &accepted);
            SentBulk { bulk, count: accepted.len(), accepted, at: self.world.clock.now() }
        });
        Self { earlier: earlier.collect(), first: self.people + 1, people: self.people + people, ..self }
    }

    /// Runs it, and says when the logs were asked.
    fn run(&self, reads: bool) -> (Summary, Vec<(Duration, usize)>) {
        let Self { world, first, people, size, limit, fails, pending, failure, answers, earlier, interrupted_at, told } =
            self;
        let bulks: Vec<Bulk> = (*first..=*people)
            .collect::<Vec<_>>()
            .chunks(*size)
            .map(|people| bulk(people, BulkTime::Start(0)))
            .collect();
        let watched = [(announce(), WatchedMessage { limit: limit.clone(), elsewhere: Answered::default() })].into();
        let settings = RunSettings { watched, ..world.settings(1) };
        let (death, time) = (Death::default(), GatewayTime::new(true));
        let store = SimStore::new(&world.records, Fault::Never, &death);
        let (books, records, clock) = (&world.books, &world.records, &world.clock);
        let sender = SimSender { books, records, clock, time: &time, death: death.clone() };
        let logs = SimLogs {
            books,
            clock,
            fails: fails.iter().copied().map(Person).collect(),
            pending: *pending,
            failure: failure.clone(),
            answers: *answers,
            asked: Mutex::default(),
        };
        let watch = DeliveryWatch::new(&logs, clock, [announce()], earlier.iter().cloned());
        let undeliverables: &dyn Undeliverables = if reads { &watch } else { &() };
        let prepare = &world.prepare;
        let ports =
            Ports { store: &store, sender: &sender, prepare, opt_outs: &(), undeliverables, clock, time: &time };
        let interrupted = async {
            match interrupted_at {
                Some(at) => clock.sleep(*at).await,
                None => std::future::pending().await,
            }
        };
        let interrupts = Interrupts { first: interrupted, second: std::future::pending() };
        let source = PlannedBulks::new(bulks);
        let sending = apply(&source, ports, &settings, interrupts, |_| {});
        let both = async {
            if reads {
                watch.open().await;
            }
            match select(pin!(sending), pin!(watch.drive(|alarm| told.lock().unwrap().push(alarm)))).await {
                Either::Left((summary, _)) => summary,
                Either::Right(((), sending)) => sending.await,
            }
        };
        let mut summary = drive(clock, &death, both).unwrap();
        summary.alarms.extend(watch.alarm());
        assert_eq!(summary.total().people(), *people + 1 - *first, "everybody is in one group");
        let accepted = (1..=*people).filter(|person| world.accepted(*person) > 0);
        accepted.for_each(|person| {
            assert_eq!((world.standing(person), world.accepted(person)), (Standing::Accepted, 1), "{person}");
        });
        drop(watch);
        (summary, logs.asked.into_inner().unwrap())
    }
}

#[test]
fn a_gateway_that_delivers_to_nobody_is_given_no_more_once_its_logs_were_asked() {
    // Requests are over after 3, 6 and 9 seconds; the fourth is under way when the logs are asked.
    let (summary, asked) = Trial::new(40, 2, 1..=40).run(true);
    assert_eq!(summary.total(), Tally { accepted: 8, not_attempted: 32, ..Tally::default() });
    assert_eq!(asked, [(Duration::from_secs(10), 6)]);
    let [ended] = summary.ended.as_slice() else { panic!("{:?}", summary.ended) };
    assert_eq!((ended.answered.accepted, ended.answered.rejected_any(), ended.undelivered.asked), (8, 0, 6));
    assert_eq!(ended.undelivered.failed, [(ERROR.to_owned(), 6)].into());
    // Without the logs everybody would have been sent to.
    let (summary, _) = Trial::new(40, 2, 1..=40).run(false);
    assert_eq!((summary.total().accepted, summary.ended.len()), (40, 0));
}

#[test]
fn a_run_that_is_over_before_the_logs_were_asked_looks_at_its_end() {
    let ends = |trial: &Trial| {
        let (summary, asked) = trial.run(true);
        assert_eq!(unread(&summary.alarms), None);
        assert_eq!((summary.total().accepted, summary.stopped.as_ref()), (trial.people, None), "nobody changes");
        let failed = summary.ended.iter().map(|ended| ended.undelivered.failed_any()).next();
        (failed, asked.len(), trial.world.clock.elapsed() - Duration::from_secs(6))
    };
    let six = |fails: &[u64]| Trial { limit: limit(40, 4), ..Trial::new(4, 2, fails.iter().copied()) };
    assert_eq!(ends(&six(&[1, 2, 3, 4])), (Some(4), 1, Duration::ZERO), "at once");
    assert_eq!(ends(&six(&[1])), (None, 1, Duration::ZERO), "as many may fail");
    assert_eq!(ends(&six(&[])), (None, 1, Duration::ZERO));
    // Who is on their way is asked for once more, and is no failure after that.
    let decided_after = |millis: u64| Duration::from_millis(6000 + millis);
    let on_their_way = |pending| Trial { pending, ..six(&[1, 2, 3, 4]) };
    assert_eq!(ends(&on_their_way(decided_after(900))), (Some(4), 2, MOMENT));
    assert_eq!(ends(&on_their_way(decided_after(1100))), (None, 2, MOMENT));
    // Where nothing can end the message nobody asks, and nobody waits.
    let nothing_ends = [
        Trial { limit: limit(40, 5), ..on_their_way(decided_after(900)) },
        Trial { limit: limit(100, 1), ..on_their_way(decided_after(900)) },
        Trial { limit: RejectionLimit { accepted: Some(4), ..limit(40, 4) }, ..on_their_way(decided_after(900)) },
    ];
    for trial in &nothing_ends {
        assert_eq!(ends(trial), (None, 0, Duration::ZERO), "{:?}", trial.limit);
    }
}

#[test]
fn whoever_was_sent_to_before_is_asked_for_at_the_end_too() {
    // Of the four of before nobody knew anything yet when this run began.
    let before = Trial::new(4, 2, 1..=2);
    before.run(false);
    let decided = before.world.clock.elapsed() + Duration::from_secs(1);
    let after = Trial { pending: decided, limit: limit(30, 4), ..before.then(2) };
    let (summary, _) = after.run(true);
    assert_eq!((summary.total().accepted, summary.ended.len()), (2, 1));
    assert_eq!((summary.ended[0].undelivered.asked, summary.ended[0].undelivered.failed_any()), (6, 2));
}

#[test]
fn an_interrupt_ends_the_last_look_and_nothing_else() {
    let interrupted_at = Some(Duration::from_millis(6500));
    let trial = Trial { answers: Some(0), interrupted_at, ..Trial::new(4, 2, 1..=4) };
    let (summary, _) = trial.run(true);
    assert_eq!((summary.total().accepted, summary.stopped, summary.ended.len()), (4, None, 0));
    assert_eq!(Some(trial.world.clock.elapsed()), interrupted_at);
    // Whoever was stopped asks nobody.
    let trial = Trial { interrupted_at: Some(Duration::from_secs(4)), ..Trial::new(8, 2, 1..=8) };
    let (summary, asked) = trial.run(true);
    assert!(summary.stopped.is_some() && asked.is_empty(), "{summary:?}");
}

#[test]
fn a_run_after_one_that_was_delivered_to_nobody_sends_nothing() {
    let before = Trial::new(20, 2, 1..=60);
    assert_eq!(before.run(false).0.total().accepted, 20);
    let begun = before.world.clock.elapsed();
    let (summary, asked) = before.then(40).run(true);
    assert_eq!(summary.total(), Tally { not_attempted: 40, ..Tally::default() });
    assert_eq!(asked, [(begun, 20)], "at once, and once");
    assert_eq!((summary.ended.len(), summary.ended[0].undelivered.asked), (1, 20));
}

/// Of how many people the logs have told, and why of no more, if that is an alarm.
fn unread(alarms: &[Alarm]) -> Option<(u64, &str)> {
    match alarms {
        [] => None,
        [Alarm::DeliveriesUnread { known, why }] => Some((*known, why)),
        others => panic!("{others:?}"),
    }
}

const SLOW: &str = "the gateway cannot be reached: no whole answer within 30s";

#[test]
fn logs_that_never_answer_hold_a_run_up_once_and_are_an_alarm() {
    let hanging = |people| Trial { answers: Some(0), ..Trial::new(people, 2, []) };
    // One that is over before asks at its end, and once.
    let silent = Some((0, "they had answered nothing by the end of the run"));
    let trial = hanging(4);
    let (summary, asked) = trial.run(true);
    assert_eq!((summary.total().accepted, unread(&summary.alarms), asked.len()), (4, silent, 1));
    assert_eq!(trial.world.clock.elapsed(), Duration::from_secs(6) + LOOK);
    // Where it ends before an answer was waited for long enough, that is said.
    let (summary, asked) = hanging(20).run(true);
    assert_eq!((summary.total().accepted, unread(&summary.alarms), asked.len()), (20, silent, 1));
    let trial = hanging(40);
    let (summary, asked) = trial.run(true);
    assert_eq!((summary.total().accepted, unread(&summary.alarms), asked.len()), (40, Some((0, SLOW)), 2));
    assert_eq!(unread(&trial.told.lock().unwrap()), Some((0, SLOW)), "as soon as it is known, once");
    // Earlier bulks are asked for first; what was given up is asked for again.
    let before = hanging(4);
    before.run(false);
    let (begun, after) = (before.world.clock.elapsed(), before.then(40));
    let (summary, asked) = after.run(true);
    assert_eq!((summary.total().accepted, unread(&summary.alarms)), (40, Some((0, SLOW))));
    let asked: Vec<(u64, usize)> = asked.iter().map(|(at, people)| ((*at - begun).as_secs(), *people)).collect();
    assert_eq!(after.world.clock.elapsed() - begun, EVERY + Duration::from_secs(60) + LOOK);
    assert_eq!(asked[..2], [(0, 4), (20, 10)], "with what was sent since");
    assert_eq!(asked[2..].iter().map(|(at, _)| *at).collect::<Vec<_>>(), [60]);
}

#[test]
fn logs_that_answer_no_more_are_an_alarm_too_and_hold_nobody_up() {
    let trial = Trial { answers: Some(1), ..Trial::new(40, 2, []) };
    let (summary, asked) = trial.run(true);
    assert_eq!(asked.iter().map(|(at, _)| at.as_secs()).collect::<Vec<_>>(), [10, 20, 60]);
    // Six people were in the answer.
    assert_eq!((summary.total().accepted, unread(&summary.alarms)), (40, Some((6, SLOW))));
    assert_eq!(unread(&trial.told.lock().unwrap()), Some((6, SLOW)), "once");
    assert_eq!(trial.world.clock.elapsed(), Duration::from_secs(60) + LOOK, "hardly longer than without the logs");
    // A run that ends meanwhile says so as well, unless it was a moment only.
    let ended_after = |people| Trial { answers: Some(1), ..Trial::new(people, 2, []) }.run(true).0.alarms;
    assert_eq!(unread(&ended_after(16)), None, "after four seconds");
    let silent = Some((6, "they did not answer any more at the end of the run"));
    assert_eq!(unread(&ended_after(24)), silent, "after sixteen");
}

#[test]
fn a_gateway_that_asks_for_patience_has_it() {
    let trial = Trial { failure: Some(LogsFailure::Throttled), limit: limit(99, 4), ..Trial::new(400, 2, []) };
    let (summary, asked) = trial.run(true);
    // Each wait is twice as long as the one before, as far as that goes.
    assert_eq!(asked.iter().map(|(at, _)| at.as_secs()).collect::<Vec<_>>(), [10, 30, 70, 150, 310]);
    assert_eq!(summary.total().accepted, 400);
    assert_eq!(unread(&summary.alarms), Some((0, &*LogsFailure::Throttled.to_string())), "nothing was read at all");
    assert!(trial.told.lock().unwrap().is_empty(), "it is no failure");
}

#[test]
fn who_is_still_on_their_way_is_no_failure_and_is_asked_for_again() {
    let trial = Trial { pending: Duration::from_secs(25), ..Trial::new(40, 2, 1..=40) };
    let (summary, asked) = trial.run(true);
    assert_eq!(asked.iter().map(|(at, _)| at.as_secs()).collect::<Vec<_>>(), [10, 20, 20, 30, 30]);
    assert_eq!(summary.total().accepted, 20);
    assert_eq!(summary.ended[0].undelivered.asked, 18);
    // As many as may fail end nothing.
    let (summary, _) = Trial { limit: limit(10, 40), ..Trial::new(40, 2, [3, 17, 24, 39]) }.run(true);
    assert_eq!((summary.total().accepted, summary.ended.len()), (40, 0));
}

#[test]
fn the_logs_are_asked_at_most_every_ten_seconds_for_ten_pages_and_no_more_once_they_refuse() {
    // One person a bulk: forty fit into a question.
    for (people, size) in [(300, 1), (60, 7)] {
        let trial = Trial { limit: limit(99, 4), ..Trial::new(people, size, []) };
        let (_, asked) = Trial { pending: Duration::from_hours(9), ..trial }.run(true);
        let mut rounds: BTreeMap<u64, usize> = BTreeMap::new();
        asked.iter().for_each(|(at, _)| *rounds.entry(at.as_secs()).or_default() += 1);
        // At its end it looks twice, maybe right after a round.
        let last = [rounds.pop_last().unwrap(), rounds.pop_last().unwrap()];
        assert!(last[0].0 == last[1].0 + 1 && last[0].1 <= 5 && last[1].1 <= 15, "{last:?}");
        assert!(rounds.keys().all(|at| at % 10 == 0) && rounds.values().all(|count| *count <= 10), "{rounds:?}");
    }
    let alarms = |failure, expect: usize| {
        let trial = Trial { failure: Some(failure), ..Trial::new(40, 2, 1..=40) };
        let (summary, asked) = trial.run(true);
        assert_eq!((summary.total().accepted, summary.ended.len(), summary.alarms.len()), (40, 0, 1));
        assert_eq!(asked.len(), expect);
    };
    alarms(LogsFailure::Forbidden, 1);
    // Every ten seconds of sixty, and at the end.
    alarms(LogsFailure::Answered { status: 503, code: None }, 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whoever is accepted stays so whatever the logs tell, and only what they tell ends a message.
    #[test]
    fn what_the_logs_tell_ends_messages_and_changes_nobody(
        people in 1_u64..60,
        size in 1_usize..8,
        fails in proptest::collection::btree_set(1_u64..60, 0..60),
        share in 0_u8..=100,
        of in 1_u64..20,
        pending in 0_u64..40,
    ) {
        let pending = Duration::from_secs(pending);
        let trial = Trial { limit: limit(share, of), pending, ..Trial::new(people, size, fails.iter().copied()) };
        let (summary, _) = trial.run(true);
        let failed = (1..=people).filter(|person| fails.contains(person) && trial.world.accepted(*person) > 0).count();
        for ended in &summary.ended {
            prop_assert!(ended.limit.is_exceeded(&ended.answered, &ended.undelivered));
            prop_assert!(ended.undelivered.failed_any() <= failed as u64);
        }
        if summary.ended.is_empty() {
            prop_assert_eq!(summary.total().accepted, people);
            // By then the logs have told of everybody, unless nothing that they could tell would have ended it.
            let mut answered = Answered::default();
            answered.add(people, &BTreeMap::new());
            let all = [(ERROR.to_owned(), failed as u64)].into();
            let told = Undelivered { asked: people, failed: all };
            let is_told = pending <= trial.world.clock.elapsed();
            prop_assert!(!is_told || !trial.limit.is_exceeded(&answered, &told), "{told:?}");
        }
    }
}
