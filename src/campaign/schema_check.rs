//! The shape of a file: its tree against the generated JSON Schema, all errors, each at its place.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use super::cursor::Cursor;
use super::explain;
use super::scalar::ScalarReading;
use super::schema;
use super::tree::Scalar;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};

/// How many mistakes are explained; a file with more has one cause for most of them.
const ERRORS_MAX: usize = 100;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    /// A campaign file.
    Campaign,
    /// The project file.
    Project,
}

impl File {
    /// The schema.
    pub(super) fn schema(self) -> &'static Value {
        match self {
            Self::Campaign => &schema::CAMPAIGN,
            Self::Project => &schema::PROJECT,
        }
    }

    fn validator(self) -> &'static Validator {
        static CAMPAIGN: LazyLock<Validator> = LazyLock::new(|| compile(&schema::CAMPAIGN));
        static PROJECT: LazyLock<Validator> = LazyLock::new(|| compile(&schema::PROJECT));
        match self {
            Self::Campaign => &CAMPAIGN,
            Self::Project => &PROJECT,
        }
    }
}

fn compile(schema: &Value) -> Validator {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .offline()
        .build(schema)
        .expect("the generated schema is a schema, as a test shows")
}

/// Validates a tree.
pub(super) fn validate(root: &Cursor<'_>, file: File) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let Some(node) = root.node() else { return diagnostics };
    let json = node.to_json();
    let mut blamed: BTreeSet<String> = BTreeSet::new();
    let mut said: BTreeSet<(Code, String)> = BTreeSet::new();
    let mut explained = 0;
    for error in file.validator().iter_errors(&json) {
        blamed.insert(error.instance_path().as_str().to_owned());
        for diagnostic in explain::explain(&error, root, file.schema(), ERRORS_MAX + 1 - explained) {
            if explained == ERRORS_MAX {
                diagnostics.push(more(root));
                return diagnostics;
            }
            explained += 1;
            // One cause may break several rules of one place: one of them is enough.
            if said.insert((diagnostic.code, key_of(&diagnostic))) {
                diagnostics.push(diagnostic);
            }
        }
    }
    let mut search = ScalarSearch { path: String::new(), blamed, found: Vec::new() };
    search.visit(root);
    let full = search.found.len() >= ERRORS_MAX;
    search.found.into_iter().for_each(|diagnostic| diagnostics.push(diagnostic));
    if full {
        diagnostics.push(more(root));
    }
    diagnostics
}

fn more(root: &Cursor<'_>) -> Diagnostic {
    let place = Place::File(root.source().name.clone());
    Diagnostic::error(Code::Shape, "there may be more mistakes, which are not shown", place)
}

/// Tells diagnostics of one file and code apart.
fn key_of(diagnostic: &Diagnostic) -> String {
    match diagnostic.labels.first().map(|label| &label.place) {
        Some(Place::Span { span, .. }) => format!("{span:?} {}", diagnostic.message),
        Some(Place::Row { line, column, .. }) => format!("{line} {column:?}"),
        Some(Place::File(_)) | None => diagnostic.message.clone(),
    }
}

/// Words that other readers take for something else, and that can mean nothing else where they stand.
const MEANT: [(&str, &str); 1] = [("/witness", "off")];

/// Looks for what is a text for us, but a number, boolean, date or time for other readers.
struct ScalarSearch {
    path: String,
    /// Parts that the schema refuses already.
    blamed: BTreeSet<String>,
    found: Vec<Diagnostic>,
}

impl ScalarSearch {
    fn visit(&mut self, at: &Cursor<'_>) {
        if self.found.len() >= ERRORS_MAX {
            return;
        }
        let is_meant = |text: &str| MEANT.contains(&(self.path.as_str(), text));
        if let Some(ScalarReading::Doubtful(what)) = at.scalar().map(Scalar::reading)
            && !self.blamed.contains(&self.path)
            && !at.text().is_some_and(is_meant)
        {
            self.found.push(explain::without_quotes(at, what));
        }
        for (index, item) in at.items().enumerate() {
            self.step(&index.to_string(), &item);
        }
        for (key, value) in at.entries() {
            self.step(&key.replace('~', "~0").replace('/', "~1"), &value);
        }
    }

