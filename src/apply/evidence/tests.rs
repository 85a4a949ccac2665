//! A pass over doubts, against logs that say what the test wants.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::apply::{Clock, GatewayTime, Stamp, Store};
use crate::identity::{MessageId, Person};
use crate::ledger::sample::{self, at};
use crate::ledger::{
    Claim, ClaimId, Dated, Evidence, Grant, Ledger, Outcome, PersonState, RunId, StopOrder, View, Weighed,
};
use crate::plan::Selection;
use crate::wire::response::Status;

const HOUR: i64 = 3600;
/// When the control is sent: a minute after the last instant at which the doubt can have been.
const CONTROL: i64 = 300;

/// A ledger in memory.
struct Memory(Mutex<Ledger>, View);

#[derive(Debug, thiserror::Error)]
#[error("no space left on device")]
struct DiskFull;

impl LedgerView for Memory {
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.0.lock().unwrap())
    }

    fn view(&self, _: Timestamp) -> View {
        self.1
    }
}

impl Store for Memory {
    type Error = DiskFull;

    async fn claim(&self, _: Claim) -> Result<Grant, DiskFull> {
        panic!("evidence claims nobody")
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), DiskFull> {
        self.0.lock().unwrap().add_outcome(outcome).map_err(|_| DiskFull)
    }

    async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, DiskFull> {
        let mut ledger = self.0.lock().unwrap();
        let weighed = ledger.weigh(&evidence, self.1);
        for outcome in weighed.iter().flat_map(|weighed| weighed.outcomes.clone()) {
            ledger.add_outcome(outcome).map_err(|_| DiskFull)?;
        }
        Ok(weighed)
    }

    async fn standing_stops(&self) -> Result<Vec<StopOrder>, DiskFull> {
        panic!("evidence sends nothing")
    }

    async fn catch_up(&self) -> Result<(), DiskFull> {
        Ok(())
    }

    async fn claimed_before(&self, _: &MessageId, _: &ClaimId) -> Result<bool, DiskFull> {
        panic!("evidence reads the ledger")
    }
}

/// A clock that stands still.
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {}
}

/// Logs with these rows, and everything that can be wrong with them.
struct Books {
    rows: Vec<LogRow>,
    from_sandbox: bool,
    channel_until: Option<Timestamp>,
    /// The questions that fail, counted from 0, and how.
    failures: Vec<(usize, LogsFailure)>,
    /// Rows without a messageId in every answer.
    nameless: usize,
    /// When every answer was made.
    now: Option<Timestamp>,
    /// Only so many ids of a list are looked at.
    ids_max: usize,
    asked: Mutex<Vec<LogQuery>>,
}

impl Logs for Books {
    async fn find(&self, question: &LogQuery) -> LogsAnswer {
        let mut asked = self.asked.lock().unwrap();
        let number = asked.len();
        asked.push(question.clone());
        let ids: HashSet<&str> = question.ids().split(',').take(self.ids_max).collect();
        let is_wanted = |row: &&LogRow| match question.by() {
            By::Bulk => row.bulk_id.as_ref().is_some_and(|id| ids.contains(id.as_str())),
            By::Message => ids.contains(row.message_id.to_lowercase().as_str()),
        };
        let failure = self.failures.iter().find(|(failing, _)| *failing == number).map(|(_, failure)| failure.clone());
        let rows = self.rows.iter().filter(is_wanted);
        // Of an answer that fails the first half was read.
        let count = if failure.is_some() { rows.clone().count() / 2 } else { usize::MAX };
        let rows = rows.take(count).cloned().collect();
        let Self { nameless, from_sandbox, channel_until, now, .. } = *self;
        LogsAnswer { rows, failure, nameless, from_sandbox, channel_until, is_cut: false, now, later: None }
    }

    async fn recent(&self, _: &RecentQuery) -> LogsAnswer {
        panic!("only whoever sends looks what was sent lately")
    }
}

/// A claim of people at second 0 without a schedule, whose run died.
fn claim(people: &[u64]) -> Claim {
    let claim = sample::claim("announce", people, 1, 7);
    Claim { at: at(0), start_by: at(120), send_at: None, until: None, ..claim }
}

