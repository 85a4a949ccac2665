//! The ledger on a branch: CI runners that come and go, each with a clone of its own.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{KEY, Origin, Process, Project, Run, Sandbox, campaign, customer, git};

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\nstate: { in: git }\n";

/// A shop that keeps its ledger in git, and the gateway that its runners talk to.
struct Team {
    sandbox: Sandbox,
    origin: Origin,
    desk: Project,
}

impl Team {
    fn new(customers: u64) -> Self {
        let team = Self::without_ledger(customers);
        team.desk.run(["ledger", "init"]).code(0);
        team
    }

    fn without_ledger(customers: u64) -> Self {
        let sandbox = Sandbox::start([]);
        let desk = Project::empty()
            .file("sendform.yaml", PROJECT)
            .campaign("sale", &campaign("sale", "Hello!", 1))
            .file("customers.csv", audience(1..=customers))
            .env("SENDFORM_BASE_URL", sandbox.url());
        let origin = Origin::of(&desk);
        Self { sandbox, origin, desk }
    }

    /// A runner with a disk of its own.
    fn runner(&self) -> Project {
        self.origin.runner().env("SENDFORM_BASE_URL", self.sandbox.url()).env("CI", "true")
    }

    /// How often the gateway accepted a message for each customer who got any.
    fn accepted(&self) -> Vec<usize> {
        let books = self.sandbox.messages();
        let messages = books["messages"].as_array().unwrap();
        let to: Vec<&str> = messages.iter().map(|message| message["to"].as_str().unwrap()).collect();
        let each: BTreeSet<&str> = to.iter().copied().collect();
        each.iter().map(|customer| to.iter().filter(|other| other == &customer).count()).collect()
    }

    /// The bulks that the gateway has.
    fn bulks(&self) -> BTreeSet<String> {
        let books = self.sandbox.messages();
        let messages = books["messages"].as_array().unwrap();
        messages.iter().map(|message| message["bulkId"].as_str().unwrap().to_owned()).collect()
    }
}

fn audience(customers: impl IntoIterator<Item = u64>) -> String {
    let rows = customers.into_iter().map(|number| format!("{},Ana {number}\n", customer(number)));
    format!("id,name\n{}", rows.collect::<String>())
}

