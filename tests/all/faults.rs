//! What becomes of everybody when the gateway answers like this: the whole output of the real
//! binary for each row of the table of outcomes, and the gateway's books beside it.

use std::net::TcpListener;

use insta::assert_snapshot;

use crate::support::{Project, Run, Shop, customer};

/// The only bulk of a shop with two customers.
const BULK: &str = "sale.hello.r1.BULK";

/// Runs an apply against a gateway with these faults, and counts what each customer got.
fn apply(customers: u64, faults: &[&str], expect: &[u64]) -> (Shop, Run) {
    let shop = Shop::new(customers).faults(faults);
    let run = shop.apply();
    assert_eq!(shop.accepted(), expect, "{run}");
    (shop, run)
}

/// Applies once more, and makes sure that no request is made.
fn nothing_is_sent_again(shop: &Shop) -> Run {
    let before = (shop.accepted(), shop.requests());
    let run = shop.apply();
    assert_eq!((shop.accepted(), shop.requests()), before, "{run}");
    run
}

/// Both people of the only bulk are in doubt after this fault, however the gateway saw them, and
/// are never sent to again by themselves.
fn in_doubt(fault: &str, expect: &[u64]) -> Run {
    let (shop, run) = apply(2, &[fault], expect);
    assert_eq!(shop.requests(), 1);
    nothing_is_sent_again(&shop).code(6);
    run
}

#[test]
fn everybody_is_accepted() {
    let (shop, run) = apply(5, &[], &[1, 1, 1, 1, 1]);
    assert_snapshot!(run, @"");
    assert_snapshot!(nothing_is_sent_again(&shop), @"");
}

#[test]
fn some_are_rejected() {
    let reject = format!("reject={}:status=12", customer(2));
    let (shop, run) = apply(3, &[&reject], &[1, 0, 1]);
    assert_snapshot!(run, @"");
    assert_snapshot!(nothing_is_sent_again(&shop), @"");
}

