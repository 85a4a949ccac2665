//! What becomes of everybody when the gateway answers like this: the whole output of the real
//! binary for each row of the table of outcomes, and the gateway's books beside it.

use insta::assert_snapshot;

use crate::support::{Project, Run, Shop, customer};

/// The only bulk of a shop with two customers.
const BULK: &str = "sale.hello.r1.616c1c5802824f8b";

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

/// Both people of the only bulk are in doubt after this fault, however the gateway saw them. They are
/// never sent to again by themselves: the logs either have them, or there is nothing else by which to
/// know that these logs prove anything.
fn in_doubt(fault: &str, expect: &[u64]) -> Run {
    let (shop, run) = apply(2, &[fault], expect);
    assert_eq!(shop.requests(), 1);
    nothing_is_sent_again(&shop).code(if expect.is_empty() { 6 } else { 0 });
    run
}

#[test]
fn everybody_is_accepted() {
    let (shop, run) = apply(5, &[], &[1, 1, 1, 1, 1]);
    assert_snapshot!(run.whole(), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 1 campaign in 1 file

    sale.hello r1  shop to customers  sale.yaml:5
      + 5 to send at once, 3 bulks
        5 rows in customers.csv (CSV with `,`, UTF-8)
        text (20 characters)
          │ Hello from the shop!

    limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    5 messages to send in 3 bulks
    digest plan/v1:[digest]

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         5         0        0         0              0
    ");
    assert_snapshot!(nothing_is_sent_again(&shop), @"
    exit code: 0
    sale.hello r1  shop to customers: 5 already sent, 5 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ");
}

#[test]
fn some_are_rejected() {
    let reject = format!("reject={}:status=12", customer(2));
    let (shop, run) = apply(3, &[&reject], &[1, 0, 1]);
    assert_snapshot!(run, @"
    exit code: 7
    sale.hello r1  shop to customers
      + 3 to send at once, 2 bulks
        3 rows in customers.csv (CSV with `,`, UTF-8)

    3 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         2         1        0         0              0
      sale.hello: 1 person rejected with status 12 (not enough credits)
      rejected: the gateway turned them down, and nothing is sent to them again by itself
    ");
    assert_snapshot!(nothing_is_sent_again(&shop), @"
    exit code: 0
    sale.hello r1  shop to customers
        1 rejected earlier; `--retry-rejected sale.hello` sends to them again
        2 already sent
        3 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ");
}

#[test]
fn all_are_rejected() {
    let (shop, run) = apply(3, &["reject-share=1"], &[]);
    assert_snapshot!(run, @"
    exit code: 7
    sale.hello r1  shop to customers
      + 3 to send at once, 2 bulks
        3 rows in customers.csv (CSV with `,`, UTF-8)

    3 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         3        0         0              0
      sale.hello: 3 people rejected with status 14 (the destination is blocked)
      rejected: the gateway turned them down, and nothing is sent to them again by itself
    ");
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn the_rejected_are_sent_to_again_if_a_person_says_so() {
    let reject = format!("reject={}", customer(2));
    let (shop, _) = apply(3, &[&reject], &[1, 0, 1]);
    shop.sandbox.faults(&[]);
    assert_snapshot!(shop.run(&["apply", "--auto-approve", "--retry-rejected", "sale.hello"]), @"
    exit code: 0
    sale.hello r1  shop to customers
      + 1 to send at once, 1 bulk
        2 already sent
        3 rows in customers.csv (CSV with `,`, UTF-8)

    1 message to send in 1 bulk

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         1         0        0         0              0
    ");
    assert_eq!(shop.accepted(), [1, 1, 1]);
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn one_that_the_gateway_names_as_invalid_does_not_hold_back_the_others() {
    let invalid = format!("invalid={}", customer(2));
    let (shop, run) = apply(4, &[&invalid], &[1, 0, 1, 1]);
    assert_snapshot!(run, @"
    exit code: 7
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         3         1        0         0              0
      sale.hello: 1 person rejected with status 400 (the gateway does not take the request)
      the gateway answered 400 E400 messages[1].destinations[0].to
      rejected: the gateway turned them down, and nothing is sent to them again by itself
    ");
    assert_eq!(shop.requests(), 3);
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn one_that_is_invalid_without_a_name_is_found_by_halving() {
    let invalid = format!("invalid-unnamed={}", customer(2));
    let (shop, run) = apply(4, &[&invalid], &[1, 0, 1, 1]);
    assert_snapshot!(run, @"
    exit code: 7
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         3         1        0         0              0
      sale.hello: 1 person rejected with status 400 (the gateway does not take the request)
      the gateway answered 400 E400
      rejected: the gateway turned them down, and nothing is sent to them again by itself
    ");
    // The bulk, its halves, the other bulk; and once more whoever was refused when the other half was taken.
    assert_eq!(shop.requests(), 5);
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn a_gateway_that_refuses_everything_finds_the_request_wrong_and_not_the_people() {
    let (shop, run) = apply(200, &["400*"], &[]);
    assert_snapshot!(run, @"
    exit code: 7
    sale.hello r1  shop to customers
      + 200 to send at once, 100 bulks
        200 rows in customers.csv (CSV with `,`, UTF-8)

    200 messages to send in 100 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        4         0            196
      refused: the gateway took no request with them, or their claim was given back; surely nothing was sent to them, and they are still to be sent to
      not attempted: they were in no request, and are still to be sent to
    ! stopped: the gateway refuses every request of this kind (it answered 400 E400): the request is wrong, not the people, and nobody is recorded as rejected
    ");
    assert_eq!(shop.requests(), 6, "of four hundred");
    // Nobody is held back: when the request is right the same command sends to everybody.
    shop.sandbox.faults(&[]);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 200]);
}

#[test]
fn a_gateway_that_refuses_the_only_bulk_whatever_is_tried_finds_the_request_wrong() {
    let (shop, run) = apply(2, &["422*"], &[]);
    run.code(7);
    let plan = shop.run(&["plan", "--format", "json"]).code(0).json();
    assert_eq!(plan["toSend"], 2, "nobody is rejected");
}

#[test]
fn a_gateway_that_begins_to_refuse_everything_rejects_nobody() {
    let (shop, run) = apply(40, &["400@6*"], &[1; 10]);
    run.code(7);
    let plan = shop.run(&["plan", "--format", "json"]).code(0).json();
    assert_eq!(plan["toSend"], 30);
}

#[test]
fn refused_credentials_stop_the_run() {
    let (shop, run) = apply(6, &["401@2"], &[1, 1]);
    assert_snapshot!(run, @"
    exit code: 9
    sale.hello r1  shop to customers
      + 6 to send at once, 3 bulks
        6 rows in customers.csv (CSV with `,`, UTF-8)

    6 messages to send in 3 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         2         0        2         0              2
      refused: the gateway took no request with them, or their claim was given back; surely nothing was sent to them, and they are still to be sent to
      not attempted: they were in no request, and are still to be sent to
    ! stopped: the gateway refused the credentials (401)
    ");
    assert_eq!(shop.requests(), 2);
    // Nothing was lost: with the right credentials the same command goes on.
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 6]);
}

#[test]
fn forbidden_credentials_stop_the_run() {
    let (shop, run) = apply(4, &["403"], &[]);
    assert_snapshot!(run, @"
    exit code: 9
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        2         0              2
      refused: the gateway took no request with them, or their claim was given back; surely nothing was sent to them, and they are still to be sent to
      not attempted: they were in no request, and are still to be sent to
    ! stopped: the credentials do not allow to send (403)
    ");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn an_address_that_knows_no_messages_stops_the_run() {
    let shop = Shop::new(4).faults(&["404"]);
    assert_snapshot!(shop.apply(), @"
    exit code: 7
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        2         0              2
      refused: the gateway took no request with them, or their claim was given back; surely nothing was sent to them, and they are still to be sent to
      not attempted: they were in no request, and are still to be sent to
    ! stopped: the gateway knows no Instagram messages at this address (404): is the base URL right?
    ");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn too_many_requests_wait_and_then_go_on() {
    let (shop, run) = apply(4, &["429:retry-after=1"], &[1, 1, 1, 1]);
    assert_snapshot!(run, @"
    exit code: 0
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         4         0        0         0              0
    ");
    assert_eq!(shop.requests(), 3);
}

#[test]
fn after_an_error_of_the_server_nobody_knows() {
    let (shop, run) = apply(4, &["500-after"], &[1, 1, 1, 1]);
    assert_snapshot!(run, @r#"
    exit code: 6
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         2         0        0         2              0

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"   (or --not-sent, --abandon)
    "#);
    assert_snapshot!(shop.run(&["plan"]), @r#"
    exit code: 6
    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"   (or --not-sent, --abandon)

    sale.hello r1  shop to customers
      ! 2 in doubt
        2 already sent
        4 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send, 2 people in doubt
    next, to settle what is in doubt: sendform reconcile
    "#);
    assert_snapshot!(shop.run(&["status"]), @r#"
    exit code: 6
    ledger of acme-shop on 127.0.0.1:[port]

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"   (or --not-sent, --abandon)

    message        accepted  rejected  in doubt  in flight  given up  refused
    sale.hello r1         2         0         2          0         0        0
    next, to settle what is in doubt: sendform reconcile
    "#);
    assert_snapshot!(nothing_is_sent_again(&shop), @"
    exit code: 0
    sale.hello r1  shop to customers: 4 already sent, 4 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ----- stderr
    doubts settled from the gateway's logs: 2 people accepted
    ");
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
    assert_snapshot!(in_doubt("drop-after", &[1, 1]), @r#"
    exit code: 6
    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        0         2              0

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the connection was closed before the answer
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"   (or --not-sent, --abandon)
    "#);
}

#[test]
fn half_an_answer_is_a_doubt() {
    assert_snapshot!(in_doubt("cut", &[1, 1]), @r#"
    exit code: 6
    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        0         2              0

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 200, but its body cannot be read: the connection was closed before the answer was whole
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"   (or --not-sent, --abandon)
    "#);
}

#[test]
fn an_answer_that_cannot_be_read_is_a_doubt() {
    assert_snapshot!(in_doubt("garbage", &[1, 1]), @r#"
    exit code: 6
    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        0         2              0

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 200, but its body is not what the API says, at line 1 column 1
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"   (or --not-sent, --abandon)
    "#);
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
    assert_snapshot!(run, @"
    exit code: 0
    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         2         0        0         0              0
    ! the gateway answered with bulk `another-bulk` for `sale.hello.r1.616c1c5802824f8b`
    ");
    nothing_is_sent_again(&shop).code(0);
}

#[test]
fn those_whom_the_answer_leaves_out_are_in_doubt() {
    let (shop, run) = apply(2, &["missing-messages=1"], &[1, 1]);
    assert_snapshot!(run, @r#"
    exit code: 6
    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         1         0        0         1              0
    ! the answer for `sale.hello.r1.616c1c5802824f8b` says nothing of 1 message

    ! in doubt: 1 person in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  1 person, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the answer lacks messages
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"   (or --not-sent, --abandon)
    "#);
    nothing_is_sent_again(&shop).code(0);
}

/// All four attempts of the backoff are waited for: this takes 15 seconds.
#[test]
fn without_a_gateway_nothing_is_sent_and_nothing_lost() {
    let Shop { project, sandbox } = Shop::new(4);
    drop(sandbox);
    assert_snapshot!(project.run(["apply", "--auto-approve"]), @"
    exit code: 1
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        2         0              2
      refused: the gateway took no request with them, or their claim was given back; surely nothing was sent to them, and they are still to be sent to
      not attempted: they were in no request, and are still to be sent to
    ! stopped: the gateway cannot be reached: the connection was refused
    ----- stderr
    the gateway cannot be reached: trying again at 12:00:04 UTC (in 4 s)
    the gateway cannot be reached: trying again at 12:00:08 UTC (in 8 s)
    ");
    let plan = project.run(["plan", "--format", "json"]).code(0).json();
    assert_eq!((&plan["toSend"], &plan["doubts"]), (&4.into(), &serde_json::json!([])));
}

#[test]
fn a_doubt_that_was_sent_is_settled_by_a_persons_word() {
    let (shop, _) = apply(2, &["500-after"], &[1, 1]);
    assert_snapshot!(shop.run(&["resolve", BULK, "--sent", "--reason", "seen in the portal"]), @"
    exit code: 0
    2 people: sent
    this is final, and goes with the ledger: nothing takes it back
    ");
    assert_snapshot!(nothing_is_sent_again(&shop), @"
    exit code: 0
    sale.hello r1  shop to customers: 2 already sent, 2 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ");
    assert_snapshot!(shop.run(&["resolve", BULK, "--not-sent", "--reason", "a change of mind"]), @"
    exit code: 64
    ----- stderr
    error: nothing of this bulk is in doubt
      hint: `sendform status` lists what is in doubt
    ");
}

#[test]
fn a_doubt_that_was_not_sent_is_settled_and_sent() {
    let (shop, _) = apply(2, &["500-before"], &[]);
    assert_snapshot!(shop.run(&["resolve", BULK, "--not-sent", "--reason", "not in the portal"]), @"
    exit code: 0
    2 people: not sent, and free to be sent to again
    this is final, and goes with the ledger: nothing takes it back
    ");
    assert_snapshot!(shop.apply(), @"
    exit code: 0
    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         2         0        0         0              0
    ");
    assert_eq!(shop.accepted(), [1, 1]);
}

#[test]
fn a_doubt_can_be_given_up() {
    let (shop, _) = apply(2, &["500-before"], &[]);
    assert_snapshot!(shop.run(&["resolve", BULK, "--abandon", "--reason", "too late anyway"]), @"
    exit code: 0
    2 people: given up
    this is final, and goes with the ledger: nothing takes it back
    ");
    assert_snapshot!(nothing_is_sent_again(&shop), @"
    exit code: 0
    sale.hello r1  shop to customers
        2 given up
        2 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ");
    assert_eq!(shop.accepted(), [0; 0]);
}

#[test]
fn a_doubt_is_not_settled_by_half_a_word() {
    let (shop, _) = apply(2, &["500-before"], &[]);
    assert_snapshot!(shop.run(&["resolve", "sale.hello.r1.0000000000000000", "--sent", "--reason", "x"]), @"
    exit code: 64
    ----- stderr
    error: the ledger has no such bulk
      hint: `sendform status` lists what is in doubt
    ");
    assert_snapshot!(shop.run(&["resolve", BULK, "--sent", "--reason", " "]), @"
    exit code: 64
    ----- stderr
    error: `--reason` is empty: say why you know
    ");
    shop.run(&["resolve", BULK, "--sent"]).code(64);
    shop.run(&["resolve", BULK, "--sent", "--not-sent", "--reason", "x"]).code(64);
    nothing_is_sent_again(&shop).code(6);
}

#[test]
fn what_is_no_address_of_a_gateway_is_told_in_plain_words() {
    assert_snapshot!(Project::new().env("SENDFORM_BASE_URL", "foo").run(["plan"]), @"
    exit code: 64
    ----- stderr
    error: `SENDFORM_BASE_URL` cannot be used
      caused by: the base URL must be an address such as `https://xxxxx.api.infobip.com`
    ");
}

#[test]
fn a_wait_that_the_gateway_asks_for_is_told_while_it_lasts() {
    let shop = Shop::new(4).faults(&["429@1:retry-after=3"]);
    let mut run = shop.project.start(["apply", "--auto-approve"]);
    run.wait_told("the gateway asks to wait: until 12:00:03 UTC (in 3 s)\n");
    assert_eq!(shop.accepted(), [0; 0], "nothing was sent meanwhile");
    let run = shop.project.finish(run).code(0);
    assert_eq!(run.stderr.matches("the gateway asks to wait").count(), 1, "{run}");
    assert_eq!(shop.accepted(), [1; 4]);
    // Who wants nothing but the result is not told, and a short wait is not worth it.
    for (fault, arguments) in [("429@1:retry-after=3", &["-q"][..]), ("429@1:retry-after=1", &[])] {
        let shop = Shop::new(2).faults(&[fault]);
        let run = shop.run(&[&["apply", "--auto-approve"], arguments].concat()).code(0);
        assert!(!run.stderr.contains("asks to wait"), "{run}");
    }
    // On a terminal it stands in place of the bar, whole, however narrow that is.
    let mut shop = Shop::new(4).faults(&["429@1:retry-after=3"]);
    shop.project.set("TERM", "xterm");
    let mut run = shop.project.start_on_terminal(["apply", "--auto-approve", "--color", "never"]);
    run.wait_said("0 of 4 people");
    run.wait_said("the gateway asks to wait: until 12:00:03 UTC (in 3 s)");
    shop.project.finish(run).code(0);
}
