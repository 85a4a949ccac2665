//! An API's description as facts: one for each place of which it says something.

use std::collections::BTreeMap;

use serde_json::Value;

/// Takes a description apart.
pub(super) fn facts(document: &Value) -> BTreeMap<String, String> {
    let mut facts = Facts { document, found: BTreeMap::new() };
    for (path, operations) in object(&document["paths"]) {
        for (method, operation) in object(operations) {
            facts.operation(method, path, operation);
        }
    }
    for (_, operations) in object(&document["webhooks"]) {
        facts.webhook(&operations["post"]);
    }
    facts.inside("error", &document["components"]["schemas"]["ApiError"]);
    for (name, scheme) in object(&document["components"]["securitySchemes"]) {
        let text = |key: &str| scheme[key].as_str().unwrap_or_default();
        let kind = match text("type") {
            "apiKey" => format!("{} {}", text("in"), text("name")),
            kind => format!("{kind} {}", text("scheme")),
        };
        facts.found.insert(format!("credential {name}"), kind);
    }
    facts.found
}

struct Facts<'d> {
    document: &'d Value,
    found: BTreeMap<String, String>,
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The names of the forms of a content.
fn media(content: &Value) -> String {
    object(content).map(|(media, _)| media.as_str()).collect::<Vec<_>>().join(" ")
}

fn words<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    let words: Vec<&str> = values.into_iter().filter_map(Value::as_str).collect();
    words.join(" ")
}

fn has(list: &Value, name: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item == name))
}

impl<'d> Facts<'d> {
    fn operation(&mut self, method: &str, path: &str, operation: &'d Value) {
        let id = operation["operationId"].as_str().expect("an operation has a name");
        let mut add = |place: String, fact: String| drop(self.found.insert(place, fact));
        add(id.to_owned(), format!("{} {path}", method.to_uppercase()));
        add(format!("{id} scopes"), words(operation["x-scopes"].as_array().into_iter().flatten()));
        let credentials = self.document["security"].as_array().into_iter().flatten();
        let credentials: Vec<_> = credentials.flat_map(object).map(|(name, _)| name.as_str()).collect();
        add(format!("{id} credentials"), credentials.join(" "));
        let body = &operation["requestBody"];
        if body.is_object() {
            let required = if body["required"] == true { ", required" } else { "" };
            add(format!("{id} body"), format!("{}{required}", media(&body["content"])));
            self.inside(&format!("{id} body"), &body["content"]["application/json"]["schema"]);
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().expect("a parameter has a name");
            self.schema(&format!("{id} ?{name}"), &parameter["schema"], parameter["required"] == true);
        }
        for (status, answer) in object(&operation["responses"]) {
            self.found.insert(format!("{id} {status}"), media(&answer["content"]));
            if status == "200" {
                self.inside(&format!("{id} 200"), &answer["content"]["application/json"]["schema"]);
            }
        }
    }

    /// What is posted, and how it is taken.
    fn webhook(&mut self, operation: &'d Value) {
        let id = operation["operationId"].as_str().expect("an operation has a name");
        let body = &operation["requestBody"];
        let required = if body["required"] == true { ", required" } else { "" };
        self.found.insert(format!("{id} body"), format!("{}{required}", media(&body["content"])));
        self.inside(&format!("{id} body"), &body["content"]["application/json"]["schema"]);
        for (status, answer) in object(&operation["responses"]) {
            let content = Some(media(&answer["content"])).filter(|media| !media.is_empty());
            self.found.insert(format!("{id} {status}"), content.unwrap_or_else(|| "no body".to_owned()));
        }
    }

    /// A schema behind its name, and whether it may be null.
    fn resolved(&self, schema: &'d Value) -> (&'d Value, bool) {
        if let Some(path) = schema["$ref"].as_str() {
            return self.resolved(self.document.pointer(path.trim_start_matches('#')).expect("a schema"));
        }
        if let Some(choices) = schema["anyOf"].as_array().filter(|_| schema.get("type").is_none()) {
            return (self.resolved(&choices[0]).0, choices[1]["type"] == "null");
        }
        (schema, has(&schema["type"], "null"))
    }

    fn schema(&mut self, place: &str, schema: &'d Value, is_required: bool) {
        let (resolved, is_nullable) = self.resolved(schema);
        let required = if is_required { ", required" } else { "" };
        let null = if is_nullable { ", or null" } else { "" };
        let default = schema.get("default").map(|value| format!(", else {}", value.to_string().trim_matches('"')));
        let default = default.unwrap_or_default();
        self.found.insert(place.to_owned(), format!("{}{default}{required}{null}", said(resolved)));
        self.inside(place, schema);
    }

    fn inside(&mut self, place: &str, schema: &'d Value) {
        let (schema, _) = self.resolved(schema);
        if let Some(kinds) = schema["oneOf"].as_array() {
            return self.kinds(place, kinds);
        }
        if schema.get("items").is_some() {
            self.schema(&format!("{place}[]"), &schema["items"], false);
        }
        for (name, property) in object(&schema["properties"]) {
            self.schema(&format!("{place}.{name}"), property, has(&schema["required"], name));
        }
    }

    /// Objects that are told apart by their `type`.
    fn kinds(&mut self, place: &str, kinds: &'d [Value]) {
        let names = words(kinds.iter().map(|kind| &kind["properties"]["type"]["const"]));
        let is_required = kinds.iter().all(|kind| has(&kind["required"], "type"));
        let required = if is_required { ", required" } else { "" };
        self.found.insert(format!("{place}.type"), format!("text, one of {names}{required}"));
        for kind in kinds {
            let name = words([&kind["properties"]["type"]["const"]]);
            for (field, property) in object(&kind["properties"]).filter(|(field, _)| *field != "type") {
                self.schema(&format!("{place}({name}).{field}"), property, has(&kind["required"], field));
            }
        }
    }
}

/// What a schema says of a value, in words.
fn said(schema: &Value) -> String {
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    let number = |key: &str| schema[key].as_i64();
    let mut said = vec![match (kind, schema["format"].as_str()) {
        ("integer", Some("int32")) => "integer of 32 bits".to_owned(),
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", None) => "text".to_owned(),
        ("array", None) => "list".to_owned(),
        ("boolean", None) => "yes or no".to_owned(),
        ("object" | "number", None) => kind.to_owned(),
        (kind, format) => format!("{kind} {format:?}"),
    }];
    match (number("minimum"), number("maximum")) {
        (Some(min), Some(max)) => said.push(format!("{min} to {max}")),
        (Some(min), None) => said.push(format!("at least {min}")),
        (None, Some(max)) => said.push(format!("at most {max}")),
        (None, None) => {}
    }
    for (key, words, unit) in [
        ("minLength", "at least", " characters"),
        ("maxLength", "at most", " characters"),
        ("minItems", "at least", ""),
        ("maxItems", "at most", ""),
    ] {
        said.extend(number(key).filter(|bound| *bound > 0).map(|bound| format!("{words} {bound}{unit}")));
    }
    said.extend(schema.get("pattern").map(|_| "a pattern".to_owned()));
    if let Some(names) = schema["enum"].as_array() {
        said.push(format!("one of {}", words(names)));
    }
    said.join(", ")
}
