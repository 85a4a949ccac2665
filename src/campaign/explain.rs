//! What a schema's error means to a person: a code, a place, words without values, a hint.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::cursor::Cursor;
use super::near;
use super::scalar::ScalarReading;
use super::stranger::remedy;
use super::syntax;
use super::tree::{NodeKind, Style};
use super::{forms, names, whole_number};
use crate::diagnostic::{Code, Diagnostic, suggest};

/// Explains an error; an error about several keys gives a diagnostic for each, but `most` at most.
pub(super) fn explain(error: &ValidationError<'_>, root: &Cursor<'_>, schema: &Value, most: usize) -> Vec<Diagnostic> {
    let at = part(root, error.instance_path());
    let beside = above(root, error.instance_path());
    let rules = rules(error, schema);
    #[expect(clippy::wildcard_enum_match_arm, reason = "there are many keywords that our schema does not use")]
    let one = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            return unexpected.iter().take(most).map(|key| unknown_key(&at, key, rules)).collect();
        }
        ValidationErrorKind::Required { property } => missing_key(&at, property.as_str().unwrap_or_default(), rules),
        ValidationErrorKind::Type { kind } => bad_number(&at, &beside, rules).unwrap_or_else(|| wrong_type(&at, kind)),
        ValidationErrorKind::Enum { options } => not_allowed(&at, options),
        ValidationErrorKind::Constant { expected_value } => {
            Diagnostic::error(Code::NotAllowed, format!("only `{expected_value}` is allowed here"), at.place())
        }
        ValidationErrorKind::Pattern { .. } => bad_pattern(&at, &beside, rules),
        ValidationErrorKind::PropertyNames { error: name } => {
            let key = name.instance().as_str().unwrap_or_default();
            let rules = rules.and_then(|rules| rules.get("propertyNames"));
            forms::refused(pattern(rules), Some(key), None, at.key(key).key_place())
        }
        ValidationErrorKind::Format { format } if format == "uri" => {
            let message = "this is not a URL with a scheme and a host";
            Diagnostic::error(Code::BadUrl, message, at.place()).help("write it as `https://host/path`")
        }
        ValidationErrorKind::UniqueItems => repeated(&at),
        ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::OneOfMultipleValid { .. } => {
            one_of(&at, rules)
        }
        kind => match bound(kind) {
            Some(message) => Diagnostic::error(Code::OutOfBounds, message, at.place()),
            None => Diagnostic::error(Code::Shape, error.masked_with("the value").to_string(), at.place()),
        },
    };
    vec![one]
}

/// The part of the file at a path.
fn part<'a>(root: &Cursor<'a>, path: &Location) -> Cursor<'a> {
    path.segments().fold(root.clone(), |at, segment| match segment {
        LocationSegment::Property(key) => at.key(&key),
        LocationSegment::Index(index) => at.item(index),
    })
}

/// The part of the file that holds the one at a path.
fn above<'a>(root: &Cursor<'a>, path: &Location) -> Cursor<'a> {
    let depth = path.segments().count();
    path.segments().take(depth.saturating_sub(1)).fold(root.clone(), |at, segment| match segment {
        LocationSegment::Property(key) => at.key(&key),
        LocationSegment::Index(index) => at.item(index),
    })
}

/// The schema that holds the keyword that was broken.
fn rules<'a>(error: &ValidationError<'_>, schema: &'a Value) -> Option<&'a Value> {
    let path = error.schema_path().as_str();
    let keyword = error.kind().keyword();
    // The keyword ends the path, but for some that add the key, or the branch.
    let end = path.rfind(&format!("/{keyword}")).or_else(|| path.rfind("/dependentRequired"))?;
    schema.pointer(path.get(..end)?)
}

