//! One line of NDJSON: an object of texts, numbers, truth values and nulls, each as it is written.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::audience::COLUMNS_MAX;

/// The keys and values of an object, in its order.
pub(super) struct Pairs<'a>(pub Vec<(Cow<'a, str>, Cell<'a>)>);

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// Nothing.
    Null,
    /// A number, as it is written.
    Number(&'a str),
    /// `true` or `false`.
    Truth(&'a str),
    /// What may not stand here: what is wrong with it, in words.
    Other(&'static str),
}

/// Why a line is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// It cannot be read, for this reason.
    Line(&'static str),
    /// It holds several objects: the others would be lost.
    Several,
}

/// Reads a line.
pub(super) fn parse(text: &str) -> Result<Pairs<'_>, Broken> {
    // Nearly every line holds texts only; what else there is must be found as it is written.
    let pairs: serde_json::Result<Vec<_>> = serde_json::from_str::<Members<'_, Quick<'_>>>(text)
        .map(|members| members.0.into_iter().map(|(key, Quick(cell))| (key, cell)).collect())
        .or_else(|_| {
            let members = serde_json::from_str::<Members<'_, &RawValue>>(text)?;
            Ok(members.0.into_iter().map(|(key, value)| (key, Cell::of(value.get()))).collect())
        });
    match pairs {
        Ok(pairs) if pairs.len() > COLUMNS_MAX => Err(Broken::Line("it has more than 1000 keys")),
        Ok(pairs) => Ok(Pairs(pairs)),
        // The parser's own message may quote the row.
        Err(_) => Err(reason(text)),
    }
}

/// Finds the value of a key in a line that is no object.
pub(super) fn find(raw: &[u8], key: &str) -> Option<String> {
    const BYTES_MAX: usize = 1024;
    let mut rest = raw;
    loop {
        let at = rest.windows(key.len().max(1)).position(|window| window == key.as_bytes())?;
        let (before, found) = rest.split_at(at);
        let after = found.get(key.len()..)?;
        rest = found.get(1..)?;
        let quote = *before.last().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let Some(value) = after.strip_prefix(&[quote]).and_then(|after| after.trim_ascii_start().strip_prefix(b":"))
        else {
            continue;
        };
        let value = value.trim_ascii_start();
        let text = match value.first()? {
            quote @ (b'"' | b'\'') => value.get(1..)?.split(|byte| byte == quote).next()?,
            _ => value.split(|byte| !byte.is_ascii_digit()).next()?,
        };
        let text = str::from_utf8(text).ok().filter(|text| text.len() <= BYTES_MAX && !text.trim().is_empty())?;
        return Some(text.to_owned());
    }
}

/// Says what is wrong with a line that is no object, as far as that can be told without quoting it.
fn reason(text: &str) -> Broken {
    let trimmed = text.trim_ascii();
    let mut objects = serde_json::Deserializer::from_str(trimmed).into_iter::<IgnoredAny>();
    if trimmed.starts_with('{') && matches!(objects.next(), Some(Ok(_))) {
        let rest = trimmed.get(objects.byte_offset()..).unwrap_or_default().trim_start();
        return if rest.starts_with('{') {
            Broken::Several
        } else if rest.is_empty() {
            Broken::Line("a key in it holds half of a character")
        } else {
            Broken::Line("something follows the object")
        };
    }
    if !trimmed.starts_with('{') {
        return Broken::Line("it is not a JSON object");
    }
    slip(trimmed)
        .or_else(|| (!trimmed.ends_with('}')).then_some("it ends in the middle of the object"))
        .map_or(Broken::Line("it is not a JSON object"), Broken::Line)
}

/// Looks for the slips of other languages, outside of texts.
fn slip(text: &str) -> Option<&'static str> {
    let mut pieces = text.split('"');
    let mut outside = pieces.next()?;
    loop {
        if outside.contains('\'') {
            return Some("it has texts in single quotes: JSON takes double ones");
        }
        let mut words = outside.split(|mark: char| !mark.is_alphanumeric());
        if words.any(|word| matches!(word, "NaN" | "Infinity" | "None" | "undefined")) {
            return Some("a value in it is no JSON, such as NaN or None: write null");
        }
        if outside.split(|mark: char| !mark.is_alphanumeric()).any(|word| matches!(word, "True" | "False")) {
            return Some("JSON writes true and false in small letters");
        }
        let compact: String = outside.chars().filter(|mark| !mark.is_whitespace()).collect();
        if compact.contains(",}") || compact.contains(",]") {
            return Some("a comma stands before a closing bracket");
        }
        // The text, up to its closing quote: one that no backslash escapes.
        while pieces.next()?.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1 {}
        outside = pieces.next()?;
    }
}

