//! What becomes of messages, what is told of them, and what is answered.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Page, body};
use crate::support::{Api, Sandbox};

/// What messages do: rows 2 to 25, and 33 to 42.
pub(super) fn behaviour(page: &mut Page) {
    let nothing = json!({});
    // Several messages are one bulk, answered in their order; each leaves at once.
    let bulk = page.send(2, &["1", "2", "3"], &nothing, &nothing);
    page.pass("1s");
    page.seen.extend([38, 42]);
    assert_eq!(page.lives(&bulk), ["DELIVERED DELIVERED_TO_HANDSET NO_ERROR 0s"; 3]);
    // The channel does not know a sender, a person; nobody can be written to without an id.
    let rules = json!({ "rules": [
        { "outcome": "unknownSender", "ids": ["stall"] },
        { "outcome": "blockedDestination", "ids": ["blocked"] },
        { "outcome": "unknownPerson", "ids": ["unknown"] },
    ] });
    page.api.tell("PUT", "/sandbox/rules", &rules);
    let bulk = page.send(5, &["", "blocked", "unknown", "known"], &nothing, &nothing);
    page.pass("1s");
    assert_eq!(
        page.lives(&bulk),
        [
            "REJECTED MISSING_TO NO_ERROR 0s",
            "REJECTED REJECTED_DESTINATION_BLOCKLISTED EC_BLACKLISTED_DESTINATIONADDRESS 0s",
            "UNDELIVERABLE UNDELIVERABLE_NOT_DELIVERED EC_UNKNOWN_USER 0s",
            "DELIVERED DELIVERED_TO_HANDSET NO_ERROR 0s",
        ]
    );
    let mut stall = body();
    stall["messages"][0]["sender"] = "stall".into();
    stall["options"] = json!({ "schedule": { "bulkId": "stall" } });
    assert_eq!(page.api.send(&stall).status, 200);
    page.seen.insert(3);
    page.life("stall", "REJECTED REJECTED_SOURCE NO_ERROR 0s");
    // A messageId that is known is taken again, and one is made where there is none.
    let again = |body: &Value| page.api.send(body).json()["messages"][0]["messageId"].as_str().unwrap().to_owned();
    let mut plain = body();
    plain["options"] = json!({});
    assert_eq!([again(&plain), again(&plain)], ["m", "m"]);
    plain["messages"][0]["destinations"][0] = json!({ "to": "1" });
    let made = [again(&plain), again(&plain)];
    assert!(made[0] != made[1] && made.iter().all(|id| id.len() == 36), "{made:?}");
    // What is over is not sent, and nothing is valid for more than 48 hours.
    let hourly = json!({ "sendingSpeedLimit": { "amount": 1, "timeUnit": "HOUR" } });
    let minute = json!({ "validityPeriod": { "amount": 1 } });
    let month = json!({ "validityPeriod": { "amount": 720, "timeUnit": "HOURS" } });
    let short = page.send(17, &["1", "2"], &minute, &hourly);
    let daily = json!({ "sendingSpeedLimit": { "amount": 1, "timeUnit": "DAY" } });
    let clamped = page.send(18, &["1", "2", "3", "4"], &month, &daily);
    page.pass("72h");
    let over = "EXPIRED EXPIRED_EXPIRED EC_MESSAGE_CANCELED never";
    let delivered = |seconds: u64| format!("DELIVERED DELIVERED_TO_HANDSET NO_ERROR {seconds}s");
    assert_eq!(page.lives(&short), [delivered(0), over.to_owned()]);
    assert_eq!(page.lives(&clamped), [delivered(0), delivered(86_400), over.to_owned(), over.to_owned()]);
    // Outside of its window nothing is delivered.
    page.go_to(jiff::civil::Weekday::Wednesday, 10);
    let window = json!({ "deliveryTimeWindow": {
        "days": ["THURSDAY"], "from": { "hour": 8, "minute": 0 }, "to": { "hour": 10, "minute": 0 },
    } });
    let bulk = page.send(23, &["1"], &window, &nothing);
    page.life(&bulk, "HELD PENDING_TIME_VIOLATION NO_ERROR 79200s");
    page.pass("22h 1s");
    page.life(&bulk, &delivered(79_200));
    // A bulk leaves at its time, at its speed, whichever the messages.
    let later = (page.now() + SignedDuration::from_hours(1)).to_string();
    for (unit, apart) in [("MINUTE", 20), ("HOUR", 1_200)] {
        let schedule = json!({ "sendAt": later, "sendingSpeedLimit": { "amount": 3, "timeUnit": unit } });
        let bulk = page.send(41, &["1", "2", "3"], &nothing, &schedule);
        page.life_is(&bulk, |number| format!("SCHEDULED PENDING_ACCEPTED NO_ERROR {}s", 3_600 + number * apart));
        page.seen.insert(if unit == "MINUTE" { 40 } else { 39 });
    }
    page.pass("3h");
}

