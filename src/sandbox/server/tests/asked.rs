//! All doors under one rule: what a door does not know or cannot read it refuses, names it, and does nothing. And what the
//! sandbox shows of what it knows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Fixture, HEADERS, bulk, options, request};
use crate::sandbox::events::SandboxEventKind;
use crate::sandbox::start;
use crate::wire::choices::UnknownFieldRule;

/// Every door, and what it makes of a body.
const DOORS: &[(&str, &str, Takes)] = &[
    ("GET", "/state", Takes::NoBody),
    ("GET", "/wait", Takes::NoBody),
    ("GET", "/messages", Takes::NoBody),
    ("GET", "/messages/{id}", Takes::NoBody),
    ("POST", "/messages/{id}/outcome", Takes::Body(r#"{"status":9,"error":7002}"#)),
    ("GET", "/campaigns", Takes::NoBody),
    ("GET", "/rules", Takes::NoBody),
    ("PUT", "/rules", Takes::Body(r#"{"seed":1}"#)),
    ("POST", "/inbound", Takes::Body(r#"{"from":"17841400000000001","to":"shop"}"#)),
    ("GET", "/requests", Takes::NoBody),
    ("GET", "/events", Takes::NoBody),
    ("GET", "/health", Takes::NoBody),
    ("GET", "/conversations", Takes::NoBody),
    ("POST", "/reset", Takes::EmptyBody),
    ("GET", "/faults", Takes::NoBody),
    ("PUT", "/faults", Takes::Body(r#"{"faults":[]}"#)),
    ("POST", "/faults", Takes::Body(r#"{"faults":[]}"#)),
    ("DELETE", "/faults", Takes::EmptyBody),
    ("GET", "/webhooks", Takes::NoBody),
    ("POST", "/webhooks/{number}/retry", Takes::EmptyBody),
    ("POST", "/release", Takes::EmptyBody),
    ("GET", "/clock", Takes::NoBody),
    ("POST", "/clock", Takes::Body(r#"{"advance":"1h"}"#)),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// It is a question, and has no body.
    NoBody,
    /// It does something, and nothing is to be said of that.
    EmptyBody,
    /// It does what its body says, such as this one.
    Body(&'static str),
}

fn path(door: &str) -> String {
    format!("/sandbox{}", door.replace("{id}", "m1").replace("{number}", "1"))
}

/// The property that a refusal names first, and what it says of it.
async fn refused(fixture: &Fixture, method: &str, path: &str, body: &str) -> (String, String) {
    let got = fixture.call(method, path, HEADERS, body.as_bytes()).await;
    assert_eq!((got.status, &got.json()["errorCode"]), (400, &json!("E400")), "{method} {path} {body}: {}", got.json());
    let first = got.json()["violations"][0].clone();
    [&first["property"], &first["violation"]].map(|text| text.as_str().unwrap().to_owned()).into()
}

/// The names that a refusal says there are.
fn known(violation: &str) -> Vec<&str> {
    let names = violation.split_once("there is ").map_or("", |(_, names)| names);
    names.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_list_has_every_door() {
    let mut routed = BTreeSet::new();
    for route in include_str!("../../admin.rs").split(".route(\"").skip(1) {
        let (path, rest) = route.split_once('"').unwrap();
        let methods = rest.lines().next().unwrap();
        let has = |method: &&str| methods.contains(&format!("{}(", method.to_lowercase()));
        routed.extend(["GET", "POST", "PUT", "DELETE", "PATCH"].into_iter().filter(has).map(|method| (method, path)));
    }
    let page = ("GET", "/");
    let listed: BTreeSet<_> = DOORS.iter().map(|(method, path, _)| (*method, *path)).chain([page]).collect();
    assert_eq!(routed, listed);
}

#[tokio::test]
async fn no_door_takes_a_parameter_that_it_does_not_know_or_one_twice() {
    let fixture = Fixture::new(|_| {}).await;
    fixture.send(&bulk("b1", &["1"])).await;
    let mut with_parameters = BTreeSet::new();
    for (method, door, _) in DOORS {
        let path = path(door);
        let (property, violation) = refused(&fixture, method, &format!("{path}?foo=1"), "").await;
        assert_eq!(property, "foo", "{method} {door}: {violation}");
        let (unnamed, _) = refused(&fixture, method, &format!("{path}?=1"), "").await;
        assert_eq!(unnamed, "query", "{method} {door}");
        let known = known(&violation);
        if known.is_empty() {
            assert_eq!(violation, "must not be there: nothing is to be said here", "{method} {door}");
        } else {
            with_parameters.insert(*door);
        }
        for name in known {
            let (property, violation) = refused(&fixture, method, &format!("{path}?{name}=1&{name}=1"), "").await;
            // What is wrong with the first is found first.
            let is_twice = property == name && violation == "must not be there twice";
            assert!(is_twice || ["state", "outcome"].contains(&name), "{method} {door} {name}: {property} {violation}");
        }
    }
    let some = ["/wait", "/messages", "/messages/{id}", "/requests", "/conversations", "/webhooks"];
    assert_eq!(with_parameters, some.into_iter().collect());
    assert_eq!(fixture.counts(), (1, 1), "nothing was reset");
    let got = fixture.call("PATCH", "/sandbox/state?foo=1", HEADERS, b"").await;
    assert_eq!((got.status, got.header("allow")), (405, Some("GET,HEAD")));
}

#[tokio::test]
async fn no_door_takes_a_body_that_it_does_not_know() {
    let fixture = Fixture::new(|_| {}).await;
    fixture.send(&bulk("b1", &["1"])).await;
    for (method, door, takes) in DOORS.iter().filter(|(.., takes)| *takes != Takes::NoBody) {
        let path = path(door);
        let (property, violation) = refused(&fixture, method, &path, r#"{"foo":1}"#).await;
        assert!(property == "foo" && violation.contains("(line 1, column 2)"), "{method} {door}: {violation}");
        assert_eq!(known(&violation).is_empty(), *takes == Takes::EmptyBody, "{method} {door}: {violation}");
        for body in ["{", "[1,2]", "[]", "1", "{} {}", "\u{feff}{}", "foo=1"] {
            let (property, _) = refused(&fixture, method, &path, body).await;
            assert_eq!(property, "body", "{method} {door} {body}");
        }
        if let Takes::Body(good) = takes {
            let (property, violation) = refused(&fixture, method, &path, "").await;
            let is_shown = violation.contains("is no JSON") && violation.contains("; as in {");
            assert!(property == "body" && is_shown, "{method} {door}: {violation}");
            // Whatever it takes it takes once.
            let twice = format!("{},{}", good.trim_end_matches('}'), good.trim_start_matches('{'));
            let (_, violation) = refused(&fixture, method, &path, &twice).await;
            assert!(violation.starts_with("must not be there twice (line 1, column "), "{method} {door}: {violation}");
        }
    }
    assert_eq!(fixture.counts(), (1, 1), "nothing was reset");
    for body in ["", " ", "{}", " {}\n", "null"] {
        for (method, door, _) in DOORS.iter().filter(|(.., takes)| *takes == Takes::EmptyBody) {
            let got = fixture.call(method, &path(door), HEADERS, body.as_bytes()).await;
            // Nobody posts here, so there is nothing to be posted once more.
            let expected = if door.ends_with("/retry") { 400 } else { 200 };
            let property = got.json()["violations"][0]["property"].clone();
            assert!(got.status == expected && property != "body", "{method} {door} {body}: {property}");
        }
    }
}

#[tokio::test]
async fn what_is_mistyped_is_named_with_what_may_stand_there() {
    let fixture = Fixture::new(|_| {}).await;
    for (query, property, part) in [
        ("wait?delivered=5", "delivered", "there is `held`"),
        ("wait?sent=", "sent", "whole number"),
        ("wait?sent=+1", "sent", "whole number"),
        ("wait?held=x", "held", "whole number"),
        ("wait?held=99999999999999999999", "held", "a smaller number"),
        ("messages?limit=-1", "limit", "whole number"),
        ("messages?bulkid=a", "bulkid", "`bulkId`"),
        ("requests?outcome=gone", "outcome", "`accepted`"),
        ("requests?cursor=x", "cursor", "whole number"),
        ("requests?method=GE%20T", "method", "as in POST"),
        ("requests?method=", "method", "as in POST"),
        ("webhooks?state=foo", "state", "`waiting`"),
        ("conversations?cursor=x", "cursor", "whole number"),
    ] {
        let (named, violation) = refused(&fixture, "GET", &format!("/sandbox/{query}"), "").await;
        assert!(named == property && violation.contains(part), "{query}: {named}: {violation}");
    }
    for (door, body, property, part) in [
        ("inbound", json!({ "from": "1" }), "body", "must have `to`"),
        ("inbound", json!({ "from": "1", "to": "shop", "act": "shout" }), "act", "`postback`"),
        ("inbound", json!({ "from": 17_841_400_000_000_001_u64, "to": "shop" }), "from", "must be a text"),
        ("faults", json!({}), "body", "must have `faults`"),
        ("faults", json!({ "faults": ["500", 1] }), "faults[1]", "a text or a mapping"),
        ("faults", json!({ "faults": ["explode"] }), "faults[0]", "unknown fault"),
        ("messages/m1/outcome", json!({ "status": "9" }), "status", "not a text"),
        (
            "messages/m1/outcome",
            json!({ "error": 7002 }),
            "body",
            r#"must have `status` (line 1, column 1); as in {"status""#,
        ),
        ("messages/m1/outcome", json!({ "status": 5, "error": 7002 }), "error", "one of [0]"),
    ] {
        let (named, violation) = refused(&fixture, "POST", &format!("/sandbox/{door}"), &body.to_string()).await;
        assert!(named == property && violation.contains(part), "{door} {body}: {named}: {violation}");
        assert!(!violation.contains("17841400000000001") || named == "body", "{violation}");
    }
    let rules = json!({ "rules": [{ "outcome": "slow", "ids": [1] }] }).to_string();
    assert_eq!(refused(&fixture, "PUT", "/sandbox/rules", &rules).await.0, "rules[0].ids[0]");
}

#[tokio::test]
async fn a_parameter_that_the_api_does_not_have_is_refused_where_that_is_chosen() {
    let strict = Fixture::new(|options| options.choices.unknown_fields = UnknownFieldRule::Refuse).await;
    let usual = Fixture::new(|_| {}).await;
    let body = bulk("b1", &["1"]).to_string();
    for (method, path) in
        [("GET", "/instagram/1/logs"), ("GET", "/instagram/1/reports"), ("POST", "/instagram/1/messages")]
    {
        let path = format!("{path}?foo=1");
        assert_eq!(usual.call(method, &path, HEADERS, body.as_bytes()).await.status, 200, "{path}");
        let (property, violation) = refused(&strict, method, &path, &body).await;
        assert_eq!((property.as_str(), violation.contains("no such parameter")), ("foo", true), "{path}");
    }
    assert_eq!(strict.counts(), (1, 0));
    // None of those that are described is one of them.
    let described = strict.get("/openapi.json").await.json();
    for path in ["/instagram/1/logs", "/instagram/1/reports"] {
        let parameters = described["paths"][path]["get"]["parameters"].as_array().unwrap();
        let query: Vec<_> = parameters.iter().map(|it| format!("{}=", it["name"].as_str().unwrap())).collect();
        let got = strict.get(&format!("{path}?{}", query.join("&"))).await;
        assert!(query.len() > 5 && !got.json().to_string().contains("no such parameter"), "{path}: {}", got.json());
    }
}

#[tokio::test]
async fn what_is_in_the_books_is_counted_after_a_restart_too() {
    let fixture = Fixture::new(|_| {}).await;
    fixture.send(&bulk("b1", &["1", "2", ""])).await;
    let Fixture { folder, running } = fixture;
    running.stop().await.unwrap();
    let running = start(options(folder.path(), |_| {})).await.unwrap();
    let fixture = Fixture { folder, running };
    let counts = |shown: Value| ["bulks", "accepted", "requests"].map(|name| shown[name].as_u64().unwrap());
    let waited = fixture.get("/sandbox/wait?accepted=2&bulks=1&sent=2").await.json();
    assert_eq!(counts(waited), [1, 2, 0]);
    let page = String::from_utf8(fixture.get("/").await.body).unwrap();
    assert!(page.contains("<dt>messages accepted</dt><dd>2</dd>"), "{page}");
    fixture.send(&bulk("b2", &["3"])).await;
    assert_eq!(counts(fixture.get("/sandbox/state").await.json()), [2, 3, 1]);
    // Also if they are emptied while something comes in.
    fixture.running.sandbox.store().reset(None).await.unwrap();
    fixture.send(&bulk("b3", &["4", "5"])).await;
    assert_eq!(counts(fixture.get("/sandbox/state").await.json()), [1, 2, 2]);
    fixture.post("/sandbox/reset", json!({})).await;
    assert_eq!(counts(fixture.get("/sandbox/state").await.json()), [0, 0, 0]);
}

#[tokio::test]
async fn a_request_shows_what_it_was_answered() {
    let fixture = Fixture::with_faults(&["500-after@3", "drop-after@4", "cut@5", "reports:503@2"]).await;
    let mut bodies = vec![fixture.send(&bulk("b1", &["1", "2", ""])).await.body];
    bodies.push(fixture.send(&json!({ "messages": [] })).await.body);
    bodies.push(fixture.send(&bulk("b3", &["3"])).await.body);
    fixture.raw(request("POST", "/instagram/1/messages", HEADERS, bulk("b1", &["4"]).to_string().as_bytes())).await;
    bodies.push(Vec::new());
    bodies.push(fixture.send(&bulk("b5", &["5"])).await.body);
    for path in ["logs?destination=1", "logs?limit=0", "reports", "reports", "nothing"] {
        bodies.push(fixture.get(&format!("/instagram/1/{path}")).await.body);
    }
    let found = async |query: &str| fixture.get(&format!("/sandbox/requests?{query}")).await.json()["requests"].clone();
    let shown = found("bodies=1").await;
    let shown: Vec<_> = shown.as_array().unwrap().iter().rev().collect();
    assert_eq!(shown.len(), bodies.len());
    for (one, body) in shown.into_iter().zip(&bodies) {
        let answer = one.get("answer").map(|answer| answer.as_str().unwrap());
        let expected = one.get("status").map(|_| std::str::from_utf8(body).unwrap());
        assert_eq!(answer, expected, "{one}");
    }
    assert!(found("").await.as_array().unwrap().iter().all(|one| one.get("answer").is_none()));
    let numbers = async |query: &str| {
        let found = found(query).await.as_array().unwrap().clone();
        found.iter().map(|one| one["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("bulkId=b1").await, [4, 1]);
    assert_eq!(numbers("bulkId=b1&status=200").await, [1]);
    assert_eq!(numbers("bulkId=none").await, Vec::<u64>::new());
    assert_eq!(numbers("method=get").await, [10, 9, 8, 7, 6]);
    assert_eq!(numbers("method=POST&outcome=refused").await, [2]);
    assert_eq!(fixture.get("/sandbox/requests?count=1&method=POST").await.json(), json!({ "count": 5 }));
}

#[tokio::test]
async fn as_much_of_an_answer_is_shown_as_is_kept() {
    let fixture = Fixture::with_faults(&["reject=9"]).await;
    let people: Vec<_> = (0..200).map(|number| number.to_string()).collect();
    let people: Vec<_> = people.iter().map(String::as_str).collect();
    let sent = fixture.send(&bulk("b1", &people)).await.body;
    let logs = fixture.get("/instagram/1/logs?limit=1000").await.body;
    fixture.post("/sandbox/faults", json!({ "faults": [] })).await;
    let plain = fixture.send(&bulk("b2", &people)).await.body;
    let shown = fixture.get("/sandbox/requests?bodies=1").await.json()["requests"].clone();
    for (number, whole) in [(2, &sent), (1, &logs), (0, &plain)] {
        let answer = shown[number]["answer"].as_str().unwrap();
        assert!(whole.len() > 16_384 && answer.len() == 16_384, "{} of {}", answer.len(), whole.len());
        assert_eq!(answer.as_bytes(), &whole[..16_384]);
    }
}

#[tokio::test]
async fn reports_that_were_pulled_are_told() {
    let fixture = Fixture::new(|_| {}).await;
    let mut events = fixture.running.sandbox.listen();
    fixture.send(&bulk("b1", &["1", "2", "3"])).await;
    fixture.get("/instagram/1/reports").await;
    fixture.post("/sandbox/clock", json!({ "advance": "1m" })).await;
    for query in ["?limit=2", "?limit=0", "", ""] {
        fixture.get(&format!("/instagram/1/reports{query}")).await;
    }
    let told = std::iter::from_fn(|| events.try_recv().ok());
    let told = told.filter(|event| matches!(event.what, SandboxEventKind::Pulled { .. }));
    let told: Vec<_> = told.map(|event| serde_json::to_value(&event.what).unwrap()).collect();
    assert_eq!(told, [json!({ "pulled": { "reports": 2 } }), json!({ "pulled": { "reports": 1 } })]);
}

/// The doors that work without the books.
const WITHOUT_BOOKS: [(&str, &str); 10] = [
    ("GET", "/state"),
    ("GET", "/rules"),
    ("GET", "/conversations"),
    ("GET", "/faults"),
    ("PUT", "/faults"),
    ("POST", "/faults"),
    ("DELETE", "/faults"),
    // Nobody posts here.
    ("POST", "/webhooks/{number}/retry"),
    ("POST", "/release"),
    ("GET", "/clock"),
];

#[tokio::test]
async fn whoever_needs_books_that_cannot_be_used_is_told_so() {
    let fixture = Fixture::new(|_| {}).await;
    let sandbox = &fixture.running.sandbox;
    let mut events = sandbox.listen();
    sandbox.store().close().await.unwrap();
    let said = format!("the sandbox's books `{}` are closed", sandbox.books_path().display());
    let send = bulk("b1", &["17841400000000001"]).to_string();
    let mut asked = vec![
        ("POST".to_owned(), "/instagram/1/messages".to_owned(), send.as_str(), true),
        ("GET".to_owned(), "/instagram/1/logs?destination=17841400000000001".to_owned(), "", true),
        ("GET".to_owned(), "/instagram/1/reports".to_owned(), "", true),
        ("GET".to_owned(), "/".to_owned(), "", true),
    ];
    // What happens is told until the sandbox ends.
    for (method, door, takes) in DOORS.iter().filter(|(_, door, _)| *door != "/events") {
        let body = if let Takes::Body(body) = takes { body } else { "" };
        let query = if *door == "/wait" { "?sent=1" } else { "" };
        let needs_books = !WITHOUT_BOOKS.contains(&(method, door));
        asked.push(((*method).to_owned(), format!("{}{query}", path(door)), body, needs_books));
    }
    for (method, path, body, needs_books) in asked {
        let got = fixture.call(&method, &path, HEADERS, body.as_bytes()).await;
        assert_eq!(got.status >= 500, needs_books, "{method} {path}: {}", got.status);
        if needs_books {
            let error = got.json();
            assert_eq!(error["errorCode"], format!("E{}", got.status), "{method} {path}: {error}");
            assert!(error["description"].as_str().unwrap().contains(&said), "{method} {path}: {error}");
            assert!(!error.to_string().contains("17841400000000001"), "{error}");
        }
    }
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    let troubles = told.iter().filter(|event| event.what == SandboxEventKind::Trouble { why: said.clone() });
    assert_eq!(troubles.count(), 1, "{told:?}");
}

#[tokio::test]
async fn who_blocks_the_business_has_no_open_conversation() {
    let fixture = Fixture::new(|_| {}).await;
    let conversation = async |person: &str| {
        let page = fixture.get(&format!("/sandbox/conversations?person={person}")).await.json();
        let it = page["conversations"][0].clone();
        let has = |name: &str| it.get(name).is_some();
        (it["isOpen"] == true, it["blocked"] == true, it["blockedAt"].clone(), has("lastMessageAt"), has("closesAt"))
    };
    let act = async |person: &str, act: &str| {
        let body = json!({ "from": person, "to": "shop", "act": act });
        assert_eq!(fixture.post("/sandbox/inbound", body).await.status, 200);
    };
    act("1", "text").await;
    assert_eq!(conversation("1").await, (true, false, Value::Null, true, true));
    act("1", "block").await;
    fixture.post("/sandbox/clock", json!({ "advance": "1h" })).await;
    act("1", "block").await;
    let noon = json!("2026-11-30T12:00:00.000+0000");
    assert_eq!(conversation("1").await, (false, true, noon, true, true));
    act("2", "block").await;
    let one = json!("2026-11-30T13:00:00.000+0000");
    assert_eq!(conversation("2").await, (false, true, one, false, false), "somebody who never wrote can block it too");
    act("1", "text").await;
    assert_eq!(conversation("1").await, (true, false, Value::Null, true, true));
}

#[tokio::test]
async fn what_is_to_be_or_not_is_1_or_0() {
    let fixture = Fixture::new(|_| {}).await;
    for name in ["wait?idle", "requests?bodies", "requests?count"] {
        for value in ["0", "1"] {
            assert_eq!(fixture.get(&format!("/sandbox/{name}={value}")).await.status, 200, "{name}={value}");
        }
        for value in ["2", "yes", "", "01"] {
            let got = fixture.get(&format!("/sandbox/{name}={value}")).await;
            let violation = &got.json()["violations"][0]["violation"];
            assert_eq!((got.status, violation), (400, &json!("must be 1 or 0")), "{name}={value}");
        }
    }
}