/// A claim of 8 and 9 that another run made when those requests were long over.
fn control() -> Claim {
    let claim = claim(&[8, 9]);
    Claim { id: ClaimId { run: RunId(6), ..claim.id.clone() }, at: at(CONTROL), start_by: at(CONTROL + 120), ..claim }
}

/// The outcome of a claim whose request was over at once.
fn accepted(claim: &Claim) -> Outcome {
    Outcome { at: claim.at, ..sample::outcome(claim, Accepted, &[]) }
}

fn row(claim: &Claim, person: u64, group_id: u16, id: u16) -> LogRow {
    let bulk = &claim.id.bulk;
    let message = MessageId { message: bulk.message.clone(), revision: bulk.revision, person: Person(person) };
    let status = Status { group_id, id, ..Status::default() };
    let bulk_id = Some(bulk.to_string());
    LogRow { message_id: message.to_string(), to: None, bulk_id, sent_at: Some(claim.at), status, error: None }
}

fn delivered(claim: &Claim, person: u64) -> LogRow {
    row(claim, person, 3, 5)
}

/// A world in which everything holds: the bulk of 1, 2 and 3 is in doubt, 8 and 9 were accepted; it is
/// an hour later, and the logs have 8 and 9.
struct World {
    ledger: Ledger,
    view: View,
    books: Books,
    now: Timestamp,
    time: GatewayTime,
    is_on_loopback: bool,
    is_interrupted: bool,
}

impl World {
    fn new() -> Self {
        let mut ledger = Ledger::new(sample::header());
        ledger.add_message(sample::record("announce", "Hi", 0));
        let control = control();
        for claim in [claim(&[1, 2, 3]), control.clone()] {
            ledger.add_claim(claim).unwrap();
        }
        ledger.add_outcome(accepted(&control)).unwrap();
        let rows = [8, 9].map(|person| delivered(&control, person)).into();
        let books = Books {
            rows,
            from_sandbox: false,
            channel_until: None,
            failures: Vec::new(),
            nameless: 0,
            now: Some(at(0)),
            ids_max: usize::MAX,
            asked: Mutex::default(),
        };
        let (view, now) = (View::Exclusive, at(HOUR));
        let time = GatewayTime::new(true);
        Self { ledger, view, books, now, time, is_on_loopback: false, is_interrupted: false }
    }

    /// The states of 1, 2 and 3 after a pass, and what it found.
    fn reconcile(mut self) -> ([PersonState; 3], Reconciled) {
        self.books.now = self.books.now.map(|_| self.now);
        let store = Memory(Mutex::new(self.ledger), self.view);
        let selection = Selection::default();
        let terms = ReconcileOptions {
            selection: &selection,
            absence_proves_after: SignedDuration::from_mins(15),
            time: &self.time,
            is_on_loopback: self.is_on_loopback,
        };
        let stop =
            if self.is_interrupted { futures_util::future::ready(()).boxed() } else { std::future::pending().boxed() };
        let clock = Stopped(self.now);
        let pass = reconcile(&store, &self.books, &clock, &terms, stop, |_| {});
        let (reconciled, stored) = pass.now_or_never().unwrap();
        stored.unwrap();
        let ledger = store.0.into_inner().unwrap();
        let state = ledger.claim_state(&claim(&[1, 2, 3]).id).unwrap();
        ([1, 2, 3].map(|person| state.state(Person(person)).unwrap()), reconciled)
    }

    /// Nobody is settled, for this reason.
    #[track_caller]
    fn keeps(self, kept: StillInDoubt) {
        let (states, reconciled) = self.reconcile();
        assert_eq!(states, [Claimed; 3]);
        assert_eq!(reconciled.findings[0].kept, [(kept, 3)].into());
    }
}

use PersonState::{Accepted, Claimed, Refused, Rejected};

#[test]
fn found_people_are_settled_one_by_one_and_the_absent_are_free() {
    let mut world = World::new();
    let doubt = claim(&[1, 2, 3]);
    world.books.rows.extend([delivered(&doubt, 1), row(&doubt, 2, 5, 12)]);
    let (states, reconciled) = world.reconcile();
    assert_eq!(states, [Accepted, Rejected(12), Refused]);
    let finding = &reconciled.findings[0];
    assert_eq!((finding.accepted, finding.rejected_any(), finding.absent, finding.open()), (1, 1, 1, 0));
}

