//! A run is killed at the entry of its n-th call to the system, for every n until a run ends by
//! itself; or that call fails. Afterwards nobody has the message twice, whoever was accepted is held
//! back by a claim, and the same command again, a word on what is in doubt, and an apply give
//! everybody the message once.
//!
//! With a ledger in git the commands of `git` are struck too: the run dies before, during or after one
//! of them, or the command dies alone. The next run has a clone of its own, or what the first has left.
//!
//! Here every call that changes something is struck, and with a ledger in git a sample; `tests/sweep`
//! strikes all others too, in the release binary.

mod bench;
mod blow;
mod figures;
mod place;
mod scenario;
mod strace;
mod tasks;

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
use tasks::{Command, Sweep, Task};

/// How many cases are under way at once.
const THREADS: u64 = 3;

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
    // The long ones are at the front, and begun first.
    let mut queue = tasks::all(&commands, is_complete);
    queue.reverse();
    let (queue, figures) = (Mutex::new(queue), Mutex::new(figures));
    let work = |number: u64| {
        let mut bench = Bench::new(number);
        while let Some(task) = { lock(&queue).pop() } {
            match task {
                Task::Calls(sweep) => run(sweep, &mut bench, &figures),
                Task::Command(command) => run_command(command, &mut bench, &figures),
            }
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|number| drop(scope.spawn(move || work(number)))));
    let figures = figures.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell(&format!("{} s\n{figures}", begin.elapsed().as_secs()));
    if !is_complete {
        tell("of the calls of a ledger in git this is a sample; `tests/sweep` strikes all, and all other calls");
    }
    let missed = figures.missed(tasks::is_change);
    assert!(missed.is_empty(), "no run was killed at {missed:#?}");
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
fn run_command(command: Command, bench: &mut Bench, figures: &Mutex<Figures>) {
    let Command { scenario, blow, number } = command;
    let people = bench.next();
    let mut place = scenario.prepare(bench, people);
    blow::install(&mut place.project, Some((blow, number)));
    let struck_run = place.project.run(&place.arguments);
    let commands = blow::remove(&mut place.project);
    let struck = commands.get(number - 1).expect("there are so many commands");
    let _case = Case { task: Task::Command(command), struck: (u64::try_from(number).expect("a few"), struck) };
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

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to stdout itself, which the test harness does not catch.
fn tell(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("stdout can be written");
}
