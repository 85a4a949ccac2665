//! A watch over a ledger in memory, and logs that say what the test wants.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::apply::evidence::{Addressee, LedgerView, LogQuery, LogRow, Logs, LogsAnswer, LogsFailure, RecentQuery};
use crate::apply::simulation::clock::{Death, SimClock, drive};
use crate::apply::simulation::world::{bulk, message};
use crate::apply::{Alarm, BulkSource as _, Clock as _, PlannedBulks, Stopped, Store, Supply};
use crate::campaign::Witness;
use crate::identity::{BulkTime, MessageId, Person, Revision, SenderId};
use crate::ledger::sample::{self, at};
use crate::ledger::{
    Claim, ClaimId, Evidence, Grant, Ledger, Outcome, PersonState, RunId, Seals, StopOrder, View, Weighed,
};
use crate::plan::Bulk;
use crate::wire::response::Status;

/// A ledger that others write too: what they wrote is there after [`Store::catch_up`].
struct Shared {
    ledger: Mutex<Ledger>,
    others: Mutex<Ledger>,
}

#[derive(Debug, thiserror::Error)]
#[error("broken")]
struct Broken;

impl LedgerView for Shared {
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger.lock().unwrap())
    }

    fn view(&self, now: Timestamp) -> View {
        View::Shared { now }
    }
}

impl Store for Shared {
    type Error = Broken;

    async fn claim(&self, claim: Claim) -> Result<Grant, Broken> {
        self.ledger.lock().unwrap().grant(claim).map_err(|_| Broken)
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), Broken> {
        self.ledger.lock().unwrap().add_outcome(outcome).map_err(|_| Broken)
    }

    async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, Broken> {
        let mut ledger = self.ledger.lock().unwrap();
        let weighed = ledger.weigh(&evidence, View::Exclusive);
        for outcome in weighed.iter().flat_map(|weighed| weighed.outcomes.clone()) {
            ledger.add_outcome(outcome).map_err(|_| Broken)?;
        }
        Ok(weighed)
    }

    async fn catch_up(&self) -> Result<(), Broken> {
        self.ledger.lock().unwrap().join(&self.others.lock().unwrap()).map_err(|_| Broken)
    }

    async fn standing_stops(&self) -> Result<Vec<StopOrder>, Broken> {
        Ok(Vec::new())
    }

    async fn claimed_before(&self, _: &MessageId, _: &ClaimId) -> Result<bool, Broken> {
        panic!("a watch sends nothing")
    }
}

/// Logs with these rows, which may fail or take their time.
struct Books<'a> {
    clock: &'a SimClock,
    rows: Vec<LogRow>,
    failure: Option<LogsFailure>,
    takes: Duration,
    /// How many ids each question had.
    asked: Mutex<Vec<usize>>,
}

impl Logs for Books<'_> {
    async fn find(&self, question: &LogQuery) -> LogsAnswer {
        let ids: HashSet<&str> = question.ids().split(',').collect();
        self.asked.lock().unwrap().push(ids.len());
        self.answer(|row| ids.contains(row.message_id.as_str())).await
    }

    async fn recent(&self, look: &RecentQuery) -> LogsAnswer {
        self.answer(|row| row.sent_at.is_some_and(|sent_at| sent_at >= look.since)).await
    }
}

impl Books<'_> {
    async fn answer(&self, is_wanted: impl Fn(&&LogRow) -> bool) -> LogsAnswer {
        self.clock.sleep(self.takes).await;
        let rows =
            if self.failure.is_some() { Vec::new() } else { self.rows.iter().filter(is_wanted).cloned().collect() };
        LogsAnswer { rows, failure: self.failure.clone(), ..LogsAnswer::default() }
    }
}

/// Other keys make every person so much greater.
struct Other(u64);

impl Recognise for Other {
    fn under(&self, _sender: &SenderId) -> impl Fn(&Addressee) -> Vec<Person> + Send {
        let older = self.0;
        move |to: &Addressee| to.id().parse().map_or(Vec::new(), |one: u64| vec![Person(one), Person(one + older)])
    }
}

impl OlderKeys for Other {
    type Error = Broken;

    async fn persons(&self, bulk: &Bulk) -> Result<Vec<Vec<Person>>, Broken> {
        Ok(bulk.recipients.iter().map(|recipient| vec![Person(recipient.person.0 + self.0)]).collect())
    }
}

