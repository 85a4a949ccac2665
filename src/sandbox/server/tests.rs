//! A real server on a real port, and a client that sees every byte.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sandbox::auth::Credential;
use crate::sandbox::clock::ClockStart;
use crate::sandbox::error::SandboxError;
use crate::sandbox::faults::parse;
use crate::sandbox::options::Options;
use crate::sandbox::store::audit;
use crate::sandbox::{RequestCounts, Running, start};
use crate::wire::choices::UnknownFieldRule;

mod asked;
mod doors;

/// A sandbox at a fixed time, with its books in a temporary folder.
struct Fixture {
    folder: TempDir,
    running: Running,
}

/// What came back.
#[derive(Debug)]
struct Got {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Fixture {
    async fn new(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = start(options(folder.path(), change)).await.unwrap();
        Self { folder, running }
    }

    async fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|text| parse::fault(text).unwrap()).collect();
        Self::new(|options| options.faults = faults).await
    }

    /// Sends bytes and reads until the end.
    async fn raw(&self, request: Vec<u8>) -> Vec<u8> {
        let address = self.running.base_url.strip_prefix("http://").unwrap().to_owned();
        let exchange = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&request).unwrap();
            let mut answer = Vec::new();
            // A connection that is reset has ended, too.
            stream.read_to_end(&mut answer).map(drop).unwrap_or_default();
            answer
        };
        tokio::task::spawn_blocking(exchange).await.unwrap()
    }

    async fn call(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Got {
        let answer = self.raw(request(method, path, headers, body)).await;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Got { status, head, body: answer[end + 4..].to_vec() }
    }

    async fn send(&self, body: &Value) -> Got {
        self.call("POST", "/instagram/1/messages", HEADERS, body.to_string().as_bytes()).await
    }

    async fn get(&self, path: &str) -> Got {
        self.call("GET", path, HEADERS, b"").await
    }

    async fn post(&self, path: &str, body: Value) -> Got {
        self.call("POST", path, HEADERS, body.to_string().as_bytes()).await
    }

    fn counts(&self) -> (u64, u64) {
        let RequestCounts { requests, accepted, .. } = self.running.sandbox.counts();
        (requests, accepted)
    }
}

const HEADERS: &str = "Authorization: App key\r\nContent-Type: application/json\r\n";

fn options(folder: &Path, change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::new(folder.join("books.db"));
    options.now = ClockStart::Fixed("2026-11-30T12:00:00Z".parse().unwrap());
    change(&mut options);
    options
}

fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A send of one message to each recipient, with the messageId `m` and their number.
fn bulk(bulk_id: &str, recipients: &[&str]) -> Value {
    let message = |to: &&str| {
        json!({
            "sender": "shop",
            "destinations": [{ "to": to, "messageId": format!("m{to}") }],
            "content": { "type": "TEXT", "text": format!("Hi {to}") },
        })
    };
    let messages: Vec<_> = recipients.iter().map(message).collect();
    json!({ "messages": messages, "options": { "schedule": { "bulkId": bulk_id } } })
}

#[tokio::test]
async fn a_send_is_accepted_and_kept() {
    let fixture = Fixture::new(|_| {}).await;
    let got = fixture.send(&bulk("b1", &["1", "2"])).await;
    assert_eq!((got.status, got.header("content-type")), (200, Some("application/json")));
    assert_eq!(got.header("date"), Some("Mon, 30 Nov 2026 12:00:00 GMT"));
    let pending = json!({
        "groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED",
        "description": "Message sent to next instance",
    });
    let message = |to| json!({ "messageId": format!("m{to}"), "status": pending, "destination": to });
    assert_eq!(got.json(), json!({ "bulkId": "b1", "messages": [message("1"), message("2")] }));
    let kept = fixture.get("/sandbox/messages?bulkId=b1").await.json();
    assert_eq!(
        kept["messages"][1],
        json!({
            "bulkId": "b1", "messageId": "m2", "to": "2", "sender": "shop", "text": "Hi 2",
            "content": { "type": "TEXT", "text": "Hi 2" },
            "state": "SENT", "status": "PENDING", "statusName": "PENDING_ENROUTE", "error": "NO_ERROR",
            "acceptedAt": "2026-11-30T12:00:00.000+0000", "sendAt": "2026-11-30T12:00:00.000+0000",
        })
    );
    for (filter, count) in [
        ("messageId=m2", 1),
        ("messageId=m2&bulkId=b2", 0),
        ("limit=1", 1),
        ("limit=9", 2),
        ("cursor=1-1", 1),
        ("cursor=2-0", 0),
    ] {
        let found = fixture.get(&format!("/sandbox/messages?{filter}")).await.json();
        assert_eq!(found["messages"].as_array().unwrap().len(), count, "{filter}");
        assert_eq!(found.get("nextCursor"), (filter == "limit=1").then_some(&json!("1-1")), "{filter}");
    }
    for filter in ["limit=0", "limit=1001", "cursor=x"] {
        assert_eq!(fixture.get(&format!("/sandbox/messages?{filter}")).await.status, 400, "{filter}");
    }
}

#[tokio::test]
async fn pages_from_elsewhere_see_nothing_of_the_testers_routes() {
    let fixture = Fixture::new(|_| {}).await;
    let got = fixture.call("GET", "/sandbox/messages", "Origin: https://shop.example\r\n", b"").await;
    assert_eq!((got.status, got.json()["errorCode"].as_str()), (403, Some("E403")));
    assert_eq!(got.json()["violations"][0]["property"], "Origin");
    assert!(got.json()["description"].as_str().unwrap().contains("Origin") && got.json()["resources"] == json!([]));
}

