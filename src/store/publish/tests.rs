//! The publisher over a remote in memory: what it does when it is too slow, or does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::{join, join_all};
use tempfile::TempDir;

use super::memory::{Fault, MemoryRemote, Server};
use super::{PublishedLedger, Remote as _, create, join_left, read, rebind};
use crate::identity::Person;
use crate::ledger::{Claim, Grant, Header, Ledger, Outcome, PersonState, RunId, Standing, View, sample};
use crate::store::binding::Binding;
use crate::store::error::StoreError;
use crate::store::lock_file::LockFile;
use crate::store::paths::Paths;
use crate::store::visit::Visit;

type Published = PublishedLedger<MemoryRemote>;

/// A remote, and the machines that use it.
struct World {
    server: Arc<Mutex<Server>>,
    folder: TempDir,
    /// The version that each machine has seen last.
    seen: Vec<Arc<Mutex<Option<u64>>>>,
}

impl World {
    /// Two machines and more, and a ledger.
    fn new() -> Self {
        let world = Self {
            server: Arc::default(),
            folder: tempfile::tempdir().unwrap(),
            seen: (0..4).map(|_| Arc::default()).collect(),
        };
        create(world.remote(0), world.guard(0), sample::header(), &expected(), &visit()).unwrap();
        world
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }

    fn remote(&self, machine: usize) -> MemoryRemote {
        MemoryRemote::new(&self.server, &self.seen[machine])
    }

    fn machine(&self, machine: usize) -> PathBuf {
        self.folder.path().join(machine.to_string())
    }

    fn guard(&self, machine: usize) -> LockFile {
        let paths = Paths::of_project(&self.machine(machine));
        paths.make_folders().unwrap();
        LockFile::take(&paths.guard, "test").unwrap()
    }

    fn pending(&self, machine: usize) -> PathBuf {
        self.machine(machine).join(".sendform").join("pending.jsonl")
    }

    fn open(&self, machine: usize) -> Result<Published, StoreError> {
        let remote = self.remote(machine);
        let tip = remote.read(&remote.fetch()?.unwrap())?;
        PublishedLedger::open((remote, tip), (self.guard(machine), self.pending(machine)), &expected(), &visit())
    }

    /// The next attempts go wrong like this, or not at all.
    fn plan(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.server().faults = faults.into_iter().collect();
    }

    /// How many attempts and versions there were.
    fn counts(&self) -> (usize, usize) {
        let server = self.server();
        (server.attempts, server.versions())
    }

    /// What the remote has, as a machine sees it that nobody has used.
    fn ledger(&self) -> Ledger {
        self.ledger_for(&expected()).unwrap()
    }

    fn ledger_for(&self, expected: &Binding) -> Result<Ledger, StoreError> {
        let remote = MemoryRemote::new(&self.server, &Arc::default());
        let tip = remote.read(&remote.fetch()?.unwrap())?;
        read(&remote, &tip, expected).map(|(ledger, _)| ledger)
    }

    fn standing(&self, person: u64) -> Standing {
        standing(&self.ledger(), person)
    }
}

fn expected() -> Binding {
    let Header { project, gateway, keys, .. } = sample::header();
    Binding { project, gateway, keys: Some(keys), seals: sample::seals() }
}

fn new_run() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(100);
    LAST.fetch_add(1, Ordering::Relaxed)
}

fn visit() -> Visit {
    Visit::new(RunId(new_run()), "test", sample::at(0))
}

fn claim(people: &[u64], run: u64) -> Claim {
    sample::claim("announce", people, 1, run)
}

fn settled(claim: &Claim, state: PersonState) -> Outcome {
    sample::outcome(claim, state, &[])
}

fn standing(ledger: &Ledger, person: u64) -> Standing {
    ledger.standing(&sample::message("announce"), sample::revision(), Person(person), View::Exclusive)
}

