//! Whoever every claim gave back is free for all, whichever claim has their row, and nobody else is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use futures_util::future::join;
use sendform::identity::{Person, SenderId};
use sendform::ledger::{Claim, Decision, Evidence, Grant, MessageRecord, PersonState, Sighting, Standing, Testimony};
use sendform::store::Postgres;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::support::Cluster;

use super::claims::{Home, at, claim, ledger, message, outcome, revision, taken};

/// Says that nothing was sent for a claim.
async fn give_back(store: &Postgres, claim: &Claim) {
    store.catch_up().await.unwrap();
    store.settle(outcome(claim, PersonState::Refused, Some("ana"))).await.unwrap();
}

impl Home {
    /// How many people have a row.
    fn rows(&self) -> String {
        self.sql("SELECT count(*) FROM sent.persons")
    }

    /// Has whoever inserts into a table, where a condition holds, say so and wait at a gate.
    async fn close_gate(&self, table: &str, condition: &str) -> Gate {
        let folder = tempfile::tempdir().unwrap();
        // The server is another user.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let arrived = folder.path().join("arrived");
        assert!(Command::new("mkfifo").args(["-m", "666"]).arg(&arrived).status().unwrap().success());
        let (keeper, connection) = tokio_postgres::connect(self.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        keeper.batch_execute("SELECT pg_advisory_lock(1)").await.unwrap();
        self.sql(&format!(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN IF NOT pg_try_advisory_xact_lock(1) THEN COPY (SELECT 1) TO PROGRAM ''cat >{}''; \
             PERFORM pg_advisory_xact_lock(1); END IF; RETURN NEW; END'; \
             CREATE TRIGGER wait BEFORE INSERT ON sent.{table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION wait()",
            arrived.display()
        ));
        Gate { folder, keeper }
    }
}

/// Where somebody waits in the middle of a transaction.
struct Gate {
    folder: TempDir,
    keeper: tokio_postgres::Client,
}

impl Gate {
    /// Does something while somebody else is at the gate, and opens it.
    async fn meanwhile<T>(self, waits: impl Future<Output = T>, deed: impl Future<Output = ()>) -> T {
        let deed = async {
            let arrived = self.folder.path().join("arrived");
            tokio::task::spawn_blocking(|| fs::read(arrived)).await.unwrap().unwrap();
            deed.await;
            self.keeper.batch_execute("SELECT pg_advisory_unlock(1)").await.unwrap();
        };
        Box::pin(join(waits, deed)).await.0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_two_joined_doubts_give_back_is_free_in_whatever_order() {
    for order in [[0, 1], [1, 0]] {
        let home = Home::new().await;
        let store = home.open().await;
        let doubts = [claim(&[1, 2], 1, 1), claim(&[2, 3], 1, 2)];
        for doubt in &doubts {
            store.join(&ledger(&home, doubt, None)).await.unwrap();
        }
        for turn in order {
            assert_ne!(home.standing(2).await, Standing::Free);
            give_back(&home.open().await, &doubts[turn]).await;
        }
        assert_eq!(home.rows(), "0", "{order:?}");
        assert_eq!(store.claim(claim(&[1, 2, 3], 1, 3)).await.unwrap(), Grant::Granted, "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_settle_at_once_keep_nobody_back() {
    let home = Home::new().await;
    let store = home.open().await;
    let doubts: Vec<[Claim; 2]> =
        (0..20).map(|at| 3 * at).map(|at| [claim(&[at, at + 1], 1, 1), claim(&[at + 1, at + 2], 1, 2)]).collect();
    for doubt in doubts.iter().flatten() {
        store.join(&ledger(&home, doubt, None)).await.unwrap();
    }
    let (one, other) = (home.open().await, home.open().await);
    let settle = async |store: &Postgres, claim| store.settle(outcome(claim, PersonState::Refused, None)).await;
    for [first, second] in &doubts {
        let (first, second) = Box::pin(join(settle(&one, first), settle(&other, second))).await;
        first.and(second).unwrap();
    }
    assert_eq!(home.rows(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_frees_whom_a_doubt_that_it_has_not_heard_of_gave_back() {
    let home = Home::new().await;
    let (run, other) = (home.open().await, home.open().await);
    let (ours, doubt) = (claim(&[2, 3], 1, 2), claim(&[1, 2], 1, 1));
    assert_eq!(run.claim(ours.clone()).await.unwrap(), Grant::Granted);
    other.join(&ledger(&home, &doubt, None)).await.unwrap();
    give_back(&other, &doubt).await;
    run.settle(outcome(&ours, PersonState::Refused, None)).await.unwrap();
    assert_eq!(home.rows(), "0");
    assert_eq!(run.claim(claim(&[2, 3], 2, 2)).await.unwrap(), Grant::Granted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_left_behind_does_not_keep_its_person_from_a_claim() {
    let home = Home::new().await;
    let (store, stale) = (home.open().await, home.open().await);
    let first = claim(&[1, 2], 1, 1);
    assert_eq!(store.claim(first.clone()).await.unwrap(), Grant::Granted);
    store.settle(outcome(&first, PersonState::Refused, None)).await.unwrap();
    home.sql("INSERT INTO sent.persons SELECT message, 2, id FROM sent.claims");
    assert_eq!(stale.claim(claim(&[2, 3], 1, 2)).await.unwrap(), Grant::Granted);
    // A row of a claim that is nowhere says nothing of which anybody knows the end.
    home.sql("INSERT INTO sent.persons SELECT DISTINCT message, 1, 4711 FROM sent.claims");
    assert_eq!(stale.claim(claim(&[1], 1, 2)).await.unwrap(), taken(&[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_freed_whom_a_claim_holds_that_has_no_row() {
    let home = Home::new().await;
    let (store, stale) = (home.open().await, home.open().await);
    let first = claim(&[1, 2], 1, 1);
    assert_eq!(store.claim(first.clone()).await.unwrap(), Grant::Granted);
    store.settle(outcome(&first, PersonState::Refused, None)).await.unwrap();
    stale.catch_up().await.unwrap();
    let number = home.sql("SELECT id FROM sent.claims");
    store.join(&ledger(&home, &claim(&[2, 3], 1, 2), None)).await.unwrap();
    home.sql(&format!("UPDATE sent.persons SET claim = {number}"));
    assert_eq!(stale.claim(claim(&[2], 1, 3)).await.unwrap(), taken(&[2]));
}

/// The row is another claim's by the time that a refusal is joined in, and one that is in flight would
/// be left without any.
#[tokio::test(flavor = "multi_thread")]
async fn joining_frees_nobody_who_was_claimed_since_it_looked() {
    let home = Home::new().await;
    let [store, run, stale, other, joining] =
        [home.open().await, home.open().await, home.open().await, home.open().await, home.open().await];
    let doubt = claim(&[1, 2], 1, 1);
    let mut refused = ledger(&home, &doubt, Some(PersonState::Refused));
    refused.add_message(record());
    let gate = home.close_gate("messages", "true").await;
    let joined = gate.meanwhile(joining.join(&refused), async {
        assert_eq!(run.claim(claim(&[2, 3], 1, 2)).await.unwrap(), Grant::Granted);
        other.join(&ledger(&home, &doubt, None)).await.unwrap();
    });
    Box::pin(joined).await.unwrap();
    assert_eq!(stale.claim(claim(&[2], 1, 3)).await.unwrap(), taken(&[2]));
    assert_eq!(store.claim(claim(&[1], 1, 3)).await.unwrap(), Grant::Granted);
}

fn record() -> MessageRecord {
    let (sender, text) = (SenderId::parse("shop").unwrap(), "Hello!".to_owned());
    let (at, earlier) = (at(0), std::collections::BTreeSet::new());
    MessageRecord { message: message(), revision: revision(), sender, text, audience: 3, at, terms: None, earlier }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_that_is_joined_in_again_takes_nobody_from_another() {
    let home = Home::new().await;
    let store = home.open().await;
    let (first, second) = (claim(&[1, 2], 1, 1), claim(&[2, 3], 1, 2));
    store.join(&ledger(&home, &first, None)).await.unwrap();
    let before = home.open().await;
    store.join(&ledger(&home, &second, None)).await.unwrap();
    let mut more = ledger(&home, &first, None);
    let others = vec![(Person(1), PersonState::Refused)];
    let mut partly = outcome(&first, PersonState::Claimed, None);
    partly.others = others;
    more.add_outcome(partly).unwrap();
    store.join(&more).await.unwrap();
    // This one does not know of the second.
    before.settle(outcome(&first, PersonState::Refused, Some("ana"))).await.unwrap();
    assert_eq!(before.claim(claim(&[2], 1, 3)).await.unwrap(), taken(&[2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_on_a_claim_that_was_joined_in_settled_holds_its_people() {
    let home = Home::new().await;
    let (store, run) = (home.open().await, home.open().await);
    let first = claim(&[1, 2], 1, 1);
    store.join(&ledger(&home, &first, Some(PersonState::Refused))).await.unwrap();
    let ours = claim(&[2], 1, 2);
    assert_eq!(run.claim(ours.clone()).await.unwrap(), Grant::Granted);
    store.settle(outcome(&first, PersonState::Accepted, Some("ana"))).await.unwrap();
    run.settle(outcome(&ours, PersonState::Refused, None)).await.unwrap();
    assert_eq!(run.claim(claim(&[2], 2, 2)).await.unwrap(), taken(&[2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_is_written_although_what_others_wrote_cannot_be_read() {
    let home = Home::new().await;
    let run = home.open().await;
    let ours = claim(&[1, 2], 1, 1);
    assert_eq!(run.claim(ours.clone()).await.unwrap(), Grant::Granted);
    run.join(&ledger(&home, &claim(&[1], 1, 2), None)).await.unwrap();
    home.sql("INSERT INTO sent.claims SELECT id, 1, 1, 'x' FROM sent.ledgers");
    let mut accepted = outcome(&ours, PersonState::Accepted, None);
    accepted.others = vec![(Person(1), PersonState::Refused)];
    run.settle(accepted).await.unwrap();
    assert_eq!(home.sql("SELECT count(*) FROM sent.outcomes"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_does_not_wait_for_whoever_joins_a_ledger_in() {
    let home = Home::new().await;
    let (run, other) = (home.open().await, home.open().await);
    let ours = claim(&[1, 2], 1, 1);
    assert_eq!(run.claim(ours.clone()).await.unwrap(), Grant::Granted);
    let mut large = ledger(&home, &claim(&[2, 3], 1, 2), None);
    large.add_claim(claim(&[4, 5], 7, 2)).unwrap();
    let gate = home.close_gate("claims", "NEW.line LIKE '%\"attempt\":7%'").await;
    let joined = gate.meanwhile(other.join(&large), async {
        let settling = run.settle(outcome(&ours, PersonState::Refused, None));
        tokio::time::timeout(Duration::from_secs(10), settling).await.expect("nobody waits").unwrap();
    });
    Box::pin(joined).await.unwrap();
    assert_eq!(run.claim(claim(&[1], 2, 1)).await.unwrap(), Grant::Granted);
    assert_eq!(run.claim(claim(&[2], 2, 1)).await.unwrap(), taken(&[2]));
}

/// What the logs say of everybody in a claim.
fn evidence(claim: &Claim, is_there: bool) -> Vec<Evidence> {
    let row = Sighting { bulk: Some(claim.id.bulk.to_string()), state: PersonState::Accepted, sent_at: None };
    let rows = if is_there { vec![row] } else { Vec::new() };
    let testimony = |person: &_| Testimony { person: *person, rows: rows.clone(), absence_proves: true };
    vec![Evidence {
        claim: claim.id.clone(),
        at: at(60),
        lives_at: at(60),
        people: claim.people.iter().map(testimony).collect(),
    }]
}

/// What came of evidence for a claim.
async fn weighed(store: &Postgres, claim: &Claim, is_there: bool) -> Vec<Decision> {
    store.weigh(evidence(claim, is_there)).await.unwrap().remove(0).decisions
}

/// A claim whose people were freed, with the store that knows of it.
async fn freed(home: &Home) -> (Postgres, Claim) {
    let (store, first) = (home.open().await, claim(&[1, 2], 1, 1));
    assert_eq!(store.claim(first.clone()).await.unwrap(), Grant::Granted);
    store.settle(outcome(&first, PersonState::Refused, None)).await.unwrap();
    (store, first)
}

/// Waits until a session waits for another's transaction, or at the gate.
async fn wait_for_waiter(home: &Home, is_at_gate: bool) {
    let comparison = if is_at_gate { "=" } else { "<>" };
    let query = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND wait_event_type = 'Lock' AND wait_event {comparison} 'advisory'"
    );
    for _ in 0..1000 {
        let (url, query) = (home.url().to_owned(), query.clone());
        let found = tokio::task::spawn_blocking(move || Cluster::shared().sql(&url, &query)).await.unwrap();
        if found == "1" {
            return;
        }
    }
    panic!("nobody waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_on_its_way_is_seen_by_whoever_weighs() {
    let home = Home::new().await;
    let (store, first) = freed(&home).await;
    let run = home.open().await;
    let gate = home.close_gate("claims", "true").await;
    let resend = claim(&[1, 2], 1, 2);
    let at_gate = Notify::new();
    let claiming = gate.meanwhile(run.claim(resend), async {
        at_gate.notify_one();
        // The row is the resend's, or the first's, and nobody can tell.
        wait_for_waiter(&home, false).await;
    });
    let weighing = async {
        at_gate.notified().await;
        weighed(&store, &first, true).await
    };
    let (granted, found) = Box::pin(join(claiming, weighing)).await;
    assert_eq!((granted.unwrap(), found), (Grant::Granted, vec![Decision::Settled; 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_comes_while_a_row_is_weighed_is_too_late() {
    let home = Home::new().await;
    let (store, first) = freed(&home).await;
    let run = home.open().await;
    let gate = home.close_gate("outcomes", "true").await;
    let weighing = gate.meanwhile(weighed(&store, &first, true), wait_for_waiter(&home, false));
    let claiming = async {
        // Not before everybody is locked.
        wait_for_waiter(&home, true).await;
        run.claim(claim(&[2, 3], 1, 2)).await.unwrap()
    };
    let (found, granted) = Box::pin(join(weighing, claiming)).await;
    assert_eq!((found, granted), (vec![Decision::Accepted; 2], taken(&[2])));
    assert_eq!(home.standing(1).await, Standing::Accepted);
    assert_eq!(home.rows(), "2");
}

/// Words, evidence and claims about the same people and claims, at once and again and again.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_locks_people_and_claims_waits_for_nobody_in_a_circle() {
    let home = Home::new().await;
    let stores = [home.open().await, home.open().await, home.open().await];
    for turn in 0..30 {
        let at = 3 * turn;
        let doubts = [claim(&[at, at + 1], 1, 1), claim(&[at + 1, at + 2], 1, 2)];
        for doubt in &doubts {
            stores[0].join(&ledger(&home, doubt, None)).await.unwrap();
            stores[0].settle(outcome(doubt, PersonState::Claimed, None)).await.unwrap();
        }
        stores[1].catch_up().await.unwrap();
        stores[2].catch_up().await.unwrap();
        let both = doubts.iter().flat_map(|doubt| evidence(doubt, true)).collect();
        let word = |store: usize, doubt: usize| {
            stores[store].settle(outcome(&doubts[doubt], PersonState::Accepted, Some("ana")))
        };
        let (weighed, (one, other)) = Box::pin(join(stores[0].weigh(both), join(word(1, 0), word(2, 1)))).await;
        weighed.map(drop).and(one).and(other).unwrap();
    }
    drop(stores);
    assert_eq!(home.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), "0");
    assert_eq!(home.rows(), "90");
}