#[test]
fn everything_holds_so_absence_proves() {
    assert_eq!(World::new().reconcile().0, [Refused; 3]);
}

#[test]
fn what_is_proved_stays_proved_by_the_logs_in_the_ledger() {
    let mut world = World::new();
    let store = Memory(Mutex::new(world.ledger), View::Exclusive);
    let selection = Selection::default();
    let terms = ReconcileOptions {
        selection: &selection,
        absence_proves_after: SignedDuration::from_mins(15),
        time: &GatewayTime::new(true),
        is_on_loopback: false,
    };
    let clock = Stopped(world.now);
    world.books.now = Some(world.now);
    let mut seen = Vec::new();
    let pass = reconcile(&store, &world.books, &clock, &terms, std::future::pending(), |progress| seen.push(progress));
    pass.now_or_never().unwrap().1.unwrap();
    assert_eq!(seen, [ReconcileProgress { done: 3, all: 3 }]);
    store.read(|ledger| {
        let state = ledger.claim_state(&claim(&[1, 2, 3]).id).unwrap();
        let notes: Vec<_> = state.notes().map(|note| (note.by.as_str(), note.why.as_deref())).collect();
        assert_eq!(notes, [("logs", Some("3 proved absent"))]);
        assert_eq!(state.settled(), None, "its own run has said nothing");
    });
}

#[test]
fn too_early_after_the_last_message_could_leave() {
    // Its request could begin until second 120, and take another 120.
    let until = at(240 + 900 + 120);
    World { now: at(240 + 900 + 119), ..World::new() }.keeps(StillInDoubt::TooEarly(until));
    assert_eq!(World { now: until, ..World::new() }.reconcile().0, [Refused; 3]);
}

#[test]
fn too_early_before_its_schedule_its_pace_or_its_window() {
    let check = |change: fn(&mut Claim), until: i64| {
        let mut world = World::new();
        let mut scheduled = claim(&[1, 2, 3]);
        change(&mut scheduled);
        let mut ledger = Ledger::new(sample::header());
        ledger.add_message(sample::record("announce", "Hi", 0));
        let control = control();
        for claim in [scheduled, control.clone()] {
            ledger.add_claim(claim).unwrap();
        }
        ledger.add_outcome(accepted(&control)).unwrap();
        world.ledger = ledger;
        world.keeps(StillInDoubt::TooEarly(at(until)));
    };
    check(|claim| claim.send_at = Some(at(2 * HOUR)), 2 * HOUR + 1020);
    check(|claim| claim.until = Some(at(2 * HOUR)), 2 * HOUR + 240 + 1020);
    check(|claim| claim.leaves_by = Some(at(2 * HOUR)), 2 * HOUR + 1020);
}

#[test]
fn too_late_after_47_hours() {
    let mut world = World::new();
    // What was accepted lately keeps everything else whole.
    let control = Claim { at: at(46 * HOUR), start_by: at(46 * HOUR), ..claim(&[7]) };
    world.ledger.add_claim(control.clone()).unwrap();
    let outcome = Outcome { at: at(46 * HOUR), ..sample::outcome(&control, Accepted, &[]) };
    world.ledger.add_outcome(outcome).unwrap();
    world.books.rows.push(delivered(&control, 7));
    World { now: at(47 * HOUR), ..world }.keeps(StillInDoubt::TooLate);
    assert_eq!(World { now: at(47 * HOUR - 1), ..World::new() }.reconcile().0, [Refused; 3]);
}

#[test]
fn logs_that_forgot_are_not_asked_and_those_that_remember_still_count() {
    let doubt = claim(&[1, 2, 3]);
    let mut world = World { now: at(47 * HOUR + 600), ..World::new() };
    world.books.rows.push(delivered(&doubt, 2));
    assert_eq!(world.reconcile().0, [Claimed, Accepted, Claimed]);
    let mut world = World { now: at(49 * HOUR), ..World::new() };
    world.books.failures = vec![(0, LogsFailure::Unauthorized)];
    let (states, reconciled) = world.reconcile();
    assert_eq!((states, reconciled.failure), ([Claimed; 3], None));
    assert_eq!(reconciled.findings[0].kept, [(StillInDoubt::TooLate, 3)].into());
}

