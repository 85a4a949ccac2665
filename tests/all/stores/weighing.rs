//! What the logs say, handed in by several settlers who asked at different times, in every order: one
//! row explains one claim, and whoever has a row is never free.

use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use sendform::apply::Store as _;
use sendform::ledger::{
    Claim, ClaimId, Decision, Evidence, Finding, Grant, Ledger, PersonState, Sighting, Standing, Testimony,
};
use sendform::store::OpenLedger;

use super::ground::{Ground, Kind};
use super::port::{granted, look, made, open, wait};
use super::sample::{NOON, claim, outcome, record, standing, standings};

on_every_store!(
    a_resend_is_not_booked_for_the_claim_whose_absence_was_proved,
    a_late_row_holds_whoever_was_freed_and_claimed_again,
    a_row_that_was_read_for_another_claim_holds_its_person,
    two_rows_are_two_messages,
    a_word_ends_an_alarm_and_outlives_its_run,
    many_doubts_are_settled_together_and_in_order,
    settlers_at_once_settle_everybody_once,
    what_rests_on_the_logs_survives_its_run,
);

/// So late that whatever was claimed at noon is dead.
const LATER: Timestamp = Timestamp::constant(1_796_040_000 + 3600, 0);

/// The same people claimed again, in the same bulk, by another run.
fn again(first: &Claim, run: u64, minutes: i64) -> Claim {
    let at = NOON + SignedDuration::from_mins(minutes);
    let id = ClaimId { run: sendform::ledger::RunId(run), ..first.id.clone() };
    Claim { id, at, start_by: at + SignedDuration::from_mins(2), ..first.clone() }
}

/// An accepted row of a claim's bulk, sent so many minutes after noon.
fn row(claim: &Claim, minutes: i64) -> Sighting {
    let sent_at = Some(NOON + SignedDuration::from_mins(minutes));
    Sighting { bulk: Some(claim.id.bulk.to_string()), state: PersonState::Accepted, sent_at }
}

/// What the logs say of all people of a claim.
fn evidence(claim: &Claim, rows: &[Sighting]) -> Evidence {
    let testimony = |person: &_| Testimony { person: *person, rows: rows.to_vec(), absence_proves: true };
    Evidence {
        claim: claim.id.clone(),
        at: LATER,
        lives_at: LATER,
        people: claim.people.iter().map(testimony).collect(),
    }
}

async fn weigh(store: &OpenLedger, evidence: Evidence) -> Vec<Decision> {
    store.weigh(vec![evidence]).await.unwrap().remove(0).decisions
}

/// Opens the ledger so many times, as settlers who do not hear of each other; with a lockfile there is
/// one, who keeps what it has learned.
async fn settlers(ground: &Ground) -> Vec<OpenLedger> {
    let count = if ground.kind().is_shared() { 3 } else { 1 };
    let mut settlers = Vec::new();
    for machine in 0..count {
        settlers.push(open(ground, machine).await);
    }
    settlers
}

