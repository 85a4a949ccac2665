//! The doors of the sandbox under `/sandbox/`, told anything: what they cannot use they refuse with a 400 that names the
//! field, and nothing that is told to them brings it down.

use std::cell::Cell;

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

fn told() -> impl Strategy<Value = Told> {
    let doors = select(vec![
        ("POST", "/sandbox/faults", "faults"),
        ("POST", "/sandbox/clock", "now"),
        ("POST", "/sandbox/clock", "advance"),
        ("POST", "/sandbox/clock", "speed"),
        ("POST", "/sandbox/inbound", "from"),
        ("PUT", "/sandbox/rules", "rules"),
    ]);
    let list = proptest::collection::vec(text(), 0..4).prop_map(|texts| json!({ "faults": texts }).to_string());
    let bodies = prop_oneof![value().prop_map(|value| value.to_string()), "\\PC{0,40}", list];
    let one = (doors.clone(), value()).prop_map(|((method, path, field), value)| Told {
        method,
        path: path.to_owned(),
        body: json!({ field: value }).to_string(),
    });
    let any_body = (doors, bodies).prop_map(|((method, path, _), body)| Told { method, path: path.to_owned(), body });
    // A wait for what can come would wait.
    let queries = select(vec!["wait?held", "wait?requests", "wait?bulks", "messages?limit", "messages?cursor"]);
    let asked =
        (queries, "x[a-z0-9-]{0,9}|[0-9]{21,30}|-[0-9]{1,9}|1-18446744073709551615").prop_map(|(query, value)| Told {
            method: "GET",
            path: format!("/sandbox/{query}={value}"),
            body: String::new(),
        });
    prop_oneof![3 => one, 2 => any_body, 1 => asked]
}

#[test]
fn whatever_a_door_is_told_it_says_which_field_is_wrong() {
    let sandbox = Sandbox::start(["--stopped"]);
    let api = Api::at(sandbox.address());
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 1_500, failure_persistence: None, ..Config::default() });
    let run = runner.run(&told(), |told| {
        let reply = api.try_call(told.method, &told.path, &told.body);
        let reply = reply.unwrap_or_else(|error| panic!("{told:?}: {error}"));
        match reply.status {
            200 => taken.set(taken.get() + 1),
            400 => {
                refused.set(refused.get() + 1);
                let error = reply.json();
                assert_eq!(error["errorCode"], "E400", "{told:?}: {error}");
                let violations = error["violations"].as_array().expect("violations are a list");
                let names_one = |one: &Value| {
                    ["property", "violation"].iter().all(|key| one[key].as_str().is_some_and(|text| !text.is_empty()))
                };
                assert!(!violations.is_empty() && violations.iter().all(names_one), "{told:?}: {error}");
            }
            other => panic!("{told:?} is answered {other}: {reply:?}"),
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    let (taken, refused) = (taken.get(), refused.get());
    assert!(taken > 20 && refused > 200, "{taken} taken, {refused} refused");
    // It is as it was, for whoever sends.
    api.tell("POST", "/sandbox/faults", &json!({ "faults": [] }));
    api.tell("PUT", "/sandbox/rules", &json!({}));
    let message =
        json!({ "sender": "shop", "destinations": [{ "to": "1" }], "content": { "type": "TEXT", "text": "Hi" } });
    assert_eq!(api.send(&json!({ "messages": [message] })).status, 200);
}