fn id(person: u64) -> MessageId {
    MessageId { message: message(), revision: Revision::new(1).unwrap(), person: Person(person) }
}

/// A row of somebody, as accepted in a bulk of its own a long time ago; it does not say for whom it is.
fn row(person: u64) -> LogRow {
    let status = Status { group_id: 3, id: 5, ..Status::default() };
    let (message_id, bulk_id) = (id(person).to_string(), Some("b".to_owned()));
    LogRow { message_id, to: None, bulk_id, sent_at: Some(at(-80_000)), status, error: None }
}

/// The same, for somebody.
fn row_for(to: &str, person: u64) -> LogRow {
    LogRow { to: Some(Addressee::new(to.to_owned())), ..row(person) }
}

fn claim(people: &[u64], run: u64) -> Claim {
    let bulk = bulk(people, BulkTime::Start(0)).id();
    let now = SimClock::default().now();
    Claim {
        id: ClaimId { bulk, attempt: 1, run: RunId(run) },
        time: BulkTime::Start(0),
        send_at: None,
        until: None,
        leaves_by: None,
        start_by: now + Duration::from_mins(2),
        at: now,
        ..sample::claim("announce", people, 1, run)
    }
}

/// Twenty people in bulks of five.
struct World {
    mine: Ledger,
    others: Ledger,
    rows: Vec<LogRow>,
    failure: Option<LogsFailure>,
    takes: Duration,
    mode: Witness,
    older: u64,
}

/// What came of a run.
#[derive(Debug, PartialEq)]
struct Ended {
    given: Vec<u64>,
    stopped: Option<Stopped>,
    alarms: Vec<Alarm>,
    taken: u64,
    not_attempted: u64,
}

impl World {
    fn new() -> Self {
        Self {
            mine: Ledger::new(sample::header()),
            others: Ledger::new(sample::header()),
            rows: Vec::new(),
            failure: None,
            takes: Duration::ZERO,
            mode: Witness::Preferred,
            older: 1000,
        }
    }

    fn run(self) -> Ended {
        let clock = SimClock::default();
        let store = Shared { ledger: Mutex::new(self.mine), others: Mutex::new(self.others) };
        let logs =
            Books { clock: &clock, rows: self.rows, failure: self.failure, takes: self.takes, asked: Mutex::default() };
        let older = Other(self.older);
        let people: Vec<u64> = (0..20).collect();
        let bulks: Vec<Bulk> = people.chunks(5).map(|people| bulk(people, BulkTime::Start(0))).collect();
        let sender = SenderId::parse("official").unwrap();
        let watch = Watch::new((&store, &logs, &clock, &older), self.mode, &bulks, [sender]);
        let ended = drive(&clock, &Death::default(), async {
            watch.open(&bulks).await;
            let source = Gated::new(PlannedBulks::new(bulks), &watch);
            let mut given = Vec::new();
            let taking = async {
                loop {
                    match source.next(&|_| false).await {
                        Ok(Supply::Bulk(bulk)) => given.extend(bulk.recipients.iter().map(|one| one.person.0)),
                        Ok(Supply::HeldBack | Supply::UsedUp) => return None,
                        Err(stopped) => return Some(stopped),
                    }
                }
            };
            let (stopped, ()) = futures_util::future::join(taking, watch.drive()).await;
            let rest: Vec<_> = source.not_given().into_iter().map(|(_, tally)| tally).collect();
            let sum = |count: fn(&crate::apply::Tally) -> u64| rest.iter().map(count).sum();
            Ended {
                given,
                stopped,
                alarms: watch.alarms(),
                taken: sum(|tally| tally.claimed_elsewhere),
                not_attempted: sum(|tally| tally.not_attempted),
            }
        })
        .unwrap();
        assert_eq!(ended.given.len() as u64 + ended.taken + ended.not_attempted, 20, "everybody is counted");
        ended
    }
}

fn all() -> Ended {
    Ended { given: (0..20).collect(), stopped: None, alarms: Vec::new(), taken: 0, not_attempted: 0 }
}

fn lacks(people: u64) -> impl Fn(&Ended) -> bool {
    move |ended| matches!(ended.stopped, Some(Stopped::LedgerLacks { people: found, .. }) if found == people)
}

#[test]
fn nobody_is_in_the_logs_so_everybody_is_given() {
    assert_eq!(World::new().run(), all());
}

