//! The store over real repositories: a bare one for the remote, and clones of it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tempfile::TempDir;

use super::*;
use crate::identity::{Key, KeyId, Person};
use crate::ledger::{Decision, FirstKey, PersonState, RunId, Seals, Sighting, Standing, Testimony, View, sample};
use crate::store::{BackendError as _, LedgerLocation, Paths, copy};

/// A remote, and clones of it.
struct World {
    folder: TempDir,
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let settings = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "init.defaultBranch=main"];
    let settings = [settings.as_slice(), &["-c", "protocol.file.allow=always"]].concat();
    let output = Command::new("git").args(settings).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

impl World {
    /// A remote with one commit on `main`.
    fn empty() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        git(world.folder.path(), &["init", "--quiet", "--bare", "remote.git"]);
        git(world.folder.path(), &["clone", "--quiet", "remote.git", "first"]);
        fs::write(world.path("first/file"), "text\n").unwrap();
        git(&world.path("first"), &["add", "file"]);
        git(&world.path("first"), &["commit", "--quiet", "-m", "A file"]);
        git(&world.path("first"), &["push", "--quiet", "origin", "HEAD:main"]);
        world
    }

    /// The same, and a ledger.
    fn new() -> Self {
        let world = Self::empty();
        GitLedger::create(&world.branch("first"), sample::header(), &expected(), &visit()).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn remote(&self) -> PathBuf {
        self.path("remote.git")
    }

    fn branch(&self, clone: &str) -> Branch {
        Branch::new(&self.path(clone), "origin", "sendform-ledger")
    }

    /// Makes a clone of the remote's `main`.
    fn clone(&self, name: &str) -> Branch {
        let remote = format!("file://{}", self.remote().display());
        git(self.folder.path(), &["clone", "--quiet", "--single-branch", "-b", "main", &remote, name]);
        self.branch(name)
    }

    fn open(&self, clone: &str) -> Result<GitLedger, StoreError> {
        GitLedger::open(&self.branch(clone), &expected(), &visit())
    }

    /// How somebody stands, seen from a new clone.
    fn standing(&self, person: u64) -> Standing {
        let name =
            format!("look-{}", tempfile::Builder::new().tempdir().unwrap().path().file_name().unwrap().display());
        let ledger = GitLedger::read(&self.clone(&name), &expected()).unwrap();
        standing(&ledger, person)
    }

    /// How many commits the ledger has.
    fn commits(&self) -> usize {
        git(&self.remote(), &["rev-list", "--count", "sendform-ledger"]).parse().unwrap()
    }

    fn tip(&self) -> String {
        git(&self.remote(), &["rev-parse", "sendform-ledger"])
    }

    fn hook(&self, repository: &str, name: &str, script: &str) {
        let path = self.path(repository).join("hooks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Holds the next push of a clone; what this gives back waits for it and lets it go.
    fn hold_push(&self, clone: &str) -> PathBuf {
        let pipe = self.path("held");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let path = pipe.display();
        self.hook(&format!("{clone}/.git"), "pre-push", &format!("test -e {path} || exit 0; cat {path}; rm -f {path}"));
        pipe
    }

    fn unhook(&self, repository: &str, name: &str) {
        fs::remove_file(self.path(repository).join("hooks").join(name)).unwrap();
    }
}

fn expected() -> Binding {
    let Header { project, gateway, keys, .. } = sample::header();
    Binding { project, gateway, keys: Some(keys), seals: sample::seals() }
}

/// A run that has not opened anything yet.
fn visit() -> Visit {
    static LAST: AtomicU64 = AtomicU64::new(100);
    Visit::new(RunId(LAST.fetch_add(1, Ordering::Relaxed)), "apply", sample::at(0))
}

fn standing(ledger: &Ledger, person: u64) -> Standing {
    ledger.standing(&sample::message("announce"), sample::revision(), Person(person), View::Exclusive)
}

fn claim(people: &[u64], run: u64) -> Claim {
    sample::claim("announce", people, 1, run)
}

fn accepted(people: &[u64], run: u64) -> Outcome {
    sample::outcome(&claim(people, run), PersonState::Accepted, &[])
}

fn refused(people: &[u64], run: u64) -> Outcome {
    sample::outcome(&claim(people, run), PersonState::Refused, &[])
}

fn git_error(error: StoreError) -> GitError {
    let StoreError::Backend(error) = error else { panic!("not an error of git: {error}") };
    let error: Box<dyn Error> = error;
    *error.downcast().unwrap()
}

/// The same, inside of another error.
fn cause(error: &StoreError) -> &GitError {
    let StoreError::Backend(error) = error else { panic!("not an error of git: {error}") };
    let error: &dyn Error = &**error;
    error.downcast_ref().unwrap()
}

/// All that a user sees of a clone.
fn looks(folder: &Path) -> String {
    let state = git(folder, &["status", "--porcelain=v2", "--branch", "--ignored"]);
    let log = git(folder, &["reflog", "--all"]);
    let refs = git(folder, &["for-each-ref", "refs/heads", "refs/tags", "refs/stash"]);
    let index = fs::read(folder.join(".git/index")).unwrap();
    let fetched = folder.join(".git/FETCH_HEAD").exists();
    format!("{state}\n{log}\n{refs}\n{index:?}\n{fetched}")
}

#[tokio::test]
async fn a_run_is_on_the_remote_step_by_step() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    ledger.record(sample::record("announce", "Hi", 0)).await.unwrap();
    assert_eq!(world.commits(), 1, "a record waits for claims");
    assert_eq!(ledger.claim(claim(&[1, 2], 1)).await.unwrap(), Grant::Granted);
    assert_eq!(world.standing(1), Standing::InDoubt);
    assert_eq!(ledger.claim(claim(&[2, 3], 1)).await.unwrap(), Grant::ClaimedElsewhere(vec![Person(2)]));
    ledger.settle(accepted(&[1, 2], 1)).await.unwrap();
    let pending = world.branch("first").pending();
    assert!(pending.exists(), "the outcome is on the disk");
    assert_eq!(standing(&ledger.ledger(), 1), Standing::Accepted);
    ledger.finish().unwrap();
    assert_eq!([world.standing(1), world.standing(3)], [Standing::Accepted, Standing::Free]);
    assert!(!pending.exists());
    assert_eq!(world.commits(), 3);
    let log = git(&world.remote(), &["log", "--format=%s", "sendform-ledger"]);
    assert_eq!(log, "claims: 0, outcomes: 1\nclaims: 1, outcomes: 0\nA ledger for acme-shop");

    let tip = world.tip();
    world.open("first").unwrap().finish().unwrap();
    assert_eq!(world.tip(), tip, "nothing happened, nothing is pushed");
}

#[tokio::test]
async fn what_does_not_go_with_the_ledger_is_not_pushed() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    assert!(matches!(ledger.settle(accepted(&[1], 1)).await, Err(StoreError::Entry(_))));
    assert!(matches!(ledger.claim(claim(&[2, 1], 1)).await, Err(StoreError::Entry(_))));
    assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
    assert!(matches!(ledger.claim(claim(&[1], 1)).await, Err(StoreError::Entry(_))), "an id is claimed once");
    assert_eq!(world.commits(), 2);
    ledger.finish().unwrap();
    assert_eq!(world.commits(), 3, "how the run has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_come_together_go_in_few_pushes_and_nobody_is_granted_twice() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    let bulks: Vec<Vec<u64>> = (0..64).map(|bulk| vec![bulk, bulk + 1000, 2000 + bulk / 2]).collect();
    let grants = join_all(bulks.iter().map(|people| ledger.claim(claim(people, 1)))).await;
    let granted = grants.iter().zip(&bulks).filter(|(grant, _)| matches!(grant, Ok(Grant::Granted)));
    let granted: Vec<&Vec<u64>> = granted.map(|(_, people)| people).collect();
    assert_eq!(granted.len(), 32, "each pair of bulks shares a person");
    for outcome in granted.iter().map(|people| accepted(people, 1)) {
        ledger.settle(outcome).await.unwrap();
    }
    ledger.finish().unwrap();
    assert!(world.commits() <= 4, "{} commits", world.commits());
    let read = GitLedger::read(&world.branch("first"), &expected()).unwrap();
    assert!(granted.iter().all(|people| people.iter().all(|person| standing(&read, *person) == Standing::Accepted)));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_never_have_the_same_people() {
    let world = World::new();
    world.clone("second");
    let ledgers = [world.open("first").unwrap(), world.open("second").unwrap()];
    let mut granted: BTreeMap<u64, u64> = BTreeMap::new();
    for round in 0..4_u64 {
        let bulk = |run: u64, number: u64| vec![round * 100 + number, round * 100 + number + 10 * (run + 1)];
        let ask = |run: u64| {
            let ledger = &ledgers[usize::try_from(run).unwrap()];
            join_all((0..4).map(move |number| async move {
                let people = bulk(run, number);
                let grant = ledger.claim(claim(&people, run)).await;
                (people, grant)
            }))
        };
        let (one, other) = futures_util::future::join(ask(0), ask(1)).await;
        for (run, asked) in [(0, one), (1, other)] {
            for (people, grant) in asked {
                if let Grant::ClaimedElsewhere(taken) = grant.unwrap() {
                    assert_eq!(taken, [Person(people[0])], "only whom the other has");
                    continue;
                }
                people.iter().for_each(|person| *granted.entry(*person).or_default() += 1);
                // Claims do not wait for others then.
                ledgers[usize::try_from(run).unwrap()].settle(accepted(&people, run)).await.unwrap();
            }
        }
    }
    assert!(granted.values().all(|times| *times == 1), "{granted:?}");
    assert_eq!(granted.len(), 4 * 8, "of each pair of bulks one is granted, with both of its people");
    for ledger in ledgers {
        ledger.finish().unwrap();
    }
    let read = GitLedger::read(&world.branch("first"), &expected()).unwrap();
    assert!(granted.keys().all(|person| standing(&read, *person) == Standing::Accepted));
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_counts_if_the_remote_has_it() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    world.hook("remote.git", "post-receive", "test -e once || { touch once; kill -9 $PPID; }");
    assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
    assert!(world.path("remote.git/once").exists(), "the answer was lost");
    assert_eq!(world.commits(), 2, "it was pushed once");
    ledger.settle(accepted(&[1], 1)).await.unwrap();
    ledger.finish().unwrap();
    assert_eq!(world.standing(1), Standing::Accepted);
}

#[tokio::test]
async fn a_refused_push_ends_the_run_and_what_was_settled_waits_for_the_next() {
    for (repository, hook) in [("remote.git", "pre-receive"), ("first/.git", "pre-push")] {
        let world = World::new();
        let ledger = world.open("first").unwrap();
        assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
        world.hook(repository, hook, "echo 'not on a Friday' >&2; exit 1");
        ledger.settle(accepted(&[1], 1)).await.unwrap();
        let error = ledger.claim(claim(&[2], 1)).await.unwrap_err();
        assert!(error.is_environment());
        let StoreError::NotWritten { cause } = error else { panic!("{error}") };
        let GitError::Refused { said, .. } = self::cause(&cause) else { panic!("{cause}") };
        assert!(said.to_string().contains("not on a Friday"), "{said}");
        assert!(ledger.claim(claim(&[3], 1)).await.is_err(), "nothing is granted after a failure");
        assert!(matches!(ledger.finish(), Err(StoreError::Unpushed { .. })));
        assert_eq!([world.standing(1), world.standing(2)], [Standing::InDoubt, Standing::Free]);

        // Here the outcome is known, also to those who only look; and the next run pushes it.
        let read = GitLedger::read(&world.branch("first"), &expected()).unwrap();
        assert_eq!(standing(&read, 1), Standing::Accepted);
        assert!(world.open("first").is_err(), "it is pushed before anything else");
        world.unhook(repository, hook);
        world.open("first").unwrap().finish().unwrap();
        assert_eq!([world.standing(1), world.standing(2)], [Standing::Accepted, Standing::Free]);
        assert!(!world.branch("first").pending().exists());
    }
}

/// What the logs say of everybody in a claim.
fn evidence(claim: &Claim, is_there: bool) -> Evidence {
    let row = Sighting { bulk: Some(claim.id.bulk.to_string()), state: PersonState::Accepted, sent_at: None };
    let rows = if is_there { vec![row] } else { Vec::new() };
    let testimony = |person: &_| Testimony { person: *person, rows: rows.clone(), absence_proves: true };
    let (claim, people) = (claim.id.clone(), claim.people.iter().map(testimony).collect());
    Evidence { claim, at: sample::at(9999), lives_at: sample::at(9999), people }
}

#[tokio::test]
async fn what_the_logs_say_goes_in_one_push_and_is_decided_by_the_tip_that_takes_it() {
    let world = World::new();
    world.clone("second");
    let setup = world.open("first").unwrap();
    let doubts: Vec<Claim> = (0..100).map(|person| claim(&[person], 1)).collect();
    for granted in join_all(doubts.iter().map(|doubt| setup.claim(doubt.clone()))).await {
        assert_eq!(granted.unwrap(), Grant::Granted);
    }
    setup.finish().unwrap();
    let [first, second] = ["first", "second"].map(|clone| world.open(clone).unwrap());
    let commits = || git(&world.remote(), &["rev-list", "--count", "sendform-ledger"]).parse::<usize>().unwrap();
    let before = commits();
    let said = doubts.iter().map(|doubt| evidence(doubt, doubt.people[0].0 < 50)).collect();
    let weighed = first.weigh(said).await.unwrap();
    let accepted = weighed.iter().filter(|weighed| weighed.decisions == [Decision::Accepted]).count();
    assert_eq!((accepted, weighed.len(), commits() - before), (50, 100, 1));

    // The second has heard of nothing. What it would have written is refused with its tip.
    let stale = vec![evidence(&doubts[0], false), evidence(&doubts[70], false)];
    let weighed = second.weigh(stale).await.unwrap();
    assert!(weighed.iter().all(|weighed| weighed.decisions == [Decision::Settled] && weighed.outcomes.is_empty()));
    assert_eq!(commits() - before, 1);
    assert_eq!([world.standing(0), world.standing(70)], [Standing::Accepted, Standing::Free]);

    // Nothing is told before it is pushed, and nothing of it waits on the disk: the logs can be asked again.
    let doubt = claim(&[200], 1);
    assert_eq!(second.claim(doubt.clone()).await.unwrap(), Grant::Granted);
    fs::rename(world.remote(), world.path("away")).unwrap();
    assert!(second.weigh(vec![evidence(&doubt, true)]).await.is_err());
    assert!(second.weigh(vec![evidence(&doubt, true)]).await.is_err());
    assert!(!world.branch("second").pending().exists());
    assert_eq!(standing(&second.ledger(), 200), Standing::InDoubt);
    fs::rename(world.path("away"), world.remote()).unwrap();
    assert_eq!(world.standing(200), Standing::InDoubt);
}

#[tokio::test]
async fn a_claim_that_would_go_with_a_row_of_its_person_gives_way() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    let doubt = claim(&[1, 2], 1);
    assert_eq!(ledger.claim(doubt.clone()).await.unwrap(), Grant::Granted);
    ledger.settle(refused(&[1, 2], 1)).await.unwrap();
    // A claim that is in flight makes others wait for it, so the two are staged together.
    assert_eq!(ledger.claim(claim(&[9], 1)).await.unwrap(), Grant::Granted);
    assert_eq!(ledger.claim(claim(&[8], 1)).await.unwrap(), Grant::Granted);
    let (next, weighed) =
        futures_util::future::join(ledger.claim(claim(&[2, 3], 2)), ledger.weigh(vec![evidence(&doubt, true)])).await;
    assert_eq!(next.unwrap(), Grant::ClaimedElsewhere(vec![Person(2)]));
    assert_eq!(weighed.unwrap()[0].decisions, [Decision::Accepted; 2]);
    ledger.finish().unwrap();
    assert_eq!(
        [1, 2, 3].map(|person| world.standing(person)),
        [Standing::Accepted, Standing::Accepted, Standing::Free]
    );
}

#[tokio::test]
async fn a_run_that_dies_leaves_its_outcomes_on_the_disk() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
    ledger.settle(accepted(&[1], 1)).await.unwrap();
    drop(ledger);
    assert_eq!(world.standing(1), Standing::InDoubt);
    let pending = world.branch("first").pending();
    let torn = [fs::read(&pending).unwrap(), b"{\"outcome\":\"spring".to_vec()].concat();
    fs::write(&pending, torn).unwrap();
    world.open("first").unwrap().finish().unwrap();
    assert_eq!(world.standing(1), Standing::Accepted);

    fs::write(&pending, "<<<<<<< ours\n").unwrap();
    assert!(matches!(world.open("first"), Err(StoreError::Damage { .. })), "nothing is guessed");
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_on_the_disk_that_nobody_has_signed_settle_nothing() {
    let world = World::new();
    let run = world.open("first").unwrap();
    assert_eq!(run.claim(claim(&[1, 2], 1)).await.unwrap(), Grant::Granted);
    drop(run);
    let none = Seals::none();
    let mut forged = Ledger::new(sample::header());
    forged.add_claim(claim(&[1, 2], 1)).unwrap();
    forged.add_outcome(refused(&[1, 2], 1)).unwrap();
    let pending = world.branch("first").pending();
    fs::write(&pending, forged.write(&none)).unwrap();
    let unsigned =
        |result: Result<(), StoreError>| matches!(result, Err(StoreError::Unauthenticated { claims: 1, .. }));
    assert!(unsigned(world.open("first").map(drop)));
    assert!(unsigned(GitLedger::read(&world.branch("first"), &expected()).map(drop)));
    let rebound = Header { gateway: "elsewhere".to_owned(), ..sample::header() };
    assert!(unsigned(GitLedger::rebind(&world.branch("first"), &expected(), rebound, &visit())));
    // Whoever takes them for genuine takes their word for people, and none for the gateway.
    let accepting = Visit { unauthenticated: 1, ..visit() };
    let mut elsewhere = forged.clone();
    elsewhere.rebind(Header { gateway: "elsewhere".to_owned(), ..sample::header() });
    fs::write(&pending, elsewhere.write(&none)).unwrap();
    assert!(matches!(GitLedger::open(&world.branch("first"), &expected(), &accepting), Err(StoreError::Join(_))));
    fs::write(&pending, forged.write(&none)).unwrap();
    GitLedger::open(&world.branch("first"), &expected(), &accepting).unwrap().finish().unwrap();
    let read = GitLedger::read(&world.clone("last"), &expected()).unwrap();
    assert_eq!((standing(&read, 1), read.header()), (Standing::Free, &sample::header()));
}

#[tokio::test]
async fn the_work_tree_the_index_and_head_stay_as_they_are() {
    let world = World::new();
    let branch = world.clone("second");
    let folder = world.path("second");
    fs::write(folder.join(".gitignore"), ".sendform/\n").unwrap();
    fs::write(folder.join("file"), "changed\n").unwrap();
    fs::write(folder.join("staged"), "new\n").unwrap();
    git(&folder, &["add", "staged"]);
    fs::write(folder.join("untracked"), "new\n").unwrap();
    fs::create_dir(folder.join(".sendform")).unwrap();
    fs::write(folder.join(".sendform/x"), "").unwrap();
    let before = looks(&folder);
    let ledger = world.open("second").unwrap();
    assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
    ledger.settle(accepted(&[1], 1)).await.unwrap();
    ledger.finish().unwrap();
    drop(GitLedger::read(&branch, &expected()).unwrap());
    assert_eq!(looks(&folder), before);
    assert_eq!(git(&world.remote(), &["rev-list", "--count", "main"]), "1");
}

#[tokio::test]
async fn every_kind_of_clone_will_do() {
    let world = World::new();
    let remote = format!("file://{}", world.remote().display());
    git(world.folder.path(), &["clone", "--quiet", "--depth", "1", "-b", "main", &remote, "shallow"]);
    git(&world.path("shallow"), &["checkout", "--quiet", "--detach"]);
    git(&world.path("first"), &["worktree", "add", "--quiet", "../tree", "HEAD", "--detach"]);
    git(world.folder.path(), &["clone", "--quiet", "--bare", &remote, "bare"]);
    git(world.folder.path(), &["clone", "--quiet", "--no-checkout", "--filter=blob:none", &remote, "partial"]);
    fs::create_dir_all(world.path("first/deep/project")).unwrap();
    for (number, clone) in (1_u64..).zip(["shallow", "tree", "bare", "partial", "first/deep/project"]) {
        let ledger = world.open(clone).unwrap_or_else(|error| panic!("{clone}: {error:?}"));
        assert_eq!(ledger.claim(claim(&[number], 1)).await.unwrap(), Grant::Granted, "{clone}");
        ledger.settle(accepted(&[number], 1)).await.unwrap();
        ledger.finish().unwrap();
    }
    let read = GitLedger::read(&world.clone("last"), &expected()).unwrap();
    assert!((1..=5).all(|person| standing(&read, person) == Standing::Accepted));
    assert_eq!(git(&world.path("shallow"), &["rev-parse", "--is-shallow-repository"]), "true");
}

#[tokio::test]
async fn a_branch_that_was_taken_back_is_refused() {
    let world = World::new();
    let first = world.tip();
    let branch = world.branch("first");
    let ledger = world.open("first").unwrap();
    assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
    ledger.finish().unwrap();
    let good = world.tip();
    let look = || git_error(GitLedger::read(&branch, &expected()).unwrap_err());
    let ahead = |tip: &str| git(&world.remote(), &["update-ref", "refs/heads/sendform-ledger", tip]);

    ahead(&first);
    let GitError::Rewound { restore, .. } = look() else { panic!("not rewound") };
    assert!(matches!(git_error(world.open("first").unwrap_err()), GitError::Rewound { .. }));
    git(&world.path("first"), &restore.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(world.tip(), good);
    drop(GitLedger::read(&branch, &expected()).unwrap());

    git(&world.remote(), &["update-ref", "-d", "refs/heads/sendform-ledger"]);
    let gone = look();
    assert!(matches!(gone, GitError::Gone { .. }));
    assert!(matches!(
        git_error(GitLedger::create(&branch, sample::header(), &expected(), &visit()).unwrap_err()),
        GitError::Gone { .. }
    ));
    // Without force: what another clone has brought back meanwhile stays.
    let bring_back = restore.replace(" --force", "");
    let hint = gone.hint().unwrap();
    assert!(hint.contains(&format!("from the clone or runner that applied last: `{bring_back}`")), "{hint}");
    assert!(!hint.contains("--force"), "{hint}");

    let stranger = world.clone("stranger");
    let missing = git_error(GitLedger::read(&stranger, &expected()).unwrap_err());
    assert_eq!(missing.to_string(), "there is no ledger at `origin/sendform-ledger`");
    git(&world.path("first"), &bring_back.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(world.standing(1), Standing::InDoubt);
    let exists = GitLedger::create(&stranger, sample::header(), &expected(), &visit()).unwrap_err();
    assert!(matches!(exists, StoreError::Exists { .. }));
}

#[tokio::test]
async fn a_branch_with_anything_else_in_it_is_refused() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
    ledger.finish().unwrap();
    let good = world.tip();
    let folder = world.path("editor");
    git(world.folder.path(), &["clone", "--quiet", "-b", "sendform-ledger", "remote.git", "editor"]);
    let branch = world.clone("looker");
    let check = |change: &dyn Fn()| {
        git(&folder, &["reset", "--quiet", "--hard", &good]);
        change();
        git(&folder, &["add", "--all"]);
        git(&folder, &["commit", "--quiet", "--allow-empty", "-m", "by hand"]);
        git(&folder, &["push", "--quiet", "--force", "origin", "sendform-ledger"]);
        git_error(GitLedger::read(&branch, &expected()).unwrap_err()).to_string()
    };
    let segment = || fs::read_dir(folder.join("segments")).unwrap().next().unwrap().unwrap().path();
    let found = [
        check(&|| fs::remove_dir_all(folder.join("segments")).unwrap()),
        check(&|| fs::write(folder.join("notes.txt"), "hello").unwrap()),
        check(&|| fs::write(segment(), "edited\n").unwrap()),
        check(&|| fs::remove_file(folder.join("contents")).unwrap()),
        check(&|| std::os::unix::fs::symlink("/etc/passwd", folder.join("x")).unwrap()),
        check(&|| drop(git(&folder, &["revert", "--no-edit", "HEAD"]))),
        check(&|| {}),
    ];
    insta::assert_snapshot!(found.join("\n"), @r"
    the branch `origin/sendform-ledger` is no ledger as sendform writes it: `contents` does not name exactly what it holds
    the branch `origin/sendform-ledger` is no ledger as sendform writes it: `contents` does not name exactly what it holds
    the branch `origin/sendform-ledger` is no ledger as sendform writes it: `contents` does not name exactly what it holds
    the branch `origin/sendform-ledger` is no ledger as sendform writes it: it has no file `contents`
    the branch `origin/sendform-ledger` is no ledger as sendform writes it: it holds something that is no file
    the branch `origin/sendform-ledger` is no ledger as sendform writes it: `contents` does not name exactly what it holds
    the branch `origin/sendform-ledger` is no ledger as sendform writes it: `contents` does not name exactly what it holds
    ");
    git(&world.remote(), &["update-ref", "refs/heads/sendform-ledger", "main"]);
    let other = git_error(GitLedger::read(&branch, &expected()).unwrap_err());
    insta::assert_snapshot!(other, @"the branch `origin/sendform-ledger` is no ledger as sendform writes it: it has no file `contents`");
    git(&world.remote(), &["update-ref", "refs/heads/sendform-ledger", &good]);
    drop(GitLedger::read(&branch, &expected()).unwrap());
}

#[test]
fn a_ledger_of_something_else_is_refused() {
    let world = World::new();
    let other = Binding { gateway: "elsewhere".to_owned(), ..expected() };
    for result in [
        GitLedger::read(&world.branch("first"), &other).map(drop),
        GitLedger::open(&world.branch("first"), &other, &visit()).map(drop),
    ] {
        let error = result.unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the ledger `origin/sendform-ledger` belongs to the gateway `sandbox`, not to `elsewhere`");
        }
    }
}

#[test]
fn where_there_is_no_ledger_to_reach_that_is_told() {
    let world = World::empty();
    let folder = tempfile::tempdir().unwrap();
    let outside = Branch::new(folder.path(), "origin", "sendform-ledger");
    let told = |branch: &Branch| git_error(GitLedger::read(branch, &expected()).unwrap_err()).to_string();
    let inside = world.branch("first");
    let mut found = vec![
        told(&outside).replace(&folder.path().display().to_string(), "[folder]"),
        told(&Branch { remote: "upstream".to_owned(), ..inside.clone() }),
        told(&Branch { remote: "--upload-pack=touch /tmp/x".to_owned(), ..inside.clone() }),
        told(&Branch { remote: world.remote().display().to_string(), ..inside.clone() })
            .replace(&world.folder.path().display().to_string(), "[world]"),
        told(&Branch { branch: "a..b".to_owned(), ..inside.clone() }),
        told(&inside),
        git_error(GitLedger::look_here(&inside, &expected()).unwrap_err()).to_string(),
    ];
    fs::rename(world.remote(), world.path("elsewhere.git")).unwrap();
    found.push(told(&inside));
    insta::assert_snapshot!(found.join("\n"), @r"
    `[folder]` is in no git repository that can be used
    the git repository has no remote `upstream`
    the git repository has no remote `--upload-pack=touch /tmp/x`
    the git repository has no remote `[world]/remote.git`
    the branch `origin/a..b` is no ledger as sendform writes it: its name is none of a branch
    there is no ledger at `origin/sendform-ledger`
    the ledger's branch `origin/sendform-ledger` was never fetched here
    the remote `origin` cannot be reached
    ");
}

#[tokio::test]
async fn a_remote_that_never_answers_is_given_up() {
    let world = World::new();
    let branch = Branch { network_time_max: Duration::from_millis(500), ..world.branch("first") };
    let ledger = GitLedger::open(&branch, &expected(), &visit()).unwrap();
    world.hook("remote.git", "pre-receive", "exec sleep 60");
    let error = ledger.claim(claim(&[1], 1)).await.unwrap_err();
    let StoreError::Failed { cause } = error else { panic!("{error}") };
    let GitError::Unreachable { said, .. } = self::cause(&cause) else { panic!("{cause}") };
    assert_eq!(said.to_string(), "git said: `git push` did not end within 0 seconds");
    assert!(ledger.finish().is_err());
    assert_eq!(world.commits(), 1);
}

#[tokio::test]
async fn many_segments_become_one_and_nothing_is_lost() {
    let world = World::new();
    for run in 1..=12_u64 {
        let ledger = world.open("first").unwrap();
        assert_eq!(ledger.claim(claim(&[run], run)).await.unwrap(), Grant::Granted);
        ledger.settle(accepted(&[run], run)).await.unwrap();
        ledger.finish().unwrap();
    }
    let files = git(&world.remote(), &["ls-tree", "--name-only", "sendform-ledger:segments"]);
    let segments = files.lines().filter(|file| !file.starts_with("runs.")).count();
    assert!((2..9).contains(&segments), "{segments} segments of 24 pushes");
    let read = GitLedger::read(&world.clone("last"), &expected()).unwrap();
    assert!((1..=12).all(|person| standing(&read, person) == Standing::Accepted));
    assert_eq!(read.claims().len(), 12);
}

#[tokio::test]
async fn a_record_waits_until_a_claim_is_granted() {
    let world = World::new();
    world.clone("second");
    let [ledger, other] = ["first", "second"].map(|clone| world.open(clone).unwrap());
    assert_eq!(other.claim(claim(&[1], 2)).await.unwrap(), Grant::Granted);
    ledger.record(sample::record("announce", "Hi", 0)).await.unwrap();
    assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::ClaimedElsewhere(vec![Person(1)]));
    assert_eq!(world.commits(), 2, "nothing was left to push");
    assert_eq!(ledger.claim(claim(&[2], 1)).await.unwrap(), Grant::Granted);
    let read = GitLedger::read(&world.branch("second"), &expected()).unwrap();
    assert_eq!(read.messages().count(), 1);
}

#[tokio::test]
async fn a_ledger_is_joined_in_and_bound_to_something_else() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    ledger.join(sample::ledger()).await.unwrap();
    ledger.finish().unwrap();
    let read = GitLedger::read(&world.clone("second"), &expected()).unwrap();
    assert_eq!(sample::content(&read), sample::content(&sample::ledger()));

    let to = Header { gateway: "elsewhere".to_owned(), ..sample::header() };
    let other = Binding { gateway: "elsewhere".to_owned(), ..expected() };
    let branch = world.branch("second");
    assert!(matches!(GitLedger::rebind(&branch, &other, to.clone(), &visit()), Err(StoreError::Foreign { .. })));
    GitLedger::rebind(&branch, &expected(), to, &visit()).unwrap();
    let read = GitLedger::read(&world.branch("first"), &other).unwrap();
    assert_eq!(read.claims().len(), sample::ledger().claims().len());
    assert!(matches!(GitLedger::read(&branch, &expected()), Err(StoreError::Foreign { .. })));
}

#[tokio::test]
async fn a_run_learns_of_a_header_that_changed_meanwhile() {
    let world = World::new();
    world.clone("second");
    let ledger = world.open("first").unwrap();
    let to = Header { gateway: "elsewhere".to_owned(), ..sample::header() };
    GitLedger::rebind(&world.branch("second"), &expected(), to, &visit()).unwrap();
    let error = ledger.claim(claim(&[1], 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotWritten { .. }), "{error}");
    assert!(ledger.finish().is_err());
}

#[test]
fn one_run_at_a_time_in_one_folder() {
    let world = World::new();
    let first = world.open("first").unwrap();
    assert!(matches!(world.open("first"), Err(StoreError::Held { holder: Some(_) })));
    first.finish().unwrap();
    drop(world.open("first").unwrap());
}

#[test]
fn what_is_here_is_read_without_the_remote() {
    let world = World::new();
    let branch = world.branch("first");
    drop(GitLedger::read(&branch, &expected()).unwrap());
    fs::rename(world.remote(), world.path("elsewhere.git")).unwrap();
    let (ledger, _, since) = GitLedger::look_here(&branch, &expected()).unwrap();
    assert_eq!(ledger.claims().len(), 0);
    assert!((Timestamp::now() - since).as_hours() == 0);
}

#[tokio::test]
async fn a_key_is_added_and_none_is_dropped_wherever_the_ledger_lives() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let lockfile = LedgerLocation::Lockfile(Paths::of_project(folder.path()));
    lockfile.create(sample::header(), &expected(), &visit()).await.unwrap();
    let new = Key::from_bytes([9; Key::LENGTH]).id();
    let any = Binding { keys: None, ..expected() };
    for home in [lockfile, LedgerLocation::Git(world.branch("first"))] {
        let alone = Header { keys: vec![new.clone()], ..sample::header() };
        let error = home.rebind(&any, alone, &visit()).await.unwrap_err();
        assert!(matches!(error, StoreError::KeyMissing { .. }), "{}: {error}", home.place());
        home.look(&expected(), sample::at(0)).await.unwrap();

        let mut keys = sample::header().keys;
        keys.push(new.clone());
        let both = Binding { keys: Some(keys), ..expected() };
        for _ in 0..2 {
            home.rebind(&any, both.header(), &visit()).await.unwrap();
        }
        let ledger = home.look(&both, sample::at(0)).await.unwrap().ledger;
        let (found, wanted) = (ledger.header(), both.header());
        assert_eq!((&found.keys, found.first_key()), (&wanted.keys, wanted.first_key()), "{}", home.place());
    }
    assert_eq!(world.commits(), 2, "one of the new header, and none when it is made again");
}

