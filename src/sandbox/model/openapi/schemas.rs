//! The schemas of bodies, made of the types that are read and written.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::sandbox::model::check;
use crate::wire::choices::{Choices, Nulls, UnknownFieldRule};
use crate::wire::request::Request;

/// Where the document has schemas that have a name.
const PLACE: &str = "/components/schemas";

/// Points to a schema by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#{PLACE}/{name}") })
}

/// The schemas of the body of a send, by their names.
pub(super) fn of_requests(choices: Choices) -> Map<String, Value> {
    let chosen = move |schema: &mut Schema| as_chosen(schema, choices);
    let settings = SchemaSettings::draft2020_12()
        .for_deserialize()
        .with(|settings| settings.definitions_path = PLACE.into())
        .with_transform(RecursiveTransform(plain))
        .with_transform(RecursiveTransform(chosen));
    let mut generator = settings.into_generator();
    // What is asked for is among the definitions.
    drop(generator.subschema_for::<Request<'static>>());
    let mut schemas = generator.take_definitions(true);
    let window = schemas
        .get_mut("MessageOptions")
        .and_then(|options| options.pointer_mut("/properties/deliveryTimeWindow"))
        .and_then(Value::as_object_mut);
    window.map(|window| window.insert("anyOf".to_owned(), both_or_none(choices.nulls)));
    schemas
}

/// The schema of a body that is answered.
pub(super) fn of_answers<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .with_transform(RecursiveTransform(plain))
        .with_transform(RecursiveTransform(without_bounds));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}

/// Says it as the API's documents do: nothing is null, numbers have 32 bits, names stand in one list, and what only
/// campaign files are held to is left out.
fn plain(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    without_null(object);
    // Our files are held to more than the API.
    object.remove("additionalProperties");
    if object.remove("uniqueItems").is_some() {
        object.remove("maxItems");
    }
    if object.get("default").is_some_and(|value| !value.is_string()) {
        object.remove("default");
    }
    match object.get("type").and_then(Value::as_str) {
        Some("integer") => drop(object.insert("format".to_owned(), "int32".into())),
        Some("number") => drop(object.remove("format")),
        Some(_) | None => {}
    }
    if let Some(Value::Array(choices)) = object.get("oneOf")
        && let Some(names) = choices.iter().map(|choice| choice.get("const").cloned()).collect::<Option<Vec<_>>>()
    {
        object.remove("oneOf");
        object.insert("type".to_owned(), "string".into());
        object.insert("enum".to_owned(), names.into());
    }
    if let Some(Value::String(description)) = object.get_mut("description") {
        // What comes behind the first paragraph is for who reads the program.
        *description = description.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    }
}

/// The numbers of answers have no bounds but those of their type in this program, and nothing is left out of them.
fn without_bounds(schema: &mut Schema) {
    schema.remove("default");
    schema.remove("minimum");
    schema.remove("maximum");
}

fn without_null(object: &mut Map<String, Value>) {
    let is_null = |choice: &Value| choice.get("type").is_some_and(|name| name == "null");
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [single] = types.as_slice() {
            let single = single.clone();
            object.insert("type".to_owned(), single);
        }
    }
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    choices.retain(|choice| !is_null(choice));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        for (keyword, value) in only {
            object.entry(keyword).or_insert(value);
        }
    }
}

/// Says what the settings have chosen.
fn as_chosen(schema: &mut Schema, choices: Choices) {
    let Some(object) = schema.as_object_mut() else { return };
    let required: Vec<Value> = object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    for (name, property) in properties {
        let Some(property) = property.as_object_mut() else { continue };
        if name == "sendAt" {
            property.insert("pattern".to_owned(), check::date_pattern(choices.send_at_forms).into());
        }
        if choices.nulls == Nulls::Ignore && !required.iter().any(|required| required == name) {
            with_null(property);
        }
    }
    if choices.unknown_fields == UnknownFieldRule::Refuse {
        object.insert("additionalProperties".to_owned(), false.into());
    }
}

/// A window has both ends or none.
fn both_or_none(nulls: Nulls) -> Value {
    let is_there = json!({ "type": "object" });
    let is_absent = match nulls {
        Nulls::Ignore => json!({ "type": "null" }),
        Nulls::Refuse => json!(false),
    };
    json!([
        { "required": ["from", "to"], "properties": { "from": is_there, "to": is_there } },
        { "properties": { "from": is_absent, "to": is_absent } },
    ])
}

fn with_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(names)) = object.get_mut("enum") {
        names.push(Value::Null);
    }
    if let Some(name) = object.get("type").filter(|name| name.is_string()).cloned() {
        object.insert("type".to_owned(), json!([name, "null"]));
        return;
    }
    let said = ["description", "default"].map(|keyword| object.remove_entry(keyword));
    let inside = std::mem::take(object);
    object.extend(said.into_iter().flatten());
    object.insert("anyOf".to_owned(), json!([inside, { "type": "null" }]));
}
