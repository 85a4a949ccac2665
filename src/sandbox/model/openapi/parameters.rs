//! What the queries of reports and logs take.

use serde_json::{Value, json};

use crate::wire::limits;
use crate::wire::response::STATUS_GROUPS;

/// What a query of the reports takes.
pub(super) fn of_reports() -> Vec<Value> {
    vec![
        text("bulkId", "Only messages of this bulk."),
        text("messageId", "Only this message."),
        limit("How many reports are handed out at most."),
        text("entityId", "Only messages of this entity."),
        text("applicationId", "Only messages of this application."),
        text("campaignReferenceId", "Only messages of this campaign."),
    ]
}

/// What a query of the logs takes.
pub(super) fn of_logs() -> Vec<Value> {
    let ids_max = limits::LOGS_IDS_CHARS_MAX;
    let groups = json!({ "type": "string", "enum": STATUS_GROUPS });
    vec![
        text("sender", "Only messages of this sender."),
        text("destination", "Only messages to this recipient."),
        list("bulkId", &format!("Only messages of these bulks; at most {ids_max} characters together.")),
        list("messageId", &format!("Only these messages; at most {ids_max} characters together.")),
        parameter("generalStatus", "Only messages whose status is of this group.", &groups),
        instant("sentSince", "Only messages that left at this time or later."),
        instant("sentUntil", "Only messages that left at this time or earlier."),
        limit("How many messages a page has at most."),
        text("entityId", "Only messages of this entity."),
        text("applicationId", "Only messages of this application."),
        list("campaignReferenceId", "Only messages of these campaigns."),
        parameter("useCursor", "Whether the page has a cursor that leads to the next.", &json!({ "type": "boolean" })),
        text("cursor", "With `useCursor`: the `nextCursor` of the page before; absent for the first."),
    ]
}

fn parameter(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

fn text(name: &str, description: &str) -> Value {
    parameter(name, description, &json!({ "type": "string" }))
}

fn list(name: &str, description: &str) -> Value {
    let description = format!("{description} Several are separated by commas, or the name is repeated.");
    parameter(name, &description, &json!({ "type": "array", "items": { "type": "string" } }))
}

fn instant(name: &str, description: &str) -> Value {
    let description = format!("{description} In the form yyyy-MM-dd'T'HH:mm:ss.SSSZ.");
    parameter(name, &description, &json!({ "type": "string", "format": "date-time" }))
}

fn limit(description: &str) -> Value {
    let schema = json!({
        "type": "integer",
        "format": "int32",
        "default": limits::LOGS_PAGE_DEFAULT,
        "minimum": 1,
        "maximum": limits::LOGS_PAGE_MAX,
    });
    parameter("limit", description, &schema)
}
