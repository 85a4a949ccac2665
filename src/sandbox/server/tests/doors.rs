//! The doors of the sandbox's own, over real HTTP: what they show, what they change, and what they refuse.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use super::{Fixture, Got, HEADERS, bulk, options, request};
use crate::sandbox::clock::ClockStart;
use crate::sandbox::events::{SandboxEvent, SandboxEventKind};
use crate::sandbox::model::rules::ChannelRules;
use crate::sandbox::start;
use crate::sandbox::store::NewInbound;

/// How long something may take that surely comes.
const PATIENCE: Duration = Duration::from_secs(30);

impl Fixture {
    async fn door(&self, path: &str) -> Value {
        let got = self.get(path).await;
        assert_eq!(got.status, 200, "{path}: {}", got.json());
        got.json()
    }

    async fn put(&self, path: &str, body: Value) -> Got {
        self.call("PUT", path, HEADERS, body.to_string().as_bytes()).await
    }

    async fn clock(&self, change: Value) {
        assert_eq!(self.post("/sandbox/clock", change).await.status, 200);
    }
}

/// Each of these is refused with a 400 that names this property.
async fn check_refused(fixture: &Fixture, paths: &[(&str, &str)]) {
    for (path, property) in paths {
        let got = fixture.get(path).await;
        assert_eq!((got.status, &got.json()["violations"][0]["property"]), (400, &json!(property)), "{path}");
    }
}

/// A send in a campaign, with a schedule of its own.
fn scheduled(bulk_id: &str, campaign: &str, people: &[&str], schedule: Value) -> Value {
    let mut body = bulk(bulk_id, people);
    for message in body["messages"].as_array_mut().unwrap() {
        message["options"] = json!({ "campaignReferenceId": campaign });
        message["destinations"][0]["messageId"] =
            json!(format!("{bulk_id}.{}", message["destinations"][0]["to"].as_str().unwrap()));
    }
    body["options"]["schedule"] = schedule;
    body["options"]["schedule"]["bulkId"] = json!(bulk_id);
    body
}

#[tokio::test]
async fn a_fault_lasts_for_no_longer_than_can_be_reckoned() {
    let fixture = Fixture::new(|_| {}).await;
    for fault in ["slow=18446744073709551615s*", "webhook:delay=18446744073709551615s"] {
        let refused = fixture.put("/sandbox/faults", json!({ "faults": [fault] })).await;
        let violation = refused.json()["violations"][0]["violation"].as_str().unwrap().to_owned();
        assert!(refused.status == 400 && violation.contains("of another form"), "{fault}: {violation}");
    }
    assert_eq!(fixture.send(&bulk("b1", &["1"])).await.status, 200);
}

#[tokio::test]
async fn every_request_is_in_the_journal_and_says_what_came_of_it() {
    let fixture = Fixture::with_faults(&["429@3", "500-after@4", "drop-after@5"]).await;
    let path = "/instagram/1/messages";
    fixture.send(&bulk("b1", &["1", ""])).await;
    fixture.send(&json!({ "messages": [] })).await;
    for id in ["b3", "b4"] {
        fixture.send(&bulk(id, &["1"])).await;
    }
    fixture.raw(request("POST", path, HEADERS, bulk("b5", &["1"]).to_string().as_bytes())).await;
    fixture.call("POST", path, "Content-Type: application/json\r\n", b"{}").await;
    fixture.call("POST", path, "Authorization: App k\r\nContent-Type: text/plain\r\n", b"{}").await;
    fixture.get("/instagram/1/logs?destination=1").await;
    fixture.get("/instagram/1/logs?limit=0").await;
    fixture.get("/instagram/1/nothing").await;
    fixture.call("DELETE", path, HEADERS, b"").await;
    fixture.get("/sandbox/state").await;
    let journal = fixture.door("/sandbox/requests").await;
    let told: Vec<_> = journal["requests"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|it| {
            let bulk =
                it.get("bulk").map(|bulk| format!(" {} {}/{}", bulk["bulkId"], bulk["accepted"], bulk["rejected"]));
            let by = it.get("refusedBy").map(|by| format!(" by {by}"));
            let faults = it.get("faults").map(|faults| format!(" struck by {faults}"));
            let parts = [bulk, by, faults].into_iter().flatten().collect::<String>();
            format!("{} {} {}{parts}", it["number"], it["outcome"], it.get("status").unwrap_or(&Value::Null))
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"1 "accepted" 200 "b1" 1/1"#,
            r#"2 "refused" 400 by "violations""#,
            r#"3 "struck" 429 struck by ["429@3"]"#,
            r#"4 "accepted" 500 "b4" 1/0 struck by ["500-after@4"]"#,
            r#"5 "accepted" null "b5" 1/0 struck by ["drop-after@5"]"#,
            r#"6 "refused" 401 by "credentials""#,
            r#"7 "refused" 415 by "mediaType""#,
            r#"8 "answered" 200"#,
            r#"9 "refused" 400 by "violations""#,
            r#"10 "refused" 404 by "path""#,
            r#"11 "refused" 405 by "method""#,
        ]
    );
    let second = &journal["requests"][9];
    assert_eq!(second["violations"][0]["property"], "messages", "{second}");
    assert_eq!(
        (&second["method"], &second["path"], &second["at"]),
        (&json!("POST"), &json!(path), &json!("2026-11-30T12:00:00.000+0000"))
    );
    assert_eq!((second["bodyBytes"].as_u64(), second.get("body"), &journal["kept"]), (Some(15), None, &json!(2_000)));
    assert_eq!(journal["requests"][3]["query"], "destination=1");
}

