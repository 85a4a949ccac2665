//! What a text without quotes is taken for. The language knows decimal whole numbers, `true`,
//! `false` and `null`; whatever another reader of YAML, 1.1 or 1.2, could take for a number, a
//! boolean, a date or a time is not a text either, and is refused where text is expected.

use serde_json::{Number, Value};

/// What a plain scalar is taken for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ScalarReading {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number in plain decimal digits.
    Integer(Number),
    /// Something that some readers take for what is named here.
    Doubtful(&'static str),
    /// A text for every reader.
    Text,
}

impl ScalarReading {
    /// Names what the scalar looks like, if it is not a text.
    pub(super) fn looks_like(&self) -> Option<&'static str> {
        match self {
            Self::Null => Some("null"),
            Self::Boolean(_) => Some("boolean"),
            Self::Integer(_) => Some("number"),
            Self::Doubtful(what) => Some(what),
            Self::Text => None,
        }
    }

    /// The value in JSON; what is doubtful is a text there, and refused elsewhere.
    pub(super) fn to_json(&self, text: &str) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Bool(*value),
            Self::Integer(number) => Value::Number(number.clone()),
            Self::Doubtful(_) | Self::Text => Value::String(text.to_owned()),
        }
    }
}

/// Writes an id so that every reader of YAML reads it back as that text: in quotes, if it looks like something else.
#[must_use]
pub fn id_in_yaml(id: &str) -> String {
    if read(id) == ScalarReading::Text { id.to_owned() } else { format!("\"{id}\"") }
}

/// Reads a plain scalar.
pub(super) fn read(text: &str) -> ScalarReading {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarReading::Null,
        "true" => ScalarReading::Boolean(true),
        "false" => ScalarReading::Boolean(false),
        _ if is_boolean(text) => ScalarReading::Doubtful("boolean"),
        _ => integer(text).or_else(|| doubtful(text)).unwrap_or(ScalarReading::Text),
    }
}

fn is_boolean(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    let known = matches!(word.as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false");
    let mixed = text.chars().skip(1).any(char::is_uppercase) && text.chars().any(char::is_lowercase);
    known && !mixed
}

/// Reads a whole number as JSON writes it.
fn integer(text: &str) -> Option<ScalarReading> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let leading = digits.len() > 1 && digits.starts_with('0');
    if !plain || leading || text == "-0" {
        return None;
    }
    let number = text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
    number.ok().map(ScalarReading::Integer)
}

fn doubtful(text: &str) -> Option<ScalarReading> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if is_number(unsigned) {
        Some(ScalarReading::Doubtful("number"))
    } else if is_date(text) {
        Some(ScalarReading::Doubtful("date"))
    } else if is_sexagesimal(unsigned) {
        Some(ScalarReading::Doubtful("time"))
    } else {
        None
    }
}

fn is_number(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    if matches!(word.as_str(), ".inf" | ".nan") {
        return true;
    }
    let digits = word.replace('_', "");
    let based = |prefix: &str, radix: u32| {
        let tail = digits.strip_prefix(prefix);
        tail.is_some_and(|tail| !tail.is_empty() && tail.chars().all(|digit| digit.is_digit(radix)))
    };
    let begins = word.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    begins && (based("0x", 16) || based("0o", 8) || based("0b", 2) || digits.parse::<f64>().is_ok())
}

/// A year, a month and a day, maybe with a time behind.
fn is_date(text: &str) -> bool {
    let (date, rest) =
        text.split_at_checked(text.find(['T', 't', ' ', '\t']).unwrap_or(text.len())).unwrap_or((text, ""));
    let mut parts = date.split('-');
    let mut digits = |lengths: std::ops::RangeInclusive<usize>| {
        parts.next().is_some_and(|part| lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let whole = digits(4..=4) && digits(1..=2) && digits(1..=2) && parts.next().is_none();
    whole
        && (rest.is_empty() || rest.trim_start_matches(['T', 't', ' ', '\t']).starts_with(|c: char| c.is_ascii_digit()))
}

/// Numbers to the base of sixty: `12:30`, which YAML 1.1 takes for 750.
fn is_sexagesimal(text: &str) -> bool {
    let text = text.split_once('.').map_or(text, |(whole, _)| whole);
    let digit = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    text.contains(':') && text.starts_with(|first: char| first.is_ascii_digit()) && text.split(':').all(digit)
}

#[cfg(test)]
mod tests {
    use super::read;

    fn check(text: &str, looks_like: Option<&str>) {
        assert_eq!(read(text).looks_like(), looks_like, "{text}");
    }

    #[test]
    fn what_any_reader_takes_for_something_else_is_not_a_text() {
        for text in ["", "~", "null", "Null", "NULL"] {
            check(text, Some("null"));
        }
        for text in ["true", "True", "FALSE", "no", "No", "NO", "yes", "on", "OFF", "y", "N"] {
            check(text, Some("boolean"));
        }
        for text in ["0", "-1", "17841400000000001", "99999999999999999999", "0777", "007", "1_000", "+385911234567"] {
            check(text, Some("number"));
        }
        for text in ["1e5", "1.5", ".5", "1.", "0x1F", "0o17", "0b11", ".inf", "-.INF", ".NaN", "-0", "12e03", "0.1_0"]
        {
            check(text, Some("number"));
        }
        for text in ["2026-12-01", "2026-1-2", "2026-12-01 09:00", "2026-12-01T09:00:00Z"] {
            check(text, Some("date"));
        }
        for text in ["12:30", "09:00", "12:30:45", "190:20:30.15"] {
            check(text, Some("time"));
        }
    }

    #[test]
    fn texts_are_texts() {
        for text in
            ["hello", "nO", "yEs", "tRue", "1st", "1-2", "e5", ".", "-", "1.2.3", "2026-12", "2026-12-01x", "a:b"]
        {
            check(text, None);
        }
        for text in ["0x", "0xfg", "inf", "nan", "10:x", "2026-12-01 Monday", "15m", "8 pm", "+", "_", "1,000", "nope"]
        {
            check(text, None);
        }
    }

    #[test]
    fn plain_numbers_become_numbers() {
        for text in ["0", "7", "-7", "18446744073709551615", "-9223372036854775808"] {
            assert_eq!(read(text).to_json(text).to_string(), text);
        }
        assert_eq!(read("0777").to_json("0777"), "0777");
    }
}
