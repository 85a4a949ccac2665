//! A run is killed at the entry of its n-th call to the system, for every n until a run ends by
//! itself; or that call fails. Afterwards nobody has the message twice, whoever was accepted is held
//! back by a claim, and the same command again, a word on what is in doubt, and an apply give
//! everybody the message once.
//!
//! Here every call that changes something is struck; `tests/sweep` strikes all others too, in the
//! release binary.

mod bench;
mod scenario;
mod strace;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use bench::Bench;
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

/// A call that is struck again and again, each time a later one.
#[derive(Debug, Clone, Copy)]
struct Sweep {
    scenario: Scenario,
    name: &'static str,
    way: Way,
    deed: Deed,
}

/// A call that was struck; it is told if the test fails before this is dropped.
struct Case<'a> {
    sweep: Sweep,
    number: u64,
    struck: &'a Call,
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            tell(&format!("{:?}, call {} of its thread, which was {:?}", self.sweep, self.number, self.struck));
        }
    }
}

/// What was done, and what came of it.
#[derive(Debug, Default)]
struct Figures {
    /// How many calls were struck, by scenario, name and deed.
    struck: BTreeMap<(Scenario, Deed, &'static str), u64>,
    /// How many people were in doubt after it.
    in_doubt: usize,
    /// The calls that a run makes when none is struck.
    known: BTreeSet<(Scenario, Call)>,
    /// Those at which a run was killed.
    reached: BTreeSet<(Scenario, Call)>,
}

#[test]
fn a_run_may_die_or_fail_at_every_call() {
    let is_complete = std::env::var_os("SENDFORM_SWEEP_ALL").is_some();
    let begin = Instant::now();
    let others = if is_complete { OTHERS.as_slice() } else { &[] };
    let kills = CHANGES.iter().chain(others).map(|(name, way)| (*name, *way, Deed::Kill));
    let failures = FAILURES.iter().map(|(name, way, error)| (*name, *way, Deed::Error(error)));
    let sweeps = Scenario::ALL.into_iter().flat_map(|scenario| {
        kills.clone().chain(failures.clone()).map(move |(name, way, deed)| Sweep { scenario, name, way, deed })
    });
    // The long ones are at the front, and begun first.
    let mut queue: Vec<Sweep> = sweeps.collect();
    queue.reverse();
    let (queue, figures) = (Mutex::new(queue), Mutex::new(Figures::default()));
    let work = |number: u64| {
        let mut bench = Bench::new(number);
        while let Some(sweep) = { lock(&queue).pop() } {
            run(sweep, &mut bench, &figures);
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|number| drop(scope.spawn(move || work(number)))));
    let figures = figures.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell(&format!("{} s\n{}", begin.elapsed().as_secs(), table(&figures)));
    let missed: Vec<_> = figures.known.difference(&figures.reached).filter(|(_, call)| is_change(call)).collect();
    assert!(missed.is_empty(), "no run was killed at {missed:#?}");
}

/// Strikes one call after the other, until a run ends before there are so many.
fn run(sweep: Sweep, bench: &mut Bench, figures: &Mutex<Figures>) {
    let Sweep { scenario, name, way, deed } = sweep;
    for number in 1.. {
        let people = bench.next();
        let (project, arguments) = scenario.prepare(bench, people);
        let wrapper = strace::wrapper(way, name, Some((deed, number)), project.folder(), &bench.log());
        let struck_run = project.finish(project.start_under(&wrapper, &arguments));
        let log = fs::read_to_string(bench.log()).expect("strace writes a log");
        let (calls, struck) = strace::calls(&log, project.folder());
        let Some(struck) = struck else {
            if way == Way::All || way == Way::Main {
                lock(figures).known.extend(calls.into_iter().map(|call| (scenario, call)));
            }
            return;
        };
        // What is told of a failure in there is told with this.
        let _case = Case { sweep, number, struck: &struck };
        if deed == Deed::Kill {
            assert_eq!(struck_run.code, None, "{struck_run}");
        } else {
            bench.check_end(&struck_run, &project, scenario);
        }
        let in_doubt = bench.settle(&project, scenario, &arguments);
        let mut figures = lock(figures);
        *figures.struck.entry((scenario, deed, name)).or_default() += 1;
        figures.in_doubt += in_doubt;
        if deed == Deed::Kill {
            figures.reached.insert((scenario, struck.clone()));
        }
    }
}

/// Whether a call changes a file of the project, or may make the gateway send, and can be reached: of a
/// temporary file the one write is the first of a thread, and hidden by the first of the main thread.
/// Whoever dies there leaves an empty temporary file, as one who dies at its sync leaves a whole one.
fn is_change((name, target, _): &Call) -> bool {
    let is_listed = CHANGES.iter().any(|(listed, _)| listed == name);
    let is_hidden = name == "write" && target.ends_with(".lock.*");
    is_listed && !is_hidden && !matches!(target.as_str(), "eventfd" | "output")
}

fn table(figures: &Figures) -> String {
    let mut text = String::new();
    for scenario in Scenario::ALL {
        text.push_str(scenario.name());
        text.push('\n');
        for ((_, deed, name), count) in figures.struck.iter().filter(|((of, ..), _)| *of == scenario) {
            let deed = match deed {
                Deed::Kill => "killed".to_owned(),
                Deed::Error(error) => error.to_string(),
            };
            text += &format!("  {name:<12} {deed:<8} {count:>5}\n");
        }
    }
    let total: u64 = figures.struck.values().sum();
    let kills: u64 = figures.struck.iter().filter(|((_, deed, _), _)| *deed == Deed::Kill).map(|(_, n)| n).sum();
    let (known, reached) = (figures.known.len(), figures.known.intersection(&figures.reached).count());
    text + &format!(
        "{total} calls struck, {kills} of them by a kill; {reached} of {known} different calls reached; \
         {} people in doubt, all settled; sent twice: 0; forgotten: 0\n",
        figures.in_doubt
    )
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to stdout itself, which the test harness does not catch.
fn tell(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("stdout can be written");
}