/// What `ledger copy` binds the old ledger to.
fn retired() -> Binding {
    Binding { gateway: "sandbox, moved to elsewhere".to_owned(), ..expected() }
}

#[tokio::test]
async fn what_was_left_goes_with_a_new_header() {
    for is_bound_elsewhere in [false, true] {
        let world = World::new();
        let ledger = world.open("first").unwrap();
        assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
        ledger.settle(accepted(&[1], 1)).await.unwrap();
        drop(ledger);
        if is_bound_elsewhere {
            GitLedger::rebind(&world.clone("second"), &expected(), retired().header(), &visit()).unwrap();
        }
        let branch = world.branch("first");
        assert!(branch.pending().exists());
        let other = Header { gateway: "x".to_owned(), ..sample::header() };
        let from = Binding { gateway: "y".to_owned(), ..expected() };
        assert!(matches!(GitLedger::rebind(&branch, &from, other, &visit()), Err(StoreError::Foreign { .. })));
        assert!(branch.pending().exists());
        GitLedger::rebind(&branch, &expected(), retired().header(), &visit()).unwrap();
        assert!(!branch.pending().exists());
        let read = GitLedger::read(&world.clone("last"), &retired()).unwrap();
        assert_eq!(standing(&read, 1), Standing::Accepted);
        GitLedger::open(&branch, &retired(), &visit()).unwrap().finish().unwrap();
    }
}

