//! A ledger of very many people: it is opened, looked through and written to. The times are told, not
//! tested. It has a million with `SENDFORM_TEST_PEOPLE=1000000`; without it the stores that talk to
//! other programs have fewer.

use std::io::Write as _;
use std::time::Instant;

use sendform::apply::Store as _;
use sendform::identity::Person;
use sendform::ledger::{Grant, Ledger, PersonState, Standing};

use super::ground::{Ground, Kind};
use super::sample::{LATER, NOON, claim, expected, message, outcome, revision, visit};

on_every_store!(very_many_people);

/// How many people there are.
fn people(kind: Kind) -> u64 {
    let asked = std::env::var("SENDFORM_TEST_PEOPLE").ok();
    let usual = match kind {
        Kind::Lockfile => 1_000_000,
        Kind::Git | Kind::Postgres => 100_000,
    };
    asked.map_or(usual, |people| people.parse().expect("a number of people, by the thousand"))
}

/// How many are in a claim.
const BULK: u64 = 1_000;

/// A ledger in which everybody is accepted, but for those of the last bulk, who are open.
fn ledger(people: u64) -> Ledger {
    let mut ledger = Ledger::new(expected().header());
    for first in (0..people).step_by(1_000) {
        let claim = claim(1, &(first..first + BULK).collect::<Vec<_>>());
        ledger.add_claim(claim.clone()).unwrap();
        if first + BULK < people {
            ledger.add_outcome(outcome(&claim, PersonState::Accepted, &[])).unwrap();
        }
    }
    ledger
}

fn everybody_is_found(ledger: &Ledger, people: u64) {
    let standings = ledger.standings(&message(), revision());
    let count = |wanted| (0..people + 10).filter(|person| standings.get(Person(*person), LATER) == wanted).count();
    let counts = [Standing::Accepted, Standing::InDoubt, Standing::Free].map(|wanted| count(wanted) as u64);
    assert_eq!(counts, [people - BULK, BULK, 10]);
}

/// Writes to stdout itself, which the test harness does not catch.
fn tell(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("stdout can be written");
}

fn very_many_people(kind: Kind) {
    let people = people(kind);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let ground = Ground::new(kind);
        let home = ground.home(0);
        home.create(expected().header(), &expected(), &visit()).await.unwrap();
        let store = home.open(&expected(), &visit()).await.unwrap();
        let start = Instant::now();
        store.join(ledger(people)).await.unwrap();
        store.finish().await.unwrap();
        let joined = start.elapsed();

        let start = Instant::now();
        let store = ground.home(1).open(&expected(), &visit()).await.unwrap();
        let opened = start.elapsed();

        let start = Instant::now();
        everybody_is_found(&store.ledger(), people);
        let looked = start.elapsed() / 3;

        let start = Instant::now();
        let Grant::ClaimedElsewhere(taken) = store.claim(claim(2, &[7, people - 1, people])).await.unwrap() else {
            panic!("two of them are taken")
        };
        assert_eq!(taken, [Person(7), Person(people - 1)]);
        assert_eq!(store.claim(claim(2, &[people])).await.unwrap(), Grant::Granted);
        let claimed = start.elapsed();

        let start = Instant::now();
        store.finish().await.unwrap();
        let finished = start.elapsed();
        let seen = ground.home(2).look(&expected(), NOON).await.unwrap().ledger;
        assert_eq!(seen.totals(&message(), revision(), LATER).in_doubt as u64, BULK + 1);
        tell(&format!(
            "{people} people, {kind:?}: joined in {joined:.1?}, opened in {opened:.1?}, looked up in {looked:.1?}, \
             two claims in {claimed:.1?}, finished in {finished:.1?}"
        ));
    });
}
