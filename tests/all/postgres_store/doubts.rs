//! Doubts of runs that were killed, with a sandbox on this machine: what is settled by itself, and when.

use serde_json::Value;

use super::shop::{LATER, Shop};
use crate::support::{Cluster, Run, customer};

const PACE: &str = "sendingSpeedLimit: { amount: 2, timeUnit: HOUR }";

/// A shop of which two customers have the message, and four more were to get it by this schedule, two in a bulk: the run was
/// killed while the gateway held the first bulk, in this way.
fn killed(schedule: &str, fault: &str) -> Shop {
    let shop = Shop::new(2, 2, Cluster::shared().database());
    shop.apply().code(0);
    let schedules = format!("schedules: {{ slow: {{ {schedule} }} }}\nmessages:");
    let campaign = shop.project.read("sale.yaml").replacen("messages:", &schedules, 1);
    shop.project.write("sale.yaml", campaign.replace("    sender: shop\n", "    sender: shop\n    schedule: slow\n"));
    let rows: String = (1..=6).map(|number| format!("{}\n", customer(number))).collect();
    shop.project.write("customers.csv", format!("id\n{rows}"));
    shop.sandbox.faults(&[fault]);
    let run = shop.start();
    shop.sandbox.wait_held(1);
    run.kill();
    shop.sandbox.faults(&[]);
    shop.sandbox.release();
    shop
}

/// Reconciles, which ends with this code: what it says, and what it has of the only doubt.
fn reconciled(shop: &Shop, code: i32) -> (Run, Value) {
    let run = shop.project.run(["reconcile", "--format", "json"]).code(code);
    let doubt = run.json()["doubts"][0].clone();
    (run, doubt)
}

/// Time goes on, for the machine and the sandbox alike.
fn moves(shop: &mut Shop, now: &str) {
    shop.project.set("SENDFORM_NOW", now);
    shop.sandbox.set_clock(now);
}

#[test]
fn a_paced_bulk_that_never_came_is_settled_once_its_run_is_surely_dead() {
    let mut shop = killed(PACE, "hold-before@1");
    let (run, _) = reconciled(&shop, 0);
    assert!(run.json()["doubts"].as_array().unwrap().is_empty(), "its run may live: {run}");
    moves(&mut shop, LATER);
    let (run, doubt) = reconciled(&shop, 0);
    assert_eq!(doubt["notSent"], 2, "{run}");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 6]);
}

#[test]
fn of_a_paced_bulk_that_came_everybody_is_found_as_they_leave() {
    let mut shop = killed(PACE, "hold-after@1");
    moves(&mut shop, LATER);
    let (run, doubt) = reconciled(&shop, 6);
    assert_eq!((&doubt["accepted"], &doubt["inDoubt"]), (&1.into(), &1.into()), "{run}");
    // Since then it is known when the bulk had come, and so by when the last of it leaves, whoever asks when.
    let told = ["2026-11-30T12:15:00Z", "2026-11-30T12:20:00Z"].map(|now| {
        moves(&mut shop, now);
        reconciled(&shop, 6).1["kept"][0]["from"].as_str().unwrap().to_owned()
    });
    assert!(told[0] == told[1] && told[0].starts_with("2026-11-30T13:0"), "{told:?}");
    moves(&mut shop, "2026-11-30T12:30:00Z");
    let (run, doubt) = reconciled(&shop, 0);
    assert_eq!(doubt["accepted"], 1, "{run}");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 6]);
}

#[test]
fn what_a_window_holds_back_is_found_when_it_opens_and_else_settled_by_a_word() {
    const WINDOW: &str = "deliveryTimeWindow: { days: [MONDAY, TUESDAY], from: { hour: 8, minute: 0 }, \
                          to: { hour: 10, minute: 0 } }";
    const TUESDAY: &str = "2026-12-01T08:30:00Z";
    let mut came = killed(WINDOW, "hold-after@1");
    moves(&mut came, LATER);
    reconciled(&came, 6);
    moves(&mut came, TUESDAY);
    let (run, doubt) = reconciled(&came, 0);
    assert_eq!(doubt["accepted"], 2, "{run}");
    // Of a request that never came nobody knows when it would have, and so whether its messages wait for a day or two.
    let mut shop = killed(WINDOW, "hold-before@1");
    moves(&mut shop, TUESDAY);
    let run = shop.project.run(["reconcile"]).code(6);
    assert!(run.stdout.contains("absence"), "{run}");
    let (_, doubt) = reconciled(&shop, 6);
    let bulk = doubt["bulkId"].as_str().unwrap();
    shop.project.run(["resolve", bulk, "--not-sent", "--reason", "the request never came"]).code(0);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 6]);
}
