//! People who opt out while a run is sending: the list is looked at again before each claim and each request.

use std::fs::OpenOptions;
use std::io::Write as _;

use insta::assert_snapshot;

use crate::support::{Process, Project, Shop, customer};

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\n\
    suppress: [ { csv: opt-outs.csv, columns: { to: id } } ]\n";

/// A list of people who opted out before anything was sent: none of the customers.
fn list() -> String {
    format!("id\n{}\n", customer(1_001))
}

/// A shop whose first request is held before the gateway took it, with a list of opt-outs.
fn held(customers: u64, arguments: &[&str]) -> (Shop, Process) {
    let shop = Shop::new(customers).faults(&["hold-after"]);
    shop.project.write("sendform.yaml", PROJECT);
    shop.project.write("opt-outs.csv", list());
    let run = shop.project.start(arguments);
    shop.sandbox.wait_held(1);
    (shop, run)
}

/// Appends a customer to a list.
fn opts_out(project: &Project, number: u64) {
    let mut list = OpenOptions::new().append(true).open(project.path("opt-outs.csv")).unwrap();
    writeln!(list, "{}", customer(number)).unwrap();
}

const APPLY: &[&str] = &["apply", "--auto-approve", "--parallel", "1"];

#[test]
fn whoever_opts_out_while_a_run_is_sending_gets_nothing() {
    let (shop, run) = held(6, APPLY);
    opts_out(&shop.project, 4);
    shop.sandbox.release();
    assert_snapshot!(shop.project.finish(run), @"
    exit code: 0
    sale.hello r1  shop to customers
      + 6 to send at once, 3 bulks
          opt-outs.csv (1 person) stopped nobody
        6 rows in customers.csv (CSV with `,`, UTF-8)

    6 messages to send in 3 bulks

    message        accepted  rejected  refused  in doubt  not attempted  suppressed
    sale.hello r1         5         0        0         0              0           1
      suppressed: they opted out while this was sending, and got nothing
    ");
    assert_eq!(shop.accepted(), [1, 1, 1, 0, 1, 1]);
    let json = shop.run(&["apply", "--auto-approve", "--format", "json"]).code(0).json();
    assert_eq!(
        (&json["code"], &json["plan"]["toSend"]),
        (&serde_json::Value::Null, &0.into()),
        "nothing is left to send"
    );
}

#[test]
fn whoever_opts_out_is_told_in_json_and_no_whole_bulk_is_left_waiting() {
    let (shop, run) = held(6, &["apply", "--auto-approve", "--parallel", "1", "--format", "json"]);
    opts_out(&shop.project, 3);
    opts_out(&shop.project, 4);
    shop.sandbox.release();
    let report = shop.project.finish(run).code(0).json();
    assert_eq!(report["total"]["suppressed"], 2);
    assert_eq!(report["total"]["accepted"], 4);
    assert_eq!(shop.requests(), 2, "nobody is left of the second bulk");
}

#[test]
fn a_frozen_plan_is_held_to_the_list_as_well() {
    let shop = Shop::new(6).faults(&["hold-after"]);
    shop.project.write("sendform.yaml", PROJECT);
    shop.project.write("opt-outs.csv", list());
    shop.run(&["plan", "--out", "frozen.plan"]).code(0);
    let run = shop.project.start(["apply", "frozen.plan", "--auto-approve", "--parallel", "1"]);
    shop.sandbox.wait_held(1);
    opts_out(&shop.project, 5);
    shop.sandbox.release();
    shop.project.finish(run).code(0);
    assert_eq!(shop.accepted(), [1, 1, 1, 1, 0, 1]);
}

#[test]
fn whoever_comes_off_a_list_again_stays_suppressed_in_that_run() {
    let (shop, run) = held(6, APPLY);
    opts_out(&shop.project, 4);
    // The list is read before the second request; before the third one it has lost its last line again.
    shop.sandbox.faults(&["hold-after"]);
    shop.sandbox.release();
    shop.sandbox.wait_held(1);
    shop.project.write("opt-outs.csv", list());
    shop.sandbox.release();
    shop.project.finish(run).code(0);
    assert_eq!(shop.accepted(), [1, 1, 1, 0, 1, 1]);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 6], "the next run goes by the list as it is then");
}

#[test]
fn a_list_that_cannot_be_used_any_more_ends_the_run() {
    let told = |change: &dyn Fn(&Project)| {
        let (shop, run) = held(6, APPLY);
        change(&shop.project);
        shop.sandbox.release();
        let run = shop.project.finish(run).code(3);
        assert_eq!(shop.accepted(), [1, 1], "{run}");
        let told = run.stdout.lines().skip_while(|line| !line.starts_with("! stopped")).collect::<Vec<_>>().join("\n");
        shop.project.write("opt-outs.csv", list());
        shop.apply().code(0);
        assert_eq!(shop.accepted(), [1; 6]);
        told
    };
    assert_snapshot!(told(&|project| project.write("opt-outs.csv", "id\n")), @"
    ! stopped: a list of people who must not get anything cannot be used any more: `opt-outs.csv` keeps people from getting messages, and is empty
      nothing more was claimed: mend the list, and run the same command again
    ");
    assert_snapshot!(told(&|project| std::fs::remove_file(project.path("opt-outs.csv")).unwrap()), @"
    ! stopped: a list of people who must not get anything cannot be used any more: `opt-outs.csv`: there is no such file
      nothing more was claimed: mend the list, and run the same command again
    ");
    assert_snapshot!(told(&|project| project.write("opt-outs.csv", "id\n1784140000\n")), @"
    ! stopped: a list of people who must not get anything cannot be used any more: `opt-outs.csv` keeps nobody from getting messages: its ids have 10 digits, and those of `customers.csv` have 17 digits
      nothing more was claimed: mend the list, and run the same command again
    ");
    assert_snapshot!(told(&|project| project.write("opt-outs.csv", "id\nsomebody else\n")), @"
    ! stopped: a list of people who must not get anything cannot be used any more: `opt-outs.csv`: not an id: it is a name, not the number that the gateway knows the person by
      nothing more was claimed: mend the list, and run the same command again
    ");
}