/// An object whose values are read in one of two ways.
struct Members<'a, V>(Vec<(Cow<'a, str>, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Members<'de, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Object<V> {
            type Value = Members<'de, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(JsonKey(key)) = map.next_key()? {
                    members.push((key, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// A text or nothing; no other value.
struct Quick<'a>(Cell<'a>);

impl<'de> Deserialize<'de> for Quick<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Quick<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Quick(Cell::Text(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Quick(Cell::Text(Cow::Owned(text.to_owned()))))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Quick(Cell::Null))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// A key, borrowed where nothing in it is escaped.
#[derive(serde::Deserialize)]
struct JsonKey<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Cell<'a> {
    /// Takes a value as it is written.
    fn of(raw: &'a str) -> Self {
        match raw.as_bytes().first() {
            Some(b'"') => match raw.get(1..raw.len().saturating_sub(1)) {
                Some(text) if !text.contains('\\') => Self::Text(Cow::Borrowed(text)),
                // What is escaped was only looked at in passing.
                _ => serde_json::from_str(raw)
                    .map_or(Self::Other("holds half of a character"), |text: String| Self::Text(Cow::Owned(text))),
            },
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Truth(raw),
            Some(b'[') => Self::Other("is a list: write it as a text, in quotes"),
            Some(b'{') => Self::Other("is an object: write it as a text, in quotes"),
            _ => Self::Number(raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_they_are_written() {
        let check = |value: &str, expect: Cell<'_>| {
            let line = format!("{{\"x\": {value} }}");
            let pairs = parse(&line).map_err(|_| value).unwrap();
            assert_eq!(pairs.0[0].1, expect, "{value}");
        };
        check("\"a\"", Cell::Text("a".into()));
        check("\"\"", Cell::Text("".into()));
        check("\"a\\\"\\u00e9\\ud83d\\ude00\"", Cell::Text("a\"é😀".into()));
        check("\"\\ud83d\"", Cell::Other("holds half of a character"));
        check("null", Cell::Null);
        for number in ["0", "-1", "12.50", "1e3", "1E+3", "17841400000000001", "123456789012345678901234567890"] {
            check(number, Cell::Number(number));
        }
        check("true", Cell::Truth("true"));
        check("false", Cell::Truth("false"));
        check("[1,[2]]", Cell::Other("is a list: write it as a text, in quotes"));
        check("{\"a\":{}}", Cell::Other("is an object: write it as a text, in quotes"));
    }

    #[test]
    fn a_line_that_is_no_object_says_why() {
        let check = |line: &str, expect: &'static str| {
            assert_eq!(parse(line).map(|_| ()), Err(Broken::Line(expect)), "{line}");
        };
        let single = "it has texts in single quotes: JSON takes double ones";
        check("{'to': '1'}", single);
        check("{'to':\"1\"}", single);
        check("{\"to\":\"it's\",'a':1}", single);
        check("{\"to\":\"1\",}", "a comma stands before a closing bracket");
        check("{\"to\":[1, ] }", "a comma stands before a closing bracket");
        let word = "a value in it is no JSON, such as NaN or None: write null";
        check("{\"to\":NaN}", word);
        check("{\"to\":-Infinity}", word);
        check("{\"a\":\"x\\\"\",\"to\": None}", word);
        check("{\"to\":True}", "JSON writes true and false in small letters");
        check("{\"to\":\"NaN", "it ends in the middle of the object");
        check("{\"to\":", "it ends in the middle of the object");
        check("{\"to\":\"1\"} x", "something follows the object");
        check("{\"to\":\"1\"},", "something follows the object");
        check("{\"\\ud83d\":\"1\"}", "a key in it holds half of a character");
        for line in ["nope", "[\"1\"]", "\"a\"", "1", "{to:1}"] {
            check(line, "it is not a JSON object");
        }
        assert_eq!(parse("{\"to\":\"1\"}\r{\"to\":\"2\"}").map(|_| ()), Err(Broken::Several));
        assert_eq!(parse("{}{}").map(|_| ()), Err(Broken::Several));
    }

    #[test]
    fn a_broken_line_is_still_about_somebody() {
        let check = |line: &[u8], expect: Option<&str>| {
            assert_eq!(find(line, "to").as_deref(), expect, "{}", String::from_utf8_lossy(line));
        };
        check(b"{\"to\":\"17841400000000001\",\"total\":NaN}", Some("17841400000000001"));
        check(b"{'to' : '17841400000000001'}", Some("17841400000000001"));
        check(b"{\"total\":1,\"to\": 17841400000000001,", Some("17841400000000001"));
        check(b"{\"name\":\"\xff\",\"to\":\"17841400000000001\"}", Some("17841400000000001"));
        check(b"{\"a\":\"to\",\"to\":\"17841400000000001\",}", Some("17841400000000001"));
        check(b"{\"to\":\"1784140000000", Some("1784140000000"));
        check(b"{\"to\":null,}", None);
        check(b"{\"to\"", None);
        check(b"to", None);
        check(b"", None);
    }
}
