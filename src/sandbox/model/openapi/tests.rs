//! What the document says is what the rules for bodies do: at each bound and one beyond it, and anywhere else.

use std::collections::BTreeMap;

use proptest::prelude::{Strategy as _, any, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Just;
use serde_json::{Value, json};

use super::{OperationScopes, document};
use crate::sandbox::model::answer;
use crate::sandbox::model::check::{Rules, check};
use crate::sandbox::model::sample::full;
use crate::wire::choices::{Choices, Nulls, OvernightWindow, SendAtForms, UnknownFieldRule};

const SCOPES: OperationScopes<'static> = OperationScopes { send: &["s"], logs: &["l"] };

fn choices(nulls: Nulls, unknown_fields: UnknownFieldRule) -> Choices {
    // Whether an end is before its beginning is said in words only.
    Choices { nulls, unknown_fields, overnight_window: OvernightWindow::Accept, ..Choices::default() }
}

fn all_choices() -> impl Iterator<Item = Choices> {
    let unknown = [UnknownFieldRule::Ignore, UnknownFieldRule::Refuse];
    [Nulls::Ignore, Nulls::Refuse].into_iter().flat_map(move |nulls| unknown.map(|unknown| choices(nulls, unknown)))
}

/// What an error says is one thing, and when it is answered is another: the one is the API's, the other is ours.
#[test]
fn each_error_is_described_in_words_of_its_own() {
    let document = document(Choices::default(), SCOPES);
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut described = BTreeMap::new();
    for (status, answer) in operations.flat_map(|operation| operation["responses"].as_object().unwrap()) {
        let status: u16 = status.parse().unwrap();
        let words = answer["description"].as_str().unwrap();
        let body = answer::error(status).description;
        assert_ne!(words, body.trim_end_matches('.'), "{status}");
        assert_ne!(words, body, "{status}");
        if status != 200 {
            assert_eq!(*described.entry(words).or_insert(status), status, "{words}");
        }
    }
    assert_eq!(described.len(), 8, "{described:?}");
}

/// The schema of the body of a send, on its own.
fn body_schema(document: &Value) -> Value {
    json!({ "$ref": "#/components/schemas/Request", "components": document["components"] })
}

/// What is said of fields by rules that stand in words only.
const IN_WORDS: [&str; 4] = ["must differ from", "must be after", "must be no later", "must not be in the past"];

/// Why a body is refused by rules that a schema can have; those in words are left out.
fn refused(body: &Value, choices: Choices) -> Option<Vec<String>> {
    let rules = Rules { now: "2026-11-30T12:00:00Z".parse().unwrap(), choices, invalid: &[] };
    let violations = check(body.to_string().as_bytes(), &rules).err()?;
    let is_in_words = |violation: &str| IN_WORDS.iter().any(|begin| violation.starts_with(begin));
    let lines = violations.iter().filter(|one| !is_in_words(&one.violation));
    let lines: Vec<_> = lines.map(|one| format!("{}: {}", one.property, one.violation)).collect();
    (!lines.is_empty()).then_some(lines)
}

/// A change of the full body, and whether the document says that the body is still good.
struct Case {
    pointer: String,
    /// Nothing takes the field away.
    value: Option<Value>,
    is_good: bool,
    rule: &'static str,
}

/// Goes through a schema and a value that is good, and finds what the schema says of each place.
struct Walk<'d> {
    document: &'d Value,
    cases: Vec<Case>,
}