#[test]
fn a_new_header_whose_answer_is_lost_counts_if_the_remote_has_it() {
    let world = World::new();
    world.hook("remote.git", "post-receive", "test -e once || { touch once; kill -9 $PPID; }");
    GitLedger::rebind(&world.branch("first"), &expected(), retired().header(), &visit()).unwrap();
    assert!(world.path("remote.git/once").exists(), "the answer was lost");
    assert_eq!(world.commits(), 2, "it was pushed once");
}

#[tokio::test]
async fn a_copy_out_of_git_that_was_cut_off_can_be_made_again() {
    let world = World::new();
    world.clone("second");
    let folder = tempfile::tempdir().unwrap();
    let (old, new) =
        (LedgerLocation::Git(world.branch("first")), LedgerLocation::Lockfile(Paths::of_project(folder.path())));
    let live = world.open("second").unwrap();
    assert_eq!(live.claim(claim(&[1], 2)).await.unwrap(), Grant::Granted);
    live.settle(accepted(&[1], 2)).await.unwrap();
    drop(live);
    let left = world.open("first").unwrap();
    assert_eq!(left.claim(claim(&[2], 1)).await.unwrap(), Grant::Granted);
    left.settle(accepted(&[2], 1)).await.unwrap();
    drop(left);
    // Cut off when the old ledger was retired, before its last claims were carried.
    let moved = Binding { gateway: format!("sandbox, moved to {}", new.place()), ..expected() };
    GitLedger::rebind(&world.branch("first"), &expected(), moved.header(), &visit()).unwrap();
    for claims in [2, 2] {
        let copied = copy(&old, &new, &expected(), &visit()).await.unwrap();
        assert_eq!(copied.claims, claims);
    }
    let read = new.look(&expected(), sample::at(0)).await.unwrap().ledger;
    assert_eq!([1, 2].map(|person| standing(&read, person)), [Standing::InDoubt, Standing::Accepted]);

    // What another clone had left is carried from there.
    let other = LedgerLocation::Git(world.branch("second"));
    copy(&other, &new, &expected(), &visit()).await.unwrap();
    let read = new.look(&expected(), sample::at(0)).await.unwrap().ledger;
    assert_eq!(standing(&read, 1), Standing::Accepted);
}

