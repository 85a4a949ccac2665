//! Runs that are interrupted once, twice, or in front of a store that does not answer any more.

use std::task::Poll;
use std::time::Duration;

use super::clock::{Death, drive};
use super::gateway::{Act, SimSender};
use super::store::{Fault, SimStore};
use super::world::{Ended, World, pairs};
use crate::apply::{
    BulkSource, Clock as _, GatewayTime, Interrupts, IsHeldBack, PlannedBulks, Ports, RunSettings, Stopped, Supply,
    Tally, apply,
};
use crate::ledger::Standing;

const PEOPLE: [u64; 6] = [1, 2, 3, 4, 5, 6];

/// What everybody sees of a run that was stopped: nobody twice, nobody forgotten, all counted.
#[track_caller]
fn check(world: &World, ended: &Ended) -> Tally {
    let summary = ended.summary.as_ref().expect("it has ended by itself");
    let total = summary.total();
    assert_eq!(total.people(), 6, "everybody is in one group: {total:?}");
    for person in PEOPLE {
        let (accepted, standing) = (world.accepted(person), world.standing(person));
        assert!(accepted <= 1, "{person} was sent {accepted} times");
        match standing {
            Standing::Free | Standing::Rejected(_) => assert_eq!(accepted, 0, "{person} would be sent again"),
            Standing::Accepted => assert_eq!(accepted, 1, "{person} is forgotten"),
            Standing::InDoubt => {}
            Standing::InFlight | Standing::Abandoned => panic!("{person} is {standing:?}"),
        }
    }
    total
}

fn in_doubt(world: &World) -> usize {
    PEOPLE.into_iter().filter(|person| world.standing(*person) == Standing::InDoubt).count()
}

/// The store stops answering at each of its writes, and ten seconds later the run is interrupted.
#[test]
fn a_store_that_does_not_answer_ends_with_the_run() {
    for parallel in [1, 3] {
        for at in 0..6 {
            for fault in [Fault::StallBefore(at), Fault::StallAfter(at)] {
                let world = World::new(&[]);
                let settings = world.settings(parallel);
                let stop = world.clock.sleep(Duration::from_secs(10));
                let ended = world.apply_until(pairs(&PEOPLE), &settings, fault, stop);
                let total = check(&world, &ended);
                let summary = ended.summary.unwrap();
                assert_eq!(world.clock.elapsed(), Duration::from_secs(18), "{fault:?}: grace, and the store's");
                assert!(!summary.unsettled.is_empty(), "{fault:?}: what the store did not take comes back");
                assert_eq!(total.in_doubt, 0, "{fault:?}: what was answered, or never sent, is known here");
                // With what came back nobody is in doubt any more.
                world.records.lock().unwrap().outcomes.extend(summary.unsettled);
                assert_eq!(in_doubt(&world), 0, "{fault:?}");
            }
        }
    }
}

#[test]
fn requests_share_one_grace_however_late_they_began() {
    // The first hangs, the second is slow: both began before the interrupt, at different times.
    let world = World::new(&[Act::Hang, Act::Slow, Act::Slow]);
    let settings = world.settings(2);
    let stop = world.clock.sleep(Duration::from_secs(4));
    let ended = world.apply_until(pairs(&PEOPLE), &settings, Fault::Never, stop);
    let Tally { accepted, in_doubt, .. } = check(&world, &ended);
    assert_eq!((accepted, in_doubt, world.clock.elapsed()), (4, 2, Duration::from_secs(10)));
}

#[test]
fn what_never_began_was_not_sent() {
    let world = World::new(&[Act::Connect, Act::Hang]);
    let settings = world.settings(2);
    let stop = world.clock.sleep(Duration::from_secs(10));
    let ended = world.apply_until(pairs(&PEOPLE), &settings, Fault::Never, stop);
    let Tally { not_attempted, in_doubt: doubts, .. } = check(&world, &ended);
    assert_eq!((not_attempted, doubts, in_doubt(&world)), (4, 2, 2));
    // Alone it does not even wait.
    let world = World::new(&[Act::Connect]);
    let settings = world.settings(1);
    let stop = world.clock.sleep(Duration::from_secs(10));
    let ended = world.apply_until(pairs(&PEOPLE), &settings, Fault::Never, stop);
    assert_eq!((check(&world, &ended).not_attempted, in_doubt(&world)), (6, 0));
    assert_eq!(world.clock.elapsed(), Duration::from_secs(10));
}