impl Walk<'_> {
    fn add(&mut self, pointer: &str, rule: &'static str, is_good: bool, value: Option<Value>) {
        self.cases.push(Case { pointer: pointer.to_owned(), value, is_good, rule });
    }

    fn resolved<'s>(&'s self, schema: &'s Value, value: &Value) -> (&'s Value, bool) {
        if let Some(path) = schema["$ref"].as_str() {
            return self.resolved(self.document.pointer(path.trim_start_matches('#')).unwrap(), value);
        }
        if let Some(choices) = schema["anyOf"].as_array().filter(|_| schema.get("type").is_none()) {
            let has_null = choices.iter().any(|choice| choice["type"] == "null");
            return (self.resolved(&choices[0], value).0, has_null);
        }
        if let Some(kinds) = schema["oneOf"].as_array() {
            let kind = kinds.iter().find(|kind| kind["properties"]["type"]["const"] == value["type"]);
            return (kind.expect("each kind of content is there"), false);
        }
        (schema, schema["type"].as_array().is_some_and(|types| types.contains(&json!("null"))))
    }

    fn walk(&mut self, schema: &Value, value: &Value, pointer: &str) {
        let (schema, is_nullable) = self.resolved(schema, value);
        let schema = schema.clone();
        self.add(pointer, "null", is_nullable && !is_end_of_window(pointer), Some(Value::Null));
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("string");
        for (other, sample) in [
            ("boolean", json!(true)),
            ("integer", json!(7)),
            ("number", json!(7.5)),
            ("string", json!("7")),
            ("array", json!([])),
            ("object", json!({})),
        ] {
            if other != kind {
                self.add(pointer, "type", false, Some(sample));
            }
        }
        match kind {
            "string" => self.text(&schema, pointer),
            "integer" => self.number(&schema, pointer),
            "array" => self.list(&schema, value, pointer),
            "object" => self.object(&schema, value, pointer),
            "boolean" => [true, false].iter().for_each(|value| self.add(pointer, "type", true, Some(json!(value)))),
            other => panic!("{pointer} is a {other}"),
        }
    }

    fn text(&mut self, schema: &Value, pointer: &str) {
        if let Some(max) = schema["maxLength"].as_u64() {
            let max = usize::try_from(max).unwrap();
            // Characters count, not bytes.
            self.add(pointer, "maxLength", true, Some("\u{1f600}".repeat(max).into()));
            self.add(pointer, "maxLength", false, Some("\u{1f600}".repeat(max + 1).into()));
        } else if schema.get("enum").is_none() && schema.get("const").is_none() && schema.get("pattern").is_none() {
            self.add(pointer, "no maxLength", true, Some("x".repeat(10_000).into()));
        }
        for name in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            self.add(pointer, "enum", true, Some(name.into()));
            self.add(pointer, "enum", false, Some(format!("{name}S").into()));
        }
        if let Some(name) = schema["const"].as_str() {
            self.add(pointer, "const", false, Some(format!("{name}S").into()));
        }
        let texts: &[(&str, bool)] = match schema["pattern"].as_str() {
            None => &[],
            Some(_) if pointer.ends_with("/sendAt") => &SEND_AT,
            Some(_) => &[("x", true), (" \u{feff}", true), ("", false), ("\u{a0} \u{2003}\n", false)],
        };
        texts.iter().for_each(|(text, is_good)| self.add(pointer, "pattern", *is_good, Some((*text).into())));
    }

    fn number(&mut self, schema: &Value, pointer: &str) {
        for (bound, beyond) in [("minimum", -1), ("maximum", 1)] {
            let edge = schema[bound].as_i64().unwrap_or_else(|| panic!("{pointer} has no {bound}"));
            self.add(pointer, bound, true, Some(edge.into()));
            self.add(pointer, bound, false, Some((edge + beyond).into()));
        }
    }

    fn list(&mut self, schema: &Value, value: &Value, pointer: &str) {
        let items = value.as_array().unwrap();
        let of = |count: usize| -> Option<Value> { Some(items.iter().cycle().take(count).cloned().collect()) };
        let bound = |name: &str| schema[name].as_u64().map(|count| usize::try_from(count).unwrap());
        match bound("minItems") {
            Some(min) => {
                self.add(pointer, "minItems", true, of(min));
                self.add(pointer, "minItems", false, of(min - 1));
            }
            None => self.add(pointer, "no minItems", true, of(0)),
        }
        match bound("maxItems") {
            Some(max) => {
                self.add(pointer, "maxItems", true, of(max));
                self.add(pointer, "maxItems", false, of(max + 1));
            }
            None => self.add(pointer, "no maxItems", true, of(50)),
        }
        for (index, item) in items.iter().enumerate() {
            self.walk(&schema["items"], item, &format!("{pointer}/{index}"));
        }
    }

    fn object(&mut self, schema: &Value, value: &Value, pointer: &str) {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let properties = schema["properties"].as_object().unwrap();
        for (name, inner) in value.as_object().unwrap() {
            let place = format!("{pointer}/{name}");
            let property = properties.get(name).unwrap_or_else(|| panic!("the document has no {place}"));
            assert!(
                pointer.is_empty() || property["description"].is_string() || name == "type",
                "{place} says nothing"
            );
            let is_required = required.contains(&json!(name)) || is_end_of_window(&place);
            self.add(&place, "required", !is_required, None);
            self.walk(property, inner, &place);
        }
        let is_open = schema["additionalProperties"] != false;
        self.add(&format!("{pointer}/andMore"), "additionalProperties", is_open, Some(json!(1)));
    }
}