async fn ask(ledger: &Published, claim: &Claim) -> Result<Grant, StoreError> {
    ledger.desk().claim(claim.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_who_want_the_same_people_share_them() {
    let world = World::new();
    let ledgers = [world.open(0).unwrap(), world.open(1).unwrap()];
    let mut granted = BTreeMap::new();
    for round in 0..20_u64 {
        // Each bulk shares its first person with one of the other writer's.
        let people = |run: u64, bulk: u64| [round * 100 + bulk, round * 100 + 10 * (run + 1) + bulk];
        let ask_all = |run: u64, ledger| {
            join_all((0..4).map(move |bulk| async move {
                let claim = claim(&people(run, bulk), run);
                let grant = ask(ledger, &claim).await.unwrap();
                (claim, grant)
            }))
        };
        let (one, other) = join(ask_all(0, &ledgers[0]), ask_all(1, &ledgers[1])).await;
        for (ledger, asked) in ledgers.iter().zip([one, other]) {
            for (claim, grant) in asked {
                if grant != Grant::Granted {
                    assert_eq!(grant, Grant::ClaimedElsewhere(vec![claim.people[0]]), "only whom the other has");
                    continue;
                }
                claim.people.iter().for_each(|person| *granted.entry(*person).or_insert(0) += 1);
                ledger.desk().settle(settled(&claim, PersonState::Accepted)).await.unwrap();
            }
        }
    }
    assert!(granted.values().all(|times| *times == 1), "{granted:?}");
    assert_eq!(granted.len(), 20 * 8, "of each pair of bulks one is granted, with both of its people");
    ledgers.into_iter().for_each(|ledger| ledger.finish().unwrap());
    let ledger = world.ledger();
    assert!(granted.keys().all(|person| standing(&ledger, person.0) == Standing::Accepted));
}

#[tokio::test]
async fn whoever_is_behind_keeps_what_others_left() {
    let world = World::new();
    let [slow, fast] = [0, 1].map(|machine| world.open(machine).unwrap());
    assert_eq!(ask(&fast, &claim(&[1, 2], 2)).await.unwrap(), Grant::Granted);
    let (taken, free) = (claim(&[2, 3], 1), claim(&[4], 1));
    let (taken, free) = join(ask(&slow, &taken), ask(&slow, &free)).await;
    assert_eq!((taken.unwrap(), free.unwrap()), (Grant::ClaimedElsewhere(vec![Person(2)]), Grant::Granted));
    assert_eq!([1, 3, 4].map(|person| world.standing(person)), [Standing::InDoubt, Standing::Free, Standing::InDoubt]);
}

#[tokio::test]
async fn an_attempt_without_an_answer_counts_if_it_is_found_and_is_made_again_if_not() {
    for (fault, attempts) in [
        (Fault::LostAnswer, 1),
        (Fault::Repeated, 1),
        (Fault::LostRequest, 2),
        // It arrives when the second one was made: that one is behind, and the first one is found.
        (Fault::Late, 2),
        (Fault::InUse, 2),
    ] {
        let world = World::new();
        let ledger = world.open(0).unwrap();
        world.plan([Some(fault)]);
        let (before, versions) = world.counts();
        assert_eq!(ask(&ledger, &claim(&[1, 2], 1)).await.unwrap(), Grant::Granted, "{fault:?}");
        assert_eq!(world.counts(), (before + attempts, versions + 1), "{fault:?}: it is there once");
        assert_eq!(world.standing(1), Standing::InDoubt, "{fault:?}");
        // Whoever comes next finds them taken.
        let other = world.open(1).unwrap();
        let grant = ask(&other, &claim(&[2, 3], 2)).await.unwrap();
        assert_eq!(grant, Grant::ClaimedElsewhere(vec![Person(2)]), "{fault:?}");
    }
}

#[tokio::test]
async fn what_comes_of_a_failure_says_whether_the_claim_may_be_there() {
    use Fault::{Broken, InUse, LostAnswer, LostRequest, Refused, Repeated};
    // The faults, whether the claim may be there, and whether it is.
    for (faults, may_be_there, is_there) in [
        (vec![Refused], false, false),
        (vec![InUse; 5], false, false),
        (vec![Broken], true, true),
        (vec![LostRequest; 3], true, false),
        (vec![LostRequest, Refused], true, false),
        (vec![InUse, Refused], false, false),
        (vec![LostRequest, InUse, InUse, InUse, InUse, InUse], true, false),
    ] {
        let world = World::new();
        let ledger = world.open(0).unwrap();
        world.plan(faults.iter().copied().map(Some));
        let error = ask(&ledger, &claim(&[1], 1)).await.unwrap_err();
        assert_eq!(matches!(error, StoreError::Failed { .. }), may_be_there, "{faults:?}: {error:?}");
        assert_eq!(matches!(error, StoreError::NotWritten { .. }), !may_be_there, "{faults:?}: {error:?}");
        assert_eq!(error.is_surely_not_written(), !may_be_there);
        assert_eq!(world.standing(1) != Standing::Free, is_there, "{faults:?}");
        // Nothing is granted after a failure, and what is left to others they may have.
        world.plan([]);
        assert!(ask(&ledger, &claim(&[2], 1)).await.unwrap_err().is_surely_not_written());
        let other = world.open(1).unwrap();
        let grant = ask(&other, &claim(&[1, 3], 2)).await.unwrap();
        assert_eq!(grant == Grant::Granted, !is_there, "{faults:?}");
        assert!(ledger.finish().is_err());
    }
    // While nobody looks, it may be there: no answer to the question is none.
    let world = World::new();
    let ledger = world.open(0).unwrap();
    world.plan([Some(Repeated)]);
    world.server().deaf_for = 5;
    assert!(matches!(ask(&ledger, &claim(&[1], 1)).await, Err(StoreError::Failed { .. })));
    // A few questions without an answer are asked again.
    let world = World::new();
    let ledger = world.open(0).unwrap();
    world.plan([Some(LostAnswer)]);
    world.server().deaf_for = 4;
    assert_eq!(ask(&ledger, &claim(&[1], 1)).await.unwrap(), Grant::Granted);
}

#[tokio::test]
async fn the_words_of_a_back_end_reach_whoever_asks_the_error() {
    let world = World::new();
    let ledger = world.open(0).unwrap();
    world.plan([Some(Fault::Refused)]);
    let error = ask(&ledger, &claim(&[1], 1)).await.unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("ask for more memory"));
    assert!(error.is_environment() && !error.is_missing() && !error.needs_credentials() && !error.is_put_back());
    let StoreError::NotWritten { cause } = error else { panic!("{error}") };
    assert_eq!(cause.to_string(), "not allowed");
}

#[tokio::test]
async fn one_who_is_always_behind_gives_up_and_has_written_nothing() {
    let world = World::new();
    let ledger = world.open(0).unwrap();
    let other = world.open(1).unwrap();
    world.server().is_contested = true;
    let error = ask(&ledger, &claim(&[1], 1)).await.unwrap_err();
    world.server().is_contested = false;
    let StoreError::NotWritten { cause } = error else { panic!("{error}") };
    assert!(matches!(*cause, StoreError::Busy { tries: 20, .. }), "{cause}");
    assert!(cause.hint().is_some() && cause.is_environment());
    assert_eq!(ask(&other, &claim(&[1], 2)).await.unwrap(), Grant::Granted);
}

#[tokio::test]
async fn outcomes_are_on_this_disk_until_they_are_published() {
    let world = World::new();
    let ledger = world.open(0).unwrap();
    let sent = claim(&[1], 1);
    assert_eq!(ask(&ledger, &sent).await.unwrap(), Grant::Granted);
    ledger.desk().settle(settled(&sent, PersonState::Accepted)).await.unwrap();
    drop(ledger);
    assert_eq!(world.standing(1), Standing::InDoubt);
    let mut here = world.ledger();
    join_left(&world.pending(0), &mut here, &sample::seals()).unwrap();
    assert_eq!(standing(&here, 1), Standing::Accepted);
    // The next run here publishes them first, and not before that is known to be done.
    world.plan([Some(Fault::Refused)]);
    assert!(world.open(0).is_err());
    assert!(world.pending(0).exists());
    world.plan([Some(Fault::LostAnswer)]);
    world.open(0).unwrap().finish().unwrap();
    assert!(!world.pending(0).exists());
    assert_eq!(world.standing(1), Standing::Accepted);
}

#[tokio::test]
async fn a_ledger_that_was_taken_back_takes_no_claim() {
    let world = World::new();
    let ledger = world.open(0).unwrap();
    assert_eq!(ask(&ledger, &claim(&[1], 1)).await.unwrap(), Grant::Granted);
    ledger.desk().settle(settled(&claim(&[1], 1), PersonState::Accepted)).await.unwrap();
    world.server().take_back();
    assert!(ask(&ledger, &claim(&[2], 1)).await.is_err());
    assert!(world.open(0).is_err());
    assert_eq!(world.standing(2), Standing::Free);
}

#[test]
fn a_ledger_is_made_once_and_bound_anew_whatever_gets_lost() {
    let world = World::new();
    let again = create(world.remote(1), world.guard(1), sample::header(), &expected(), &visit());
    assert!(matches!(again, Err(StoreError::Exists { .. })));
    let to = Binding { gateway: "elsewhere".to_owned(), ..expected() };
    for fault in [Fault::LostAnswer, Fault::LostRequest, Fault::Late, Fault::Repeated] {
        world.plan([Some(fault)]);
        for (from, to) in [(expected(), to.clone()), (to.clone(), expected())] {
            let remote = world.remote(0);
            let tip = remote.read(&remote.fetch().unwrap().unwrap()).unwrap();
            rebind((remote, tip), (world.guard(0), world.pending(0)), &from, to.header(), &visit()).unwrap();
            world.ledger_for(&to).unwrap();
            assert!(matches!(world.ledger_for(&from), Err(StoreError::Foreign { .. })), "{fault:?}");
        }
    }
}

/// Numbers without a pattern that anybody can make again.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn fault(&mut self) -> Option<Fault> {
        use Fault::{Broken, InUse, Late, LostAnswer, LostRequest, Refused, Repeated};
        let faults = [LostAnswer, LostRequest, Late, Repeated, InUse, Repeated, LostAnswer, Refused, Broken];
        faults.get(usize::try_from(self.throw(24)).unwrap()).copied()
    }
}

