//! Stores that fail in the middle of a run: full, gone, or silent.

use std::fs;
use std::path::PathBuf;

use super::fleet::{APPLY, Fleet, Gates, row};
use super::ground::Kind;
use crate::support::Project;

on_every_store!(a_store_that_is_gone_in_the_middle);

/// The files in which outcomes were kept that the store did not take.
fn kept(project: &Project) -> Vec<PathBuf> {
    let entries = fs::read_dir(project.path(".sendform")).expect("a folder of its own");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("outcomes-"))).collect()
}

/// The store goes when the request of the second bulk has been taken. What it does not take is kept in
/// a file, which the next run on this machine takes in.
fn a_store_that_is_gone_in_the_middle(kind: Kind) {
    let mut fleet = Fleet::new(kind, 6).faults(&["hold-after@2"]);
    let run = fleet.start(0, &["--write", "json=report.json"]);
    fleet.shop().sandbox.wait_held(1);
    fleet.break_store();
    fleet.shop().sandbox.release();
    let run = fleet.machine(0).finish(run);
    assert!(!matches!(run.code, Some(0) | None), "{run}");
    assert!(fleet.machine(0).read("report.json").contains("\"kind\": \"apply\""), "{run}");
    fleet.mend_store();
    fleet.set("SENDFORM_NOW", "2026-11-30T13:00:00Z");
    if kind == Kind::Lockfile {
        // The ledger's failure is the strongest news.
        let run = run.code(8);
        assert!(run.stdout.contains(&row([4, 0, 0, 0, 2, 0])), "{run}");
        assert!(run.stdout.contains("! stopped: the ledger's store failed"), "{run}");
        let [kept] = &kept(fleet.machine(0))[..] else { panic!("one file of outcomes") };
        assert!(fs::read_to_string(kept).unwrap().contains("\"state\":\"accepted\""));
        assert_eq!(fleet.gates(0), Gates { sent: 4, to_send: 2, ..Gates::default() });
    }
    fleet.apply(0);
    fleet.settle(1, 6);
}

/// Says nothing for longer than the run waits: six seconds for requests, two for the store, and two to
/// put the ledger in order.
const STALL: &str = "inject=fsync,fdatasync:delay_enter=15000000:when=5+";

/// What a message is and the first claim are synced in two files each, and then nothing.
#[test]
fn a_disk_that_does_not_answer() {
    let fleet = Fleet::new(Kind::Lockfile, 6);
    let project = fleet.machine(0);
    let strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", STALL];
    let mut run = project.start_under(&strace, APPLY);
    while fleet.shop().accepted().is_empty() {
        assert!(run.is_running(), "it has sent before it waits");
    }
    run.signal("TERM");
    let run = project.finish(run).code(6);
    assert!(run.stdout.contains(&row([2, 0, 0, 0, 4, 0])), "{run}");
    assert!(run.stdout.contains("! stopped: the ledger's store failed: it does not answer"), "{run}");
    assert!(run.stderr.contains("the ledger was not put in order before this run had to end"), "{run}");
    assert_eq!(kept(project).len(), 1);
    fleet.settle(0, 6);
}

/// A disk that is full after each half kilobyte, as the limit for the size of a file.
#[test]
fn a_disk_that_fills_up_at_each_step() {
    let mut ends = Vec::new();
    for blocks in 1..=10 {
        let fleet = Fleet::new(Kind::Lockfile, 6);
        let project = fleet.machine(0);
        let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let run = project.finish(project.start_under(&["sh", "-c", &limit], APPLY));
        let gates = fleet.gates(0);
        let accepted = fleet.shop().accepted();
        assert!(accepted.iter().all(|count| *count == 1), "{run}");
        // Whoever has it is sent, or in doubt with the outcome in a file.
        assert!(gates.sent + gates.in_doubt >= accepted.len() as u64, "{gates:?} {run}");
        assert!(gates.in_doubt == 0 || !kept(project).is_empty(), "{gates:?} {run}");
        let full = run.to_string().contains("File too large");
        assert_eq!(full, run.code != Some(0), "{run}");
        ends.push((run.code, accepted.len(), gates.in_doubt));
        fleet.settle(0, 6);
    }
    // Full before anything was claimed, before anything was sent, in between, and not at all.
    assert_eq!(ends[0], (Some(1), 0, 0), "{ends:?}");
    assert_eq!((ends[1].0, ends[1].1), (Some(6), 0), "{ends:?}");
    assert!(ends.iter().any(|(_, accepted, _)| (1..6).contains(accepted)), "{ends:?}");
    assert_eq!(ends[9], (Some(0), 6, 0), "{ends:?}");
}
