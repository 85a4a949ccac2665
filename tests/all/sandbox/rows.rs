//! The API's page, field by field and sentence by sentence, asked of one sandbox over HTTP: what it takes and refuses,
//! and what it does. The numbers are those of the page's rows, from the first field to the last answer.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::now;
use crate::support::{Api, Sandbox};

/// Rows of which a part is not here: webhooks are posted elsewhere, and no overview of a campaign is made.
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

/// What is taken away.
const GONE: Value = Value::Null;

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

const NULL: &str = "must not be null";
const A_TEXT: &str = "must be a string";
const SOME: &str = "must not be empty";
const UNITS: &str = "must be one of [SECONDS, MINUTES, HOURS]";
const SPEEDS: &str = "must be one of [MINUTE, HOUR, DAY]";
const DAYS: &str = "must be one of [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY]";
const A_DATE: &str = "must have the format yyyy-MM-dd'T'HH:mm:ss.SSSZ";

/// Rows 1 to 14: whom and what.
fn messages(page: &mut Page) {
    for (value, said) in [
        (GONE, NULL),
        (json!({}), "must be an array"),
        (json!("x"), "must be an array"),
        (json!([]), SOME),
        (json!([null]), "messages[0]: must not be null"),
        (json!([1]), "messages[0]: must be an object"),
    ] {
        page.field(1, "messages", value, said);
    }
    for (value, said) in
        [(GONE, NULL), (json!(5), A_TEXT), (json!(""), "must not be blank"), (json!(" "), "must not be blank")]
    {
        page.field(3, "messages[0].sender", value, said);
    }
    page.field(4, "messages[0].sender", long(1_000), "");
    for (value, said) in [
        (GONE, NULL),
        (json!([]), SOME),
        (json!({}), "must be an array"),
        (json!([null]), "messages[0].destinations[0]: must not be null"),
    ] {
        page.field(5, "messages[0].destinations", value, said);
    }
    for (value, said) in [(GONE, NULL), (json!(17_841_400_000_000_001_u64), A_TEXT), (json!("anybody"), "")] {
        page.field(6, "messages[0].destinations[0].to", value, said);
    }
    let ids = [
        (GONE, ""),
        (json!(""), ""),
        (long(200), ""),
        (long(201), "size must be between 0 and 200"),
        (json!(7), A_TEXT),
    ];
    for (value, said) in ids {
        page.field(7, "messages[0].destinations[0].messageId", value, said);
    }
    for (value, said) in [(GONE, NULL), (json!([]), "must be an object"), (json!("Hi"), "must be an object")] {
        page.field(8, "messages[0].content", value, said);
    }
    let kinds = "must be one of [TEXT, IMAGE, CAROUSEL, RICH_CARD]";
    for (value, said) in [(GONE, NULL), (json!("text"), kinds), (json!("VIDEO"), kinds)] {
        page.field(9, "messages[0].content.type", value, said);
    }
    for (value, said) in [
        (GONE, NULL),
        (json!(""), ""),
        (long(1_000), ""),
        (long(1_001), "size must be between 0 and 1000"),
        (json!(1), A_TEXT),
    ] {
        page.field(10, "messages[0].content.text", value, said);
    }
    for (row, path) in [
        (11, "messages[0].options.platform.entityId"),
        (13, "messages[0].options.platform.applicationId"),
        (24, "messages[0].options.campaignReferenceId"),
    ] {
        for (value, said) in [
            (GONE, ""),
            (json!(""), ""),
            (long(255), ""),
            (long(256), "size must be between 0 and 255"),
            (json!(1), A_TEXT),
        ] {
            page.field(row, path, value, said);
        }
    }
}

