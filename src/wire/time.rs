//! Instants on the wire: written as `yyyy-MM-dd'T'HH:mm:ss.SSS+0000`, and read in every form in
//! which the gateway's services write them.

use jiff::Timestamp;
use jiff::fmt::strtime;

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