#[tokio::test]
async fn a_claim_whose_push_has_no_answer_may_be_written_whatever_comes_after() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    world.hook("remote.git", "pre-receive", "test -e once && exit 1; touch once; kill -9 $PPID");
    let error = ledger.claim(claim(&[1], 1)).await.unwrap_err();
    let StoreError::Failed { cause } = error else { panic!("{error}") };
    assert!(matches!(self::cause(&cause), GitError::Refused { .. }), "{cause}");
    assert!(world.path("remote.git/once").exists(), "the first answer was lost");
}

#[tokio::test]
async fn a_claim_that_is_pushed_is_granted_even_if_the_clone_cannot_remember_it() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    let seen = world.branch("first").seen();
    let lock = world.path("first/.git").join(format!("{seen}.lock"));
    fs::write(&lock, "").unwrap();
    assert_eq!(ledger.claim(claim(&[1], 1)).await.unwrap(), Grant::Granted);
    let remembered = || git(&world.path("first"), &["rev-parse", &seen]);
    assert_ne!(remembered(), world.tip());
    fs::remove_file(&lock).unwrap();
    ledger.settle(accepted(&[1], 1)).await.unwrap();
    ledger.finish().unwrap();
    assert_eq!(remembered(), world.tip());

    let ledger = world.open("first").unwrap();
    for (person, is_granted) in [(2, true), (3, false)] {
        fs::write(&lock, "").unwrap();
        let answer = ledger.claim(claim(&[person], 2)).await;
        assert_eq!(matches!(answer, Ok(Grant::Granted)), is_granted, "{person}: {answer:?}");
        assert!(is_granted || matches!(answer, Err(StoreError::NotWritten { .. })), "{answer:?}");
    }
    fs::remove_file(&lock).unwrap();
    assert_eq!([world.standing(2), world.standing(3)], [Standing::InDoubt, Standing::Free]);
}