    fn step(&mut self, step: &str, at: &Cursor<'_>) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(step);
        self.visit(at);
        self.path.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use jsonschema::error::{TypeKind, ValidationErrorKind};
    use jsonschema::{JsonType, ValidationError};
    use proptest::prelude::{Just, Strategy, any, prop_oneof};
    use proptest::{prop_assert, prop_assert_eq, prop_assume, proptest, sample};
    use serde_json::{Map, Value, json};

    use super::File;
    use crate::campaign::raw;
    use crate::campaign::testing::{listed, read};

    /// An object whose optional keys come and go.
    fn object(required: &Value, optional: &Value) -> impl Strategy<Value = Value> + use<> {
        let optional: Vec<(String, Value)> = optional.as_object().unwrap().clone().into_iter().collect();
        let required: Map<String, Value> = required.as_object().unwrap().clone();
        let count = optional.len();
        sample::subsequence(optional, 0..=count).prop_map(move |chosen| {
            let mut object = required.clone();
            object.extend(chosen);
            Value::Object(object)
        })
    }

    fn schedule() -> impl Strategy<Value = Value> {
        let window = json!({ "days": ["MONDAY", "SUNDAY"], "from": { "hour": 8, "minute": 0 }, "to": { "hour": 9, "minute": 0 } });
        let zone = prop_oneof![
            Just(json!("Europe/Zagreb")),
            Just(json!({ "perPerson": true })),
            Just(json!({ "perPerson": true, "fallback": "UTC" })),
        ];
        let timed =
            json!({ "ifAmbiguous": "later", "ifPast": "sendNow", "handover": "2h", "deliveryTimeWindow": window });
        let untimed = json!({
            "deliveryTimeWindow": { "days": ["FRIDAY"] },
            "sendingSpeedLimit": { "amount": 600, "timeUnit": "HOUR" },
            "validityPeriod": { "amount": 24 },
        });
        let timed =
            (zone, object(&json!({ "sendAt": "2026-12-01 09:00" }), &timed)).prop_map(|(zone, mut schedule)| {
                schedule["timeZone"] = zone;
                schedule
            });
        prop_oneof![timed, object(&json!({}), &untimed)]
    }

    fn audience() -> impl Strategy<Value = Value> {
        let optional = json!({
            "columns": { "to": "id", "timeZone": "zone", "lastMessageAt": "last" },
            "where": "consent == \"yes\"",
            "exclude": ["all"],
            "expect": { "min": 1, "max": 2 },
        });
        let zoned = json!({ "columns": { "timeZone": "zone" } });
        let merge = |mut audience: Value, zoned: &Value| {
            let keys = audience.as_object_mut().unwrap();
            keys.entry("columns").or_insert_with(|| zoned["columns"].clone());
            audience
        };
        prop_oneof![
            Just(json!({ "csv": "a/b.csv" })),
            Just(json!({ "ndjson": "a.ndjson.gz" })),
            Just(json!({ "rows": [{ "to": "17841400000000001", "name": "Ana: #1" }, {}] })),
        ]
        .prop_flat_map(move |source| object(&source, &optional))
        .prop_map(move |audience| merge(audience, &zoned))
    }

    fn message(id: &'static str) -> impl Strategy<Value = Value> {
        let optional = json!({
            "revision": 7,
            "schedule": "s",
            "paused": true,
            "platform": { "entityId": "e", "applicationId": "a" },
            "campaignReferenceId": "",
            "webhooks": {
                "delivery": { "url": "https://hooks.example.com/x", "intermediateReport": true, "notify": false },
                "contentType": "application/xml",
                "callbackData": "{{ x }}",
            },
        });
        let content = prop_oneof![
            Just(json!({ "text": "Hi {{ x }}\nč 👍 #1" })),
            Just(json!({ "type": "TEXT", "template": "hi.txt" })),
        ];
        content.prop_flat_map(move |content| {
            object(&json!({ "id": id, "sender": "own", "audience": "people", "content": content }), &optional)
        })
    }

    fn campaign() -> impl Strategy<Value = Value> {
        let campaign = |(schedule, audience, one, two, paused): (Value, Value, Value, Value, bool)| {
            json!({
                "campaign": "sale", "paused": paused, "senders": { "own": "S2" },
                "schedules": { "s": schedule }, "audiences": { "people": audience }, "messages": [one, two],
            })
        };
        (schedule(), audience(), message("a"), message("b"), any::<bool>()).prop_map(campaign)
    }

    /// Every object and value of a document, as pointers.
    fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Object(object) => {
                object.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), found));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[derive(Debug, Clone)]
    enum Mutation {
        Drop,
        Add,
        Change(Value),
    }

    fn mutation() -> impl Strategy<Value = Mutation> {
        let value = prop_oneof![
            Just(json!("x")),
            Just(json!("")),
            Just(json!(-1)),
            Just(json!(0)),
            Just(json!(70000)),
            Just(json!(1.5)),
            Just(json!(true)),
            Just(json!([])),
            Just(json!({})),
            Just(json!(["x"])),
            Just(json!({ "x": "y" })),
        ];
        prop_oneof![Just(Mutation::Drop), Just(Mutation::Add), value.prop_map(Mutation::Change)]
    }

    fn mutate(mut document: Value, which: sample::Index, mutation: Mutation) -> Value {
        let mut all = Vec::new();
        pointers(&document, "", &mut all);
        let pointer = &all[which.index(all.len())];
        match mutation {
            Mutation::Change(value) => *document.pointer_mut(pointer).unwrap() = value,
            Mutation::Add => {
                if let Some(Value::Object(object)) = document.pointer_mut(pointer) {
                    object.insert("surprise".to_owned(), json!("x"));
                }
            }
            Mutation::Drop => {
                if let Some((parent, key)) = pointer.rsplit_once('/')
                    && let Some(Value::Object(object)) = document.pointer_mut(parent)
                {
                    object.remove(key);
                }
            }
        }
        document
    }

    /// Whether serde could see the error: types, keys, words; but no bounds, forms or choices.
    fn serde_sees(error: &ValidationError<'_>) -> bool {
        let dependent = error.schema_path().as_str().contains("dependentRequired");
        let missing = matches!(error.kind(), ValidationErrorKind::Required { .. });
        let other = matches!(
            error.kind(),
            ValidationErrorKind::Type { .. }
                | ValidationErrorKind::AdditionalProperties { .. }
                | ValidationErrorKind::Enum { .. }
        );
        other || missing && !dependent
    }

    proptest! {
        #[test]
        fn good_campaigns_pass_everywhere(document in campaign()) {
            prop_assert!(File::Campaign.validator().is_valid(&document));
            prop_assert!(serde_json::from_value::<raw::Campaign>(document.clone()).is_ok());
            let (campaign, diagnostics) = read(&document.to_string());
            prop_assert!(campaign.is_some(), "{}\n{}", document, listed(&diagnostics));
            prop_assert_eq!(campaign.unwrap().messages.len(), 2);
        }

        #[test]
        fn types_and_schema_refuse_the_same(document in campaign(), which: sample::Index, change in mutation()) {
            let document = mutate(document, which, change);
            let errors: Vec<_> = File::Campaign.validator().iter_errors(&document).collect();
            // Serde takes a list for the fields of a struct, in order; the schema does not.
            let list = |error: &ValidationError<'_>| {
                let wanted = matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(JsonType::Object) });
                wanted && error.instance().is_array()
            };
            prop_assume!(!errors.iter().any(list));
            let readable = serde_json::from_value::<raw::Campaign>(document.clone());
            prop_assert!(readable.is_ok() || !errors.is_empty(), "only serde refuses: {:?}", readable.err());
            prop_assert!(readable.is_err() || !errors.iter().any(serde_sees), "only the schema refuses: {:?}", errors);
            let (campaign, diagnostics) = read(&document.to_string());
            prop_assert!(errors.is_empty() || campaign.is_none(), "{} {}", document, listed(&diagnostics));
        }
    }
}
