//! JSON as it arrives: a list of nodes, read in one pass over a body, whose texts lie in that body wherever
//! that can be. What is inside of a list or an object follows its node, so that neither needs memory of its own.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value, but for what is inside of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JsonNode<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number that is not whole, or has more than 64 bits: the API has none.
    Number,
    Text(Cow<'a, str>),
    /// A list of which so many nodes follow.
    List(usize),
    /// An object of which so many nodes follow: a text for each name, and behind it the value.
    Object(usize),
}

/// A value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Json<'n, 'a> {
    node: &'n JsonNode<'a>,
    inside: &'n [JsonNode<'a>],
}

/// The items of a list.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct JsonList<'n, 'a>(&'n [JsonNode<'a>]);

/// The fields of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonObject<'n, 'a>(&'n [JsonNode<'a>]);

/// A kind of value, as a type of its own.
pub(super) trait Kind<'n, 'a>: Sized {
    /// The kind in words, with its article.
    const WORDS: &'static str;

    /// Takes a value of this kind; `None` if it is of another.
    fn of(json: Json<'n, 'a>) -> Option<Self>;
}

/// Makes a type the kind of one sort of nodes.
macro_rules! kind {
    ($type:ty, $words:literal, $node:pat, $inside:pat => $value:expr) => {
        impl<'n, 'a> Kind<'n, 'a> for $type {
            const WORDS: &'static str = $words;

            fn of(json: Json<'n, 'a>) -> Option<Self> {
                if let Json { node: $node, inside: $inside } = json { Some($value) } else { None }
            }
        }
    };
}

kind!(bool, "a boolean", JsonNode::Boolean(value), _ => *value);
kind!(i64, "an integer", JsonNode::Integer(number), _ => *number);
kind!(Cow<'a, str>, "a string", JsonNode::Text(text), _ => text.clone());
kind!(JsonList<'n, 'a>, "an array", JsonNode::List(_), items => Self(items));
kind!(JsonObject<'n, 'a>, "an object", JsonNode::Object(_), fields => Self(fields));

impl<'n, 'a> Json<'n, 'a> {
    /// Whether it is `null`, which is as good as nothing.
    pub(super) fn is_null(self) -> bool {
        *self.node == JsonNode::Null
    }

    /// Takes the first of some values; gives it and the rest.
    fn split(values: &'n [JsonNode<'a>]) -> Option<(Self, &'n [JsonNode<'a>])> {
        let (node, behind) = values.split_first()?;
        let length = match node {
            JsonNode::List(length) | JsonNode::Object(length) => *length,
            JsonNode::Null | JsonNode::Boolean(_) | JsonNode::Integer(_) | JsonNode::Number | JsonNode::Text(_) => 0,
        };
        let (inside, rest) = behind.split_at_checked(length)?;
        Some((Self { node, inside }, rest))
    }
}

impl<'n, 'a> JsonList<'n, 'a> {
    /// Its items, in their order.
    pub(super) fn items(self) -> impl Iterator<Item = Json<'n, 'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (item, behind) = Json::split(rest)?;
            rest = behind;
            Some(item)
        })
    }

    /// How many items it has.
    pub(super) fn len(self) -> usize {
        self.items().count()
    }

    /// Whether it has none.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl<'n, 'a> JsonObject<'n, 'a> {
    /// The names of all fields, in their order.
    pub(super) fn names(self) -> impl Iterator<Item = &'n str> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (JsonNode::Text(name), behind) = rest.split_first()? else { return None };
            let (_, behind) = Json::split(behind)?;
            rest = behind;
            Some(&**name)
        })
    }

    /// The values of all fields with a name.
    pub(super) fn values(self, wanted: &str) -> impl Iterator<Item = Json<'n, 'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            loop {
                let (JsonNode::Text(name), behind) = rest.split_first()? else { return None };
                let (value, behind) = Json::split(behind)?;
                rest = behind;
                if name == wanted {
                    return Some(value);
                }
            }
        })
    }
}

