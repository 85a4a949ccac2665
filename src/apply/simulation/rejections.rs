//! A gateway that rejects people: too many of them end their message, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::gateway::{Act, Books, people_of};
use super::store::Fault;
use super::world::{World, bulk, message};
use crate::apply::{Clock as _, MessageRevision, RunSettings, Summary, Tally, WatchedMessage};
use crate::campaign::StopAfter;
use crate::identity::{BulkTime, MessageKey, Person, Revision};
use crate::ledger::{Answered, Standing};
use crate::plan::{Bulk, RejectionLimit};

fn announce() -> MessageRevision {
    (message(), Revision::new(1).unwrap())
}

/// Ends the message when more than this share of at least so many people are rejected.
pub(super) fn limit(share_percent: u8, of: u64) -> RejectionLimit {
    RejectionLimit { rule: StopAfter { share_percent, of }, accepted: None, before: Answered::default() }
}

fn watched(limit: RejectionLimit) -> BTreeMap<MessageRevision, WatchedMessage> {
    [(announce(), WatchedMessage { limit, elsewhere: Answered::default() })].into()
}

/// One of three messages: two that are not judged until they have a thousand answers, and one that never is.
fn one_of(number: usize) -> MessageKey {
    MessageKey::parse(["spring-sale.announce", "spring-sale.remind", "spring-sale.thank"][number]).unwrap()
}

/// The first messages of the three that are judged, of which nobody ever has enough answers.
const JUDGED: usize = 2;

/// Hands over bulks of the three messages, in this order, until half an hour has passed; a request of the first
/// `slow` messages takes an hour. Gives how everybody ends, by message.
fn apply_beside_slow(order: &[usize], size: u64, slow: usize, parallel: usize, ahead: usize) -> Vec<(u64, Tally)> {
    let world = World::default();
    {
        let mut books = world.books.lock().unwrap();
        books.judged_from = (0..JUDGED).map(|number| (one_of(number), 1000)).collect();
        books.delays = (0..slow).map(|number| (one_of(number), Duration::from_hours(1))).collect();
    }
    let bulks: Vec<Bulk> = (0..)
        .zip(order)
        .map(|(place, number)| {
            let people: Vec<u64> = (place * size..(place + 1) * size).collect();
            Bulk { message: one_of(*number), ..bulk(&people, BulkTime::Start(0)) }
        })
        .collect();
    let revision = Revision::new(1).unwrap();
    let watched = |number| {
        let watched = WatchedMessage { limit: limit(10, 1000), elsewhere: Answered::default() };
        ((one_of(number), revision), watched)
    };
    let settings = RunSettings { ahead, watched: (0..JUDGED).map(watched).collect(), ..world.settings(parallel) };
    let half_an_hour = world.clock.sleep(Duration::from_mins(30));
    let summary = world.apply_until(bulks, &settings, Fault::Never, half_an_hour).summary.unwrap();
    assert_eq!(summary.total().people(), order.len() as u64 * size, "everybody is in one group");
    // People are claimed in their order. Of two requests that wait for their turn either may begin first.
    let mut last: BTreeMap<MessageKey, Person> = BTreeMap::new();
    for claim in &world.records.lock().unwrap().claims {
        for person in &claim.people {
            let before = last.insert(claim.id.bulk.message.clone(), *person);
            assert!(before.is_none_or(|before| before < *person), "out of order");
        }
    }
    let of = |number| {
        let planned = order.iter().filter(|of| **of == number).count() as u64 * size;
        (planned, summary.messages.get(&(one_of(number), revision)).cloned().unwrap_or_default())
    };
    (0..=JUDGED).map(of).collect()
}

/// Of a message that waits for its first answer one bulk is in flight, and nobody else waits with it.
#[track_caller]
fn check_beside_slow(ended: &[(u64, Tally)], size: u64, slow: usize) {
    for (number, (planned, tally)) in ended.iter().enumerate() {
        let expect = if number < slow && *planned > 0 {
            Tally { in_doubt: size, not_attempted: planned - size, ..Tally::default() }
        } else {
            Tally { accepted: *planned, ..Tally::default() }
        };
        assert_eq!(*tally, expect, "message {number} of {ended:?}");
    }
}

