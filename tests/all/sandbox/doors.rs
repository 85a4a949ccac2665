//! The doors of the sandbox under `/sandbox/`, all of them, by any method, with any query and any body: what they cannot use
//! they refuse, name it, and say what is allowed; nothing brings the sandbox down, and no answer is too large to be read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Api, Sandbox};

/// Something that is told to a door, or asked at one.
#[derive(Debug, Clone)]
struct Told {
    method: &'static str,
    path: String,
    body: String,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        select(vec![
            "",
            "1h",
            "-1h",
            "2026-12-01T09:00:00Z",
            "+999999999-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "NaN"
        ])
        .prop_map(str::to_owned),
        // Faults, and what is nearly one.
        (
            "(logs:|reports:|log:)?",
            "[a-z-]{1,8}|500|429|418|99|1000|slow|hold|drop|reject|invalid|missing-messages|reject-share",
            "(=[0-9a-z.-]{0,8})?",
            "(@[0-9]{0,20})?(\\*[0-9]{0,20})?(%[0-9]{0,20})?(:(seed|retry-after|status|more)=[0-9]{0,20})?"
        )
            .prop_map(|(target, kind, value, when)| format!("{target}{kind}{value}{when}")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    let names = select(vec![
        "faults",
        "now",
        "advance",
        "speed",
        "stopped",
        "from",
        "to",
        "rules",
        "outcome",
        "ids",
        "perMille",
        "latencyMs",
        "channelRate",
        "price",
        "perMessage",
        "currency",
        "seed",
        "afterSeconds",
        "status",
        "error",
        "conversations",
        "more",
    ]);
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((names.clone(), inner), 0..5)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// All doors, as the sandbox routes them.
const DOORS: [&str; 18] = [
    "/state",
    "/wait",
    "/messages",
    "/messages/{id}",
    "/messages/{id}/outcome",
    "/campaigns",
    "/rules",
    "/inbound",
    "/requests",
    "/events",
    "/health",
    "/conversations",
    "/reset",
    "/faults",
    "/webhooks",
    "/webhooks/{number}/retry",
    "/release",
    "/clock",
];

/// The largest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 1_000_000;

#[test]
fn no_door_is_forgotten() {
    let routes = include_str!("../../../src/sandbox/admin.rs").split(".route(\"").skip(1);
    let routed: BTreeSet<_> = routes.filter_map(|route| route.split('"').next()).filter(|path| *path != "/").collect();
    assert_eq!(routed, DOORS.into_iter().collect());
}

/// What may stand in a path or a query.
fn name() -> impl Strategy<Value = String> {
    let hostile = select(vec![
        "%FF",
        "%00",
        "%2F",
        "..%2F..",
        "%F0%9F%8E%88",
        "m1",
        "b1",
        "0",
        "1",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "1-0",
        "1-18446744073709551615",
        "9223372036854775807-0",
        "4xx",
        "9xx",
        "SENT",
        "lost",
        "accepted",
        "NaN",
        "1e400",
        "30s",
    ]);
    prop_oneof![3 => hostile.prop_map(str::to_owned), 1 => "[a-z0-9=+:.-]{0,12}", 1 => "[0-9]{1,30}"]
}

fn path() -> impl Strategy<Value = String> {
    let doors: Vec<_> = DOORS.into_iter().filter(|door| *door != "/events").collect();
    let doors = (select(doors), name()).prop_map(|(door, name)| door.replace("{id}", &name).replace("{number}", &name));
    prop_oneof![20 => doors, 1 => name().prop_map(|name| format!("/{name}")), 1 => Just("/messages/1/2/3".to_owned())]
}

fn query() -> impl Strategy<Value = String> {
    let names = select(vec![
        "held",
        "requests",
        "queries",
        "bulks",
        "accepted",
        "webhooks",
        "sent",
        "final",
        "idle",
        "timeout",
        "bulkId",
        "messageId",
        "to",
        "sender",
        "campaignReferenceId",
        "state",
        "q",
        "limit",
        "cursor",
        "status",
        "path",
        "outcome",
        "count",
        "bodies",
        "method",
        "person",
        "more",
        "%FF",
        "",
    ]);
    proptest::collection::vec((names, name()), 0..4).prop_map(|pairs| {
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    })
}

fn told() -> impl Strategy<Value = Told> {
    let doors = select(vec![
        ("POST", "/sandbox/faults", "faults"),
        ("PUT", "/sandbox/faults", "faults"),
        ("POST", "/sandbox/clock", "now"),
        ("POST", "/sandbox/clock", "advance"),
        ("POST", "/sandbox/clock", "speed"),
        ("POST", "/sandbox/inbound", "from"),
        ("POST", "/sandbox/messages/m1/outcome", "status"),
        ("PUT", "/sandbox/rules", "rules"),
    ]);
    let list = || proptest::collection::vec(text(), 0..4).prop_map(|texts| json!({ "faults": texts }).to_string());
    let bodies = || prop_oneof![value().prop_map(|value| value.to_string()), "\\PC{0,40}", list()];
    let one = (doors.clone(), value()).prop_map(|((method, path, field), value)| Told {
        method,
        path: path.to_owned(),
        body: json!({ field: value }).to_string(),
    });
    let any_body = (doors, bodies()).prop_map(|((method, path, _), body)| Told { method, path: path.to_owned(), body });
    let methods = select(vec!["GET", "GET", "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]);
    let anything = (methods, path(), query(), bodies()).prop_map(|(method, path, query, body)| {
        // A wait for what can come would wait.
        let patience = if path == "/wait" { "timeout=0&" } else { "" };
        Told { method, path: format!("/sandbox{path}?{patience}{query}"), body }
    });
    let written =
        (0..3_u8, select(vec!["text", "reply", "postback", "optOut", "block"])).prop_map(|(person, act)| Told {
            method: "POST",
            path: "/sandbox/inbound".to_owned(),
            body: json!({ "from": person.to_string(), "to": "shop", "act": act }).to_string(),
        });
    // By chance alone hardly anybody would get through a door that takes nothing at all.
    let whole = DOORS.into_iter().filter(|door| !door.contains('{') && *door != "/events").map(|door| ("GET", door));
    let plain = select(whole.chain([("POST", "/release"), ("POST", "/reset")]).collect::<Vec<_>>());
    let plain = plain.prop_map(|(method, path)| Told { method, path: format!("/sandbox{path}"), body: String::new() });
    prop_oneof![8 => one, 4 => any_body, 20 => anything, 1 => written, 4 => plain]
}

/// Whether an error names what is wrong, and says something of it.
fn names_what_is_wrong(error: &Value) -> bool {
    let named = |one: &Value| {
        one["property"].as_str().is_some_and(|text| !text.is_empty())
            && one["violation"].as_str().is_some_and(|text| !text.is_empty())
    };
    error["violations"].as_array().is_some_and(|all| !all.is_empty() && all.iter().all(named))
}

/// A message, with a messageId if there is one.
fn message(to: &str) -> Value {
    json!({ "sender": "shop", "destinations": [{ "to": to, "messageId": "m1" }], "content": { "type": "TEXT", "text": "Hi" } })
}

#[test]
fn whatever_a_door_is_told_it_says_what_is_wrong() {
    let sandbox = Sandbox::start(["--stopped"]);
    let api = Api::at(sandbox.address());
    api.send(&json!({ "messages": [message("1"), message("2")], "options": { "schedule": { "bulkId": "b1" } } }));
    let statuses = RefCell::new(BTreeMap::<u16, usize>::new());
    let opened = RefCell::new(BTreeSet::new());
    let mut runner = TestRunner::new(Config { cases: 3_000, failure_persistence: None, ..Config::default() });
    let run = runner.run(&told(), |told| {
        let reply = api.try_call(told.method, &told.path, &told.body);
        let reply = reply.unwrap_or_else(|error| panic!("{told:?}: {error}"));
        *statuses.borrow_mut().entry(reply.status).or_default() += 1;
        assert!(reply.body.len() <= ANSWER_BYTES_MAX, "{told:?} is answered with {} bytes", reply.body.len());
        let error = reply.json();
        match reply.status {
            200 => {
                let path = told.path.split('?').next().unwrap_or_default();
                opened.borrow_mut().insert(path.trim_start_matches("/sandbox").to_owned());
            }
            // The counts as they are, when the patience is over.
            408 => assert!(error["now"].is_string(), "{told:?}: {error}"),
            400 | 404 | 405 | 409 => {
                assert_eq!(error["errorCode"], format!("E{}", reply.status), "{told:?}: {error}");
                assert!(names_what_is_wrong(&error), "{told:?}: {error}");
                let has_allowed = reply.header("allow").is_some();
                assert_eq!(has_allowed, reply.status == 405, "{told:?}: {reply:?}");
            }
            other => panic!("{told:?} is answered {other}: {reply:?}"),
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    let statuses = statuses.into_inner();
    assert!(
        [200, 400, 404, 405].iter().all(|status| statuses.get(status).is_some_and(|count| *count > 50)),
        "{statuses:?}"
    );
    let opened = opened.into_inner();
    let whole = DOORS.into_iter().filter(|door| !door.contains('{') && *door != "/events");
    let shut: Vec<_> = whole.filter(|door| !opened.contains(*door)).collect();
    assert!(shut.is_empty(), "nobody got through {shut:?}");
    // It is as it was, for whoever sends.
    api.tell("POST", "/sandbox/faults", &json!({ "faults": [] }));
    api.tell("PUT", "/sandbox/rules", &json!({}));
    assert_eq!(api.send(&json!({ "messages": [message("1")] })).status, 200);
}

#[test]
fn a_body_that_is_too_large_is_refused_by_name() {
    let sandbox = Sandbox::start(["--stopped"]);
    let api = Api::at(sandbox.address());
    for (method, path) in [
        ("PUT", "/sandbox/rules"),
        ("PUT", "/sandbox/faults"),
        ("POST", "/sandbox/faults"),
        ("POST", "/sandbox/inbound"),
        ("POST", "/sandbox/clock"),
        ("POST", "/sandbox/messages/m1/outcome"),
    ] {
        let reply = api.call(method, path, &format!("{{}}{}", " ".repeat(1024 * 1024 - 1)));
        let error = reply.json();
        assert_eq!((reply.status, &error["violations"][0]["property"]), (413, &json!("body")), "{path}: {error}");
    }
    for (path, body, property) in [
        ("/sandbox/faults", json!({ "faults": vec!["500"; 101] }), "faults"),
        ("/sandbox/inbound", json!({ "from": "", "to": "shop" }), "from"),
        ("/sandbox/inbound", json!({ "from": "1", "to": "s".repeat(201) }), "to"),
        ("/sandbox/inbound", json!({ "from": "1", "to": "shop", "text": "t".repeat(1_001) }), "text"),
        ("/sandbox/inbound", json!({ "from": "1", "to": "shop", "payload": "t".repeat(1_001) }), "payload"),
    ] {
        let reply = api.call("POST", path, &body.to_string());
        assert_eq!((reply.status, &reply.json()["violations"][0]["property"]), (400, &json!(property)), "{path}");
    }
    let most = json!({ "from": "f".repeat(200), "to": "s".repeat(200), "text": "t".repeat(1_000) });
    assert_eq!(api.call("POST", "/sandbox/inbound", &most.to_string()).status, 200);
}
