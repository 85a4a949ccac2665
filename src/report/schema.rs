//! The JSON Schema of all documents.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::campaign::schema::{list_words, one_line, plain_numbers};

use super::apply::ApplyReport;
use super::doctor::DoctorReport;
use super::document::{FORMAT_VERSION, Report};
use super::event::EventReport;
use super::failure::FailureReport;
use super::files::{InitReport, SchemaReport};
use super::ledger::import::LedgerImportReport;
use super::ledger::rebind::LedgerRebindReport;
use super::ledger::recover::LedgerRecoverReport;
use super::ledger::setup::{LedgerCopyReport, LedgerInitReport, LedgerMergeReport};
use super::ledger::verify::LedgerVerifyReport;
use super::log::LogReport;
use super::overview::OverviewReport;
use super::plan::PlanReport;
use super::reconcile::ReconcileReport;
use super::resolve::ResolveReport;
use super::sandbox::SandboxReport;
use super::status::StatusReport;
use super::stops::{ResumeReport, StopReport};
use super::validation::ValidationReport;

/// The schema of what commands print with `--format json` (JSON Schema, draft 2020-12), as text with a final newline;
/// always the same bytes.
#[must_use]
pub fn output_schema() -> String {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(list_words))
        .with_transform(RecursiveTransform(plain_numbers))
        .with_transform(RecursiveTransform(one_line));
    let mut schema = settings.into_generator().into_root_schema_for::<AnyReport>();
    schema.insert("title".to_owned(), "sendform output".into());
    format!("{:#}\n", schema.to_value())
}

/// A document of any kind.
struct AnyReport;

impl JsonSchema for AnyReport {
    fn schema_name() -> Cow<'static, str> {
        "AnyReport".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds = [
            kind::<PlanReport<'_>>(generator),
            kind::<ApplyReport<'_>>(generator),
            kind::<ValidationReport<'_>>(generator),
            kind::<StatusReport<'_>>(generator),
            kind::<LogReport<'_>>(generator),
            kind::<ReconcileReport>(generator),
            kind::<ResolveReport<'_>>(generator),
            kind::<StopReport>(generator),
            kind::<ResumeReport>(generator),
            kind::<LedgerInitReport<'_>>(generator),
            kind::<LedgerVerifyReport>(generator),
            kind::<LedgerImportReport>(generator),
            kind::<LedgerMergeReport>(generator),
            kind::<LedgerCopyReport<'_>>(generator),
            kind::<LedgerRebindReport>(generator),
            kind::<LedgerRecoverReport>(generator),
            kind::<InitReport>(generator),
            kind::<SchemaReport>(generator),
            kind::<SandboxReport<'_>>(generator),
            kind::<OverviewReport>(generator),
            kind::<DoctorReport>(generator),
            kind::<EventReport>(generator),
            kind::<FailureReport<'_>>(generator),
        ];
        let major = FORMAT_VERSION.split('.').next().unwrap_or_default();
        let version = json!({
            "description": "The version of the format; within one major version fields are only added.",
            "type": "string",
            "pattern": format!("^{major}\\.[0-9]+$"),
        });
        json_schema!({
            "description": "What a command prints with --format json, or writes with --write json=FILE.",
            "type": "object",
            "properties": { "formatVersion": version },
            "required": ["formatVersion"],
            "oneOf": kinds,
        })
    }
}

/// The schema of the documents of one kind.
fn kind<R: Report>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = R::json_schema(generator);
    schema.insert("title".to_owned(), R::KIND.into());
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("kind".to_owned(), json!({ "description": "What the document is.", "const": R::KIND }));
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.insert(0, "kind".into());
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::output_schema;

    #[test]
    fn the_committed_schema_is_fresh() {
        assert_eq!(output_schema(), include_str!("../../schema/output.schema.json"));
    }

    /// Collects the paths of all properties that nothing is said of; a constant speaks for itself.
    fn silent(path: &str, value: &Value, found: &mut Vec<String>) {
        for (name, property) in value.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if property.get("description").is_none() && property.get("const").is_none() {
                found.push(format!("{path}/{name}"));
            }
        }
        match value {
            Value::Object(object) => {
                object.iter().for_each(|(key, value)| silent(&format!("{path}/{key}"), value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| silent(path, item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_key_is_explained() {
        let schema = serde_json::from_str(&output_schema()).unwrap();
        let mut found = Vec::new();
        silent("", &schema, &mut found);
        assert_eq!(found, [""; 0]);
    }
}
