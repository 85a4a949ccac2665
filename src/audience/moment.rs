//! Instants in cells: when a conversation window closes, or when a person wrote last.

use jiff::{SignedDuration, Timestamp};

/// How far clocks may differ before an instant of the past counts as one to come.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(1);
/// The instants that a bare number may stand for, in seconds since 1970: from 2010 up to 2100.
const EPOCH_SECONDS: std::ops::Range<i64> = 1_262_304_000..4_102_444_800;

/// The form in which an instant stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeForm {
    /// A date and a time with an offset.
    Written,
    /// Ten digits: seconds since 1970.
    EpochSeconds,
    /// Thirteen digits: milliseconds since 1970.
    EpochMillis,
}

impl TimeForm {
    /// The form in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Written => "a date and time with an offset",
            Self::EpochSeconds => "seconds since 1970",
            Self::EpochMillis => "milliseconds since 1970",
        }
    }
}

/// An instant in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellInstant {
    /// The instant.
    pub instant: Timestamp,
    /// How it is written. A bare number is to be trusted only if all times of its column are numbers
    /// of the same form: [`TimeForms::agree`] tells.
    pub form: TimeForm,
}

impl CellInstant {
    /// Reads a cell: RFC 3339, or date and time with a space, with `Z` or an offset; or ten or
    /// thirteen digits since 1970. A time without an offset could be anybody's, and is refused.
    #[must_use]
    pub fn parse(cell: &str) -> Option<Self> {
        let cell = cell.trim();
        match epoch(cell) {
            Some(moment) => Some(moment),
            None => Some(Self { instant: written(cell)?, form: TimeForm::Written }),
        }
    }

    /// Whether it is still to come, by more than clocks may differ: nobody has written then.
    #[must_use]
    pub fn is_to_come(self, now: Timestamp) -> bool {
        self.instant.duration_since(now) > SKEW_MAX
    }
}

fn written(cell: &str) -> Option<Timestamp> {
    const LENGTH_MAX: usize = 64;
    if cell.len() > LENGTH_MAX || cell.contains('[') {
        return None;
    }
    // `2026-11-30 12:00 +01:00`, as spreadsheets write it.
    match cell.rsplit_once(' ') {
        Some((time, offset)) if offset.starts_with(['+', '-', 'Z']) => format!("{time}{offset}").parse().ok(),
        _ => cell.parse().ok(),
    }
}

fn epoch(cell: &str) -> Option<CellInstant> {
    let (form, in_second) = match cell.len() {
        10 => (TimeForm::EpochSeconds, 1),
        13 => (TimeForm::EpochMillis, 1000),
        _ => return None,
    };
    let number = cell.bytes().all(|byte| byte.is_ascii_digit()).then(|| cell.parse::<i64>().ok()).flatten()?;
    let instant = Timestamp::from_millisecond(number * (1000 / in_second)).ok()?;
    EPOCH_SECONDS.contains(&(number / in_second)).then_some(CellInstant { instant, form })
}

/// The forms in which the times of a column stand: how many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeForms {
    written: u64,
    seconds: u64,
    millis: u64,
}

impl TimeForms {
    /// Counts a time.
    pub const fn add(&mut self, form: TimeForm) {
        match form {
            TimeForm::Written => self.written += 1,
            TimeForm::EpochSeconds => self.seconds += 1,
            TimeForm::EpochMillis => self.millis += 1,
        }
    }

    /// How many times have a form.
    #[must_use]
    pub const fn count(&self, form: TimeForm) -> u64 {
        match form {
            TimeForm::Written => self.written,
            TimeForm::EpochSeconds => self.seconds,
            TimeForm::EpochMillis => self.millis,
        }
    }

    /// Whether they mean what they seem to: bare numbers do only if all times of the column are
    /// such numbers.
    #[must_use]
    pub fn agree(&self) -> bool {
        let all = self.written + self.seconds + self.millis;
        [self.written, self.seconds, self.millis].contains(&all)
    }
}

/// The form of a cell that is no time, without what it says: a digit is `9`, a letter `a` or `A`.
#[must_use]
pub fn masked_time(cell: &str) -> String {
    const SHOWN_MAX: usize = 32;
    let cell = cell.trim();
    let mut masked: String = cell
        .chars()
        .take(SHOWN_MAX)
        .map(|char| match char {
            _ if char.is_numeric() => '9',
            _ if char.is_uppercase() => 'A',
            _ if char.is_alphabetic() => 'a',
            _ if char.is_ascii_graphic() || char == ' ' => char,
            _ => '?',
        })
        .collect();
    if cell.chars().nth(SHOWN_MAX).is_some() {
        masked.push('…');
    }
    masked
}

