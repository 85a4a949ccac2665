//! The second opinion: serde_yaml, another parser, reads the same text. A file that the two read
//! differently is refused, for nobody can say what its reviewers saw.

use serde_yaml::Value;

use super::cursor::Cursor;
use super::profile::BYTE_ORDER_MARK;
use super::scalar::ScalarReading;
use super::tree::NodeKind;
use crate::diagnostic::{Code, Diagnostic};

/// Reads the text again and compares.
///
/// # Errors
/// With the first place at which the readings differ.
pub(super) fn read_again(root: &Cursor<'_>) -> Result<Value, Box<Diagnostic>> {
    let text = &root.source().text;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let value = serde_yaml::from_str::<Value>(text).map_err(|_| Box::new(ambiguous(root)))?;
    match difference(root, &value) {
        None => Ok(value),
        Some(place) => Err(Box::new(ambiguous(&place))),
    }
}

fn ambiguous(at: &Cursor<'_>) -> Diagnostic {
    Diagnostic::error(Code::Ambiguous, "two YAML parsers read this differently", at.place())
        .help("write it more plainly: texts in quotes, one key a line")
}

/// The first part that the other parser reads differently.
fn difference<'a>(at: &Cursor<'a>, other: &Value) -> Option<Cursor<'a>> {
    let differs = || Some(at.clone());
    match (at.node().map(|node| &node.kind), other) {
        (Some(NodeKind::Scalar(scalar)), _) => {
            let same = match (scalar.reading(), other) {
                (ScalarReading::Null, Value::Null) => true,
                (ScalarReading::Boolean(one), Value::Bool(other)) => one == *other,
                (ScalarReading::Integer(one), Value::Number(other)) => one.to_string() == other.to_string(),
                (ScalarReading::Text | ScalarReading::Doubtful(_), Value::String(other)) => scalar.text == *other,
                // What is doubtful is refused where it stands; here it only has to be a scalar.
                (ScalarReading::Doubtful(_), Value::Bool(_) | Value::Number(_)) => true,
                _ => false,
            };
            if same { None } else { differs() }
        }
        (Some(NodeKind::Sequence(items)), Value::Sequence(others)) if items.len() == others.len() => {
            at.items().zip(others).find_map(|(item, other)| difference(&item, other))
        }
        (Some(NodeKind::Mapping(entries)), Value::Mapping(others)) if entries.len() == others.len() => {
            at.entries().zip(others).find_map(|((key, value), (other_key, other))| {
                if other_key.as_str() == Some(key) { difference(&value, other) } else { Some(value) }
            })
        }
        _ => differs(),
    }
}

#[cfg(test)]
mod tests {
    use super::{difference, read_again};
    use crate::campaign::cursor::Cursor;
    use crate::campaign::testing::listed;
    use crate::campaign::walk::walk;
    use crate::diagnostic::Source;

    #[test]
    fn plain_files_are_read_alike() {
        for text in [
            "a: b\nc: [ d, 'e', \"f\\n\" ]\n",
            "a: |\n  x\n\n  y\nb: >-\n  x\n  y\n",
            "a: 1\nb: -7\nc: true\nd:\ne: ~\n",
            "\u{feff}a: č\r\nb: |\r\n  x\r\n",
            "a: no\nb: 0777\nc: 12:30\nd: 2026-12-01\n",
            "a: x\n  y\n\n  z\n",
        ] {
            let source = Source::new("a.yaml", text);
            let (tree, diagnostics) = walk(&source);
            assert_eq!(listed(&diagnostics), "", "{text:?}");
            let tree = tree.unwrap();
            assert!(read_again(&Cursor::root(&source, &tree)).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn another_reading_is_found_at_its_place() {
        let source = Source::new("a.yaml", "a: { b: [ x, 1 ] }\n");
        let tree = walk(&source).0.unwrap();
        let root = Cursor::root(&source, &tree);
        let differs = |text: &str| difference(&root, &serde_yaml::from_str(text).unwrap()).map(|at| at.span());
        assert_eq!(differs("a: { b: [ x, 1 ] }"), None);
        assert_eq!(differs("a: { b: [ y, 1 ] }"), Some(10..11));
        assert_eq!(differs("a: { b: [ x, \"1\" ] }"), Some(13..14));
        assert_eq!(differs("a: { b: [ x ] }"), Some(8..16));
        assert_eq!(differs("a: { c: [ x, 1 ] }"), Some(8..16));
        assert_eq!(differs("a: { b: [ x, 1 ], c: d }"), Some(3..18));
    }
}