#[test]
fn a_message_that_the_ledger_does_not_know_stops_everything() {
    let ended = World { rows: vec![row(0), row(4)], ..World::new() }.run();
    assert!(lacks(2)(&ended), "{ended:?}");
    assert_eq!((ended.given, ended.not_attempted), (vec![], 20));
    // With any status but a rejection, and with that which says that the gateway has it already.
    for (group_id, status, is_hit) in [(1, 26, true), (0, 0, true), (9, 99, true), (5, 23, true), (5, 12, false)] {
        let status = Status { group_id, id: status, ..Status::default() };
        let ended = World { rows: vec![LogRow { status, ..row(3) }], ..World::new() }.run();
        assert_eq!(ended.stopped.is_some(), is_hit, "{group_id} {ended:?}");
    }
}

#[test]
fn what_others_have_sent_is_left_out_without_an_alarm() {
    // Another worker's claim stands before its request, and is read after the answer.
    let mut world = World { rows: vec![row(1), row(2)], ..World::new() };
    world.others.add_claim(claim(&[1, 2], 9)).unwrap();
    // What becomes of them nobody knows yet: if nothing comes of the claim, the message is another one.
    let ended = world.run();
    assert_eq!((ended.given.len(), ended.taken, &ended.stopped, &ended.alarms), (18, 2, &None, &Vec::new()));
    // A bulk of which nobody is left is passed over.
    let mut world = World { rows: (5..10).map(row).collect(), ..World::new() };
    world.others.add_claim(claim(&[5, 6, 7, 8, 9], 9)).unwrap();
    let ended = world.run();
    assert_eq!((ended.given.len(), ended.taken, &ended.stopped), (15, 5, &None));
    // Whoever was accepted is left to the store, which grants no claim for them.
    let mut world = World { rows: vec![row(1), row(2)], ..World::new() };
    let theirs = claim(&[1, 2], 9);
    world.others.add_claim(theirs.clone()).unwrap();
    world.others.add_outcome(sample::outcome(&theirs, PersonState::Accepted, &[])).unwrap();
    assert_eq!(world.run(), all());
    // Whoever is not about to be sent to is nobody's business: another project's people have other numbers.
    assert_eq!(World { rows: vec![row(77), row(500)], ..World::new() }.run(), all());
}

#[test]
fn what_was_surely_not_sent_and_was_sent_all_the_same_is_written_down() {
    for state in [PersonState::Refused, PersonState::Rejected(6)] {
        let claimed = claim(&[5, 6], 9);
        let bulk_id = Some(claimed.id.bulk.to_string());
        let world = |bulk_id: Option<String>, before: u64| {
            // It was sent when it was claimed, but for a minute that the clocks may differ.
            let sent_at = Some(claimed.at - Duration::from_secs(before));
            let mut world = World { rows: vec![LogRow { bulk_id, sent_at, ..row(6) }], ..World::new() };
            world.mine.add_claim(claimed.clone()).unwrap();
            world.mine.add_outcome(Outcome { at: claimed.at, ..sample::outcome(&claimed, state, &[]) }).unwrap();
            world.run()
        };
        for bulk_id in [bulk_id.clone(), None] {
            let ended = world(bulk_id.clone(), 60);
            assert_eq!(ended, Ended { alarms: vec![Alarm::SentAllTheSame { people: 1 }], ..all() });
            assert!(lacks(1)(&world(bulk_id, 61)), "it is of something that the ledger has lost");
        }
        assert!(lacks(1)(&world(Some("another".to_owned()), 0)));
    }
}

