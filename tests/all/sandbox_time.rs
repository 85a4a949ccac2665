//! Whose time a run takes: a sandbox on this machine tells it, moved by hand or running fast, and nobody elsewhere does.

mod before_ledger;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{NOW, Run, Sandbox, Shop, customer};

const APPLY: &[&str] = &["apply", "--auto-approve", "--parallel", "1"];

/// A shop whose runs have no time of their own.
fn shop(customers: u64, arguments: &[&str]) -> Shop {
    let mut shop = Shop::on(Sandbox::start_at("127.0.0.1:0", &[&["--now", NOW], arguments].concat()), customers);
    shop.project.unset("SENDFORM_NOW");
    shop.project.run(["ledger", "init"]).code(0);
    shop
}

/// Puts the message on a schedule.
fn schedule(shop: &Shop, schedule: &str) {
    let campaign =
        shop.project.read("sale.yaml").replace("audience: customers", "schedule: launch\n    audience: customers");
    shop.project.write("sale.yaml", format!("{campaign}schedules:\n  launch: {{ {schedule} }}\n"));
}

fn head(run: &Run) -> &str {
    run.stdout.lines().next().unwrap_or_default()
}

#[test]
fn a_plan_has_the_time_of_a_sandbox_on_both_clocks() {
    let shop = shop(2, &["--stopped"]);
    schedule(&shop, "sendAt: \"2026-12-24 09:00\", timeZone: Europe/Zagreb");
    assert_snapshot!(shop.run(&["plan"]).code(0), @r#"
    exit code: 0
    sale.hello r1  shop to customers
      + 2 to send at 2026-12-24 09:00 Europe/Zagreb (08:00 UTC), 1 bulk
            the gateway's logs cannot tell before 2026-12-24 09:00 Europe/Zagreb (08:00 UTC) whether they were sent to already: they do not show what is still to leave
        2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk
    ----- stderr
    warning[handed-over-early]: an apply hands 2 messages of `sale.hello` over 23 days 20 h early: from then on nothing can stop or change what leaves by 2026-12-24 09:00 Europe/Zagreb (08:00 UTC)
      --> sale.yaml:12:21
       |
    12 |   launch: { sendAt: "2026-12-24 09:00", timeZone: Europe/Zagreb }
       |                     ^^^^^^^^^^^^^^^^^^
       |
       = help: write `handover: 2h` on the schedule to keep them here until 2 hours before their time; something must run `apply` then

    1 warning
    "#);
    shop.sandbox.set_clock("2026-12-24T07:30:00Z");
    let run = shop.run(&["plan"]).code(0);
    assert!(head(&run).contains("2026-12-24 07:30 UTC"), "{run}");
    // What leaves now is no time of its own.
    shop.sandbox.set_clock("2026-12-24T08:00:00.5Z");
    let run = shop.run(&["plan"]).code(3);
    assert!(run.stdout.contains("past"), "half a second counts: {run}");
}

#[test]
fn a_sandbox_that_was_moved_by_a_week_is_sent_to() {
    let shop = shop(2, &[]);
    shop.run(APPLY).code(0);
    shop.sandbox.set_clock("2026-12-07T12:00:00Z");
    shop.customers(1..=4);
    shop.run(APPLY).code(0);
    assert_eq!(shop.accepted(), [1; 4]);
    let lockfile = shop.project.read("sendform.lock");
    assert!(lockfile.contains("\"at\":\"2026-12-07T12:00:0") && lockfile.contains("\"machineAt\":"), "{lockfile}");
    shop.run(&["ledger", "verify"]).code(0);
    shop.sends_nothing(APPLY, 0);
}

#[test]
fn a_handover_comes_due_and_a_time_is_past_by_the_sandbox() {
    let shop = shop(2, &[]);
    schedule(&shop, "sendAt: \"2026-12-01 09:00\", timeZone: UTC, handover: 2h");
    let run = shop.sends_nothing(APPLY, 0);
    assert!(run.stdout.contains("not due yet"), "{run}");
    shop.sandbox.set_clock("2026-12-01T07:00:01Z");
    shop.run(APPLY).code(0);
    assert_eq!(shop.accepted(), [1, 1]);
    shop.sandbox.set_clock("2026-12-01T09:00:01Z");
    shop.customers(1..=3);
    let run = shop.sends_nothing(APPLY, 4);
    assert!(run.stdout.contains("too late"), "{run}");
}

#[test]
fn a_window_that_closes_while_a_fast_clock_runs_is_seen_at_the_claim() {
    let shop = shop(4, &["--stopped"]);
    let columns = "columns: { to: id, windowClosesAt: closes }";
    shop.project.write("sale.yaml", shop.project.read("sale.yaml").replace("columns: { to: id }", columns));
    let closes = ["14:00", "14:00", "15:00", "15:00"];
    let rows = closes.iter().zip(1..).map(|(at, number)| format!("{},Ana,2026-11-30T{at}:00Z\n", customer(number)));
    shop.project.write("customers.csv", format!("id,name,closes\n{}", rows.collect::<String>()));
    shop.sandbox.faults(&["hold-after@1"]);
    // What leaves at noon ends at three, which can be waited for.
    shop.sandbox.set_rules(&json!({ "latencyMs": 10_800_000 }));
    let run = shop.project.start(APPLY);
    shop.sandbox.wait_held(1);
    shop.sandbox.change_clock(&json!({ "speed": 3600, "stopped": false }));
    shop.sandbox.wait("final=1");
    shop.sandbox.release();
    let run = shop.project.finish(run).code(0);
    assert_eq!(shop.accepted(), [1, 1], "{run}");
    assert!(run.stdout.contains("window closed"), "{run}");
}

#[test]
fn a_sandbox_that_was_begun_anew_is_before_the_ledger() {
    let Shop { project, sandbox } = shop(2, &["--stopped"]);
    let address = sandbox.address().to_string();
    sandbox.set_clock("2026-12-24T06:00:00Z");
    project.run(APPLY).code(0);
    drop(sandbox);
    let shop = Shop { project, sandbox: Sandbox::start_at(&address, &["--now", NOW, "--stopped"]) };
    shop.customers(1..=3);
    assert_snapshot!(shop.sends_nothing(APPLY, 8), @r#"
    exit code: 8
    ----- stderr
    error: the sandbox's time, 2026-11-30T12:00:00Z, is before the newest claim of the ledger, which is of 2026-12-24T06:00:00Z
      hint: move its clock to there: `curl --json '{"now": "2026-12-24T06:00:00Z"}' http://127.0.0.1:[port]/sandbox/clock`
      hint: or start it with the books that it had: its clock goes on from where it was
    "#);
    let plan = shop.run(&["plan", "--format", "json"]).code(8).json();
    assert_eq!(plan["code"], "timeBeforeLedger", "{plan}");
    let status = shop.run(&["status"]).code(0);
    assert!(status.stderr.contains("`sendform apply` is refused: the sandbox's time"), "{status}");
    let doctor = shop.run(&["doctor"]).code(8);
    assert!(doctor.stdout.contains("is before the newest claim of the ledger"), "{doctor}");
    // As it is told.
    shop.sandbox.set_clock("2026-12-24T06:00:01Z");
    shop.run(APPLY).code(0);
    assert_eq!(shop.accepted(), [0, 0, 1]);
}

/// From what is known of a bulk nobody can tell when a channel comes to it that takes few messages: the sandbox says so.
#[test]
fn what_waits_for_its_turn_at_the_channel_is_not_sent_again() {
    let shop = shop(2, &["--stopped", "--channel-rate", "1/h"]);
    shop.run(APPLY).code(0);
    shop.customers(1..=4);
    shop.sandbox.faults(&["drop-after"]);
    shop.run(APPLY).code(6);
    for (now, open) in [("2026-11-30T13:59:59Z", 2), ("2026-11-30T14:30:00Z", 1), ("2026-11-30T15:00:00Z", 0)] {
        shop.sandbox.set_clock(now);
        let run = shop.run(&["reconcile", "--format", "json"]).code(if open == 0 { 0 } else { 6 });
        assert_eq!(run.json()["inDoubt"], open, "{now}: {run}");
    }
    shop.run(APPLY).code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

/// What is written while the sandbox is down goes by the machine's clock, and is no reason to send nothing by its own.
#[test]
fn what_was_written_while_the_sandbox_was_down_holds_nobody_up() {
    let Shop { project, sandbox } = shop(2, &["--stopped"]);
    let address = sandbox.address().to_string();
    drop(sandbox);
    let run = project.run(APPLY);
    assert!(run.stderr.contains("does not tell the time"), "{run}");
    let shop = Shop { project, sandbox: Sandbox::start_at(&address, &["--now", "2020-11-30T12:00:00Z", "--stopped"]) };
    assert!(shop.project.read("sendform.lock").contains("\"run\":"), "it has closed itself");
    shop.run(&["plan"]).code(0);
    shop.run(APPLY).code(0);
    assert_eq!(shop.accepted(), [1, 1]);
}

#[test]
fn a_time_that_is_typed_has_to_be_the_sandboxes() {
    let mut shop = shop(1, &["--stopped"]);
    assert_snapshot!(shop.sends_nothing(&["apply", "--auto-approve", "--now", "2026-11-30T12:01:01Z"], 64), @"
    exit code: 64
    ----- stderr
    error: `--now` says 2026-11-30T12:01:01Z, but the sandbox's clock says 2026-11-30T12:00:00Z
      hint: leave `--now` out: a run takes the sandbox's time
      hint: a sandbox's clock is moved forward at its own door: `POST /sandbox/clock`
    ");
    let run = shop.run(&["plan", "--now", "2026-11-30T12:01:00Z"]).code(0);
    assert!(head(&run).contains("2026-11-30 12:00 UTC"), "{run}");
    // Of a test's own time nobody is asked.
    shop.project.set("SENDFORM_NOW", "2026-12-24T06:00:00Z");
    assert!(head(&shop.run(&["plan"]).code(0)).contains("2026-12-24 06:00 UTC"));
    let doctor = shop.run(&["doctor"]);
    assert!(doctor.stdout.contains("the sandbox's clock says 2026-11-30T12:00:00Z, but"), "{doctor}");
}

#[test]
fn a_sandbox_that_does_not_answer_leaves_the_machine_its_time() {
    let shop = shop(1, &[]);
    let doctor = shop.run(&["doctor"]).code(0);
    assert!(doctor.stdout.contains("the sandbox's own, which every run takes"), "{doctor}");
    let Shop { project, sandbox } = shop;
    drop(sandbox);
    let run = project.run(["plan"]).code(0);
    assert!(run.stderr.contains("does not tell the time, so this machine's is taken"), "{run}");
    // Offline nobody is asked, and it is said whose time it is.
    let run = project.run(["plan", "--offline"]).code(0);
    assert!(
        run.stderr.contains("was not asked for the time, because of `--offline`, so this machine's is taken"),
        "{run}"
    );
}

#[test]
fn offline_a_sandbox_is_not_asked_for_the_time() {
    let shop = shop(1, &[]);
    let asked = |arguments: &[&str]| {
        let run = shop.run(arguments).code(0);
        run.stderr.contains("was not asked for the time")
    };
    assert!(["plan", "status", "log"].iter().all(|command| asked(&[command, "--offline"])));
    assert!(["plan", "status", "log"].iter().all(|command| !asked(&[command])));
}

/// A stop has the time of what it stops.
#[test]
fn a_stop_and_its_end_have_the_sandboxes_time() {
    let shop = shop(2, &["--stopped"]);
    shop.sandbox.set_clock("2026-12-20T12:00:00Z");
    let stop = shop.run(&["stop", "--reason", "wrong price"]).code(0);
    assert!(stop.stdout.starts_with("stopped by unknown at 2026-12-20 12:00 UTC: wrong price\n"), "{stop}");
    let plan = shop.run(&["plan"]).code(0);
    assert!(plan.stdout.contains("! stopped by unknown at 2026-12-20 12:00 UTC: wrong price\n"), "{plan}");
    shop.sandbox.set_clock("2026-12-20T13:00:00Z");
    shop.run(&["resume"]).code(0);
    let log = shop.run(&["log"]).code(0);
    for said in ["2026-12-20 12:00 UTC  stop ", "2026-12-20 13:00 UTC  resume "] {
        assert!(log.stdout.contains(said), "{log}");
    }
    // One that does not answer holds nobody up.
    shop.sandbox.signal("STOP");
    let stop = shop.run(&["stop", "--reason", "wrong price"]).code(0);
    shop.sandbox.signal("CONT");
    assert!(!stop.stdout.contains("2026-12-20"), "{stop}");
}

/// The embedded one is not started for it, nor waited for where a run uses it.
#[test]
fn a_stop_has_the_embedded_sandboxes_time() {
    let mut shop = shop(2, &[]);
    shop.project.unset("SENDFORM_BASE_URL");
    let file = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{file}sandbox: {{ now: \"2026-12-24 12:00Z\" }}\n"));
    let at = |day: &str| format!("stopped by unknown at 2026-12-{day} 12:00");
    for (arguments, day) in [(&[][..], "24"), (&["--now", "2026-12-25T12:00:00Z"], "25"), (&[], "25")] {
        let stop = shop.run(&[&["stop", "--sandbox", "--reason", "wrong price"], arguments].concat()).code(0);
        assert!(stop.stdout.starts_with(&at(day)), "{stop}");
        shop.run(&["resume", "--sandbox"]).code(0);
        shop.run(&[&["apply", "--auto-approve", "--sandbox"], arguments].concat()).code(0);
    }
}
