//! Reads what testers write, as JSON, as YAML or in a query, and says what is wrong with it in the words of the guide:
//! where, what is wanted there, and what may stand there. What a value is that is wrong is not said: it may be somebody's
//! id.

mod words;

use std::fmt;

use saphyr_parser::{Event, Parser};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use url::form_urlencoded;

use words::{Blamed, in_our_words};

use super::tree::Tree;

/// Why something cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The path of what is wrong, such as `rules[0].status`; nothing if it is wrong as a whole.
    pub property: String,
    /// What is wrong with it; and in which line and column, where there are lines.
    pub violation: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.property.as_str() {
            "" => formatter.write_str(&self.violation),
            property => write!(formatter, "`{property}` {}", self.violation),
        }
    }
}

impl Misread {
    /// Of the text as a whole.
    fn whole(violation: impl Into<String>) -> Self {
        Self { property: String::new(), violation: violation.into() }
    }
}

/// Reads JSON.
///
/// # Errors
/// With what is wrong with it.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Misread> {
    let text = std::str::from_utf8(bytes).map_err(|_| Misread::whole("must be UTF-8"))?;
    // All of it is JSON before anything is made of it: what is never closed is not of a wrong type.
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Misread::whole(format!("is no JSON: {} (line {line}, column {column})", bare(&error.to_string())))
    })?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let tree = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| misread(Some(text), error.path(), &error.inner().to_string()))?;
    made(text, tree)
}

/// Reads the query of a request, percent signs and all.
///
/// # Errors
/// With what is wrong with it.
pub fn query<T: DeserializeOwned>(raw: &str) -> Result<T, Misread> {
    let pairs = form_urlencoded::parse(raw.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
        .map_err(|error| misread(None, error.path(), &error.inner().to_string()))
}

/// Reads YAML, of which JSON is a part.
///
/// # Errors
/// With what is wrong with it.
pub fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, Misread> {
    let value: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| {
        let place = error.location().map(|place| format!(" (line {}, column {})", place.line(), place.column()));
        let said = error.to_string();
        // What it was about then has a place of its own.
        let said = said.split(" at line ").next().unwrap_or_default();
        Misread::whole(format!("is no YAML: {said}{}", place.unwrap_or_default()))
    })?;
    let tree = serde_path_to_error::deserialize(value)
        .map_err(|error| misread(Some(text), error.path(), &error.inner().to_string()))?;
    made(text, tree)
}

/// Makes what is wanted of a tree.
fn made<T: DeserializeOwned>(text: &str, tree: Tree) -> Result<T, Misread> {
    serde_path_to_error::deserialize(tree)
        .map_err(|error| misread(Some(text), error.path(), &error.inner().to_string()))
}

/// What a parser says, without the place behind it, which is said in one form. A name may have such words in it as well.
fn bare(said: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_place = |(_, place): &(&str, &str)| {
        place.split_once(" column ").is_some_and(|(line, column)| is_number(line) && is_number(column))
    };
    said.rsplit_once(" at line ").filter(is_place).map_or(said, |(said, _)| said)
}

/// What is wrong in a text, or in something that has no lines.
fn misread(text: Option<&str>, path: &Path, said: &str) -> Misread {
    let (subject, violation) = in_our_words(bare(said));
    let mut steps: Vec<String> = path.iter().filter_map(step).collect();
    let mut property = path.to_string();
    if steps.is_empty() {
        property.clear();
    }
    if let Blamed::Inside(name) = subject {
        property = if property.is_empty() { name.to_owned() } else { format!("{property}.{name}") };
        steps.push(name.to_owned());
    }
    let is_name = subject != Blamed::Value;
    let place = text.and_then(|text| place(text, &steps, is_name));
    let place = place.map(|(line, column)| format!(" (line {line}, column {column})")).unwrap_or_default();
    Misread { property, violation: format!("{violation}{place}") }
}

/// In which list or mapping the parser is.
enum Open {
    /// A list, and how many of its values have begun.
    List(usize),
    /// A mapping, and the name whose value comes next.
    Mapping(Option<String>),
}

