//! What stands in the columns of a condition that matches nobody: the values, as far as they are no
//! personal data, else their form.

use std::collections::BTreeMap;

use crate::audience::AudienceReader;
use crate::campaign::{Files, Message};
use crate::diagnostic::words::is_address_or_number;
use crate::diagnostic::{Code, Diagnostic};
use crate::render::Condition;
use crate::timing;

use super::compiled::Compiled;
use super::row_issue::counted;

/// How many rows are read at a time, and how many different values are counted.
const CHUNK_ROWS: usize = 1024;
const VALUES_MAX: usize = 1000;
/// How many rows share a value that is nobody's own, in a column that has so many different ones at most: in a column
/// of names some stand often.
const SHARED_MIN: u64 = 5;
const DIFFERENT_MAX: usize = 12;

/// Says what the columns of an audience's `where` hold, if there is one; the audience is read once
/// more for it.
pub(super) fn nobody_matches(
    message: &Message,
    compiled: &Compiled,
    files: &dyn Files,
    all_are_filtered: bool,
) -> Option<Diagnostic> {
    let condition = compiled.selected.condition.as_ref()?;
    let filter = message.audience.filter.as_ref()?;
    let found = columns(message, compiled, condition, files)?;
    let file = message.audience.source.file();
    let text = match all_are_filtered {
        true => format!("no row of `{file}` matches the `where` of audience `{}`", message.audience.name),
        false => format!(
            "no row of `{file}` that could be sent from matches the `where` of audience `{}`",
            message.audience.name
        ),
    };
    let holds = found.into_iter().filter_map(|(name, values)| Some(format!("`{name}` holds {}", counted(&values)?)));
    let place = condition.columns().first().map_or_else(|| filter.place.clone(), |used| used.place.clone());
    let diagnostic = Diagnostic::warning(Code::NobodyMatches, text, place);
    let holds: Vec<String> = holds.collect();
    Some(if holds.is_empty() { diagnostic } else { diagnostic.help(holds.join("; ")) })
}

type Values = BTreeMap<String, u64>;

fn columns(
    message: &Message,
    compiled: &Compiled,
    condition: &Condition,
    files: &dyn Files,
) -> Option<Vec<(String, Values)>> {
    let header = &compiled.selected.header;
    let mut columns: Vec<(usize, String, Values)> = condition
        .columns()
        .iter()
        .filter_map(|used| Some((header.position(&used.name)?, used.name.clone(), Values::new())))
        .filter(|(position, ..)| *position != compiled.selected.to)
        .collect();
    let mut reader = AudienceReader::open(&message.audience, files).ok()?;
    let mut rows = Vec::new();
    while reader.read(&mut rows, CHUNK_ROWS).is_ok_and(|read| read > 0) {
        for cells in rows.iter().filter_map(|row| row.cells.as_ref().ok()) {
            for (position, _, values) in &mut columns {
                let cell = cells.get(*position).unwrap_or_default();
                if values.len() < VALUES_MAX || values.contains_key(cell) {
                    *values.entry(cell.to_owned()).or_default() += 1;
                }
            }
        }
    }
    Some(columns.into_iter().map(|(_, name, values)| (name, shown(values))).collect())
}

/// Puts the form in the place of what could be somebody's own.
fn shown(values: Values) -> Values {
    let mut shown = Values::new();
    let are_few = values.len() <= DIFFERENT_MAX;
    for (value, rows) in values {
        let is_shared = are_few && rows >= SHARED_MIN && !is_like_a_name(&value);
        let word = if is_shared || is_nobodys_own(&value) { value } else { form(&value) };
        *shown.entry(word).or_default() += rows;
    }
    shown
}

/// Whether a value is a yes or no, a code of a country or language, a zone, or a small number.
fn is_nobodys_own(value: &str) -> bool {
    const WORDS: [&str; 16] = [
        "",
        "yes",
        "no",
        "true",
        "false",
        "on",
        "off",
        "ja",
        "nein",
        "oui",
        "non",
        "opt-in",
        "opt-out",
        "opted in",
        "opted out",
        "null",
    ];
    let letters = |text: &str| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let code = value.split(['-', '_']).all(letters);
    let number = value.len() <= 3 && value.bytes().all(|byte| byte.is_ascii_digit());
    WORDS.contains(&value.to_lowercase().as_str()) || code || number || timing::zone(value).is_some()
}

/// Whether a value looks like an address, a long number or a whole name.
fn is_like_a_name(value: &str) -> bool {
    let capitals = value.split_whitespace().filter(|word| word.starts_with(char::is_uppercase));
    is_address_or_number(value) || capitals.count() > 1
}

/// The form of a value: its letters as `a` and `A`, its digits as `9`.
pub(super) fn form(value: &str) -> String {
    const CHARS_MAX: usize = 20;
    let mark = |mark: char| match mark {
        _ if mark.is_uppercase() => 'A',
        _ if mark.is_alphabetic() => 'a',
        _ if mark.is_numeric() => '9',
        _ => mark,
    };
    let mut form: String = value.chars().take(CHARS_MAX).map(mark).collect();
    if value.chars().nth(CHARS_MAX).is_some() {
        form.push('…');
    }
    form
}

#[cfg(test)]
mod tests {
    use super::{Values, form, is_nobodys_own, shown};

    #[test]
    fn only_what_is_nobodys_own_is_shown() {
        for value in ["TRUE", "yes", "", "HR", "en-US", "1", "Europe/Zagreb", "365"] {
            assert!(is_nobodys_own(value), "{value}");
        }
        for value in ["Ana", "ana@example.com", "17841400000000001", "1990", "Split"] {
            assert!(!is_nobodys_own(value), "{value}");
        }
        assert_eq!(form("Ana-Marija 12"), "Aaa-Aaaaaa 99");
        assert_eq!(form(&"x".repeat(30)), format!("{}…", "a".repeat(20)));
        let values: Values =
            [("Ana", 1), ("Iva", 1), ("Subscribed", 5)].map(|(value, rows)| (value.to_owned(), rows)).into();
        assert_eq!(shown(values), Values::from([("Aaa".to_owned(), 2), ("Subscribed".to_owned(), 5)]));
        let shared = |value: &str| shown(Values::from([(value.to_owned(), 15)]));
        for value in ["Ana Anić", "ana@example.com", "+385 91 123 4567"] {
            assert_eq!(shared(value), Values::from([(form(value), 15)]));
        }
        // Some names stand often in any column of names.
        let names: Values = ('a'..='z').map(|letter| (format!("Name{letter}"), 15)).collect();
        assert_eq!(shown(names), Values::from([("Aaaaa".to_owned(), 26 * 15)]));
    }
}