/// In how many claims somebody is accepted.
fn accepted(ledger: &Ledger, person: u64) -> usize {
    let is_accepted = |state: Option<PersonState>| state == Some(PersonState::Accepted);
    ledger.claims().filter(|claim| is_accepted(claim.state(sendform::identity::Person(person)))).count()
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// Whoever is first proves that nothing was sent and sends again; the second still knows nothing of it and
/// has seen the row of what was sent, the third has seen nothing at all.
fn a_resend_is_not_booked_for_the_claim_whose_absence_was_proved(kind: Kind) {
    for is_answered in [true, false] {
        for order in ORDERS {
            wait(async {
                let ground = made(kind).await;
                let first = claim(1, &[1, 2]);
                let setup = open(&ground, 0).await;
                setup.record(record("Hello!")).await.unwrap();
                granted(&setup, &first).await;
                setup.finish().await.unwrap();
                let settlers = settlers(&ground).await;
                let at = |turn: usize| &settlers[order[turn] % settlers.len()];
                assert_eq!(weigh(at(0), evidence(&first, &[])).await, [Decision::Refused; 2]);
                let resend = again(&first, 2, 55);
                granted(at(0), &resend).await;
                // With a lockfile nobody is in flight while somebody else looks: what is sent is told first.
                let rows = [row(&first, 56)];
                if is_answered {
                    at(0).settle(outcome(&resend, PersonState::Accepted, &[])).await.unwrap();
                }
                if is_answered || kind.is_shared() {
                    assert_eq!(weigh(at(1), evidence(&first, &rows)).await, [Decision::Settled; 2], "{order:?}");
                }
                assert_eq!(weigh(at(2), evidence(&first, &[])).await, [Decision::Settled; 2], "{order:?}");
                for store in settlers {
                    store.finish().await.unwrap();
                }
                let seen = look(&ground).await;
                assert_eq!(accepted(&seen, 1), usize::from(is_answered), "{order:?}");
                assert_ne!(standing(&seen, 1), Standing::Free, "{order:?}");
                assert_eq!(seen.verify(), [], "{order:?}");
                // The run of the resend has died: its row is its own.
                if !is_answered {
                    let store = open(&ground, 1).await;
                    assert_eq!(weigh(&store, evidence(&resend, &rows)).await, [Decision::Accepted; 2]);
                    store.finish().await.unwrap();
                    assert_eq!((accepted(&look(&ground).await, 1), look(&ground).await.verify()), (1, vec![]));
                }
            });
        }
    }
}

/// Absence was proved too early: the row comes late, when the people are claimed again.
fn a_late_row_holds_whoever_was_freed_and_claimed_again(kind: Kind) {
    for same_bulk in [true, false] {
        wait(async {
            let ground = made(kind).await;
            let store = open(&ground, 0).await;
            let first = claim(1, &[1, 2]);
            granted(&store, &first).await;
            assert_eq!(weigh(&store, evidence(&first, &[])).await, [Decision::Refused; 2]);
            let resend = if same_bulk { again(&first, 2, 55) } else { claim(2, &[2, 3]) };
            granted(&store, &resend).await;
            assert_eq!(weigh(&store, evidence(&first, &[row(&first, 0)])).await, [Decision::Accepted; 2]);
            // Nothing came of the second, and still nobody is free whom the first holds.
            store.settle(outcome(&resend, PersonState::Refused, &[])).await.unwrap();
            store.finish().await.unwrap();
            assert_eq!(standings(&look(&ground).await, [1, 2]), [Standing::Accepted; 2]);
            let store = open(&ground, 0).await;
            for person in [1, 2] {
                let claimed = store.claim(claim(3, &[person])).await.unwrap();
                assert_eq!(claimed, Grant::ClaimedElsewhere(vec![sendform::identity::Person(person)]), "{same_bulk}");
            }
        });
    }
}

/// The row comes late again; now it is read for the second claim, and handed in when that one is settled.
fn a_row_that_was_read_for_another_claim_holds_its_person(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let store = open(&ground, 0).await;
        store.record(record("Hello!")).await.unwrap();
        let first = claim(1, &[1, 2]);
        granted(&store, &first).await;
        assert_eq!(weigh(&store, evidence(&first, &[])).await, [Decision::Refused; 2]);
        let resend = again(&first, 2, 55);
        granted(&store, &resend).await;
        store.settle(outcome(&resend, PersonState::Refused, &[])).await.unwrap();
        let read = [evidence(&resend, &[row(&first, 0)])];
        let weighed = store.weigh(read.to_vec()).await.unwrap().remove(0);
        assert_eq!(weighed.decisions, [Decision::Settled; 2]);
        assert_eq!(weighed.outcomes.iter().map(|outcome| &outcome.claim).collect::<Vec<_>>(), [&first.id]);
        store.finish().await.unwrap();
        assert_eq!(standings(&look(&ground).await, [1, 2]), [Standing::Accepted; 2]);
        let store = open(&ground, 0).await;
        for person in [1, 2] {
            let claimed = store.claim(claim(3, &[person])).await.unwrap();
            assert_eq!(claimed, Grant::ClaimedElsewhere(vec![sendform::identity::Person(person)]));
        }
        assert_eq!(weigh(&store, evidence(&resend, &[row(&first, 0)])).await, [Decision::Settled; 2]);
        store.finish().await.unwrap();
        assert_eq!((accepted(&look(&ground).await, 1), look(&ground).await.verify()), (1, vec![]));
    });
}

fn two_rows_are_two_messages(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let store = open(&ground, 0).await;
        store.record(record("Hello!")).await.unwrap();
        let first = claim(1, &[1]);
        granted(&store, &first).await;
        assert_eq!(weigh(&store, evidence(&first, &[])).await, [Decision::Refused]);
        let resend = again(&first, 2, 55);
        granted(&store, &resend).await;
        store.settle(outcome(&resend, PersonState::Accepted, &[])).await.unwrap();
        let rows = [row(&first, 0), row(&first, 56)];
        assert_eq!(weigh(&store, evidence(&first, &rows)).await, [Decision::Accepted]);
        store.finish().await.unwrap();
        let findings = look(&ground).await.verify();
        assert!(matches!(findings.as_slice(), [Finding::AcceptedTwice { .. }]), "{findings:?}");
    });
}

fn a_word_ends_an_alarm_and_outlives_its_run(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let store = open(&ground, 0).await;
        store.record(record("Hello!")).await.unwrap();
        let first = Claim { by: Some("ana".to_owned()), ..claim(1, &[1, 2]) };
        granted(&store, &first).await;
        store.settle(outcome(&first, PersonState::Accepted, &[])).await.unwrap();
        // Another ledger has sent to one of them as well, and to somebody else.
        let other = Claim { by: Some("ben".to_owned()), at: NOON + SignedDuration::from_mins(1), ..claim(2, &[2, 3]) };
        let mut theirs = Ledger::new(super::sample::expected().header());
        theirs.add_claim(other.clone()).unwrap();
        theirs.add_outcome(outcome(&other, PersonState::Accepted, &[])).unwrap();
        store.join(theirs).await.unwrap();
        store.finish().await.unwrap();
        let found = look(&ground).await.accepted_twice();
        let [twice] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(twice.people, [sendform::identity::Person(2)]);
        let by: Vec<_> = twice.claims.iter().filter_map(|claim| claim.by.as_deref()).collect();
        assert_eq!(by, ["ana", "ben"]);
        let store = open(&ground, 1).await;
        let word = twice.word(&other.id, LATER, "ana".to_owned(), "two ledgers".to_owned());
        store.settle(word).await.unwrap();
        assert_eq!(store.ledger().accepted_twice(), []);
        store.finish().await.unwrap();
        let known = look(&ground).await;
        assert_eq!(known.accepted_twice(), []);
        assert!(matches!(known.verify().as_slice(), [Finding::KnownTwice { .. }]), "{:?}", known.verify());
        assert_eq!(standings(&known, [1, 2, 3]), [Standing::Accepted; 3]);
    });
}

