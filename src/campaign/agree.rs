//! The second opinion: serde_yaml, another parser, reads the same text. A file that the two read
//! differently is refused, for nobody can say what its reviewers saw.

use serde_yaml::Value;

use super::at::At;
use super::plain::Reading;
use super::profile::BYTE_ORDER_MARK;
use super::tree::Kind;
use crate::diagnostic::{Code, Diagnostic};

/// Reads the text again and compares.
///
/// # Errors
/// With the first place at which the readings differ.
pub(super) fn read_again(root: &At<'_>) -> Result<Value, Box<Diagnostic>> {
    let text = &root.source().text;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let value = serde_yaml::from_str::<Value>(text).map_err(|_| Box::new(ambiguous(root)))?;
    match difference(root, &value) {
        None => Ok(value),
        Some(place) => Err(Box::new(ambiguous(&place))),
    }
}

fn ambiguous(at: &At<'_>) -> Diagnostic {
    Diagnostic::error(Code::Ambiguous, "two YAML parsers read this differently", at.place())
        .help("write it more plainly: texts in quotes, one key a line")
}

/// The first part that the other parser reads differently.
fn difference<'a>(at: &At<'a>, other: &Value) -> Option<At<'a>> {
    let differs = || Some(at.clone());
    match (at.node().map(|node| &node.kind), other) {
        (Some(Kind::Scalar(scalar)), _) => {
            let same = match (scalar.reading(), other) {
                (Reading::Null, Value::Null) => true,
                (Reading::Boolean(one), Value::Bool(other)) => one == *other,
                (Reading::Integer(one), Value::Number(other)) => one.to_string() == other.to_string(),
                (Reading::Text | Reading::Doubtful(_), Value::String(other)) => scalar.text == *other,
                // What is doubtful is refused where it stands; here it only has to be a scalar.
                (Reading::Doubtful(_), Value::Bool(_) | Value::Number(_)) => true,
                _ => false,
            };
            if same { None } else { differs() }
        }
        (Some(Kind::Sequence(items)), Value::Sequence(others)) if items.len() == others.len() => {
            at.items().zip(others).find_map(|(item, other)| difference(&item, other))
        }
        (Some(Kind::Mapping(entries)), Value::Mapping(others)) if entries.len() == others.len() => {
            at.entries().zip(others).find_map(|((key, value), (other_key, other))| {
                if other_key.as_str() == Some(key) { difference(&value, other) } else { Some(value) }
            })
        }
        _ => differs(),
    }
}