#[test]
fn what_was_sent_lately_is_seen_whoever_is_asked_for() {
    // So many people that of each bulk only the first and the last are asked for.
    let clock = SimClock::default();
    let store =
        Shared { ledger: Mutex::new(Ledger::new(sample::header())), others: Mutex::new(Ledger::new(sample::header())) };
    let people: Vec<u64> = (0..4800).collect();
    let bulks: Vec<Bulk> = people.chunks(4).map(|people| bulk(people, BulkTime::Start(0))).collect();
    let check = |sent_at: Timestamp| {
        let rows = vec![LogRow { sent_at: Some(sent_at), ..row(2) }];
        let logs = Books { clock: &clock, rows, failure: None, takes: Duration::ZERO, asked: Mutex::default() };
        let sender = SenderId::parse("official").unwrap();
        let watch = Watch::new((&store, &logs, &clock, &NoOlderKeys), Witness::Preferred, &bulks, [sender]);
        let cleared = drive(&clock, &Death::default(), async {
            watch.open(&bulks).await;
            watch.drive().await;
            watch.clear(watch.sample(&bulks[0])).await
        });
        let asked = logs.asked.lock().unwrap().clone();
        assert!(asked.iter().sum::<usize>() <= 2400, "{asked:?}");
        (cleared.unwrap().is_err(), asked.len())
    };
    let now = clock.now();
    assert!(check(now - Duration::from_hours(1)).0);
    assert!(check(now - Duration::from_hours(48)).0, "a ledger without a claim says nothing of what was before it");
    let (is_stopped, questions) = check(now - Duration::from_hours(49));
    assert!(!is_stopped, "what is too old for the look is found by chance only");
    assert!(questions < 80, "{questions}");
}

#[test]
fn people_are_asked_for_under_every_key() {
    let ended = World { rows: vec![row(1003)], ..World::new() }.run();
    assert!(lacks(1)(&ended), "{ended:?}");
    let mut world = World { rows: vec![row(1003)], ..World::new() };
    world.others.add_claim(claim(&[1003], 9)).unwrap();
    let ended = world.run();
    assert_eq!((ended.given.len(), ended.taken, ended.stopped), (19, 1, None));
}

#[test]
fn a_message_under_a_key_that_nobody_has_any_more_stops_everything() {
    // Person 777 is nobody whom these keys know; the message is for somebody who is about to be sent to.
    let lost = || vec![row_for("3", 777), row_for("3", 778), row_for("4", 779)];
    let ended = World { rows: lost(), ..World::new() }.run();
    let stopped = Stopped::OtherKeys { people: 2, last: Some(at(-80_000)) };
    assert_eq!((ended.stopped, ended.given, ended.not_attempted), (Some(stopped), vec![], 20));
    // Rejected, for nobody in the plan, or for nobody at all.
    let rejected = Status { group_id: 5, id: 12, ..Status::default() };
    for row in [LogRow { status: rejected, ..row_for("3", 777) }, row_for("77", 777), row_for("3…", 777)] {
        assert_eq!(World { rows: vec![row], ..World::new() }.run(), all());
    }
    // Another message, and an older revision.
    for id in ["other.hello.r1", "announce.other.r1"] {
        let message_id = format!("{id}.0000000000000309");
        assert_eq!(World { rows: vec![LogRow { message_id, ..row_for("3", 777) }], ..World::new() }.run(), all());
    }
    // Whom the ledger lacks is the stronger news, and another run's claim explains its row.
    let mut world = World { rows: [lost(), vec![row_for("5", 5)]].concat(), ..World::new() };
    world.others.add_claim(claim(&[777], 9)).unwrap();
    let ended = world.run();
    assert!(lacks(1)(&ended), "{ended:?}");
}

#[test]
fn so_many_under_another_key_as_somebody_accepts_are_sent_to() {
    let check = |accepted: u64| {
        let clock = SimClock::default();
        let ledger = || Mutex::new(Ledger::new(sample::header()));
        let store = Shared { ledger: ledger(), others: ledger() };
        let rows = vec![row_for("1", 777), row_for("2", 778)];
        let logs = Books { clock: &clock, rows, failure: None, takes: Duration::ZERO, asked: Mutex::default() };
        let bulks = [bulk(&[1, 2, 3], BulkTime::Start(0))];
        let sender = SenderId::parse("official").unwrap();
        let watch = Watch::new((&store, &logs, &clock, &Other(1000)), Witness::Required, &bulks, [sender])
            .accepting_other_keys(accepted);
        drive(&clock, &Death::default(), watch.open(&bulks)).unwrap();
        watch.stopped()
    };
    assert_eq!(check(2), None);
    assert!(matches!(check(1), Some(Stopped::OtherKeys { people: 2, .. })));
}