/// The line and the column, from 1, at which the value at a path begins, or its name where it stands for
/// the last time.
fn place(text: &str, wanted: &[String], is_name: bool) -> Option<(usize, usize)> {
    let (mut open, mut at): (Vec<Open>, Vec<String>) = (Vec::new(), Vec::new());
    let mut found = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let here = || Some((span.start.line(), span.start.col() + 1));
        let is_begin = matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..));
        if is_begin {
            let names = match open.last_mut() {
                Some(Open::List(begun)) => {
                    at.push(begun.to_string());
                    *begun += 1;
                    false
                }
                Some(Open::Mapping(name)) => match name.take() {
                    Some(name) => {
                        at.push(name);
                        false
                    }
                    None => {
                        *name = if let Event::Scalar(text, ..) = &event {
                            Some(text.to_string())
                        } else {
                            Some(String::new())
                        };
                        true
                    }
                },
                None => false,
            };
            if names {
                let named =
                    open.last().and_then(|open| if let Open::Mapping(name) = open { name.clone() } else { None });
                let is_wanted =
                    wanted.split_last().is_some_and(|(last, before)| before == at && Some(last) == named.as_ref());
                found = if is_wanted && is_name { here() } else { found };
                continue;
            }
            if at == wanted && !is_name {
                return here();
            }
        }
        match event {
            Event::SequenceStart(..) => open.push(Open::List(0)),
            Event::MappingStart(..) => open.push(Open::Mapping(None)),
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                at.pop();
            }
            Event::Scalar(..) | Event::Alias(_) => drop(at.pop()),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
    }
    found
}

