//! A body for tests that has everything in it that a body may have.

use serde_json::{Value, json};

/// A body with every field of the schema.
pub(super) fn full() -> Value {
    let card = json!({
        "title": "T", "subtitle": "S", "imageUrl": "https://i.example/1.png",
        "defaultAction": { "url": "https://example.com" },
        "buttons": [
            { "type": "URL", "title": "Open", "url": "https://example.com" },
            { "type": "POSTBACK", "title": "Yes", "postback": "yes" },
        ],
    });
    let mut rich = card.clone();
    rich["type"] = json!("RICH_CARD");
    let plain = |content: Value| json!({ "sender": "shop", "destinations": [{ "to": "9" }], "content": content });
    json!({
        "messages": [
            {
                "sender": "shop",
                "destinations": [{ "to": "1", "messageId": "m1" }, { "to": "2" }],
                "content": { "type": "TEXT", "text": "Hi" },
                "options": {
                    "platform": { "entityId": "e", "applicationId": "a" },
                    "validityPeriod": { "amount": 24, "timeUnit": "HOURS" },
                    "deliveryTimeWindow": {
                        "days": ["MONDAY"], "from": { "hour": 8, "minute": 0 }, "to": { "hour": 20, "minute": 30 },
                    },
                    "campaignReferenceId": "c",
                },
                "webhooks": {
                    "delivery": { "url": "https://h.example", "intermediateReport": true, "notify": false },
                    "contentType": "application/xml",
                    "callbackData": "back",
                },
            },
            plain(json!({ "type": "IMAGE", "url": "https://i.example/1.png" })),
            plain(json!({ "type": "CAROUSEL", "elements": [card] })),
            plain(rich),
        ],
        "options": { "schedule": {
            "bulkId": "b", "sendAt": "2026-12-01T09:00:00.000+0000",
            "sendingSpeedLimit": { "amount": 600, "timeUnit": "HOUR" },
        } },
    })
}
