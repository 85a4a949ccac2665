//! How people say how long something takes.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use thiserror::Error;

/// Why a text is not the duration that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WrongDuration {
    /// It is none.
    #[error("not a duration, such as `200ms`, `90s` or `2h 30m`")]
    Unreadable,
    /// It is too short or too long.
    #[error("from `{min:#}` to `{max:#}` is allowed")]
    OutOfBounds {
        /// The shortest that is allowed.
        min: SignedDuration,
        /// The longest.
        max: SignedDuration,
    },
}

/// Reads a duration as [`read_duration`] does, from the shortest to the longest that is allowed.
///
/// # Errors
/// If it is none of these.
pub fn read_duration_in(text: &str, allowed: &RangeInclusive<SignedDuration>) -> Result<SignedDuration, WrongDuration> {
    let duration = read_duration(text).ok_or(WrongDuration::Unreadable)?;
    let (min, max) = (*allowed.start(), *allowed.end());
    if allowed.contains(&duration) { Ok(duration) } else { Err(WrongDuration::OutOfBounds { min, max }) }
}

/// Reads a duration that is not negative, to the millisecond, such as `200ms`, `90s`, `2h 30m`, `7d` or `PT1H`; a day
/// has 24 hours.
#[must_use]
pub fn read_duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.trim().parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative() && duration.subsec_nanos() % 1_000_000 == 0).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, ms) in [
            ("200ms", 200),
            ("90s", 90_000),
            ("2m", 120_000),
            ("2h 30m", 9_000_000),
            ("2h30m", 9_000_000),
            ("1.5h", 5_400_000),
            ("7d", 604_800_000),
            ("PT1H", 3_600_000),
            ("0s", 0),
        ] {
            assert_eq!(read_duration(text).map(|duration| duration.as_millis()), Some(ms), "{text}");
        }
        for wrong in ["soon", "", "-1s", "1h ago", "5", "1 month", "1us", "1.0005s", "s"] {
            assert_eq!(read_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_allowed_is_said() {
        let allowed = SignedDuration::from_millis(1)..=SignedDuration::from_hours(48);
        let check = |text: &str, expect: Result<i128, &str>| {
            let read = read_duration_in(text, &allowed).map(|duration| duration.as_millis());
            assert_eq!(read.map_err(|wrong| wrong.to_string()), expect.map_err(str::to_owned), "{text}");
        };
        check("1ms", Ok(1));
        check("2d", Ok(172_800_000));
        check("0s", Err("from `1ms` to `48h` is allowed"));
        check("49h", Err("from `1ms` to `48h` is allowed"));
        check("soon", Err("not a duration, such as `200ms`, `90s` or `2h 30m`"));
    }
}
