//! Every field and every limit of the schema, as data.

use std::borrow::Cow;

use proptest::prelude::{any, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::{CheckedRequest, Choices, OvernightWindow, PastSendAt, Rules, SendAtForms};
use crate::sandbox::model::message::SendTiming;
use crate::sandbox::model::sample::full;
use crate::wire::choices::{Nulls, UnknownFieldRule};
use crate::wire::content::{Button, Content};
use crate::wire::options::{
    Day, DeliveryTimeWindow, Platform, ReportType, SendingSpeedLimit, SpeedUnit, TimeOfDay, ValidityPeriod,
    ValidityUnit,
};
use crate::wire::request::{
    Delivery, Destination, Message, MessageOptions, Request, RequestOptions, Schedule, Webhooks,
};

const NOW: &str = "2026-11-30T12:00:00Z";

fn rules() -> Rules<'static> {
    Rules { now: NOW.parse().unwrap(), choices: Choices::default(), invalid: &[] }
}

fn found(body: &[u8], rules: &Rules<'_>) -> String {
    let checked = super::check(body, rules);
    // What the quick reader takes, the thorough one takes as well, and finds the same in it.
    if let Some(quick) = super::quick::read(body, rules) {
        assert_eq!(super::collect(body, rules).map(CheckedRequest::from), Ok(quick));
    }
    match checked {
        Ok(_) => String::new(),
        Err(violations) => {
            let lines = violations.iter().map(|one| format!("{}: {}", one.property, one.violation));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

/// Puts a value at a path of the full body (`null` is as good as nothing), and checks it.
fn check(path: &str, value: impl Into<Value>, expected: &str) {
    let mut body = full();
    let pointer = path.replace(['.', '['], "/").replace(']', "");
    *body.pointer_mut(&format!("/{pointer}")).unwrap() = value.into();
    let expected = if expected.is_empty() { String::new() } else { format!("{path}: {expected}") };
    assert_eq!(found(body.to_string().as_bytes(), &rules()), expected);
}

#[test]
fn a_full_body_becomes_a_request() {
    let body = full().to_string();
    let request = super::collect(body.as_bytes(), &rules()).unwrap();
    // What was read is written again as it was: reading and writing know the same fields by the same names.
    assert_eq!(serde_json::to_value(&request).unwrap(), full());
    let schedule = &request.options.schedule;
    assert_eq!(schedule.bulk_id.as_deref(), Some("b"));
    let timing = SendTiming::from(schedule);
    assert_eq!(timing.send_at.unwrap().to_string(), "2026-12-01T09:00:00Z");
    assert_eq!(timing.speed, Some(SendingSpeedLimit { amount: 600, time_unit: SpeedUnit::Hour }));
    let CheckedRequest { table, .. } = request.into();
    let ids: Vec<_> = table.messages.iter().map(|message| (&*message.to, &*message.message_id)).collect();
    assert_eq!(ids, [("1", "m1"), ("2", ""), ("9", ""), ("9", ""), ("9", "")]);
    assert_eq!(table.terms.len(), 2);
    assert_eq!(
        serde_json::to_value(&table.terms[0]).unwrap(),
        json!({
            "sender": "shop",
            "platform": { "entityId": "e", "applicationId": "a" },
            "validityPeriod": { "amount": 24, "timeUnit": "HOURS" },
            "deliveryTimeWindow": {
                "days": ["MONDAY"], "from": { "hour": 8, "minute": 0 }, "to": { "hour": 20, "minute": 30 },
            },
            "campaignReferenceId": "c",
            "delivery": { "url": "https://h.example", "intermediateReport": true, "notify": false },
            "contentType": "application/xml",
        })
    );
    assert_eq!(table.messages[0].callback_data.as_deref(), Some("back"));
    let Content::RichCard(card) = &table.messages[4].content else { unreachable!() };
    assert_eq!(card.buttons[1], Button::Postback { title: "Yes".into(), postback: "yes".into() });
    assert_eq!(serde_json::to_value(&table.messages[3].content).unwrap(), full()["messages"][2]["content"]);
}

#[test]
fn what_is_no_object_is_malformed() {
    for (body, expected) in [
        (&b""[..], "must be JSON: EOF while parsing a value at line 1 column 0"),
        (b"{", "must be JSON: EOF while parsing an object at line 1 column 1"),
        (b"{\"messages\": [}", "must be JSON: expected value at line 1 column 15"),
        (b"{} {}", "must be JSON: trailing characters at line 1 column 4"),
        (b"\xef\xbb\xbf{}", "must be JSON: expected value at line 1 column 1"),
        (b"{\n  \"messages\": [ 1, 17841400000000001x ]\n}", "must be JSON: expected `,` or `]` at line 2 column 37"),
        (b"{\"messages\": [{\"sender\": \"\xff\"}]}", "must be JSON: invalid unicode code point at line 1 column 27"),
        (&b"[".repeat(100_000), "must be JSON: recursion limit exceeded at line 1 column 128"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"\"17841400000000001\"", "must be a JSON object"),
    ] {
        let shown = String::from_utf8_lossy(body.get(..40).unwrap_or(body));
        assert_eq!(found(body, &rules()), format!("body: {expected}"), "{shown}");
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let mut body = full();
    body["new"] = json!({ "deep": [1, { "x": null }] });
    body["messages"][0]["content"]["url"] = json!(17);
    body["messages"][0]["options"]["tracking"] = json!(true);
    assert_eq!(found(body.to_string().as_bytes(), &rules()), "");
}

#[test]
fn what_is_required_must_be_there() {
    for path in [
        "messages",
        "messages[0].sender",
        "messages[0].destinations",
        "messages[0].destinations[1].to",
        "messages[0].content",
        "messages[0].content.type",
        "messages[0].content.text",
        "messages[0].options.validityPeriod.amount",
        "messages[0].options.deliveryTimeWindow.days",
        "messages[0].options.deliveryTimeWindow.from.hour",
        "messages[0].options.deliveryTimeWindow.to.minute",
        "messages[1].content.url",
        "messages[2].content.elements",
        "messages[2].content.elements[0].title",
        "messages[2].content.elements[0].defaultAction.url",
        "messages[2].content.elements[0].buttons[0].type",
        "messages[2].content.elements[0].buttons[0].title",
        "messages[2].content.elements[0].buttons[0].url",
        "messages[2].content.elements[0].buttons[1].postback",
        "messages[3].content.title",
        "options.schedule.sendingSpeedLimit.amount",
        "messages[0]",
        "messages[0].destinations[0]",
        "messages[0].options.deliveryTimeWindow.days[0]",
    ] {
        check(path, Value::Null, "must not be null");
    }
}

#[test]
fn what_is_optional_may_be_absent() {
    for path in [
        "messages[0].destinations[0].messageId",
        "messages[0].options",
        "messages[0].options.platform",
        "messages[0].options.platform.entityId",
        "messages[0].options.platform.applicationId",
        "messages[0].options.validityPeriod",
        "messages[0].options.validityPeriod.timeUnit",
        "messages[0].options.deliveryTimeWindow",
        "messages[0].options.campaignReferenceId",
        "messages[0].webhooks",
        "messages[0].webhooks.delivery",
        "messages[0].webhooks.delivery.url",
        "messages[0].webhooks.delivery.notify",
        "messages[0].webhooks.delivery.intermediateReport",
        "messages[0].webhooks.contentType",
        "messages[0].webhooks.callbackData",
        "messages[3].content.subtitle",
        "messages[3].content.imageUrl",
        "messages[3].content.defaultAction",
        "messages[3].content.buttons",
        "options",
        "options.schedule",
        "options.schedule.bulkId",
        "options.schedule.sendAt",
        "options.schedule.sendingSpeedLimit",
        "options.schedule.sendingSpeedLimit.timeUnit",
    ] {
        check(path, Value::Null, "");
    }
}

#[test]
fn kinds_are_held() {
    for (path, kind) in [
        ("messages", "an array"),
        ("messages[0]", "an object"),
        ("messages[0].sender", "a string"),
        ("messages[0].destinations", "an array"),
        ("messages[0].destinations[0]", "an object"),
        ("messages[0].destinations[0].to", "a string"),
        ("messages[0].destinations[0].messageId", "a string"),
        ("messages[0].content", "an object"),
        ("messages[0].content.type", "a string"),
        ("messages[0].content.text", "a string"),
        ("messages[0].options", "an object"),
        ("messages[0].options.platform", "an object"),
        ("messages[0].options.platform.entityId", "a string"),
        ("messages[0].options.validityPeriod", "an object"),
        ("messages[0].options.validityPeriod.timeUnit", "a string"),
        ("messages[0].options.deliveryTimeWindow", "an object"),
        ("messages[0].options.deliveryTimeWindow.days", "an array"),
        ("messages[0].options.deliveryTimeWindow.days[0]", "a string"),
        ("messages[0].options.deliveryTimeWindow.from", "an object"),
        ("messages[0].options.campaignReferenceId", "a string"),
        ("messages[0].webhooks", "an object"),
        ("messages[0].webhooks.delivery", "an object"),
        ("messages[0].webhooks.delivery.url", "a string"),
        ("messages[0].webhooks.delivery.notify", "a boolean"),
        ("messages[0].webhooks.delivery.intermediateReport", "a boolean"),
        ("messages[0].webhooks.contentType", "a string"),
        ("messages[0].webhooks.callbackData", "a string"),
        ("messages[2].content.elements[0].buttons", "an array"),
        ("options", "an object"),
        ("options.schedule", "an object"),
        ("options.schedule.bulkId", "a string"),
        ("options.schedule.sendAt", "a string"),
        ("options.schedule.sendingSpeedLimit", "an object"),
    ] {
        check(path, 7, &format!("must be {kind}"));
    }
    check("messages[0].options.validityPeriod.amount", "24", "must be an integer");
    check("messages[0].options.validityPeriod.amount", 1.5, "must be an integer");
}

#[test]
fn lengths_are_in_characters() {
    for (path, max) in [
        ("messages[0].content.text", 1000),
        ("messages[1].content.url", 1000),
        ("messages[0].destinations[0].messageId", 200),
        ("messages[0].options.platform.entityId", 255),
        ("messages[0].options.platform.applicationId", 255),
        ("messages[0].options.campaignReferenceId", 255),
        ("messages[0].webhooks.callbackData", 4000),
        ("messages[2].content.elements[0].title", 80),
        ("messages[2].content.elements[0].subtitle", 80),
        ("messages[3].content.title", 80),
        ("messages[3].content.subtitle", 80),
        ("options.schedule.bulkId", 100),
    ] {
        check(path, "", "");
        check(path, "š".repeat(max), "");
        check(path, "š".repeat(max + 1), &format!("size must be between 0 and {max}"));
    }
}

#[test]
fn lists_have_their_sizes() {
    check("messages", json!([]), "must not be empty");
    check("messages[0].destinations", json!([]), "must not be empty");
    check("messages[0].options.deliveryTimeWindow.days", json!([]), "must not be empty");
    let cards = |count| Value::from(vec![json!({ "title": "T" }); count]);
    check("messages[2].content.elements", cards(10), "");
    check("messages[2].content.elements", cards(0), "size must be between 1 and 10");
    check("messages[2].content.elements", cards(11), "size must be between 1 and 10");
    let buttons = |count| Value::from(vec![json!({ "type": "URL", "title": "T", "url": "u" }); count]);
    check("messages[3].content.buttons", buttons(0), "");
    check("messages[3].content.buttons", buttons(3), "");
    check("messages[3].content.buttons", buttons(4), "size must be between 0 and 3");
}

#[test]
fn numbers_have_their_ranges() {
    for path in ["messages[0].options.validityPeriod.amount", "options.schedule.sendingSpeedLimit.amount"] {
        check(path, 1, "");
        check(path, 2_147_483_647_u32, "");
        check(path, 0, "must be greater than or equal to 1");
        check(path, -1, "must be greater than or equal to 1");
        check(path, 2_147_483_648_u32, "must be less than or equal to 2147483647");
    }
    let window = "messages[0].options.deliveryTimeWindow";
    check(&format!("{window}.to.hour"), 23, "");
    check(&format!("{window}.to.hour"), 24, "must be less than or equal to 23");
    check(&format!("{window}.from.hour"), 0, "");
    check(&format!("{window}.from.hour"), -1, "must be greater than or equal to 0");
    check(&format!("{window}.from.minute"), 59, "");
    check(&format!("{window}.from.minute"), 60, "must be less than or equal to 59");
}

#[test]
fn names_are_known() {
    check("messages[0].content.type", "VIDEO", "must be one of [TEXT, IMAGE, CAROUSEL, RICH_CARD]");
    check("messages[0].content.type", "text", "must be one of [TEXT, IMAGE, CAROUSEL, RICH_CARD]");
    check("messages[2].content.elements[0].buttons[0].type", "CALL", "must be one of [URL, POSTBACK]");
    check("messages[0].options.validityPeriod.timeUnit", "DAYS", "must be one of [SECONDS, MINUTES, HOURS]");
    check("options.schedule.sendingSpeedLimit.timeUnit", "MINUTES", "must be one of [MINUTE, HOUR, DAY]");
    check("messages[0].webhooks.contentType", "text/csv", "must be one of [application/json, application/xml]");
    let days = "must be one of [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY]";
    check("messages[0].options.deliveryTimeWindow.days[0]", "Monday", days);
    check("messages[0].sender", " ", "must not be blank");
}

#[test]
fn windows_have_both_ends_an_hour_apart() {
    let window = "messages[0].options.deliveryTimeWindow";
    let time = |hour: u8, minute: u8| json!({ "hour": hour, "minute": minute });
    let hours = |from: Value, to: Value, expected: &str| {
        let mut body = full();
        let place = &mut body["messages"][0]["options"]["deliveryTimeWindow"];
        place["from"] = from;
        place["to"] = to;
        assert_eq!(found(body.to_string().as_bytes(), &rules()), expected);
    };
    hours(Value::Null, Value::Null, "");
    hours(time(8, 30), time(9, 30), "");
    hours(time(8, 30), time(9, 29), &format!("{window}.to: must differ from from by at least 1 hour"));
    hours(time(8, 30), time(8, 30), &format!("{window}.to: must differ from from by at least 1 hour"));
    hours(time(22, 0), time(6, 0), &format!("{window}.to: must be after from"));
    hours(time(22, 0), Value::Null, &format!("{window}.to: must be provided together with from"));
    hours(Value::Null, time(6, 0), &format!("{window}.from: must be provided together with to"));
}

#[test]
fn dates_have_some_forms_and_a_horizon() {
    let form = "must have the format yyyy-MM-dd'T'HH:mm:ss.SSSZ";
    // Whether the documented form alone would do.
    for (text, is_documented, expected) in [
        ("2026-12-01T09:00:00.000+0000", true, ""),
        ("2026-12-01T09:00:00.000-0130", true, ""),
        ("2026-12-01T09:00:00.000+01:00", true, ""),
        ("2026-12-01T09:00:00.000Z", false, ""),
        ("2026-12-01T09:00:00Z", false, ""),
        ("2026-12-01T09:00:00+00:00", false, ""),
        ("2026-12-01T09:00:00+0000", false, ""),
        ("2026-12-01T09:00:00.5+00:00", false, ""),
        ("2026-12-01T09:00:00.123456+00:00", false, ""),
        ("2026-12-01T09:00:00.123456789Z", false, ""),
        ("2026-12-01T09:00:00.1234567890Z", false, form),
        ("2026-12-01T09:00:00.Z", false, form),
        ("2026-12-01T09:00Z", false, form),
        ("2026-12-01 09:00:00.000+0000", false, form),
        ("2026-12-01t09:00:00.000z", false, ""),
        ("2026-12-01t09:00:00Z", false, ""),
        ("2026-12-01T09:00:00z", false, ""),
        ("2026-12-01t09:00:00.000+0000", false, ""),
        ("2026-12-01t09:00:00.000z[utc]", false, form),
        ("2026-12-01 09:00:00z", false, form),
        ("2026-13-01T09:00:00.000+0000", true, form),
        ("2026-02-29T09:00:00.000+0000", true, form),
        ("2026-12-01T24:00:00.000+0000", true, form),
        ("2026-12-01T09:00:00.000", false, form),
        ("2026-12-01T09:00:00.000+00", false, form),
        ("2026-12-01T09:00:00.000Z[UTC]", false, form),
        ("š026-12-01T09:00:00.000+000", false, form),
        ("", false, form),
        ("2027-05-29T12:00:00.000+0000", true, ""),
        ("2027-05-29T12:00:00.001+0000", true, "must be no later than 180 days in advance"),
        ("2026-11-30T11:59:59.999+0000", true, ""),
    ] {
        check("options.schedule.sendAt", text, expected);
        let mut body = full();
        body["options"]["schedule"]["sendAt"] = json!(text);
        let choices = Choices { send_at_forms: SendAtForms::Documented, ..Choices::default() };
        let found = found(body.to_string().as_bytes(), &Rules { choices, ..rules() });
        let expected = if is_documented { expected } else { form };
        assert_eq!(
            found,
            if expected.is_empty() { String::new() } else { format!("options.schedule.sendAt: {expected}") },
            "{text}"
        );
    }
}

#[test]
fn what_the_api_does_not_have_is_refused_if_that_is_chosen() {
    let mut body = full();
    body["new"] = json!({ "deep": 1 });
    body["messages"][1]["content"]["text"] = json!("of another type");
    body["messages"][0]["options"]["platform"]["entity"] = json!(1);
    let choices = Choices { unknown_fields: UnknownFieldRule::Refuse, ..Choices::default() };
    let refused = found(body.to_string().as_bytes(), &Rules { choices, ..rules() });
    insta::assert_snapshot!(refused, @r"
    messages[0].options.platform.entity: must not be there: the API has no such field
    messages[1].content.text: must not be there: the API has no such field
    new: must not be there: the API has no such field
    ");
    let whole = found(full().to_string().as_bytes(), &Rules { choices, ..rules() });
    assert_eq!(whole, "");
}

#[test]
fn nulls_are_refused_if_that_is_chosen() {
    let mut body = full();
    body["options"]["schedule"]["sendAt"] = Value::Null;
    body["messages"][0]["webhooks"] = Value::Null;
    assert_eq!(found(body.to_string().as_bytes(), &rules()), "");
    let choices = Choices { nulls: Nulls::Refuse, ..Choices::default() };
    let refused = found(body.to_string().as_bytes(), &Rules { choices, ..rules() });
    assert_eq!(refused, "messages[0].webhooks: must not be null\noptions.schedule.sendAt: must not be null");
}

#[test]
fn the_choices_are_kept() {
    let mut body = full();
    body["options"]["schedule"]["sendAt"] = json!("2026-11-30T11:59:59.999+0000");
    body["messages"][0]["options"]["deliveryTimeWindow"]["to"] = json!({ "hour": 6, "minute": 0 });
    let choices =
        Choices { past_send_at: PastSendAt::Refuse, overnight_window: OvernightWindow::Accept, ..Choices::default() };
    let found = found(body.to_string().as_bytes(), &Rules { choices, ..rules() });
    assert_eq!(found, "options.schedule.sendAt: must not be in the past");
}

#[test]
fn everything_wrong_is_named_at_once() {
    let body = json!({
        "messages": [
            { "destinations": [{}, { "to": "bad" }], "content": { "type": "TEXT" } },
            { "sender": "shop", "destinations": [{ "to": "1", "messageId": "m".repeat(201) }], "content": "Hi" },
        ],
        "options": { "schedule": { "bulkId": "b".repeat(101), "sendAt": "soon" } },
    });
    let invalid = ["bad".to_owned()];
    let found = found(body.to_string().as_bytes(), &Rules { invalid: &invalid, ..rules() });
    insta::assert_snapshot!(found, @r"
    messages[0].sender: must not be null
    messages[0].destinations[0].to: must not be null
    messages[0].destinations[1].to: must be a valid destination
    messages[0].content.text: must not be null
    messages[1].destinations[0].messageId: size must be between 0 and 200
    messages[1].content: must be an object
    options.schedule.bulkId: size must be between 0 and 100
    options.schedule.sendAt: must have the format yyyy-MM-dd'T'HH:mm:ss.SSSZ
    ");
}

#[test]
fn what_sendform_writes_is_read_as_it_was() {
    let platform = Platform { entity_id: Some("e".to_owned()), application_id: None };
    let at = |hour| Some(TimeOfDay { hour, minute: 0 });
    let window = DeliveryTimeWindow { days: vec![Day::Monday, Day::Sunday], from: at(8), to: at(20) };
    let message = |text| Message {
        sender: "shop".into(),
        destinations: vec![Destination { to: "17841400000000001".into(), message_id: Some("m".repeat(200).into()) }],
        content: Content::Text { text },
        options: MessageOptions {
            platform: Some(Cow::Borrowed(&platform)),
            validity_period: Some(ValidityPeriod { amount: 720, time_unit: ValidityUnit::Hours }),
            delivery_time_window: Some(Cow::Borrowed(&window)),
            campaign_reference_id: Some("spring".into()),
        },
        webhooks: Webhooks {
            delivery: Some(Delivery {
                url: Some("https://h.example".into()),
                intermediate_report: None,
                notify: Some(true),
            }),
            content_type: Some(ReportType::Json),
            callback_data: Some("back".into()),
        },
    };
    let text = "š\u{0}\"\\\n🎈".repeat(166);
    let written = Request {
        messages: vec![message(text.into()), message("Hi".into())],
        options: RequestOptions {
            schedule: Schedule {
                bulk_id: Some("spring-sale.announce.r1.5f0c9a7e21d84b63".into()),
                send_at: Some(NOW.parse().unwrap()),
                sending_speed_limit: Some(SendingSpeedLimit { amount: 600, time_unit: SpeedUnit::Minute }),
            },
        },
    };
    let body = serde_json::to_vec(&written).unwrap();
    assert_eq!(super::check(&body, &rules()), Ok(written.into()));
}

#[test]
fn a_field_of_the_api_stands_once() {
    for (body, expected) in [
        (
            r#"{"messages": [], "messages": []}"#,
            &["messages: must not be there twice", "messages: must not be empty"][..],
        ),
        (
            r#"{"messages": [{"sender": "a", "sender": null}]}"#,
            &[
                "messages[0].sender: must not be there twice",
                "messages[0].destinations: must not be null",
                "messages[0].content: must not be null",
            ],
        ),
        (
            r#"{"messages": [], "options": {"schedule": {"bulkId": 1, "bulkId": "b"}}}"#,
            &[
                "messages: must not be empty",
                "options.schedule.bulkId: must not be there twice",
                "options.schedule.bulkId: must be a string",
            ],
        ),
    ] {
        assert_eq!(found(body.as_bytes(), &rules()), expected.join("\n"), "{body}");
    }
    let mut body = full().to_string();
    body.insert_str(1, r#""new": 1, "new": 2,"#);
    assert_eq!(found(body.as_bytes(), &rules()), "");
}

proptest::proptest! {
    #[test]
    fn no_body_makes_it_panic(at in 0_usize..1200, bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..8)) {
        let mut body = full().to_string().into_bytes();
        let at = at.min(body.len());
        let until = (at + bytes.len()).min(body.len());
        body.splice(at..until, bytes);
        // Whatever is said, it is said of a field that has a path.
        if let Err(violations) = super::check(&body, &rules()) {
            proptest::prop_assert!(violations.iter().all(|one| !one.property.is_empty() && !one.violation.is_empty()));
        }
    }
}

/// The full body without its contents that are no texts.
fn texts() -> Value {
    let mut body = full();
    body["messages"].as_array_mut().unwrap().truncate(1);
    body
}

#[test]
fn the_quick_reader_takes_texts() {
    let body = texts().to_string();
    let thorough = super::collect(body.as_bytes(), &rules()).unwrap();
    assert_eq!(super::quick::read(body.as_bytes(), &rules()), Some(thorough.into()));
    // Others are for the thorough one.
    assert_eq!(super::quick::read(full().to_string().as_bytes(), &rules()), None);
}

/// Every place in a body, as a pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut inside = |key: String, value: &Value| {
        let at = format!("{at}/{key}");
        found.push(at.clone());
        places(value, &at, found);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| inside(name.clone(), value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| inside(index.to_string(), item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    /// Whatever is put wherever, alone or by twos: the quick reader never takes what the thorough one refuses,
    /// and never reads anything else in it.
    #[test]
    fn the_quick_reader_agrees_with_the_thorough_one(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), 0_usize..20), 1..3),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
        has_texts_only in any::<bool>(),
    ) {
        let values = [
            json!(null), json!(0), json!(1), json!(-1), json!(24), json!(1.0), json!(4_294_967_296_u64), json!(""),
            json!(" "), json!("x".repeat(81)), json!("é\n".repeat(600)), json!(true), json!([]), json!({}), json!([null]),
            json!("URL"), json!("MINUTE"), json!({ "MINUTE": null }), json!("2026-12-01T09:00:00Z"), json!("TEXT"),
        ];
        let mut body = if has_texts_only { texts() } else { full() };
        for (place, value) in changes {
            let mut all = Vec::new();
            places(&body, "", &mut all);
            if all.is_empty() {
                break;
            }
            let place = all[place.index(all.len())].clone();
            if let Some(slot) = body.pointer_mut(&place) {
                *slot = values[value].clone();
            }
        }
        let text = body.to_string();
        let end = cut.map_or(text.len(), |cut| cut.index(text.len() + 1));
        let bytes = &text.as_bytes()[..end];
        if let Some(quick) = super::quick::read(bytes, &rules()) {
            prop_assert_eq!(super::collect(bytes, &rules()).map(CheckedRequest::from), Ok(quick));
        }
        let thorough = super::collect(bytes, &rules()).map(CheckedRequest::from);
        prop_assert_eq!(super::check(bytes, &rules()), thorough);
    }
}
