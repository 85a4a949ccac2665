//! The API's page, field by field and sentence by sentence, asked of one sandbox over HTTP: what it takes and refuses,
//! and what it does. The numbers are those of the page's rows, from the first field to the last answer.

mod deeds;
mod fields;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::now;
use crate::support::{Api, Sandbox};

/// Rows of which a part is seen elsewhere: `sandbox::webhooks::tests` and `webhooks.rs` have a receiver, and `overview.rs`
/// the overview of a campaign.
const ELSEWHERE: [(u8, &str); 6] = [
    (25, "the overview of a campaign; here are its filters"),
    (27, "how a receiver that is away is tried again"),
    (28, "the intermediate report, posted"),
    (29, "no report is posted without `notify`"),
    (30, "the receiver of an account"),
    (31, "the form of what is posted"),
];

/// A sandbox whose clock stands still, and the rows that were seen.
struct Page {
    sandbox: Sandbox,
    api: Api,
    seen: BTreeSet<u8>,
    bulks: u32,
}

/// A text so long.
fn long(chars: usize) -> Value {
    // Characters count, and not bytes.
    "\u{1f600}".repeat(chars).into()
}

/// A body with one message.
fn body() -> Value {
    json!({
        "messages": [{
            "sender": "shop",
            "destinations": [{ "to": "17841400000000001", "messageId": "m" }],
            "content": { "type": "TEXT", "text": "Hi" },
            "options": {
                "platform": { "entityId": "entity", "applicationId": "application" },
                "validityPeriod": { "amount": 24, "timeUnit": "HOURS" },
                "deliveryTimeWindow": {
                    "days": ["MONDAY"], "from": { "hour": 8, "minute": 0 }, "to": { "hour": 20, "minute": 0 },
                },
                "campaignReferenceId": "campaign",
            },
            "webhooks": {
                "delivery": { "url": "https://hooks.example.com/dlr", "intermediateReport": true, "notify": true },
                "contentType": "application/json",
                "callbackData": "back",
            },
        }],
        "options": { "schedule": {
            "bulkId": "b", "sendAt": "2026-11-30T13:00:00.000+0000",
            "sendingSpeedLimit": { "amount": 10, "timeUnit": "HOUR" },
        } },
    })
}

impl Page {
    fn new() -> Self {
        let sandbox = Sandbox::start(["--stopped", "--logs-per-minute", "0"]);
        Self { api: Api::at(sandbox.address()), sandbox, seen: BTreeSet::new(), bulks: 0 }
    }

    /// Sends the body with one thing changed, and looks at what is said of it: nothing if it is taken.
    #[track_caller]
    fn field(&mut self, row: u8, path: &str, value: impl Into<Value>, said: &str) {
        self.seen.insert(row);
        let (mut body, value) = (body(), value.into());
        let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
        match body.pointer_mut(&pointer) {
            Some(place) => *place = value.clone(),
            None => panic!("the body has no {path}"),
        }
        let reply = self.api.send(&body);
        let expected = if said.is_empty() { 200 } else { 400 };
        assert_eq!(reply.status, expected, "row {row}: {path} is {value}: {reply:?}");
        let violations = reply.json()["violations"].as_array().cloned().unwrap_or_default();
        let lines: Vec<_> = violations
            .iter()
            .map(|one| format!("{}: {}", one["property"].as_str().unwrap(), one["violation"].as_str().unwrap()))
            .collect();
        let expected = if said.is_empty() || said.contains(": ") { said.to_owned() } else { format!("{path}: {said}") };
        assert_eq!(lines.join("; "), expected, "row {row}: {path} is {value}");
    }

    /// Sends messages to some people with some options, and gives the bulkId.
    #[track_caller]
    fn send(&mut self, row: u8, people: &[&str], options: &Value, schedule: &Value) -> String {
        self.seen.insert(row);
        self.bulks += 1;
        let id = format!("bulk-{}", self.bulks);
        let messages = people.iter().map(|to| {
            json!({
                "sender": "shop", "destinations": [{ "to": to, "messageId": format!("{id}.{to}") }],
                "content": { "type": "TEXT", "text": format!("Hi {to}") }, "options": options,
                "webhooks": { "callbackData": format!("back of {to}") },
            })
        });
        let mut schedule = schedule.clone();
        schedule["bulkId"] = id.clone().into();
        let reply =
            self.api.send(&json!({ "messages": messages.collect::<Vec<_>>(), "options": { "schedule": schedule } }));
        assert_eq!(reply.status, 200, "row {row}: {reply:?}");
        assert_eq!(reply.json()["bulkId"], id.as_str());
        id
    }

    fn now(&self) -> Timestamp {
        now(&self.sandbox.state())
    }

    /// Moves the clock to the next time it is so late on such a day of the week.
    fn go_to(&self, day: jiff::civil::Weekday, hour: i8) {
        let utc = jiff::tz::TimeZone::UTC;
        let today = utc.to_datetime(self.now()).date();
        let next = today.nth_weekday(1, day).unwrap().at(hour, 0, 0, 0);
        self.sandbox.set_clock(&utc.to_timestamp(next).unwrap().to_string());
    }

    fn pass(&self, time: &str) {
        self.api.tell("POST", "/sandbox/clock", &json!({ "advance": time }));
    }

    /// The messages of a bulk: where each is, its status, its error, and after how many milliseconds it left.
    fn lives(&self, bulk: &str) -> Vec<String> {
        let page = self.api.got(&format!("/sandbox/messages?bulkId={bulk}"));
        let time = |text: &Value| -> Option<Timestamp> {
            let text = text.as_str()?;
            jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?.to_timestamp().ok()
        };
        let messages = page["messages"].as_array().unwrap().iter();
        let lives = messages.map(|one| {
            let left = time(&one["sendAt"]).zip(time(&one["acceptedAt"])).map(|(left, at)| left.duration_since(at));
            let left = left.map_or("never".to_owned(), |left| format!("{}s", left.as_millis() as f64 / 1000.0));
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            format!("{} {} {} {left}", text("state"), text("statusName"), text("error"))
        });
        lives.collect()
    }

    #[track_caller]
    fn life(&self, bulk: &str, expected: &str) {
        assert_eq!(self.lives(bulk), [expected]);
    }

    #[track_caller]
    fn life_is(&self, bulk: &str, expected: impl Fn(usize) -> String) {
        let lives = self.lives(bulk);
        assert_eq!(lives, (0..lives.len()).map(expected).collect::<Vec<_>>());
    }

    /// The logs of a bulk, those that left first before all others.
    fn logs(&self, query: &str) -> Vec<Value> {
        let mut logs = self.api.got(&format!("/instagram/1/logs?{query}"))["results"].as_array().unwrap().clone();
        logs.reverse();
        logs
    }

    fn reports(&self, query: &str) -> Vec<Value> {
        self.api.got(&format!("/instagram/1/reports?{query}"))["results"].as_array().unwrap().clone()
    }
}

#[test]
fn every_row_of_the_page_is_so() {
    let mut page = Page::new();
    fields::messages(&mut page);
    fields::times_of_delivery(&mut page);
    fields::webhooks_and_schedule(&mut page);
    deeds::behaviour(&mut page);
    deeds::given_back(&mut page);
    deeds::answers(&mut page);
    let all: BTreeSet<u8> = (1..=48).collect();
    let elsewhere = ELSEWHERE.iter().map(|(row, _)| *row);
    assert_eq!(page.seen.iter().copied().chain(elsewhere).collect::<BTreeSet<_>>(), all, "each row is seen");
}
