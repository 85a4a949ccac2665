//! Runs that are interrupted, run into each other, or find a ledger that is not as it was left.

use std::fs::{self, File};
use std::io::Read as _;
use std::process::Command;

use insta::assert_snapshot;

use crate::support::{Barrier, NOW, Process, Project, Shop, campaign};

const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallel", "1"];

/// Starts an apply whose first request is held after the gateway took it.
fn held(customers: u64) -> (Shop, Process) {
    let shop = Shop::new(customers).faults(&["hold-after"]);
    let run = shop.project.start(APPLY);
    shop.sandbox.wait_held(1);
    (shop, run)
}

/// A shop whose only apply was killed when the gateway had taken its only request.
fn killed() -> Shop {
    let (shop, run) = held(2);
    run.kill();
    shop
}

#[test]
fn after_the_first_signal_requests_in_flight_end_and_none_begins() {
    let run = |signal: &str| {
        let (shop, mut run) = held(6);
        run.signal(signal);
        run.wait_told("interrupted");
        shop.sandbox.release();
        let run = shop.project.finish(run);
        assert_eq!(shop.accepted(), [1, 1]);
        shop.apply().code(0);
        assert_eq!(shop.accepted(), [1; 6]);
        run
    };
    let interrupted = run("INT");
    assert_snapshot!(interrupted, @"
    exit code: 10
    sale.hello r1  shop to customers
      + 6 to send at once, 3 bulks
        6 rows in customers.csv (CSV with `,`, UTF-8)

    6 messages to send in 3 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         2         0        0         0              4
      not attempted: they were in no request, and are still to be sent to
    ! stopped: interrupted
      run the same command again to go on
    ----- stderr

    interrupted: no new requests; those in flight have 6 seconds to end (again to leave at once)
    ");
    assert_eq!(run("TERM").to_string(), interrupted.to_string());
}

/// The grace of six seconds is waited for.
#[test]
fn a_request_that_does_not_end_in_time_is_a_doubt() {
    let (shop, run) = held(4);
    run.signal("TERM");
    let run = shop.project.finish(run);
    assert_snapshot!(run, @r#"
    exit code: 6
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        0         2              2
      not attempted: they were in no request, and are still to be sent to
    ! stopped: interrupted
      run the same command again to go on

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: interrupted before the answer
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good:
        they have it: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
        they do not have it, and are sent to again: sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"
        nobody knows, and they are given up: sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"
    ----- stderr

    interrupted: no new requests; those in flight have 6 seconds to end (again to leave at once)
    "#);
    only_the_others_are_sent_to(&shop);
}

/// Whoever is in doubt has it, as the logs tell; only the others are sent to.
fn only_the_others_are_sent_to(shop: &Shop) {
    shop.sandbox.release();
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn after_the_second_signal_the_run_leaves_at_once() {
    let (shop, mut run) = held(4);
    run.signal("INT");
    run.wait_told("interrupted");
    run.signal("INT");
    assert_snapshot!(shop.project.finish(run), @r#"
    exit code: 6
    sale.hello r1  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        0         2              2
      not attempted: they were in no request, and are still to be sent to
    ! stopped: interrupted
      run the same command again to go on

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: interrupted before the answer
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good:
        they have it: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
        they do not have it, and are sent to again: sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"
        nobody knows, and they are given up: sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"
    ----- stderr

    interrupted: no new requests; those in flight have 6 seconds to end (again to leave at once)
    "#);
    assert_snapshot!(shop.run(&["status"]), @r#"
    exit code: 6
    ledger of acme-shop on 127.0.0.1:[port]

    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: interrupted before the answer
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good:
        they have it: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
        they do not have it, and are sent to again: sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"
        nobody knows, and they are given up: sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"

    message        accepted  rejected  in doubt  in flight  given up  refused
    sale.hello r1         0         0         2          0         0        0
    next, to settle what is in doubt: sendform reconcile
    "#);
    only_the_others_are_sent_to(&shop);
}

#[test]
fn before_anything_is_claimed_the_first_signal_is_enough() {
    for signal in ["INT", "TERM"] {
        let shop = Shop::new(2);
        let barrier = Barrier::new(&shop.project);
        let mut arguments = [&APPLY[..], &["--write", "json=report.json"]].concat();
        let held = barrier.arguments();
        arguments.extend(held.iter().map(String::as_str));
        let mut run = shop.project.start(arguments);
        barrier.wait(&mut run);
        run.signal(signal);
        run.wait_told("interrupted");
        barrier.open();
        let run = shop.project.finish(run).code(10);
        assert_eq!(run.stderr, "error: interrupted: nothing was sent\n", "{run}");
        assert!(shop.project.read("report.json").contains("\"code\": \"interrupted\""));
        assert_eq!(shop.requests(), 0);
        shop.apply().code(0);
        assert_eq!(shop.accepted(), [1, 1]);
    }
}

/// A run is in the middle of a document when the signal comes: what is said last comes after it, and in its place.
#[test]
fn the_last_word_comes_after_a_document_that_is_being_written() {
    let shop = Shop::new(2);
    for number in 0..100 {
        shop.project
            .write(&format!("{number}.yaml"), campaign(&format!("sale-{number}"), &format!("Hello {number}!"), 1));
    }
    let [write, to] = Barrier::new(&shop.project).arguments();
    let mut run = shop.project.start([&APPLY[..], &[&write, &to.replace("text=", "json=")]].concat());
    let path = shop.project.path("barrier");
    let mut pipe = File::open(&path).unwrap();
    let mut document = vec![0];
    pipe.read_exact(&mut document).unwrap();
    run.signal("INT");
    run.wait_told("interrupted");
    // More than a pipe holds is still to come, and what is said after that goes into a file of that name.
    fs::rename(&path, path.with_extension("aside")).unwrap();
    pipe.read_to_end(&mut document).unwrap();
    assert!(document.len() > 1 << 17, "{}", document.len());
    let plan: serde_json::Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(plan["messages"].as_array().map(Vec::len), Some(101));
    shop.project.finish(run).code(10);
    let last: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(last["code"], "interrupted", "{last}");
    assert_eq!(shop.requests(), 0);
}

#[test]
fn times_for_tests_are_refused_elsewhere() {
    for (name, wrong) in [("SENDFORM_NOW", "now"), ("SENDFORM_START_WITHIN", "-1s"), ("SENDFORM_ANSWER_WITHIN", "x")] {
        let mut project = Project::new();
        project.unset("SENDFORM_NOW");
        project.set("SENDFORM_BASE_URL", "https://xxxxx.api.infobip.com");
        project.set(name, if name == "SENDFORM_NOW" { NOW } else { "1s" });
        let run = project.run(["plan"]).code(64);
        assert_eq!(run.stderr, format!("error: `{name}` is only for a gateway on loopback\n"));
        project.set(name, wrong);
        assert!(project.run(["plan"]).code(64).stderr.starts_with(&format!("error: `{name}` is not a ")));
    }
}

#[test]
fn a_second_run_is_told_who_holds_the_ledger() {
    let (shop, first) = held(2);
    let id = first.id();
    let second = shop.apply_sends_nothing(8);
    assert!(second.stderr.starts_with(&format!("error: the ledger is held by `apply`, process {id} on ")), "{second}");
    let status = shop.run(&["resolve", "sale.hello.r1.616c1c5802824f8b", "--not-sent", "--reason", "impatience"]);
    assert!(status.code(8).stderr.contains("held by `apply`"));
    // Whoever only looks is not kept out, and sees that the claim is alive.
    let plan = shop.run(&["plan", "--format", "json"]).code(0).json();
    assert_eq!(plan["messages"][0]["gates"]["inFlight"], 2, "{plan:#}");
    shop.sandbox.release();
    shop.project.finish(first).code(0);
    shop.apply_sends_nothing(0);
    assert_eq!(shop.accepted(), [1, 1]);
}

#[test]
fn the_lock_of_a_dead_run_keeps_nobody_out() {
    let shop = killed();
    assert_snapshot!(shop.apply_sends_nothing(0), @"
    exit code: 0
    sale.hello r1  shop to customers: 2 already sent, 2 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ----- stderr
    doubts settled from the gateway's logs: 2 people accepted
    ");
    assert_eq!(shop.accepted(), [1, 1]);
}

#[test]
fn a_torn_last_line_is_dropped() {
    let shop = killed();
    // Otherwise the logs would settle the doubt.
    shop.sandbox.faults(&["logs:401*"]);
    let path = shop.project.path("sendform.lock");
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    // Half a line after the last one: a claim that was torn never went out.
    for torn in [1, 20, whole.len() - last - 1] {
        let half = [&whole[..], &whole[last..last + torn]].concat();
        fs::write(&path, half).unwrap();
        let run = shop.run(&["plan", "--format", "json"]).code(6).json();
        assert_eq!(run["messages"][0]["gates"]["inDoubt"], 2);
        shop.apply_sends_nothing(6);
    }
}

#[test]
fn a_changed_ledger_is_never_believed() {
    let shop = Shop::new(3);
    shop.apply().code(0);
    let path = shop.project.path("sendform.lock");
    let mut text = fs::read(&path).unwrap();
    let middle = text.len() / 2;
    text[middle] ^= 1;
    fs::write(&path, &text).unwrap();
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: the ledger `./sendform.lock` is damaged
      caused by: line 3: the checksum does not match
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    ");
    shop.run(&["plan"]).code(8);
    shop.run(&["status"]).code(8);
    shop.run(&["ledger", "verify"]).code(8);
}

#[test]
fn every_flipped_bit_is_noticed_or_harmless() {
    let shop = Shop::new(1);
    shop.apply().code(0);
    let path = shop.project.path("sendform.lock");
    let text = fs::read(&path).unwrap();
    // Each takes a process; 19 has no factor in common with the length of anything here.
    for position in (0..text.len()).step_by(19) {
        let mut changed = text.clone();
        changed[position] ^= 1 << (position % 8);
        fs::write(&path, &changed).unwrap();
        let run = shop.apply();
        assert!(matches!(run.code, Some(0 | 8)), "byte {position}: {run}");
        assert_eq!(shop.accepted(), [1], "byte {position}: {run}");
    }
}

#[test]
fn a_missing_ledger_is_not_an_empty_one() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    fs::remove_file(shop.project.path("sendform.lock")).unwrap();
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: there is no ledger at `./sendform.lock`
      hint: its shadow `./.sendform/shadow.lock` still knows what was sent: `sendform ledger init` makes the ledger anew from that
    ");
    shop.run(&["plan"]).code(8);
    // The shadow knows what was sent.
    assert_snapshot!(shop.run(&["ledger", "init"]), @"
    exit code: 0
    made ./sendform.lock for `127.0.0.1:[port]`
    keep it, and a copy of it elsewhere after every apply: it is in no git repository, and without it everybody would be sent to again
    ");
    shop.apply_sends_nothing(0);
}

#[test]
fn without_any_trace_of_the_ledger_a_person_decides() {
    let shop = Shop::without_ledger(2);
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: there is no ledger at `./sendform.lock`
      hint: if something was sent before, bring it back, from git or a backup; else `sendform ledger init` makes it
    ");
    shop.run(&["ledger", "init"]).code(0);
    assert_snapshot!(shop.run(&["ledger", "init"]), @"
    exit code: 8
    ----- stderr
    error: there is a ledger at `./sendform.lock` already
      hint: it is made once: `sendform status` shows what it holds
    ");
}

#[test]
fn without_the_right_key_nobody_would_be_recognised() {
    let mut shop = Shop::new(2);
    shop.apply().code(0);
    shop.project.set("SENDFORM_KEY", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: the ledger's people cannot be recognised without the key `00914700`
      hint: supply every key that the ledger names, in SENDFORM_KEY or SENDFORM_KEY_FILE
    ");
    shop.project.set("SENDFORM_KEY", "short");
    assert_snapshot!(shop.apply_sends_nothing(9), @"
    exit code: 9
    ----- stderr
    error: `SENDFORM_KEY` cannot be used
      caused by: the key is neither base64 nor hexadecimal
    ");
    shop.project.unset("SENDFORM_KEY");
    assert_snapshot!(shop.apply_sends_nothing(9), @"
    exit code: 9
    ----- stderr
    error: the key is missing: set SENDFORM_KEY or SENDFORM_KEY_FILE
      hint: it is 32 random bytes in base64, made once: `head -c 32 /dev/urandom | base64`
      hint: keep it like a password, and use the same one everywhere: without it nobody would be recognised as sent
    ");
}

#[test]
fn a_ledger_is_bound_to_its_project_and_gateway() {
    let mut shop = Shop::new(2);
    shop.apply().code(0);
    let other = Shop::new(1);
    shop.project.set("SENDFORM_BASE_URL", other.sandbox.url());
    let foreign = shop.apply().code(8);
    assert_eq!((other.requests(), shop.requests()), (0, 1));
    assert_snapshot!(foreign, @"
    exit code: 8
    ----- stderr
    error: the ledger `./sendform.lock` belongs to the gateway `127.0.0.1:[port]`, not to `127.0.0.1:[port]`
      hint: if the account's host name changed: `sendform ledger rebind --gateway 127.0.0.1:[port]`; if it is another account, its ledger is another one
    ");
    shop.project.set("SENDFORM_BASE_URL", shop.sandbox.url());
    let project = shop.project.read("sendform.yaml").replace("acme-shop", "other-shop");
    shop.project.write("sendform.yaml", project);
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: the ledger `./sendform.lock` belongs to the project `acme-shop`, not to `other-shop`
      hint: bring back the ledger of this project, or the project's old name: persons are made with that name
    ");
}

#[test]
fn a_checkout_does_not_take_the_ledger_back() {
    let shop = Shop::new(4);
    git(&shop, &["init", "--quiet"]);
    git(&shop, &["add", "."]);
    git(&shop, &["commit", "--quiet", "--message", "a ledger of nothing"]);
    assert!(!git(&shop, &["ls-files"]).contains(".sendform/"), "the shadow is nothing for git");
    shop.apply().code(0);
    git(&shop, &["checkout", "--quiet", "--", "sendform.lock"]);
    assert!(!shop.project.read("sendform.lock").contains("claim"), "the ledger on the disk knows of nothing");
    assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 0
    sale.hello r1  shop to customers: 4 already sent, 4 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ----- stderr
    ! the lockfile had lost 2 claims (4 people), which its shadow under `.sendform` has kept: that counts, and an apply writes it back
    ");
    shop.apply_sends_nothing(0);
    assert!(shop.project.read("sendform.lock").contains("claim"), "and now it knows again");
    assert_eq!(shop.accepted(), [1; 4]);
}

fn git(shop: &Shop, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@shop.example", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(shop.project.folder())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
