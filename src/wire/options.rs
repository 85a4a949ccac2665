//! The options of a message and of a request, shared by what users write and what is sent.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::limits;

/// The unit of a validity period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ValidityUnit {
    /// Seconds.
    Seconds,
    /// Minutes, which is what the API takes if nothing is said.
    #[default]
    Minutes,
    /// Hours.
    Hours,
}

/// How long after its sending a message is still worth delivering. The gateway cuts a period over
/// 48 hours to 48 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct ValidityPeriod {
    /// How many units.
    #[schemars(range(min = 1, max = limits::AMOUNT_MAX))]
    pub amount: u32,
    /// The unit of the amount.
    #[serde(default)]
    pub time_unit: ValidityUnit,
}

impl ValidityPeriod {
    /// The period in seconds, as written (not cut to 48 hours).
    #[must_use]
    pub fn seconds(self) -> i64 {
        let unit = match self.time_unit {
            ValidityUnit::Seconds => 1,
            ValidityUnit::Minutes => 60,
            ValidityUnit::Hours => 3600,
        };
        i64::from(self.amount) * unit
    }
}

/// The unit of a sending speed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SpeedUnit {
    /// A minute, which is what the API takes if nothing is said.
    #[default]
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// How many messages of one request the gateway sends in a unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct SendingSpeedLimit {
    /// How many messages.
    #[schemars(range(min = 1, max = limits::AMOUNT_MAX))]
    pub amount: u32,
    /// In which time.
    #[serde(default)]
    pub time_unit: SpeedUnit,
}

impl SendingSpeedLimit {
    /// The unit in milliseconds.
    #[must_use]
    pub fn unit_ms(self) -> i64 {
        match self.time_unit {
            SpeedUnit::Minute => 60_000,
            SpeedUnit::Hour => 3_600_000,
            SpeedUnit::Day => 86_400_000,
        }
    }

    /// The same as steps.
    #[must_use]
    pub fn steps(self) -> Steps {
        Steps { amount: self.amount, unit_ms: self.unit_ms() }
    }

    /// How long after the first message the message with this number (from 0) leaves, in
    /// milliseconds, rounded up.
    #[must_use]
    pub fn offset_ms(self, number: u64) -> i64 {
        self.steps().offset_ms(number)
    }
}

/// In which steps messages leave: so many in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// How many messages.
    pub amount: u32,
    /// In how many milliseconds.
    pub unit_ms: i64,
}

impl Steps {
    /// How long after the first message the message with this number (from 0) leaves, in
    /// milliseconds, rounded up.
    #[must_use]
    pub fn offset_ms(self, number: u64) -> i64 {
        let amount = u128::from(self.amount.max(1));
        let unit = u128::try_from(self.unit_ms).unwrap_or_default();
        let offset = (u128::from(number) * unit).div_ceil(amount);
        i64::try_from(offset).unwrap_or(i64::MAX)
    }

    /// The slower of two.
    #[must_use]
    pub fn slower(self, other: Self) -> Self {
        let is_slower =
            i128::from(self.amount) * i128::from(other.unit_ms) <= i128::from(other.amount) * i128::from(self.unit_ms);
        if is_slower { self } else { other }
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the days of the week need no words")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A time of the day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct TimeOfDay {
    /// The hour, 0 to 23.
    #[schemars(range(min = 0, max = limits::HOUR_MAX))]
    pub hour: u8,
    /// The minute, 0 to 59.
    #[schemars(range(min = 0, max = limits::MINUTE_MAX))]
    pub minute: u8,
}

impl TimeOfDay {
    /// Minutes since midnight.
    #[must_use]
    pub fn minutes(self) -> u32 {
        u32::from(self.hour) * 60 + u32::from(self.minute)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// The days and hours in which messages may be delivered; outside of them the gateway holds them.
/// Days and hours are in UTC. `from` and `to` stand together, at least one hour apart, or not at
/// all: then whole days are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct DeliveryTimeWindow {
    /// The days, each at most once.
    #[schemars(length(min = 1, max = 7), extend("uniqueItems" = true))]
    pub days: Vec<Day>,
    /// When the window opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TimeOfDay")]
    pub from: Option<TimeOfDay>,
    /// When the window closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TimeOfDay")]
    pub to: Option<TimeOfDay>,
}

/// The format of delivery reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportType {
    /// `application/json`.
    #[serde(rename = "application/json")]
    Json,
    /// `application/xml`.
    #[serde(rename = "application/xml")]
    Xml,
}

impl JsonSchema for ReportType {
    fn schema_name() -> Cow<'static, str> {
        "ReportType".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["application/json", "application/xml"] })
    }
}

/// CPaaS X options.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct Platform {
    /// The entity under which the message is sent; it comes back in reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = limits::PLATFORM_ID_CHARS_MAX))]
    pub entity_id: Option<String>,
    /// The application under which the message is sent; it comes back in reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = limits::PLATFORM_ID_CHARS_MAX))]
    pub application_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::{SendingSpeedLimit, SpeedUnit, ValidityPeriod, ValidityUnit};

    #[test]
    fn messages_leave_no_sooner_than_the_speed_allows() {
        let offset = |amount, time_unit, number| SendingSpeedLimit { amount, time_unit }.offset_ms(number);
        assert_eq!(offset(600, SpeedUnit::Minute, 0), 0);
        assert_eq!(offset(600, SpeedUnit::Minute, 1), 100);
        assert_eq!(offset(7, SpeedUnit::Minute, 1), 8_572);
        assert_eq!(offset(1, SpeedUnit::Day, 2), 2 * 86_400_000);
        assert_eq!(offset(u32::MAX, SpeedUnit::Hour, 1), 1);
        assert_eq!(offset(1, SpeedUnit::Day, u64::MAX), i64::MAX);
    }

    #[test]
    fn a_validity_without_a_unit_is_in_minutes() {
        let period: ValidityPeriod = serde_json::from_str(r#"{"amount":90}"#).unwrap();
        assert_eq!(period.time_unit, ValidityUnit::Minutes);
        assert_eq!(period.seconds(), 5_400);
    }
}