/// Says what to write in place of a cell that is no time, as a lowercase fragment.
#[must_use]
pub fn time_cure(cell: &str) -> &'static str {
    let cell = cell.trim();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_shortened = cell.to_ascii_lowercase().split_once('e').is_some_and(|(mantissa, exponent)| {
        is_number(&mantissa.replace(',', ".")) && is_number(exponent.trim_start_matches(['+', '-']))
    });
    if is_shortened {
        return "a spreadsheet has rounded the number: export the column as text";
    }
    if is_number(cell) {
        return "write `2026-12-01T09:00:00Z`; of bare numbers ten digits are read as seconds since 1970, and thirteen as \
                milliseconds, from 2010 on";
    }
    if written(&format!("{cell}Z")).is_some() {
        return "say whose clock it is on: add `Z`, or an offset such as `+01:00`";
    }
    "write a date and time with `Z` or an offset, such as `2026-12-01T09:00:00Z`"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn only_instants_are_read() {
        let check = |cell: &str, expected: Option<&str>| {
            let moment = CellInstant::parse(cell).filter(|moment| moment.form == TimeForm::Written);
            assert_eq!(moment.map(|moment| moment.instant), written(cell.trim()), "{cell}");
            assert_eq!(moment.map(|moment| moment.instant.to_string()).as_deref(), expected, "{cell}");
        };
        check("2026-11-30T12:00:00Z", Some("2026-11-30T12:00:00Z"));
        check(" 2026-11-30T12:00:00.5+01:00 ", Some("2026-11-30T11:00:00.5Z"));
        check("2026-11-30 12:00Z", Some("2026-11-30T12:00:00Z"));
        check("2026-11-30 12:00:30 +0100", Some("2026-11-30T11:00:30Z"));
        check("2026-11-30 12:00 -05:00", Some("2026-11-30T17:00:00Z"));
        check("2026-11-30 12:00", None);
        check("2026-11-30T12:00:00", None);
        check("2026-11-30", None);
        check("", None);
        check("30.11.2026 12:00Z", None);
        check("2026-02-30T12:00:00Z", None);
        check("2026-11-30T12:00:00Z x", None);
        check("2026-11-30T12:00:00+01:00[Europe/Zagreb]", None);
    }

    #[test]
    fn bare_numbers_are_instants_of_a_form() {
        let check = |cell: &str, form: TimeForm, expected: &str| {
            let moment = CellInstant::parse(cell).unwrap();
            assert_eq!((moment.form, moment.instant.to_string().as_str()), (form, expected), "{cell}");
        };
        check("1796000000", TimeForm::EpochSeconds, "2026-11-30T00:53:20Z");
        check(" 1796000000123 ", TimeForm::EpochMillis, "2026-11-30T00:53:20.123Z");
        check("1262304000", TimeForm::EpochSeconds, "2010-01-01T00:00:00Z");
        check("4102444799999", TimeForm::EpochMillis, "2099-12-31T23:59:59.999Z");
        for cell in [
            "1262303999",
            "4102444800",
            "0000000000",
            "9999999999999",
            "17960000001",
            "179600000",
            "1796000000.0",
            "-796000000",
            "1.796E+12",
            "١٧٩٦٠",
        ] {
            assert_eq!(CellInstant::parse(cell), None, "{cell}");
        }
    }

    #[test]
    fn numbers_are_trusted_only_among_their_like() {
        let forms = |all: &[TimeForm]| {
            let mut forms = TimeForms::default();
            all.iter().for_each(|form| forms.add(*form));
            forms
        };
        use TimeForm::{EpochMillis, EpochSeconds, Written};
        let agree = |all: &[TimeForm]| forms(all).agree();
        assert!(agree(&[]));
        assert!(agree(&[EpochMillis, EpochMillis]));
        assert!(agree(&[EpochSeconds]));
        assert!(!agree(&[EpochMillis, EpochSeconds]));
        assert!(!agree(&[EpochMillis, Written]));
        assert_eq!(forms(&[EpochMillis, Written, EpochMillis]).count(EpochMillis), 2);
    }

    #[test]
    fn nobody_has_written_in_the_future() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let check =
            |cell: &str, expect: bool| assert_eq!(CellInstant::parse(cell).unwrap().is_to_come(now), expect, "{cell}");
        check("2026-11-30T12:00:00Z", false);
        check("2026-11-30T12:01:00Z", false);
        check("2026-11-30T12:01:01Z", true);
        check("2026-11-30T13:00:00+02:00", false);
        check("1796000000", false);
        check("9999-12-30T00:00:00Z", true);
    }

    #[test]
    fn the_form_is_shown_and_the_value_is_not() {
        let check = |cell: &str, form: &str, cure: &str| {
            assert_eq!(masked_time(cell), form, "{cell}");
            assert!(time_cure(cell).contains(cure), "{cell}: {}", time_cure(cell));
        };
        check("12/01/2026 09:00", "99/99/9999 99:99", "write a date and time with `Z`");
        check("Dec 1, 2026", "Aaa 9, 9999", "write a date and time with `Z`");
        check(" Ana Šarić ", "Aaa Aaaaa", "write a date and time with `Z`");
        check("2026-12-01 09:00", "9999-99-99 99:99", "add `Z`, or an offset");
        check("2026-12-01T09:00:00.5", "9999-99-99A99:99:99.9", "add `Z`, or an offset");
        check("1.796E+12", "9.999A+99", "export the column as text");
        check("1,796e12", "9,999a99", "export the column as text");
        check("17960000", "99999999", "ten digits");
        check("1796000000.0", "9999999999.9", "ten digits");
        check("a\u{202e}\u{7}b", "a??a", "write a date");
        check(&"1".repeat(40), &format!("{}…", "9".repeat(32)), "ten digits");
        check("", "", "write a date");
    }

    proptest! {
        #[test]
        fn a_masked_cell_tells_nothing_of_its_letters_and_digits(cell: String) {
            let masked = masked_time(&cell);
            prop_assert!(masked.chars().all(|char| !char.is_alphanumeric() || "9aA".contains(char)));
            prop_assert_eq!(masked_time(&masked.replace('…', "")), masked.replace('…', ""));
            let cure = time_cure(&cell);
            prop_assert!(!cure.is_empty() && CellInstant::parse("2026-12-01T09:00:00Z").is_some());
        }

        #[test]
        fn a_number_is_one_instant(second in EPOCH_SECONDS, milli in 0_i64..1000) {
            let seconds = CellInstant::parse(&second.to_string()).unwrap();
            let millis = CellInstant::parse(&(second * 1000 + milli).to_string()).unwrap();
            prop_assert_eq!(seconds.instant.as_second(), second);
            prop_assert_eq!(millis.instant.as_millisecond(), second * 1000 + milli);
        }
    }
}
