//! Times, durations and zones as they are written.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::cursor::Cursor;
use crate::diagnostic::{Code, Diagnostic};
use crate::timing::{self, WrongDuration, read_duration_in};

/// Reads a local date and time, all of it: `2026-12-01 09:00`, maybe with seconds.
///
/// # Errors
/// If there is no such date (30 February), or the form is another.
pub(super) fn local(at: &Cursor<'_>, text: &str) -> Result<DateTime, Box<Diagnostic>> {
    let whole = |format: &str| {
        let read = DateTime::strptime(format, text).ok()?;
        (read.year() >= 0 && read.strftime(format).to_string() == text).then_some(read)
    };
    whole("%Y-%m-%d %H:%M:%S").or_else(|| whole("%Y-%m-%d %H:%M")).ok_or_else(|| {
        let diagnostic = Diagnostic::error(Code::BadTime, "there is no such date and time", at.place());
        Box::new(match days_of_month(text) {
            Some(days) => diagnostic.help(days),
            None => diagnostic,
        })
    })
}

/// Says how long the month is that a text begins with.
fn days_of_month(text: &str) -> Option<String> {
    let month = Date::strptime("%Y-%m-%d", format!("{}-01", text.get(..7)?)).ok()?;
    Some(format!("{} has {} days", month.strftime("%B %Y"), month.days_in_month()))
}

/// Reads a date and time in UTC, with one `Z` behind.
///
/// # Errors
/// As [`local`].
pub(super) fn instant(at: &Cursor<'_>, text: &str) -> Result<Timestamp, Box<Diagnostic>> {
    let wrong = |message: &str| Box::new(Diagnostic::error(Code::BadTime, message, at.place()));
    let local = local(at, text.strip_suffix('Z').ok_or_else(|| wrong("the time does not say that it is in UTC"))?)?;
    TimeZone::UTC.to_timestamp(local).map_err(|_| wrong("the time is out of range"))
}

/// Reads a duration with one unit, of at most so many hours.
///
/// # Errors
/// If the form is another, or the duration is longer.
pub(super) fn duration(at: &Cursor<'_>, text: &str, hours_max: i64) -> Result<SignedDuration, Box<Diagnostic>> {
    let seconds = ["s", "m", "h", "d"].into_iter().zip([1, 60, 3600, 86_400]).find_map(|(unit, seconds)| {
        let number = text.strip_suffix(unit).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
        number.parse::<i64>().ok()?.checked_mul(seconds)
    });
    let wrong = |code, message: String| Box::new(Diagnostic::error(code, message, at.place()));
    let seconds = seconds.ok_or_else(|| wrong(Code::BadPattern, "this is not a duration".to_owned()))?;
    if seconds > hours_max * 3600 {
        let limit = if hours_max % 24 == 0 { format!("{}d", hours_max / 24) } else { format!("{hours_max}h") };
        return Err(wrong(Code::OutOfBounds, format!("at most `{limit}` is allowed")));
    }
    Ok(SignedDuration::from_secs(seconds))
}

/// Reads a duration to the millisecond, as a command line takes it, within what is allowed.
///
/// # Errors
/// If it is none of these.
pub(super) fn length(
    at: &Cursor<'_>,
    text: &str,
    allowed: &RangeInclusive<SignedDuration>,
) -> Result<SignedDuration, Box<Diagnostic>> {
    read_duration_in(text, allowed).map_err(|wrong| {
        let wrong_code = match wrong {
            WrongDuration::Unreadable => Code::BadPattern,
            WrongDuration::OutOfBounds { .. } => Code::OutOfBounds,
        };
        Box::new(Diagnostic::error(wrong_code, wrong.to_string(), at.place()))
    })
}

/// Finds a zone in the IANA database that comes with the program.
///
/// # Errors
/// If there is no zone of this name; its letters' case does not matter.
pub(super) fn zone(at: &Cursor<'_>, name: &str) -> Result<TimeZone, Box<Diagnostic>> {
    timing::zone(name).ok_or_else(|| {
        let advice = timing::no_zone(name);
        Box::new(Diagnostic::error(Code::BadZone, advice.why, at.place()).help(advice.cure))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;
    use crate::campaign::names::has_form;
    use crate::campaign::raw::pattern::{DURATION, INSTANT, LOCAL};
    use crate::campaign::walk::walk;
    use crate::diagnostic::Source;

    proptest! {
        /// A form is consumed to its end, whether the schema has refused the text already or not.
        #[test]
        fn nothing_is_read_in_part(
            begin in "[ +-]?", date in "20[0-9]{2}-[01][0-9]-[0-3][0-9]", gap in "[ T]{0,2}", time in "[012][0-9]:[0-5][0-9](:[0-5][0-9])?",
            end in "(|Z|ZZ| |\\+01:00|\\[UTC\\]|x)", length in "[+ -]?[1-9][0-9]{0,5}[smhdx ]{0,2}",
        ) {
            let source = Source::new("a.yaml", "a: 1");
            let tree = walk(&source).0.unwrap();
            let at = Cursor::root(&source, &tree);
            let text = format!("{begin}{date}{gap}{time}{end}");
            prop_assert!(local(&at, &text).is_err() || has_form(&text, LOCAL), "{text}");
            prop_assert!(instant(&at, &text).is_err() || has_form(&text, INSTANT), "{text}");
            prop_assert!(duration(&at, &length, 24 * 999_999).is_err() || has_form(&length, DURATION), "{length}");
        }
    }

    #[test]
    fn what_has_the_form_is_read() {
        let source = Source::new("a.yaml", "a: 1");
        let tree = walk(&source).0.unwrap();
        let at = Cursor::root(&source, &tree);
        assert_eq!(local(&at, "2026-12-01 09:00").unwrap().to_string(), "2026-12-01T09:00:00");
        assert_eq!(local(&at, "2028-02-29 09:00:30").unwrap().to_string(), "2028-02-29T09:00:30");
        assert_eq!(local(&at, "2026-02-30 09:00").unwrap_err().help.as_deref(), Some("February 2026 has 28 days"));
        assert_eq!(instant(&at, "2026-12-01 09:00Z").unwrap().to_string(), "2026-12-01T09:00:00Z");
        assert_eq!(duration(&at, "90m", 2).unwrap().as_secs(), 5400);
        assert_eq!(duration(&at, "3h", 2).unwrap_err().message, "at most `2h` is allowed");
    }
}
