//! Times, durations and zones as they are written.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::at::At;
use crate::diagnostic::{Code, Diagnostic};
use crate::timing;

/// Reads a local date and time.
///
/// # Errors
/// If there is no such date (30 February), or the form is another.
pub(super) fn local(at: &At<'_>, text: &str) -> Result<DateTime, Box<Diagnostic>> {
    let parsed = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).or_else(|_| DateTime::strptime("%Y-%m-%d %H:%M", text));
    parsed.map_err(|_| Box::new(Diagnostic::error(Code::BadTime, "there is no such date and time", at.place())))
}

/// Reads a date and time in UTC, with `Z` behind.
///
/// # Errors
/// As [`local`].
pub(super) fn instant(at: &At<'_>, text: &str) -> Result<Timestamp, Box<Diagnostic>> {
    let local = local(at, text.trim_end_matches('Z'))?;
    let instant = local.to_zoned_datetime(TimeZone::UTC).map(|zoned| zoned.timestamp());
    instant.map_err(|_| Box::new(Diagnostic::error(Code::BadTime, "the time is out of range", at.place())))
}

/// Reads a duration with one unit, of at most so many hours.
///
/// # Errors
/// If the form is another, or the duration is longer.
pub(super) fn duration(at: &At<'_>, text: &str, hours_max: i64) -> Result<SignedDuration, Box<Diagnostic>> {
    let seconds = ["s", "m", "h", "d"].into_iter().zip([1, 60, 3600, 86_400]).find_map(|(unit, seconds)| {
        let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(seconds)
    });
    let wrong = |code, message: String| Box::new(Diagnostic::error(code, message, at.place()));
    let seconds = seconds.ok_or_else(|| wrong(Code::BadPattern, "this is not a duration".to_owned()))?;
    if seconds > hours_max * 3600 {
        let limit = if hours_max % 24 == 0 { format!("{}d", hours_max / 24) } else { format!("{hours_max}h") };
        return Err(wrong(Code::OutOfBounds, format!("at most `{limit}` is allowed")));
    }
    Ok(SignedDuration::from_secs(seconds))
}

/// Finds a zone in the IANA database that comes with the program.
///
/// # Errors
/// If there is no zone of this name; its letters' case does not matter.
pub(super) fn zone(at: &At<'_>, name: &str) -> Result<TimeZone, Box<Diagnostic>> {
    timing::zone(name).ok_or_else(|| {
        let message = "there is no such time zone in the IANA database";
        let help = match timing::similar_zones(name).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => "zones have names such as `Europe/Zagreb` or `UTC`".to_owned(),
        };
        Box::new(Diagnostic::error(Code::BadZone, message, at.place()).help(help))
    })
}