#[test]
fn a_message_that_is_never_judged_holds_up_nobody_else() {
    let order = [0, 0, 0, 1, 2, 0, 2, 1, 2, 2, 0, 1, 1, 2];
    for (slow, parallel) in [(1, 2), (1, 4), (2, 3), (2, 5)] {
        for ahead in [0, 3, 64] {
            let ended = apply_beside_slow(&order, 2, slow, parallel, ahead);
            check_beside_slow(&ended, 2, slow);
        }
    }
}

/// A gateway that rejects these people, and that is given one request at a time until so many are answered.
fn gateway(rejects: impl IntoIterator<Item = u64>, judged_from: u64, script: &[Act]) -> World {
    let rejects: BTreeSet<Person> = rejects.into_iter().map(Person).collect();
    let judged_from = [(message(), usize::try_from(judged_from).unwrap())].into();
    let books = Books { rejects, judged_from, script: script.to_vec(), ..Books::default() };
    World { books: books.into(), ..World::default() }
}

fn bulks(people: u64, size: usize) -> Vec<Bulk> {
    (1..=people).collect::<Vec<_>>().chunks(size).map(|people| bulk(people, BulkTime::Start(0))).collect()
}

fn apply(world: &World, bulks: Vec<Bulk>, limit: RejectionLimit, parallel: usize, ahead: usize) -> Summary {
    let people: usize = bulks.iter().map(|bulk| bulk.recipients.len()).sum();
    let settings = RunSettings { ahead, watched: watched(limit), ..world.settings(parallel) };
    let summary = world.apply(bulks, &settings, Fault::Never).summary.unwrap();
    assert_eq!(summary.total().people(), people as u64, "everybody is in one group");
    assert_eq!(summary.stopped, None);
    summary
}

/// Whom each request was for, in the order in which they began.
fn requests(world: &World) -> Vec<Vec<Person>> {
    world.books.lock().unwrap().bodies.iter().map(people_of).collect()
}

#[test]
fn a_gateway_that_rejects_everybody_is_asked_once() {
    for (parallel, ahead) in [(1, 0), (4, 0), (4, 64)] {
        let world = gateway(1..=20_000, 200, &[]);
        let summary = apply(&world, bulks(20_000, 1000), limit(10, 200), parallel, ahead);
        let rejected = [(14, 200)].into();
        assert_eq!(summary.total(), Tally { rejected, not_attempted: 19_800, ..Tally::default() });
        assert_eq!(requests(&world).len(), 1);
        let ended = &summary.ended[..];
        assert!(matches!(ended, [ended] if ended.message == announce() && ended.answered.rejected_any() == 200));
    }
}

#[test]
fn a_gateway_that_rejects_few_is_given_everybody() {
    for parallel in [1, 4] {
        let world = gateway((1..=20_000).filter(|person| person % 20 == 0), 200, &[]);
        let summary = apply(&world, bulks(20_000, 1000), limit(10, 200), parallel, 0);
        assert_eq!((summary.total().accepted, summary.total().rejected_any()), (19_000, 1000));
        assert!(summary.ended.is_empty());
        assert_eq!(requests(&world).len(), 21, "the first bulk is cut after 200 people");
    }
}

#[test]
fn whoever_was_answered_before_counts_and_a_number_that_is_accepted_goes_on() {
    let before = Answered { accepted: 150, rejected: [(14, 50)].into() };
    let check = |limit: RejectionLimit, accepted, rejected| {
        let world = gateway(1..=4, 0, &[]);
        let total = apply(&world, bulks(40, 4), limit, 1, 0).total();
        assert_eq!((total.accepted, total.rejected_any()), (accepted, rejected));
    };
    let before = RejectionLimit { before, ..limit(20, 200) };
    check(before.clone(), 0, 0);
    check(RejectionLimit { accepted: Some(53), ..before.clone() }, 0, 4);
    check(RejectionLimit { accepted: Some(54), ..before }, 36, 4);
}

#[test]
fn other_messages_go_on() {
    let remind = |people: &[u64]| Bulk {
        message: MessageKey::parse("spring-sale.remind").unwrap(),
        ..bulk(people, BulkTime::Start(0))
    };
    let world = gateway(1..=10, 2, &[]);
    let mut all = bulks(10, 2);
    all.extend([remind(&[11, 12]), remind(&[13])]);
    let summary = apply(&world, all, limit(10, 2), 2, 0);
    let tally = summary.messages[&announce()].clone();
    assert_eq!(tally, Tally { rejected: [(14, 2)].into(), not_attempted: 8, ..Tally::default() });
    assert_eq!(summary.total().accepted, 3);
}

