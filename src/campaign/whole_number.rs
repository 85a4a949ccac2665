//! The whole number that somebody means who wrote it in another way than the language takes. It is told as what to type,
//! so that what could be read in two ways is not told at all.

/// What a number may end with that says no more than what it is of.
const TAILS: [&str; 5] = ["%", "st", "nd", "rd", "th"];
/// What people put between thousands.
const SEPARATORS: [char; 6] = ['_', ',', '\'', ' ', '\u{a0}', '\u{202f}'];

/// Reads the number that a text means: `1e9`, `10,000`, `1_000`, `20%`, `2nd`. Nothing if that is not certain, as with
/// `1.5`, `1.000`, `010` or `10k`.
#[must_use]
pub(super) fn meant(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let text = TAILS.into_iter().find_map(|tail| text.strip_suffix(tail)).unwrap_or(text).trim_end();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.parse::<usize>().ok()?)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = without_separators(whole)?;
    let has_point = mantissa.contains('.');
    // Three digits behind a point may be thousands as well.
    let is_doubtful = has_point && (fraction.is_empty() || (exponent.is_none() && fraction.len() == 3));
    if is_doubtful || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let zeros = exponent.unwrap_or_default().checked_sub(fraction.len())?;
    let shift = 10_u64.checked_pow(u32::try_from(zeros).ok()?)?;
    format!("{whole}{fraction}").parse::<u64>().ok()?.checked_mul(shift)
}

/// The digits of a whole number, of which thousands may stand apart.
fn without_separators(text: &str) -> Option<String> {
    let groups: Vec<&str> = match text.chars().find(|char| SEPARATORS.contains(char)) {
        Some(separator) => text.split(separator).collect(),
        None => vec![text],
    };
    let is_group = |(index, group): (usize, &&str)| {
        let length = group.len();
        let is_whole = if groups.len() == 1 || index > 0 { groups.len() == 1 || length == 3 } else { length <= 3 };
        is_whole && length > 0 && group.bytes().all(|byte| byte.is_ascii_digit())
    };
    let digits = groups.concat();
    // What begins with a zero is octal to some readers of YAML.
    let is_octal = digits.len() > 1 && digits.starts_with('0');
    (groups.iter().enumerate().all(is_group) && !is_octal).then_some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn only_what_is_certain_is_told() {
        for (text, expect) in [
            ("1e9", 1_000_000_000),
            ("1E9", 1_000_000_000),
            ("1.5e3", 1_500),
            ("1.500e3", 1_500),
            ("1e+2", 100),
            ("2e0", 2),
            ("10,000", 10_000),
            ("1_000_000", 1_000_000),
            ("1'000", 1_000),
            ("10 000", 10_000),
            ("+5", 5),
            ("20%", 20),
            ("20 %", 20),
            ("2nd", 2),
            ("1.0", 1),
            (" 12 ", 12),
            ("0", 0),
        ] {
            assert_eq!(meant(text), Some(expect), "{text}");
        }
        for doubtful in [
            "",
            "e9",
            "1e",
            "1e-3",
            "1.5",
            "1.000",
            "1.",
            ".5",
            "010",
            "0x1f",
            "10k",
            "12 people",
            "3 million",
            "-1e3",
            "1,5",
            "1_0",
            "1,0000",
            "1,000_000",
            "1e20",
            "99999999999999999999",
            "many",
            "1.2.3",
            "1,00e2",
        ] {
            assert_eq!(meant(doubtful), None, "{doubtful}");
        }
    }

    proptest! {
        #[test]
        fn a_number_means_itself_however_its_thousands_are_told_apart(number in any::<u64>(), which in 0..SEPARATORS.len()) {
            let digits = number.to_string();
            let mut grouped = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index).is_multiple_of(3) {
                    grouped.push(SEPARATORS[which]);
                }
                grouped.push(digit);
            }
            prop_assert_eq!(meant(&digits), Some(number));
            prop_assert_eq!(meant(&grouped), Some(number));
        }
    }
}
