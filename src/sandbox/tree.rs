//! What testers write, as a tree of which values are made. Serde takes a list for the values of a mapping in the order in
//! which a type happens to have their names; a tree does not, however deep it stands. Nor does it have a name twice.

use std::fmt;

use serde::de::value::{Error, MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

/// A value as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Nothing,
    Truth(bool),
    Whole(u64),
    Negative(i64),
    Fraction(f64),
    Text(String),
    List(Vec<Self>),
    Mapping(Vec<(String, Self)>),
}

impl Tree {
    /// What it is, for what is said of it.
    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Nothing => Unexpected::Unit,
            Self::Truth(value) => Unexpected::Bool(*value),
            Self::Whole(value) => Unexpected::Unsigned(*value),
            Self::Negative(value) => Unexpected::Signed(*value),
            Self::Fraction(value) => Unexpected::Float(*value),
            Self::Text(value) => Unexpected::Str(value),
            Self::List(_) => Unexpected::Seq,
            Self::Mapping(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Nothing)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Truth(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Whole(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(u64::try_from(value).map_or(Tree::Negative(value), Tree::Whole))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Fraction(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut fields: Vec<(String, Tree)> = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    if fields.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    fields.push((name, value));
                }
                Ok(Tree::Mapping(fields))
            }
        }
        deserializer.deserialize_any(TreeVisitor)
    }
}

impl IntoDeserializer<'_> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Nothing => visitor.visit_unit(),
            Self::Truth(value) => visitor.visit_bool(value),
            Self::Whole(value) => visitor.visit_u64(value),
            Self::Negative(value) => visitor.visit_i64(value),
            Self::Fraction(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter())),
            Self::Mapping(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self == Self::Nothing { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if matches!(self, Self::List(_)) {
            return Err(Error::invalid_type(Unexpected::Seq, &visitor));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Text(variant) => visitor.visit_enum(variant.into_deserializer()),
            Self::Mapping(fields) => {
                let fields = MapDeserializer::new(fields.into_iter());
                MapAccessDeserializer::new(fields).deserialize_enum(name, variants, visitor)
            }
            other @ (Self::Nothing
            | Self::Truth(_)
            | Self::Whole(_)
            | Self::Negative(_)
            | Self::Fraction(_)
            | Self::List(_)) => Err(Error::invalid_type(other.unexpected(), &visitor)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    fn tree(value: &Value) -> Tree {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn a_tree_is_what_was_written() {
        for value in [json!(null), json!([true, 7, -7, 7.5, "a", [], {}]), json!({ "a": { "b": [1] }, "c": u64::MAX })]
        {
            assert_eq!(Value::deserialize(tree(&value)).unwrap(), value);
        }
        let twice = serde_json::from_str::<Tree>(r#"[{"a": 1, "a": 2}]"#).unwrap_err().to_string();
        assert!(twice.starts_with("duplicate field `a`"), "{twice}");
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Shelf {
        kind: Kind,
        count: Option<u8>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Kind {
        Wood,
        Glass { panes: u8 },
    }

    #[test]
    fn a_list_is_no_mapping_however_deep_it_stands() {
        let read = |value: Value| Vec::<Shelf>::deserialize(tree(&value)).map_err(|error| error.to_string());
        let glass = Shelf { kind: Kind::Glass { panes: 2 }, count: Some(1) };
        assert_eq!(read(json!([{ "kind": { "glass": { "panes": 2 } }, "count": 1 }])), Ok(vec![glass]));
        assert_eq!(read(json!([{ "kind": "wood", "count": null }])), Ok(vec![Shelf { kind: Kind::Wood, count: None }]));
        assert_eq!(read(json!([["wood", 1]])).unwrap_err(), "invalid type: sequence, expected struct Shelf");
        assert_eq!(read(json!([{ "kind": 5 }])).unwrap_err(), "invalid type: integer `5`, expected enum Kind");
    }
}
