//! A run that is stopped between a claim and its request, and wakes up when its ticket is too old.

use std::thread;
use std::time::Duration;

use super::fleet::{FIRST_BULK, Fleet, Gates, row};
use super::ground::Kind;
use crate::support::{Door, Process};

on_every_store!(whoever_wakes_up_late_claims_anew, whoever_wakes_up_late_finds_its_people_taken);

/// How long after its claim a request may begin. Time itself is what is tested here.
const START_WITHIN: Duration = Duration::from_secs(1);

/// Past `startBy`, the longest request, and the skew of clocks.
const LATER: &str = "2026-11-30T12:08:00Z";

/// A run that sleeps behind a claim of two people, long enough for its ticket to be too old.
fn asleep(kind: Kind, customers: u64) -> (Fleet, Door, Process) {
    let (mut fleet, door) = Fleet::behind_door(kind, customers);
    fleet.set("SENDFORM_START_WITHIN", "1s");
    let mut run = fleet.start(0, &[]);
    while fleet.gates(1).in_flight == 0 {
        assert!(run.is_running(), "it waits for a connection");
    }
    run.signal("STOP");
    // Time itself is what is tested: its ticket grows too old.
    thread::sleep(START_WITHIN);
    (fleet, door, run)
}

/// Wakes the run up in front of an open door, and waits for its end.
fn wake(fleet: &Fleet, door: Door, run: Process) -> (crate::support::Run, Vec<usize>) {
    let traffic = door.open();
    run.signal("CONT");
    let run = fleet.machine(0).finish(run);
    (run, traffic.bytes())
}

fn whoever_wakes_up_late_claims_anew(kind: Kind) {
    let (fleet, door, run) = asleep(kind, 4);
    assert_eq!(fleet.gates(1), Gates { in_flight: 2, to_send: 2, ..Gates::default() });
    let (run, bytes) = wake(&fleet, door, run);
    run.code(0);
    assert_eq!(bytes[0], 0, "not a byte goes out on the old ticket: {bytes:?}");
    assert_eq!(bytes.iter().filter(|bytes| **bytes > 0).count(), 2, "{bytes:?}");
    assert_eq!(fleet.shop().requests(), 2);
    assert_eq!(fleet.shop().accepted(), [1; 4]);
    fleet.settle(1, 4);
}

/// While it sleeps the people are somebody else's business: first in flight, then in doubt.
fn whoever_wakes_up_late_finds_its_people_taken(kind: Kind) {
    let (mut fleet, door, run) = asleep(kind, 4);
    if !kind.is_shared() {
        // Nobody comes past the operating system's lock of a run that sleeps.
        for command in [&["apply", "--auto-approve"][..], &["resolve", "x", "--not-sent", "--reason", "impatience"]] {
            let other = fleet.machine(1).run(command).code(8);
            assert!(other.stderr.contains("the ledger is held by `apply`"), "{other}");
        }
        wake(&fleet, door, run).0.code(0);
        return fleet.settle(1, 4);
    }
    let settle = ["resolve", FIRST_BULK, "--not-sent", "--reason", "it sleeps"];
    let early = fleet.machine(1).run(settle).code(6);
    assert!(early.stderr.contains("another run may still be sending this bulk"), "{early}");
    fleet.set("SENDFORM_NOW", LATER);
    assert_eq!(fleet.gates(1), Gates { in_doubt: 2, to_send: 2, ..Gates::default() });
    fleet.machine(1).run(settle).code(0);
    door.open();
    fleet.apply(1).code(0);
    let requests = fleet.shop().requests();
    assert_eq!(fleet.shop().accepted(), [1; 4]);
    run.signal("CONT");
    let run = fleet.machine(0).finish(run).code(0);
    assert!(run.stdout.contains(&row([0, 0, 0, 0, 0, 4])), "{run}");
    assert_eq!(fleet.shop().requests(), requests, "nothing was sent again");
    fleet.settle(1, 4);
}
