//! Doubts settled by evidence: the real binary reads the logs of the real sandbox.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Project, Run, Sandbox, Shop, customer};

/// Applies with these faults and expects doubts.
fn in_doubt(customers: u64, faults: &[&str]) -> Shop {
    let shop = Shop::new(customers).faults(faults);
    shop.apply().code(6);
    shop.sandbox.faults(&[]);
    shop
}

/// Applies again: nothing is in doubt, and everybody has it once.
fn everybody_once(shop: &Shop, customers: usize) {
    shop.apply().code(0);
    assert_eq!(shop.accepted(), vec![1; customers]);
    let before = shop.requests();
    shop.apply().code(0);
    assert_eq!(shop.requests(), before);
    shop.run(&["ledger", "verify"]).code(0);
}

fn reconcile_json(shop: &Shop) -> (Run, Value) {
    let run = shop.run(&["reconcile", "--format", "json"]);
    let json = run.json();
    (run, json)
}

#[test]
fn who_is_found_has_it_and_is_not_sent_to_again() {
    let shop = in_doubt(2, &["500-after"]);
    assert_snapshot!(shop.run(&["reconcile"]), @"
    exit code: 0
    sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
        2 people found: accepted

    2 people settled, nothing is in doubt any more
    ");
    let before = shop.requests();
    assert_snapshot!(shop.run(&["reconcile"]), @"
    exit code: 0
    nothing is in doubt
    ");
    everybody_once(&shop, 2);
    assert_eq!(shop.requests(), before);
}

#[test]
fn the_log_has_every_apply_and_every_decision() {
    let shop = Shop::new(4);
    shop.run(&["ledger", "init"]);
    assert_snapshot!(shop.run(&["log"]), @"
    exit code: 0
    ledger of acme-shop on 127.0.0.1:[port]
    nothing was sent yet
    ");
    let shop = shop.faults(&["500-before@1", "500-after@2"]);
    shop.apply().code(6);
    let doubts = shop.run(&["status", "--format", "json"]).json();
    let bulk = doubts["doubts"][0]["bulkId"].as_str().unwrap();
    shop.run(&["resolve", bulk, "--abandon", "--reason", "nobody\u{1b}[31m knows"]).code(0);
    shop.apply().code(0);
    let json = shop.run(&["log", "--format", "json"]).json();
    let events = json["events"].as_array().unwrap();
    let runs: Vec<&str> = events.iter().filter_map(|event| event["run"].as_str()).collect();
    // The numbers of runs are others each time.
    let log = |arguments: &[&str]| {
        let text = shop.run(arguments).code(0).stdout;
        let text = text.split_once('\n').unwrap().1.to_owned();
        runs.iter().zip(["RUN-1", "RUN-2"]).fold(text, |text, (run, name)| text.replace(run, name))
    };
    assert_snapshot!(log(&["log"]), @"

    2026-11-30 12:00 UTC  apply      run RUN-1
      sale.hello r1  4 in doubt (2 bulks), settled later: 2 sent · 2 given up

    2026-11-30 12:00 UTC  resolve    by unknown
      sale.hello.r1.616c1c5802824f8b  given up: nobody<U+001B>[31m knows

    2026-11-30 12:00 UTC  reconcile  by the gateway's logs
      sale.hello.r1.9a757ab3643dc0d1  sent: 2 found accepted
    ");
    assert_snapshot!(shop.run(&["log", "--last", "0"]).code(64), @"
    exit code: 64
    ----- stderr
    error: invalid value '0' for '--last <N>': 0 is not in 1..=4294967295

    For more information, try '--help'.
    ");
    assert_snapshot!(log(&["log", "--last", "1"]), @"
    2 events before these

    2026-11-30 12:00 UTC  reconcile  by the gateway's logs
      sale.hello.r1.9a757ab3643dc0d1  sent: 2 found accepted
    ");
}

#[test]
fn who_is_surely_absent_is_sent_to_once() {
    let shop = in_doubt(4, &["500-before"]);
    assert_snapshot!(shop.run(&["reconcile"]), @"
    exit code: 0
    sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      + 2 people proved not sent: free to be sent to; `sendform apply` sends to them

    2 people settled, nothing is in doubt any more
    ");
    assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 0
    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 already sent
        4 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk
    ");
    everybody_once(&shop, 4);
}

#[test]
fn apply_settles_old_doubts_before_it_plans() {
    let shop = in_doubt(6, &["500-before@1", "500-after@2"]);
    let run = shop.apply().code(0);
    assert_eq!(run.stderr, "doubts settled from the gateway's logs: 2 people accepted, 2 people not sent\n");
    everybody_once(&shop, 6);
}

#[test]
fn a_run_that_died_before_the_gateway_took_its_request_is_proved_absent() {
    let shop = Shop::new(4).faults(&["hold-before@2"]);
    let process = shop.project.start(["apply", "--auto-approve", "--parallel", "1"]);
    shop.sandbox.wait_held(1);
    process.kill();
    let (run, json) = reconcile_json(&shop);
    assert_eq!((run.code, &json["doubts"][0]["notSent"]), (Some(0), &json!(2)), "{run}");
    everybody_once(&shop, 4);
}

#[test]
fn a_run_that_died_after_the_gateway_took_its_request_is_found() {
    let shop = Shop::new(4).faults(&["hold-after@2"]);
    let process = shop.project.start(["apply", "--auto-approve", "--parallel", "1"]);
    shop.sandbox.wait_held(1);
    process.kill();
    let (run, json) = reconcile_json(&shop);
    assert_eq!((run.code, &json["doubts"][0]["accepted"]), (Some(0), &json!(2)), "{run}");
    everybody_once(&shop, 4);
}

#[test]
fn people_of_one_bulk_are_settled_one_by_one() {
    let reject = format!("reject={}:status=12", customer(2));
    let shop = in_doubt(2, &["500-after", &reject]);
    assert_snapshot!(shop.run(&["reconcile"]), @"
    exit code: 0
    sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
        1 person found: accepted
      ! 1 person found: rejected with status 12 (not enough credits)

    2 people settled, nothing is in doubt any more
    ");
    // Who was rejected is sent to again only if somebody says so.
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1]);
    shop.run(&["apply", "--auto-approve", "--retry-rejected", "sale.hello"]).code(0);
    everybody_once(&shop, 2);
}

#[test]
fn a_rejection_that_is_known_says_nothing_about_the_next_try() {
    // The same two people make the same bulk twice, and the logs keep the rejections of the first.
    let shop = Shop::new(2).faults(&["reject-share=1"]);
    shop.apply().code(7);
    shop.sandbox.faults(&["500-before"]);
    let retry = ["apply", "--auto-approve", "--retry-rejected", "sale.hello"];
    shop.run(&retry).code(6);
    // Nothing of this sender has left since, so nothing is proved; what is sent now shows that the logs
    // have not stood still, and they are asked once more.
    let (run, json) = reconcile_json(&shop);
    assert_eq!((run.code, &json["doubts"][0]["kept"][0]["reason"]), (Some(6), &json!("nothingAfter")), "{run}");
    shop.customers(1..=3);
    // They are free of their doubt, but stay rejected: no apply sends to them unless it is asked to.
    let run = shop.apply().code(0);
    assert!(run.stderr.contains("doubts settled from the gateway's logs: 2 people not sent"), "{run}");
    assert!(!run.stdout.contains("free again"), "{run}");
    shop.run(&retry).code(0);
    assert_eq!(shop.accepted(), [1, 1, 1]);
}

/// A bulk of more than a page of the logs.
#[test]
fn answers_of_several_pages_are_read_to_their_end() {
    let shop = Shop::new(2);
    shop.project.write("sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 1500\nstopAfter: { share: 100% }\nlimits: { audienceGrowthPercent: 100000 }\n");
    shop.apply().code(0);
    shop.customers(1..=1202);
    shop.sandbox.faults(&["500-after", "logs:slow=1ms*"]);
    shop.apply().code(6);
    let before = shop.sandbox.state()["queries"].as_u64().unwrap();
    let (run, json) = reconcile_json(&shop);
    assert_eq!((run.code, &json["doubts"][0]["accepted"]), (Some(0), &json!(1200)), "{run}");
    assert_eq!(shop.sandbox.state()["queries"].as_u64().unwrap() - before, 2, "two pages of the first look");
    everybody_once(&shop, 1202);
}

#[test]
fn a_large_bulk_is_proved_absent_by_every_message_id() {
    let shop = Shop::new(1);
    shop.project.write("sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 1500\nstopAfter: { share: 100% }\nlimits: { audienceGrowthPercent: 100000 }\n");
    shop.apply().code(0);
    shop.customers(1..=301);
    shop.sandbox.faults(&["drop-before"]);
    shop.apply().code(6);
    let (run, json) = reconcile_json(&shop);
    assert_eq!((run.code, &json["doubts"][0]["notSent"]), (Some(0), &json!(300)), "{run}");
    everybody_once(&shop, 301);
}

#[test]
fn logs_that_cannot_be_read_settle_nothing() {
    let shop = in_doubt(4, &["500-before"]);
    shop.sandbox.faults(&["logs:401*"]);
    assert_snapshot!(shop.run(&["reconcile"]), @"
    exit code: 9
    ! the logs could not be read to their end: the gateway refused the credentials (401)
      set SENDFORM_API_KEY to a key with the scope instagram:logs:read

    sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      ! 2 people still in doubt: the logs could not be read to their end

    nobody settled, 2 people still in doubt
    ");
    shop.sandbox.faults(&["logs:403*"]);
    shop.run(&["reconcile"]).code(9);
    for fault in ["logs:garbage*", "logs:404*", "logs:400*"] {
        shop.sandbox.faults(&[fault]);
        let (run, json) = reconcile_json(&shop);
        assert_eq!((run.code, &json["inDoubt"]), (Some(6), &json!(2)), "{fault}: {run}");
    }
    // Logs without a row lack what the gateway surely has.
    shop.sandbox.faults(&["logs:empty*"]);
    assert_snapshot!(shop.run(&["reconcile"]), @"
    exit code: 6
    sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      ! 2 people still in doubt: not in the logs, but neither are messages that the gateway accepted; are these the credentials that sent them?

    nobody settled, 2 people still in doubt
    ");
    shop.sandbox.faults(&[]);
    everybody_once(&shop, 4);
}

/// Both questions are asked four times: this takes 7 seconds.
#[test]
fn an_apply_goes_on_without_the_logs() {
    let shop = in_doubt(4, &["500-before"]);
    shop.customers(1..=5);
    shop.sandbox.faults(&["logs:503*"]);
    let run = shop.apply().code(6);
    assert_eq!(run.stderr, "! doubts could not be looked up in the gateway's logs: the gateway answered 503 E503\n");
    assert_eq!(shop.accepted(), [0, 0, 1, 1, 1], "who is in doubt is not sent to");
    shop.sandbox.faults(&[]);
    everybody_once(&shop, 5);
}

#[test]
fn logs_that_fail_once_are_asked_again() {
    let shop = in_doubt(4, &["500-before"]);
    shop.sandbox.faults(&["logs:503@1", "logs:429@2:retry-after=0", "logs:cut@4"]);
    shop.run(&["reconcile"]).code(0);
    everybody_once(&shop, 4);
}

#[test]
fn without_anything_to_compare_absence_proves_nothing() {
    let shop = in_doubt(2, &["500-before"]);
    assert_snapshot!(shop.run(&["reconcile"]), @"
    exit code: 6
    sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      ! 2 people still in doubt: not in the logs, but the logs have nothing of this sender that left later, so they may have stood still; reconcile again after the next accepted bulk

    nobody settled, 2 people still in doubt
    ");
    assert_eq!(shop.accepted(), [0; 0]);
}

#[test]
fn after_the_logs_have_forgotten_only_a_word_settles() {
    let mut shop = in_doubt(4, &["500-before"]);
    shop.project.set("SENDFORM_NOW", "2026-12-02T06:00:01Z");
    assert_snapshot!(shop.run(&["status"]), @r#"
    exit code: 6
    ledger of acme-shop on 127.0.0.1:[port]

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 6 h left in the logs: the gateway answered 500
    ! HURRY: in less than 6 hours the gateway's logs forget 2 people in 1 bulk: run `sendform reconcile` now
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good:
        they have it: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
        they do not have it, and are sent to again: sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"
        nobody knows, and they are given up: sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"

    message        accepted  rejected  in doubt  in flight  given up  refused
    sale.hello r1         2         0         2          0         0        0
    next, to settle what is in doubt: sendform reconcile
    "#);
    assert!(shop.run(&["plan"]).code(6).stdout.contains("! HURRY: in less than 6 hours"));
    shop.project.set("SENDFORM_NOW", "2026-12-02T11:00:00Z");
    assert_snapshot!(shop.run(&["reconcile"]), @r#"
    exit code: 6
    sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, at most 1 h left in the logs (only what is found there settles it): the gateway answered 500
      ! 2 people still in doubt: after 47 hours absence from the logs proves nothing; only a person's word settles it
        your word settles it:
          they have it: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
          they do not have it, and are sent to again: sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"
          nobody knows, and they are given up: sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"

    ! HURRY: in less than 6 hours the gateway's logs forget 2 people in 1 bulk: run `sendform reconcile` now
    nobody settled, 2 people still in doubt
    "#);
    shop.apply().code(6);
    let bulk = reconcile_json(&shop).1["doubts"][0]["bulkId"].as_str().unwrap().to_owned();
    shop.run(&["resolve", &bulk, "--not-sent", "--reason", "not in the portal"]).code(0);
    everybody_once(&shop, 4);
}

#[test]
fn before_its_time_absence_proves_nothing_even_in_a_sandbox() {
    let shop = in_doubt(4, &["500-before"]);
    let later = "schedules: { later: { sendAt: \"2026-11-30 13:00\", timeZone: UTC } }\n";
    let campaign = shop.project.read("sale.yaml").replace("sale\n", "soon\n").replacen(
        "messages:",
        &format!("{later}messages:"),
        1,
    );
    shop.project.write(
        "soon.yaml",
        campaign.replace("    audience: customers\n", "    audience: customers\n    schedule: later\n"),
    );
    shop.sandbox.faults(&["500-after@1"]);
    shop.run(&["apply", "--auto-approve", "--parallel", "1", "--only", "soon"]).code(6);
    let run = shop.run(&["reconcile", "--only", "soon"]).code(6);
    assert!(run.stdout.contains("absence from the logs proves nothing before 2026-11-30 13:00 UTC"), "{run}");
    // What is not selected is left alone.
    let (_, json) = reconcile_json(&shop);
    assert_eq!(json["doubts"].as_array().map(Vec::len), Some(2), "{json:#}");
    let unknown = shop.run(&["reconcile", "--only", "nothing"]).code(64);
    assert_snapshot!(unknown, @"
    exit code: 64
    ----- stderr
    error: there is no campaign or message `nothing`
      hint: the messages are `sale.hello`, `soon.hello`
    ");
    assert_eq!(shop.run(&["plan", "--only", "nothing"]).code(64).stderr, unknown.stderr);
}

/// The gateway is not asked before it is told, so that a wrong word has its way.
fn unwatched(shop: &Shop) {
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{project}witness: off\n"));
}

#[test]
fn a_message_that_was_sent_twice_raises_an_alarm() {
    let shop = in_doubt(2, &["500-after"]);
    unwatched(&shop);
    let bulk = shop.run(&["status", "--format", "json"]).json()["doubts"][0]["bulkId"].as_str().unwrap().to_owned();
    shop.run(&["resolve", &bulk, "--not-sent", "--reason", "a mistake"]).code(0);
    shop.sandbox.faults(&["500-after"]);
    shop.apply().code(6);
    let run = shop.run(&["reconcile"]).code(8);
    assert!(run.stdout.ends_with("! ALARM: 2 people got their message more than once\n"), "{run}");
    assert!(
        run.stdout.contains(&format!("! ALARM: the gateway took the message of 2 people in `{bulk}` more than once")),
        "{run}"
    );
    assert_eq!(shop.accepted(), [2, 2]);
}

#[test]
fn after_an_alarm_an_apply_sends_nothing_until_it_is_run_again() {
    let shop = in_doubt(2, &["500-after"]);
    unwatched(&shop);
    let bulk = shop.run(&["status", "--format", "json"]).json()["doubts"][0]["bulkId"].as_str().unwrap().to_owned();
    shop.run(&["resolve", &bulk, "--not-sent", "--reason", "a mistake"]).code(0);
    shop.sandbox.faults(&["500-after"]);
    shop.apply().code(6);
    shop.customers(1..=4);
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    doubts settled from the gateway's logs: 2 people accepted
    ! ALARM: the gateway took the message of 2 people in `sale.hello.r1.616c1c5802824f8b` more than once
    error: 2 people got their message more than once, so nothing was sent now
      hint: find out why before anything else is sent: a run with another ledger, a word given to `sendform resolve` that was wrong, or something else that sends these messages
      hint: whoever is settled now stops no other run; if any of them are still in doubt, tell `sendform resolve` what became of them: then `sendform apply` goes on with everybody else
    ");
    // The alarm was heard: whoever applies again has looked into it. Until they say so, it is repeated.
    shop.apply().code(8);
    assert_eq!(shop.accepted(), [2, 2, 1, 1]);
    shop.run(&["resolve", &bulk, "--sent", "--reason", "two ledgers"]).code(0);
    shop.apply().code(0);
}

/// A shop whose gateway knows messageIds again.
fn strict_shop() -> Shop {
    let shop = Shop::on(Sandbox::start(["--duplicates", "reject"]), 2);
    shop.project.run(["ledger", "init"]).code(0);
    shop
}

#[test]
fn a_duplicate_of_our_own_is_accepted() {
    let shop = strict_shop().faults(&["500-after"]);
    shop.apply().code(6);
    let bulk = shop.run(&["status", "--format", "json"]).json()["doubts"][0]["bulkId"].as_str().unwrap().to_owned();
    // A wrong word: the gateway knows better.
    shop.run(&["resolve", &bulk, "--not-sent", "--reason", "a mistake"]).code(0);
    shop.apply().code(0);
    everybody_once(&shop, 2);
}

#[test]
fn a_wrong_word_is_found_out_before_anything_is_sent_twice() {
    let shop = in_doubt(2, &["500-after"]);
    let bulk = shop.run(&["status", "--format", "json"]).json()["doubts"][0]["bulkId"].as_str().unwrap().to_owned();
    shop.run(&["resolve", &bulk, "--not-sent", "--reason", "a mistake"]).code(0);
    let run = shop.apply_sends_nothing(0);
    assert!(run.stdout.contains("the messages of 2 people that the ledger took for surely not sent"), "{run}");
    everybody_once(&shop, 2);
}

#[test]
fn a_duplicate_of_somebody_else_is_a_doubt_until_the_logs_tell() {
    let shop = strict_shop();
    unwatched(&shop);
    shop.apply().code(0);
    // The ledger is lost, and somebody says that there never was one.
    for path in ["sendform.lock", ".sendform/shadow.lock"] {
        std::fs::remove_file(shop.project.path(path)).unwrap();
    }
    shop.run(&["ledger", "init"]).code(0);
    let run = shop.apply().code(6);
    assert!(run.stdout.contains("the gateway has seen messageIds that this ledger has not"), "{run}");
    let (run, json) = reconcile_json(&shop);
    assert_eq!((run.code, &json["doubts"][0]["accepted"]), (Some(0), &json!(2)), "{run}");
    everybody_once(&shop, 2);
}

#[test]
fn a_report_is_written_on_every_way_out() {
    let shop = in_doubt(4, &["500-before"]);
    let report = |code: i32| {
        shop.run(&["reconcile", "--write", "json=report.json"]).code(code);
        serde_json::from_str::<Value>(&shop.project.read("report.json")).unwrap()
    };
    shop.sandbox.faults(&["logs:401*"]);
    assert_eq!(report(9)["failure"], json!("the gateway refused the credentials (401)"));
    shop.sandbox.faults(&[]);
    let written = report(0);
    assert_snapshot!(serde_json::to_string_pretty(&written["doubts"]).unwrap(), @r#"
    [
      {
        "accepted": 0,
        "bulkId": "sale.hello.r1.616c1c5802824f8b",
        "claimedAt": "2026-11-30T12:00:00Z",
        "hoursLeft": 48,
        "inDoubt": 0,
        "kept": [],
        "logsUntil": "2026-12-02T12:00:00Z",
        "notSent": 2,
        "people": 2,
        "rejected": 0,
        "rejectedByStatus": {},
        "sendAt": null,
        "sentAgain": 0,
        "settledElsewhere": 0,
        "why": "the gateway answered 500"
      }
    ]
    "#);
    assert_eq!(report(0)["doubts"], json!([]));
    std::fs::remove_file(shop.project.path("sendform.lock")).unwrap();
    assert_eq!(report(8)["kind"], json!("failure"));
}

#[test]
fn without_doubts_nobody_needs_a_gateway() {
    let mut project = Project::new().env("SENDFORM_BASE_URL", "https://gateway.invalid");
    project.set("SENDFORM_NOW", "");
    project.run(["ledger", "init"]).code(0);
    assert_snapshot!(project.run(["reconcile"]), @"
    exit code: 0
    nothing is in doubt
    ");
}

/// What nothing left later for is proved once something has: then the run that sends that ends with whom it has freed.
#[test]
fn who_is_freed_at_the_end_of_a_run_is_named_and_left_to_the_next() {
    let free = || {
        let shop = in_doubt(2, &["500-before"]);
        shop.customers(1..=3);
        shop
    };
    let shop = free();
    assert_snapshot!(shop.apply().code(2), @r#"
    exit code: 2
    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good:
        they have it: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
        they do not have it, and are sent to again: sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"
        nobody knows, and they are given up: sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"

    sale.hello r1  shop to customers
      + 1 to send at once, 1 bulk
      ! 2 in doubt
        3 rows in customers.csv (CSV with `,`, UTF-8)

    1 message to send in 1 bulk, 2 people in doubt

    message        accepted  rejected  refused  in doubt  not attempted  free again
    sale.hello r1         1         0        0         0              0           2
      free again: they were in doubt before, and now the gateway's logs prove that nothing was sent to them; they were not in this plan, and are still to be sent to
    next, to send to whoever is free again: sendform apply
    ----- stderr
    doubts settled from the gateway's logs: 2 people not sent
    "#);
    shop.run(&["status"]).code(0);
    everybody_once(&shop, 3);
    let quiet = free().run(&["apply", "--auto-approve", "-q"]).code(2);
    assert!(quiet.stdout.ends_with("next, to send to whoever is free again: sendform apply\n"), "{quiet}");
    let json = free().run(&["apply", "--auto-approve", "--format", "json"]).code(2).json();
    assert_eq!((&json["next"], &json["code"]), (&json!("sendform apply"), &Value::Null));
    assert_eq!((&json["total"]["freeAgain"], &json["messages"][0]["outcome"]["freeAgain"]), (&json!(2), &json!(2)));
    assert_eq!((&json["total"]["accepted"], &json["doubts"]), (&json!(1), &json!([])));
}

/// What was claimed by a clock that is ahead of this one.
#[test]
fn a_doubt_that_was_claimed_later_than_now_is_said_to_be() {
    let mut shop = in_doubt(2, &["500-before"]);
    shop.project.set("SENDFORM_NOW", "2026-11-10T12:00:00Z");
    let told = "claimed 2026-11-30 12:00 UTC, which is later than now: this is not the clock of that run, 48 h left";
    for command in ["plan", "status"] {
        let run = shop.run(&[command]).code(6);
        assert!(run.stdout.contains(told), "{run}");
    }
    assert_eq!(shop.run(&["status", "--format", "json"]).json()["doubts"][0]["hoursLeft"], 48);
}

#[test]
fn the_log_tells_what_a_run_said_and_what_was_settled_later() {
    let shop = in_doubt(4, &["500-before@1"]);
    let said = |expect: &str| {
        let log = shop.run(&["log"]).code(0);
        assert!(log.stdout.contains(expect), "{expect}: {log}");
    };
    said("  sale.hello r1  2 accepted · 2 in doubt (2 bulks)\n");
    shop.run(&["reconcile"]).code(0);
    said("  sale.hello r1  2 accepted · 2 in doubt (2 bulks), settled later: 2 not sent\n");
    shop.apply().code(0);
    said("  sale.hello r1  2 accepted · 2 in doubt (2 bulks), settled later: 2 not sent\n");
    said("  sale.hello r1  2 accepted (1 bulk)\n");
    // What a run was told is no doubt.
    shop.customers(1..=6);
    shop.sandbox.faults(&["401@1"]);
    shop.apply();
    said("  sale.hello r1  2 refused (1 bulk)\n");
}
