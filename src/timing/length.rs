//! How people say how long something takes.

use jiff::{SignedDuration, Span, SpanRelativeTo};

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
}
