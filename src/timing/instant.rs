//! Instants as people type them: with a date, a time and an offset.

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;

/// Why a text is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// It has another form.
    #[error("not a date and time with an offset, such as `2026-11-30T12:00:00Z`")]
    Form,
    /// It has the form, but is beyond what can be told.
    #[error(
        "out of range: the first time that can be told is `-009999-01-02T01:59:59Z`, the last `9999-12-30T22:00:00Z`"
    )]
    OutOfRange,
}

/// Reads an instant, such as `2026-11-30T12:00:00Z` or `2026-11-30 13:00+01:00`.
///
/// # Errors
/// If it is written in another form, or out of range.
pub fn read_instant(text: &str) -> Result<Timestamp, InstantError> {
    text.parse().map_err(|_| {
        let pieces = Pieces::parse(text).ok();
        let is_whole = pieces.is_some_and(|pieces| pieces.time().is_some() && pieces.to_numeric_offset().is_some());
        if is_whole { InstantError::OutOfRange } else { InstantError::Form }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_instant_is_told_from_one_that_is_too_far() {
        let check = |text: &str, expect: Result<&str, InstantError>| {
            assert_eq!(read_instant(text), expect.map(|instant| instant.parse().unwrap()), "{text}");
        };
        check("2026-11-30T12:00:00Z", Ok("2026-11-30T12:00:00Z"));
        check("2026-11-30 13:00+01:00", Ok("2026-11-30T12:00:00Z"));
        for form in ["", "noon", "2026-11-30", "2026-11-30T12:00:00", "2026-11-31T12:00:00Z", "2026-11-30T25:00:00Z"] {
            check(form, Err(InstantError::Form));
        }
        for far in ["9999-12-31T23:59:59Z", "9999-12-30T22:00:01Z", "-009999-01-01T00:00:00Z"] {
            check(far, Err(InstantError::OutOfRange));
        }
    }

    #[test]
    fn the_bounds_are_those_that_are_told() {
        let told = InstantError::OutOfRange.to_string();
        let seconds = |instant: Timestamp| Timestamp::from_second(instant.as_second()).unwrap().to_string();
        for bound in [Timestamp::MIN, Timestamp::MAX] {
            assert!(told.contains(&format!("`{}`", seconds(bound))), "{bound}: {told}");
        }
    }
}
