//! A text that has another form than its pattern wants: which code that is, why, and how the same is
//! written in the form that is wanted.

use std::borrow::Cow;

use super::names::has_form;
use super::raw::pattern;
use super::scalar::{self, ScalarReading};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::timing;

/// Tells that a text has not the form of a pattern; the pattern, not its explanation, decides the code. A
/// local time is one of the zone beside it.
pub(super) fn refused(pattern: &str, text: Option<&str>, zone: Option<&str>, place: Place) -> Diagnostic {
    let text = text.unwrap_or_default();
    let (code, cure) = match pattern {
        pattern::ZONE => {
            let advice = timing::no_zone(text);
            return Diagnostic::error(Code::BadZone, advice.why, place).help(advice.cure);
        }
        pattern::LOCAL => (Code::BadTime, timing::local_slip(text, zone)),
        pattern::INSTANT => (Code::BadTime, timing::instant_slip(text)),
        pattern::DURATION => (Code::BadPattern, timing::duration_slip(text)),
        pattern::DELIMITER => (Code::BadPattern, delimiter(text)),
        _ => (Code::BadPattern, respelt(pattern, text)),
    };
    let message = pattern::explanation(pattern).unwrap_or("the value does not have the expected form");
    let diagnostic = Diagnostic::error(code, message, place);
    match cure {
        Some(cure) => diagnostic.help(cure),
        None => diagnostic,
    }
}

/// The sign that a word for a delimiter means.
fn delimiter(text: &str) -> Option<String> {
    let sign = match text.trim().to_lowercase().as_str() {
        "semicolon" | "semi-colon" | "semi" => ";",
        "comma" => ",",
        "pipe" | "bar" => "|",
        "colon" => ":",
        "caret" => "^",
        "tabulator" | "tabs" | "tsv" => "tab",
        _ => return None,
    };
    Some(format!("write \"{sign}\""))
}

/// An id or a name in the form that is wanted: `Spring Sale` is `spring-sale`.
fn respelt(pattern: &str, text: &str) -> Option<String> {
    let (keeps_case, others, joint) = match pattern {
        pattern::ID | pattern::MESSAGE_ID => (false, "", '-'),
        pattern::RETIRED => (false, ".", '-'),
        pattern::NAME => (true, "_", '-'),
        pattern::DATABASE_SCHEMA => (false, "", '_'),
        _ => return None,
    };
    // Letters of other alphabets have no spelling here that somebody would recognise.
    if text.chars().any(|char| char.is_alphabetic() && !char.is_ascii()) {
        return None;
    }
    let text = if keeps_case { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) };
    let mut words = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_ascii_alphanumeric() || others.contains(char) {
            words.push(char);
        } else if !words.ends_with(joint) {
            words.push(joint);
        }
    }
    let respelt = words.trim_matches(joint);
    let stands_without_quotes = scalar::read(respelt) == ScalarReading::Text;
    (has_form(respelt, pattern) && stands_without_quotes).then(|| format!("write `{respelt}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::raw::pattern::{
        DATABASE_SCHEMA, DELIMITER, DURATION, ID, INSTANT, LOCAL, NAME, RETIRED, ZONE,
    };

    #[test]
    fn the_pattern_decides_the_code_and_the_text_the_cure() {
        let check = |pattern: &str, text: &str, code: Code, cure: &str| {
            let diagnostic = refused(pattern, Some(text), None, Place::File("a.yaml".to_owned()));
            assert_eq!((diagnostic.code, diagnostic.help.as_deref().unwrap_or_default()), (code, cure), "{text}");
        };
        check(DELIMITER, "semicolon", Code::BadPattern, "write \";\"");
        check(DELIMITER, "Comma", Code::BadPattern, "write \",\"");
        check(DELIMITER, ";;", Code::BadPattern, "");
        check(LOCAL, "2026-12-01T09:00", Code::BadTime, "write \"2026-12-01 09:00\"");
        check(INSTANT, "2026-12-01T09:00:00Z", Code::BadTime, "write \"2026-12-01 09:00Z\"");
        check(DURATION, "2 hours", Code::BadPattern, "write `2h`");
        check(ZONE, "+00:00", Code::BadZone, "write `UTC`, or `Europe/London`, whose clocks change");
        check(ID, "Spring Sale", Code::BadPattern, "write `spring-sale`");
        check(ID, "Spring_Sale 2026!", Code::BadPattern, "write `spring-sale-2026`");
        check(RETIRED, "Spring Sale.Announce", Code::BadPattern, "write `spring-sale.announce`");
        check(NAME, "My Shop", Code::BadPattern, "write `My-Shop`");
        check(DATABASE_SCHEMA, "Sent-Messages", Code::BadPattern, "write `sent_messages`");
        for text in ["Šešir", "!", "Yes", "+2026", "", &"x".repeat(41)] {
            check(ID, text, Code::BadPattern, "");
        }
        check("^unknown$", "x", Code::BadPattern, "");
    }
}
