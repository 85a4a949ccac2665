//! A run is killed at the entry of its n-th call to the system, for every n until a run ends by
//! itself; or that call fails. Afterwards nobody has the message twice, whoever was accepted is held
//! back by a claim, and the same command again, a word on what is in doubt, and an apply give
//! everybody the message once.
//!
//! Here every call that changes something is struck; `tests/sweep` strikes all others too, in the
//! release binary.

mod bench;
mod blow;
mod figures;
mod place;
mod scenario;
mod strace;

use std::fs;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use bench::Bench;
use blow::Blow;
use figures::Figures;
use scenario::Scenario;
use strace::{Call, Deed, Way};

/// How many cases are under way at once.
const THREADS: u64 = 3;

/// Calls that change something, and how they are counted.
const CHANGES: [(&str, Way); 11] = [
    ("write", Way::All),
    ("write", Way::Main),
    ("write", Way::Files),
    ("fdatasync", Way::All),
    ("fsync", Way::Main),
    ("renameat", Way::Main),
    ("ftruncate", Way::Main),
    ("linkat", Way::Main),
    ("connect", Way::All),
    ("writev", Way::All),
    ("recvfrom", Way::All),
];

/// All others that a run makes, and that may fail or end it.
const OTHERS: [(&str, Way); 14] = [
    ("openat", Way::All),
    ("openat", Way::Main),
    ("openat2", Way::All),
    ("read", Way::All),
    ("read", Way::Main),
    ("close", Way::All),
    ("close", Way::Main),
    ("flock", Way::All),
    ("unlinkat", Way::All),
    ("mkdir", Way::All),
    ("sendto", Way::All),
    ("socket", Way::All),
    ("fsync", Way::All),
    ("pwrite64", Way::All),
];

/// Calls that are made to fail, how they are counted, and with which error.
const FAILURES: [(&str, Way, &str); 8] = [
    ("write", Way::Files, "EIO"),
    ("write", Way::Files, "ENOSPC"),
    ("write", Way::Files, "EINTR"),
    ("fdatasync", Way::Files, "EIO"),
    ("fsync", Way::Main, "EIO"),
    ("fsync", Way::Main, "ENOSPC"),
    ("renameat", Way::Main, "EIO"),
    ("renameat", Way::Main, "ENOSPC"),
];

/// With a ledger on a branch: the calls of a run itself that change something. What its `git` does
/// is struck command by command.
const BRANCH_CHANGES: [(&str, Way); 5] = [
    ("write", Way::Files),
    ("fdatasync", Way::Files),
    ("connect", Way::Own),
    ("writev", Way::Own),
    ("recvfrom", Way::Own),
];

/// All others of it that go on after a start, and that no child makes before it is `git`.
const BRANCH_OTHERS: [(&str, Way); 7] = [
    ("write", Way::Own),
    ("wait4", Way::Own),
    ("ftruncate", Way::Own),
    ("unlink", Way::Own),
    ("flock", Way::Own),
    ("mkdir", Way::Own),
    ("socket", Way::Own),
];

/// Its calls that are made to fail.
const BRANCH_FAILURES: [(&str, Way, &str); 3] =
    [("write", Way::Files, "ENOSPC"), ("fdatasync", Way::Files, "EIO"), ("unlink", Way::Own, "EIO")];

/// A call that is struck again and again, each time a later one.
#[derive(Debug, Clone, Copy)]
struct Sweep {
    scenario: Scenario,
    name: &'static str,
    way: Way,
    deed: Deed,
}

/// What a thread takes on.
#[derive(Debug, Clone, Copy)]
enum Task {
    /// A call, each time a later one.
    Calls(Sweep),
    /// One command of `git`.
    Command { scenario: Scenario, blow: Blow, number: usize },
}

/// A call that was struck; it is told if the test fails before this is dropped.
struct Case<'a> {
    task: Task,
    struck: (u64, &'a Call),
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let (number, call) = self.struck;
            tell(&format!("{:?}, call {number} of its thread, which was {call:?}", self.task));
        }
    }
}

#[test]
fn a_run_may_die_or_fail_at_every_call() {
    let is_complete = std::env::var_os("SENDFORM_SWEEP_ALL").is_some();
    let begin = Instant::now();
    let mut figures = Figures::default();
    let commands = commands(&mut Bench::new(THREADS), &mut figures);
    let calls = Scenario::ALL.into_iter().flat_map(|scenario| sweeps(scenario, is_complete)).map(Task::Calls);
    // The long ones are at the front, and begun first.
    let mut queue: Vec<Task> = calls.chain(blows(&commands, is_complete)).collect();
    queue.reverse();
    let (queue, figures) = (Mutex::new(queue), Mutex::new(figures));
    let work = |number: u64| {
        let mut bench = Bench::new(number);
        while let Some(task) = { lock(&queue).pop() } {
            match task {
                Task::Calls(sweep) => run(sweep, &mut bench, &figures),
                Task::Command { .. } => run_command(task, &mut bench, &figures),
            }
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|number| drop(scope.spawn(move || work(number)))));
    let figures = figures.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell(&format!("{} s\n{figures}", begin.elapsed().as_secs()));
    if !is_complete {
        tell("of the calls of a ledger in git this is a sample; `tests/sweep` strikes all, and all other calls");
    }
    let missed = figures.missed(is_change);
    assert!(missed.is_empty(), "no run was killed at {missed:#?}");
}