const SEND_AT: [(&str, bool); 12] = [
    ("2026-12-01T09:00:00.000+0000", true),
    ("2026-12-01T09:00:00.000+01:00", true),
    ("2026-12-01T09:00:00Z", true),
    ("2026-12-01T09:00:00.123456789-0130", true),
    ("2026-12-01T23:59:60Z", true),
    ("2026-12-01T24:00:00Z", false),
    ("2026-12-01T09:60:00Z", false),
    ("2026-13-01T09:00:00Z", false),
    ("2026-12-32T09:00:00Z", false),
    ("2026-12-01 09:00:00Z", false),
    ("2026-12-01T09:00:00.1234567890Z", false),
    ("2026-12-01T09:00:00", false),
];

/// Neither end of a window is there without the other.
fn is_end_of_window(pointer: &str) -> bool {
    pointer.ends_with("/deliveryTimeWindow/from") || pointer.ends_with("/deliveryTimeWindow/to")
}

/// Changes a body at a place.
fn changed(pointer: &str, value: Option<&Value>) -> Value {
    let mut body = full();
    let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", ""));
    if pointer.is_empty() {
        return value.cloned().unwrap_or_default();
    }
    let parent = body.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value.clone())),
        (Value::Object(fields), None) => drop(fields.remove(name)),
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value.clone(),
        (parent, _) => panic!("{pointer}: {parent}"),
    }
    body
}

#[test]
fn every_bound_holds_at_its_edge_and_one_beyond() {
    for choices in all_choices() {
        let document = document(choices, SCOPES);
        let schema = body_schema(&document);
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut walk = Walk { document: &document, cases: Vec::new() };
        walk.walk(&json!({ "$ref": "#/components/schemas/Request" }), &full(), "");
        for Case { pointer, value, is_good, rule } in &walk.cases {
            let body = changed(pointer, value.as_ref());
            let said = format!("{rule} of {pointer}: {value:?} under {choices:?}");
            assert_eq!(validator.is_valid(&body), *is_good, "the document: {said}");
            let refused = refused(&body, choices);
            assert_eq!(refused.is_none(), *is_good, "the sandbox, {refused:?}: {said}");
        }
        let count = |rule: &str| walk.cases.iter().filter(|case| case.rule == rule).count();
        let counts = ["maxLength", "minItems", "maxItems", "minimum", "maximum", "enum", "const", "pattern"].map(count);
        assert_eq!(counts, [24, 14, 6, 12, 12, 30, 8, 28]);
    }
}

#[test]
fn forms_of_dates_are_described_as_they_were_chosen() {
    for (forms, expected) in
        [(SendAtForms::Rfc3339, [true, true, false]), (SendAtForms::Documented, [true, false, false])]
    {
        let choices = Choices { send_at_forms: forms, ..Choices::default() };
        let schema = body_schema(&document(choices, SCOPES));
        let texts = ["2026-12-01T09:00:00.000+0100", "2026-12-01T09:00:00Z", "tomorrow"];
        let bodies = texts.map(|text| changed("/options/schedule/sendAt", Some(&text.into())));
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert_eq!(bodies.each_ref().map(|body| validator.is_valid(body)), expected, "{forms:?}");
        assert_eq!(bodies.each_ref().map(|body| refused(body, choices).is_none()), expected, "{forms:?}");
    }
}

/// All places of a value.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, inner)| places(inner, &format!("{pointer}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| places(inner, &format!("{pointer}/{index}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn anything() -> impl proptest::strategy::Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-2..70_i64).prop_map(Value::from),
        "\\PC{0,90}".prop_map(Value::from),
        proptest::sample::select(vec!["", "TEXT", "IMAGE", "URL", "HOURS", "MONDAY", "application/json"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let names =
            proptest::sample::select(vec!["type", "text", "url", "title", "to", "sender", "hour", "amount", "more"]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((names, inner), 0..4)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    /// Whatever stands at whichever place: the document and the rules say the same of it.
    #[test]
    fn the_document_and_the_rules_agree(at in any::<proptest::sample::Index>(), value in anything(), nulls in any::<bool>(), unknown in any::<bool>()) {
        let nulls = if nulls { Nulls::Ignore } else { Nulls::Refuse };
        let choices = choices(nulls, if unknown { UnknownFieldRule::Ignore } else { UnknownFieldRule::Refuse });
        let mut pointers = Vec::new();
        places(&full(), "", &mut pointers);
        let body = changed(at.get::<String>(&pointers), Some(&value));
        let validator = jsonschema::validator_for(&body_schema(&document(choices, SCOPES))).unwrap();
        let refused = refused(&body, choices);
        prop_assert_eq!(validator.is_valid(&body), refused.is_none(), "{} {:?}", body, refused);
    }
}
