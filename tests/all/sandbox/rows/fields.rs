//! What each field may be: at its bounds, one beyond them, and of other kinds.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Page, long};

/// What is taken away.
const GONE: Value = Value::Null;

const NULL: &str = "must not be null";
const A_TEXT: &str = "must be a string";
const SOME: &str = "must not be empty";
const UNITS: &str = "must be one of [SECONDS, MINUTES, HOURS]";
const SPEEDS: &str = "must be one of [MINUTE, HOUR, DAY]";
const DAYS: &str = "must be one of [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY]";
const A_DATE: &str = "must have the format yyyy-MM-dd'T'HH:mm:ss.SSSZ";

/// Rows 1 to 14: whom and what.
pub(super) fn messages(page: &mut Page) {
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
pub(super) fn times_of_delivery(page: &mut Page) {
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
pub(super) fn webhooks_and_schedule(page: &mut Page) {
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
