//! A run that dies at each step, and the next one, on another machine where the store allows it.

use super::fleet::{Fleet, Gates};
use super::ground::Kind;

on_every_store!(
    dead_before_its_first_claim,
    dead_after_a_claim,
    dead_after_a_request,
    dead_after_an_outcome,
    dead_with_several_requests_in_flight,
);

/// An hour after the run that died: whatever it claimed is dead on every machine.
const LATER: &str = "2026-11-30T13:00:00Z";

/// The next run sends to whoever is free, and to nobody who may have it.
fn next(mut fleet: Fleet, customers: usize, expect: Gates) {
    let before = fleet.shop().accepted();
    if fleet.kind().is_shared() {
        // Nobody knows yet that the run is dead.
        let gates = fleet.gates(1);
        assert_eq!(gates, Gates { in_flight: expect.in_doubt, in_doubt: 0, ..expect });
        fleet.set("SENDFORM_NOW", LATER);
    }
    assert_eq!(fleet.gates(1), expect);
    let run = fleet.apply(1);
    let after = fleet.shop().accepted();
    assert!(before.iter().zip(&after).all(|(before, after)| before <= after && *after <= 1), "{before:?} {after:?}");
    // What the gateway's logs prove is settled; the rest stays in doubt, and is shown.
    let gates = fleet.gates(1);
    // Whoever is proved not sent to only at the end, by what left after them, is left to the next run.
    let Gates { sent, in_doubt, to_send, in_flight, .. } = gates;
    assert_eq!((sent + in_doubt + to_send, in_flight), (customers as u64, 0), "{run}");
    assert!(in_doubt + to_send <= expect.in_doubt, "{run}");
    let code = match (in_doubt, to_send) {
        (0, 0) => 0,
        (0, _) => 2,
        (..) => 6,
    };
    assert_eq!(run.code, Some(code), "{run}");
    assert_eq!(run.stdout.contains("free again: they were in doubt before"), to_send > 0, "{run}");
    fleet.settle(1, customers);
}

fn dead_before_its_first_claim(kind: Kind) {
    let fleet = Fleet::new(kind, 4);
    let (run, _barrier) = fleet.start_held(0, &[]);
    run.kill();
    assert_eq!(fleet.shop().requests(), 0);
    next(fleet, 4, Gates { to_send: 4, ..Gates::default() });
}

/// The gateway holds the request before it takes it in, and never does as its client is gone.
fn dead_after_a_claim(kind: Kind) {
    let fleet = Fleet::new(kind, 4).faults(&["hold-before"]);
    let run = fleet.start(0, &[]);
    fleet.shop().sandbox.wait_held(1);
    run.kill();
    fleet.shop().sandbox.release();
    assert!(fleet.shop().accepted().is_empty());
    next(fleet, 4, Gates { in_doubt: 2, to_send: 2, ..Gates::default() });
}

fn dead_after_a_request(kind: Kind) {
    let fleet = Fleet::new(kind, 4).faults(&["hold-after"]);
    let run = fleet.start(0, &[]);
    fleet.shop().sandbox.wait_held(1);
    run.kill();
    fleet.shop().sandbox.release();
    assert_eq!(fleet.shop().accepted(), [1, 1]);
    next(fleet, 4, Gates { in_doubt: 2, to_send: 2, ..Gates::default() });
}

fn dead_after_an_outcome(kind: Kind) {
    let fleet = Fleet::new(kind, 6).faults(&["hold-after@2"]);
    let run = fleet.start(0, &[]);
    fleet.shop().sandbox.wait_held(1);
    run.kill();
    fleet.shop().sandbox.release();
    assert_eq!(fleet.shop().accepted(), [1; 4]);
    next(fleet, 6, Gates { sent: 2, in_doubt: 2, to_send: 2, ..Gates::default() });
}

fn dead_with_several_requests_in_flight(kind: Kind) {
    let fleet = Fleet::new(kind, 8).faults(&["hold-before@1", "hold-after@2"]);
    // Else there would be one request at a time until it is known whom the gateway rejects.
    fleet.add_to_project("stopAfter: { share: 100% }\n");
    let run = fleet.machine(0).start(["apply", "--auto-approve", "--parallel", "2"]);
    fleet.shop().sandbox.wait_held(2);
    run.kill();
    fleet.shop().sandbox.release();
    let gates = fleet.gates(1);
    // Which of the bulks the gateway has is its affair; four people are open, the others free.
    assert_eq!((gates.in_doubt + gates.in_flight, gates.to_send), (4, 4));
    assert_eq!(fleet.shop().accepted().iter().sum::<u64>(), 2);
    fleet.shop().sandbox.faults(&[]);
    let mut fleet = fleet;
    fleet.set("SENDFORM_NOW", LATER);
    assert_eq!(fleet.gates(1), Gates { in_doubt: 4, to_send: 4, ..Gates::default() });
    fleet.settle(1, 8);
}
