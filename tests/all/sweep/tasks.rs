//! What is struck: calls to the system, and commands of `git`.

use super::blow::Blow;
use super::scenario::Scenario;
use super::strace::{Call, Deed, Way};

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
pub(super) struct Sweep {
    pub(super) scenario: Scenario,
    pub(super) name: &'static str,
    pub(super) way: Way,
    pub(super) deed: Deed,
}

/// One command of `git` that is struck.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command {
    pub(super) scenario: Scenario,
    pub(super) blow: Blow,
    /// How many commands there are up to this one.
    pub(super) number: usize,
}

/// What a thread takes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task {
    /// A call, each time a later one.
    Calls(Sweep),
    /// One command of `git`.
    Command(Command),
}

/// All that is struck, given the commands of a run.
pub(super) fn all(commands: &[Call], is_complete: bool) -> Vec<Task> {
    let calls = Scenario::ALL.into_iter().flat_map(|scenario| sweeps(scenario, is_complete)).map(Task::Calls);
    calls.chain(blows(commands, is_complete)).collect()
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
                    tasks.push(Task::Command(Command { scenario, blow, number }));
                }
            }
        }
        if name == "update-ref" {
            tasks.push(Task::Command(Command { scenario: Scenario::Left, blow: Blow::DiesMidway, number }));
        }
    }
    tasks
}

/// Whether a call changes a file of the project, or may make the gateway send, and can be reached: of a
/// temporary file the one write is the first of a thread, and hidden by the first of the main thread.
/// Whoever dies there leaves an empty temporary file, as one who dies at its sync leaves a whole one.
pub(super) fn is_change(scenario: Scenario, (name, target, _): &Call) -> bool {
    if scenario.is_on_branch() {
        return (name == "git" && target == "push") || target.ends_with("pending.jsonl") || target == "socket";
    }
    let is_listed = CHANGES.iter().any(|(listed, _)| listed == name);
    let is_hidden = name == "write" && target.ends_with(".*");
    is_listed && !is_hidden && !matches!(target.as_str(), "eventfd" | "output")
}