/// What logs and reports give back: rows 12, 14, 24, 25, 33, 35 and 38.
pub(super) fn given_back(page: &mut Page) {
    let mut sent = body();
    sent["messages"][0]["options"].as_object_mut().unwrap().remove("deliveryTimeWindow");
    let sends_at = page.now() + SignedDuration::from_mins(10);
    sent["options"] = json!({ "schedule": { "sendAt": sends_at.to_string() } });
    sent["messages"][0]["destinations"] = json!([{ "to": "1", "messageId": "given-back" }]);
    let bulk = page.api.send(&sent).json()["bulkId"].as_str().unwrap().to_owned();
    assert!(bulk.len() == 19 && bulk.bytes().all(|byte| byte.is_ascii_digit()), "{bulk}");
    assert_eq!(page.logs("messageId=given-back"), [json!(null); 0], "nothing is in the logs before it left");
    page.pass("11m");
    let written = sends_at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
    let (logs, reports) = (page.logs("messageId=given-back"), page.reports("messageId=given-back"));
    for (found, to) in [(&logs, "destination"), (&reports, "to")] {
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(found[to], "1");
        assert_eq!((&found["bulkId"], &found["sentAt"]), (&json!(bulk), &json!(written)));
        assert_eq!(found["platform"], json!({ "entityId": "entity", "applicationId": "application" }));
        assert_eq!(found["campaignReferenceId"], "campaign");
    }
    assert_eq!((reports[0].get("callbackData"), logs[0].get("callbackData")), (Some(&json!("back")), None));
    for (query, count) in [
        ("campaignReferenceId=campaign", 1),
        ("campaignReferenceId=another", 0),
        ("entityId=entity&applicationId=application", 1),
    ] {
        assert_eq!(page.logs(&format!("messageId=given-back&{query}")).len(), count, "{query}");
    }
    assert_eq!(page.reports("messageId=given-back"), [json!(null); 0], "a report comes once");
    page.seen.extend([12, 14, 25, 33, 35, 38]);
}

/// What is answered: rows 43 to 48.
pub(super) fn answers(page: &mut Page) {
    let plain = json!({ "messages": [{
        "sender": "shop", "destinations": [{ "to": "66855538125", "messageId": "answer" }],
        "content": { "type": "TEXT", "text": "Hello!" },
    }], "options": { "schedule": { "bulkId": "answers" } } });
    let pending = json!({
        "groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED",
        "description": "Message sent to next instance",
    });
    let message = json!({ "messageId": "answer", "status": pending, "destination": "66855538125" });
    assert_eq!(page.api.send(&plain).json(), json!({ "bulkId": "answers", "messages": [message] }));
    let broken = page.api.call("POST", "/instagram/1/messages", "{");
    let place = "must be JSON: EOF while parsing an object at line 1 column 1";
    assert_eq!(
        (broken.status, &broken.json()["errorCode"], &broken.json()["violations"]),
        (400, &json!("E400"), &json!([{ "property": "body", "violation": place }]))
    );
    let error = |asked: &Api| {
        let (reply, told) = (asked.send(&plain), asked.send(&plain).status);
        let error = reply.json();
        let fields: BTreeSet<String> = error.as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["action", "description", "errorCode", "resources", "violations"].map(str::to_owned).into());
        let resource = error["resources"][0]["name"].as_str().unwrap_or_default().to_owned();
        (told, error["errorCode"].as_str().unwrap().to_owned(), resource)
    };
    let is = |status: u16, resource: &str| (status, format!("E{status}"), resource.to_owned());
    assert_eq!(error(&page.api.with("Authorization", "")), is(401, "API Authentication"));
    page.sandbox.faults(&["500*2"]);
    assert_eq!(error(&page.api), is(500, ""));
    page.sandbox.faults(&[]);
    // Any credential will do unless some are named; those named may do what their scopes say.
    for credential in ["App key", "Basic dTpw", "IBSSO token", "Bearer token"] {
        assert_eq!(page.api.with("Authorization", credential).send(&plain).status, 200, "{credential}");
    }
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.yaml");
    let text = "credentials:\n  - { scheme: app, secret: sends, scopes: [ 'message:send' ] }\n  \
                - { scheme: bearer, secret: reads, scopes: [ 'instagram:logs:read' ] }\n  \
                - { scheme: basic, secret: 'u:p' }\n";
    std::fs::write(&rules, text).unwrap();
    let strict = Sandbox::start(["--stopped", "--rules", rules.to_str().unwrap(), "--duplicates", "reject"]);
    let api = Api::at(strict.address());
    for (credential, sends, reads) in [
        ("App sends", 200, 403),
        ("Bearer reads", 403, 200),
        ("Basic dTpw", 200, 200),
        ("App reads", 401, 401),
        ("IBSSO sends", 401, 401),
    ] {
        let asked = api.with("Authorization", credential);
        assert_eq!(asked.send(&plain).status, sends, "{credential}");
        assert_eq!(asked.get("/instagram/1/logs").status, reads, "{credential}");
    }
    assert_eq!(error(&api.with("Authorization", "Bearer reads")), is(403, "API Scopes"));
    // Where a setting says so, a messageId is taken once.
    let twice = api.with("Authorization", "App sends").send(&plain).json();
    assert_eq!(twice["messages"][0]["status"]["name"], "REJECTED_DUPLICATE_MESSAGE_ID");
    page.seen.extend([43, 44, 45, 46, 47, 48]);
}
