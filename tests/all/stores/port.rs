//! What a store promises to whoever applies: two handles on one ledger, side by side where the store
//! allows it, else one after the other.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sendform::apply::Store as _;
use sendform::identity::{Key, KeyId, Keys, Person, ProjectId};
use sendform::ledger::{Claim, Grant, Ledger, PersonState, Standing};
use sendform::store::{Binding, OpenLedger, StoreError};

use super::ground::{Ground, Kind};
use super::sample::{LATER, NOON, claim, expected, message, message_id, outcome, record, standing, standings, visit};

on_every_store!(
    a_ledger_is_made_once_and_never_by_opening,
    a_ledger_is_bound_to_project_gateway_and_keys,
    all_runs_make_their_claims_with_one_key,
    a_granted_claim_outlives_its_run,
    whoever_is_taken_is_named,
    what_was_not_sent_is_free_again,
    an_outcome_of_a_claim_that_never_came_harms_nothing,
    rejected_people_may_be_claimed_and_those_given_up_may_not,
    an_earlier_claim_is_known_everywhere,
    what_a_message_is_is_kept,
    ledgers_are_joined_once_and_for_all,
    ending_a_run_changes_nothing,
    overlapping_claims_at_once_go_to_one_each,
    two_machines_at_once_share_the_people,
);

pub(super) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

pub(super) async fn made(kind: Kind) -> Ground {
    let ground = Ground::new(kind);
    ground.home(0).create(expected().header(), &expected(), &visit()).await.unwrap();
    ground
}

pub(super) async fn open(ground: &Ground, machine: usize) -> OpenLedger {
    ground.home(machine).open(&expected(), &visit()).await.unwrap()
}

/// Opens the ledger from another machine when the first run has ended, and all that it has settled is
/// everywhere.
async fn after(ground: &Ground, first: OpenLedger) -> OpenLedger {
    first.finish().await.unwrap();
    open(ground, 1).await
}

/// Opens the ledger from another machine: beside the first run where the store allows that, else
/// after it has died.
async fn beside(ground: &Ground, first: OpenLedger) -> (Option<OpenLedger>, OpenLedger) {
    if ground.kind().is_shared() {
        return (Some(first), open(ground, 1).await);
    }
    let held = ground.home(1).open(&expected(), &visit()).await;
    assert!(matches!(held, Err(StoreError::Held { .. })), "{held:?}");
    drop(first);
    (None, open(ground, 1).await)
}

/// What somebody sees who only looks, an hour later.
pub(super) async fn look(ground: &Ground) -> Ledger {
    ground.home(2).look(&expected(), NOON).await.unwrap().ledger
}

pub(super) async fn granted(store: &OpenLedger, claim: &Claim) {
    assert_eq!(store.claim(claim.clone()).await.unwrap(), Grant::Granted);
}

async fn taken(store: &OpenLedger, claim: &Claim) -> Vec<u64> {
    match store.claim(claim.clone()).await.unwrap() {
        Grant::Granted => panic!("granted"),
        Grant::ClaimedElsewhere(people) => people.into_iter().map(|Person(person)| person).collect(),
    }
}

fn is_missing<T>(result: &Result<T, StoreError>) -> bool {
    result.as_ref().is_err_and(StoreError::is_missing)
}

fn a_ledger_is_made_once_and_never_by_opening(kind: Kind) {
    wait(async {
        let ground = Ground::new(kind);
        let opened = ground.home(0).open(&expected(), &visit()).await;
        assert!(is_missing(&opened), "{opened:?}");
        let looked = ground.home(0).look(&expected(), NOON).await;
        assert!(is_missing(&looked), "{looked:?}");
        ground.home(0).create(expected().header(), &expected(), &visit()).await.unwrap();
        for machine in [0, 1] {
            let again = ground.home(machine).create(expected().header(), &expected(), &visit()).await;
            assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
        }
        open(&ground, 1).await.finish().await.unwrap();
        assert_eq!(look(&ground).await.header(), &expected().header());
    });
}

