//! What is posted to whoever wants to hear of it.

use serde_json::{Map, Value, json};

use super::schemas;
use crate::sandbox::model::webhook::body::media_type;
use crate::wire::options::ReportType;

/// The webhooks, by their names.
pub(super) fn of_sandbox() -> Value {
    json!({
        "deliveryReports": { "post": post(
            "receiveReports",
            "Tells of messages that have left or ended",
            "Goes to the `webhooks.delivery.url` of a message, else to the account's. What is not taken is tried again, \
             twenty times; each report has to be expected more than once.",
            ("DeliveryReports", &[ReportType::Json, ReportType::Xml]),
        ) },
        "incomingMessages": { "post": post(
            "receiveMessages",
            "Tells what a person writes",
            "Goes to the account's URL for that, else to that of the message which came to the person last.",
            ("InboundMessages", &[ReportType::Json]),
        ) },
    })
}

fn post(id: &str, summary: &str, description: &str, (schema, forms): (&str, &[ReportType])) -> Value {
    let form = |form: &ReportType| (media_type(*form).to_owned(), json!({ "schema": schemas::reference(schema) }));
    json!({
        "operationId": id,
        "summary": summary,
        "description": description,
        "requestBody": { "required": true, "content": forms.iter().map(form).collect::<Map<_, _>>() },
        "responses": { "200": { "description": "It was taken" } },
    })
}