#[test]
fn logs_without_anything_to_compare_prove_nothing() {
    let mut world = World::new();
    world.ledger = Ledger::new(sample::header());
    world.ledger.add_claim(claim(&[1, 2, 3])).unwrap();
    world.keeps(StillInDoubt::NothingAfter);
}

#[test]
fn logs_of_somebody_else_prove_nothing() {
    let mut world = World::new();
    world.books.rows.clear();
    world.keeps(StillInDoubt::LogsLack);
}

#[test]
fn logs_that_look_at_a_part_of_a_list_prove_nothing() {
    World { books: Books { ids_max: 1, ..World::new().books }, ..World::new() }.keeps(StillInDoubt::LogsLack);
    World { books: Books { ids_max: 3, ..World::new().books }, ..World::new() }.keeps(StillInDoubt::LogsLack);
}

#[test]
fn an_answer_that_was_not_read_to_its_end_proves_nothing() {
    for failure in [
        LogsFailure::Unauthorized,
        LogsFailure::Forbidden,
        LogsFailure::NotFound,
        LogsFailure::Throttled,
        LogsFailure::Unreachable("refused".to_owned()),
        LogsFailure::Answered { status: 500, code: None },
        LogsFailure::Unreadable("it is HTML".to_owned()),
    ] {
        // The second question is the one by messageId.
        let mut world = World::new();
        world.books.failures = vec![(1, failure.clone())];
        world.keeps(StillInDoubt::Unread);
        // What was found before the failure counts.
        let doubt = claim(&[1, 2, 3]);
        let mut world = World::new();
        world.books.rows = vec![delivered(&doubt, 1), delivered(&doubt, 2)];
        world.books.failures = vec![(0, failure.clone()), (1, failure.clone())];
        let (states, reconciled) = world.reconcile();
        assert_eq!(states[0], Accepted, "{failure}");
        assert_eq!(states[2], Claimed, "{failure}");
        assert_eq!(reconciled.failure, Some(failure));
    }
}

#[test]
fn an_interrupt_proves_nothing() {
    let (states, reconciled) = World { is_interrupted: true, ..World::new() }.reconcile();
    assert_eq!((states, reconciled.failure), ([Claimed; 3], Some(LogsFailure::Interrupted)));
}

#[test]
fn after_some_failures_no_more_is_asked() {
    let mut world = World::new();
    for person in 100..110 {
        world.ledger.add_claim(claim(&(person * 1000..person * 1000 + 600).collect::<Vec<_>>())).unwrap();
    }
    let broken = LogsFailure::Answered { status: 500, code: None };
    world.books.failures = (0..100).map(|number| (number, broken.clone())).collect();
    let store = Memory(Mutex::new(world.ledger), View::Exclusive);
    let selection = Selection::default();
    let terms = ReconcileOptions {
        selection: &selection,
        absence_proves_after: SignedDuration::ZERO,
        time: &GatewayTime::new(true),
        is_on_loopback: false,
    };
    let clock = Stopped(world.now);
    world.books.now = Some(world.now);
    let pass = reconcile(&store, &world.books, &clock, &terms, std::future::pending(), |_| {});
    let (reconciled, _) = pass.now_or_never().unwrap();
    assert_eq!(world.books.asked.into_inner().unwrap().len(), 3);
    assert_eq!((reconciled.settled(), reconciled.open()), (0, 6003));
}

#[test]
fn only_a_sandbox_on_this_machine_needs_no_waiting() {
    let world = |is_on_loopback, from_sandbox| {
        let books = Books { from_sandbox, ..World::new().books };
        World { is_on_loopback, books, now: at(CONTROL + 1), ..World::new() }
    };
    assert_eq!(world(true, true).reconcile().0, [Refused; 3]);
    for (is_on_loopback, from_sandbox) in [(true, false), (false, true), (false, false)] {
        let (states, _) = world(is_on_loopback, from_sandbox).reconcile();
        assert_eq!(states, [Claimed; 3], "{is_on_loopback} {from_sandbox}");
    }
}

/// A claim of 1, 2 and 3 that is sent for ten minutes.
fn paced() -> Claim {
    Claim { until: Some(at(600)), ..claim(&[1, 2, 3]) }
}

