//! Instants on the wire: written as `yyyy-MM-dd'T'HH:mm:ss.SSS+0000`, and read in every form in
//! which the gateway's services write them.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::strtime;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Writes an instant as the API's page wants it, in UTC, with milliseconds.
#[must_use]
pub fn write(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

/// Reads an instant with `Z`, `+hhmm` or `+hh:mm` behind it, with or without a fraction.
#[must_use]
pub fn read(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let parsed = strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?;
        parsed.to_timestamp().ok()
    })
}

/// An instant as [`write`] writes it, for the schemas of answers.
pub struct WrittenInstant;

impl JsonSchema for WrittenInstant {
    fn schema_name() -> Cow<'static, str> {
        "WrittenInstant".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+0000$",
            "examples": ["2026-12-01T08:00:00.000+0000"],
        })
    }
}

/// Reads and writes instants in JSON with serde.
pub mod serde_instant {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    /// Writes an instant.
    ///
    /// # Errors
    /// As the serializer does.
    pub fn serialize<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::write(*instant))
    }

    /// Reads an instant.
    ///
    /// # Errors
    /// If it has none of the forms that are known.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::read(&text).ok_or_else(|| de::Error::custom("not a date and time with an offset"))
    }
}

/// The same for an instant that may be absent.
pub mod optional_instant {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes an instant.
    ///
    /// # Errors
    /// As the serializer does.
    pub fn serialize<S: Serializer>(instant: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => serializer.serialize_str(&super::write(*instant)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads an instant. One that cannot be read is as good as none: the status of a message is what counts.
    ///
    /// # Errors
    /// If it is no text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.and_then(|text| super::read(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn instants_are_written_in_the_api_s_form() {
        let instant = "2026-12-01T08:00:00.5Z".parse().unwrap();
        assert_eq!(write(instant), "2026-12-01T08:00:00.500+0000");
        assert_eq!(read(&write(instant)), Some(instant));
    }

    #[test]
    fn instants_are_read_in_every_form_that_was_seen() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(read(text).map(|instant| instant.to_string()).as_deref(), expect, "{text}");
        };
        check("2024-12-10T15:12:28.074+0000", Some("2024-12-10T15:12:28.074Z"));
        check("2020-02-22T17:42:05.390+01:00", Some("2020-02-22T16:42:05.39Z"));
        check("2024-12-10T15:12:28Z", Some("2024-12-10T15:12:28Z"));
        check("2024-12-10T15:12:28+0100", Some("2024-12-10T14:12:28Z"));
        check("2024-12-10T15:12:28", None);
        check("yesterday", None);
    }
}
