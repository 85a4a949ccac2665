//! The bodies of answers, in the API's forms.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::bulk::AcceptedBulk;
use super::status;
use crate::wire::error::{ApiError, Resource, Violation};

/// The documentation to which errors point.
const DOCS: &str = "https://www.infobip.com/docs/essentials";

/// How many bytes of a 200 to a send are about one message, if it has ids of usual lengths.
pub const MESSAGE_BYTES: usize = 256;

/// The body of a 200 to a send, with all its texts where they lie already.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedAnswer<'a> {
    /// The bulkId.
    pub bulk_id: &'a str,
    /// What became of each message.
    pub messages: Vec<MessageAnswer<'a>>,
}

/// What became of one message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageAnswer<'a> {
    message_id: &'a str,
    status: Cow<'static, RawValue>,
    destination: &'a str,
}

/// The status of nearly every message, written once.
static PENDING: LazyLock<Box<RawValue>> = LazyLock::new(|| written(status::PENDING_ACCEPTED));

/// A status as it is written.
fn written(id: u16) -> Box<RawValue> {
    to_raw_value(&status::status(id)).expect("a status of texts and numbers can be written")
}

/// The body of a 200 to a send.
#[must_use]
pub fn accepted<'a>(bulk: &'a AcceptedBulk<'_>) -> AcceptedAnswer<'a> {
    let messages = bulk.table.messages.iter().enumerate().map(|(position, message)| MessageAnswer {
        message_id: &message.message_id,
        status: match bulk.rejection(position) {
            Some(rejection) => Cow::Owned(written(rejection)),
            None => Cow::Borrowed(&**PENDING),
        },
        destination: &message.to,
    });
    AcceptedAnswer { bulk_id: &bulk.header.bulk_id, messages: messages.collect() }
}

/// The body of a 400.
#[must_use]
pub fn bad_request(violations: Vec<Violation>) -> ApiError {
    ApiError { violations, ..error(400) }
}

/// The body of an error with a status, as far as the API has one for it.
#[must_use]
pub fn error(http_status: u16) -> ApiError {
    let (description, action, page) = match http_status {
        400 => ("Request cannot be processed.", "Check the syntax, violations and adjust the request.", None),
        401 => (
            "The request lacks valid authentication credentials for the requested resource.",
            "Check the resources and adjust authentication credentials.",
            Some(("API Authentication", "api-authentication")),
        ),
        403 => (
            "Insufficient permissions to access the requested resource.",
            "Repeat the request with new or different credentials.",
            Some(("API Scopes", "api-essentials/api-authorization#api-scopes")),
        ),
        404 => ("Requested resource not found.", "Check the path of the request.", None),
        405 => ("Request method is not allowed.", "Check the method of the request.", None),
        409 => ("Request contradicts what has happened.", "Check the violations.", None),
        413 => ("Request is too large.", "Split the request.", None),
        415 => ("Media type is not supported.", "Send the request as application/json.", None),
        421 => ("Request is for another host.", "Name the host to the sandbox with --host.", None),
        429 => (
            "Too many requests sent.",
            "Check request rate limit specified in the API endpoint documentation resource.",
            Some(("Throttling handling errors", "integration-best-practices#throttling-handling-errors")),
        ),
        500 => ("Something went wrong.", "Contact the support.", None),
        _ => ("Request was not served.", "", None),
    };
    let resources = page.map(|(name, path)| Resource { name: name.to_owned(), url: format!("{DOCS}/{path}") });
    ApiError {
        error_code: format!("E{http_status}"),
        description: description.to_owned(),
        action: action.to_owned(),
        violations: Vec::new(),
        resources: resources.into_iter().collect(),
    }
}