#[test]
fn all_are_rejected() {
    let (shop, run) = apply(3, &["reject-share=1"], &[]);
    assert_snapshot!(run, @"");
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn the_rejected_are_sent_to_again_if_a_person_says_so() {
    let reject = format!("reject={}", customer(2));
    let (shop, _) = apply(3, &[&reject], &[1, 0, 1]);
    shop.sandbox.faults(&[]);
    assert_snapshot!(shop.run(&["apply", "--auto-approve", "--retry-rejected", "sale.hello"]), @"");
    assert_eq!(shop.accepted(), [1, 1, 1]);
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn one_that_the_gateway_names_as_invalid_does_not_hold_back_the_others() {
    let invalid = format!("invalid={}", customer(2));
    let (shop, run) = apply(4, &[&invalid], &[1, 0, 1, 1]);
    assert_snapshot!(run, @"");
    assert_eq!(shop.requests(), 3);
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn one_that_is_invalid_without_a_name_is_found_by_halving() {
    let invalid = format!("invalid-unnamed={}", customer(2));
    let (shop, run) = apply(4, &[&invalid], &[1, 0, 1, 1]);
    assert_snapshot!(run, @"");
    assert_eq!(shop.requests(), 4);
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn refused_credentials_stop_the_run() {
    let (shop, run) = apply(6, &["401@2"], &[1, 1]);
    assert_snapshot!(run, @"");
    assert_eq!(shop.requests(), 2);
    // Nothing was lost: with the right credentials the same command goes on.
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 6]);
}

#[test]
fn forbidden_credentials_stop_the_run() {
    let (shop, run) = apply(4, &["403"], &[]);
    assert_snapshot!(run, @"");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn a_wrong_path_stops_the_run() {
    let mut shop = Shop::new(4);
    shop.project.set("SENDFORM_BASE_URL", format!("{}/wrong", shop.sandbox.url()));
    assert_snapshot!(shop.apply(), @"");
    shop.project.set("SENDFORM_BASE_URL", shop.sandbox.url());
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn too_many_requests_wait_and_then_go_on() {
    let (shop, run) = apply(4, &["429:retry-after=1"], &[1, 1, 1, 1]);
    assert_snapshot!(run, @"");
    assert_eq!(shop.requests(), 3);
}

#[test]
fn after_an_error_of_the_server_nobody_knows() {
    let (shop, run) = apply(4, &["500-after"], &[1, 1, 1, 1]);
    assert_snapshot!(run, @"");
    assert_snapshot!(shop.run(&["plan"]), @"");
    assert_snapshot!(nothing_is_sent_again(&shop), @"");
    assert_snapshot!(shop.run(&["status"]), @"");
}

#[test]
fn what_is_in_doubt_looks_the_same_whether_the_gateway_took_it_or_not() {
    let before = in_doubt("500-before", &[]).code(6);
    let after = in_doubt("500-after", &[1, 1]).code(6);
    assert_eq!(before.to_string(), after.to_string());
    assert_eq!(in_doubt("drop-before", &[]).to_string(), in_doubt("drop-after", &[1, 1]).to_string());
}

#[test]
fn a_lost_connection_is_a_doubt() {
    assert_snapshot!(in_doubt("drop-after", &[1, 1]), @"");
}

#[test]
fn half_an_answer_is_a_doubt() {
    assert_snapshot!(in_doubt("cut", &[1, 1]), @"");
}

#[test]
fn an_answer_that_cannot_be_read_is_a_doubt() {
    assert_snapshot!(in_doubt("garbage", &[1, 1]), @"");
    in_doubt("empty", &[1, 1]).code(6);
}

#[test]
fn statuses_that_nobody_has_documented_are_doubts() {
    for fault in ["204", "302:location=/elsewhere", "307:location=/instagram/1/messages", "418", "503", "504-before"] {
        in_doubt(fault, &[]).code(6);
    }
}

#[test]
fn an_answer_with_another_bulk_id_is_an_alarm() {
    let (shop, run) = apply(2, &["other-bulk-id"], &[1, 1]);
    assert_snapshot!(run, @"");
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn those_whom_the_answer_leaves_out_are_in_doubt() {
    let (shop, run) = apply(2, &["missing-messages=1"], &[1, 1]);
    assert_snapshot!(run, @"");
    nothing_is_sent_again(&shop).code(6);
}

/// All four attempts of the backoff are waited for: this takes 15 seconds.
#[test]
fn without_a_gateway_nothing_is_sent_and_nothing_lost() {
    let mut shop = Shop::new(4);
    let url = shop.sandbox.url();
    // A port that nobody listens on; the ledger is made for it, too.
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let nobody = format!("http://{}", address.expect("a free port"));
    let away = Project::new()
        .file("sale.yaml", shop.project.read("sale.yaml"))
        .file("customers.csv", shop.project.read("customers.csv"))
        .env("SENDFORM_BASE_URL", &nobody);
    away.run(["ledger", "init"]).code(0);
    assert_snapshot!(away.run(["apply", "--auto-approve"]), @"");
    let plan = away.run(["plan", "--format", "json"]).code(0).json();
    assert_eq!((&plan["toSend"], &plan["doubts"]), (&4.into(), &serde_json::json!([])));
    shop.project.set("SENDFORM_BASE_URL", url);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn a_doubt_that_was_sent_is_settled_by_a_persons_word() {
    let (shop, _) = apply(2, &["500-after"], &[1, 1]);
    assert_snapshot!(shop.run(&["resolve", BULK, "--sent", "--reason", "seen in the portal"]), @"");
    assert_snapshot!(nothing_is_sent_again(&shop), @"");
    assert_snapshot!(shop.run(&["resolve", BULK, "--not-sent", "--reason", "a change of mind"]), @"");
}

#[test]
fn a_doubt_that_was_not_sent_is_settled_and_sent() {
    let (shop, _) = apply(2, &["500-before"], &[]);
    assert_snapshot!(shop.run(&["resolve", BULK, "--not-sent", "--reason", "not in the portal"]), @"");
    assert_snapshot!(shop.apply(), @"");
    assert_eq!(shop.accepted(), [1, 1]);
}

#[test]
fn a_doubt_can_be_given_up() {
    let (shop, _) = apply(2, &["500-before"], &[]);
    assert_snapshot!(shop.run(&["resolve", BULK, "--abandon", "--reason", "too late anyway"]), @"");
    assert_snapshot!(nothing_is_sent_again(&shop), @"");
    assert_eq!(shop.accepted(), [0; 0]);
}

#[test]
fn a_doubt_is_not_settled_by_half_a_word() {
    let (shop, _) = apply(2, &["500-before"], &[]);
    assert_snapshot!(shop.run(&["resolve", "sale.hello.r1.0000000000000000", "--sent", "--reason", "x"]), @"");
    assert_snapshot!(shop.run(&["resolve", BULK, "--sent", "--reason", " "]), @"");
    shop.run(&["resolve", BULK, "--sent"]).code(64);
    shop.run(&["resolve", BULK, "--sent", "--not-sent", "--reason", "x"]).code(64);
    nothing_is_sent_again(&shop).code(6);
}