/// Rows 15 to 23: for how long, and within which hours.
fn times_of_delivery(page: &mut Page) {
    let least = "must be greater than or equal to 1";
    let most = "must be less than or equal to 2147483647";
    for (row, path) in
        [(15, "messages[0].options.validityPeriod.amount"), (39, "options.schedule.sendingSpeedLimit.amount")]
    {
        for (value, said) in [
            (json!(1), ""),
            (json!(i32::MAX), ""),
            (GONE, NULL),
            (json!(0), least),
            (json!(-1), least),
            (json!(1_u64 << 31), most),
            (json!(1.5), "must be an integer"),
            (json!("5"), "must be an integer"),
        ] {
            page.field(row, path, value, said);
        }
    }
    let path = "messages[0].options.validityPeriod.timeUnit";
    for (value, said) in
        [(json!("SECONDS"), ""), (json!("HOURS"), ""), (GONE, ""), (json!("DAYS"), UNITS), (json!("minutes"), UNITS)]
    {
        page.field(16, path, value, said);
    }
    page.field(18, "messages[0].options.validityPeriod.amount", 720, "");
    let path = "messages[0].options.deliveryTimeWindow.days";
    for (value, said) in
        [(GONE, NULL), (json!([]), SOME), (json!("MONDAY"), "must be an array"), (json!(["MONDAY", "SUNDAY"]), "")]
    {
        page.field(19, path, value, said);
    }
    for value in [json!("Monday"), json!("MONDAY,TUESDAY")] {
        page.field(19, "messages[0].options.deliveryTimeWindow.days[0]", value, DAYS);
    }
    for (row, end) in [(20, "from"), (21, "to")] {
        let path = |part: &str| format!("messages[0].options.deliveryTimeWindow.{end}.{part}");
        for (part, max) in [("hour", 23), ("minute", 59)] {
            page.field(row, &path(part), GONE, NULL);
            page.field(row, &path(part), -1, "must be greater than or equal to 0");
            page.field(row, &path(part), max + 1, &format!("must be less than or equal to {max}"));
            page.field(row, &path(part), "1", "must be an integer");
        }
        page.field(row, &path("minute"), 59, "");
        page.field(row, &path("hour"), 12, "");
    }
    let window = "messages[0].options.deliveryTimeWindow";
    page.field(22, &format!("{window}.from"), GONE, &format!("{window}.from: must be provided together with to"));
    page.field(22, &format!("{window}.to"), GONE, &format!("{window}.to: must be provided together with from"));
    page.field(22, &format!("{window}.to"), json!({ "hour": 9, "minute": 0 }), "");
    page.field(
        22,
        &format!("{window}.to"),
        json!({ "hour": 8, "minute": 59 }),
        "must differ from from by at least 1 hour",
    );
    page.field(22, &format!("{window}.to"), json!({ "hour": 7, "minute": 0 }), "must be after from");
}

/// Rows 26 to 42: who is told, and when it is sent.
fn webhooks_and_schedule(page: &mut Page) {
    page.field(26, "messages[0].webhooks.delivery.url", 1, A_TEXT);
    page.field(26, "messages[0].webhooks.delivery.url", GONE, "");
    for (row, name) in [(28, "intermediateReport"), (29, "notify")] {
        for (value, said) in [
            (json!(true), ""),
            (json!(false), ""),
            (GONE, ""),
            (json!("true"), "must be a boolean"),
            (json!(1), "must be a boolean"),
        ] {
            page.field(row, &format!("messages[0].webhooks.delivery.{name}"), value, said);
        }
    }
    page.field(30, "messages[0].webhooks.delivery", GONE, "");
    let types = "must be one of [application/json, application/xml]";
    for (value, said) in [(json!("application/xml"), ""), (GONE, ""), (json!("text/plain"), types)] {
        page.field(31, "messages[0].webhooks.contentType", value, said);
    }
    for (value, said) in [(long(4_000), ""), (long(4_001), "size must be between 0 and 4000"), (GONE, "")] {
        page.field(32, "messages[0].webhooks.callbackData", value, said);
    }
    for (value, said) in [(long(100), ""), (long(101), "size must be between 0 and 100")] {
        page.field(34, "options.schedule.bulkId", value, said);
    }
    for (value, said) in [
        ("2026-12-01T09:00:00.000+0000", ""),
        ("2026-12-01T09:00:00.000+01:00", ""),
        ("2026-12-01T09:00:00Z", ""),
        ("2026-12-01T09:00:00.123456+00:00", ""),
        ("2026-12-01T24:00:00.000+0000", A_DATE),
        ("2026-12-01", A_DATE),
        ("2026-12-01 09:00:00.000+0000", A_DATE),
        ("2026-12-01T09:00:00.000", A_DATE),
        ("", A_DATE),
    ] {
        page.field(36, "options.schedule.sendAt", value, said);
    }
    let now = page.now();
    let at = |time: SignedDuration| (now + time).to_string();
    let half_a_year = SignedDuration::from_hours(180 * 24);
    page.field(37, "options.schedule.sendAt", at(half_a_year), "");
    page.field(
        37,
        "options.schedule.sendAt",
        at(half_a_year + SignedDuration::from_mins(5)),
        "must be no later than 180 days in advance",
    );
    for (value, said) in [(json!("DAY"), ""), (json!("MINUTE"), ""), (GONE, ""), (json!("SECOND"), SPEEDS)] {
        page.field(40, "options.schedule.sendingSpeedLimit.timeUnit", value, said);
    }
}

/// What messages do: rows 2 to 25, and 33 to 42.
fn behaviour(page: &mut Page) {
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
fn given_back(page: &mut Page) {
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
    page.seen.extend([12, 14, 25, 27, 33, 35, 38]);
}

/// What is answered: rows 43 to 48.
fn answers(page: &mut Page) {
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
    assert_eq!(
        (broken.status, &broken.json()["errorCode"], &broken.json()["violations"]),
        (400, &json!("E400"), &json!([]))
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

#[test]
fn every_row_of_the_page_is_so() {
    let mut page = Page::new();
    messages(&mut page);
    times_of_delivery(&mut page);
    webhooks_and_schedule(&mut page);
    behaviour(&mut page);
    given_back(&mut page);
    answers(&mut page);
    let all: BTreeSet<u8> = (1..=48).collect();
    assert_eq!(page.seen, all, "each row is seen");
    assert!(ELSEWHERE.iter().all(|(row, what)| all.contains(row) && !what.is_empty()));
}