/// Two doubts of one bulk, and one row: it is the older one's, and that explains it for the other.
fn many_doubts_are_settled_together_and_in_order(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let mut known = Ledger::new(super::sample::expected().header());
        let doubts: Vec<[Claim; 2]> = (0..50)
            .map(|number| claim(1, &[2 * number, 2 * number + 1]))
            .map(|older| [again(&older, 2, 1), older])
            .map(|[newer, older]| [older, newer])
            .collect();
        for claim in doubts.iter().flatten() {
            known.add_claim(claim.clone()).unwrap();
        }
        let store = open(&ground, 0).await;
        store.join(known).await.unwrap();
        store.finish().await.unwrap();
        let store = open(&ground, 1).await;
        let evidence: Vec<Evidence> = doubts
            .iter()
            .flat_map(|doubts| doubts.each_ref().map(|doubt| evidence(doubt, &[row(&doubts[0], 2)])))
            .collect();
        for pair in store.weigh(evidence).await.unwrap().chunks(2) {
            assert_eq!(pair[0].decisions, [Decision::Accepted; 2]);
            assert_eq!(pair[1].decisions, [Decision::Refused; 2]);
        }
        // It is durable before the run ends.
        drop(store);
        let seen = look(&ground).await;
        assert!((0..100).all(|person| standing(&seen, person) == Standing::Accepted && accepted(&seen, person) == 1));
    });
}

/// Each settler has seen another moment of each doubt, and a run sends again to whoever is free.
fn settlers_at_once_settle_everybody_once(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let setup = open(&ground, 0).await;
        setup.record(record("Hello!")).await.unwrap();
        let doubts: Vec<Claim> =
            (0..12).map(|number| claim(1, &[3 * number, 3 * number + 1, 3 * number + 2])).collect();
        join_all(doubts.iter().map(|doubt| granted(&setup, doubt))).await;
        setup.finish().await.unwrap();
        let settlers = settlers(&ground).await;
        let resends: Vec<Claim> = doubts.iter().map(|doubt| again(doubt, 2, 55)).collect();
        // One proves absence and sends again; while it is told what came of that, the others hand in what
        // they have seen since, and what they saw before.
        for (doubt, resend) in doubts.iter().zip(&resends) {
            weigh(&settlers[0], evidence(doubt, &[])).await;
            granted(&settlers[0], resend).await;
            let others = settlers.iter().skip(1).flat_map(|other| {
                let found = [evidence(doubt, &[row(doubt, 56)]), evidence(doubt, &[])];
                found.map(|evidence| weigh(other, evidence))
            });
            let answer = settlers[0].settle(outcome(resend, PersonState::Accepted, &[]));
            join(answer, join_all(others)).await.0.unwrap();
        }
        for store in settlers {
            store.finish().await.unwrap();
        }
        let seen = look(&ground).await;
        assert!((0..36).all(|person| accepted(&seen, person) == 1));
        assert_eq!(seen.verify(), []);
    });
}

/// Who was found, when their messages left, and who has two, is read back as it was written.
fn what_rests_on_the_logs_survives_its_run(kind: Kind) {
    wait(async {
        let ground = made(kind).await;
        let store = open(&ground, 0).await;
        let doubt = claim(1, &[1, 2, 3]);
        granted(&store, &doubt).await;
        let mut said = evidence(&doubt, &[row(&doubt, 1)]);
        said.people[1].rows.push(row(&doubt, 7));
        said.people[2].rows.clear();
        said.people[2].absence_proves = false;
        weigh(&store, said).await;
        store.finish().await.unwrap();
        let seen = look(&ground).await;
        let notes: Vec<_> = seen.claim_state(&doubt.id).unwrap().notes().cloned().collect();
        let proof = notes[0].proof.clone().unwrap();
        let minutes = proof.left.map(|left| left.duration_since(NOON).as_mins());
        let numbers = |people: &[sendform::identity::Person]| people.iter().map(|person| person.0).collect::<Vec<_>>();
        assert_eq!((minutes, numbers(proof.people.as_deref().unwrap())), ([1, 7], vec![1, 2]));
        assert_eq!((notes.len(), numbers(&proof.twice)), (1, vec![2]));
        assert_eq!(standings(&seen, [1, 2, 3]), [Standing::Accepted, Standing::Accepted, Standing::InDoubt]);
    });
}
