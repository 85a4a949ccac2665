//! The sandbox described to others: an OpenAPI document of what it serves where the gateway has it. Bodies are
//! described by the types that are read and written, so that nothing is said twice; what a setting chooses is
//! described as it was chosen.

mod parameters;
mod schemas;
mod webhooks;

use serde_json::{Map, Value, json};

use crate::sandbox::model::webhook::inbound::{InboundMessages, InboundResult};
use crate::wire::choices::Choices;
use crate::wire::error::ApiError;
use crate::wire::response::{DeliveryReports, LogsPage, Response};
use crate::wire::{LOGS_PATH, MESSAGES_PATH, REPORTS_PATH};

/// The scopes of which one is needed for each operation.
#[derive(Debug, Clone, Copy)]
pub struct OperationScopes<'a> {
    /// To send, and to pull reports.
    pub send: &'a [&'a str],
    /// To read the logs.
    pub logs: &'a [&'a str],
}

/// Describes a sandbox with some choices.
#[must_use]
pub fn document(choices: Choices, scopes: OperationScopes<'_>) -> Value {
    let mut schemas = schemas::of_requests(choices);
    schemas.insert("Response".to_owned(), schemas::of_answers::<Response>());
    schemas.insert("DeliveryReports".to_owned(), schemas::of_answers::<DeliveryReports>());
    schemas.insert("LogsPage".to_owned(), schemas::of_answers::<LogsPage>());
    schemas.insert("InboundMessages".to_owned(), schemas::of_answers::<InboundMessages<InboundResult<'static>>>());
    schemas.insert("ApiError".to_owned(), schemas::of_answers::<ApiError>());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "sendform sandbox",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "An embedded gateway for Instagram messages, for trying things out: nothing that is sent to \
                it leaves the machine. The doors under `/sandbox/`, for testers, are not described here.",
        },
        "servers": [{ "url": "/" }],
        "security": SCHEMES.map(|scheme| json!({ scheme: [] })),
        "paths": {
            MESSAGES_PATH: { "post": send(scopes.send) },
            REPORTS_PATH: { "get": reports(scopes.send) },
            LOGS_PATH: { "get": logs(scopes.logs) },
        },
        "webhooks": webhooks::of_sandbox(),
        "components": { "schemas": schemas, "securitySchemes": security_schemes() },
    })
}

fn send(scopes: &[&str]) -> Value {
    json!({
        "operationId": "send",
        "summary": "Sends messages",
        "description": format!(
            "Takes one or more messages in as one bulk, which is sent by its schedule, speed, delivery windows and \
             validity. A 200 says of each message whether it was taken, and not whether it arrives. {}", needed(scopes)
        ),
        "x-scopes": scopes,
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": schemas::reference("Request") } },
        },
        "responses": answers("Response", "What became of each message, in their order", &[400, 401, 403, 413, 415, 421, 500]),
    })
}

fn reports(scopes: &[&str]) -> Value {
    json!({
        "operationId": "reports",
        "summary": "Hands out delivery reports",
        "description": format!(
            "Of messages that came to their end in the last 48 hours, those that ended first before all others. Each \
             report is handed out once. {}", needed(scopes)
        ),
        "x-scopes": scopes,
        "parameters": parameters::of_reports(),
        "responses": answers("DeliveryReports", "Reports that nobody was given before", &[400, 401, 403, 421, 500]),
    })
}

fn logs(scopes: &[&str]) -> Value {
    json!({
        "operationId": "logs",
        "summary": "Reads the logs",
        "description": format!(
            "Messages of the last 48 hours, the newest first, as often as is asked. {}", needed(scopes)
        ),
        "x-scopes": scopes,
        "parameters": parameters::of_logs(),
        "responses": answers("LogsPage", "A page of messages", &[400, 401, 403, 421, 429, 500]),
    })
}

fn needed(scopes: &[&str]) -> String {
    format!("A credential that has scopes needs one of these: `{}`.", scopes.join("`, `"))
}

/// The answers of an operation: a 200, and errors.
fn answers(schema: &str, description: &str, errors: &[u16]) -> Map<String, Value> {
    let ok = json!({
        "description": description,
        "content": { "application/json": { "schema": schemas::reference(schema) } },
    });
    let errors = errors.iter().map(|status| (status.to_string(), error(*status)));
    std::iter::once(("200".to_owned(), ok)).chain(errors).collect()
}

fn error(status: u16) -> Value {
    let mut answer = json!({
        "description": when(status),
        "content": { "application/json": { "schema": schemas::reference("ApiError") } },
    });
    let header = match status {
        401 => Some(("WWW-Authenticate", "string", "Which kinds of credentials are taken")),
        403 => Some(("x-sendform-sandbox-scopes", "string", "Which scopes would have done")),
        429 => Some(("Retry-After", "integer", "After how many seconds to come again")),
        _ => None,
    };
    if let Some((name, kind, description)) = header {
        let header = json!({ name: { "description": description, "schema": { "type": kind } } });
        answer.as_object_mut().map(|answer| answer.insert("headers".to_owned(), header));
    }
    answer
}

/// When an error is answered.
fn when(status: u16) -> &'static str {
    match status {
        400 => "Something of the request is not as it is described here; `violations` says what",
        401 => "There is no credential, or none that the sandbox knows",
        403 => "The credential has scopes, and none that would do",
        413 => "The body is larger than the sandbox takes",
        415 => "The body does not say that it is JSON",
        421 => "The request is for a host that is not a name of the sandbox",
        429 => "The logs were asked too often in the last minute",
        500 => "The sandbox has failed, or was told to answer as if it had",
        _ => "The request was not served",
    }
}

/// The kinds of credentials, by the names that they have in the document.
const SCHEMES: [&str; 4] = ["App", "Basic", "Bearer", "IBSSO"];

fn security_schemes() -> Value {
    let header = |description: &str| json!({ "type": "apiKey", "in": "header", "name": "Authorization", "description": description });
    json!({
        "App": header("An API key: `Authorization: App KEY`."),
        "Basic": { "type": "http", "scheme": "basic", "description": "A user and a password." },
        "Bearer": { "type": "http", "scheme": "bearer", "description": "A token; the sandbox gives none out." },
        "IBSSO": header("The token of a session: `Authorization: IBSSO TOKEN`; the sandbox gives none out."),
    })
}

#[cfg(test)]
mod tests;
