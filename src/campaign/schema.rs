//! The JSON Schemas of the language, generated from [`super::raw`]: what editors complete and
//! explain with, and what [`super::schema_check`] validates with.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use super::raw;

/// The schema of a campaign file (JSON Schema, draft 2020-12), as text with a final newline; always
/// the same bytes.
#[must_use]
pub fn campaign_schema() -> String {
    text(&CAMPAIGN)
}

/// The schema of a project file, in the form of [`campaign_schema`].
#[must_use]
pub fn project_schema() -> String {
    text(&PROJECT)
}

/// The schema of a campaign file.
pub(super) static CAMPAIGN: LazyLock<Value> = LazyLock::new(|| generate::<raw::Campaign>("sendform campaign"));
/// The schema of a project file.
pub(super) static PROJECT: LazyLock<Value> = LazyLock::new(|| generate::<raw::Project>("sendform project"));

fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn generate<T: JsonSchema>(title: &str) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with_transform(RecursiveTransform(refuse_null))
        .with_transform(RecursiveTransform(list_words))
        .with_transform(RecursiveTransform(plain_numbers))
        .with_transform(RecursiveTransform(explain_patterns))
        .with_transform(RecursiveTransform(one_line));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

/// A key that may be left out may not be empty. (An `anyOf` with null would also hide every error
/// inside of it.)
fn refuse_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [single] = types.as_slice() {
            let single = single.clone();
            object.insert("type".to_owned(), single);
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let Some(Value::Array(choices)) = object.get("anyOf") else { return };
    let others: Vec<Value> = choices.iter().filter(|choice| !is_null(choice)).cloned().collect();
    if let [Value::Object(only)] = others.as_slice() {
        object.remove("anyOf");
        merge(object, only);
    }
}

fn is_null(choice: &Value) -> bool {
    choice.get("type").is_some_and(|name| name == "null")
}

/// Takes the keywords of another schema; what is said nearer to the key stays.
fn merge(object: &mut Map<String, Value>, other: &Map<String, Value>) {
    for (keyword, value) in other {
        object.entry(keyword.clone()).or_insert_with(|| value.clone());
    }
}

/// A choice of words is an `enum`, whose error lists the words; the words' own descriptions go
/// where editors look for them.
pub(crate) fn list_words(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    let Some(Value::Array(choices)) = object.get("oneOf") else { return };
    let words: Option<Vec<Value>> = choices.iter().map(|choice| choice.get("const").cloned()).collect();
    let Some(words) = words else { return };
    let descriptions: Vec<Value> =
        choices.iter().map(|choice| choice.get("description").cloned().unwrap_or_else(|| "".into())).collect();
    object.remove("oneOf");
    object.insert("type".to_owned(), "string".into());
    object.insert("enum".to_owned(), words.into());
    object.insert("enumDescriptions".to_owned(), descriptions.into());
}

/// Formats of Rust's numbers say nothing that the bounds do not, and editors warn of them.
pub(crate) fn plain_numbers(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    let is_integer = |name: &Value| name == "integer";
    let names = object.get("type");
    if names.is_some_and(|names| is_integer(names) || names.as_array().is_some_and(|list| list.iter().any(is_integer)))
    {
        object.remove("format");
    }
}

/// Editors, and we, say in words which form a text must have.
fn explain_patterns(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    let explanation = object.get("pattern").and_then(Value::as_str).and_then(raw::pattern::explanation);
    if let Some(explanation) = explanation {
        object.insert("patternErrorMessage".to_owned(), explanation.into());
    }
}

/// Comments are broken where the line ends; descriptions only at paragraphs.
pub(crate) fn one_line(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.split("\n\n").map(|part| part.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{CAMPAIGN, PROJECT, campaign_schema, project_schema};

    #[test]
    fn the_committed_schemas_are_fresh() {
        assert_eq!(campaign_schema(), include_str!("../../schema/campaign.schema.json"));
        assert_eq!(project_schema(), include_str!("../../schema/project.schema.json"));
    }

    /// Calls a function on every schema inside of a value, with its path.
    fn each(path: &str, value: &Value, call: &mut impl FnMut(&str, &serde_json::Map<String, Value>)) {
        match value {
            Value::Object(object) => {
                call(path, object);
                object.iter().for_each(|(key, value)| each(&format!("{path}/{key}"), value, call));
            }
            Value::Array(items) => items.iter().for_each(|item| each(path, item, call)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_key_is_explained() {
        for schema in [&*CAMPAIGN, &*PROJECT] {
            let mut silent = BTreeSet::new();
            each("", schema, &mut |path, object| {
                if path.rsplit('/').nth(1) == Some("properties") && !object.contains_key("description") {
                    silent.insert(path.to_owned());
                }
            });
            assert_eq!(silent, BTreeSet::new());
        }
    }

    #[test]
    fn no_error_hides_behind_a_choice() {
        for schema in [&*CAMPAIGN, &*PROJECT] {
            each("", schema, &mut |path, object| {
                assert!(!object.contains_key("anyOf"), "{path}");
                let branches = object.get("oneOf").and_then(Value::as_array);
                let only_required =
                    |branch: &Value| branch.as_object().is_some_and(|keys| keys.keys().eq(["required"]));
                assert!(branches.is_none_or(|branches| branches.iter().all(only_required)), "{path}");
                assert!(object.get("default") != Some(&Value::Null), "{path}");
                let explained = object.get("pattern").is_none_or(|_| object.contains_key("patternErrorMessage"));
                assert!(explained || path.ends_with("/properties"), "{path}");
                let closed = object.get("properties").is_none_or(|_| object.contains_key("additionalProperties"));
                assert!(closed, "{path}");
            });
        }
    }
}
