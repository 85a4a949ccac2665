//! The tables of all keys, from the schemas.

use serde_json::Value;

/// What has a table of its own, because it stands in several places.
const SHARED: [(&str, &str); 2] = [("Audience", "An audience"), ("Schedule", "A schedule")];

/// The tables of both files, and of what stands in both.
pub(super) fn tables() -> String {
    let schema = |file: &str| -> Value {
        serde_json::from_str(&super::read(&format!("schema/{file}.schema.json"))).expect("a schema is JSON")
    };
    let (project, campaign) = (schema("project"), schema("campaign"));
    let mut text = table("In `sendform.yaml`", &project, &project) + &table("In a campaign", &campaign, &campaign);
    for (name, heading) in SHARED {
        text += &table(heading, &campaign, &campaign["$defs"][name]);
    }
    text
}

fn table(heading: &str, schema: &Value, node: &Value) -> String {
    let mut rows = Vec::new();
    collect(schema, node, "", &mut rows);
    format!("### {heading}\n\n| key | what it says |\n| --- | --- |\n{}\n", rows.concat())
}

/// Adds a row for each key of an object, and of those within it.
fn collect(schema: &Value, node: &Value, before: &str, rows: &mut Vec<String>) {
    let required: Vec<&str> = node["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, property) in node["properties"].as_object().into_iter().flatten() {
        let path = format!("{before}{key}");
        let mut says = property["description"].as_str().expect("a key says what it is").replace('|', "\\|");
        if required.contains(&key.as_str()) {
            says += " Required.";
        }
        let (inner, end) = inner(property);
        let target = resolved(schema, inner);
        let choices = choices(target);
        if !choices.is_empty() {
            says = format!("{says} One of {}.", choices.join(", "));
        }
        let shared = SHARED.iter().find(|(name, _)| refers(inner, name));
        if let Some((_, heading)) = shared {
            let heading = heading.to_lowercase();
            says = format!("{says} See [{heading}](#{}).", heading.replace(' ', "-"));
        }
        rows.push(format!("| `{path}` | {says} |\n"));
        if shared.is_none() {
            collect(schema, target, &format!("{path}{end}."), rows);
        }
    }
}

/// What a key holds: itself, or what its list or its mapping of names has, and how that is written.
fn inner(property: &Value) -> (&Value, &'static str) {
    if property["items"].is_object() {
        (&property["items"], "[]")
    } else if property["additionalProperties"].is_object() {
        (&property["additionalProperties"], ".<name>")
    } else {
        (property, "")
    }
}

fn refers(property: &Value, name: &str) -> bool {
    property["$ref"].as_str().is_some_and(|path| path.ends_with(&format!("/{name}")))
}

fn resolved<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    property["$ref"].as_str().map_or(property, |path| &schema["$defs"][path.trim_start_matches("#/$defs/")])
}

/// The values that there are, where there are but a few.
fn choices(node: &Value) -> Vec<String> {
    let listed = node["enum"].as_array().into_iter().flatten();
    let told = node["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["const"]);
    listed.chain(told).filter_map(Value::as_str).map(|value| format!("`{value}`")).collect()
}