fn unknown_key(at: &Cursor<'_>, key: &str, rules: Option<&Value>) -> Diagnostic {
    let known = rules.and_then(|rules| rules.get("properties")).and_then(Value::as_object);
    let known: Vec<&str> = known.into_iter().flat_map(|keys| keys.keys().map(String::as_str)).collect();
    let part = at.key(key);
    let diagnostic = Diagnostic::error(Code::UnknownKey, "there is no such key here", part.key_place());
    // A line of a text that is indented too little looks like a key, if it holds a colon.
    let is_text = key.contains(' ').then(|| syntax::behind_text(at.source(), part.key_span().start)).flatten();
    match is_text.or_else(|| near::hint(key, known)) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn missing_key(at: &Cursor<'_>, property: &str, rules: Option<&Value>) -> Diagnostic {
    let message = format!("the key `{property}` is missing");
    let needs = |entry: &(&str, Cursor<'_>)| {
        let needed = rules.and_then(|rules| rules.get("dependentRequired")?.get(entry.0)?.as_array());
        needed.is_some_and(|keys| keys.iter().any(|key| key == property))
    };
    match at.entries().find(needs) {
        Some((key, at)) => Diagnostic::error(Code::MissingKey, message, at.key_place())
            .help(format!("`{key}` needs `{property}` beside it")),
        None if property == "campaign" => {
            Diagnostic::error(Code::MissingKey, message, at.place()).help(remedy(&at.source().name))
        }
        None => Diagnostic::error(Code::MissingKey, message, at.place()),
    }
}

fn wrong_type(at: &Cursor<'_>, kind: &TypeKind) -> Diagnostic {
    let wanted: Vec<JsonType> = match kind {
        TypeKind::Single(single) => vec![*single],
        TypeKind::Multiple(several) => several.iter().collect(),
    };
    let reading = at.scalar().filter(|scalar| !scalar.is_absent()).map(|scalar| scalar.reading());
    let looks_like = reading.as_ref().and_then(ScalarReading::looks_like);
    if let Some(what) = looks_like
        && wanted.contains(&JsonType::String)
    {
        return without_quotes(at, what);
    }
    let words: Vec<&str> = wanted.iter().map(|wanted| type_word(*wanted)).collect();
    let found = found(at);
    let message = format!("{found}, but {} is expected", words.join(" or "));
    let diagnostic = Diagnostic::error(Code::WrongType, message, at.place());
    match wanted.as_slice() {
        _ if at.scalar().is_some_and(|scalar| scalar.is_absent()) => diagnostic.help("write a value after the colon"),
        [JsonType::Object] if at.scalar().is_some_and(|scalar| scalar.style == Style::Plain) => {
            match syntax::lookalike_at(at.source(), at.span().start) {
                Some((what, help)) => diagnostic.help(format!("{what}: {help}")),
                None => diagnostic.help(right_form(at, JsonType::Object)),
            }
        }
        [only] => diagnostic.help(right_form(at, *only)),
        _ => diagnostic,
    }
}

/// How a value is written that has to be of a type, and is of another one; with what stands there, if that can be told.
fn right_form(at: &Cursor<'_>, wanted: JsonType) -> String {
    let text = at.text().filter(|text| !at.is_in_rows() && is_short(text));
    match wanted {
        JsonType::Boolean => "write `true` or `false`, without quotes".to_owned(),
        JsonType::Integer | JsonType::Number => {
            let such = text.and_then(whole_number::meant).map(|number| format!(": `{number}`")).unwrap_or_default();
            format!("write it in plain decimal digits, without quotes{such}")
        }
        JsonType::Array => match (text, at.node().map(|node| &node.kind)) {
            (Some(text), _) => format!("a list is written in brackets: `[ {text} ]`"),
            (None, Some(NodeKind::Mapping(_))) => "a list has a hyphen before each of its entries".to_owned(),
            (None, Some(NodeKind::Scalar(_) | NodeKind::Sequence(_)) | None) => {
                "a list is written in brackets, with commas: `[ ONE, TWO ]`".to_owned()
            }
        },
        JsonType::Object => "write keys with their values, each on a line of its own: `KEY: VALUE`".to_owned(),
        JsonType::String => "write one text, in quotes if it begins with a bracket or a brace".to_owned(),
        JsonType::Null => "leave it out".to_owned(),
    }
}

/// Whether a text may be repeated in a hint as it is.
fn is_short(text: &str) -> bool {
    text.len() <= 60 && !text.contains(['"', '\\', '\n'])
}

/// Makes the diagnostic of a scalar without quotes where text is expected.
pub(super) fn without_quotes(at: &Cursor<'_>, what: &str) -> Diagnostic {
    let message = format!("this is a {what} without quotes, but text is expected");
    let help = match at.text() {
        Some(text) if !at.is_in_rows() && is_short(text) => {
            format!("put it in quotes: \"{text}\"")
        }
        _ if at.is_in_rows() => "every cell is text: put it in quotes".to_owned(),
        _ => "put it in quotes".to_owned(),
    };
    Diagnostic::error(Code::Unquoted, message, at.place()).help(help)
}

fn type_word(wanted: JsonType) -> &'static str {
    match wanted {
        JsonType::Null => "nothing",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => "a mapping",
    }
}