#[test]
fn a_ledger_older_than_the_logs_is_looked_at_from_its_last_claim_on() {
    let check = |claims: &[i64]| {
        let mut world = World { rows: vec![LogRow { sent_at: Some(hours(-10)), ..row(4) }], ..World::new() };
        for (number, ago) in (0..).zip(claims) {
            let mut claim = claim(&[900 + number], 50 + number);
            (claim.at, claim.dated) = (hours(-ago), crate::ledger::Dated::Unwritten);
            world.mine.add_claim(claim).unwrap();
        }
        let clock = SimClock::default();
        let store = Shared { ledger: Mutex::new(world.mine), others: Mutex::new(world.others) };
        let logs =
            Books { clock: &clock, rows: world.rows, failure: None, takes: Duration::ZERO, asked: Mutex::default() };
        // So many that nobody is found by being asked for.
        let bulks: Vec<Bulk> =
            (0..1200).map(|number| bulk(&[3 * number, 3 * number + 1, 3 * number + 2], BulkTime::Start(0))).collect();
        let sender = SenderId::parse("official").unwrap();
        let watch = Watch::new((&store, &logs, &clock, &NoOlderKeys), Witness::Required, &bulks, [sender]);
        drive(&clock, &Death::default(), watch.open(&bulks)).unwrap();
        watch.stopped().is_some()
    };
    assert!(check(&[]) && check(&[1]) && check(&[47, 1]), "it is younger than the logs");
    assert!(!check(&[49, 1]) && check(&[49, 11]));
}

/// So many hours from now on.
fn hours(hours: i64) -> Timestamp {
    SimClock::default().now() + jiff::SignedDuration::from_hours(hours)
}

#[test]
fn logs_that_cannot_be_read_are_a_warning_or_the_end() {
    for failure in [LogsFailure::Throttled, LogsFailure::Forbidden, LogsFailure::Unreadable("x".to_owned())] {
        let world = |mode| World { failure: Some(failure.clone()), mode, rows: vec![row(1)], ..World::new() };
        let ended = world(Witness::Preferred).run();
        assert_eq!(ended.alarms, [Alarm::NotWitnessed { bulks: 4, why: Some(failure.to_string()) }]);
        assert_eq!(Ended { alarms: Vec::new(), ..ended }, all());
        let ended = world(Witness::Required).run();
        assert_eq!((ended.stopped, ended.not_attempted), (Some(Stopped::Unwitnessed(failure.clone())), 20));
        assert_eq!(world(Witness::Off).run(), all());
    }
}

#[test]
fn nobody_waits_long_for_logs_that_are_slow_unless_they_have_to_be_asked() {
    let world = |mode| World { takes: Duration::from_secs(30), mode, rows: vec![row(19)], ..World::new() };
    let ended = world(Witness::Preferred).run();
    assert_eq!(ended.alarms, [Alarm::NotWitnessed { bulks: 4, why: None }]);
    assert_eq!(ended.given.len(), 20);
    assert!(lacks(1)(&world(Witness::Required).run()));
}