/// What is known of all runs of a world.
#[derive(Default)]
struct Tally {
    /// Who was granted to somebody, and not given back.
    held: Mutex<BTreeSet<Person>>,
    granted: Mutex<Vec<Claim>>,
    not_written: Mutex<Vec<Claim>>,
    unknown: Mutex<usize>,
}

impl Tally {
    /// Notes who was granted, and given back if they were refused.
    fn hold(&self, claim: &Claim, state: PersonState) {
        let mut held = self.held.lock().unwrap();
        assert!(claim.people.iter().all(|person| held.insert(*person)), "granted twice: {claim:?}");
        if state == PersonState::Refused {
            claim.people.iter().for_each(|person| assert!(held.remove(person)));
        }
    }

    /// Opens the ledger on a machine, and claims and settles there until something fails.
    async fn run(&self, world: &World, machine: usize, mut dice: Dice) {
        let Ok(ledger) = world.open(machine) else { return };
        let (run, mut asked) = (new_run(), BTreeSet::new());
        for _ in 0..6 {
            let people = (0..=dice.throw(3)).map(|_| BTreeSet::from([dice.throw(30), dice.throw(30)]));
            // An id is claimed once.
            let people: Vec<BTreeSet<u64>> = people.filter(|people| asked.insert(people.clone())).collect();
            let claims = people.into_iter().map(|people| claim(&people.into_iter().collect::<Vec<_>>(), run));
            let claims: Vec<Claim> = claims.collect();
            let grants = join_all(claims.iter().map(|claim| ask(&ledger, claim))).await;
            for (claim, grant) in claims.into_iter().zip(grants) {
                match grant {
                    Ok(Grant::Granted) => {
                        let state = if dice.throw(2) == 0 { PersonState::Refused } else { PersonState::Accepted };
                        self.hold(&claim, state);
                        drop(ledger.desk().settle(settled(&claim, state)).await);
                        self.granted.lock().unwrap().push(claim);
                    }
                    Ok(Grant::ClaimedElsewhere(_)) => {}
                    Err(StoreError::NotWritten { .. }) => self.not_written.lock().unwrap().push(claim),
                    Err(_) => *self.unknown.lock().unwrap() += 1,
                }
            }
        }
        drop(ledger.finish());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_granted_twice_and_no_word_is_wrong_whatever_gets_lost() {
    let (mut granted, mut not_written, mut unknown) = (0, 0, 0);
    for seed in 0..40 {
        let world = World::new();
        let mut dice = Dice(seed);
        world.plan((0..200).map(|_| dice.fault()).collect::<Vec<_>>());
        let tally = Tally::default();
        for session in 0..3 {
            let machine = |machine: u64| Dice(seed * 100 + session * 10 + machine);
            let runs = [0, 1, 2].map(|number| tally.run(&world, usize::try_from(number).unwrap(), machine(number)));
            join_all(runs).await;
        }
        world.server().pass(u32::MAX);
        let ledger = world.ledger();
        let Tally { held, granted: all, not_written: none, unknown: some } = tally;
        for claim in all.lock().unwrap().iter() {
            assert!(ledger.claim_state(&claim.id).is_some(), "seed {seed}: granted, and not there: {claim:?}");
        }
        for claim in none.lock().unwrap().iter() {
            assert!(ledger.claim_state(&claim.id).is_none(), "seed {seed}: surely not written, and there: {claim:?}");
        }
        for person in held.lock().unwrap().iter() {
            let found = standing(&ledger, person.0);
            assert!(matches!(found, Standing::Accepted | Standing::InDoubt), "seed {seed}: {person:?} is {found:?}");
        }
        granted += all.lock().unwrap().len();
        not_written += none.lock().unwrap().len();
        unknown += *some.lock().unwrap();
    }
    assert!(granted > 100 && not_written > 10 && unknown > 10, "{granted}, {not_written}, {unknown}");
}
