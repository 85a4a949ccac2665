//! Texts worth a look, with the people in them masked.

use std::sync::Arc;

use crate::audience::{AudienceReader, Row};
use crate::campaign::{Files, Message};
use crate::render::{Renderer, Template};

use super::collect::SampleRows;
use super::compiled::Compiled;
use super::parallel;
use super::row_checks::{Rendered, render_row};

/// A rendering that a reviewer may look at.
#[derive(Clone, PartialEq, Eq)]
pub struct Sample {
    /// `shortest`, `longest` or `between`.
    pub name: &'static str,
    /// The text with all that comes from the row masked.
    pub masked: String,
    /// The text as it is sent: shown only on request.
    pub revealed: String,
    /// Its length in characters.
    pub chars: usize,
    /// Its length in bytes.
    pub bytes: usize,
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sample").field("name", &self.name).field("masked", &self.masked).finish_non_exhaustive()
    }
}

/// Renders the rows that are worth a look; those that cannot be read again are left out.
#[must_use]
pub(super) fn samples(message: &Message, compiled: &Compiled, files: &dyn Files, rows: &SampleRows) -> Vec<Sample> {
    let Ok(mut reader) = AudienceReader::open(&message.audience, files) else { return Vec::new() };
    let header = Arc::clone(reader.header());
    let mut row = Vec::new();
    let mut found = Vec::new();
    for (name, at) in rows.rows() {
        let read = reader.seek(at).and_then(|()| reader.read(&mut row, 1));
        if let (Ok(1), Some(Row { cells: Ok(cells), .. })) = (read, row.first()) {
            found.extend(parallel::with_deep_stack(|| {
                sample(name, compiled, &mut Renderer::new(Arc::clone(&header)), cells)
            }));
        }
    }
    found
}

/// Renders a row as a sample.
fn sample(
    name: &'static str,
    compiled: &Compiled,
    renderer: &mut Renderer,
    cells: &csv::StringRecord,
) -> Option<Sample> {
    renderer.fill(cells);
    let Ok(Rendered::Content { content, .. }) = render_row(compiled, renderer, false) else { return None };
    let text = content.joined();
    Some(Sample {
        name,
        masked: mask(&text, &shown(compiled, cells)),
        chars: text.chars().count(),
        bytes: text.len(),
        revealed: text,
    })
}

/// The values that a text may show: those of the columns that its templates name.
fn shown(compiled: &Compiled, cells: &csv::StringRecord) -> csv::StringRecord {
    let header = &compiled.selected.header;
    let columns = compiled.content.texts().flat_map(Template::columns);
    columns.filter_map(|column| header.position(&column.name)).filter_map(|position| cells.get(position)).collect()
}

/// Masks every value of a row wherever it stands in a text, in whatever case; the longest first, so
/// that a value inside another one does not save the rest of it.
fn mask(text: &str, cells: &csv::StringRecord) -> String {
    let mut values: Vec<String> = cells
        .iter()
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .flat_map(|value| [value.to_owned(), value.to_uppercase(), value.to_lowercase(), title(value)])
        .collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.dedup();
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    let mut word_before = false;
    while let Some(first) = rest.chars().next() {
        let hit = (!word_before).then(|| values.iter().find(|value| stands_alone(rest, value))).flatten();
        let (length, shown) = match hit {
            Some(value) => (value.len(), shape(value)),
            None => (first.len_utf8(), first.to_string()),
        };
        let (taken, tail) = rest.split_at(length);
        word_before = taken.chars().last().is_some_and(char::is_alphanumeric);
        masked.push_str(&shown);
        rest = tail;
    }
    masked
}

/// Whether a text begins with a value that ends there as a word.
fn stands_alone(text: &str, value: &str) -> bool {
    let Some(tail) = text.strip_prefix(value) else { return false };
    let ends_in_word = value.chars().last().is_some_and(char::is_alphanumeric);
    !(ends_in_word && tail.chars().next().is_some_and(char::is_alphanumeric))
}

fn title(value: &str) -> String {
    let mut chars = value.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase())
}

/// How many letters a value has at least if its first one is shown; of shorter ones that would tell
/// too much.
const LETTERS_MIN: usize = 3;

/// What a value looks like, but not what it is: of letters the first one of all and three dots,
/// whatever their number; every digit as `#`; line breaks, blanks and ASCII punctuation as they are.
fn shape(value: &str) -> String {
    let letter = |character: char| !(character.is_numeric() || is_kept(character));
    let has_enough = value.chars().filter(|character| character.is_alphabetic()).count() >= LETTERS_MIN;
    let mut shape = String::new();
    let mut before = None;
    for character in value.chars() {
        match character {
            _ if character.is_numeric() => shape.push('#'),
            _ if is_kept(character) => shape.push(character),
            _ if before.is_some_and(letter) => {}
            _ if before.is_none() && has_enough => {
                shape.push(character);
                shape.push_str("•••");
            }
            _ => shape.push_str("•••"),
        }
        before = Some(character);
    }
    shape
}

fn is_kept(character: char) -> bool {
    character.is_whitespace() || character.is_ascii_punctuation() || character.is_control()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::mask;

    #[test]
    fn values_are_masked_wherever_they_stand() {
        let check = |text: &str, cells: &[&str], expect: &str| {
            assert_eq!(mask(text, &csv::StringRecord::from(cells.to_vec())), expect, "{text}");
        };
        check("Hi Ana, welcome to Zagreb!", &["Ana", "Zagreb"], "Hi A•••, welcome to Z•••!");
        check("Hi ANA, ana and Ana", &["aNA"], "Hi A•••, a••• and A•••");
        check("Banana for Ana", &["Ana"], "Banana for A•••");
        check("Hi O’Neill (42)", &["O’Neill", "42"], "Hi O••• (##)");
        check("Hi 🦊Ana🦊", &["Ana"], "Hi 🦊A•••🦊");
        check("Ana Maria", &["Ana", "Ana Maria"], "A••• •••");
        check("nothing here", &["", " "], "nothing here");
    }

    #[test]
    fn what_is_masked_keeps_its_shape() {
        let check = |value: &str, expect: &str| assert_eq!(mask(value, &csv::StringRecord::from(vec![value])), expect);
        check("Ana\nMarija", "A•••\n•••");
        check("2026-12-01", "####-##-##");
        check("17841400000000001", "#################");
        check("ana.k@example.com", "a•••.•••@•••.•••");
        check("[object Object]", "[••• •••]");
        check("Ana\u{7}", "A•••\u{7}");
        // Of few letters the first tells all.
        check("F", "•••");
        check("HR", "•••");
        check("Ž̌ana 👩‍👩‍👧", "Ž••• •••");
        check("٣٤", "##");
    }

    proptest! {
        #[test]
        fn of_what_is_masked_one_letter_is_left_at_most(value in "[a-zA-Zžćđ0-9é٣漢🦊’ .@\n-]{1,20}") {
            let masked = mask(&value, &csv::StringRecord::from(vec![value.as_str()]));
            let left: Vec<char> = masked.chars().filter(|character| character.is_alphanumeric()).collect();
            prop_assert!(left.len() <= 1, "{}", masked);
            prop_assert!(left.iter().all(|character| value.trim_start().starts_with(*character)));
        }
    }
}
