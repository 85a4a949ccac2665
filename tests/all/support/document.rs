//! Documents of JSON, held against the schema of the output.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// The schema, as it is handed to users.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/output.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema can be read");
    serde_json::from_str(&text).expect("the schema is JSON")
});

static WHOLE: LazyLock<Validator> = LazyLock::new(|| compile(&SCHEMA));

/// The same kind by kind, so that an error says what is wrong; and closed, so that nothing is printed that the schema
/// does not have. Users get it open: within one major version fields are added.
static KINDS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let kinds = SCHEMA["oneOf"].as_array().expect("the schema lists kinds").iter().map(|kind| {
        let mut schema = kind.clone();
        schema["properties"]["formatVersion"] = SCHEMA["properties"]["formatVersion"].clone();
        schema["$defs"] = SCHEMA["$defs"].clone();
        close(&mut schema);
        let name = kind["properties"]["kind"]["const"].as_str().expect("a kind has a name");
        (name.to_owned(), compile(&schema))
    });
    kinds.collect()
});

fn compile(schema: &Value) -> Validator {
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(schema).unwrap_or_else(|error| panic!("the schema is none: {error}"))
}

/// Allows no property but those that are listed.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("properties").is_some_and(Value::is_object) && object.get("type") == Some(&json!("object")) {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The kinds of documents that the schema has.
pub(crate) fn kinds() -> Vec<&'static str> {
    KINDS.keys().map(String::as_str).collect()
}

/// Says what is wrong with documents, one after the other: a run that shows a plan and then fails gives two.
fn faults(text: &str) -> Vec<String> {
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let faults: Vec<Vec<String>> = documents
        .map(|document| match document {
            Ok(document) => faults_of(&document),
            Err(error) => vec![format!("it is not JSON: {error}")],
        })
        .collect();
    if faults.is_empty() { vec!["there is no document".to_owned()] } else { faults.concat() }
}

fn faults_of(document: &Value) -> Vec<String> {
    let Some(kind) = document["kind"].as_str().and_then(|kind| KINDS.get(kind)) else {
        return vec![format!("the schema has no kind {}", document["kind"])];
    };
    let mut faults: Vec<String> =
        kind.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if faults.is_empty() && !WHOLE.is_valid(document) {
        faults.push("it is of its kind, but not of the whole schema".to_owned());
    }
    faults
}

/// Fails the test unless all of these are documents as the schema has them.
#[track_caller]
pub(crate) fn check_documents(text: &str) {
    let faults = faults(text);
    assert!(faults.is_empty(), "schema/output.schema.json has another document:\n{}\n{text}", faults.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_schema_lacks_is_found() {
        let check = |document: &Value, expect: &str| assert_eq!(faults(&document.to_string()).join("\n"), expect);
        let mut document = json!({ "formatVersion": "2.1", "kind": "sandbox", "baseUrl": "http://127.0.0.1:1" });
        check(&document, "");
        assert_eq!(faults("\n"), ["there is no document"]);
        document["formatVersion"] = json!("1.0");
        check(&document, "/formatVersion: \"1.0\" does not match \"^2\\.[0-9]+$\"");
        document["formatVersion"] = json!("2.0");
        document["port"] = json!(1);
        check(&document, ": Additional properties are not allowed ('port' was unexpected)");
        check(&json!({ "formatVersion": "2.0", "kind": "ledger-merge" }), ": \"file\" is a required property");
        check(&json!({ "formatVersion": "2.0", "kind": "cake" }), "the schema has no kind \"cake\"");
        assert_eq!(faults("{").len(), 1);
        assert_eq!(faults("{} {}").len(), 2);
    }
}