/// A world whose sandbox is on this machine, and whose run has died without a word after this claim: nobody closes it, as
/// in a database.
fn died(claim: Claim, now: i64) -> World {
    let mut ledger = Ledger::new(sample::header());
    ledger.add_message(sample::record("announce", "Hi", 0));
    let control = control();
    for claim in [claim, control.clone()] {
        ledger.add_claim(claim).unwrap();
    }
    ledger.add_outcome(accepted(&control)).unwrap();
    let world = World::new();
    let books = Books { from_sandbox: true, ..world.books };
    World { ledger, books, view: View::Shared { now: at(now) }, now: at(now), is_on_loopback: true, ..world }
}

/// The ledger of a world after a pass at a later second, and what stands in the way of whoever is still in doubt.
fn later(world: World, now: i64) -> (World, Vec<(StillInDoubt, usize)>) {
    let World { ledger, mut books, time, .. } = world;
    let view = View::Shared { now: at(now) };
    let store = Memory(Mutex::new(ledger), view);
    let selection = Selection::default();
    let terms = ReconcileOptions {
        selection: &selection,
        absence_proves_after: SignedDuration::from_mins(15),
        time: &time,
        is_on_loopback: true,
    };
    books.now = Some(at(now));
    let clock = Stopped(at(now));
    let pass = reconcile(&store, &books, &clock, &terms, std::future::pending(), |_| {});
    let (reconciled, stored) = pass.now_or_never().unwrap();
    stored.unwrap();
    let kept = reconciled.findings.iter().flat_map(|finding| finding.kept.clone()).collect();
    let ledger = store.0.into_inner().unwrap();
    (World { ledger, view, books, now: at(now), time, is_on_loopback: true, is_interrupted: false }, kept)
}

#[test]
fn where_not_even_the_first_has_left_a_sandbox_a_paced_request_never_came() {
    assert_eq!(died(paced(), 541).reconcile().0, [Refused; 3]);
    // Its time has to have come, and everybody to have been asked for.
    let scheduled = Claim { send_at: Some(at(HOUR)), until: Some(at(2 * HOUR)), ..claim(&[1, 2, 3]) };
    died(scheduled.clone(), HOUR - 1).keeps(StillInDoubt::TooEarly(at(HOUR)));
    assert_eq!(died(scheduled, HOUR).reconcile().0, [Refused; 3]);
    let mut unread = died(paced(), 541);
    unread.books.failures = vec![(1, LogsFailure::NotFound)];
    unread.keeps(StillInDoubt::Unread);
    // What a window holds back leaves at a time that nobody knows if its request may have come after the window had
    // closed: only a word settles that.
    let windowed = Claim { leaves_by: Some(at(HOUR)), ..claim(&[1, 2, 3]) };
    died(windowed, 541).keeps(StillInDoubt::Never);
}

#[test]
fn what_a_sandbox_s_channel_keeps_back_is_waited_for() {
    let mut behind = died(claim(&[1, 2, 3]), 541);
    behind.books.channel_until = Some(at(700));
    let (mut behind, kept) = later(behind, 541);
    assert_eq!(kept, [(StillInDoubt::TooEarly(at(700)), 3)]);
    behind.books.channel_until = None;
    let (_, kept) = later(behind, 700);
    assert_eq!(kept, []);
    // One that is elsewhere as well, with the time that its logs are given.
    let elsewhere = World::new();
    let books = Books { channel_until: Some(at(2 * HOUR)), ..elsewhere.books };
    World { books, ..elsewhere }.keeps(StillInDoubt::TooEarly(at(2 * HOUR + 1020)));
}

#[test]
fn whoever_is_slower_than_the_first_of_a_paced_request_is_waited_for_once() {
    let mut world = died(paced(), 541);
    let first = LogRow { sent_at: Some(at(100)), ..delivered(&paced(), 1) };
    world.books.rows.push(first);
    let (world, kept) = later(world, 541);
    assert_eq!(kept, [(StillInDoubt::TooEarly(at(541 + 600)), 2)]);
    // From now on it is known when it had come, and that instant stays.
    let (world, kept) = later(world, 640);
    assert_eq!(kept, [(StillInDoubt::TooEarly(at(700)), 2)]);
    let (world, kept) = later(world, 699);
    assert_eq!(kept, [(StillInDoubt::TooEarly(at(700)), 2)]);
    let (world, kept) = later(world, 700);
    assert_eq!(kept, []);
    let state = world.ledger.claim_state(&paced().id).unwrap();
    assert_eq!([1, 2, 3].map(|person| state.state(Person(person)).unwrap()), [Accepted, Refused, Refused]);
}

