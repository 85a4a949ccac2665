//! Values that are one of a few names. The names are those with which serde reads and writes the type, so
//! that they stand in its definition only.

use serde::de::value::{BorrowedStrDeserializer, Error};
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// Finds the value with a name; `None` if no value has it.
#[must_use]
pub fn named<'de, T: Deserialize<'de>>(name: &'de str) -> Option<T> {
    T::deserialize(BorrowedStrDeserializer::<Error>::new(name)).ok()
}

/// All names of a type, in the order of its definition.
#[must_use]
pub fn names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // No value comes of it: a type says its names when it asks to be read.
    drop(T::deserialize(NamesOnly(&mut names)));
    names
}

/// Gives no value, and keeps the names that it is asked for.
struct NamesOnly<'n>(&'n mut &'static [&'static str]);

impl<'de> Deserializer<'de> for NamesOnly<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("only the names are wanted"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::{named, names};
    use crate::wire::content::{ButtonKind, ContentKind};
    use crate::wire::options::{ReportType, SpeedUnit};

    #[test]
    fn names_are_those_of_the_type() {
        assert_eq!(names::<SpeedUnit>(), ["MINUTE", "HOUR", "DAY"]);
        assert_eq!(names::<ContentKind>(), ["TEXT", "IMAGE", "CAROUSEL", "RICH_CARD"]);
        assert_eq!(names::<ButtonKind>(), ["URL", "POSTBACK"]);
        assert_eq!(names::<String>(), [""; 0]);
        assert_eq!(named("application/xml"), Some(ReportType::Xml));
        assert_eq!(named::<ReportType>("xml"), None);
    }
}
