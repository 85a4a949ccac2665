//! `apply --events FILE`: what happens, a line at a time; and that nothing that is shown, or not shown, changes what is
//! sent.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Run, Shop, check_documents, customer, normalised};

/// Applies with more options, one request after the other.
fn apply(shop: &Shop, options: &[&str]) -> Run {
    shop.run(&[["apply", "--auto-approve", "--parallel", "1"].as_slice(), options].concat())
}

/// The events in a text, each in one line, without what all have.
fn lines(text: &str) -> String {
    check_documents(text);
    let line = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let object = event.as_object_mut().unwrap();
        assert_eq!(object.remove("kind"), Some("event".into()));
        object.remove("formatVersion");
        assert!(object.remove("at").is_some());
        event.to_string() + "\n"
    };
    normalised(&text.lines().map(line).collect::<String>())
}

#[test]
fn a_line_for_everything_that_happens() {
    let shop = Shop::new(3);
    apply(&shop, &["--events", "events.ndjson"]).code(0);
    let text = shop.project.read("events.ndjson");
    insta::assert_snapshot!(lines(&text), @r#"
    {"attempt":1,"bulkId":"sale.hello.r1.616c1c5802824f8b","event":"claimed","message":"sale.hello","people":2,"revision":1}
    {"attempt":1,"bulkId":"sale.hello.r1.616c1c5802824f8b","bytes":423,"event":"requested","message":"sale.hello","revision":1}
    {"answer":"taken","attempt":1,"bulkId":"sale.hello.r1.616c1c5802824f8b","event":"answered","message":"sale.hello","revision":1}
    {"again":0,"attempt":1,"bulkId":"sale.hello.r1.616c1c5802824f8b","counts":{"accepted":2,"claimedElsewhere":0,"inDoubt":0,"notAttempted":0,"refused":0,"rejected":0,"suppressed":0,"windowClosed":0,"wouldExpire":0},"event":"settled","message":"sale.hello","revision":1}
    {"attempt":1,"bulkId":"sale.hello.r1.fab0a3fa0e36aeff","event":"claimed","message":"sale.hello","people":1,"revision":1}
    {"attempt":1,"bulkId":"sale.hello.r1.fab0a3fa0e36aeff","bytes":252,"event":"requested","message":"sale.hello","revision":1}
    {"answer":"taken","attempt":1,"bulkId":"sale.hello.r1.fab0a3fa0e36aeff","event":"answered","message":"sale.hello","revision":1}
    {"again":0,"attempt":1,"bulkId":"sale.hello.r1.fab0a3fa0e36aeff","counts":{"accepted":1,"claimedElsewhere":0,"inDoubt":0,"notAttempted":0,"refused":0,"rejected":0,"suppressed":0,"windowClosed":0,"wouldExpire":0},"event":"settled","message":"sale.hello","revision":1}
    {"counts":{"accepted":3,"claimedElsewhere":0,"inDoubt":0,"notAttempted":0,"refused":0,"rejected":0,"suppressed":0,"windowClosed":0,"wouldExpire":0},"event":"finished","exitCode":0}
    "#);
    assert!(!text.contains(&customer(1)) && !text.contains("Hello"), "{text}");
    // What such a run has written may be written again; other files may not.
    shop.customers(1..=4);
    apply(&shop, &["--events", "events.ndjson"]).code(0);
    assert_eq!(shop.project.read("events.ndjson").lines().count(), 5);
    for file in ["customers.csv", "sendform.lock", ".sendform/events"] {
        let run = shop.sends_nothing(&["apply", "-y", "--events", file], 64);
        assert!(run.stderr.contains(": it is left as it is"), "{run}");
    }
}

#[test]
fn a_run_that_is_refused_and_one_that_does_nothing() {
    let shop = Shop::new(1).faults(&["429@1", "500-after@2"]);
    apply(&shop, &["--events", "events.ndjson"]).code(6);
    insta::assert_snapshot!(lines(&shop.project.read("events.ndjson")), @r#"
    {"attempt":1,"bulkId":"sale.hello.r1.1c8bfdff78208f8a","event":"claimed","message":"sale.hello","people":1,"revision":1}
    {"attempt":1,"bulkId":"sale.hello.r1.1c8bfdff78208f8a","bytes":252,"event":"requested","message":"sale.hello","revision":1}
    {"answer":"refused","attempt":1,"bulkId":"sale.hello.r1.1c8bfdff78208f8a","event":"answered","message":"sale.hello","revision":1}
    {"event":"waiting","reason":"tooManyRequests","seconds":1}
    {"again":1,"attempt":1,"bulkId":"sale.hello.r1.1c8bfdff78208f8a","counts":{"accepted":0,"claimedElsewhere":0,"inDoubt":0,"notAttempted":0,"refused":0,"rejected":0,"suppressed":0,"windowClosed":0,"wouldExpire":0},"event":"settled","message":"sale.hello","revision":1}
    {"attempt":2,"bulkId":"sale.hello.r1.1c8bfdff78208f8a","event":"claimed","message":"sale.hello","people":1,"revision":1}
    {"attempt":2,"bulkId":"sale.hello.r1.1c8bfdff78208f8a","bytes":252,"event":"requested","message":"sale.hello","revision":1}
    {"answer":"unknown","attempt":2,"bulkId":"sale.hello.r1.1c8bfdff78208f8a","event":"answered","message":"sale.hello","revision":1}
    {"again":0,"attempt":2,"bulkId":"sale.hello.r1.1c8bfdff78208f8a","counts":{"accepted":0,"claimedElsewhere":0,"inDoubt":1,"notAttempted":0,"refused":0,"rejected":0,"suppressed":0,"windowClosed":0,"wouldExpire":0},"event":"settled","message":"sale.hello","revision":1}
    {"counts":{"accepted":0,"claimedElsewhere":0,"inDoubt":1,"notAttempted":0,"refused":0,"rejected":0,"suppressed":0,"windowClosed":0,"wouldExpire":0},"event":"finished","exitCode":6}
    "#);
    shop.run(&["stop", "--reason", "wait"]).code(0);
    shop.customers(1..=2);
    apply(&shop, &["--events", "events.ndjson"]).code(10);
    let text = shop.project.read("events.ndjson");
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["exitCode"]), (&"finished".into(), &10.into()), "{text}");
}

