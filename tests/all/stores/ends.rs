//! Every end in order leaves no claim open that was not sent, the table, and the report.

use serde_json::{Value, json};

use super::fleet::{Fleet, Gates, row};
use super::ground::Kind;
use crate::support::{Process, Project, Run};

on_every_store!(
    one_signal_to_all_processes,
    one_signal_while_nobody_answers,
    one_signal_while_nobody_can_be_reached,
    two_signals,
    two_signals_at_once,
    a_gateway_that_stops_answering,
    files_that_change_in_the_middle,
    credentials_that_end_in_the_middle,
);

const REPORT: [&str; 2] = ["--write", "json=report.json"];

/// The groups of a report: the same numbers as in the table, which is the last thing on stdout.
#[track_caller]
fn report(project: &Project, run: &Run, expect: [u64; 6]) -> Value {
    assert!(run.stdout.contains(&row(expect)), "{run}");
    let text = project.read("report.json");
    let report: Value = serde_json::from_str(&text).expect("the report is JSON");
    assert_eq!((&report["kind"], &report["unstoredOutcomes"]), (&json!("apply"), &json!(0)), "{report:#}");
    let names = ["accepted", "rejected", "refused", "inDoubt", "notAttempted", "claimedElsewhere"];
    let counts = names.map(|name| report["total"][name].as_u64().expect("groups are counted"));
    assert_eq!(counts, expect, "{report:#}");
    let open: u64 = report["doubts"].as_array().unwrap().iter().map(|doubt| doubt["people"].as_u64().unwrap()).sum();
    // Whatever the store, a run that is over has nothing in flight.
    assert_eq!(open, expect[3], "{report:#}");
    report
}

/// A run of six people in three bulks, whose second request is held.
fn held(fleet: &Fleet) -> Process {
    let run = fleet.start(0, &REPORT);
    fleet.shop().sandbox.wait_held(1);
    run
}

fn one_signal_to_all_processes(kind: Kind) {
    for signal in ["INT", "TERM"] {
        let fleet = Fleet::new(kind, 6).faults(&["hold-after@2"]);
        let mut run = held(&fleet);
        run.signal_all(signal);
        run.wait_told("interrupted");
        fleet.shop().sandbox.release();
        let run = fleet.machine(0).finish(run).code(10);
        let report = report(fleet.machine(0), &run, [4, 0, 0, 0, 2, 0]);
        assert_eq!(report["stopped"], "interrupted");
        assert_eq!(fleet.gates(1), Gates { sent: 4, to_send: 2, ..Gates::default() });
        fleet.settle(1, 6);
    }
}

/// The grace of six seconds is waited for.
fn one_signal_while_nobody_answers(kind: Kind) {
    let fleet = Fleet::new(kind, 6).faults(&["hold-before@2"]);
    let run = held(&fleet);
    run.signal("TERM");
    let run = fleet.machine(0).finish(run).code(6);
    report(fleet.machine(0), &run, [2, 0, 0, 2, 2, 0]);
    // What this run has settled as open is nobody's flight any more.
    assert_eq!(fleet.gates(1), Gates { sent: 2, in_doubt: 2, to_send: 2, in_flight: 0 });
    fleet.shop().sandbox.release();
    fleet.settle(1, 6);
}

/// The request has not begun, so there is nothing to wait for, and nothing to doubt.
fn one_signal_while_nobody_can_be_reached(kind: Kind) {
    let (fleet, door) = Fleet::behind_door(kind, 4);
    let mut run = fleet.start(0, &REPORT);
    while fleet.gates(1).in_flight == 0 {
        assert!(run.is_running(), "it waits for a connection");
    }
    run.signal("INT");
    let run = fleet.machine(0).finish(run).code(10);
    report(fleet.machine(0), &run, [0, 0, 0, 0, 4, 0]);
    assert_eq!(fleet.gates(1), Gates { to_send: 4, ..Gates::default() });
    let traffic = door.open();
    assert_eq!(traffic.bytes().iter().sum::<usize>(), 0);
    fleet.settle(1, 4);
}

/// Interrupts a run twice while its second request is held; what was claimed ahead is given back, and
/// everybody knows it.
fn leaves(kind: Kind, customers: u64, between: impl FnOnce(&mut Process)) {
    let mut fleet = Fleet::new(kind, customers).faults(&["hold-after@2"]);
    let mut run = held(&fleet);
    run.signal_all("INT");
    between(&mut run);
    run.signal_all("TERM");
    let run = fleet.machine(0).finish(run).code(6);
    let to_send = customers - 4;
    report(fleet.machine(0), &run, [2, 0, 0, 2, to_send, 0]);
    fleet.shop().sandbox.release();
    fleet.set("SENDFORM_NOW", "2026-11-30T13:00:00Z");
    assert_eq!(fleet.gates(1), Gates { sent: 2, in_doubt: 2, to_send, in_flight: 0 });
    fleet.settle(1, usize::try_from(customers).unwrap());
}

/// As GitHub sends them: SIGINT, and after a while SIGTERM.
fn two_signals(kind: Kind) {
    leaves(kind, 6, |run| run.wait_told("interrupted"));
}

/// The second comes before the run could do anything about the first.
fn two_signals_at_once(kind: Kind) {
    leaves(kind, 8, |_| {});
}

fn a_gateway_that_stops_answering(kind: Kind) {
    let mut fleet = Fleet::new(kind, 6).faults(&["hold-before@2"]);
    fleet.set("SENDFORM_ANSWER_WITHIN", "1s");
    let run = fleet.machine(0).finish(fleet.start(0, &REPORT)).code(6);
    let report = report(fleet.machine(0), &run, [4, 0, 0, 2, 0, 0]);
    assert_eq!(report["doubts"][0]["why"], "no whole answer within 1s");
    fleet.shop().sandbox.release();
    fleet.settle(1, 6);
}

fn files_that_change_in_the_middle(kind: Kind) {
    let fleet = Fleet::new(kind, 6);
    let (run, barrier) = fleet.start_held(0, &REPORT);
    fleet.customers(0, [1, 2, 7, 8, 5, 6]);
    barrier.open();
    let run = fleet.machine(0).finish(run).code(5);
    let report = report(fleet.machine(0), &run, [2, 0, 0, 0, 4, 0]);
    assert!(report["stopped"].as_str().unwrap().starts_with("a bulk cannot be prepared as planned"), "{report:#}");
    fleet.customers(0, 1..=6);
    assert_eq!(fleet.gates(1), Gates { sent: 2, to_send: 4, ..Gates::default() });
    fleet.settle(1, 6);
}

fn credentials_that_end_in_the_middle(kind: Kind) {
    let fleet = Fleet::new(kind, 6).faults(&["401@2"]);
    let run = fleet.machine(0).finish(fleet.start(0, &REPORT)).code(9);
    let report = report(fleet.machine(0), &run, [2, 0, 2, 0, 2, 0]);
    assert_eq!(report["stopped"], "the gateway refused the credentials (401)");
    assert_eq!(fleet.gates(1), Gates { sent: 2, to_send: 4, ..Gates::default() });
    fleet.settle(1, 6);
}