/// Leaves after so many looks at the future.
async fn after(mut looks: usize) {
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        looks = looks.saturating_sub(1);
        if looks == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn whoever_leaves_at_once_says_how_everybody_stands() {
    let mut seen = std::collections::BTreeSet::new();
    for (script, faults) in [
        (&[Act::Accept; 3][..], [Fault::Never, Fault::StallBefore(1)]),
        (&[Act::Hang; 3], [Fault::Never, Fault::StallBefore(0)]),
        (&[Act::TooMany, Act::NamesNone], [Fault::Never, Fault::StallAfter(2)]),
    ] {
        for (fault, looks) in faults.into_iter().flat_map(|fault| (1..120).map(move |looks| (fault, looks))) {
            for parallel in [1, 2] {
                let world = World::new(script);
                let settings = world.settings(parallel);
                let interrupts = Interrupts { first: std::future::pending(), second: after(looks) };
                let ended = world.apply_through(pairs(&PEOPLE), &settings, fault, interrupts);
                let total = check(&world, &ended);
                let summary = ended.summary.unwrap();
                let left = matches!(summary.stopped, Some(Stopped::Interrupted | Stopped::Store(_)));
                assert!(left || fault == Fault::Never, "it would never have ended by itself");
                let time = world.clock.elapsed();
                assert!(!left || time <= settings.leave_grace, "{script:?} {fault:?} {looks}: {time:?}");
                // What the store did not take comes back, and says the same.
                world.records.lock().unwrap().outcomes.extend(summary.unsettled);
                assert_eq!(total.in_doubt, in_doubt(&world) as u64, "{script:?} {fault:?} {looks}: {total:?}");
                seen.insert((left, total.in_doubt, total.refused > 0));
            }
        }
    }
    // Ended before, left with one or two bulks in flight, and left while waiting to try again.
    for wanted in [(false, 0, false), (true, 2, false), (true, 4, false), (true, 0, true)] {
        assert!(seen.contains(&wanted), "{seen:?}");
    }
}

/// Bulks are claimed long before their requests may begin, and both interrupts come at once.
#[test]
fn whoever_leaves_at_once_gives_back_what_was_claimed_ahead() {
    for looks in 1..60 {
        let world = World::new(&[Act::Hang]);
        let settings = RunSettings { ahead: 3, ..world.settings(1) };
        let interrupts = Interrupts { first: std::future::pending(), second: after(looks) };
        let ended = world.apply_through(pairs(&PEOPLE), &settings, Fault::Never, interrupts);
        let total = check(&world, &ended);
        assert!(total.in_doubt <= 2, "only one request can have begun: {total:?}");
        assert_eq!(total.in_doubt, in_doubt(&world) as u64, "{looks}: {total:?}");
        assert!(ended.summary.unwrap().unsettled.is_empty(), "{looks}");
    }
}

/// Finds out after the first request that nothing more may be sent.
struct Ends<'a>(PlannedBulks, &'a World);

impl BulkSource for Ends<'_> {
    fn next(&self, is_held_back: &IsHeldBack<'_>) -> impl Future<Output = Result<Supply, Stopped>> + Send {
        self.0.next(is_held_back)
    }

    fn stopped(&self) -> Option<Stopped> {
        let has_sent = self.1.books.lock().unwrap().requests > 0;
        has_sent.then_some(Stopped::LedgerLacks { people: 1, asked: 6, last: None })
    }

    fn not_given(&self) -> Vec<(crate::apply::MessageRevision, Tally)> {
        self.0.not_given()
    }
}

#[test]
fn nothing_that_was_given_is_claimed_when_the_supply_has_found_out_why_not() {
    // The first is to be tried again, or is cut into halves; more are under way.
    for (first, parallel, ahead) in [(Act::TooMany, 1, 0), (Act::NamesNone, 1, 0), (Act::TooMany, 1, 3)] {
        let world = World::new(&[first]);
        let settings = RunSettings { ahead, ..world.settings(parallel) };
        let death = Death::default();
        let store = SimStore::new(&world.records, Fault::Never, &death);
        let time = GatewayTime::new(true);
        let (books, records, clock) = (&world.books, &world.records, &world.clock);
        let sender = SimSender { books, records, clock, time: &time, death: death.clone() };
        let ports = Ports {
            store: &store,
            sender: &sender,
            prepare: &world.prepare,
            opt_outs: &(),
            undeliverables: &(),
            clock,
            time: &time,
        };
        let never = Interrupts { first: std::future::pending(), second: std::future::pending() };
        let source = Ends(PlannedBulks::new(pairs(&PEOPLE)), &world);
        let summary = drive(clock, &death, apply(&source, ports, &settings, never, |_| {})).unwrap();
        assert!(matches!(summary.stopped, Some(Stopped::LedgerLacks { .. })), "{:?}", summary.stopped);
        assert_eq!((summary.total().people(), summary.total().accepted), (6, 0));
        assert_eq!(world.books.lock().unwrap().requests, 1, "{first:?}");
        assert!(PEOPLE.into_iter().all(|person| world.standing(person) == Standing::Free));
    }
}