#[tokio::test]
async fn a_push_of_a_sandbox_opens_no_door() {
    let fixture = Fixture::new(|_| {}).await;
    assert_eq!(fixture.send(&bulk("b", &["1"])).await.status, 200);
    for (method, path) in
        [("POST", "/sandbox/reset"), ("POST", "/sandbox/release"), ("GET", "/sandbox/state"), ("GET", "/")]
    {
        let got = fixture.call(method, path, "X-Sendform-Sandbox-Push: 1\r\n", b"").await;
        assert_eq!((got.status, &got.json()["violations"][0]["property"]), (403, &json!("x-sendform-sandbox-push")));
    }
    assert_eq!(fixture.counts(), (1, 1));
}

#[tokio::test]
async fn doors_say_why_the_books_cannot_be_written() {
    let fixture = Fixture::new(|_| {}).await;
    let sandbox = &fixture.running.sandbox;
    assert_eq!(fixture.get("/sandbox/health").await.status, 200);
    let mut events = sandbox.listen();
    sandbox.store().let_be_written(false).await;
    for (method, path, body, status) in [
        ("GET", "/sandbox/health", "", 503),
        ("POST", "/sandbox/clock", r#"{"advance": "1h"}"#, 500),
        ("PUT", "/sandbox/rules", r#"{"seed": 1}"#, 500),
        ("POST", "/sandbox/inbound", r#"{"from": "1", "to": "shop"}"#, 500),
        ("POST", "/sandbox/reset", "", 500),
    ] {
        let got = fixture.call(method, path, HEADERS, body.as_bytes()).await;
        let said = got.json()["description"].as_str().unwrap().to_owned();
        let books = sandbox.books_path().display();
        assert_eq!(got.status, status, "{path}: {said}");
        assert!(said.contains(&format!("books `{books}`: they can only be read")), "{path}: {said}");
    }
    // It is told once, not by each of them.
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.what.name()).collect();
    assert_eq!(told.iter().filter(|name| **name == "trouble").count(), 1, "{told:?}");
    sandbox.store().let_be_written(true).await;
    assert_eq!(fixture.get("/sandbox/health").await.status, 200);
    assert_eq!(fixture.post("/sandbox/clock", json!({ "advance": "1h" })).await.status, 200);
}

#[tokio::test]
async fn a_change_of_the_clock_that_cannot_be_read_says_what_is_wrong() {
    let fixture = Fixture::new(|_| {}).await;
    for (body, property, part) in [
        ("{", "body", "no JSON: EOF while parsing an object (line 1, column 1)"),
        ("<clock/>", "body", "no JSON: expected value (line 1, column 1)"),
        ("{}", "body", "must have some of"),
        (r#"{"wait": 0}"#, "body", "must have some of"),
        (r#"{"advance": null}"#, "body", "must have some of"),
        (r#"{"advance": "1h", "wait": 2}"#, "wait", "1 or 0"),
        (r#"{"speed": -1}"#, "speed", "from 1 to 1000000"),
        (r#"{"speed": 0}"#, "speed", "from 1 to 1000000"),
        (r#"{"speed": "fast"}"#, "speed", "from 1 to 1000000"),
        (r#"{"stoped": true}"#, "stoped", "`stopped`"),
        (r#"{"stopped": 1}"#, "stopped", "`true` or `false`"),
        (r#"{"advance": "100y"}"#, "advance", "months and years"),
        (r#"{"advance": "soon"}"#, "advance", "must be a duration"),
        (r#"{"advance": "3000000d"}"#, "advance", "leads too far"),
        (r#"{"now": "9999-12-30T00:00:00Z"}"#, "now", "leads too far"),
    ] {
        let got = fixture.call("POST", "/sandbox/clock", HEADERS, body.as_bytes()).await;
        let violation = got.json()["violations"][0].clone();
        assert_eq!((got.status, &violation["property"]), (400, &json!(property)), "{body}: {violation}");
        assert!(violation["violation"].as_str().unwrap().contains(part), "{body}: {violation}");
    }
}

#[tokio::test]
async fn ids_are_made_where_there_are_none() {
    let fixture = Fixture::new(|_| {}).await;
    let body = json!({ "messages": [{
        "sender": "shop", "destinations": [{ "to": "1" }, { "to": "2" }, { "to": "" }],
        "content": { "type": "TEXT", "text": "Hi" },
    }] });
    let (first, second) = (fixture.send(&body).await.json(), fixture.send(&body).await.json());
    assert_ne!(first["bulkId"], second["bulkId"]);
    let ids = |answer: &Value| -> Vec<String> {
        let messages = answer["messages"].as_array().unwrap().iter();
        messages.map(|message| message["messageId"].as_str().unwrap().to_owned()).collect()
    };
    let all: HashSet<_> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert_eq!(all.len(), 6);
    // Nobody can be written to without a name.
    assert_eq!(first["messages"][2]["status"]["name"], "MISSING_TO");
    assert_eq!(fixture.counts(), (2, 4));
}

#[tokio::test]
async fn ids_are_never_made_twice() {
    let mut fixture = Fixture::new(|_| {}).await;
    let one = json!({ "sender": "shop", "destinations": [{ "to": "1" }], "content": { "type": "TEXT", "text": "Hi" } });
    let mut made = Vec::new();
    let mut send = async |fixture: &Fixture| {
        let sent = fixture.send(&json!({ "messages": [one] })).await.json();
        made.push((sent["bulkId"].to_string(), sent["messages"][0]["messageId"].to_string()));
    };
    // The clock stands still, and all that was accepted is forgotten, and the sandbox is started again.
    for sends in [3, 1, 0, 2, 1] {
        for _ in 0..sends {
            send(&fixture).await;
        }
        let reset = fixture.post("/sandbox/reset", json!({})).await;
        assert_eq!(reset.status, 200);
        send(&fixture).await;
        let Fixture { folder, running } = fixture;
        running.stop().await.unwrap();
        let running = start(options(folder.path(), |_| {})).await.unwrap();
        fixture = Fixture { folder, running };
    }
    let count = made.len();
    for ids in [made.iter().map(|ids| &ids.0).collect::<HashSet<_>>(), made.iter().map(|ids| &ids.1).collect()] {
        assert_eq!(ids.len(), count);
    }
}

#[tokio::test]
async fn a_refusal_lists_the_first_of_many_mistakes_and_counts_the_rest() {
    let fixture = Fixture::new(|options| options.choices.unknown_fields = UnknownFieldRule::Refuse).await;
    let got = fixture.send(&json!({ "messages": vec![json!({}); 20_000] })).await;
    let violations = got.json()["violations"].as_array().unwrap().clone();
    assert_eq!((got.status, violations.len()), (400, 1_000));
    assert!(got.body.len() < 100_000, "{} bytes", got.body.len());
    let last = json!({ "property": "messages[333].sender", "violation": "must not be null, and 59000 more" });
    assert_eq!(violations.last(), Some(&last));
    // A name is not repeated whole, whatever it is.
    let mut named = bulk("b1", &["1"]);
    named["messages"][0]["x".repeat(10_000)] = json!(1);
    let property = fixture.send(&named).await.json()["violations"][0]["property"].clone();
    assert_eq!(property, format!("messages[0].{}…", "x".repeat(100)));
    let unread = fixture.post("/sandbox/clock", json!({ "x".repeat(10_000): 1 })).await;
    assert!(unread.status == 400 && unread.body.len() < 2_000);
    let named = json!({ "x".repeat(10_000): 1 }).to_string();
    let unread = fixture.call("PUT", "/sandbox/rules", HEADERS, named.as_bytes()).await;
    assert!(unread.status == 400 && unread.body.len() < 2_000);
    let kept = fixture.get("/sandbox/requests").await.json()["requests"].clone();
    let kept =
        |number: usize| (kept[number]["violations"].as_array().unwrap().len(), kept[number]["violationCount"].clone());
    assert_eq!([kept(1), kept(0)], [(10, json!(60_000)), (1, json!(1))]);
}

#[tokio::test]
async fn refusals_have_the_forms_of_the_api() {
    let fixture = Fixture::new(|options| {
        let weak = Credential { scopes: Some(vec!["instagram:logs:read".to_owned()]), ..Credential::key("weak") };
        options.credentials = vec![Credential::key("right"), weak];
        options.body_bytes_max = 1000;
    })
    .await;
    let with = |key: &str| format!("Authorization: App {key}\r\nContent-Type: application/json\r\n");
    let (right, path) = (with("right"), "/instagram/1/messages");
    let good = bulk("b1", &["1"]).to_string();
    let huge = format!("{good}{}", " ".repeat(1000));
    for (method, path, headers, body, status) in [
        ("POST", path, with("right"), good.as_str(), 200),
        ("POST", path, String::new(), good.as_str(), 401),
        ("POST", path, with("wrong"), good.as_str(), 401),
        ("POST", path, with("weak"), good.as_str(), 403),
        ("POST", path, right.clone(), "{}", 400),
        ("POST", path, right.clone(), "{", 400),
        ("POST", path, right.clone(), huge.as_str(), 413),
        ("POST", path, right.replace("json", "xml"), good.as_str(), 415),
        ("PUT", path, right.clone(), good.as_str(), 405),
        ("POST", "/instagram/1/message", right.clone(), good.as_str(), 404),
        ("POST", "/sandbox/other", right.clone(), "", 404),
        ("GET", "/instagram/1/logs", String::new(), "", 401),
        ("GET", "/instagram/1/logs", with("weak"), "", 200),
        ("GET", "/instagram/1/reports", with("weak"), "", 403),
        ("GET", "/instagram/1/logs?limit=0", right.clone(), "", 400),
    ] {
        let got = fixture.call(method, path, &headers, body.as_bytes()).await;
        assert_eq!(got.status, status, "{method} {path} {headers}");
        assert_eq!(got.header("date"), Some("Mon, 30 Nov 2026 12:00:00 GMT"));
        if status != 200 {
            assert_eq!(got.json()["errorCode"], format!("E{status}"), "{path}");
            assert!(["description", "action"].iter().all(|field| got.json()[field].as_str() != Some("")));
        }
    }
    let got = fixture.call("POST", path, "", b"").await;
    assert_eq!(got.header("www-authenticate"), Some("App"));
    let got = fixture.call("GET", "/instagram/1/reports", &with("weak"), b"").await;
    let scopes = "message:send, instagram:message:send, instagram:manage";
    assert_eq!(got.header("x-sendform-sandbox-scopes"), Some(scopes));
    let got = fixture.call("POST", path, &right, b"{}").await.json();
    assert_eq!(got["violations"], json!([{ "property": "messages", "violation": "must not be null" }]));
    let malformed = fixture.call("POST", path, &right, b"{").await.json();
    let broken = "must be JSON: EOF while parsing an object at line 1 column 1";
    assert_eq!(malformed["violations"], json!([{ "property": "body", "violation": broken }]));
    assert_eq!(malformed["resources"], json!([]));
}

#[tokio::test]
async fn the_logs_page_and_are_throttled() {
    let fixture = Fixture::new(|options| options.logs_per_minute = Some(4)).await;
    fixture.send(&bulk("b1", &["1", "2", "3"])).await;
    let ids = |got: &Got| -> Vec<String> {
        let logs = got.json()["results"].as_array().unwrap().clone();
        logs.iter().map(|log| log["messageId"].as_str().unwrap().to_owned()).collect()
    };
    let first = fixture.get("/instagram/1/logs?bulkId=b1&limit=2&useCursor=true").await;
    assert_eq!(ids(&first), ["m3", "m2"]);
    let cursor = first.json()["cursor"]["nextCursor"].as_str().unwrap().to_owned();
    let next = format!("/instagram/1/logs?bulkId=b1&limit=2&useCursor=true&cursor={cursor}");
    let last = fixture.get(&next).await;
    assert_eq!((ids(&last), &last.json()["cursor"]), (vec!["m1".to_owned()], &json!({ "limit": 2 })));
    let some = fixture.get("/instagram/1/logs?messageId=m1%2Cm3,none").await;
    assert_eq!((ids(&some), some.json().get("cursor")), (vec!["m3".to_owned(), "m1".to_owned()], None));
    assert_eq!(some.json()["results"][1]["destination"], "1");
    assert_eq!(some.json()["results"][1]["status"]["name"], "PENDING_ENROUTE");
    assert!(fixture.get("/instagram/1/logs?sender=other").await.json()["results"].as_array().unwrap().is_empty());
    let throttled = fixture.get("/instagram/1/logs").await;
    assert_eq!((throttled.status, throttled.json()["errorCode"].as_str()), (429, Some("E429")));
    let seconds: u64 = throttled.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
}

#[tokio::test]
async fn the_clock_is_moved_by_hand_and_remembered() {
    let fixture = Fixture::new(|_| {}).await;
    let mut body = bulk("b1", &["1"]);
    body["options"]["schedule"]["sendAt"] = json!("2026-12-01T09:00:00.000+0000");
    assert_eq!(fixture.send(&body).await.status, 200);
    let found = async || fixture.get("/instagram/1/logs?bulkId=b1").await.json()["results"].clone();
    assert_eq!(found().await, json!([]));
    let moved = fixture.post("/sandbox/clock", json!({ "now": "2026-12-01T09:00:01Z" })).await;
    assert_eq!(moved.json()["now"], "2026-12-01T09:00:01.000+0000");
    assert_eq!(moved.header("date"), Some("Tue, 01 Dec 2026 09:00:01 GMT"));
    assert_eq!(found().await[0]["status"]["groupName"], "DELIVERED");
    assert_eq!(found().await[0]["doneAt"], "2026-12-01T09:00:01.000+0000");
    assert_eq!(fixture.post("/sandbox/clock", json!({ "now": "2026-12-01T09:00:00Z" })).await.status, 400);
    assert_eq!(fixture.post("/sandbox/clock", json!({ "now": "soon" })).await.status, 400);
    let Fixture { folder, running } = fixture;
    running.stop().await.unwrap();
    let again = start(options(folder.path(), |_| {})).await.unwrap();
    assert_eq!(again.now().to_string(), "2026-12-01T09:00:01Z");
}

#[tokio::test]
async fn the_clock_is_set_in_four_ways() {
    let fixture = Fixture::new(|_| {}).await;
    let moved = fixture.post("/sandbox/clock", json!({ "advance": "1d 30m" })).await;
    assert_eq!(moved.json()["now"], "2026-12-01T12:30:00.000+0000");
    for (change, part) in [
        (json!({ "advance": "-1s" }), "duration"),
        (json!({ "speed": 0 }), "whole number"),
        (json!({ "advance": "1s", "now": "2030-01-01T00:00:00Z" }), "beside `now`"),
        (json!({ "now": "9999-12-30T00:00:00Z" }), "9998"),
        (json!({ "then": 1 }), "is not known here: there is `now`"),
    ] {
        let refused = fixture.post("/sandbox/clock", change.clone()).await;
        let violation = refused.json()["violations"][0]["violation"].as_str().unwrap().to_owned();
        assert!(refused.status == 400 && violation.contains(part), "{change}: {violation}");
    }
    // Within a second of real time two weeks have passed.
    assert_eq!(fixture.post("/sandbox/clock", json!({ "speed": 1_000_000, "stopped": false })).await.status, 200);
    while fixture.running.now() < "2026-12-15T00:00:00Z".parse().unwrap() {
        tokio::task::yield_now().await;
    }
    let stopped = fixture.post("/sandbox/clock", json!({ "stopped": true })).await.json()["now"].clone();
    assert_eq!(fixture.get("/sandbox/state").await.json()["now"], stopped);
}

#[tokio::test]
async fn windows_and_validities_are_kept_to() {
    let fixture = Fixture::new(|_| {}).await;
    let mut held = bulk("held", &["1"]);
    // It is a Monday; the window is on Tuesday.
    held["messages"][0]["options"] = json!({ "deliveryTimeWindow": {
        "days": ["TUESDAY"], "from": { "hour": 8, "minute": 0 }, "to": { "hour": 10, "minute": 0 },
    } });
    let mut slow = bulk("slow", &["1", "2"]);
    for message in slow["messages"].as_array_mut().unwrap() {
        message["options"] = json!({ "validityPeriod": { "amount": 1, "timeUnit": "MINUTES" } });
    }
    slow["options"]["schedule"]["sendingSpeedLimit"] = json!({ "amount": 1, "timeUnit": "HOUR" });
    for body in [held, slow] {
        assert_eq!(fixture.send(&body).await.status, 200);
    }
    let states = async || {
        let shown = fixture.get("/sandbox/messages").await.json();
        let shown = shown["messages"].as_array().unwrap().clone();
        shown.iter().map(|one| format!("{} {}", one["statusName"], one["error"]).replace('"', "")).collect::<Vec<_>>()
    };
    let pending = ["PENDING_TIME_VIOLATION NO_ERROR", "PENDING_ENROUTE NO_ERROR", "PENDING_ACCEPTED NO_ERROR"];
    assert_eq!(states().await, pending);
    fixture.post("/sandbox/clock", json!({ "advance": "1m" })).await;
    let expired = ["DELIVERED_TO_HANDSET NO_ERROR", "EXPIRED_EXPIRED EC_MESSAGE_CANCELED"];
    assert_eq!(states().await, [pending[0], expired[0], expired[1]]);
    fixture.post("/sandbox/clock", json!({ "now": "2026-12-01T08:00:01Z" })).await;
    assert_eq!(states().await, [expired[0], expired[0], expired[1]]);
    let logs = fixture.get("/instagram/1/logs?generalStatus=EXPIRED").await.json()["results"].clone();
    assert_eq!((&logs[0]["doneAt"], logs[0].get("sentAt")), (&json!("2026-11-30T12:01:00.000+0000"), None));
    let logs = fixture.get("/instagram/1/logs?bulkId=held").await.json()["results"].clone();
    assert_eq!(logs[0]["sentAt"], "2026-12-01T08:00:00.000+0000");
}

#[tokio::test]
async fn rules_hold_for_what_leaves_from_then_on() {
    let fixture = Fixture::new(|_| {}).await;
    fixture.send(&bulk("before", &["1"])).await;
    let put = async |rules: Value| fixture.call("PUT", "/sandbox/rules", HEADERS, rules.to_string().as_bytes()).await;
    let rules = json!({
        "price": { "perMessage": 0.25, "currency": "USD" },
        "rules": [{ "outcome": "blockedBusiness", "ids": ["1"] }, { "outcome": "unknownSender", "ids": ["stall"] }],
    });
    assert_eq!(put(rules).await.status, 200);
    fixture.send(&bulk("after", &["1", "2"])).await;
    let mut stall = bulk("stall", &["2"]);
    stall["messages"][0]["sender"] = json!("stall");
    fixture.send(&stall).await;
    fixture.post("/sandbox/clock", json!({ "advance": "1s" })).await;
    let logs = async || {
        let logs = fixture.get("/instagram/1/logs").await.json()["results"].as_array().unwrap().clone();
        let told = |log: &Value| {
            let price = log["price"]["pricePerMessage"].as_f64().unwrap();
            format!("{} {} {} {price}", log["bulkId"], log["status"]["id"], log["error"]["id"]).replace('"', "")
        };
        logs.iter().map(told).collect::<Vec<_>>()
    };
    let found = ["stall 11 0 0", "after 5 0 0.25", "after 9 7003 0.25", "before 5 0 0"];
    assert_eq!(logs().await, found);
    assert_eq!(put(json!({ "rules": [] })).await.status, 200);
    assert_eq!(logs().await, found);
    assert_eq!(put(json!({ "rules": [{ "outcome": "slow" }] })).await.status, 400);
    assert_eq!(put(json!({ "rule": [] })).await.status, 400);
    assert_eq!(fixture.get("/sandbox/rules").await.json()["price"]["currency"], "EUR");
    let Fixture { folder, running } = fixture;
    running.stop().await.unwrap();
    let again = start(options(folder.path(), |_| {})).await.unwrap();
    let again = Fixture { folder, running: again };
    let logs = again.get("/instagram/1/logs?bulkId=stall").await.json();
    assert_eq!(logs["results"][0]["status"]["name"], "REJECTED_SOURCE");
}

#[tokio::test]
async fn whoever_wrote_can_be_written_to_for_a_day() {
    let rules = serde_json::from_value(json!({ "conversations": "tracked" })).unwrap();
    let fixture = Fixture::new(|options| options.rules = Some(rules)).await;
    fixture.post("/sandbox/inbound", json!({ "from": "1", "to": "shop" })).await;
    assert_eq!(fixture.post("/sandbox/inbound", json!({ "from": "1" })).await.status, 400);
    fixture.send(&bulk("b1", &["1", "2"])).await;
    fixture.post("/sandbox/clock", json!({ "advance": "24h" })).await;
    fixture.send(&bulk("b2", &["1"])).await;
    fixture.post("/sandbox/clock", json!({ "advance": "1s" })).await;
    let logs = fixture.get("/instagram/1/logs").await.json()["results"].clone();
    let errors = [0, 1, 2].map(|number| logs[number]["error"]["name"].as_str().unwrap().to_owned());
    assert_eq!(errors, ["EC_NO_SESSION", "EC_NO_SESSION", "NO_ERROR"]);
}

#[tokio::test]
async fn each_report_is_handed_out_once() {
    let fixture = Fixture::with_faults(&["reject=3", "reports:503@1"]).await;
    let mut body = bulk("b1", &["1", "2", "3"]);
    body["messages"][0]["webhooks"] = json!({ "callbackData": "back", "delivery": { "notify": false } });
    body["messages"][0]["options"] = json!({ "platform": { "entityId": "e" }, "campaignReferenceId": "c" });
    fixture.send(&body).await;
    fixture.send(&bulk("b2", &["1"])).await;
    assert_eq!(fixture.get("/instagram/1/reports").await.status, 503);
    let reports = async |query: &str| {
        let got = fixture.get(&format!("/instagram/1/reports{query}")).await.json();
        got["results"].as_array().unwrap().clone()
    };
    let ids = |reports: &[Value]| -> Vec<String> {
        reports.iter().map(|one| format!("{}/{}", one["bulkId"], one["messageId"]).replace('"', "")).collect()
    };
    assert!(reports("").await.is_empty());
    fixture.post("/sandbox/clock", json!({ "advance": "1s" })).await;
    for filter in ["?bulkId=b3", "?messageId=m3", "?campaignReferenceId=d", "?entityId=f", "?applicationId=e"] {
        assert!(reports(filter).await.is_empty(), "{filter}");
    }
    let first = reports("?entityId=e&campaignReferenceId=c").await;
    let expected = json!({
        "bulkId": "b1", "price": { "pricePerMessage": 0.0, "currency": "EUR" },
        "status": { "groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET",
            "description": "Message delivered to handset" },
        "error": { "groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "description": "No Error",
            "permanent": false },
        "messageId": "m1", "to": "1", "sender": "shop",
        "sentAt": "2026-11-30T12:00:00.000+0000", "doneAt": "2026-11-30T12:00:01.000+0000", "messageCount": 1,
        "callbackData": "back", "platform": { "entityId": "e" }, "campaignReferenceId": "c",
    });
    assert_eq!(first, [expected]);
    assert_eq!(ids(&reports("?limit=1").await), ["b1/m2"]);
    // An answer that got lost is lost.
    fixture.post("/sandbox/faults", json!({ "faults": ["reports:drop-after"] })).await;
    assert!(fixture.raw(request("GET", "/instagram/1/reports", HEADERS, b"")).await.is_empty());
    assert!(reports("").await.is_empty());
    for limit in ["0", "1001", "x"] {
        assert_eq!(fixture.get(&format!("/instagram/1/reports?limit={limit}")).await.status, 400);
    }
    fixture.send(&bulk("b4", &["7"])).await;
    let Fixture { folder, running } = fixture;
    running.stop().await.unwrap();
    let running = start(options(folder.path(), |_| {})).await.unwrap();
    let fixture = Fixture { folder, running };
    let ids_left = async || ids(fixture.get("/instagram/1/reports").await.json()["results"].as_array().unwrap());
    fixture.post("/sandbox/clock", json!({ "advance": "1s" })).await;
    assert_eq!(ids_left().await, ["b4/m7"]);
    fixture.send(&bulk("b5", &["7"])).await;
    // After 48 hours nobody is told any more.
    fixture.post("/sandbox/clock", json!({ "advance": "48h 2s" })).await;
    assert!(ids_left().await.is_empty());
}

#[tokio::test]
async fn what_was_accepted_is_there_in_the_next_run() {
    let fixture = Fixture::new(|_| {}).await;
    fixture.send(&bulk("b1", &["1", "2"])).await;
    let Fixture { folder, running } = fixture;
    running.stop().await.unwrap();
    let running = start(options(folder.path(), |_| {})).await.unwrap();
    let fixture = Fixture { folder, running };
    // By default nothing stops a second message to the same person.
    assert_eq!(fixture.send(&bulk("b1", &["2"])).await.json()["messages"][0]["status"]["groupId"], 1);
    let counts: Vec<_> = audit(&fixture.folder.path().join("books.db")).unwrap();
    let counts: Vec<_> = counts.iter().map(|one| (one.message_id.as_str(), one.to.as_str(), one.count)).collect();
    assert_eq!(counts, [("m1", "1", 1), ("m2", "2", 2)]);
}

/// Sends once with these faults, and says what came back and how many messages were accepted.
async fn play(faults: &[&str]) -> (Vec<u8>, u64) {
    let fixture = Fixture::with_faults(faults).await;
    let body = bulk("b1", &["1", "2", "3"]).to_string();
    let answer = fixture.raw(request("POST", "/instagram/1/messages", HEADERS, body.as_bytes())).await;
    let kept = fixture.get("/sandbox/messages?bulkId=b1").await.json()["messages"].as_array().unwrap().len();
    let (_, accepted) = fixture.counts();
    assert!(kept == 0 || kept == 3);
    (answer, accepted)
}

#[tokio::test]
async fn dropped_requests_get_no_byte() {
    assert_eq!(play(&["drop-before"]).await, (Vec::new(), 0));
    assert_eq!(play(&["drop-after"]).await, (Vec::new(), 3));
}

#[tokio::test]
async fn other_answers_come_before_or_after_accepting() {
    for (fault, status, accepted) in [
        ("500-before", 500, 0),
        ("500-after", 500, 3),
        ("503", 503, 0),
        ("504-after", 504, 3),
        ("401", 401, 0),
        ("403", 403, 0),
        ("418", 418, 0),
        ("204-after", 204, 3),
    ] {
        let (answer, kept) = play(&[fault]).await;
        assert!(answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{fault}");
        assert_eq!(kept, accepted, "{fault}");
    }
    let (answer, _) = play(&["429:retry-after=7"]).await;
    assert!(String::from_utf8(answer).unwrap().contains("retry-after: 7\r\n"));
    let (answer, _) = play(&["307:location=http://127.0.0.1:9/"]).await;
    assert!(String::from_utf8(answer).unwrap().contains("location: http://127.0.0.1:9/\r\n"));
}

#[tokio::test]
async fn answers_are_corrupted_after_accepting() {
    let (whole, _) = play(&[]).await;
    let (cut, accepted) = play(&["cut"]).await;
    assert!(cut.starts_with(b"HTTP/1.1 200 OK\r\n") && cut.len() < whole.len() && accepted == 3);
    let head_of = |answer: &[u8]| answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(cut.len() - head_of(&cut), (whole.len() - head_of(&whole)) / 2);

    let fixture = Fixture::with_faults(&["garbage@1", "empty@2", "other-bulk-id@3", "missing-messages=2@4"]).await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(fixture.send(&bulk("b1", &["1", "2", "3"])).await);
    }
    assert!(answers.iter().all(|got| got.status == 200));
    assert_eq!(answers[0].body, b"<html><body>It works!</body></html>");
    assert_eq!(answers[1].body, b"");
    assert_eq!(answers[2].json()["bulkId"], "another-bulk");
    assert_eq!(answers[3].json()["messages"].as_array().unwrap().len(), 1);
    assert_eq!(fixture.counts(), (4, 12));
}

#[tokio::test]
async fn messages_are_rejected_or_refused_on_request() {
    let fixture = Fixture::with_faults(&["reject=2:status=18"]).await;
    let got = fixture.send(&bulk("b1", &["1", "2"])).await.json();
    let groups = [0, 1].map(|position| got["messages"][position]["status"]["groupId"].as_u64());
    assert_eq!((groups, &got["messages"][1]["status"]["id"]), ([Some(1), Some(5)], &json!(18)));
    let logs = fixture.get("/instagram/1/logs?generalStatus=REJECTED").await.json();
    assert_eq!(logs["results"][0]["messageId"], "m2");
    assert_eq!(audit(&fixture.folder.path().join("books.db")).unwrap().len(), 1);

    fixture.post("/sandbox/faults", json!({ "faults": ["invalid=2", "invalid-unnamed=3"] })).await;
    let got = fixture.send(&bulk("b2", &["1", "2"])).await;
    let violation =
        json!([{ "property": "messages[1].destinations[0].to", "violation": "must be a valid destination" }]);
    assert_eq!((got.status, &got.json()["violations"]), (400, &violation));
    let got = fixture.send(&bulk("b2", &["3"])).await;
    assert_eq!((got.status, &got.json()["violations"]), (400, &json!([])));
    assert_eq!(fixture.send(&bulk("b2", &["1"])).await.status, 200);
}

#[tokio::test]
async fn faults_are_replaced_and_bad_ones_are_named() {
    let fixture = Fixture::with_faults(&["503*"]).await;
    assert_eq!(fixture.send(&bulk("b1", &["1"])).await.status, 503);
    let refused = fixture.post("/sandbox/faults", json!({ "faults": ["cut", "explode"] })).await;
    let violation = refused.json()["violations"][0]["violation"].as_str().unwrap().to_owned();
    assert!(refused.status == 400 && violation.starts_with("unknown fault `explode`"));
    assert_eq!(fixture.send(&bulk("b1", &["1"])).await.status, 503);
    assert_eq!(fixture.post("/sandbox/faults", json!({ "faults": ["logs:500"] })).await.status, 200);
    assert_eq!(fixture.send(&bulk("b1", &["1"])).await.status, 200);
    assert_eq!(fixture.get("/instagram/1/logs").await.status, 500);
    assert_eq!(fixture.get("/instagram/1/logs").await.status, 200);
}

#[tokio::test]
async fn held_requests_wait_for_their_release() {
    let fixture = Fixture::with_faults(&["hold-before@1", "hold-after@2"]).await;
    for accepted in [0, 2] {
        let body = bulk("b1", &["1"]);
        let tester = async {
            let state = fixture.get("/sandbox/wait?held=1").await.json();
            assert_eq!((state["held"].as_u64(), state["accepted"].as_u64()), (Some(1), Some(accepted)));
            let released = fixture.post("/sandbox/release", json!(null)).await.json();
            assert_eq!(released, json!({ "released": 1 }));
        };
        let (got, ()) = tokio::join!(fixture.send(&body), tester);
        assert_eq!(got.status, 200);
    }
    assert_eq!(fixture.get("/sandbox/state").await.json()["held"], 0);
}

/// Sends without waiting for an answer, and goes away once the request is held.
async fn send_and_die(fixture: &Fixture) {
    let mut stream = TcpStream::connect(fixture.running.base_url.strip_prefix("http://").unwrap()).unwrap();
    let body = bulk("b1", &["1"]).to_string();
    stream.write_all(&request("POST", "/instagram/1/messages", HEADERS, body.as_bytes())).unwrap();
    fixture.running.sandbox.wait(|counts| counts.held == 1).await.unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    drop(stream);
    fixture.get("/sandbox/wait?held=0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_client_dies_was_taken_in_or_never_is() {
    let fixture = Fixture::with_faults(&["hold-before@1", "hold-after@2"]).await;
    send_and_die(&fixture).await;
    assert_eq!(fixture.running.sandbox.release(), 0);
    assert_eq!(fixture.counts(), (1, 0));
    send_and_die(&fixture).await;
    assert_eq!(fixture.counts(), (2, 1));
}

#[tokio::test]
async fn stopping_cuts_what_is_held_and_keeps_what_was_accepted() {
    let fixture = Fixture::with_faults(&["hold-after"]).await;
    let Fixture { folder, running } = fixture;
    let address = running.base_url.strip_prefix("http://").unwrap().to_owned();
    let client = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let body = bulk("b1", &["1"]).to_string();
        stream.write_all(&request("POST", "/instagram/1/messages", HEADERS, body.as_bytes())).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(drop).unwrap_or_default();
        answer
    });
    running.sandbox.wait(|counts| counts.held == 1).await.unwrap();
    running.stop().await.unwrap();
    assert!(client.await.unwrap().is_empty());
    assert_eq!(audit(&folder.path().join("books.db")).unwrap().len(), 1);
}

#[tokio::test]
async fn requests_for_another_name_are_not_served() {
    let fixture = Fixture::new(|options| options.hosts = vec!["gateway.test".to_owned()]).await;
    for (host, status) in [("rebound.example", 421), ("gateway.test:80", 200), ("127.0.0.1", 200)] {
        for path in ["/instagram/1/logs", "/sandbox/state"] {
            let bytes = request("GET", path, HEADERS, b"");
            let text = String::from_utf8(bytes).unwrap().replace("Host: localhost", &format!("Host: {host}"));
            let answer = String::from_utf8(fixture.raw(text.into_bytes()).await).unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn other_machines_are_served_only_with_a_credential_and_a_name() {
    let serve = async |change: fn(&mut Options)| {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = crate::sandbox::SandboxState::open(options(folder.path(), change)).unwrap();
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        crate::sandbox::serve(listener, sandbox, std::future::ready(())).await
    };
    let with_key: fn(&mut Options) = |options| options.credentials = vec![Credential::key("k")];
    let with_both: fn(&mut Options) = |options| {
        options.credentials = vec![Credential::key("k")];
        options.hosts = vec!["gateway.test".to_owned()];
    };
    assert!(matches!(serve(|_| {}).await, Err(SandboxError::Exposed(_))));
    assert!(matches!(serve(with_key).await, Err(SandboxError::Exposed(_))));
    assert!(serve(with_both).await.is_ok());
}

#[tokio::test]
async fn the_doors_of_a_sandbox_that_others_reach_need_the_master_s_credential() {
    let folder = tempfile::tempdir().unwrap();
    let change = |options: &mut Options| {
        let weak = Credential { scopes: Some(vec!["instagram:manage".to_owned()]), ..Credential::key("weak") };
        options.credentials = vec![Credential::key("k"), weak];
        options.hosts = vec!["gateway.test".to_owned()];
    };
    let sandbox = crate::sandbox::SandboxState::open(options(folder.path(), change)).unwrap();
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(crate::sandbox::serve(listener, sandbox, async move { drop(stopped.await) }));
    let [none, weak, master] = ["", "Authorization: App weak\r\n", "Authorization: App k\r\n"];
    let doors = [("/sandbox/state", none, 401), ("/", none, 401), ("/sandbox/state", weak, 403), ("/", master, 200)];
    // What is served is no secret, and holds nothing of anybody.
    for (path, header, status) in doors.into_iter().chain([("/openapi.json", none, 200)]) {
        let bytes = request("GET", path, header, b"");
        let exchange = move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(&bytes).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        let answer = tokio::task::spawn_blocking(exchange).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {header}: {answer}");
    }
    drop(stop);
    served.await.unwrap().unwrap();
}

/// What the API's page says of two messages that are sent at noon on a Monday: the options of both, their
/// schedule, after how long somebody looks, and what they find of the second.
#[tokio::test]
async fn what_the_page_says_comes_to_pass() {
    let window = |days: &[&str], from: u8, to: u8| {
        let hour = |hour: u8| json!({ "hour": hour, "minute": 0 });
        json!({ "deliveryTimeWindow": { "days": days, "from": hour(from), "to": hour(to) } })
    };
    let validity = |amount: u32, unit: &str| json!({ "validityPeriod": { "amount": amount, "timeUnit": unit } });
    let speed = |unit: &str| json!({ "sendingSpeedLimit": { "amount": 1, "timeUnit": unit } });
    let thursday = window(&["THURSDAY"], 8, 10);
    let mut far = thursday.clone();
    far["validityPeriod"] = json!({ "amount": 720, "timeUnit": "HOURS" });
    for (fact, options, schedule, after, expected) in [
        ("it leaves at its turn", json!({}), speed("MINUTE"), "59s", "PENDING_ACCEPTED NO_ERROR"),
        ("and arrives", json!({}), speed("MINUTE"), "61s", "DELIVERED_TO_HANDSET NO_ERROR"),
        (
            "it waits for sendAt",
            json!({}),
            json!({ "sendAt": "2026-11-30T13:00:00Z" }),
            "3599s",
            "PENDING_ACCEPTED NO_ERROR",
        ),
        (
            "and leaves then",
            json!({}),
            json!({ "sendAt": "2026-11-30T13:00:00+00:00" }),
            "1h",
            "PENDING_ENROUTE NO_ERROR",
        ),
        (
            "a past sendAt is now",
            json!({}),
            json!({ "sendAt": "2026-11-30T11:00:00Z" }),
            "1s",
            "DELIVERED_TO_HANDSET NO_ERROR",
        ),
        (
            "it is not sent once it has expired",
            validity(1, "MINUTES"),
            speed("HOUR"),
            "2h",
            "EXPIRED_EXPIRED EC_MESSAGE_CANCELED",
        ),
        ("but as long as it has not", validity(61, "MINUTES"), speed("HOUR"), "2h", "DELIVERED_TO_HANDSET NO_ERROR"),
        (
            "nothing is delivered outside of the window",
            window(&["TUESDAY"], 8, 10),
            json!({}),
            "19h",
            "PENDING_TIME_VIOLATION NO_ERROR",
        ),
        (
            "what is held is delivered inside",
            window(&["TUESDAY"], 8, 10),
            json!({}),
            "20h 1s",
            "DELIVERED_TO_HANDSET NO_ERROR",
        ),
        (
            "days alone are whole days",
            json!({ "deliveryTimeWindow": { "days": ["TUESDAY"] } }),
            json!({}),
            "12h 1s",
            "DELIVERED_TO_HANDSET NO_ERROR",
        ),
        ("nothing waits for longer than 48 hours", thursday, json!({}), "48h", "EXPIRED_EXPIRED EC_MESSAGE_CANCELED"),
        ("not even if the request says so", far, json!({}), "48h", "EXPIRED_EXPIRED EC_MESSAGE_CANCELED"),
        (
            "what is on its way expires too",
            validity(1, "SECONDS"),
            json!({}),
            "1s",
            "EXPIRED_EXPIRED EC_VALIDITY_EXPIRED",
        ),
    ] {
        let fixture = Fixture::new(|_| {}).await;
        let mut body = bulk("b1", &["1", "2"]);
        for message in body["messages"].as_array_mut().unwrap() {
            message["options"] = options.clone();
        }
        body["options"]["schedule"] = schedule;
        assert_eq!(fixture.send(&body).await.status, 200, "{fact}");
        fixture.post("/sandbox/clock", json!({ "advance": after })).await;
        let shown = fixture.get("/sandbox/messages?limit=2").await.json()["messages"][1].clone();
        let found = format!("{} {}", shown["statusName"].as_str().unwrap(), shown["error"].as_str().unwrap());
        assert_eq!(found, expected, "{fact}");
    }
}
