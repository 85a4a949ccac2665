//! Rejections that end a message: how much a gateway is given that rejects too many.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Project, Sandbox, Shop, campaign, customer};

/// The project of a shop with large bulks, and with this besides.
fn project(besides: &str) -> String {
    let project = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nlimits: { messagesPerApply: 20000 }\n";
    format!("{project}{besides}")
}

/// A shop with so many customers, and a gateway with these faults.
fn shop(customers: u64, besides: &str, faults: &[&str]) -> Shop {
    let shop = Shop::new(customers).faults(faults);
    shop.project.write("sendform.yaml", project(besides));
    shop
}

const APPLY: &[&str] = &["apply", "--auto-approve"];

#[test]
fn a_gateway_that_rejects_everybody_is_given_two_hundred_people() {
    let shop = shop(20_000, "", &["reject-share=1"]);
    assert_snapshot!(shop.run(APPLY), @"
    exit code: 7
    sale.hello r1  shop to customers
      + 20,000 to send at once, 21 bulks
        20,000 rows in customers.csv (CSV with `,`, UTF-8)

    limits: 20,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    20,000 messages to send in 21 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0       200        0         0         19,800
      sale.hello: 200 people rejected with status 14 (the destination is blocked)
      rejected: the gateway turned them down, and nothing is sent to them again by itself
      not attempted: they were in no request, and are still to be sent to
      to send to the rejected again, once the cause is mended: sendform apply --retry-rejected sale.hello
    ! sale.hello was ended: 200 of 200 people whom the gateway has answered were rejected (200 with status 14), more than the 10% of `stopAfter`; 19,800 people were not sent to
      to go on all the same, run the same command with --accept rejected=20000
    ");
    assert_eq!(shop.requests(), 1);
    // It says so before it sends any more, also to whoever only plans.
    assert_snapshot!(shop.sends_nothing(APPLY, 4), @"
    exit code: 4
    sale.hello r1  shop to customers
      + 19,800 to send at once, 20 bulks
           200 rejected earlier; `--retry-rejected sale.hello` sends to them again
        20,000 rows in customers.csv (CSV with `,`, UTF-8)

    ! sale.hello: 200 of 200 people whom the gateway has answered were rejected (200 with status 14), more than the 10% of `stopAfter`
      to go on all the same: --accept rejected=20000

    limits: 20,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    19,800 messages to send in 20 bulks, but not while a limit refuses
    next, if that is meant: sendform apply --accept rejected=20000
    ");
    shop.sends_nothing(&["plan"], 4);
    shop.sends_nothing(&["apply", "--auto-approve", "--accept", "rejected=199"], 4);
    let plan = shop.sends_nothing(&["plan", "--format", "json"], 4).json();
    let limit = &plan["safetyLimits"][0];
    assert_eq!(limit["name"], "rejected");
    assert_eq!((limit["actual"].as_u64(), limit["toAccept"].as_u64()), (Some(200), Some(20_000)));
    // The gateway is mended, and somebody says that the rest is to go out.
    shop.sandbox.faults(&[]);
    let run = shop.run(&["apply", "--auto-approve", "--accept", "rejected=200"]).code(0);
    assert!(run.stdout.contains("19,800         0        0         0              0"), "{run}");
    assert_eq!(shop.accepted().iter().sum::<u64>(), 19_800);
    shop.sends_nothing(APPLY, 0);
}

#[test]
fn a_gateway_that_rejects_one_of_twenty_is_given_everybody() {
    let shop = shop(4_000, "", &["reject-share=0.05:seed=1"]);
    let run = shop.run(APPLY).code(7);
    let accepted: u64 = shop.accepted().iter().sum();
    assert!((3_700..3_900).contains(&accepted), "{run}");
    assert_eq!(shop.requests(), 5, "200 people first, then bulks of 1000");
    assert!(run.stdout.contains(" 0              0\n"), "nobody is left: {run}");
    shop.sends_nothing(APPLY, 0);
}

#[test]
fn a_plan_that_is_frozen_goes_on_with_the_number() {
    let shop = shop(1_000, "", &["reject-share=0.5:seed=1"]);
    shop.run(&["plan", "--out", "frozen.plan"]).code(0);
    let digest = shop.run(&["plan", "--format", "json"]).json()["digest"].as_str().unwrap().to_owned();
    let run = shop.run(&["apply", "frozen.plan", "--auto-approve", "--expect-digest", &digest]).code(7);
    assert!(run.stdout.contains("800 people were not sent to"), "{run}");
    shop.sends_nothing(&["apply", "frozen.plan", "--auto-approve"], 4);
    let number = run.stdout.split_once("--accept rejected=").unwrap().1.lines().next().unwrap();
    shop.sandbox.faults(&[]);
    let accept = format!("rejected={number}");
    shop.run(&["apply", "frozen.plan", "--auto-approve", "--accept", &accept, "--expect-digest", &digest]).code(0);
    shop.sends_nothing(APPLY, 0);
}

#[test]
fn whoever_is_sent_to_again_after_a_rejection_counts_anew() {
    let shop = shop(300, "", &["reject-share=1"]);
    shop.run(APPLY).code(7);
    assert_eq!(shop.requests(), 1);
    shop.sandbox.faults(&[]);
    // The 200 who were rejected are asked again, and with them everybody else.
    shop.run(&["apply", "--auto-approve", "--retry-rejected", "sale.hello"]).code(0);
    assert_eq!(shop.accepted(), [1; 300]);
}

#[test]
fn a_project_and_a_message_say_how_much_is_too_much() {
    let reject: Vec<String> = (1..=3).map(|number| format!("reject={}", customer(number))).collect();
    let reject: Vec<&str> = reject.iter().map(String::as_str).collect();
    let sent = |besides: &str, of_message: &str| {
        let shop = shop(12, &format!("bulkSize: 4\n{besides}"), &reject);
        if !of_message.is_empty() {
            let campaign = shop
                .project
                .read("sale.yaml")
                .replace("    sender: shop\n", &format!("    sender: shop\n    {of_message}\n"));
            shop.project.write("sale.yaml", campaign);
        }
        let run = shop.run(&["apply", "--auto-approve", "--parallel", "1"]).code(7);
        assert_eq!(run.stdout.contains("was ended"), shop.requests() < 3, "{run}");
        shop.requests()
    };
    assert_eq!(sent("", ""), 3, "twelve people are too few to judge by");
    assert_eq!(sent("stopAfter: { of: 4 }\n", ""), 1);
    assert_eq!(sent("stopAfter: { share: 75%, of: 4 }\n", ""), 3, "as many as that may be rejected");
    assert_eq!(sent("stopAfter: { share: 30%, of: 8 }\n", ""), 2);
    assert_eq!(sent("stopAfter: { share: 0%, of: 1 }\n", "stopAfter: { share: 100% }"), 3);
    assert_eq!(sent("", "stopAfter: { of: 2 }"), 1);
    // What a message does not say comes from the project.
    assert_eq!(sent("stopAfter: { share: 75% }\n", "stopAfter: { of: 4 }"), 3);
    assert_eq!(sent("stopAfter: { of: 4 }\n", "stopAfter: { share: 20% }"), 1);
}

#[test]
fn of_two_messages_that_have_ended_one_number_is_said_that_is_enough_for_both() {
    let shop = shop(12, "bulkSize: 4\nstopAfter: { of: 4 }\n", &["reject-share=1"]);
    let few = campaign("few", "Few", 1).replace("csv: customers.csv", "csv: few.csv");
    shop.project.write("few.yaml", few);
    let rows: String = (101..=106).map(|number| format!("{}\n", customer(number))).collect();
    shop.project.write("few.csv", format!("id\n{rows}"));
    let run = shop.run(&["apply", "--auto-approve", "--parallel", "1"]).code(7);
    assert!(run.stdout.contains("sale.hello was ended: 4 of 4") && run.stdout.contains("few.hello was ended: 4 of 4"));
    // Of the larger one up to all twelve may be rejected.
    let hint = "  to go on all the same, run the same command with --accept rejected=12\n";
    assert_eq!(run.stdout.matches("--accept rejected=").count(), 1, "{run}");
    assert!(run.stdout.contains(hint), "{run}");
    let plan = shop.run(&["plan"]).code(4);
    assert_eq!(plan.stdout.matches("to go on all the same: --accept rejected=12").count(), 1, "{plan}");
    shop.run(&["apply", "--auto-approve", "--parallel", "1", "--accept", "rejected=12"]).code(7);
    assert_eq!(shop.run(&["status", "--format", "json"]).json()["messages"][0]["rejected"], 6);
}

#[test]
fn a_share_is_written_in_percent() {
    let shop = shop(2, "stopAfter: { share: 0.1, of: 0 }\n", &[]);
    assert_snapshot!(shop.run(&["validate"]), @"
    exit code: 3
    error[bad-pattern]: a share is a whole number from 0 to 100 with a percent sign: `10%`
     --> sendform.yaml:4:21
      |
    4 | stopAfter: { share: 0.1, of: 0 }
      |                     ^^^

    error[out-of-bounds]: at least 1 is expected
     --> sendform.yaml:4:30
      |
    4 | stopAfter: { share: 0.1, of: 0 }
      |                              ^

    2 errors
      bad-pattern    sendform.yaml:4:21
      out-of-bounds  sendform.yaml:4:30
    next, once they are mended: sendform validate
    ");
}

/// A shop whose people are accepted, and of whose messages this many in a thousand then fail; eight customers, two in a
/// bulk, and the rule.
fn undelivered(per_mille: u32, rule: &str) -> Shop {
    let shop = shop(8, &format!("bulkSize: 2\nwitness: off\n{rule}"), &[]);
    let rule = json!({ "outcome": "channelFails", "perMille": per_mille });
    shop.sandbox.set_rules(&json!({ "rules": [rule] }));
    // What takes the channel a second is over at once.
    shop.sandbox.change_clock(&json!({ "speed": 60 }));
    shop
}

/// Applies, and holds the third request until the logs were asked, or for as long as they would have been.
fn held_while_the_logs_are_asked(shop: &Shop) -> crate::support::Run {
    shop.sandbox.faults(&["hold-before@3"]);
    let run = shop.project.start(["apply", "--auto-approve", "--parallel", "1"]);
    shop.sandbox.wait_held(1);
    shop.sandbox.wait_queries(1);
    shop.sandbox.release();
    shop.project.finish(run)
}

#[test]
fn a_gateway_that_accepts_everybody_and_delivers_to_nobody_is_given_no_more() {
    let shop = undelivered(1000, "stopAfter: { of: 4 }\n");
    let run = held_while_the_logs_are_asked(&shop).code(7);
    assert_eq!(shop.accepted(), [1; 6], "{run}");
    assert_snapshot!(run, @"
    exit code: 7
    sale.hello r1  shop to customers
      + 8 to send at once, 4 bulks
        8 rows in customers.csv (CSV with `,`, UTF-8)

    limits: 20,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    8 messages to send in 4 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         6         0        0         0              2
      not attempted: they were in no request, and are still to be sent to
    ! sale.hello was ended: 4 of 4 people whose message the gateway's logs have were accepted and then not delivered to (4 with `EC_PROVIDER_INTERNAL_ERROR`), more than the 10% of `stopAfter`; 2 people were not sent to
      to go on all the same, run the same command with --accept rejected=8
    ");
    // The ledger has them as accepted, and nobody is sent to again.
    let status = shop.run(&["status", "--format", "json"]).json();
    assert_eq!((&status["messages"][0]["accepted"], &status["messages"][0]["rejected"]), (&json!(6), &json!(0)));
    shop.run(&["ledger", "verify"]).code(0);
    let run = shop.run(&["apply", "--auto-approve", "--accept", "rejected=8", "--format", "json"]).code(0);
    assert_eq!(run.json()["total"]["accepted"], 2);
    assert_eq!(shop.accepted(), [1; 8]);
}

#[test]
fn a_share_that_may_fail_ends_nothing_and_a_rule_that_is_off_asks_nothing() {
    let shop = undelivered(1000, "stopAfter: { share: 99%, of: 100 }\n");
    let run = held_while_the_logs_are_asked(&shop).code(0);
    assert_eq!(shop.accepted(), [1; 8], "{run}");
    assert_eq!(shop.sandbox.state()["queries"], 1, "both bulks with one question");
    let shop = undelivered(1000, "stopAfter: { share: 100% }\n");
    shop.run(APPLY).code(0);
    assert_eq!((shop.accepted(), &shop.sandbox.state()["queries"]), (vec![1; 8], &json!(0)));
}

/// What nobody is sent to, because the logs end the message before anything is claimed.
fn is_ended_before_it_sends(shop: &Shop) {
    let run = shop.sends_nothing(APPLY, 7);
    assert!(run.stdout.contains("sale.hello was ended: "), "{run}");
    assert!(run.stdout.contains("accepted and then not delivered to"), "{run}");
}

#[test]
fn a_run_that_is_over_in_a_moment_looks_before_it_says_that_all_is_well() {
    let shop = undelivered(1000, "stopAfter: { of: 4 }\n");
    // Everybody's message has come to its end when the last request is answered.
    shop.sandbox.change_clock(&json!({ "speed": 3600 }));
    assert_snapshot!(shop.run(APPLY), @"
    exit code: 7
    sale.hello r1  shop to customers
      + 8 to send at once, 4 bulks
        8 rows in customers.csv (CSV with `,`, UTF-8)

    limits: 20,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    8 messages to send in 4 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         8         0        0         0              0
    ! sale.hello was ended: 8 of 8 people whose message the gateway's logs have were accepted and then not delivered to (8 with `EC_PROVIDER_INTERNAL_ERROR`), more than the 10% of `stopAfter`; that was known only when everybody had been sent to
      nothing is sent to them again; find out why before more people come: the next apply asks the gateway's logs first, and sends nothing more of it while they say so
    ");
    assert_eq!(shop.accepted(), [1; 8]);
    let status = shop.run(&["status", "--format", "json"]).code(0).json();
    assert_eq!((&status["messages"][0]["accepted"], &status["messages"][0]["rejected"]), (&json!(8), &json!(0)));
    shop.run(&["ledger", "verify"]).code(0);
    // Nobody is left, and nobody is sent to again; whoever comes is not sent to either, until somebody says so.
    shop.sends_nothing(APPLY, 0);
    shop.customers(1..=10);
    is_ended_before_it_sends(&shop);
    let run = shop.run(&["apply", "--auto-approve", "--accept", "rejected=9", "--format", "json"]).code(7);
    assert_eq!(shop.accepted(), [1; 10], "{run}");
    let ended = &run.json()["ended"][0];
    assert_eq!((&ended["open"], &ended["undelivered"], &ended["toAccept"]), (&json!(0), &json!(10), &json!(10)));
    shop.customers(1..=11);
    shop.run(&["apply", "--auto-approve", "--accept", "rejected=11"]).code(0);
}

#[test]
fn whoever_is_unknown_or_has_blocked_the_business_counts_at_the_end() {
    let sent = |share: u8| {
        let shop = undelivered(0, &format!("stopAfter: {{ share: {share}%, of: 4 }}\n"));
        let rule = |outcome, number| json!({ "outcome": outcome, "ids": [customer(number)] });
        let rules = [rule("unknownPerson", 2), rule("blockedBusiness", 5), rule("silent", 7)];
        shop.sandbox.set_rules(&json!({ "rules": rules }));
        let run = shop.run(APPLY);
        assert_eq!(shop.accepted(), [1; 8], "{run}");
        run
    };
    let run = sent(20).code(7);
    assert!(run.stdout.contains("sale.hello was ended: 2 of 8 people whose message the gateway's logs have"), "{run}");
    // Of one whom the channel says nothing of nobody knows.
    assert!(!sent(25).code(0).stdout.contains("ended"));
}

#[test]
fn whoever_is_on_their_way_is_no_failure_and_ends_the_next_run_before_it_sends() {
    let shop = undelivered(1000, "stopAfter: { of: 4 }\n");
    shop.sandbox.change_clock(&json!({ "stopped": true }));
    let run = shop.run(APPLY).code(0);
    assert!(!run.stdout.contains("ended") && !run.stdout.contains("did not count"), "{run}");
    assert_eq!((shop.accepted(), &shop.sandbox.state()["queries"]), (vec![1; 8], &json!(2)), "at once, and once more");
    shop.sandbox.change_clock(&json!({ "stopped": false }));
    shop.sandbox.wait("final=8");
    shop.customers(1..=10);
    is_ended_before_it_sends(&shop);
}

#[test]
fn logs_that_do_not_tell_at_the_end_are_said_to_and_are_no_failure_of_the_run() {
    for (fault, why) in [
        ("logs:403*", "the credentials do not allow to read the logs (403)"),
        ("logs:429*", "the gateway keeps answering that there are too many requests (429)"),
        ("logs:hold-before*", "they had answered nothing by the end of the run"),
    ] {
        let shop = undelivered(1000, "stopAfter: { of: 4 }\n");
        shop.sandbox.faults(&[fault]);
        let run = shop.run(APPLY).code(0);
        let told = "! whom the gateway does not deliver to did not count for `stopAfter`: its logs could not be read: ";
        assert!(run.stdout.contains(&format!("{told}{why}")), "{run}");
        assert_eq!((shop.accepted(), &shop.sandbox.state()["queries"]), (vec![1; 8], &json!(1)), "{fault}");
    }
}

#[test]
fn what_is_still_to_leave_is_not_asked_for_at_the_end() {
    for schedule in
        ["sendAt: \"2026-11-30 13:00\", timeZone: UTC", "sendingSpeedLimit: { amount: 600, timeUnit: MINUTE }"]
    {
        let shop = undelivered(1000, "stopAfter: { of: 4 }\n");
        let later = format!("schedules: {{ later: {{ {schedule} }} }}\nmessages:");
        let campaign = shop.project.read("sale.yaml").replacen("messages:", &later, 1);
        let campaign = campaign.replace("    sender: shop\n", "    sender: shop\n    schedule: later\n");
        shop.project.write("sale.yaml", campaign);
        let run = shop.run(APPLY).code(0);
        assert_eq!((shop.accepted(), &shop.sandbox.state()["queries"]), (vec![1; 8], &json!(0)), "{run}");
    }
}

#[test]
fn where_the_account_has_no_questions_left_workers_go_on_at_once_and_say_so() {
    let shop = Shop::on(Sandbox::start(["--logs-per-minute", "1"]), 4);
    let other = Project::empty().env("SENDFORM_BASE_URL", shop.sandbox.url());
    let besides = "bulkSize: 2\nwitness: off\nstopAfter: { share: 50%, of: 100 }\n";
    shop.project.write("sendform.yaml", project(besides));
    other.write("sendform.yaml", project(besides).replace("acme-shop", "acme-other"));
    for path in ["sale.yaml", "customers.csv"] {
        other.write(path, shop.project.read(path));
    }
    for project in [&shop.project, &other] {
        project.run(["ledger", "init"]).code(0);
        project.run(APPLY).code(0);
    }
    assert_eq!(shop.sandbox.state()["queries"], 0, "nothing is older than these runs");
    shop.customers(1..=6);
    other.write("customers.csv", shop.project.read("customers.csv"));
    let began = Instant::now();
    let runs = [&shop.project, &other].map(|project| (project, project.start(APPLY)));
    let runs = runs.map(|(project, run)| project.finish(run).code(0));
    // Before that an answer to the first question would not have been waited for any longer.
    assert!(began.elapsed() < Duration::from_secs(10), "{}", runs[0]);
    assert_eq!(shop.accepted(), [2; 6]);
    let told = runs.iter().filter(|run| {
        run.stdout
            .contains("did not count for `stopAfter`: its logs could not be read: the gateway keeps answering that")
    });
    assert_eq!(told.count(), 1, "{}\n{}", runs[0], runs[1]);
    assert_eq!(shop.sandbox.state()["queries"], 2, "nobody has asked again");
}