/// A part of a path as it is written; nothing for what has no name in a text.
fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether they can be read is of interest")]
    struct Shop {
        name: Option<String>,
        price: Option<f64>,
        is_open: Option<bool>,
        seed: Option<u64>,
        #[serde(default)]
        shelves: Vec<Shelf>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether they can be read is of interest")]
    struct Shelf {
        kind: Kind,
        #[serde(default)]
        ids: Vec<String>,
        count: Option<u16>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Kind {
        Wood,
        Glass,
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_guide_with_its_place() {
        for (text, expect) in [
            ("[1", "is no JSON: EOF while parsing a list (line 1, column 2)"),
            ("{", "is no JSON: EOF while parsing an object (line 1, column 1)"),
            ("", "is no JSON: EOF while parsing a value (line 1, column 0)"),
            ("<a/>", "is no JSON: expected value (line 1, column 1)"),
            (r#"{"name": "a",}"#, "is no JSON: key must be a string (line 1, column 14)"),
            ("[1]", "must be a mapping of names to values, not a list (line 1, column 1)"),
            ("5", "must be a mapping of names to values, not a number without quotes (line 1, column 1)"),
            (r#"{"name": 5}"#, "`name` must be a text, not a number without quotes (line 1, column 10)"),
            (r#"{"price": "5"}"#, "`price` must be a number, not a text (line 1, column 11)"),
            (r#"{"isOpen": 1}"#, "`isOpen` must be `true` or `false`, not a number without quotes (line 1, column 12)"),
            (r#"{"seed": -1}"#, "`seed` must be a whole number that is not negative (line 1, column 10)"),
            (
                r#"{"sheds": []}"#,
                "`sheds` is not known here: there is `name`, `price`, `isOpen`, `seed`, `shelves` (line 1, column 2)",
            ),
            (
                r#"{"a at line 1 column b": []}"#,
                "`a at line 1 column b` is not known here: there is `name`, `price`, `isOpen`, `seed`, `shelves` (line 1, column 2)",
            ),
            (r#"{"name": "a", "name": "b"}"#, "`name` must not be there twice (line 1, column 15)"),
            (
                r#"{"shelves": [{"kind": "wood", "ids": [], "ids": []}]}"#,
                "`shelves[0].ids` must not be there twice (line 1, column 42)",
            ),
            (
                r#"{"": 1}"#,
                "must name all that it has: there is `name`, `price`, `isOpen`, `seed`, `shelves` (line 1, column 2)",
            ),
            ("{\"shelves\": [\n  {}\n]}", "`shelves[0]` must have `kind` (line 2, column 3)"),
            (
                "{\"shelves\": [{\"kind\": \"wood\"},\n {\"kind\": \"iron\"}]}",
                "`shelves[1].kind` must be `wood` or `glass` (line 2, column 11)",
            ),
            (
                r#"{"shelves": [{"kind": "wood", "ids": ["1", 17841400000000001]}]}"#,
                "`shelves[0].ids[1]` must be a text, not a number without quotes (line 1, column 44)",
            ),
            (
                r#"{"shelves": [{"kind": "wood", "count": 70000}]}"#,
                "`shelves[0].count` must be a whole number from 0 to 65535 (line 1, column 40)",
            ),
            (
                r#"{"shelves": [{"kind": "wood", "count": 1.5}]}"#,
                "`shelves[0].count` must be a whole number from 0 to 65535, not a number with a fraction (line 1, column 40)",
            ),
            (r#"{"shelves": {"kind": 1}}"#, "`shelves` must be a list, not a mapping (line 1, column 13)"),
            (
                r#"{"shelves": [["wood"]]}"#,
                "`shelves[0]` must be a mapping of names to values, not a list (line 1, column 14)",
            ),
            (
                r#"{"shelves": [null]}"#,
                "`shelves[0]` must be a mapping of names to values, not nothing (line 1, column 14)",
            ),
        ] {
            assert_eq!(json::<Shop>(text.as_bytes()).unwrap_err().to_string(), expect, "{text}");
        }
        assert!(json::<Shop>(br#"{"shelves": [{"kind": "wood", "ids": ["1"]}]}"#).is_ok());
    }

    #[test]
    fn a_file_is_read_as_a_body_is() {
        for (text, expect) in [
            (
                "name: a\nshelves:\n  - kind: wood\n    ids: [ 1 ]\n",
                "`shelves[0].ids[0]` must be a text, not a number without quotes (line 4, column 12)",
            ),
            ("# č\nshelves:\n- kind: iron\n", "`shelves[0].kind` must be `wood` or `glass` (line 3, column 9)"),
            (
                "name: a\nsheds: []\n",
                "`sheds` is not known here: there is `name`, `price`, `isOpen`, `seed`, `shelves` (line 2, column 1)",
            ),
            ("[]", "must be a mapping of names to values, not a list (line 1, column 1)"),
            (
                "shelves: [ [ wood ] ]",
                "`shelves[0]` must be a mapping of names to values, not a list (line 1, column 12)",
            ),
            ("shelves: [1\n", "is no YAML: did not find expected ',' or ']' (line 2, column 1)"),
        ] {
            assert_eq!(yaml::<Shop>(text).unwrap_err().to_string(), expect, "{text}");
        }
        assert!(yaml::<Shop>("name: a\nshelves: [ { kind: glass } ]\n").is_ok());
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether they can be read is of interest")]
    struct Asked {
        limit: Option<usize>,
        after: Option<i64>,
        kind: Option<Kind>,
        q: Option<String>,
    }

    #[test]
    fn a_query_is_read_as_a_body_is() {
        for (query_text, expect) in [
            ("limt=1", "`limt` is not known here: there is `limit`, `after`, `kind`, `q`"),
            ("a%3A%20b=1", "`a: b` is not known here: there is `limit`, `after`, `kind`, `q`"),
            ("=1", "must name all that it has: there is `limit`, `after`, `kind`, `q`"),
            ("limit=1&limit=2", "`limit` must not be there twice"),
            ("limit=1&q=a&limit=2", "`limit` must not be there twice"),
            ("limit=x", "`limit` must be a whole number, such as 2"),
            ("limit=", "`limit` must be a whole number, such as 2"),
            ("limit=-1", "`limit` must be a whole number, such as 2"),
            ("limit=18446744073709551616", "`limit` must be a smaller number"),
            ("after=-9223372036854775809", "`after` must be a larger number"),
            ("kind=17841400000000001", "`kind` must be `wood` or `glass`"),
            ("kind=a`, expected b", "`kind` must be `wood` or `glass`"),
        ] {
            assert_eq!(query::<Asked>(query_text).unwrap_err().to_string(), expect, "{query_text}");
        }
        for right in ["", "&", "limit=1&q=%FF&kind=wood", "after=-1&q=a%26b"] {
            assert!(query::<Asked>(right).is_ok(), "{right}");
        }
    }
}