fn a_ledger_is_bound_to_project_gateway_and_keys(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let others = [
            Binding { project: ProjectId::parse("other-shop").unwrap(), ..expected() },
            Binding { gateway: "other.example".to_owned(), ..expected() },
            Binding { keys: Some(Keys::one(Key::from_bytes([8; Key::LENGTH])).ids()), ..expected() },
        ];
        for other in others {
            let opened = ground.home(1).open(&other, &visit()).await;
            let looked = ground.home(1).look(&other, NOON).await;
            let is_key = other.keys != expected().keys;
            for error in [opened.err(), looked.err()] {
                match error {
                    Some(StoreError::Foreign { .. }) => assert!(!is_key),
                    // A database has room for the ledgers of several projects.
                    Some(StoreError::Missing { .. }) if kind == Kind::Postgres => {
                        assert_ne!(other.project, expected().project);
                    }
                    Some(StoreError::KeyMissing { .. } | StoreError::KeyUnknown { .. }) => assert!(is_key),
                    error => panic!("{other:?}: {error:?}"),
                }
            }
        }
    });
}

fn all_runs_make_their_claims_with_one_key(kind: Kind) {
    let [old, new] = [7, 8].map(|byte| Key::from_bytes([byte; Key::LENGTH]).id());
    let keys = |keys: [&KeyId; 2]| Binding { keys: Some(keys.map(Clone::clone).to_vec()), ..expected() };
    let any = Binding { keys: None, ..expected() };
    wait(async {
        let ground = made(kind).await;
        let [home, other] = [0, 1].map(|machine| ground.home(machine));
        home.rebind(&any, keys([&old, &new]).header(), &visit()).await.unwrap();
        let first = home.open(&keys([&old, &new]), &visit()).await.unwrap();
        granted(&first, &claim(1, &[1])).await;
        let is_refused = |error: Option<StoreError>| matches!(error, Some(StoreError::KeyOrder { .. }));
        assert!(is_refused(other.look(&keys([&new, &old]), NOON).await.err()));
        if kind.is_shared() {
            assert!(is_refused(other.open(&keys([&new, &old]), &visit()).await.err()));
            other.rebind(&any, keys([&new, &old]).header(), &visit()).await.unwrap();
            first.claim(claim(1, &[2])).await.unwrap_err();
        } else {
            drop(first);
            other.rebind(&any, keys([&new, &old]).header(), &visit()).await.unwrap();
        }
        let second = other.open(&keys([&new, &old]), &visit()).await.unwrap();
        granted(&second, &claim(2, &[2])).await;
        assert_eq!(second.ledger().header().first_key(), Some(&new));
        assert!(is_refused(home.look(&keys([&old, &new]), NOON).await.err()));
    });
}

fn a_granted_claim_outlives_its_run(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let first = open(&ground, 0).await;
        granted(&first, &claim(1, &[1, 2])).await;
        let seen = look(&ground).await;
        assert_eq!(standings(&seen, [1, 2, 3]), [Standing::InDoubt, Standing::InDoubt, Standing::Free]);
        // It ends without a word.
        drop(first);
        let second = open(&ground, 1).await;
        assert_eq!(second.ledger().doubts(LATER).len(), 1);
        assert_eq!(taken(&second, &claim(2, &[1, 2])).await, [1, 2]);
    });
}

fn whoever_is_taken_is_named(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let first = open(&ground, 0).await;
        let (one, two) = (claim(1, &[1, 2, 3]), claim(1, &[4, 5]));
        granted(&first, &one).await;
        granted(&first, &two).await;
        first.settle(outcome(&two, PersonState::Accepted, &[])).await.unwrap();
        let (first, second) = beside(&ground, first).await;
        assert_eq!(taken(&second, &claim(2, &[0, 2, 3, 5, 6])).await, [2, 3, 5]);
        // Nothing of a refused claim was written.
        assert_eq!(standings(&look(&ground).await, [0, 6]), [Standing::Free; 2]);
        granted(&second, &claim(2, &[0, 6])).await;
        if let Some(first) = first {
            assert_eq!(taken(&first, &claim(1, &[6, 7])).await, [6]);
        }
    });
}

