//! Error bodies: the API's own form, and the older envelope that some services still answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An error, in the API's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiError {
    /// The code, for example `E400`.
    pub error_code: String,
    /// What went wrong.
    pub description: String,
    /// What to do.
    #[serde(default)]
    pub action: String,
    /// What in the request is to blame.
    #[serde(default)]
    pub violations: Vec<Violation>,
    /// Further reading.
    #[serde(default)]
    pub resources: Vec<Resource>,
}

/// One thing in a request that is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// Its path, for example `messages[0].content.text`.
    pub property: String,
    /// What is wrong with it.
    pub violation: String,
}

/// A page to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
}

impl ApiError {
    /// Reads an error body in either form; `None` if it is neither.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().or_else(|| serde_json::from_slice::<LegacyError>(body).ok().map(Into::into))
    }
}

impl Violation {
    /// The number of the message whose person is to blame, from 0; `None` if it names no message, or a part
    /// that all messages of a request share.
    #[must_use]
    pub fn message_index(&self) -> Option<usize> {
        let tail = self.property.trim_start_matches("$.").strip_prefix("messages[")?;
        let (digits, part) = tail.split_once(']')?;
        let is_shared = SHARED.iter().any(|shared| {
            let rest = part.strip_prefix(shared);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        let is_number = !is_shared && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    }
}

/// What all messages of a request have alike: nobody in particular is to blame for it.
const SHARED: [&str; 5] = [".sender", ".options", ".content.type", ".webhooks.delivery", ".webhooks.contentType"];

/// The older form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LegacyError {
    request_error: RequestError,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestError {
    service_exception: ServiceException,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceException {
    message_id: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    validation_errors: std::collections::BTreeMap<String, Vec<String>>,
}

impl From<LegacyError> for ApiError {
    fn from(envelope: LegacyError) -> Self {
        let exception = envelope.request_error.service_exception;
        let violations = exception.validation_errors.into_iter().flat_map(|(property, texts)| {
            texts.into_iter().map(move |violation| Violation { property: property.clone(), violation })
        });
        Self {
            violations: violations.collect(),
            error_code: exception.message_id,
            description: exception.text,
            action: String::new(),
            resources: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiError, Violation};

    #[test]
    fn both_forms_are_read() {
        let body = br#"{"errorCode":"E400","description":"d","action":"a","violations":[{"property":"messages[3].content.text","violation":"v"}],"resources":[],"more":1}"#;
        let error = ApiError::read(body).unwrap();
        assert_eq!(error.violations.first().and_then(Violation::message_index), Some(3));
        let old = br#"{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request","validationErrors":{"messages[1].destinations":["may not be empty"]}}}}"#;
        let error = ApiError::read(old).unwrap();
        assert_eq!((error.error_code.as_str(), error.description.as_str()), ("BAD_REQUEST", "Bad request"));
        assert_eq!(error.violations.first().and_then(Violation::message_index), Some(1));
        assert_eq!(ApiError::read(b"<html>"), None);
    }

    #[test]
    fn a_violation_may_name_no_message() {
        let index =
            |property: &str| Violation { property: property.to_owned(), violation: String::new() }.message_index();
        assert_eq!(index("$.messages[0]"), Some(0));
        assert_eq!(index("options.schedule"), None);
        assert_eq!(index("messages"), None);
        assert_eq!(index("messages[x]"), None);
        assert_eq!(index("messages[7].senders"), Some(7));
        assert_eq!(index("messages[7].webhooks.callbackData"), Some(7));
        for shared in ["sender", "options.platform.entityId", "webhooks.delivery.url", "content.type"] {
            assert_eq!(index(&format!("messages[7].{shared}")), None, "{shared} is everybody's");
        }
    }
}
