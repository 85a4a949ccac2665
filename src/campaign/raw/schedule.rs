//! Schedules as they are written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{pattern, present};
use crate::wire::options::{DeliveryTimeWindow, SendingSpeedLimit, ValidityPeriod};

/// When and how fast messages are sent. Without `sendAt` they are sent as soon as they are applied.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("dependentRequired" = {
    "sendAt": ["timeZone"], "timeZone": ["sendAt"], "ifAmbiguous": ["sendAt"], "ifPast": ["sendAt"], "handover": ["sendAt"]
}))]
pub struct Schedule {
    /// When to send: a local date and time, in quotes, at most 180 days ahead; `timeZone` says whose
    /// clock it is on. Example: `"2026-12-01 09:00"`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(
        regex(pattern = pattern::LOCAL),
        example = &"2026-12-01 09:00"
    )]
    pub send_at: Option<String>,
    /// Whose clock `sendAt` is on: an IANA time zone such as `Europe/Zagreb`, or
    /// `{ perPerson: true, fallback: Europe/Zagreb }` for everybody's own, from the audience's
    /// `timeZone` column.
    #[serde(default, deserialize_with = "present")]
    pub time_zone: Option<TimeZone>,
    /// Which instant is meant if a change of the clock skips or repeats the local time. Without it
    /// such a time is an error.
    #[serde(default, deserialize_with = "present")]
    pub if_ambiguous: Option<IfAmbiguous>,
    /// What becomes of people who are found only after the time is past: they are sent to at once, or they
    /// are too late, and it is over for them. If nothing is said they are too late as well, and a plan or an
    /// apply ends with code 4 until somebody decides.
    #[serde(default, deserialize_with = "present")]
    pub if_past: Option<IfPast>,
    /// How fast messages are sent, over all requests of a message together; as fast as the gateway
    /// can, if nothing is said. Example: `{ amount: 600, timeUnit: MINUTE }`.
    #[serde(default, deserialize_with = "present")]
    pub sending_speed_limit: Option<SendingSpeedLimit>,
    /// The days and hours, in UTC, in which messages may be delivered. `from` and `to` stand
    /// together, with `to` at least one hour after `from`, or not at all.
    /// Example: `{ days: [MONDAY], from: { hour: 8, minute: 0 }, to: { hour: 20, minute: 0 } }`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(extend("dependentRequired" = { "from": ["to"], "to": ["from"] }))]
    pub delivery_time_window: Option<DeliveryTimeWindow>,
    /// How long after its sending a message is worth delivering. More than 48 hours are cut to 48 by
    /// the gateway. Example: `{ amount: 24, timeUnit: HOURS }`.
    #[serde(default, deserialize_with = "present")]
    pub validity_period: Option<ValidityPeriod>,
    /// How long before `sendAt` messages are handed over to the gateway, after which they can not be
    /// changed any more; at once, if nothing is said. At most `180d`. Example: `2h`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(
        regex(pattern = pattern::DURATION),
        example = &"2h"
    )]
    pub handover: Option<String>,
}

/// Whose clock a local time is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeZone {
    /// One zone for all.
    Named(String),
    /// Everybody's own.
    PerPerson(PerPerson),
}

/// Everybody's own time zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PerPerson {
    /// Always true.
    pub per_person: bool,
    /// The zone of people whose cell is empty.
    #[serde(default, deserialize_with = "present")]
    pub fallback: Option<String>,
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrMapping;

        impl<'de> Visitor<'de> for TextOrMapping {
            type Value = TimeZone;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the name of a time zone, or `perPerson: true`")
            }

            fn visit_str<E>(self, name: &str) -> Result<TimeZone, E> {
                Ok(TimeZone::Named(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TimeZone, A::Error> {
                PerPerson::deserialize(MapAccessDeserializer::new(map)).map(TimeZone::PerPerson)
            }
        }

        deserializer.deserialize_any(TextOrMapping)
    }
}

impl JsonSchema for TimeZone {
    fn schema_name() -> Cow<'static, str> {
        "TimeZone".into()
    }

    fn inline_schema() -> bool {
        true
    }

    // One schema for both forms: each keyword speaks of one type only, so an error points at what
    // is wrong and not at the choice.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "object"],
            "pattern": pattern::ZONE,
            "properties": {
                "perPerson": {
                    "description": "Always `true`: the audience's `timeZone` column says whose clock it is.",
                    "const": true
                },
                "fallback": {
                    "description": "The IANA time zone of people whose cell is empty; without it their row cannot be read.",
                    "type": "string",
                    "pattern": pattern::ZONE,
                    "examples": ["Europe/Zagreb"]
                }
            },
            "required": ["perPerson"],
            "additionalProperties": false,
            "examples": ["Europe/Zagreb"]
        })
    }
}

/// Which instant is meant if a change of the clock skips or repeats a local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum IfAmbiguous {
    /// The earlier of the two instants.
    Earlier,
    /// The later one.
    Later,
}

/// What becomes of people who are found after the time is past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum IfPast {
    /// They are too late, and it is over for them.
    TooLate,
    /// They are sent to at once.
    SendNow,
}