fn hook(repository: &Path, name: &str, script: &str) {
    let path = repository.join("hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What a run says first about its failure.
fn error(run: &Run) -> &str {
    let first = run.stderr.lines().find_map(|line| line.strip_prefix("error: "));
    first.unwrap_or_else(|| panic!("there is no error:\n{run}"))
}

const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallel", "1"];

#[test]
fn a_runner_that_dies_before_it_pushes_what_it_sent_resends_nothing() {
    let team = Team::new(6);
    let runner = team.runner();
    team.sandbox.faults(&["hold-after"]);
    let process = runner.start(APPLY);
    team.sandbox.wait_held(1);
    process.kill();
    drop(runner);
    // The doubt stays: nobody reads the logs.
    team.sandbox.faults(&["logs:401*"]);
    team.sandbox.release();
    let sent = team.bulks();
    assert_eq!(sent.len(), 1, "one bulk was accepted, and nobody was told");

    // While the dead runner might still live, its people are left alone; then they are in doubt.
    team.runner().run(APPLY);
    let later = team.runner().env("SENDFORM_NOW", "2026-11-30T12:13:00Z");
    later.run(APPLY).code(6);
    assert!(team.accepted().iter().all(|times| *times == 1), "{:?}", team.accepted());

    let doubts = later.run(["status", "--format", "json"]).code(6).json();
    let doubts = doubts["doubts"].as_array().unwrap();
    assert!(!doubts.is_empty());
    for bulk in doubts.iter().map(|doubt| doubt["bulkId"].as_str().unwrap()) {
        let word = if sent.contains(bulk) { "--sent" } else { "--not-sent" };
        later.run(["resolve", bulk, word, "--reason", "seen in the portal"]).code(0);
    }
    team.runner().env("SENDFORM_NOW", "2026-11-30T12:13:00Z").run(APPLY).code(0);
    assert_eq!(team.accepted(), [1; 6]);
}

#[test]
fn a_paced_bulk_of_a_killed_runner_that_never_came_is_settled_once_it_is_surely_dead() {
    let team = Team::new(2);
    team.runner().run(APPLY).code(0);
    let pace = "schedules: { slow: { sendingSpeedLimit: { amount: 2, timeUnit: HOUR } } }\nmessages:";
    let campaign = campaign("sale", "Hello!", 1).replacen("messages:", pace, 1);
    let campaign = campaign.replace("    sender: shop\n", "    sender: shop\n    schedule: slow\n");
    let runner = || {
        let runner = team.runner();
        runner.write("sale.yaml", &campaign);
        runner.write("customers.csv", audience(1..=4));
        runner
    };
    team.sandbox.faults(&["hold-before@1"]);
    let killed = runner();
    let process = killed.start(APPLY);
    team.sandbox.wait_held(1);
    process.kill();
    drop(killed);
    team.sandbox.faults(&[]);
    team.sandbox.release();
    // Whoever only asks closes no run on the branch.
    team.sandbox.set_clock("2026-11-30T12:13:00Z");
    let later = runner().env("SENDFORM_NOW", "2026-11-30T12:13:00Z");
    let run = later.run(["reconcile", "--format", "json"]).code(0);
    assert_eq!(run.json()["doubts"][0]["notSent"], 2, "{run}");
    later.run(APPLY).code(0);
    assert_eq!(team.accepted(), [1; 4]);
}

#[test]
fn two_runners_at_once_with_audiences_that_differ_by_a_row() {
    let team = Team::new(40);
    let runners = [team.runner(), team.runner()];
    runners[1].write("customers.csv", audience(0..=40));
    let processes = runners.each_ref().map(|runner| runner.start(["apply", "--auto-approve", "--parallel", "2"]));
    let ends: Vec<_> = runners.iter().zip(processes).map(|(runner, process)| runner.finish(process)).collect();
    assert_eq!(team.accepted(), [1; 41], "{}\n{}", ends[0], ends[1]);
    let status = team.runner().run(["status", "--format", "json"]).code(0).json();
    assert_eq!(status["doubts"].as_array().map(Vec::len), Some(0));
    team.runner().run(["ledger", "verify"]).code(0);
}

#[test]
fn an_apply_of_many_bulks_takes_a_handful_of_pushes() {
    let team = Team::new(400);
    let before = team.origin.pushes();
    let runner = team.runner();
    // As long as a message is judged, its bulks go one by one, each with a push of its own.
    runner.write("sendform.yaml", format!("{}stopAfter: {{ share: 100% }}\n", runner.read("sendform.yaml")));
    runner.run(["apply", "--auto-approve"]).code(0);
    assert_eq!(team.accepted(), [1; 400]);
    let pushes = team.origin.pushes() - before;
    assert!((2..=12).contains(&pushes), "{pushes} pushes for 200 bulks");
    team.runner().run(["plan", "--detailed-exitcode"]).code(0);
}

/// How many claims and outcomes each commit of the ledger has brought, the first first, of those that brought any.
fn pushed(team: &Team) -> Vec<(usize, usize)> {
    let branch = team.origin.path();
    let commits = git(&branch, &["rev-list", "--reverse", "sendform-ledger"]);
    let of = |commit: &str| {
        let patch = git(&branch, &["show", "--format=", "--patch", commit]);
        let lines = |start: &str| patch.lines().filter(|line| line.starts_with(start)).count();
        (lines("+{\"claim\":"), lines("+{\"outcome\":"))
    };
    commits.lines().map(of).filter(|brought| *brought != (0, 0)).collect()
}

#[test]
fn a_push_carries_a_claim_and_what_became_of_the_one_before() {
    let team = Team::new(6);
    team.runner().run(APPLY).code(0);
    // What became of the last one comes with the end of the run.
    assert_eq!(pushed(&team), [(1, 0), (1, 1), (1, 1), (0, 1)]);
    assert_eq!(team.accepted(), [1; 6]);
}

/// Has a project's git say of every push that it failed, although it did not.
fn pushes_in_vain(project: &mut Project) {
    let real = git(project.folder(), &["--exec-path"]);
    let script = format!(
        "#!/bin/sh\n{real}/git \"$@\"\ncode=$?\nfor word in \"$@\"; do [ \"$word\" = push ] && exit 128; done\nexit $code\n"
    );
    let path = project.path("bin/git");
    project.write("bin/git", script);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    project.set("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", project.path("bin").display()));
}

#[test]
fn a_stop_that_was_written_although_git_fails_is_told_as_one_that_stands() {
    let team = Team::new(2);
    let mut desk = team.runner();
    pushes_in_vain(&mut desk);
    let run = desk.run(["stop", "--reason", "wait"]).code(0);
    assert!(run.stdout.contains("written to origin/sendform-ledger-stops as"), "{run}");
    team.runner().run(APPLY).code(10);
    assert_eq!(team.sandbox.state()["requests"], 0);
    desk.run(["resume"]).code(0);
    team.runner().run(APPLY).code(0);
}

#[test]
fn what_the_remote_does_not_take_is_not_sent() {
    let team = Team::new(2);
    hook(&team.origin.path(), "pre-receive", "echo 'the branch is protected' >&2; exit 1");
    let runner = team.runner();
    let run = runner.run(APPLY).code(1);
    assert!(run.stderr.contains("caused by: a push to `origin/sendform-ledger` was refused"), "{run}");
    assert!(run.stderr.contains("the branch is protected"), "{run}");
    assert_eq!(team.sandbox.state()["requests"], 0);
    fs::remove_file(team.origin.path().join("hooks/pre-receive")).unwrap();

    hook(&runner.folder().join(".git"), "pre-push", "exit 1");
    runner.run(APPLY).code(1);
    assert_eq!(team.sandbox.state()["requests"], 0);
    fs::remove_file(runner.folder().join(".git/hooks/pre-push")).unwrap();
    runner.run(APPLY).code(0);
    assert_eq!(team.accepted(), [1, 1]);
}

#[test]
fn hooks_do_not_see_the_key() {
    let team = Team::new(2);
    let runner = team.runner();
    hook(&runner.folder().join(".git"), "pre-push", "env | grep SENDFORM_ >seen; exit 0");
    runner.run(APPLY).code(0);
    let seen = runner.read("seen");
    assert!(seen.contains("SENDFORM_BASE_URL"), "{seen}");
    assert!(!seen.contains("SENDFORM_KEY"), "{seen}");
}

#[test]
fn keys_are_rotated_and_nobody_is_forgotten() {
    let new_key = "07".repeat(32);
    let team = Team::new(3);
    let mut runner = team.runner();
    runner.run(APPLY).code(0);
    // The new key alone: nobody would be recognised.
    runner.set("SENDFORM_KEY", &new_key);
    let run = runner.run(["ledger", "rebind", "--add-key"]).code(8);
    assert!(error(&run).starts_with("the ledger's people cannot be recognised without the key `"), "{run}");
    runner.run(APPLY).code(8);
    runner.set("SENDFORM_KEY", format!("{new_key},{KEY}"));
    runner.run(["ledger", "rebind", "--add-key"]).code(0);
    runner.run(["ledger", "rebind", "--add-key"]).code(0);
    runner.run(APPLY).code(0);
    team.runner().run(["plan"]).code(8);
    assert_eq!(team.accepted(), [1; 3]);
}

#[test]
fn the_clone_of_a_user_stays_as_it_is() {
    let team = Team::new(2);
    let folder = team.desk.folder();
    team.desk.write("sale.yaml", campaign("sale", "Hello you!", 1));
    team.desk.write("staged.txt", "new\n");
    git(folder, &["add", "staged.txt"]);
    team.desk.write("untracked.txt", "new\n");
    let looks = || {
        let status = git(folder, &["status", "--porcelain=v2", "--branch"]);
        let heads = git(folder, &["for-each-ref", "refs/heads", "refs/tags"]);
        let log = git(folder, &["reflog", "HEAD"]);
        format!("{status}\n{heads}\n{log}\n{:?}", fs::read(folder.join(".git/index")).unwrap())
    };
    let before = looks();
    team.desk.run(APPLY).code(0);
    team.desk.run(["plan"]).code(0);
    assert_eq!(looks(), before);
}

#[test]
fn without_a_ledger_that_can_be_trusted_nothing_is_sent() {
    let team = Team::without_ledger(2);
    let runner = team.runner();
    assert_eq!(error(&runner.run(APPLY).code(8)), "there is no ledger at `origin/sendform-ledger`");
    let made = runner.run(["ledger", "init"]).code(0);
    assert!(made.stdout.starts_with("made origin/sendform-ledger for `127.0.0.1:"), "{made}");
    let again = team.runner().run(["ledger", "init"]).code(8);
    assert_eq!(error(&again), "there is a ledger at `origin/sendform-ledger` already");
    runner.run(APPLY).code(0);

    let remote = team.origin.path();
    let root = git(&remote, &["rev-list", "--max-parents=0", "sendform-ledger"]);
    git(&remote, &["update-ref", "refs/heads/sendform-ledger", &root]);
    let plan = runner.run(["plan"]).code(8);
    assert_eq!(error(&plan), "the ledger's branch `origin/sendform-ledger` was rewound or replaced");
    let restore = "`git push --force origin refs/sendform/seen/origin/sendform-ledger:refs/heads/sendform-ledger`";
    assert!(plan.stderr.contains(&format!("{restore}, which throws away what is there now")), "{plan}");
    assert!(plan.stderr.contains("from any other, what was sent since is sent again"), "{plan}");
    git(&remote, &["update-ref", "-d", "refs/heads/sendform-ledger"]);
    let gone = runner.run(APPLY).code(8);
    assert_eq!(error(&gone), "the ledger's branch `origin/sendform-ledger` is gone");
    assert!(gone.stderr.contains("applied last: `git push origin refs/sendform/seen/"), "{gone}");
    assert!(!gone.stderr.contains("--force"), "{gone}");
    git(&remote, &["update-ref", "refs/heads/sendform-ledger", "main"]);
    let foreign = "the branch `origin/sendform-ledger` is no ledger as sendform writes it: it has no file `contents`";
    assert_eq!(error(&team.runner().run(["plan"]).code(8)), foreign);
    assert_eq!(team.accepted(), [1, 1]);
}

#[test]
fn without_the_network_a_plan_uses_what_is_here() {
    let team = Team::new(2);
    let runner = team.runner();
    runner.run(APPLY).code(0);
    let fresh = team.runner();
    fs::rename(team.origin.path(), team.origin.path().with_extension("away")).unwrap();
    assert_eq!(error(&runner.run(["plan"]).code(1)), "the remote `origin` cannot be reached");
    runner.run(APPLY).code(1);
    let plan = runner.run(["plan", "--offline"]).code(0);
    assert!(plan.stderr.starts_with("! the ledger ") && plan.stderr.contains("what others sent since"), "{plan}");
    assert!(plan.stdout.contains("already sent"), "{plan}");
    runner.run(["status", "--offline"]).code(0);
    let never = "the ledger's branch `origin/sendform-ledger` was never fetched here";
    assert_eq!(error(&fresh.run(["plan", "--offline"]).code(1)), never);
}

#[test]
fn an_interrupt_leaves_no_claim_open_that_was_not_sent() {
    let team = Team::new(60);
    team.sandbox.faults(&["hold-after"]);
    let runner = team.runner();
    let mut process = runner.start(APPLY);
    team.sandbox.wait_held(1);
    process.signal("INT");
    process.wait_told("interrupted");
    team.sandbox.release();
    runner.finish(process).code(10);
    assert_eq!(team.accepted(), [1, 1]);
    let status = team.runner().run(["status", "--format", "json"]).code(0).json();
    assert_eq!(status["doubts"].as_array().map(Vec::len), Some(0));
    team.runner().run(APPLY).code(0);
    assert_eq!(team.accepted(), [1; 60]);
}

/// A push that waits in a hook of its clone.
struct Held {
    pipe: PathBuf,
    is_here: PathBuf,
}

impl Held {
    /// Holds the first push from now on.
    fn push(runner: &Project) -> Self {
        let held = Self { pipe: runner.path("pipe"), is_here: runner.path("here") };
        let made = Command::new("mkfifo").arg(&held.pipe).status();
        assert!(made.is_ok_and(|status| status.success()), "a pipe can be made");
        let wait = "test -e here && exit 0; touch here; cat pipe";
        hook(&runner.folder().join(".git"), "pre-push", wait);
        held
    }

    /// Waits until the push is under way.
    fn wait(&self, run: &mut Process) {
        while !self.is_here.exists() {
            assert!(run.is_running(), "it pushes");
        }
    }

    /// Lets it go on.
    fn release(self) {
        drop(File::options().write(true).open(&self.pipe).expect("the hook waits"));
    }
}

/// How many people are in flight, in doubt, and to be sent to, as a new clone sees it.
fn gates(team: &Team) -> [u64; 3] {
    let plan = team.runner().run(["plan", "--format", "json"]).json();
    let gates = &plan["messages"][0]["gates"];
    ["inFlight", "inDoubt", "toSend"].map(|name| gates[name].as_u64().unwrap_or_else(|| panic!("{plan:#}")))
}

const CUT_OFF: &str = "error: the ledger was not put in order before this run had to end\n";

/// A run that was interrupted twice while its push is held.
fn leaving_during_push(runner: &Project) -> (Held, Process) {
    let held = Held::push(runner);
    let mut run = runner.start(APPLY);
    held.wait(&mut run);
    run.signal("INT");
    run.signal("TERM");
    (held, run)
}

/// Whoever claims leaves, while some claims are on their way and the others still wait for it.
#[test]
fn two_signals_during_a_push_leave_nobody_in_flight() {
    let mut tries = 0;
    loop {
        let team = Team::new(40);
        let runner = team.runner();
        let (held, mut run) = leaving_during_push(&runner);
        // Nobody waits for the push any more.
        run.wait_told("could not be stored in the ledger");
        held.release();
        let run = runner.finish(run).code(6);
        tries += 1;
        // On a busy machine the last push may take too long, which is told.
        if run.stderr.contains(CUT_OFF) && tries < 5 {
            continue;
        }
        assert!(!run.stderr.contains("error: "), "{run}");
        assert_eq!(gates(&team), [0, 0, 40], "{run}");
        assert_eq!(team.sandbox.state()["requests"], 0);
        break;
    }
}

#[test]
fn a_run_that_ends_before_its_last_push_says_what_has_to_be_kept() {
    let team = Team::new(6);
    let runner = team.runner();
    let (held, run) = leaving_during_push(&runner);
    let run = runner.finish(run).code(6);
    let hint = "  hint: keep `./.sendform`: the next run in this folder pushes what is in it; without it the people of \
                this run may be in doubt\n";
    assert!(run.stderr.contains(&format!("{CUT_OFF}{hint}")), "{run}");
    let before = team.origin.pushes();
    held.release();
    while team.origin.pushes() == before {}
    assert_eq!(team.sandbox.state()["requests"], 0);
    assert!(gates(&team)[0] > 0, "others do not know");
    runner.run(APPLY).code(0);
    assert_eq!(team.accepted(), [1; 6]);
}

const STOPS: &str = "refs/heads/sendform-ledger-stops";

/// Stops or resumes, and gives the id of the stop.
fn stop(runner: &Project, reason: &str) -> String {
    let document = runner.run(["stop", "--reason", reason, "--format", "json"]).code(0).json();
    document["stop"]["id"].as_str().unwrap().to_owned()
}

/// The ids of the stops that stand.
fn standing(runner: &Project) -> BTreeSet<String> {
    let status = runner.run(["status", "--format", "json"]).code(0).json();
    status["stops"].as_array().unwrap().iter().map(|stop| stop["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_branch_of_stops_that_is_gone_or_replaced_lifts_no_stop() {
    let team = Team::new(4);
    let (mine, theirs) = (team.runner(), team.runner());
    let first = stop(&mine, "the price is wrong");
    git(&team.origin.path(), &["update-ref", "-d", STOPS]);
    assert_eq!(standing(&mine), BTreeSet::from([first.clone()]), "it is gone, and was seen");
    let second = stop(&theirs, "the text is wrong");
    assert_eq!(standing(&theirs), BTreeSet::from([second.clone()]));
    let both = BTreeSet::from([first.clone(), second.clone()]);
    assert_eq!(standing(&mine), both, "another branch is in its place");
    let refused = mine.run(["apply", "--auto-approve"]).code(10);
    assert!(!refused.stderr.contains("--force"), "{refused}");
    let third = stop(&mine, "the day is wrong");
    let all = BTreeSet::from([first, second, third]);
    assert_eq!(standing(&team.runner()), all, "whoever stops brings the others back");
    assert_eq!(standing(&theirs), all);

    git(&team.origin.path(), &["update-ref", "-d", STOPS]);
    theirs.run(["resume"]).code(0);
    for runner in [&mine, &theirs, &team.runner()] {
        assert_eq!(standing(runner), BTreeSet::new());
    }
    mine.run(["apply", "--auto-approve"]).code(0);
    assert_eq!(team.accepted(), [1; 4]);
}

#[test]
fn a_branch_of_stops_that_was_rewound_lifts_no_stop() {
    let team = Team::new(4);
    let runner = team.runner();
    let first = stop(&runner, "the price is wrong");
    runner.run(["resume"]).code(0);
    let before = git(&team.origin.path(), &["rev-parse", STOPS]);
    let second = stop(&runner, "the text is wrong");
    git(&team.origin.path(), &["update-ref", STOPS, &before]);
    assert_eq!(standing(&runner), BTreeSet::from([second.clone()]));
    runner.run(["apply", "--auto-approve"]).code(10);
    let third = stop(&runner, "the day is wrong");
    assert_eq!(standing(&team.runner()), BTreeSet::from([second, third.clone()]));
    assert_ne!(first, third);
    assert_eq!(team.accepted(), [0; 0]);
}
