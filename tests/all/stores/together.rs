//! Two runs at once over one campaign.

use super::fleet::{Fleet, Gates, row};
use super::ground::Kind;

on_every_store!(two_runs_whose_audiences_differ_by_a_row, a_run_that_planned_before_another_sent);

/// The second machine has one customer more, so that its bulks have other ids and other people.
fn two_runs_whose_audiences_differ_by_a_row(kind: Kind) {
    let fleet = Fleet::new(kind, 5).faults(&["hold-after@2"]);
    let first = fleet.start(0, &[]);
    fleet.shop().sandbox.wait_held(1);
    // The first has sent to 1 and 2, is sending to 3 and 4, and will send to 5.
    fleet.customers(1, [6, 1, 2, 3, 4, 5]);
    let second = fleet.apply(1);
    if kind.is_shared() {
        second.code(0);
        assert_eq!(fleet.gates(1), Gates { sent: 4, in_flight: 2, ..Gates::default() });
    } else {
        assert!(second.code(8).stderr.contains("the ledger is held by `apply`"));
        assert_eq!(fleet.gates(1), Gates { sent: 2, in_flight: 2, to_send: 2, in_doubt: 0 });
    }
    fleet.shop().sandbox.release();
    fleet.machine(0).finish(first).code(0);
    fleet.settle(1, 6);
}

/// What was planned is claimed by somebody else meanwhile, or the files have changed.
fn a_run_that_planned_before_another_sent(kind: Kind) {
    let fleet = Fleet::new(kind, 4);
    let (first, barrier) = fleet.start_held(0, &[]);
    let second = fleet.apply(1);
    if kind.is_shared() {
        second.code(0);
        assert_eq!(fleet.shop().accepted(), [1; 4]);
    } else {
        second.code(8);
        assert_eq!(fleet.shop().requests(), 0);
    }
    barrier.open();
    let first = fleet.machine(0).finish(first).code(0);
    if kind.is_shared() {
        assert!(first.stdout.contains(&row([0, 0, 0, 0, 0, 4])), "{first}");
    }
    fleet.settle(0, 4);
}
