//! What the sandbox is asked, and what it shows of what it knows.

use serde_json::{Value, json};

use super::Fixture;

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
