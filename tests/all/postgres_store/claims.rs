//! The store by itself, opened twice: who is granted, who is freed, and which times are given.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures_util::future::join_all;
use jiff::Timestamp;
use sendform::apply::{LateBulk, Lease};
use sendform::audience::RowAt;
use sendform::identity::{BulkId, BulkTime, ContentDigest, Key, MessageId, MessageKey, Person, ProjectId, Revision};
use sendform::ledger::{Claim, ClaimId, Dated, Grant, Ledger, Outcome, PersonState, RunId, Seals, Standing, View};
use sendform::plan::{Bulk, Recipient};
use sendform::store::{Binding, Database, DatabaseError, Postgres, StoreError, Visit};

use crate::support::Cluster;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_796_126_400 + second).unwrap()
}

pub(super) fn message() -> MessageKey {
    MessageKey::parse("sale.hello").unwrap()
}

pub(super) fn revision() -> Revision {
    Revision::new(1).unwrap()
}

pub(super) fn claim(people: &[u64], attempt: u32, run: u64) -> Claim {
    let people: Vec<Person> = people.iter().copied().map(Person).collect();
    Claim {
        machine_at: None,
        dated: Dated::Never,
        is_recovered: false,
        by: None,
        edition: None,
        id: ClaimId {
            bulk: BulkId::new(&message(), revision(), BulkTime::Start(0), &people),
            attempt,
            run: RunId(run),
        },
        time: BulkTime::Start(0),
        send_at: None,
        until: None,
        leaves_by: None,
        start_by: at(120),
        at: at(0),
        people,
    }
}

pub(super) fn outcome(claim: &Claim, state: PersonState, by: Option<&str>) -> Outcome {
    let by = by.map(str::to_owned);
    Outcome {
        claim: claim.id.clone(),
        state,
        others: Vec::new(),
        at: at(1),
        why: by.clone(),
        by,
        proof: None,
        known: None,
    }
}

pub(super) fn taken(people: &[u64]) -> Grant {
    Grant::ClaimedElsewhere(people.iter().copied().map(Person).collect())
}

/// A run that opens the ledger.
fn visit() -> Visit {
    Visit::new(RunId(1), "apply", at(0))
}

/// A ledger in a database of its own.
pub(super) struct Home {
    database: Database,
    expected: Binding,
}

impl Home {
    pub(super) async fn new() -> Self {
        let url = Some(Cluster::shared().database().into());
        let database = Database { url, authorities: None::<PathBuf>, schema: "sent".to_owned(), seen: None };
        let keys = Some(vec![Key::from_bytes([1; Key::LENGTH]).id()]);
        let project = ProjectId::parse("acme-shop").unwrap();
        let expected = Binding { project, gateway: "sandbox".to_owned(), keys, seals: Seals::none() };
        database.create(&expected.header(), &visit()).await.unwrap();
        Self { database, expected }
    }

    pub(super) async fn open(&self) -> Postgres {
        Postgres::open(&self.database, &self.expected, &visit()).await.unwrap()
    }

    /// Runs a statement beside the store.
    pub(super) fn sql(&self, statement: &str) -> String {
        Cluster::shared().sql(self.url(), statement)
    }

    /// The database's URL.
    pub(super) fn url(&self) -> &str {
        secrecy::ExposeSecret::expose_secret(self.database.url.as_ref().unwrap())
    }