#[tokio::test]
async fn claims_that_nobody_waits_for_any_more_are_not_pushed() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    let held = world.hold_push("first");
    let hand_in = |people: &[u64]| {
        let mut asking = Box::pin(ledger.claim(claim(people, 1)));
        assert!(asking.as_mut().now_or_never().is_none(), "{people:?}");
        asking
    };
    let (first, given_up) = (hand_in(&[1]), hand_in(&[2]));
    // The hook has opened its end: the first push is under way, with the first claim at least.
    let push = fs::File::options().write(true).open(held).unwrap();
    drop(given_up);
    assert!(ledger.settle(refused(&[2], 1)).now_or_never().is_none());
    drop(hand_in(&[3]));
    assert!(ledger.settle(refused(&[3], 1)).now_or_never().is_none());
    let last = hand_in(&[4]);
    drop(push);
    assert_eq!([first.await.unwrap(), last.await.unwrap()], [Grant::Granted, Grant::Granted]);
    drop(hand_in(&[5]));
    ledger.settle(accepted(&[1], 1)).await.unwrap();
    ledger.finish().unwrap();
    let read = GitLedger::read(&world.clone("last"), &expected()).unwrap();
    let standings = [1, 2, 3, 4, 5].map(|person| standing(&read, person));
    assert_eq!(standings, [Standing::Accepted, Standing::Free, Standing::Free, Standing::InDoubt, Standing::Free]);
    assert!([3, 5].iter().all(|person| read.claim_state(&claim(&[*person], 1).id).is_none()));
}