fn what_was_not_sent_is_free_again(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let first = open(&ground, 0).await;
        let one = claim(1, &[1, 2, 3, 4]);
        granted(&first, &one).await;
        let others = [(2, PersonState::Refused), (3, PersonState::Claimed)];
        first.settle(outcome(&one, PersonState::Accepted, &others)).await.unwrap();
        let second = after(&ground, first).await;
        assert_eq!(taken(&second, &claim(2, &[1, 2, 3, 4])).await, [1, 3, 4]);
        granted(&second, &claim(2, &[2])).await;
        // Whose claim was given back stays free for those who come later, not for two.
        let two = claim(2, &[8]);
        granted(&second, &two).await;
        second.settle(outcome(&two, PersonState::Refused, &[])).await.unwrap();
        let three = Claim { id: sendform::ledger::ClaimId { attempt: 2, ..two.id }, ..claim(2, &[8]) };
        granted(&second, &three).await;
        assert_eq!(taken(&second, &claim(3, &[8])).await, [8]);
    });
}

/// As of a claim that was given up before the store got to it.
fn an_outcome_of_a_claim_that_never_came_harms_nothing(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let first = open(&ground, 0).await;
        let never = outcome(&claim(1, &[1]), PersonState::Refused, &[]);
        drop(first.settle(never.clone()).now_or_never());
        assert!(matches!(first.settle(never).await, Err(StoreError::Entry(_))));
        let one = claim(1, &[1, 2]);
        granted(&first, &one).await;
        first.settle(outcome(&one, PersonState::Accepted, &[])).await.unwrap();
        first.finish().await.unwrap();
        assert_eq!(standings(&look(&ground).await, [1, 2]), [Standing::Accepted; 2]);
    });
}

fn rejected_people_may_be_claimed_and_those_given_up_may_not(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let first = open(&ground, 0).await;
        let one = claim(1, &[1, 2]);
        granted(&first, &one).await;
        first.settle(outcome(&one, PersonState::Rejected(14), &[(2, PersonState::Abandoned)])).await.unwrap();
        let second = after(&ground, first).await;
        let seen = standings(&look(&ground).await, [1, 2]);
        assert_eq!(seen, [Standing::Rejected(14), Standing::Abandoned]);
        assert_eq!(taken(&second, &claim(2, &[1, 2])).await, [2]);
        granted(&second, &claim(2, &[1])).await;
    });
}

fn an_earlier_claim_is_known_everywhere(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let first = open(&ground, 0).await;
        let one = claim(1, &[1, 2, 3]);
        granted(&first, &one).await;
        first.settle(outcome(&one, PersonState::Refused, &[(2, PersonState::Rejected(23))])).await.unwrap();
        let second = after(&ground, first).await;
        let two = claim(2, &[1]);
        granted(&second, &two).await;
        for (person, besides, expect) in
            [(1, &two, true), (2, &two, false), (9, &two, false), (1, &one, true), (3, &one, false), (3, &two, true)]
        {
            let known = second.claimed_before(&message_id(person), &besides.id).await.unwrap();
            assert_eq!(known, expect, "{person} besides the claim of run {:?}", besides.id.run);
        }
    });
}

fn what_a_message_is_is_kept(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let first = open(&ground, 0).await;
        first.record(record("Hello!")).await.unwrap();
        granted(&first, &claim(1, &[1])).await;
        let (first, second) = beside(&ground, first).await;
        assert_eq!(second.ledger().last_record(&message()), Some(&record("Hello!")));
        drop(first);
        second.finish().await.unwrap();
        assert_eq!(look(&ground).await.last_record(&message()), Some(&record("Hello!")));
    });
}