/// Reads a body.
///
/// # Errors
/// If it is not JSON: why, and where.
pub(super) fn read(bytes: &[u8]) -> serde_json::Result<Vec<JsonNode<'_>>> {
    let mut nodes = Vec::with_capacity(bytes.len() / BYTES_PER_NODE);
    let mut body = serde_json::Deserializer::from_slice(bytes);
    Reading(&mut nodes).deserialize(&mut body)?;
    body.end()?;
    Ok(nodes)
}

/// How many bytes of a body have about one node, names being nodes as well.
const BYTES_PER_NODE: usize = 12;

/// The value that nodes stand for.
pub(super) fn value<'n, 'a>(nodes: &'n [JsonNode<'a>]) -> Option<Json<'n, 'a>> {
    Json::split(nodes).map(|(value, _)| value)
}

/// Adds a value to nodes.
struct Reading<'r, 'a>(&'r mut Vec<JsonNode<'a>>);

impl<'a> Reading<'_, 'a> {
    /// Sets the length of a list or an object whose node is at a place, with all that follows it inside.
    fn close(self, at: usize, node: impl FnOnce(usize) -> JsonNode<'a>) {
        let length = self.0.len().saturating_sub(at + 1);
        if let Some(open) = self.0.get_mut(at) {
            *open = node(length);
        }
    }

    fn push<E>(self, node: JsonNode<'a>) -> Result<(), E> {
        self.0.push(node);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.push(JsonNode::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(JsonNode::Boolean(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.push(JsonNode::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.push(i64::try_from(number).map_or(JsonNode::Number, JsonNode::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.push(JsonNode::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.push(JsonNode::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.push(JsonNode::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let at = self.0.len();
        self.0.push(JsonNode::List(0));
        while list.next_element_seed(Reading(self.0))?.is_some() {}
        self.close(at, JsonNode::List);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let at = self.0.len();
        self.0.push(JsonNode::Object(0));
        while object.next_key_seed(Reading(self.0))?.is_some() {
            object.next_value_seed(Reading(self.0))?;
        }
        self.close(at, JsonNode::Object);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_follows() {
        let nodes = read(br#"[null, "a", "\n", 1, -1, 1.5, true, {"a": [1], "b": {}}, []]"#).unwrap();
        let text = |text: &'static str| JsonNode::Text(text.into());
        let object =
            [JsonNode::Object(5), text("a"), JsonNode::List(1), JsonNode::Integer(1), text("b"), JsonNode::Object(0)];
        let plain = [
            JsonNode::List(14),
            JsonNode::Null,
            text("a"),
            text("\n"),
            JsonNode::Integer(1),
            JsonNode::Integer(-1),
            JsonNode::Number,
            JsonNode::Boolean(true),
        ];
        assert_eq!(nodes, plain.into_iter().chain(object).chain([JsonNode::List(0)]).collect::<Vec<_>>());
        let list = JsonList::of(value(&nodes).unwrap()).unwrap();
        assert_eq!(list.len(), 9);
        let object = list.items().find_map(JsonObject::of).unwrap();
        assert_eq!(object.values("a").map(|list| JsonList::of(list).unwrap().len()).collect::<Vec<_>>(), [1]);
        assert!(object.values("b").all(|inner| JsonObject::of(inner).is_some()));
        assert_eq!(object.values("c").count(), 0);
    }

    #[test]
    fn texts_lie_in_the_body_where_they_can() {
        let borrowed = |json: &str| matches!(read(json.as_bytes()).unwrap()[..], [JsonNode::Text(Cow::Borrowed(_))]);
        assert!(borrowed(r#""plain""#));
        assert!(!borrowed(r#""a\nb""#));
    }

    #[test]
    fn integers_have_64_bits() {
        let integer = |json: &str| i64::of(value(&read(json.as_bytes()).unwrap()).unwrap());
        assert_eq!(integer("-7"), Some(-7));
        assert_eq!(integer("9223372036854775807"), Some(i64::MAX));
        assert_eq!(integer("9223372036854775808"), None);
        assert_eq!(integer("1.0"), None);
        assert_eq!(integer("\"1\""), None);
    }
}
