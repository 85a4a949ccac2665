//! The columns of an audience, and when two names are one name.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::wire::visible::is_invisible;

/// The columns of an audience, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnNames(Vec<String>);

impl ColumnNames {
    /// Takes the names of the columns, as [`plain_name`] gives them; whether they can be used is checked
    /// by whoever reads them.
    #[must_use]
    pub fn new(names: Vec<String>) -> Arc<Self> {
        Arc::new(Self(names))
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The position of a column, whatever blanks its name is written with.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        let name = plain_name(name);
        self.0.iter().position(|column| *column == name)
    }
}

/// The form in which names of columns are compared and shown: what nobody sees is gone, white space of
/// any kind is one space between words, and an accent is part of its letter.
#[must_use]
pub fn plain_name(name: &str) -> Cow<'_, str> {
    if is_plain(name) {
        return Cow::Borrowed(name);
    }
    let mut plain = String::with_capacity(name.len());
    let mut gap = false;
    let seen = |character: &char| character.is_whitespace() || character.is_control() || !is_invisible(*character);
    for character in name.chars().filter(seen).nfc() {
        if character.is_whitespace() {
            gap = true;
            continue;
        }
        if gap && !plain.is_empty() {
            plain.push(' ');
        }
        gap = false;
        plain.push(character);
    }
    Cow::Owned(plain)
}

/// Whether a name is letters of ASCII with single spaces between its words.
fn is_plain(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e))
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ')
        && !bytes.windows(2).any(|pair| pair == b"  ")
}

/// Writes a name so that everything in it can be seen: `First<U+00A0>Name`; and in a word of Latin
/// letters those that only look like them.
#[must_use]
pub fn visible_name(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for word in name.split_inclusive(|character: char| !character.is_alphanumeric()) {
        let is_latin = word.contains(|character: char| character.is_ascii_alphabetic());
        for character in word.chars() {
            let is_unseen = is_invisible(character) || is_combining_mark(character);
            if (is_unseen && character != ' ') || (is_latin && is_look_alike(character)) {
                // Writing to a text cannot fail.
                write!(shown, "<U+{:04X}>", u32::from(character)).unwrap_or_default();
            } else {
                shown.push(character);
            }
        }
    }
    shown
}

/// Whether a letter belongs to a script whose letters are mistaken for Latin ones.
const fn is_look_alike(character: char) -> bool {
    matches!(character, '\u{370}'..='\u{52f}' | '\u{ff21}'..='\u{ff5a}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn names_that_look_alike_are_alike() {
        let check = |name: &str, expect: &str| assert_eq!(plain_name(name), expect, "{name:?}");
        check("first_name", "first_name");
        check(" First Name\t", "First Name");
        check("First\u{a0}Name", "First Name");
        check("First \u{2009}\u{a0} Name", "First Name");
        check("First\nName", "First Name");
        check("\u{feff}\u{200b}city\u{200b}", "city");
        check("cit\u{200b}y", "city");
        check("Pre\u{301}nom", "Prénom");
        check("姓\u{3000}名", "姓 名");
        check("\u{a0}\u{200b} ", "");
        check("a\u{7}b", "a\u{7}b");
        check("City", "City");
    }

    #[test]
    fn a_column_is_found_across_kinds_of_blanks() {
        let header = ColumnNames::new(vec!["to".to_owned(), "First Name".to_owned()]);
        for name in ["First Name", "First\u{a0}Name", " First  Name ", "First\u{200b} Name"] {
            assert_eq!(header.position(name), Some(1), "{name:?}");
        }
        assert_eq!(header.position("first name"), None);
        assert_eq!(header.position("FirstName"), None);
    }

    #[test]
    fn what_nobody_sees_is_spelled_out() {
        assert_eq!(visible_name("First\u{a0}Na\u{200b}me x"), "First<U+00A0>Na<U+200B>me x");
        assert_eq!(visible_name("Pre\u{301}nom"), "Pre<U+0301>nom");
        assert_eq!(visible_name("first_n\u{430}me имя"), "first_n<U+0430>me имя");
        assert_eq!(visible_name("prénom ID"), "prénom ID");
    }

    proptest! {
        #[test]
        fn a_plain_name_is_its_own(name in any::<String>(), blanks in "[ \u{a0}\t\u{200b}\u{301}éab]{0,8}") {
            let name = format!("{name}{blanks}");
            let plain = plain_name(&name).into_owned();
            prop_assert_eq!(plain_name(&plain), plain.as_str());
            prop_assert!(!visible_name(&plain).contains("<U+0020>"));
        }
    }
}