fn ledgers_are_joined_once_and_for_all(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let mut other = Ledger::new(expected().header());
        let (one, two) = (claim(5, &[1, 2]), claim(5, &[3]));
        for claim in [&one, &two] {
            other.add_claim(claim.clone()).unwrap();
        }
        other.add_outcome(outcome(&one, PersonState::Accepted, &[])).unwrap();
        other.add_message(record("Hello!"));
        for machine in [0, 1, 0] {
            let store = open(&ground, machine).await;
            store.join(other.clone()).await.unwrap();
            store.finish().await.unwrap();
            let seen = look(&ground).await;
            assert_eq!(seen.claims().len(), 2);
            assert_eq!(standings(&seen, [1, 2, 3]), [Standing::Accepted, Standing::Accepted, Standing::InDoubt]);
        }
        let store = open(&ground, 1).await;
        assert_eq!(taken(&store, &claim(6, &[2, 3, 4])).await, [2, 3]);
        let foreign = Binding { project: ProjectId::parse("other-shop").unwrap(), ..expected() };
        assert!(store.join(Ledger::new(foreign.header())).await.is_err());
        granted(&store, &claim(6, &[4])).await;
    });
}

fn ending_a_run_changes_nothing(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let first = open(&ground, 0).await;
        let one = claim(1, &[1, 2]);
        granted(&first, &one).await;
        first.settle(outcome(&one, PersonState::Accepted, &[])).await.unwrap();
        first.finish().await.unwrap();
        let text = look(&ground).await.write(&expected().seals);
        for machine in [1, 0, 1] {
            open(&ground, machine).await.finish().await.unwrap();
            assert_eq!(
                String::from_utf8(look(&ground).await.write(&expected().seals)),
                String::from_utf8(text.clone())
            );
        }
    });
}

/// Asks for a claim, and for what is left of it, until it is granted; who got whom.
async fn insist(store: &OpenLedger, run: u64, mut people: Vec<u64>) -> Vec<u64> {
    while !people.is_empty() {
        match store.claim(claim(run, &people)).await.unwrap() {
            Grant::Granted => break,
            Grant::ClaimedElsewhere(taken) => {
                assert!(!taken.is_empty() && taken.iter().all(|Person(person)| people.contains(person)), "{taken:?}");
                people.retain(|person| !taken.contains(&Person(*person)));
            }
        }
    }
    people
}

/// Thirty claims of ten people each, every one of which overlaps with ten others.
fn overlapping(first_run: u64) -> Vec<(u64, Vec<u64>)> {
    (0..30).map(|number| (first_run + number, (number..number + 10).collect())).collect()
}

/// Everybody of 39 was granted to one claim, and is in doubt by that one alone.
fn shared_out(seen: &Ledger, shares: &[Vec<u64>]) {
    let mut all: Vec<u64> = shares.iter().flatten().copied().collect();
    all.sort_unstable();
    assert_eq!(all, (0..39).collect::<Vec<u64>>());
    let mut claims: BTreeMap<Person, usize> = BTreeMap::new();
    for person in seen.claims().flat_map(|claim| claim.people()) {
        *claims.entry(person.0).or_default() += 1;
    }
    assert_eq!(claims.into_values().collect::<BTreeSet<_>>(), BTreeSet::from([1]));
    assert!((0..39).all(|person| standing(seen, person) == Standing::InDoubt));
}

fn overlapping_claims_at_once_go_to_one_each(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let store = open(&ground, 0).await;
        let shares = join_all(overlapping(1).into_iter().map(|(run, people)| insist(&store, run, people))).await;
        shared_out(&look(&ground).await, &shares);
    });
}

fn two_machines_at_once_share_the_people(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let stores = if kind.is_shared() {
            vec![open(&ground, 0).await, open(&ground, 1).await]
        } else {
            // The second machine's run is this one's: of one machine only one may have it open.
            vec![open(&ground, 0).await]
        };
        let claims = stores.iter().zip([1, 100]).flat_map(|(store, run)| {
            overlapping(run).into_iter().rev().map(move |(run, people)| insist(store, run, people))
        });
        let shares = join_all(claims).await;
        shared_out(&look(&ground).await, &shares);
        for store in stores {
            store.finish().await.unwrap();
        }
        shared_out(&look(&ground).await, &shares);
    });
}