/// What is struck in a scenario, call by call.
fn sweeps(scenario: Scenario, is_complete: bool) -> impl Iterator<Item = Sweep> {
    let (changes, others, failures) = if scenario.is_on_branch() {
        (BRANCH_CHANGES.as_slice(), BRANCH_OTHERS.as_slice(), BRANCH_FAILURES.as_slice())
    } else {
        (CHANGES.as_slice(), OTHERS.as_slice(), FAILURES.as_slice())
    };
    let others = if is_complete { others } else { &[] };
    let is_for =
        move |deed| is_complete || !scenario.is_on_branch() || (deed == Deed::Kill) == (scenario == Scenario::Lost);
    let kills = changes.iter().chain(others).map(|(name, way)| (*name, *way, Deed::Kill));
    let failures = failures.iter().map(|(name, way, error)| (*name, *way, Deed::Error(error)));
    let sweeps = kills.chain(failures).map(move |(name, way, deed)| Sweep { scenario, name, way, deed });
    sweeps.filter(move |sweep| is_for(sweep.deed))
}

/// The commands of `git` that a run makes when none is struck.
fn commands(bench: &mut Bench, figures: &mut Figures) -> Vec<Call> {
    let people = bench.next();
    let mut place = Scenario::Left.prepare(bench, people);
    blow::install(&mut place.project, None);
    place.project.run(&place.arguments).code(0);
    let commands = blow::remove(&mut place.project);
    for scenario in Scenario::ALL.into_iter().filter(|scenario| scenario.is_on_branch()) {
        figures.know(scenario, commands.iter().cloned());
    }
    commands
}

/// Which commands are struck, and how: pushes in every way and all others in one, in turns; or all in
/// every way, whoever goes on.
fn blows(commands: &[Call], is_complete: bool) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (number, (_, name, count)) in (1..).zip(commands) {
        for (way, blow) in (0..).zip(Blow::ALL) {
            let is_struck = is_complete || name == "push" || (number + way) % Blow::ALL.len() == 0;
            for (turn, scenario) in [(0, Scenario::Lost), (1, Scenario::Left)] {
                let is_its_turn = is_complete || (count + turn) % 2 == u64::from(blow.is_kill());
                if is_struck && is_its_turn {
                    tasks.push(Task::Command { scenario, blow, number });
                }
            }
        }
        if name == "update-ref" {
            tasks.push(Task::Command { scenario: Scenario::Left, blow: Blow::DiesMidway, number });
        }
    }
    tasks
}

/// Strikes one call after the other, until a run ends before there are so many.
fn run(sweep: Sweep, bench: &mut Bench, figures: &Mutex<Figures>) {
    let Sweep { scenario, name, way, deed } = sweep;
    for number in 1.. {
        let people = bench.next();
        let place = scenario.prepare(bench, people);
        let folder = place.project.folder();
        let wrapper = strace::wrapper(way, name, Some((deed, number)), folder, &bench.log());
        let struck_run = place.project.finish(place.project.start_under(&wrapper, &place.arguments));
        let log = fs::read_to_string(bench.log()).expect("strace writes a log");
        let (calls, struck) = strace::calls(&log, folder);
        let Some(struck) = struck else {
            if way != Way::Files || scenario.is_on_branch() {
                lock(figures).know(scenario, calls);
            }
            return;
        };
        // What is told of a failure in there is told with this.
        let _case = Case { task: Task::Calls(sweep), struck: (number, &struck) };
        if deed == Deed::Kill {
            assert_eq!(struck_run.code, None, "{struck_run}");
        } else {
            bench.check_end(&struck_run, &place);
        }
        let in_doubt = bench.settle(&mut place.next(bench.url()));
        let is_kill = deed == Deed::Kill;
        lock(figures).strike(scenario, (name, deed.name()), in_doubt, is_kill.then_some(&struck));
    }
}

/// Strikes one command of `git`.
fn run_command(task: Task, bench: &mut Bench, figures: &Mutex<Figures>) {
    let Task::Command { scenario, blow, number } = task else { return };
    let people = bench.next();
    let mut place = scenario.prepare(bench, people);
    blow::install(&mut place.project, Some((blow, number)));
    let struck_run = place.project.run(&place.arguments);
    let commands = blow::remove(&mut place.project);
    let struck = commands.get(number - 1).expect("there are so many commands");
    let _case = Case { task, struck: (u64::try_from(number).expect("a few"), struck) };
    if blow.is_kill() {
        assert_eq!(struck_run.code, None, "{struck_run}");
    } else {
        if blow == Blow::DiesMidway {
            blow::unlock(&place.project);
        }
        bench.check_end(&struck_run, &place);
    }
    let in_doubt = bench.settle(&mut place.next(bench.url()));
    let name = format!("git {}", struck.1);
    lock(figures).strike(scenario, (&name, blow.name()), in_doubt, blow.is_kill().then_some(struck));
}

/// Whether a call changes a file of the project, or may make the gateway send, and can be reached: of a
/// temporary file the one write is the first of a thread, and hidden by the first of the main thread.
/// Whoever dies there leaves an empty temporary file, as one who dies at its sync leaves a whole one.
fn is_change(scenario: Scenario, (name, target, _): &Call) -> bool {
    if scenario.is_on_branch() {
        return (name == "git" && target == "push") || target.ends_with("pending.jsonl") || target == "socket";
    }
    let is_listed = CHANGES.iter().any(|(listed, _)| listed == name);
    let is_hidden = name == "write" && target.ends_with(".lock.*");
    is_listed && !is_hidden && !matches!(target.as_str(), "eventfd" | "output")
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to stdout itself, which the test harness does not catch.
fn tell(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("stdout can be written");
}