#[tokio::test]
async fn a_push_of_claims_that_nobody_waits_for_does_not_happen() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    let held = world.hold_push("first");
    let mut asking = Box::pin(ledger.claim(claim(&[1], 1)));
    assert!(asking.as_mut().now_or_never().is_none());
    let push = fs::File::options().write(true).open(held).unwrap();
    assert!(ledger.claim(claim(&[2], 1)).now_or_never().is_none());
    drop(push);
    assert_eq!(asking.await.unwrap(), Grant::Granted);
    ledger.finish().unwrap();
    assert_eq!(world.commits(), 3, "the claim, and how the run has ended");
    assert!(standing(&GitLedger::read(&world.branch("first"), &expected()).unwrap(), 2) == Standing::Free);
}

#[tokio::test]
async fn other_keys_end_claims_but_outcomes_are_still_pushed() {
    let [own, new] = [sample::header().keys[0].clone(), Key::from_bytes([9; Key::LENGTH]).id()];
    let run = |keys: &[&KeyId]| Binding { keys: Some(keys.iter().copied().cloned().collect()), ..expected() };
    let header = |change: u32, first: &KeyId| {
        let mut header = run(&[&own, &new]).header();
        header.first_key = Some(FirstKey { change, id: first.clone() });
        header
    };
    for (before, keys) in [(None, run(&[&own])), (Some(header(1, &own)), run(&[&own, &new]))] {
        let world = World::new();
        world.clone("second");
        let any = Binding { keys: None, ..expected() };
        if let Some(before) = before {
            GitLedger::rebind(&world.branch("second"), &any, before, &visit()).unwrap();
        }
        let ledger = GitLedger::open(&world.branch("first"), &keys, &visit()).unwrap();
        for person in [1, 2] {
            assert_eq!(ledger.claim(claim(&[person], 1)).await.unwrap(), Grant::Granted);
        }
        ledger.settle(accepted(&[1], 1)).await.unwrap();
        GitLedger::rebind(&world.branch("second"), &any, header(2, &new), &visit()).unwrap();
        for person in [3, 4] {
            let error = ledger.claim(claim(&[person], 1)).await.unwrap_err();
            assert!(error.is_surely_not_written(), "{error}");
            assert!(matches!(error, StoreError::KeyMissing { .. } | StoreError::KeyOrder { .. }), "{error}");
        }
        ledger.settle(accepted(&[2], 1)).await.unwrap();
        ledger.finish().unwrap();
        assert!(!world.branch("first").pending().exists());
        let read = GitLedger::read(&world.clone("last"), &run(&[&new, &own])).unwrap();
        let standings = [1, 2, 3, 4].map(|person| standing(&read, person));
        assert_eq!(standings, [Standing::Accepted, Standing::Accepted, Standing::Free, Standing::Free]);
    }
}

