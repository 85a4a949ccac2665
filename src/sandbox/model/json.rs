//! JSON as it arrives: a tree of values of any kind, read in one pass over a body, whose texts lie in that
//! body wherever that can be.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// A value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Json<'a> {
    /// `null`, and what is not there at all.
    #[default]
    Null,
    /// A boolean.
    Boolean(bool),
    /// A whole number of 64 bits.
    Integer(i64),
    /// Any other number: the API has none.
    Number,
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Object(JsonObject<'a>),
}

/// The fields of an object, in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JsonObject<'a>(pub(super) Vec<(Name<'a>, Json<'a>)>);

/// The name of a field.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A kind of value, as a type of its own.
pub(super) trait Kind<'a>: Sized {
    /// The kind in words, with its article.
    const WORDS: &'static str;

    /// Takes a value of this kind; `None` if it is of another.
    fn of(json: Json<'a>) -> Option<Self>;
}

/// Makes a type the kind of one variant.
macro_rules! kind {
    ($type:ty, $variant:ident, $words:literal) => {
        impl<'a> Kind<'a> for $type {
            const WORDS: &'static str = $words;

            fn of(json: Json<'a>) -> Option<Self> {
                if let Json::$variant(value) = json { Some(value) } else { None }
            }
        }
    };
}

kind!(bool, Boolean, "a boolean");
kind!(i64, Integer, "an integer");
kind!(Cow<'a, str>, Text, "a string");
kind!(Vec<Json<'a>>, List, "an array");
kind!(JsonObject<'a>, Object, "an object");

/// Reads a body; `None` if it is not a JSON object, or not JSON at all.
pub(super) fn read(bytes: &[u8]) -> Option<JsonObject<'_>> {
    serde_json::from_slice(bytes).ok().and_then(JsonObject::of)
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(number).map_or(Json::Number, Json::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Object(JsonObject(fields)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read() {
        let read = serde_json::from_str::<Json<'_>>(r#"[null, "a", "\n", 1, -1, 1.5, true, {"a": [1]}, []]"#).unwrap();
        assert_eq!(
            read,
            Json::List(vec![
                Json::Null,
                Json::Text("a".into()),
                Json::Text("\n".into()),
                Json::Integer(1),
                Json::Integer(-1),
                Json::Number,
                Json::Boolean(true),
                Json::Object(JsonObject(vec![(Name("a".into()), Json::List(vec![Json::Integer(1)]))])),
                Json::List(Vec::new()),
            ])
        );
    }

    #[test]
    fn texts_lie_in_the_body_where_they_can() {
        let borrowed = |json| matches!(serde_json::from_str(json).unwrap(), Json::Text(Cow::Borrowed(_)));
        assert!(borrowed(r#""plain""#));
        assert!(!borrowed(r#""a\nb""#));
    }

    #[test]
    fn integers_have_64_bits() {
        let read = |json| i64::of(serde_json::from_str(json).unwrap());
        assert_eq!(read("-7"), Some(-7));
        assert_eq!(read("9223372036854775807"), Some(i64::MAX));
        assert_eq!(read("9223372036854775808"), None);
        assert_eq!(read("1.0"), None);
        assert_eq!(read("\"1\""), None);
    }
}
