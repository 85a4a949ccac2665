//! What the sandbox is asked, and what it shows of what it knows.

use serde_json::{Value, json};

use super::{Fixture, HEADERS, bulk};

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
async fn doors_without_parameters_take_none() {
    let fixture = Fixture::new(|_| {}).await;
    fixture.send(&bulk("b1", &["1"])).await;
    for (method, door) in [
        ("GET", "state"),
        ("GET", "campaigns"),
        ("GET", "rules"),
        ("GET", "events"),
        ("GET", "health"),
        ("GET", "clock"),
        ("GET", "faults"),
        ("DELETE", "faults"),
        ("POST", "reset"),
        ("POST", "release"),
        ("POST", "webhooks/1/retry"),
        ("POST", "clock"),
    ] {
        let got = fixture.call(method, &format!("/sandbox/{door}?foo=1"), HEADERS, b"").await;
        assert_eq!((got.status, &got.json()["violations"][0]["property"]), (400, &json!("foo")), "{method} {door}");
    }
    assert_eq!(fixture.counts(), (1, 1), "nothing was reset");
    let got = fixture.call("PATCH", "/sandbox/state?foo=1", HEADERS, b"").await;
    assert_eq!((got.status, got.header("allow")), (405, Some("GET,HEAD")));
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