#[test]
fn whatever_becomes_of_the_file_the_apply_goes_on() {
    let fifo = |shop: &Shop| {
        let made = Command::new("mkfifo").arg(shop.project.path("pipe")).status().unwrap();
        assert!(made.success());
    };
    for target in ["/dev/full", "nowhere/events", "pipe"] {
        let shop = Shop::new(3);
        fifo(&shop);
        let run = apply(&shop, &["--events", target]).code(0);
        assert_eq!(run.stderr.matches("no more events are written").count(), 1, "{run}");
        assert_eq!(shop.accepted(), [1; 3]);
    }
}

#[test]
fn events_may_go_to_standard_output() {
    let shop = Shop::new(1);
    let run = apply(&shop, &["--events", "-", "-q"]).code(0);
    let events: String =
        run.stdout.lines().filter(|line| line.starts_with('{')).map(|line| format!("{line}\n")).collect();
    assert!(lines(&events).contains("\"event\":\"requested\""), "{run}");
    assert!(run.stdout.contains("message        accepted"), "{run}");
}

/// What a ledger says, but for what is of one run alone.
fn ledger(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &mut lines {
        let object = line.as_object_mut().unwrap();
        // The gateway's port is in its name.
        object.retain(|key, _| {
            ["claim", "outcome", "message", "attempt", "state", "people", "count"].contains(&key.as_str())
        });
    }
    lines.retain(|line| !line.as_object().unwrap().is_empty());
    lines.sort_by_key(Value::to_string);
    lines
}

#[test]
fn no_flag_of_output_changes_what_is_sent() {
    let flags: [&[&str]; 8] = [
        &[],
        &["--format", "json"],
        &["--write", "json=out.json", "--write", "text=out.txt"],
        &["--quiet"],
        &["--color", "always"],
        &["--events", "events.ndjson"],
        &["--reveal"],
        &["--format", "json", "-q", "--color", "never", "--events", "/dev/full", "--write", "text=out.txt"],
    ];
    // Two bulks, of which one stays in doubt; then one more person, behind a stop, and without it.
    let ends = |flags: &[&str]| {
        let shop = Shop::new(3).faults(&["500-after@2"]);
        let first = apply(&shop, flags).code;
        shop.customers(1..=4);
        shop.run(&["stop", "--reason", "wait"]).code(0);
        let stopped = apply(&shop, flags).code;
        shop.run(&["resume"]).code(0);
        let limited = shop.run(&[["apply"].as_slice(), flags].concat()).code;
        let last = apply(&shop, flags).code;
        let ledger = ledger(&shop.project.path("sendform.lock"));
        ((first, stopped, limited, last), shop.requests(), shop.accepted(), ledger)
    };
    let expect = ends(flags[0]);
    assert_eq!((expect.0, expect.1), ((Some(6), Some(10), Some(10), Some(0)), 3), "{expect:?}");
    for flags in &flags[1..] {
        assert_eq!(ends(flags), expect, "{flags:?}");
    }
}