fn found(at: &Cursor<'_>) -> &'static str {
    match at.node().map(|node| &node.kind) {
        None => "nothing is here",
        Some(NodeKind::Mapping(_)) => "this is a mapping",
        Some(NodeKind::Sequence(_)) => "this is a list",
        Some(NodeKind::Scalar(scalar)) => match scalar.reading() {
            ScalarReading::Null => "nothing is here",
            ScalarReading::Boolean(_) => "this is a boolean",
            ScalarReading::Integer(_) => "this is a number",
            ScalarReading::Doubtful(_) | ScalarReading::Text => "this is text",
        },
    }
}

fn not_allowed(at: &Cursor<'_>, options: &Value) -> Diagnostic {
    let words: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let message = format!(
        "only {} {} allowed here",
        suggest::enumerated(&words, "and"),
        if words.len() == 1 { "is" } else { "are" }
    );
    let diagnostic = Diagnostic::error(Code::NotAllowed, message, at.place());
    match at.text().and_then(|text| suggest::nearest(text, words.iter().copied())) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

fn bad_pattern(at: &Cursor<'_>, beside: &Cursor<'_>, rules: Option<&Value>) -> Diagnostic {
    forms::refused(pattern(rules), at.text(), beside.key("timeZone").text(), at.place())
}

/// A number where a text of a form is wanted, which it would not have in quotes either.
fn bad_number(at: &Cursor<'_>, beside: &Cursor<'_>, rules: Option<&Value>) -> Option<Diagnostic> {
    let is_number = matches!(at.scalar()?.reading(), ScalarReading::Integer(_));
    let pattern = pattern(rules);
    let is_refused = is_number && !pattern.is_empty() && !names::has_form(at.text()?, pattern);
    is_refused.then(|| bad_pattern(at, beside, rules))
}

/// The form that the schema wants.
fn pattern(rules: Option<&Value>) -> &str {
    rules.and_then(|rules| rules.get("pattern")).and_then(Value::as_str).unwrap_or_default()
}

fn repeated(at: &Cursor<'_>) -> Diagnostic {
    let items: Vec<Cursor<'_>> = at.items().collect();
    let json = |item: &Cursor<'_>| item.node().map(super::tree::Node::to_json);
    let twice = items.iter().enumerate().find_map(|(index, item)| {
        items.iter().take(index).find(|first| json(first) == json(item)).map(|first| (first, item))
    });
    let message = "an item occurs twice in this list";
    match twice {
        Some((first, second)) => {
            Diagnostic::error(Code::NotAllowed, message, second.place()).note(first.place(), "first here")
        }
        None => Diagnostic::error(Code::NotAllowed, message, at.place()),
    }
}

/// Exactly one of several keys is wanted, and there is none, or a second one.
fn one_of(at: &Cursor<'_>, rules: Option<&Value>) -> Diagnostic {
    let branches = rules.and_then(|rules| rules.get("oneOf")).and_then(Value::as_array);
    let keys: Vec<&str> =
        branches.into_iter().flatten().filter_map(|branch| branch.get("required")?.get(0)?.as_str()).collect();
    let wanted = suggest::enumerated(&keys, "and");
    let written: Vec<Cursor<'_>> = at.entries().filter(|(key, _)| keys.contains(key)).map(|(_, at)| at).collect();
    match written.as_slice() {
        [first, second, ..] => {
            let message = format!("only one of {wanted} is allowed here");
            Diagnostic::error(Code::Shape, message, second.key_place()).note(first.key_place(), "first here")
        }
        _ => Diagnostic::error(Code::MissingKey, format!("one of {wanted} is missing"), at.place()),
    }
}

/// Says which bound is broken, and its unit.
fn bound(kind: &ValidationErrorKind) -> Option<String> {
    let plural = |count: u64, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    #[expect(clippy::wildcard_enum_match_arm, reason = "a schema has many keywords that ours does not use")]
    match kind {
        ValidationErrorKind::MinLength { limit: 1 } => Some("the text is empty".to_owned()),
        ValidationErrorKind::MinLength { limit } => {
            Some(format!("at least {} are expected", plural(*limit, "character")))
        }
        ValidationErrorKind::MaxLength { limit } => {
            Some(format!("at most {} are allowed", plural(*limit, "character")))
        }
        ValidationErrorKind::Minimum { limit } => Some(format!("at least {limit} is expected")),
        ValidationErrorKind::Maximum { limit } => Some(format!("at most {limit} is allowed")),
        ValidationErrorKind::MinItems { limit: 1 } => Some("the list is empty".to_owned()),
        ValidationErrorKind::MinItems { limit } => Some(format!("at least {} are expected", plural(*limit, "item"))),
        ValidationErrorKind::MaxItems { limit } => Some(format!("at most {} are allowed", plural(*limit, "item"))),
        ValidationErrorKind::MinProperties { limit } => {
            Some(format!("the mapping has too few keys: at least {limit} is expected"))
        }
        _ => None,
    }
}