#[tokio::test]
async fn the_journal_is_searched_and_read_page_by_page() {
    let fixture = Fixture::with_faults(&["hold@4"]).await;
    fixture.send(&bulk("b1", &["1"])).await;
    fixture.send(&json!({ "messages": [] })).await;
    fixture.send(&json!({ "messages": 1 })).await;
    fixture.get("/instagram/1/reports").await;
    let numbers = async |query: &str| {
        let page = fixture.door(&format!("/sandbox/requests?{query}")).await;
        let numbers: Vec<_> =
            page["requests"].as_array().unwrap().iter().map(|it| it["number"].as_u64().unwrap()).collect();
        (numbers, page.get("nextCursor").and_then(|cursor| cursor.as_str().map(str::to_owned)))
    };
    assert_eq!(numbers("").await.0, [4, 3, 2, 1]);
    assert_eq!(numbers("status=400").await.0, [3, 2]);
    assert_eq!(numbers("status=2xx").await.0, [4, 1]);
    assert_eq!(numbers("path=/instagram/1/reports").await.0, [4]);
    assert_eq!(numbers("outcome=refused&status=4xx").await.0, [3, 2]);
    assert_eq!(numbers("limit=3").await, (vec![4, 3, 2], Some("2".to_owned())));
    assert_eq!(numbers("limit=3&cursor=2").await, (vec![1], None));
    assert_eq!(fixture.door("/sandbox/requests?count=1&status=4xx").await, json!({ "count": 2 }));
    let bodies = fixture.door("/sandbox/requests?bodies=1").await;
    assert_eq!(bodies["requests"][2]["body"], r#"{"messages":[]}"#);
    assert_eq!(bodies["requests"][3]["body"], bulk("b1", &["1"]).to_string(), "a bulk has its own body");
    // Somebody who leaves while they are held was not taken in.
    let address = fixture.running.base_url.strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(&request("POST", "/instagram/1/messages", HEADERS, bulk("b9", &["1"]).to_string().as_bytes()))
        .unwrap();
    fixture.door("/sandbox/wait?held=1").await;
    drop(stream);
    fixture.door("/sandbox/wait?idle=1").await;
    assert_eq!(fixture.door("/sandbox/requests?outcome=lost").await["requests"][0]["faults"], json!(["hold@4"]));
    let bad = [
        ("/sandbox/requests?status=4x", "status"),
        ("/sandbox/requests?status=99", "status"),
        ("/sandbox/requests?limit=0", "limit"),
        ("/sandbox/requests?limit=1001", "limit"),
        ("/sandbox/requests?bodies=1&limit=101", "limit"),
        ("/sandbox/requests?cursor=x", "cursor"),
        ("/sandbox/requests?outcome=gone", "outcome"),
        ("/sandbox/requests?state=1", "state"),
    ];
    check_refused(&fixture, &bad).await;
}

#[tokio::test]
async fn messages_are_found_by_what_is_known_of_them() {
    let fixture = Fixture::new(|_| {}).await;
    let later = json!({ "sendAt": "2026-11-30T13:00:00Z" });
    fixture.send(&scheduled("a", "sale", &["1", "2", "3"], json!({}))).await;
    fixture.send(&scheduled("b", "night", &["2", "4"], later)).await;
    let found = async |query: &str| {
        let page = fixture.door(&format!("/sandbox/messages?{query}")).await;
        let ids = page["messages"].as_array().unwrap().iter().map(|it| it["messageId"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("to=2").await, "a.2 b.2");
    assert_eq!(found("sender=shop&limit=2").await, "a.1 a.2");
    assert_eq!(found("sender=other").await, "");
    assert_eq!(found("campaignReferenceId=night").await, "b.2 b.4");
    assert_eq!(found("state=scheduled").await, "b.2 b.4");
    assert_eq!(found("state=SENT&to=3").await, "a.3");
    assert_eq!(found("q=HI%204").await, "b.4");
    assert_eq!(found("q=A.&bulkId=a").await, "a.1 a.2 a.3");
    assert_eq!(found("to=2&cursor=1-2").await, "b.2");
    let page = fixture.door("/sandbox/messages?to=2&limit=1").await;
    assert_eq!(page["nextCursor"], "2-0");
    let bad = [("/sandbox/messages?state=GONE", "state"), ("/sandbox/messages?bulkid=a", "bulkid")];
    check_refused(&fixture, &bad).await;
}

#[tokio::test]
async fn a_message_tells_its_whole_life() {
    let fixture = Fixture::new(|options| {
        options.rules = Some(
            serde_json::from_str::<ChannelRules>(r#"{ "price": { "perMessage": 0.15, "currency": "EUR" } }"#).unwrap(),
        );
    })
    .await;
    let mut body = scheduled("b", "sale", &["1"], json!({ "sendAt": "2026-11-30T12:30:00Z" }));
    body["messages"][0]["options"]["deliveryTimeWindow"] =
        json!({ "days": ["MONDAY"], "from": { "hour": 13, "minute": 0 }, "to": { "hour": 14, "minute": 0 } });
    assert_eq!(fixture.send(&body).await.status, 200);
    let life = async || {
        let shown = fixture.door("/sandbox/messages/b.1").await;
        let message = &shown["messages"][0];
        let steps = message["life"].as_array().unwrap().iter().map(|step| {
            format!("{} {}", step["state"].as_str().unwrap(), step["at"].as_str().unwrap().get(11..19).unwrap())
        });
        (steps.collect::<Vec<_>>().join(", "), message.get("price").cloned(), message["reportHandedOut"].clone())
    };
    assert_eq!(life().await, ("SCHEDULED 12:00:00".to_owned(), None, json!(false)));
    fixture.clock(json!({ "advance": "45m" })).await;
    assert_eq!(life().await.0, "SCHEDULED 12:00:00, HELD 12:30:00");
    fixture.clock(json!({ "advance": "1h" })).await;
    let all = "SCHEDULED 12:00:00, HELD 12:30:00, SENT 13:00:00, DELIVERED 13:00:01";
    let price = json!({ "perMessage": 0.15, "currency": "EUR" });
    assert_eq!(life().await, (all.to_owned(), Some(price.clone()), json!(false)));
    fixture.get("/instagram/1/reports").await;
    assert_eq!(life().await, (all.to_owned(), Some(price), json!(true)));
    assert_eq!(fixture.get("/sandbox/messages/nobody").await.status, 404);
}

#[tokio::test]
async fn an_outcome_holds_from_now_on_and_changes_nothing_that_was() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(options(folder.path(), |_| {})).await.unwrap();
    let fixture = Fixture { folder, running };
    fixture.send(&scheduled("now", "sale", &["1", "2"], json!({}))).await;
    fixture.send(&scheduled("later", "sale", &["1", "2"], json!({ "sendAt": "2026-11-30T13:00:00Z" }))).await;
    let tell = async |id: &str, body: Value| {
        let got = fixture.post(&format!("/sandbox/messages/{id}/outcome"), body).await;
        (got.status, got.json()["violations"][0]["property"].clone())
    };
    let ends = async |fixture: &Fixture| {
        let page = fixture.door("/sandbox/messages").await;
        let all = page["messages"].as_array().unwrap().iter();
        all.map(|it| {
            format!(
                "{} {} {}",
                it["messageId"].as_str().unwrap(),
                it["state"].as_str().unwrap(),
                it["error"].as_str().unwrap()
            )
        })
        .collect::<Vec<_>>()
    };
    // It has left: it ends at once. One that waits ends when it would.
    assert_eq!(tell("now.1", json!({ "status": 9, "error": 7003 })).await, (200, Value::Null));
    assert_eq!(tell("later.1", json!({ "status": 14 })).await.0, 200);
    assert_eq!(tell("now.2", json!({ "status": 14 })).await, (409, json!("status")), "it has left");
    assert_eq!(tell("now.1", json!({ "status": 5 })).await, (409, json!("messageId")), "it has ended");
    assert_eq!(tell("nobody", json!({ "status": 5 })).await, (404, json!("messageId")));
    for (body, property) in [
        (json!({}), "body"),
        (json!({ "status": "9" }), "status"),
        (json!({ "status": 9, "why": 1 }), "why"),
        (json!({ "status": 26 }), "status"),
        (json!({ "status": 1234 }), "status"),
        (json!({ "status": 9, "error": 1234 }), "error"),
        (json!({ "status": 9 }), "error"),
        (json!({ "status": 5, "error": 7002 }), "error"),
    ] {
        assert_eq!(tell("now.2", body.clone()).await, (400, json!(property)), "{body}");
    }
    let expected = [
        "now.1 UNDELIVERABLE EC_BLOCKED_USER",
        "now.2 SENT NO_ERROR",
        "later.1 SCHEDULED NO_ERROR",
        "later.2 SCHEDULED NO_ERROR",
    ];
    assert_eq!(ends(&fixture).await, expected);
    let reports = fixture.get("/instagram/1/reports").await.json();
    assert_eq!(
        (reports["results"].as_array().unwrap().len(), &reports["results"][0]["messageId"]),
        (1, &json!("now.1"))
    );
    fixture.clock(json!({ "advance": "2h" })).await;
    let expected = [
        "now.1 UNDELIVERABLE EC_BLOCKED_USER",
        "now.2 DELIVERED NO_ERROR",
        "later.1 REJECTED NO_ERROR",
        "later.2 DELIVERED NO_ERROR",
    ];
    assert_eq!(ends(&fixture).await, expected);
    // It is an input like the others: a restart knows it.
    let Fixture { folder, running } = fixture;
    running.stop().await.unwrap();
    let running = start(options(folder.path(), |_| {})).await.unwrap();
    assert_eq!(ends(&Fixture { folder, running }).await, expected);
}

#[tokio::test]
async fn whoever_waits_is_answered_by_what_happens_by_time_or_by_the_end_of_their_patience() {
    let fixture = Fixture::new(|_| {}).await;
    fixture.send(&scheduled("a", "sale", &["1", "2"], json!({ "sendAt": "2026-11-30T13:00:00Z" }))).await;
    let got = fixture.get("/sandbox/wait?sent=1&timeout=0").await;
    assert_eq!((got.status, &got.json()["sent"], &got.json()["accepted"]), (408, &json!(0), &json!(2)));
    // A clock that stands still comes there by hand.
    let (waited, ()) =
        tokio::join!(fixture.get("/sandbox/wait?sent=2&final=0"), fixture.clock(json!({ "advance": "1h" })));
    assert_eq!((waited.status, &waited.json()["sent"], &waited.json()["final"]), (200, &json!(2), &json!(0)));
    // One that runs comes there by itself.
    let (waited, ()) =
        tokio::join!(fixture.get("/sandbox/wait?final=2"), fixture.clock(json!({ "stopped": false, "speed": 1000 })));
    assert_eq!((waited.status, &waited.json()["final"]), (200, &json!(2)));
    // Or something else happens: more messages, or somebody who says how they end.
    let more = scheduled("b", "sale", &["3"], json!({ "sendAt": "2027-01-30T13:00:00Z" }));
    let (waited, _) = tokio::join!(fixture.get("/sandbox/wait?accepted=3&sent=2&idle=1"), fixture.send(&more));
    assert_eq!((waited.status, &waited.json()["inFlight"]), (200, &json!(0)));
    let bad = [
        ("/sandbox/wait?timeout=soon", "timeout"),
        ("/sandbox/wait?timeout=11m", "timeout"),
        ("/sandbox/wait?timeout=-1s", "timeout"),
        ("/sandbox/wait?sent=-1", "sent"),
        ("/sandbox/wait?held=x", "held"),
        ("/sandbox/wait?acepted=1", "acepted"),
    ];
    check_refused(&fixture, &bad).await;
}

#[tokio::test]
async fn a_reset_forgets_everything_but_the_time() {
    let rules = || serde_json::from_str::<ChannelRules>(r#"{ "seed": 7 }"#).unwrap();
    let fixture = Fixture::new(|options| options.rules = Some(rules())).await;
    fixture.send(&scheduled("a", "sale", &["1", "2"], json!({}))).await;
    fixture.post("/sandbox/inbound", json!({ "from": "1", "to": "shop" })).await;
    fixture.put("/sandbox/rules", json!({ "seed": 8 })).await;
    fixture.get("/instagram/1/logs?messageId=a.1").await;
    fixture.clock(json!({ "advance": "1h" })).await;
    fixture.get("/instagram/1/reports").await;
    fixture.put("/sandbox/faults", json!({ "faults": ["hold"] })).await;
    // Not while somebody is held.
    let sent = scheduled("b", "sale", &["1"], json!({}));
    let (held, ()) = tokio::join!(fixture.send(&sent), async {
        fixture.door("/sandbox/wait?held=1").await;
        let got = fixture.post("/sandbox/reset", json!({})).await;
        assert_eq!((got.status, &got.json()["violations"][0]["property"]), (409, &json!("held")));
        fixture.post("/sandbox/release", json!({})).await;
    });
    assert_eq!(held.status, 200);
    assert_eq!(fixture.post("/sandbox/reset", json!({})).await.json(), json!({ "reset": true }));
    assert_eq!(
        fixture.door("/sandbox/state").await,
        json!({ "now": "2026-11-30T13:00:00.000+0000", "requests": 0, "queries": 0, "reports": 0, "bulks": 0, "accepted": 0,
            "held": 0, "inFlight": 0, "status": "ready", "webhooks": 0, "withheld": 0 })
    );
    assert_eq!(fixture.door("/sandbox/messages").await, json!({ "messages": [] }));
    assert_eq!(fixture.door("/sandbox/requests?count=1").await, json!({ "count": 0 }));
    assert_eq!(fixture.door("/sandbox/conversations").await, json!({ "conversations": [] }));
    assert_eq!(fixture.door("/sandbox/faults").await, json!({ "faults": [] }));
    assert_eq!(fixture.door("/sandbox/rules").await["seed"], 7, "the rules of its settings hold again");
    // Numbers begin anew, and nobody is confused by that.
    fixture.send(&scheduled("c", "sale", &["1"], json!({}))).await;
    fixture.clock(json!({ "advance": "1m" })).await;
    assert_eq!(fixture.door("/instagram/1/logs?messageId=c.1").await["results"].as_array().unwrap().len(), 1);
    assert_eq!(fixture.door("/instagram/1/reports").await["results"].as_array().unwrap().len(), 1);
}

/// Asks for something, and goes away before it is done.
fn ask_and_leave<T>(asked: impl Future<Output = T>) {
    assert!(asked.now_or_never().is_none(), "it was done before anybody could leave");
}

/// Waits until something has happened.
async fn until(events: &mut Receiver<Arc<SandboxEvent>>, name: &str) {
    let come = async { while events.recv().await.unwrap().what.name() != name {} };
    tokio::time::timeout(PATIENCE, come).await.unwrap_or_else(|_| panic!("{name} never happened"));
}

#[tokio::test]
async fn what_is_begun_comes_to_its_end_without_whoever_asked_for_it() {
    let rules = |seed: u64| ChannelRules { seed, ..ChannelRules::default() };
    let fixture = Fixture::new(|options| options.rules = Some(rules(7))).await;
    let sandbox = &fixture.running.sandbox;
    let mut events = sandbox.listen();
    for number in 0..3 {
        fixture.send(&scheduled(&format!("a{number}"), "sale", &["1"], json!({}))).await;
    }
    fixture.put("/sandbox/faults", json!({ "faults": ["500@9"] })).await;
    // What reads has taken in what is there by now.
    fixture.get("/instagram/1/logs?messageId=a0.1").await;
    ask_and_leave(sandbox.set_rules(rules(8)));
    until(&mut events, "input").await;
    ask_and_leave(sandbox.add_inbound(NewInbound {
        sender: "shop".to_owned(),
        person: "1".to_owned(),
        draft: None,
        url: None,
    }));
    until(&mut events, "input").await;
    let before = sandbox.store().inputs();
    assert_eq!(before.latest_rules(), &rules(8));
    ask_and_leave(sandbox.reset());
    // There is no time at which no rules hold.
    sandbox.store().inputs_changed(&before).await;
    assert_eq!(sandbox.store().inputs().latest_rules(), &rules(7));
    until(&mut events, "reset").await;
    assert_eq!(fixture.door("/sandbox/faults").await, json!({ "faults": [] }));
    assert_eq!(fixture.door("/sandbox/state").await["requests"], 0);
    fixture.send(&scheduled("c", "sale", &["1"], json!({}))).await;
    fixture.clock(json!({ "advance": "1m" })).await;
    assert_eq!(fixture.door("/instagram/1/logs?messageId=c.1").await["results"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_comes_whole_is_lost_and_not_too_large() {
    let fixture = Fixture::new(|options| options.body_bytes_max = 1_000).await;
    let address = fixture.running.base_url.strip_prefix("http://").unwrap().to_owned();
    let mut whole = request("POST", "/instagram/1/messages", HEADERS, &[b'x'; 1_000]);
    whole.truncate(whole.len() - 999);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&whole).unwrap();
    fixture.door("/sandbox/wait?requests=1").await;
    // It is being served, so that nothing is forgotten.
    let got = fixture.post("/sandbox/reset", json!({})).await;
    assert_eq!((got.status, &got.json()["violations"][0]["property"]), (409, &json!("inFlight")));
    drop(stream);
    fixture.door("/sandbox/wait?idle=1").await;
    fixture.call("POST", "/instagram/1/messages", HEADERS, &[b'x'; 1_001]).await;
    let journal = fixture.door("/sandbox/requests").await["requests"].clone();
    let told = |number: usize| {
        let one = &journal[number];
        (one["outcome"].clone(), one.get("status").cloned(), one.get("refusedBy").cloned())
    };
    assert_eq!(told(1), (json!("lost"), None, None));
    assert_eq!(told(0), (json!("refused"), Some(json!(413)), Some(json!("size"))));
    assert_eq!(fixture.post("/sandbox/reset", json!({})).await.status, 200);
}

#[tokio::test]
async fn what_people_write_has_bounds() {
    let fixture = Fixture::new(|_| {}).await;
    let play = async |field: &str, count: usize| {
        let mut body = json!({ "from": "1", "to": "shop", "text": "Hi", "payload": "yes" });
        body[field] = json!("ž".repeat(count));
        let got = fixture.post("/sandbox/inbound", body).await;
        (got.status, got.json()["violations"][0]["property"].clone())
    };
    for (field, max) in [("from", 200), ("to", 200), ("text", 1_000), ("payload", 1_000)] {
        assert_eq!(play(field, max).await.0, 200, "{field}");
        assert_eq!(play(field, max + 1).await, (400, json!(field)));
    }
}

#[tokio::test]
async fn rules_are_refused_once_those_that_held_take_too_much_room() {
    let fixture = Fixture::new(|_| {}).await;
    let rules = |seed: u32| {
        let ids: Vec<_> = (0..10_000).map(|id| format!("{seed}{id:095}")).collect();
        json!({ "seed": seed, "rules": [{ "outcome": "unknownPerson", "ids": ids }] })
    };
    let mut taken = 0;
    let refused = loop {
        let got = fixture.put("/sandbox/rules", rules(taken)).await;
        if got.status != 200 {
            break got;
        }
        taken += 1;
    };
    assert_eq!((refused.status, &refused.json()["violations"][0]["property"]), (409, &json!("rules")));
    assert!((2..20).contains(&taken), "{taken} were taken");
    // Those that held before take no room, and a reset makes some.
    assert_eq!(fixture.put("/sandbox/rules", rules(0)).await.status, 200);
    assert_eq!(fixture.post("/sandbox/reset", json!({})).await.status, 200);
    assert_eq!(fixture.put("/sandbox/rules", rules(taken)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_as_it_happens() {
    let fixture = Fixture::new(|_| {}).await;
    let address = fixture.running.base_url.strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&request("GET", "/sandbox/events", "", b"")).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let mut until = |wanted: &str| lines.find(|line| line.starts_with(wanted)).unwrap();
    until(": listening");
    fixture.send(&bulk("b1", &["1"])).await;
    fixture.put("/sandbox/rules", json!({})).await;
    fixture.clock(json!({ "advance": "1h" })).await;
    fixture.post("/sandbox/release", json!({})).await;
    fixture.post("/sandbox/reset", json!({})).await;
    let mut seen = Vec::new();
    for name in ["accepted", "request", "input", "clock", "released", "faults", "reset"] {
        let id: u64 = until("id: ").trim_start_matches("id: ").parse().unwrap();
        assert_eq!(until("event: "), format!("event: {name}"));
        let data: Value = serde_json::from_str(until("data: ").trim_start_matches("data: ")).unwrap();
        assert!(seen.last().is_none_or(|last| *last < id) && data["id"] == id && !data[name].is_null(), "{data}");
        seen.push(id);
    }
    // It ends with the sandbox.
    fixture.running.stop().await.unwrap();
}

#[tokio::test]
async fn faults_are_asked_for_and_shown_in_both_forms() {
    let fixture = Fixture::new(|_| {}).await;
    let asked = json!({ "faults": ["429*2:retry-after=5", { "fault": "500", "moment": "after", "first": 3 }] });
    let shown = fixture.put("/sandbox/faults", asked).await;
    assert_eq!(shown.status, 200);
    fixture.send(&bulk("b1", &["1"])).await;
    let shown = fixture.door("/sandbox/faults").await;
    assert_eq!(
        shown["faults"][0],
        json!({ "text": "429*2:retry-after=5", "struck": 1, "left": 1, "form": { "fault": "429", "requests": "messages",
            "moment": "before", "first": 1, "times": 2, "retryAfter": "5" } })
    );
    assert_eq!((&shown["faults"][1]["text"], &shown["faults"][1]["left"]), (&json!("500-after@3"), &json!(1)));
    // What is shown can be asked for.
    for key in ["text", "form"] {
        let again: Vec<_> = shown["faults"].as_array().unwrap().iter().map(|fault| fault[key].clone()).collect();
        let got = fixture.put("/sandbox/faults", json!({ "faults": again })).await.json();
        assert_eq!(
            (&got["faults"][0]["text"], &got["faults"][1]["form"]),
            (&shown["faults"][0]["text"], &shown["faults"][1]["form"])
        );
    }
    assert_eq!(fixture.call("DELETE", "/sandbox/faults", HEADERS, b"").await.json(), json!({ "faults": [] }));
    assert_eq!(fixture.send(&bulk("b2", &["1"])).await.status, 200);
    for (body, property) in [
        (json!({}), "body"),
        (json!({ "faults": "500" }), "faults"),
        (json!({ "faults": vec!["500"; 101] }), "faults"),
        (json!({ "faults": ["explode"] }), "faults[0]"),
        (json!({ "faults": ["500", { "fault": "slow" }] }), "faults[1]"),
        (json!({ "faults": ["500", 1] }), "faults[1]"),
        (json!({ "faults": [{ "fault": "500", "frist": 3 }] }), "faults[0].frist"),
        (json!({ "faults": [{ "fault": "500", "first": "3" }] }), "faults[0].first"),
    ] {
        let got = fixture.put("/sandbox/faults", body.clone()).await;
        assert_eq!((got.status, &got.json()["violations"][0]["property"]), (400, &json!(property)), "{body}");
    }
}

#[tokio::test]
async fn a_list_is_taken_for_no_mapping_by_any_door() {
    let fixture = Fixture::new(|_| {}).await;
    let inbound = json!(["17841400000000001", "shop", null, null, null]);
    for (method, path, body, property) in [
        ("PUT", "/sandbox/rules", json!([]), "body"),
        ("PUT", "/sandbox/rules", json!({ "price": [0.15, "EUR"] }), "price"),
        ("PUT", "/sandbox/rules", json!({ "rules": [["slow", ["1"]]] }), "rules[0]"),
        ("PUT", "/sandbox/faults", json!([["500"]]), "body"),
        (
            "PUT",
            "/sandbox/faults",
            json!({ "faults": [["500", null, null, null, null, null, null, null, null, null, null]] }),
            "faults[0]",
        ),
        ("POST", "/sandbox/inbound", inbound, "body"),
        ("POST", "/sandbox/messages/1/outcome", json!([9, 7002]), "body"),
        ("POST", "/sandbox/clock", json!([null, "1d"]), "body"),
    ] {
        let got = fixture.call(method, path, HEADERS, body.to_string().as_bytes()).await;
        assert_eq!((got.status, &got.json()["violations"][0]["property"]), (400, &json!(property)), "{path} {body}");
    }
}

#[tokio::test]
async fn a_damaged_bulk_is_left_out_of_what_does_not_name_it() {
    let fixture = Fixture::new(|_| {}).await;
    for id in ["b1", "b2", "b3"] {
        fixture.send(&scheduled(id, "sale", &["1"], json!({}))).await;
    }
    fixture.clock(json!({ "advance": "1h" })).await;
    let mut events = fixture.running.sandbox.listen();
    let books = rusqlite::Connection::open(fixture.folder.path().join("books.db")).unwrap();
    books.execute("UPDATE bulk SET pace = '{' WHERE number = 2", []).unwrap();
    assert_eq!(fixture.door("/sandbox/health").await["status"], json!("ok"));
    let found = |page: Value| -> Vec<String> {
        let ids = page["results"].as_array().unwrap().iter().map(|one| one["bulkId"].as_str().unwrap().to_owned());
        ids.collect()
    };
    assert_eq!(found(fixture.get("/instagram/1/logs").await.json()), ["b3", "b1"]);
    for damage in ["body = x'00'", "pace = '{'", "rejected = '['"] {
        books.execute(&format!("UPDATE bulk SET {damage} WHERE number = 2"), []).unwrap();
        assert_eq!(found(fixture.get("/instagram/1/logs").await.json()), ["b3", "b1"], "{damage}");
    }
    assert_eq!(found(fixture.get("/instagram/1/reports").await.json()), ["b1", "b3"]);
    for named in ["logs?bulkId=b2", "logs?messageId=b2.1", "reports?bulkId=b2", "reports?messageId=b2.1"] {
        let got = fixture.get(&format!("/instagram/1/{named}")).await;
        let error = got.json();
        let said = error["description"].as_str().unwrap();
        assert!(got.status == 500 && said.contains("bulk number 2") && said.contains("is damaged"), "{named}: {error}");
    }
    assert_eq!(found(fixture.get("/instagram/1/logs?bulkId=b1,b3").await.json()), ["b3", "b1"]);
    let health = fixture.door("/sandbox/health").await;
    assert_eq!((&health["status"], &health["damaged"]), (&json!("damaged"), &json!({ "bulks": [2], "pushes": [] })));
    assert_eq!(fixture.door("/sandbox/state").await["damaged"], health["damaged"]);
    let mut told = 0;
    while let Ok(event) = events.try_recv() {
        told += usize::from(matches!(&event.what, SandboxEventKind::Trouble { why } if why.contains("bulk number 2")));
    }
    assert_eq!(told, 1);
    assert_eq!(fixture.post("/sandbox/reset", json!({})).await.status, 200);
    assert_eq!(fixture.door("/sandbox/health").await["status"], json!("ok"));
}

#[tokio::test]
async fn health_clock_and_conversations_are_told() {
    let fixture = Fixture::new(|_| {}).await;
    let version = env!("CARGO_PKG_VERSION");
    let now = "2026-11-30T12:00:00.000+0000";
    assert_eq!(fixture.door("/sandbox/health").await, json!({ "status": "ok", "version": version, "now": now }));
    assert_eq!(fixture.door("/sandbox/clock").await, json!({ "now": now, "speed": 1, "stopped": true }));
    for (from, to) in [("2", "shop"), ("1", "shop"), ("1", "gallery")] {
        fixture.post("/sandbox/inbound", json!({ "from": from, "to": to })).await;
    }
    fixture.clock(json!({ "advance": "24h" })).await;
    fixture.post("/sandbox/inbound", json!({ "from": "2", "to": "shop" })).await;
    let named = async |query: &str| {
        let page = fixture.door(&format!("/sandbox/conversations?{query}")).await;
        let all = page["conversations"].as_array().unwrap().iter();
        let named = all.map(|it| {
            format!("{}/{}/{}", it["sender"].as_str().unwrap(), it["person"].as_str().unwrap(), it["isOpen"])
        });
        (named.collect::<Vec<_>>().join(" "), page.get("nextCursor").cloned())
    };
    assert_eq!(named("").await, ("gallery/1/false shop/1/false shop/2/true".to_owned(), None));
    assert_eq!(named("sender=shop&limit=1").await, ("shop/1/false".to_owned(), Some(json!("1"))));
    assert_eq!(named("sender=shop&limit=1&cursor=1").await, ("shop/2/true".to_owned(), None));
    assert_eq!(named("person=1&sender=gallery").await.0, "gallery/1/false");
    let bad = [("/sandbox/conversations?limit=0", "limit"), ("/sandbox/conversations?who=1", "who")];
    check_refused(&fixture, &bad).await;
}

#[tokio::test]
async fn the_overview_is_a_door_too() {
    let fixture = Fixture::with_faults(&["reject=2"]).await;
    fixture.send(&scheduled("a", "sale", &["1", "2"], json!({}))).await;
    fixture.send(&scheduled("b", "night", &["1"], json!({ "sendAt": "2026-11-30T13:00:00Z" }))).await;
    let overview = fixture.door("/sandbox/campaigns").await;
    let campaign = |number: usize| {
        let it = &overview["campaigns"][number];
        (
            it["campaignReferenceId"].as_str().unwrap(),
            it["accepted"].as_u64(),
            it["scheduled"].as_u64(),
            it["onTheWay"].as_u64(),
        )
    };
    assert_eq!(campaign(0), ("night", Some(1), Some(1), Some(0)));
    assert_eq!(campaign(1), ("sale", Some(1), Some(0), Some(1)));
    assert_eq!((&overview["all"]["accepted"], &overview["all"]["turnedDown"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn the_first_page_shows_what_was_sent_and_runs_none_of_it() {
    let fixture = Fixture::new(|_| {}).await;
    let html = async || {
        let got = fixture.get("/").await;
        assert_eq!((got.status, got.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(got.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
        String::from_utf8(got.body).unwrap()
    };
    assert!(html().await.contains("Nothing was sent yet"));
    let mut body = bulk("b1", &["17841400000000001"]);
    body["messages"][0]["content"]["text"] = json!("<script>alert(1)</script> & \"more\"");
    body["messages"][0]["sender"] = json!("<b>shop</b>");
    fixture.send(&body).await;
    fixture.get("/instagram/1/<i>").await;
    let html = html().await;
    assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("<i>"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;") && html.contains("2026-11-30 12:00 UTC"), "{html}");
    // It is for this machine, as the doors are.
    assert_eq!(fixture.call("GET", "/", "Origin: https://shop.example\r\n", b"").await.status, 403);
    // What stands still says so.
    assert!(html.contains("stands still"), "{html}");
}

#[tokio::test]
async fn a_clock_that_runs_is_told_as_one() {
    let fixture = Fixture::new(|options| options.now = ClockStart::Real).await;
    assert_eq!(fixture.door("/sandbox/clock").await["stopped"], false);
    fixture.clock(json!({ "speed": 60 })).await;
    assert_eq!(fixture.door("/sandbox/clock").await["speed"], 60);
}

/// Reads all pages of a door, of which each is small enough, and says how many rows each has.
async fn pages(fixture: &Fixture, path: &str, rows: &str) -> Vec<usize> {
    let (mut counts, mut cursor) = (Vec::new(), String::new());
    loop {
        let got = fixture.get(&format!("{path}{cursor}")).await;
        assert!(got.status == 200 && got.body.len() <= 1_000_000, "{path}: {} bytes", got.body.len());
        let page = got.json();
        counts.push(page[rows].as_array().unwrap().len());
        let Some(next) = page.get("nextCursor").and_then(Value::as_str) else { return counts };
        cursor = format!("{}cursor={next}", if path.contains('?') { "&" } else { "?" });
    }
}

#[tokio::test]
async fn no_page_is_too_large_to_be_read_at_once() {
    let fixture = Fixture::new(|_| {}).await;
    for number in 0..1_100 {
        let act = json!({ "from": format!("{number:0>200}"), "to": "s".repeat(200) });
        assert_eq!(fixture.post("/sandbox/inbound", act).await.status, 200);
    }
    let people: Vec<_> = (0..1_200).map(|number| number.to_string()).collect();
    let people: Vec<_> = people.iter().map(String::as_str).collect();
    let mut body = bulk("b", &people);
    for message in body["messages"].as_array_mut().unwrap() {
        message["content"]["text"] = json!("t".repeat(1_000));
        message["destinations"][0]["messageId"] = json!("same");
    }
    for _ in 0..3 {
        assert_eq!(fixture.send(&body).await.status, 200);
    }
    let refused = json!({ "messages": 1, "more": "m".repeat(64 * 1024) });
    for _ in 0..17 {
        assert_eq!(fixture.send(&refused).await.status, 400);
    }
    for (path, rows, all) in [
        ("/sandbox/messages", "messages", 3_600),
        ("/sandbox/messages/same", "messages", 3_600),
        ("/sandbox/requests?bodies=1", "requests", 20),
    ] {
        let counts = pages(&fixture, path, rows).await;
        assert_eq!(counts.iter().sum::<usize>(), all, "{path}: {counts:?}");
        assert!(counts.len() > 1 && counts.iter().all(|count| *count > 0), "{path}: {counts:?}");
    }
    let counts = pages(&fixture, "/sandbox/conversations", "conversations").await;
    assert_eq!(counts.iter().sum::<usize>(), 1_100, "{counts:?}");
}