    /// How somebody stands, by the database alone.
    pub(super) async fn standing(&self, person: u64) -> Standing {
        let ledger = self.database.read(&self.expected).await.unwrap();
        ledger.standing(&message(), revision(), Person(person), View::Exclusive)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_come_together_grant_everybody_once() {
    let home = Home::new().await;
    let stores = [home.open().await, home.open().await, home.open().await];
    // Each pair of neighbours shares a person.
    let wanted: Vec<(usize, Claim)> =
        (0..60).map(|number| (number % 3, claim(&[number as u64, number as u64 + 1], 1, number as u64))).collect();
    let grants = join_all(wanted.iter().map(|(store, claim)| stores[*store].claim(claim.clone()))).await;
    let mut granted: BTreeMap<Person, u32> = BTreeMap::new();
    for (grant, (_, claim)) in grants.into_iter().zip(&wanted) {
        if grant.unwrap() == Grant::Granted {
            claim.people.iter().for_each(|person| *granted.entry(*person).or_default() += 1);
        }
    }
    assert!(granted.values().all(|count| *count == 1), "{granted:?}");
    // Of two neighbours who refuse each other at once one may go through later, but never none of all.
    assert!(granted.len() >= 2 * 20, "{granted:?}");
    let ledger = home.database.read(&home.expected).await.unwrap();
    assert_eq!(ledger.claims().map(|claim| claim.claim().people.len()).sum::<usize>(), granted.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_people_are_free_for_all_and_accepted_ones_for_nobody() {
    let home = Home::new().await;
    let (one, other) = (home.open().await, home.open().await);
    let first = claim(&[1, 2], 1, 1);
    assert_eq!(one.claim(first.clone()).await.unwrap(), Grant::Granted);
    assert!(matches!(one.claim(first.clone()).await, Err(StoreError::Entry(_))), "an id is claimed once");
    assert!(matches!(one.claim(claim(&[4, 3], 1, 1)).await, Err(StoreError::Entry(_))), "people are in order");
    assert_eq!(other.claim(claim(&[2, 3], 1, 2)).await.unwrap(), taken(&[2]));
    assert_eq!(home.standing(3).await, Standing::Free, "nothing is written of a claim that is not granted");
    one.settle(outcome(&first, PersonState::Refused, None)).await.unwrap();
    let second = claim(&[2, 3], 2, 2);
    assert_eq!(other.claim(second.clone()).await.unwrap(), Grant::Granted);

    // A late word on the first frees nobody whom the second has, whoever is asked to write it.
    other.catch_up().await.unwrap();
    one.settle(outcome(&first, PersonState::Refused, Some("ana"))).await.unwrap();
    assert_eq!(one.claim(claim(&[2], 3, 1)).await.unwrap(), taken(&[2]));
    // A word that it was sent after all holds them, although the second gives them back.
    one.settle(outcome(&first, PersonState::Accepted, Some("ana"))).await.unwrap();
    other.settle(outcome(&second, PersonState::Refused, None)).await.unwrap();
    assert_eq!(home.standing(2).await, Standing::Accepted);
    let third = home.open().await;
    assert_eq!(third.claim(claim(&[1, 2, 3], 1, 3)).await.unwrap(), taken(&[1, 2]));
    assert_eq!(third.claim(claim(&[3], 1, 3)).await.unwrap(), Grant::Granted);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_claim_of_another_run_is_known() {
    let home = Home::new().await;
    let (one, other) = (home.open().await, home.open().await);
    let first = claim(&[1, 2], 1, 1);
    assert_eq!(one.claim(first.clone()).await.unwrap(), Grant::Granted);
    let mut rejected = outcome(&first, PersonState::Refused, None);
    rejected.others = vec![(Person(2), PersonState::Rejected(14))];
    one.settle(rejected).await.unwrap();
    let second = claim(&[1, 2, 3], 1, 2);
    assert_eq!(other.claim(second.clone()).await.unwrap(), Grant::Granted);
    for (person, expect) in [(1, true), (2, false), (3, false)] {
        let id = MessageId { message: message(), revision: revision(), person: Person(person) };
        assert_eq!(other.claimed_before(&id, &second.id).await.unwrap(), expect, "{person}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_bound_anew_takes_no_claim_of_a_run_from_before() {
    let home = Home::new().await;
    let before = home.open().await;
    assert_eq!(before.claim(claim(&[1, 2], 1, 1)).await.unwrap(), Grant::Granted);
    let mut to = home.expected.header();
    to.gateway = "elsewhere".to_owned();
    home.database.rebind(&home.expected, &to, &visit()).await.unwrap();
    let refused = before.claim(claim(&[3, 4], 1, 1)).await.unwrap_err();
    assert_eq!(refused.to_string(), DatabaseError::Rebound.to_string());
    assert!(refused.is_surely_not_written());
    let expected = Binding { gateway: to.gateway, ..home.expected };
    let after = Postgres::open(&home.database, &expected, &visit()).await.unwrap();
    assert_eq!(after.ledger().claims().count(), 1);
    assert_eq!(after.claim(claim(&[3, 4], 1, 2)).await.unwrap(), Grant::Granted);
}

/// A ledger with one claim, and what became of it.
pub(super) fn ledger(home: &Home, claim: &Claim, state: Option<PersonState>) -> Ledger {
    let mut ledger = Ledger::new(home.expected.header());
    ledger.add_claim(claim.clone()).unwrap();
    if let Some(state) = state {
        ledger.add_outcome(outcome(claim, state, None)).unwrap();
    }
    ledger
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_joined_in_frees_people_and_nobody_whom_another_claim_holds() {
    let home = Home::new().await;
    let store = home.open().await;
    let first = claim(&[1, 2], 1, 1);
    store.join(&ledger(&home, &first, None)).await.unwrap();
    assert_eq!(store.claim(claim(&[1], 1, 2)).await.unwrap(), taken(&[1]));
    store.join(&ledger(&home, &first, Some(PersonState::Refused))).await.unwrap();
    assert_eq!(store.claim(claim(&[1], 1, 2)).await.unwrap(), Grant::Granted);
    // Joined in again it frees nobody whom the second has.
    store.join(&ledger(&home, &first, Some(PersonState::Refused))).await.unwrap();
    assert_eq!(home.open().await.claim(claim(&[1], 1, 3)).await.unwrap(), taken(&[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_sent_to_by_a_ledger_that_is_joined_in_is_freed_by_nobody() {
    let home = Home::new().await;
    let (one, other) = (home.open().await, home.open().await);
    let first = claim(&[1, 2], 1, 1);
    assert_eq!(one.claim(first.clone()).await.unwrap(), Grant::Granted);
    other.join(&ledger(&home, &claim(&[2], 1, 2), Some(PersonState::Accepted))).await.unwrap();
    one.settle(outcome(&first, PersonState::Refused, None)).await.unwrap();
    assert_eq!(one.claim(claim(&[1, 2], 2, 1)).await.unwrap(), taken(&[2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_that_is_joined_in_holds_its_people_whoever_else_gives_them_back() {
    let home = Home::new().await;
    let (first, other) = (home.open().await, home.open().await);
    let (ours, joined) = (claim(&[1, 2], 1, 1), claim(&[2, 3], 1, 2));
    assert_eq!(first.claim(ours.clone()).await.unwrap(), Grant::Granted);
    other.join(&ledger(&home, &joined, None)).await.unwrap();
    let third = home.open().await;
    // The first knows nothing of the other claim.
    first.settle(outcome(&ours, PersonState::Refused, None)).await.unwrap();
    assert_eq!(first.claim(claim(&[1, 2], 2, 1)).await.unwrap(), taken(&[2]));
    // The third has seen the first claim open, and learns that it is not.
    third.settle(outcome(&joined, PersonState::Refused, Some("ana"))).await.unwrap();
    assert_eq!(first.claim(claim(&[1, 2, 3], 3, 1)).await.unwrap(), Grant::Granted);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_new_of_a_ledger_is_written() {
    let home = Home::new().await;
    let store = home.open().await;
    let first = claim(&[1, 2], 1, 1);
    assert_eq!(store.claim(first.clone()).await.unwrap(), Grant::Granted);
    store.settle(outcome(&first, PersonState::Accepted, None)).await.unwrap();
    store.join(&ledger(&home, &first, Some(PersonState::Accepted))).await.unwrap();
    assert_eq!(home.sql("SELECT count(*) FROM sent.outcomes"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_run_takes_none_of_its_own_bulks_again() {
    let home = Home::new().await;
    let (one, other) = (home.open().await, home.open().await);
    one.share(RunId(1), 1, "plan/v1:a", at(0), vec![bulk(1..3, None)]).await.unwrap();
    let Lease::Bulk(_) = one.take(RunId(1), &|_| false).await.unwrap() else { panic!("there is one") };
    home.sql("UPDATE sent.bulks SET taken_at = taken_at - interval '1 h'");
    home.sql("UPDATE sent.plans SET touched_at = touched_at - interval '1 h'");
    assert_eq!(one.take(RunId(1), &|_| false).await.unwrap(), Lease::Wait);
    other.share(RunId(2), 1, "plan/v1:a", at(0), vec![bulk(1..3, None)]).await.unwrap();
    assert!(matches!(other.take(RunId(2), &|_| false).await.unwrap(), Lease::Bulk(_)), "another may");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_bulks_are_taken_from_is_not_abandoned() {
    let home = Home::new().await;
    let one = home.open().await;
    one.share(RunId(1), 1, "plan/v1:a", at(0), vec![bulk(1..3, None), bulk(3..5, None)]).await.unwrap();
    home.sql("UPDATE sent.plans SET touched_at = touched_at - interval '1 h'");
    assert!(matches!(one.take(RunId(1), &|_| false).await.unwrap(), Lease::Bulk(_)));
    let age = "SELECT clock_timestamp() - touched_at < interval '1 minute' FROM sent.plans";
    assert_eq!(home.sql(age), "t");
}

fn bulk(people: std::ops::Range<u64>, paced: Option<(i64, i64)>) -> Bulk {
    let recipient = |person| Recipient { person: Person(person), content: ContentDigest(person), row: RowAt(0) };
    Bulk {
        message: message(),
        revision: revision(),
        time: BulkTime::Start(0),
        send_at: paced.and_then(|(start, _)| (start > 0).then(|| at(start))),
        until: paced.map(|(_, until)| at(until)),
        recipients: people.map(recipient).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_plan_is_taken_once_and_claimed_by_its_takers_only() {
    let home = Home::new().await;
    let (one, other) = (home.open().await, home.open().await);
    let plan = || vec![bulk(1..3, None), bulk(3..5, None), bulk(5..7, None)];
    one.share(RunId(1), 1, "plan/v1:a", at(0), plan()).await.unwrap();
    other.share(RunId(2), 1, "plan/v1:b", at(0), vec![bulk(8..9, None)]).await.unwrap();
    let mut people = Vec::new();
    for (store, run) in [(&one, 1), (&other, 2), (&one, 1)] {
        let Lease::Bulk(bulk) = store.take(RunId(run), &|_| false).await.unwrap() else { panic!("there is one") };
        people.extend(bulk.people.iter().map(|(person, _)| person.0));
    }
    assert_eq!(people, [1, 2, 3, 4, 5, 6]);
    assert_eq!(other.take(RunId(2), &|_| false).await.unwrap(), Lease::Wait);
    assert_eq!(one.claim(claim(&[1, 2], 1, 1)).await.unwrap(), Grant::Granted);

    // Whoever was too slow has lost the bulk, though nobody has claimed its people yet.
    let expire = "UPDATE sent.bulks SET taken_at = taken_at - interval '1 h' WHERE run = 1 AND NOT done";
    home.sql(expire);
    let Lease::Bulk(again) = other.take(RunId(2), &|_| false).await.unwrap() else { panic!("it is anybody's again") };
    assert_eq!(again.people[0].0, Person(5));
    assert_eq!(one.claim(claim(&[5, 6], 1, 1)).await.unwrap(), taken(&[5, 6]));
    for people in [[3, 4], [5, 6]] {
        assert_eq!(other.take(RunId(2), &|_| false).await.unwrap(), Lease::Wait);
        assert_eq!(other.claim(claim(&people, 1, 2)).await.unwrap(), Grant::Granted);
    }
    // A plan that is used up is replaced.
    assert_eq!(other.take(RunId(2), &|_| false).await.unwrap(), Lease::UsedUp);
    other.share(RunId(2), 2, "plan/v1:c", at(0), vec![bulk(8..9, None)]).await.unwrap();
    let Lease::Bulk(last) = other.take(RunId(2), &|_| false).await.unwrap() else { panic!("there is one") };
    assert_eq!(last.people, [(Person(8), ContentDigest(8))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_late_bulks_of_any_workers_are_sent_at_one_time() {
    let home = Home::new().await;
    let (one, other) = (home.open().await, home.open().await);
    one.share(RunId(1), 1, "plan/v1:a", at(0), vec![bulk(1..3, Some((0, 60))), bulk(3..5, Some((60, 120)))])
        .await
        .unwrap();
    let Lease::Bulk(first) = other_takes(&other).await else { panic!("there is one") };
    assert_eq!((first.send_at, first.until), (None, Some(at(70))), "it has time to be claimed");
    let Lease::Bulk(second) = other_takes(&other).await else { panic!("there is one") };
    assert_eq!((second.send_at, second.until), (Some(at(70)), Some(at(130))));
    let late = LateBulk { message: (message(), revision()), earliest: at(10), length_ms: 30_000 };
    let mut starts =
        join_all([&one, &other, &one, &other].map(|store| async { store.late_start(&late).await.unwrap() })).await;
    starts.sort();
    assert_eq!(starts, [at(130), at(160), at(190), at(220)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_keeps_clear_of_the_times_of_the_one_that_was_used_up() {
    let home = Home::new().await;
    let one = home.open().await;
    let begin = async |nth, digest| {
        one.share(RunId(1), nth, digest, at(0), vec![bulk(1..3, Some((0, 60)))]).await.unwrap();
        let Lease::Bulk(bulk) = one.take(RunId(1), &|_| false).await.unwrap() else { panic!("there is one") };
        let ours = claim(&[1, 2], nth, 1);
        assert_eq!(one.claim(ours.clone()).await.unwrap(), Grant::Granted);
        one.settle(outcome(&ours, PersonState::Refused, None)).await.unwrap();
        (bulk.send_at, bulk.until)
    };
    assert_eq!(begin(1, "plan/v1:a").await, (None, Some(at(70))));
    // Whoever took the first may send it once more.
    assert_eq!(begin(2, "plan/v1:b").await, (Some(at(70)), Some(at(130))));
    home.sql("UPDATE sent.plans SET touched_at = touched_at - interval '1 h'");
    assert_eq!(begin(3, "plan/v1:c").await, (None, Some(at(70))), "nobody is left of it");
}

async fn other_takes(store: &Postgres) -> Lease {
    store.share(RunId(2), 1, "plan/v1:b", at(0), vec![bulk(1..3, None)]).await.unwrap();
    store.take(RunId(2), &|_| false).await.unwrap()
}
