//! How many messages of one sender the channel takes in a time: `20/s`, `600/m` or `1000/h`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::options::{SendingSpeedLimit, Steps};

/// How many messages of one sender the channel takes in a second, a minute or an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelRate {
    amount: u32,
    unit: RateUnit,
}

/// In which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RateUnit {
    Second,
    Minute,
    Hour,
}

impl RateUnit {
    const ALL: [(Self, &str, i64); 3] =
        [(Self::Second, "s", 1_000), (Self::Minute, "m", 60_000), (Self::Hour, "h", 3_600_000)];
}

/// The highest number of messages.
const AMOUNT_MAX: u32 = 1_000_000;
/// How many digits it has.
const DIGITS_MAX: usize = 7;

impl ChannelRate {
    /// How a bulk with a speed of its own goes at this rate: as the slower of the two does.
    #[must_use]
    pub fn steps(self, speed: Option<SendingSpeedLimit>) -> Steps {
        let unit_ms = RateUnit::ALL.into_iter().find(|(unit, ..)| *unit == self.unit).map_or(1_000, |(.., ms)| ms);
        let steps = Steps { amount: self.amount, unit_ms };
        speed.map_or(steps, |speed| steps.slower(speed.steps()))
    }
}

impl FromStr for ChannelRate {
    type Err = String;

    /// Reads a rate such as `20/s`.
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (amount, unit) = text.split_once('/')?;
            let is_number = amount.len() <= DIGITS_MAX
                && !amount.starts_with('0')
                && amount.bytes().all(|byte| byte.is_ascii_digit());
            let amount = amount.parse().ok().filter(|amount| is_number && *amount <= AMOUNT_MAX)?;
            let (unit, ..) = RateUnit::ALL.into_iter().find(|(_, name, _)| *name == unit)?;
            Some(Self { amount, unit })
        };
        read().ok_or_else(|| {
            "must be a rate from `1` to `1000000` a second, minute or hour, such as `20/s`, `600/m` or `1000/h`"
                .to_owned()
        })
    }
}

impl TryFrom<String> for ChannelRate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ChannelRate> for String {
    fn from(rate: ChannelRate) -> Self {
        rate.to_string()
    }
}

impl fmt::Display for ChannelRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = RateUnit::ALL.into_iter().find(|(unit, ..)| *unit == self.unit).map_or("s", |(_, name, _)| name);
        write!(formatter, "{}/{name}", self.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::options::SpeedUnit;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        for text in ["1/s", "20/s", "600/m", "1000000/h"] {
            assert_eq!(text.parse::<ChannelRate>().unwrap().to_string(), text);
            let json: ChannelRate = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(serde_json::to_string(&json).unwrap(), format!("\"{text}\""));
        }
        for text in [
            "",
            "20",
            "/s",
            "0/s",
            "01/s",
            "-1/s",
            "+1/s",
            "1.5/s",
            "1000001/s",
            "20/d",
            "20 /s",
            "20/S",
            "20/sec",
            "20/s ",
        ] {
            assert!(text.parse::<ChannelRate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_bulk_goes_as_the_slower_of_its_own_speed_and_the_channel() {
        let speed = |amount, time_unit| Some(SendingSpeedLimit { amount, time_unit });
        let third = |rate: &str, speed| rate.parse::<ChannelRate>().unwrap().steps(speed).offset_ms(3);
        assert_eq!(third("3/s", None), 1_000);
        assert_eq!(third("3/s", speed(60, SpeedUnit::Minute)), 3_000);
        assert_eq!(third("3/s", speed(1_000, SpeedUnit::Minute)), 1_000);
        assert_eq!(third("3/h", speed(60, SpeedUnit::Minute)), 3_600_000);
        assert_eq!(third("3/h", speed(1, SpeedUnit::Day)), 3 * 86_400_000);
    }
}