#[test]
fn what_the_logs_still_know_is_written_down_once() {
    let clock = SimClock::default();
    let mut ledger = Ledger::new(sample::header());
    ledger.add_message(crate::ledger::MessageRecord { message: message(), ..sample::record("announce", "Hi", 0) });
    let refused = claim(&[5, 6], 9);
    let doubt = claim(&[7], 9);
    for (claim, state) in [(&refused, PersonState::Refused), (&doubt, PersonState::Claimed)] {
        ledger.add_claim(claim.clone()).unwrap();
        ledger.add_outcome(Outcome { at: claim.at, ..sample::outcome(claim, state, &[]) }).unwrap();
    }
    let store = Shared { ledger: Mutex::new(ledger), others: Mutex::new(Ledger::new(sample::header())) };
    let lost = bulk(&[1, 2, 3], BulkTime::At(at(0))).id();
    let sent_at = Some(clock.now() - Duration::from_hours(3));
    let of =
        |bulk: &crate::identity::BulkId, person| LogRow { bulk_id: Some(bulk.to_string()), sent_at, ..row(person) };
    let rejected = Status { group_id: 5, id: 14, ..Status::default() };
    let of = |bulk: &crate::identity::BulkId, person: u64| {
        let to = Some(Addressee::new(person.to_string()));
        LogRow { to, ..of(bulk, person) }
    };
    let mut rows = vec![of(&lost, 1), of(&lost, 2), LogRow { status: rejected.clone(), ..of(&lost, 3) }];
    let sent_now = LogRow { sent_at: Some(clock.now()), ..of(&refused.id.bulk, 6) };
    rows.extend([sent_now, of(&doubt.id.bulk, 7), LogRow { bulk_id: None, sent_at, ..row_for("9", 9) }]);
    // Other keys make other persons of these: whose they are nobody knows here, nor whose one is that does not say so.
    rows.extend([LogRow { sent_at, ..row_for("8", 777) }, LogRow { sent_at, ..row(11) }]);
    // Who was rejected under another key got nothing.
    rows.push(LogRow { status: rejected.clone(), sent_at, ..row_for("8", 778) });
    rows.push(LogRow { sent_at, ..row_for("12", 1012) });
    rows.push(LogRow { message_id: "other.thing.r1.0000000000000001".to_owned(), sent_at, ..row(1) });
    rows.push(LogRow { message_id: "x".to_owned(), sent_at, ..row(1) });
    rows.push(of(&bulk(&[1, 4], BulkTime::At(at(0))).id(), 1));
    let logs = Books { clock: &clock, rows, failure: None, takes: Duration::ZERO, asked: Mutex::default() };
    let sender = SenderId::parse("official").unwrap();
    let messages = [((message(), Revision::new(1).unwrap()), sender)].into();
    let again = |run| {
        drive(&clock, &Death::default(), recover((&store, &logs, &clock, &Other(1000)), RunId(run), &messages))
            .unwrap()
            .unwrap()
    };
    let expect = Recovered {
        rows: 13,
        foreign: 2,
        unrecognised: 2,
        accepted: 5,
        rejected: 1,
        raised: 1,
        twice: 1,
        failure: None,
    };
    assert_eq!(again(20), expect);
    let ledger = store.ledger.lock().unwrap().clone();
    let standing = |person| ledger.standing(&message(), Revision::new(1).unwrap(), Person(person), View::Exclusive);
    use crate::ledger::Standing::{Accepted, Free, InDoubt, Rejected};
    let stand: Vec<_> = [1, 2, 3, 4, 5, 6, 7, 9, 1012].map(standing).into();
    assert_eq!(stand, [Accepted, Accepted, Rejected(14), Free, Free, Accepted, InDoubt, Accepted, Accepted]);
    assert_eq!([8, 777, 778, 11, 12].map(standing), [Free; 5]);
    assert_eq!(ledger.verify(), [], "what is recovered is not odd");
    assert_eq!(
        Ledger::read(&ledger.write(&Seals::none()), &Seals::none()).unwrap().ledger.write(&Seals::none()),
        ledger.write(&Seals::none())
    );
    assert_eq!(again(21), Recovered { accepted: 0, rejected: 0, raised: 0, ..expect });
    assert_eq!(store.ledger.lock().unwrap().write(&Seals::none()), ledger.write(&Seals::none()));
}

#[test]
fn a_look_that_nobody_waited_for_goes_on_and_ends_the_run() {
    let check = |mine: Ledger, person: u64| {
        let clock = SimClock::default();
        let store = Shared { ledger: Mutex::new(mine), others: Mutex::new(Ledger::new(sample::header())) };
        let takes = Duration::from_secs(30);
        let logs = Books { clock: &clock, rows: vec![row(person)], failure: None, takes, asked: Mutex::default() };
        let bulks: Vec<Bulk> = (0..400).map(|number| bulk(&[3 * number, 3 * number + 1], BulkTime::Start(0))).collect();
        let sender = SenderId::parse("official").unwrap();
        let watch = Watch::asking_for((&store, &logs, &clock, &NoOlderKeys), Witness::Preferred, &bulks, [sender], 1);
        let source = Gated::new(PlannedBulks::new(bulks.clone()), &watch);
        let found = async {
            let first = source.next(&|_| false).await.unwrap();
            assert!(matches!(first, Supply::Bulk(_)) && source.stopped().is_none(), "nobody waits");
            clock.sleep(Duration::from_secs(35)).await;
            source.stopped()
        };
        let all = async {
            watch.open(&bulks).await;
            futures_util::future::join(found, watch.drive()).await.0
        };
        drive(&clock, &Death::default(), all).unwrap()
    };
    // Not one of those who are asked for by name.
    let stopped = check(Ledger::new(sample::header()), 4);
    assert!(matches!(stopped, Some(Stopped::LedgerLacks { people: 1, asked: 800, .. })), "{stopped:?}");
    assert_eq!(check(Ledger::new(sample::header()), 5), None, "not in the plan");
    let mut mine = Ledger::new(sample::header());
    mine.add_claim(claim(&[3, 4], 9)).unwrap();
    assert_eq!(check(mine, 4), None, "the run's own");
}
