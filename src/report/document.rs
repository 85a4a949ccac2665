//! The document of JSON that a command gives: one report, with its kind and the version of all forms.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;

use super::sanitize::harmless_json;

/// The version of all documents. Within one major version fields are only added.
pub const FORMAT_VERSION: &str = "2.0";

/// What a command has to say, as plain data: built once from what happened, and put into a form afterwards.
/// No form sees what may not be shown; what one form alone needs is left out of the document.
pub trait Report: Serialize + JsonSchema {
    /// The `kind` of its document.
    const KIND: &'static str;
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a, R> {
    format_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    report: &'a R,
}

/// Writes a report as JSON, its keys in alphabetical order, with a final newline. It loses nothing, and nothing in
/// it steers a terminal or a log.
#[must_use]
pub fn json<R: Report>(report: &R) -> String {
    let document = Document { format_version: FORMAT_VERSION, kind: R::KIND, report };
    pretty(&serde_json::to_value(&document).expect("a report is plain data with text as keys"))
}

/// Writes JSON of any form, as [`json`] does.
#[must_use]
pub(super) fn pretty(value: &Value) -> String {
    harmless_json(&format!("{value:#}")) + "\n"
}

/// Writes a report as JSON in one line, as [`json`] does.
#[must_use]
pub fn json_line<R: Report>(report: &R) -> String {
    let document = Document { format_version: FORMAT_VERSION, kind: R::KIND, report };
    let value = serde_json::to_value(&document).expect("a report is plain data with text as keys");
    harmless_json(&value.to_string()) + "\n"
}

/// Describes an instant in the schema; in a document it is written as RFC 3339 has it.
pub(super) struct DateTime;

impl JsonSchema for DateTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DateTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}
