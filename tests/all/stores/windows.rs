//! Conversation windows that close after a run has planned, and before it claims.

use super::fleet::{APPLY, Fleet};
use super::ground::Kind;
use crate::support::{Barrier, Run, customer};

on_every_store!(whose_window_closes_before_the_claim_is_cut_out, a_frozen_plan_is_held_to_the_windows_as_well);

const CAMPAIGN: &str = "campaign: sale\naudiences:\n  customers: { csv: customers.csv, columns: { to: id, \
    windowClosesAt: closes } }\nmessages:\n  - { id: hello, sender: shop, audience: customers, content: { type: TEXT, \
    text: Hello! } }\n";
const OPEN: &str = "2026-12-01T06:00:00Z";
const CLOSED: &str = "2026-11-30T11:59:00Z";

/// Writes the audience of the first machine: five people, of whom some cannot be written to at noon.
fn customers(fleet: &Fleet, closed: &[u64]) {
    let row = |number| format!("{},{}\n", customer(number), if closed.contains(&number) { CLOSED } else { OPEN });
    fleet.machine(0).write("customers.csv", format!("id,closes\n{}", (1..=5).map(row).collect::<String>()));
}

fn fleet(kind: Kind) -> Fleet {
    let fleet = Fleet::new(kind, 5);
    fleet.machine(0).write("sale.yaml", CAMPAIGN);
    customers(&fleet, &[]);
    fleet
}

/// The windows of three people close when the run has planned: of one in the first bulk, and of both in the second.
fn check(fleet: &Fleet, arguments: &[&str]) {
    let barrier = Barrier::new(fleet.machine(0));
    let held = barrier.arguments();
    let mut run = fleet.machine(0).start([arguments, &APPLY[1..], &held.each_ref().map(String::as_str)].concat());
    barrier.wait(&mut run);
    customers(fleet, &[2, 3, 4]);
    barrier.open();
    let run = fleet.machine(0).finish(run).code(0);
    assert_eq!(fleet.shop().accepted(), [1, 0, 0, 0, 1], "{run}");
    assert_eq!(fleet.shop().requests(), 2, "nobody is left of the second bulk");
    told(&run);
    let plan = fleet.machine(0).run(["plan", "--format", "json"]).code(0).json();
    let gates = &plan["messages"][0]["gates"];
    assert_eq!((&gates["alreadySent"], &gates["windowClosed"]), (&2.into(), &3.into()), "{gates}");
    // They are free, and are sent to once they can be.
    customers(fleet, &[]);
    fleet.apply(0).code(0);
    assert_eq!(fleet.shop().accepted(), [1; 5]);
}

#[track_caller]
fn told(run: &Run) {
    let table = "message        accepted  rejected  refused  in doubt  not attempted  window closed\n\
                 sale.hello r1         2         0        0         0              0              3\n  window closed: their \
                 conversation window would have been closed when it was their turn, and they got nothing\n";
    assert!(run.stdout.contains(table), "{run}");
}

fn whose_window_closes_before_the_claim_is_cut_out(kind: Kind) {
    check(&fleet(kind), &["apply"]);
}

fn a_frozen_plan_is_held_to_the_windows_as_well(kind: Kind) {
    let fleet = fleet(kind);
    fleet.machine(0).run(["plan", "--out", "sale.plan"]).code(0);
    check(&fleet, &["apply", "sale.plan"]);
}