#[tokio::test]
async fn a_push_that_the_way_to_the_remote_repeats_may_be_there_until_somebody_looks() {
    for (what_then, is_granted) in [("", true), ("touch $(git rev-parse --git-dir)/$FETCHED.lock", false)] {
        let world = World::new();
        let ledger = world.open("first").unwrap();
        // What is pushed gets there twice: the second time the remote has it already, and says no.
        let fetched = world.branch("first").fetched();
        let script = format!(
            "test -e once && exit 0; touch once; FETCHED={fetched}; read _ commit branch _\n\
             git push --quiet --no-verify origin $commit:$branch; {what_then}"
        );
        world.hook("first/.git", "pre-push", &script);
        let answer = ledger.claim(claim(&[1], 1)).await;
        assert_eq!(world.commits(), 2, "it is there");
        match answer {
            Ok(Grant::Granted) => assert!(is_granted),
            Err(StoreError::Failed { cause }) => assert!(!is_granted, "{cause}"),
            answer => panic!("{answer:?}"),
        }
    }
}

#[tokio::test]
async fn a_lock_that_was_left_on_the_remote_is_told() {
    let world = World::new();
    let ledger = world.open("first").unwrap();
    let lock = world.path("remote.git/refs/heads/sendform-ledger.lock");
    fs::write(&lock, "").unwrap();
    let error = ledger.claim(claim(&[1], 1)).await.unwrap_err();
    let StoreError::NotWritten { cause } = error else { panic!("{error}") };
    let GitError::Refused { said, .. } = self::cause(&cause) else { panic!("{cause}") };
    assert!(said.to_string().contains("cannot lock ref 'refs/heads/sendform-ledger'"), "{said}");
    assert!(cause.hint().unwrap().contains("left its lock there"), "{cause}");
}
