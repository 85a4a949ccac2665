//! Plans that bind: `plan --out FILE` and `apply FILE`, from the review to the last of its sends.

mod files;
mod identity;

use std::collections::BTreeSet;
use std::fs;

use insta::assert_snapshot;

use crate::support::{Project, Run, Shop, customer};

/// Applies `sale.plan`.
const APPLY: &[&str] = &["apply", "sale.plan", "--auto-approve"];

/// Plans into `sale.plan`.
#[track_caller]
fn freeze(shop: &Shop, arguments: &[&str]) -> Run {
    let run = shop.run(&[["plan", "--out", "sale.plan"].as_slice(), arguments].concat()).code(0);
    assert!(shop.project.path("sale.plan").is_file(), "{run}");
    run
}

/// Applies `sale.plan`.
fn apply(shop: &Shop, arguments: &[&str]) -> Run {
    shop.run(&[APPLY, arguments].concat())
}

/// Applies `sale.plan`, and makes sure that no request is made.
#[track_caller]
fn nothing_is_sent(shop: &Shop, arguments: &[&str], code: i32) -> Run {
    shop.sends_nothing(&[APPLY, arguments].concat(), code)
}

/// Writes the campaign with a message at nine tomorrow.
fn schedule(shop: &Shop, schedule: &str) {
    shop.campaign("Hello from the shop!", 1);
    let campaign = shop.project.read("sale.yaml");
    let campaign = campaign.replace("    audience: customers\n", "    audience: customers\n    schedule: launch\n");
    shop.project.write("sale.yaml", format!("{campaign}schedules:\n  launch: {{ {schedule} }}\n"));
}