#[test]
fn a_claim_in_flight_elsewhere_is_not_asked_about() {
    let view = View::Shared { now: at(120 + 120 + 300) };
    let (states, reconciled) = World { view, ..World::new() }.reconcile();
    assert_eq!((states, reconciled.findings.len()), ([Claimed; 3], 0));
    let view = View::Shared { now: at(120 + 120 + 301) };
    assert_eq!(World { view, ..World::new() }.reconcile().0, [Refused; 3]);
}

#[test]
fn a_message_that_was_sent_again_is_told() {
    let doubt = claim(&[1, 2, 3]);
    let mut world = World::new();
    world.books.rows.extend([1, 1, 2].map(|person| delivered(&doubt, person)));
    let (states, reconciled) = world.reconcile();
    assert_eq!(states, [Accepted, Accepted, Refused]);
    assert_eq!(reconciled.findings[0].sent_again, 1);
}

#[test]
fn one_row_settles_one_of_two_doubts_of_the_same_bulk() {
    let mut world = World::new();
    let again = claim(&[1, 2, 3]);
    let again = Claim { id: ClaimId { run: RunId(8), ..again.id.clone() }, ..again };
    world.ledger.add_claim(again.clone()).unwrap();
    world.books.rows.push(delivered(&again, 1));
    let (states, reconciled) = world.reconcile();
    assert_eq!(states, [Accepted, Refused, Refused]);
    let groups = reconciled.findings.iter().map(|finding| (finding.accepted, finding.absent, finding.open()));
    assert_eq!(groups.collect::<Vec<_>>(), [(1, 2, 0), (0, 3, 0)]);
}

#[test]
fn rows_that_nobody_asked_for_say_nothing() {
    let mut world = World::new();
    let doubt = claim(&[1, 2, 3]);
    let strange = |id: &str| LogRow { message_id: id.to_owned(), ..delivered(&doubt, 1) };
    let id = delivered(&doubt, 1).message_id;
    world.books.rows.extend([strange(&format!("{id}.t1")), strange("x")]);
    let other = sample::claim("remind", &[1, 2, 3], 1, 1);
    world.books.rows.push(LogRow { bulk_id: Some(doubt.id.bulk.to_string()), ..delivered(&other, 1) });
    assert_eq!(world.reconcile().0, [Refused; 3]);
}

#[test]
fn logs_that_stand_still_prove_nothing() {
    // The control left before the last instant at which the doubt can have.
    let mut world = World::new();
    for row in &mut world.books.rows {
        row.sent_at = Some(at(CONTROL - 1));
    }
    world.keeps(StillInDoubt::NothingAfter);
    // Another sender's messages are no control.
    let mut world = World::new();
    let sender = crate::identity::SenderId::parse("another").unwrap();
    let doubt = sample::claim("remind", &[1, 2, 3], 1, 7);
    let doubt = Claim { id: doubt.id, ..claim(&[1, 2, 3]) };
    world.ledger.add_message(crate::ledger::MessageRecord { sender, ..sample::record("remind", "Hi", 0) });
    world.ledger.add_claim(doubt.clone()).unwrap();
    let (_, reconciled) = world.reconcile();
    let of = |claim: &Claim| reconciled.findings.iter().find(|finding| finding.doubt.claim == claim.id).unwrap();
    assert_eq!(of(&doubt).kept, [(StillInDoubt::NothingAfter, 3)].into());
    assert_eq!(of(&claim(&[1, 2, 3])).absent, 3);
}

#[test]
fn the_next_bulk_of_one_run_follows_the_doubt_by_that_runs_own_clock() {
    let world = |followed_after: i64| {
        let mut world = World::new();
        world.ledger = Ledger::new(sample::header());
        world.ledger.add_message(sample::record("announce", "Hi", 0));
        let doubt = claim(&[1, 2, 3]);
        let next = Claim { at: at(followed_after), ..claim(&[8, 9]) };
        for claim in [&doubt, &next] {
            world.ledger.add_claim(claim.clone()).unwrap();
        }
        // Its own run says when the request was over of which it got no answer.
        world.ledger.add_outcome(Outcome { at: at(60), ..sample::outcome(&doubt, Claimed, &[]) }).unwrap();
        world.ledger.add_outcome(accepted(&next)).unwrap();
        // The gateway's clock is a little behind: it cannot tell which was first.
        world.books.rows = [8, 9].map(|person| LogRow { sent_at: Some(at(30)), ..delivered(&next, person) }).into();
        world
    };
    assert_eq!(world(60).reconcile().0, [Refused; 3]);
    world(59).keeps(StillInDoubt::NothingAfter);
}

