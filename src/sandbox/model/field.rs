//! JSON read without giving up: a value of the wrong kind is remembered as such, so that one pass
//! over a body finds everything that is wrong with it, and costs little when nothing is.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a body has at one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Field<T> {
    /// Nothing, or `null`.
    #[default]
    Absent,
    /// A value of another kind.
    Wrong,
    /// A value of the right kind.
    Is(T),
}

/// A kind of value: it takes the JSON it is made of and leaves the rest.
pub(super) trait Shape<'de>: Sized {
    /// The kind in words, with its article.
    const NAME: &'static str;

    /// Takes a text.
    fn text(_: Cow<'de, str>) -> Option<Self> {
        None
    }

    /// Takes a whole number.
    fn integer(_: i64) -> Option<Self> {
        None
    }

    /// Takes a boolean.
    fn boolean(_: bool) -> Option<Self> {
        None
    }

    /// Takes a list.
    ///
    /// # Errors
    /// If the JSON is broken.
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// Takes an object.
    ///
    /// # Errors
    /// If the JSON is broken.
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl<'de: 'a, 'a> Shape<'de> for Cow<'a, str> {
    const NAME: &'static str = "a string";

    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(text)
    }
}

impl Shape<'_> for i64 {
    const NAME: &'static str = "an integer";

    fn integer(number: i64) -> Option<Self> {
        Some(number)
    }
}

impl Shape<'_> for bool {
    const NAME: &'static str = "a boolean";

    fn boolean(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl<'de, T: Shape<'de>> Shape<'de> for Vec<Field<T>> {
    const NAME: &'static str = "an array";

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut items = Self::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Some(items))
    }
}

impl<'de, T: Shape<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Shape<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Field<T>, E> {
        Ok(T::boolean(value).into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field<T>, E> {
        Ok(T::integer(number).into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Field<T>, E> {
        Ok(i64::try_from(number).ok().and_then(T::integer).into())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field<T>, E> {
        Ok(Field::Wrong)
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<T>, E> {
        Ok(T::text(Cow::Owned(text.to_owned())).into())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<T>, E> {
        Ok(T::text(Cow::Borrowed(text)).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Field<T>, A::Error> {
        T::list(list).map(Into::into)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Field<T>, A::Error> {
        T::object(object).map(Into::into)
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(taken: Option<T>) -> Self {
        taken.map_or(Self::Wrong, Self::Is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_kind_is_remembered_and_skipped() {
        let read = |json| serde_json::from_str::<Vec<Field<Cow<'_, str>>>>(json).unwrap();
        assert_eq!(
            read(r#"[null, "a", 1, -1, 1.5, true, {"a": [1]}, ["a", {}]]"#),
            [
                Field::Absent,
                Field::Is("a".into()),
                Field::Wrong,
                Field::Wrong,
                Field::Wrong,
                Field::Wrong,
                Field::Wrong,
                Field::Wrong
            ]
        );
    }

    #[test]
    fn integers_beyond_64_bits_are_wrong() {
        let read = |json| serde_json::from_str::<Field<i64>>(json).unwrap();
        assert_eq!(read("-7"), Field::Is(-7));
        assert_eq!(read("9223372036854775807"), Field::Is(i64::MAX));
        assert_eq!(read("9223372036854775808"), Field::Wrong);
        assert_eq!(read("1.0"), Field::Wrong);
        assert_eq!(read("\"1\""), Field::Wrong);
    }
}