#[test]
fn people_whom_the_gateway_names_as_invalid_are_rejected_too() {
    let world = gateway([], 2, &[Act::NamesFirst, Act::NamesFirst]);
    let summary = apply(&world, bulks(10, 2), limit(50, 2), 1, 0);
    assert_eq!(summary.total(), Tally { rejected: [(400, 2)].into(), not_attempted: 8, ..Tally::default() });
}

#[test]
fn what_nobody_knows_is_no_answer() {
    let world = gateway([], 4, &[Act::LostAfter, Act::LostBefore, Act::Accept, Act::LostBefore]);
    let summary = apply(&world, bulks(20, 10), limit(10, 4), 3, 0);
    assert_eq!((summary.total().accepted, summary.total().in_doubt), (8, 12));
}

#[test]
fn the_part_of_a_paced_bulk_that_is_cut_off_leaves_behind_the_first() {
    let world = gateway([], 2, &[]);
    let speed =
        crate::wire::options::SendingSpeedLimit { amount: 1, time_unit: crate::wire::options::SpeedUnit::Minute };
    let world = World { prepare: super::world::SimPrepare { speed: Some(speed), broken: false }, ..world };
    apply(&world, bulks(6, 6), limit(10, 2), 3, 0);
    let records = world.records.lock().unwrap();
    let mut spans: Vec<_> = records.claims.iter().map(|claim| (claim.send_at, claim.until.unwrap())).collect();
    spans.sort_unstable();
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[1].0, Some(spans[0].1), "one begins where the other ends");
}

proptest! {
    #[test]
    fn nobody_waits_with_a_message_that_is_not_judged(
        order in proptest::collection::vec(0..=JUDGED, 0..30),
        size in 1_u64..4,
        slow in 0..=JUDGED,
        more in 1_usize..4,
        ahead in 0_usize..9,
    ) {
        let ended = apply_beside_slow(&order, size, slow, slow + more, ahead);
        check_beside_slow(&ended, size, slow);
    }

    #[test]
    fn no_more_is_handed_over_beyond_the_limit_than_was_in_flight(
        rejects in proptest::collection::btree_set(1_u64..60, 0..40),
        script in proptest::collection::vec(prop_oneof![
            4 => Just(Act::Accept), 1 => Just(Act::TooMany), 1 => Just(Act::LostAfter), 1 => Just(Act::NamesNone)
        ], 0..8).prop_filter("four would say that it is the request", |script| {
            script.iter().filter(|act| **act == Act::NamesNone).count() < 4
        }),
        share in 0_u8..=100,
        of in 1_u64..20,
        size in 1_usize..9,
        parallel in 1_usize..5,
        ahead in 0_usize..9,
    ) {
        let world = gateway(rejects.iter().copied(), if share < 100 { of } else { 0 }, &script);
        let summary = apply(&world, bulks(60, size), limit(share, of), parallel, ahead);
        let requests = requests(&world);
        let (mut answered, mut rejected, mut ends) = (0, 0, None);
        for (number, people) in requests.iter().enumerate() {
            let standing = |person: &Person| world.standing(person.0);
            let rejects = |person: &&Person| matches!(standing(person), Standing::Rejected(_));
            // A request that was refused is tried again: its people are counted with the last.
            let is_last = requests.iter().skip(number + 1).all(|later| later.iter().all(|person| !people.contains(person)));
            if is_last && people.iter().all(|person| matches!(standing(person), Standing::Rejected(_) | Standing::Accepted)) {
                answered += people.len() as u64;
                rejected += people.iter().filter(rejects).count() as u64;
            }
            if ends.is_none() && answered >= of && rejected * 100 > answered * u64::from(share) {
                ends = Some(number);
            }
        }
        if let Some(last) = ends {
            prop_assert!(requests.len() <= last + parallel, "{} requests, and the limit was reached by number {last}", requests.len());
            prop_assert_eq!(summary.ended.len(), 1);
        } else {
            prop_assert!(summary.ended.is_empty());
            prop_assert_eq!(summary.total().not_attempted, 0);
        }
    }
}