#[test]
fn clocks_that_do_not_go_together_prove_no_absence_and_presence_all_the_same() {
    for ahead in [61, 1800, 86_400, -63, -1800] {
        let mut world = World::new();
        let (now, date) = (world.now, world.now + SignedDuration::from_secs(ahead));
        let stamp = Stamp { before: now, after: now, elapsed: Duration::ZERO, date, is_sandbox: false };
        world.time.take(&stamp);
        world.books.rows.push(delivered(&claim(&[1, 2, 3]), 2));
        let (states, reconciled) = world.reconcile();
        assert_eq!(states, [Claimed, Accepted, Claimed], "{ahead}");
        assert_eq!(reconciled.findings[0].kept, [(StillInDoubt::ClocksApart, 2)].into());
    }
    let world = World::new();
    let date = world.now + SignedDuration::from_secs(59);
    world.time.take(&Stamp { before: world.now, after: world.now, elapsed: Duration::ZERO, date, is_sandbox: false });
    assert_eq!(world.reconcile().0, [Refused; 3]);
}

#[test]
fn without_the_gateways_time_absence_proves_nothing() {
    World { books: Books { now: None, ..World::new().books }, ..World::new() }.keeps(StillInDoubt::NoDate);
    let mut world = World::new();
    let undated = Claim { dated: Dated::Never, ..claim(&[1, 2, 3]) };
    let control = control();
    world.ledger = Ledger::new(sample::header());
    world.ledger.add_message(sample::record("announce", "Hi", 0));
    for claim in [undated, control.clone()] {
        world.ledger.add_claim(claim).unwrap();
    }
    world.ledger.add_outcome(accepted(&control)).unwrap();
    world.keeps(StillInDoubt::Undated);
}

#[test]
fn an_answer_with_rows_that_cannot_be_told_apart_proves_nothing() {
    World { books: Books { nameless: 1, ..World::new().books }, ..World::new() }.keeps(StillInDoubt::Unread);
    let doubt = claim(&[1, 2, 3]);
    let undated = LogRow { sent_at: None, ..row(&doubt, 1, 5, 12) };
    let capital = LogRow { message_id: delivered(&doubt, 1).message_id.to_uppercase(), ..delivered(&doubt, 1) };
    // Who is found is found.
    for (row, first) in [(undated, Rejected(12)), (capital, Claimed)] {
        let mut world = World::new();
        world.books.rows.push(row);
        assert_eq!(world.reconcile().0, [first, Claimed, Claimed]);
    }
}

#[test]
fn doubts_of_one_run_are_asked_for_together_however_they_mix_with_others() {
    let mut world = World::new();
    world.ledger = Ledger::new(sample::header());
    world.ledger.add_message(sample::record("announce", "Hi", 0));
    for (second, run) in [(0, 7), (1, 6), (2, 7), (3, 6)] {
        let claim = claim(&[u64::try_from(second).unwrap()]);
        let claim = Claim { id: ClaimId { run: RunId(run), ..claim.id.clone() }, at: at(second), ..claim };
        world.ledger.add_claim(claim).unwrap();
    }
    let store = Memory(Mutex::new(world.ledger), View::Exclusive);
    let selection = Selection::default();
    let (absence_proves_after, time) = (SignedDuration::ZERO, &world.time);
    let terms = ReconcileOptions { selection: &selection, absence_proves_after, time, is_on_loopback: false };
    let clock = Stopped(world.now);
    let pass = reconcile(&store, &world.books, &clock, &terms, std::future::pending(), |_| {});
    let (reconciled, _) = pass.now_or_never().unwrap();
    assert_eq!(world.books.asked.into_inner().unwrap().len(), 2);
    let runs: Vec<u64> = reconciled.findings.iter().map(|finding| finding.doubt.claim.run.0).collect();
    assert_eq!(runs, [7, 6, 7, 6], "the oldest first");
}
