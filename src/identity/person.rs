//! Persons: keyed fingerprints of recipients, and what is keyed along with them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use super::encoding::{Keyed, Parts as _};
use super::ids::{ProjectId, SenderId};
use super::key::Key;

/// A recipient's keyed fingerprint under one sender of one project: the first 8 bytes of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person(pub u64);

impl fmt::Display for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl Person {
    /// Reads 16 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 16 && lower).then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

/// A keyed digest of one rendering with its message's own options: the first 8 bytes of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content(pub u64);

impl fmt::Display for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Why a recipient's id cannot be used. The id itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ToError {
    /// Nothing but white space.
    #[error("the recipient's id is empty")]
    Empty,
    /// `1.78414E+16`: a spreadsheet has cut the id.
    #[error("the recipient's id is in scientific notation: a spreadsheet has cut its digits")]
    Scientific,
    /// `17841400000000001.0`: a spreadsheet, or a program, has taken the id for a number.
    #[error("the recipient's id has decimals: it was taken for a number on the way")]
    Decimal,
    /// A control character inside.
    #[error("the recipient's id holds a control character")]
    Control,
    /// White space or a mark without width inside: the same id in disguise.
    #[error("the recipient's id holds white space or an invisible character")]
    Invisible,
}

/// The form of a recipient's id that fingerprints are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalTo<'a>(Cow<'a, str>);

impl<'a> CanonicalTo<'a> {
    /// Trims an id; of an id that is all digits otherwise, drops a leading `+` or `00`.
    ///
    /// # Errors
    /// If the id is empty, in scientific notation, all digits with decimals, or holds a control
    /// character, white space or an invisible character.
    pub fn parse(to: &'a str) -> Result<Self, ToError> {
        let to = to.trim();
        if to.is_empty() {
            return Err(ToError::Empty);
        }
        if to.chars().any(char::is_control) {
            return Err(ToError::Control);
        }
        if to.chars().any(is_invisible) {
            return Err(ToError::Invisible);
        }
        if is_scientific(to) {
            return Err(ToError::Scientific);
        }
        if is_decimal(to) {
            return Err(ToError::Decimal);
        }
        let digits = to.strip_prefix('+').or_else(|| to.strip_prefix("00")).unwrap_or(to);
        let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Self(Cow::Borrowed(if all_digits { digits } else { to })))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Says whether a text is digits, with or without a decimal mark, and an exponent.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let marks = mantissa.bytes().filter(|byte| matches!(byte, b'.' | b',')).count();
    let mantissa: String = mantissa.chars().filter(|mark| !matches!(mark, '.' | ',')).collect();
    marks <= 1 && !mantissa.is_empty() && !exponent.is_empty() && digits(&mantissa) && digits(exponent)
}

/// Says whether a text is digits with nothing but zeros behind a decimal mark.
fn is_decimal(text: &str) -> bool {
    let Some((whole, decimals)) = text.split_once(['.', ',']) else { return false };
    let all = |text: &str, digit: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(digit);
    all(whole, u8::is_ascii_digit) && all(decimals, |byte| *byte == b'0')
}

/// Says whether nobody sees a character: white space, and the marks without width that copying out
/// of a page or a spreadsheet brings along.
fn is_invisible(mark: char) -> bool {
    mark.is_whitespace()
        || matches!(mark, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Makes the persons of one sender.
#[derive(Clone)]
pub struct Fingerprint(Keyed);

impl Fingerprint {
    /// Takes what all persons of one sender have in common.
    #[must_use]
    pub fn new(key: &Key, project: &ProjectId, sender: &SenderId) -> Self {
        let mut keyed = Keyed::new(key, "sendform.person.v1");
        keyed.part(project.as_str());
        keyed.part(sender.as_str());
        Self(keyed)
    }

    /// Makes the person behind an id.
    #[must_use]
    pub fn person(&self, to: &CanonicalTo<'_>) -> Person {
        let mut keyed = self.0.clone();
        keyed.part(to.as_str());
        Person(keyed.finish())
    }
}

/// A hasher for persons, which are evenly spread already.
#[derive(Default, Clone, Copy)]
pub struct PersonHasher(u64);

impl Hasher for PersonHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// A map from persons.
pub type PersonMap<V> = HashMap<Person, V, BuildHasherDefault<PersonHasher>>;

/// A set of persons.
pub type PersonSet = HashSet<Person, BuildHasherDefault<PersonHasher>>;

#[cfg(test)]
mod tests {
    use super::{CanonicalTo, Fingerprint, Person, ToError};
    use crate::identity::{Key, ProjectId, SenderId};

    #[test]
    fn spellings_of_one_id_are_one() {
        let check = |to: &str, expect: Result<&str, ToError>| {
            assert_eq!(
                CanonicalTo::parse(to).as_ref().map(CanonicalTo::as_str).map_err(|error| *error),
                expect,
                "{to}"
            );
        };
        check("17841400000000001", Ok("17841400000000001"));
        check(" 17841400000000001\t", Ok("17841400000000001"));
        check("+385911234567", Ok("385911234567"));
        check("00385911234567", Ok("385911234567"));
        check("0911234567", Ok("0911234567"));
        check("00", Ok("00"));
        check("+", Ok("+"));
        check("+user", Ok("+user"));
        check("00user", Ok("00user"));
        check("1e5user", Ok("1e5user"));
        check("user.name", Ok("user.name"));
        check("deadbeef", Ok("deadbeef"));
        check("", Err(ToError::Empty));
        check("  ", Err(ToError::Empty));
        check("1.78414E+16", Err(ToError::Scientific));
        check("1,78414e16", Err(ToError::Scientific));
        check("178e3", Err(ToError::Scientific));
        check("1784\u{1b}1", Err(ToError::Control));
        check("17841400000000001.0", Err(ToError::Decimal));
        check("17841400000000001,00", Err(ToError::Decimal));
        check("1784.5", Ok("1784.5"));
        check("1784.", Ok("1784."));
        check("+385 91 1234567", Err(ToError::Invisible));
        check("17841400000000001\u{200b}", Err(ToError::Invisible));
        check("\u{feff}17841400000000001", Err(ToError::Invisible));
    }

    #[test]
    fn the_encoding_of_a_person_never_changes() {
        let make = |key: u8, project: &str, sender: &str| {
            let project = ProjectId::parse(project).unwrap();
            Fingerprint::new(&Key::from_bytes([key; Key::LENGTH]), &project, &SenderId::parse(sender).unwrap())
        };
        let to = CanonicalTo::parse("17841400000000001").unwrap();
        let person = make(7, "acme-shop", "SHOP").person(&to);
        assert_eq!(person.to_string(), "1e524cc3e63470c7");
        assert_ne!(person, make(8, "acme-shop", "SHOP").person(&to));
        assert_ne!(person, make(7, "acme", "SHOP").person(&to));
        assert_ne!(person, make(7, "acme-shop", "OTHER").person(&to));
        // The parts are told apart by their lengths.
        assert_ne!(make(7, "ab", "C").person(&to), make(7, "a", "bC").person(&to));
    }

    #[test]
    fn persons_are_read_as_they_are_written() {
        let person = Person(0x5f0c_9a7e_21d8_4b63);
        assert_eq!(person.to_string(), "5f0c9a7e21d84b63");
        assert_eq!(Person::parse("5f0c9a7e21d84b63"), Some(person));
        for wrong in ["", "5F0C9A7E21D84B63", "5f0c9a7e21d84b6", "+f0c9a7e21d84b63"] {
            assert_eq!(Person::parse(wrong), None, "{wrong}");
        }
    }
}