#[test]
fn what_was_reviewed_is_sent_and_nothing_else() {
    let shop = Shop::new(3);
    assert_snapshot!(freeze(&shop, &[]), @"
    exit code: 0
    sale.hello r1  shop to customers
      + 3 to send at once, 2 bulks
        3 rows in customers.csv (CSV with `,`, UTF-8)

    3 messages to send in 2 bulks
    ----- stderr
    wrote sale.plan: `sendform apply sale.plan` sends this, and nothing else
    ");
    // Somebody new, somebody gone, and somebody who wants nothing any more.
    shop.customers([1, 3, 4]);
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{project}suppress: [{{ rows: [{{ to: \"{}\" }}] }}]\n", customer(3)));
    assert_snapshot!(apply(&shop, &[]).code(0).whole(), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 1 campaign in 1 file
    sends nothing but the plan of 2026-11-30 12:00 UTC

    sale.hello r1  shop to customers  sale.yaml:5
      + 1 to send at once, 1 bulk
        1 not in the plan
        1 suppressed
            sendform.yaml (1 person) stopped 1
        3 rows in customers.csv (CSV with `,`, UTF-8)
        2 of 3 people in the plan are no longer to send: 1 suppressed, 1 not in the audience any more
        text (20 characters)
          │ Hello from the shop!

    limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    1 message to send in 1 bulk
    digest plan/v1:[digest]

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         1         0        0         0              0
    ");
    assert_eq!(shop.accepted(), [1]);
    assert_snapshot!(nothing_is_sent(&shop, &[], 0), @"
    exit code: 0
    sends nothing but the plan of 2026-11-30 12:00 UTC

    sale.hello r1  shop to customers
        1 not in the plan
        1 already sent
        1 suppressed
            sendform.yaml (1 person) stopped 1
        3 rows in customers.csv (CSV with `,`, UTF-8)
        3 of 3 people in the plan are no longer to send: 1 suppressed, 1 already sent, 1 not in the audience any more

    nothing to send
    ");
    // The next plan has the new one.
    freeze(&shop, &[]);
    apply(&shop, &[]).code(0);
    assert_eq!(shop.accepted(), [1, 0, 0, 1]);
}

#[test]
fn a_changed_text_is_shown_and_nothing_is_sent() {
    let shop = Shop::new(3);
    freeze(&shop, &[]);
    shop.campaign("Hello, with a better text!", 1);
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    sends nothing but the plan of 2026-11-30 12:00 UTC

    sale.hello r1  shop to customers
      ! 3 different from the plan
        3 rows in customers.csv (CSV with `,`, UTF-8)
      ! this is not what the plan has:
          the text:
          │ - Hello from the shop!
          │ + Hello, with a better text!
          3 people would get another message than the plan has for them: lines 2, 3, 4 of customers.csv

    nothing can be sent: this is not what the plan has
    ----- stderr
    error: the files do not match the plan any more, so nothing was sent
      hint: plan anew, and review it: `sendform plan --out FILE`
    ");
    let changes = nothing_is_sent(&shop, &["--format", "json", "--write", "text=changes.txt"], 5);
    let document = changes.json();
    assert_eq!((&document["kind"], &document["code"]), (&"apply".into(), &"mismatch".into()));
    let document = &document["plan"];
    assert_eq!(document["planFile"], "sale.plan");
    assert_eq!(document["messages"][0]["frozen"]["changes"][0]["what"], "text");
    assert_eq!(document["messages"][0]["frozen"]["changes"][1]["people"], 3);
    // With the text back the plan holds again.
    shop.campaign("Hello from the shop!", 1);
    apply(&shop, &[]).code(0);
    assert_eq!(shop.accepted(), [1; 3]);
}

#[test]
fn a_changed_cell_is_shown_by_its_line_and_never_by_itself() {
    let shop = Shop::new(3);
    shop.campaign("Hello {{ name }}!", 1);
    freeze(&shop, &[]);
    let customers = shop.project.read("customers.csv");
    shop.project.write("customers.csv", customers.replace("Ana 2", "Secretname"));
    let run = nothing_is_sent(&shop, &[], 5);
    assert!(!run.to_string().contains("ecretname"), "{run}");
    assert!(run.stdout.contains("1 person would get another message than the plan has for them: line 3 of"), "{run}");
}

#[test]
fn later_bulks_are_handed_over_by_later_applies() {
    let mut shop = Shop::new(5);
    schedule(
        &shop,
        "sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagreb, handover: 2m, sendingSpeedLimit: { amount: 1 }",
    );
    freeze(&shop, &[]);
    for (now, accepted) in [("07:57", 0), ("07:58", 2), ("08:00", 4), ("08:02", 5)] {
        shop.project.set("SENDFORM_NOW", format!("2026-12-01T{now}:00Z"));
        apply(&shop, &[]).code(0);
        assert_eq!(shop.accepted().iter().sum::<u64>(), accepted, "{now}");
    }
    shop.project.set("SENDFORM_NOW", "2026-12-01T09:00:00Z");
    nothing_is_sent(&shop, &[], 0);
    assert_eq!(shop.accepted(), [1; 5]);
}

#[test]
fn a_plan_whose_time_is_past_is_too_old() {
    let mut shop = Shop::new(3);
    schedule(&shop, "sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagreb");
    freeze(&shop, &[]);
    shop.project.set("SENDFORM_NOW", "2026-12-01T08:00:00Z");
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    acme-shop on 127.0.0.1:[port], 2026-12-01 08:00 UTC, 1 campaign in 1 file
    sends nothing but the plan of 2026-11-30 12:00 UTC

    sale.hello r1  shop to customers
      ! 3 too late
        3 rows in customers.csv (CSV with `,`, UTF-8)
      ! this is not what the plan has:
          the time to send to 3 people is past: it was 2026-12-01 08:00 UTC

    nothing can be sent: this is not what the plan has
    ----- stderr
    error: the plan is too old: some of its times are past, so nothing was sent
      hint: plan anew, and review it: `sendform plan --out FILE`
    ");
}

#[test]
fn another_schedule_is_not_what_was_planned() {
    let shop = Shop::new(2);
    schedule(&shop, "sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagreb");
    freeze(&shop, &[]);
    schedule(
        &shop,
        "sendAt: \"2026-12-01 10:00\", timeZone: Europe/Zagreb, sendingSpeedLimit: { amount: 60 }, handover: 2h",
    );
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    sends nothing but the plan of 2026-11-30 12:00 UTC

    sale.hello r1  shop to customers
      ! 2 different from the plan
        2 rows in customers.csv (CSV with `,`, UTF-8)
      ! this is not what the plan has:
          sendAt: 2026-12-01 09:00 in the plan, 2026-12-01 10:00 now
          sendingSpeedLimit: none in the plan, 60 a minute now
          handover: none in the plan, 2 h now

    nothing can be sent: this is not what the plan has
    ----- stderr
    error: the files do not match the plan any more, so nothing was sent
      hint: plan anew, and review it: `sendform plan --out FILE`
    ");
}

#[test]
fn a_doubt_is_not_sent_again_until_somebody_says_so() {
    let shop = Shop::new(2).faults(&["500-before"]);
    freeze(&shop, &[]);
    apply(&shop, &[]).code(6);
    assert_snapshot!(nothing_is_sent(&shop, &[], 6), @r#"
    exit code: 6
    sends nothing but the plan of 2026-11-30 12:00 UTC

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good:
        they have it: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
        they do not have it, and are sent to again: sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"
        nobody knows, and they are given up: sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"

    sale.hello r1  shop to customers
      ! 2 in doubt
        2 rows in customers.csv (CSV with `,`, UTF-8)
        2 of 2 people in the plan are no longer to send: 2 in doubt

    nothing to send, 2 people in doubt
    next, to settle what is in doubt: sendform reconcile
    "#);
    let bulk = shop.run(&["status", "--format", "json"]).json()["doubts"][0]["bulkId"].as_str().unwrap().to_owned();
    shop.run(&["resolve", &bulk, "--not-sent", "--reason", "the portal has nothing"]).code(0);
    apply(&shop, &[]).code(0);
    assert_eq!(shop.accepted(), [1; 2]);
}

#[test]
fn one_plan_is_applied_by_two_machines_one_after_the_other() {
    let here = Shop::new(4).faults(&["429"]);
    freeze(&here, &[]);
    let there = Project::empty()
        .env("SENDFORM_BASE_URL", here.sandbox.url())
        .file("elsewhere/sale.plan", fs::read(here.project.path("sale.plan")).unwrap());
    let carry = |from: &Project, to: &Project| {
        for file in ["sendform.yaml", "sale.yaml", "customers.csv", "sendform.lock"] {
            to.write(file, fs::read(from.path(file)).unwrap());
        }
    };
    carry(&here.project, &there);
    there.run(["apply", "elsewhere/sale.plan", "--auto-approve", "--parallel", "1"]).code(0);
    assert_eq!(here.accepted(), [1; 4]);
    carry(&there, &here.project);
    nothing_is_sent(&here, &[], 0);
}

#[test]
fn accepted_numbers_are_frozen_in() {
    let shop = Shop::new(3);
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{project}limits: {{ messagesPerApply: 2 }}\n"));
    shop.run(&["plan", "--out", "sale.plan"]).code(4);
    nothing_is_sent(&shop, &[], 4);
    assert_snapshot!(nothing_is_sent(&shop, &["--accept", "messages=3"], 64), @"
    exit code: 64
    ----- stderr
    error: `--accept messages=3` is said, but the plan has nothing of it
      hint: numbers are accepted when a plan is made: `sendform plan --out FILE --accept …`
    ");
    freeze(&shop, &["--accept", "messages=3"]);
    nothing_is_sent(&shop, &["--accept", "messages=4"], 64);
    nothing_is_sent(&shop, &["--accept", "growth=4"], 64);
    nothing_is_sent(&shop, &["--only", "sale"], 64);
    nothing_is_sent(&shop, &["--retry-rejected", "sale.hello"], 64);
    apply(&shop, &["--accept", "messages=3"]).code(0);
    assert_eq!(shop.accepted(), [1; 3]);
}

#[test]
fn on_a_runner_only_the_machine_is_answered_for() {
    let mut shop = Shop::new(1);
    shop.project.set("CI", "true");
    freeze(&shop, &[]);
    nothing_is_sent(&shop, &[], 4);
    apply(&shop, &["--accept", "lockfile-in-ci=1"]).code(0);
    assert_eq!(shop.accepted(), [1]);
}

#[test]
fn what_was_selected_stays_selected() {
    let shop = Shop::new(2);
    shop.project.write("other.yaml", crate::support::campaign("other", "Another hello!", 1));
    freeze(&shop, &["--only", "other"]);
    let run = apply(&shop, &[]).code(0);
    assert!(run.stdout.contains("sale.hello r1  shop to customers  (not selected): 2 not in the plan, "), "{run}");
    assert_eq!(shop.accepted(), [1, 1]);
    // What else is in the files is not the plan's business.
    shop.campaign("Hello {{ name | fallback('x') }}!", 1);
    nothing_is_sent(&shop, &[], 0);
    shop.run(&["apply", "--auto-approve"]).code(0);
    assert_eq!(shop.accepted(), [2, 2]);
}

#[test]
fn whoever_approves_a_part_does_not_approve_all() {
    let shop = Shop::new(2);
    shop.project.write("other.yaml", crate::support::campaign("other", "Another hello!", 1));
    let digest = |only: &[&str]| {
        let run = shop.run(&[&["plan", "--format", "json"], only].concat()).code(0);
        run.json()["digest"].as_str().unwrap().to_owned()
    };
    let digests = [digest(&[]), digest(&["--only", "sale"]), digest(&["--only", "other"])];
    assert_eq!(BTreeSet::from(digests.clone()).len(), 3, "{digests:?}");
    shop.sends_nothing(&["apply", "--auto-approve", "--expect-digest", &digests[2]], 5);
    shop.sends_nothing(&["apply", "--auto-approve", "--only", "sale", "--expect-digest", &digests[2]], 5);
    shop.run(&["apply", "--auto-approve", "--only", "other", "--expect-digest", &digests[2]]).code(0);
    assert_eq!(shop.accepted(), [1, 1]);
}

#[test]
fn the_digest_of_a_plan_file_is_that_of_the_review() {
    let shop = Shop::new(2);
    let plan = freeze(&shop, &["--format", "json"]).json();
    assert_eq!(plan["planFile"], "sale.plan");
    let digest = plan["digest"].as_str().unwrap();
    let other = "plan/v1:00000000000000000000000000000000";
    assert_snapshot!(nothing_is_sent(&shop, &["--expect-digest", other], 5), @"
    exit code: 5
    ----- stderr
    error: the digest of `sale.plan` is `plan/v1:[digest]`, but `plan/v1:[digest]` was expected
      hint: this is another plan than the one that was reviewed
    ");
    // The ledger moves on, and the digest of the file stays what it was.
    shop.customers([1]);
    let applied = apply(&shop, &["--expect-digest", digest, "--format", "json"]).code(0).json();
    assert_eq!(applied["digest"], digest);
    shop.customers([1, 2]);
    apply(&shop, &["--expect-digest", digest]).code(0);
    assert_eq!(shop.accepted(), [1, 1]);
}

#[test]
fn rejected_people_are_tried_once_more_by_one_plan() {
    let mut shop = Shop::new(2).faults(&["reject-share=1@1"]);
    shop.apply().code(7);
    shop.project.set("SENDFORM_NOW", "2026-11-30T12:01:00Z");
    freeze(&shop, &["--retry-rejected", "sale.hello"]);
    apply(&shop, &[]).code(0);
    assert_eq!(shop.accepted(), [1, 1]);
    nothing_is_sent(&shop, &[], 0);
}

#[test]
fn whom_the_template_skips_is_told_apart_from_whom_the_plan_has_not_got() {
    let shop = Shop::new(3);
    shop.campaign("{% if name == 'Ana 2' %}{{ skip('asked') }}{% endif %}Hello {{ name }}!", 1);
    shop.run(&["plan", "--out", "sale.plan"]).code(0);
    shop.customers(1..=5);
    let plan = shop.run(&["apply", "sale.plan", "--auto-approve"]).code(0);
    assert!(plan.stdout.contains("1 skipped by the template\n        1: asked\n"), "{plan}");
    assert!(plan.stdout.contains("2 not in the plan\n"), "{plan}");
    assert_eq!(shop.accepted(), [1, 0, 1]);
}
