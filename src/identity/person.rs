//! Persons: keyed fingerprints of recipients, and what is keyed along with them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use super::encoding::{Encode as _, KeyedEncoder};
use super::ids::{ProjectId, SenderId};
use super::key::Key;
use super::recipient::CanonicalTo;

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
pub struct ContentDigest(pub u64);

impl fmt::Display for ContentDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Makes the persons of one sender.
#[derive(Clone)]
pub struct Fingerprint(KeyedEncoder);

impl Fingerprint {
    /// Takes what all persons of one sender have in common.
    #[must_use]
    pub fn new(key: &Key, project: &ProjectId, sender: &SenderId) -> Self {
        let mut keyed = KeyedEncoder::new(key, "sendform.person.v1");
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
    use super::{Fingerprint, Person};
    use crate::identity::{CanonicalTo, IdRule, Key, ProjectId, SenderId};

    #[test]
    fn the_encoding_of_a_person_never_changes() {
        let make = |key: u8, project: &str, sender: &str| {
            let project = ProjectId::parse(project).unwrap();
            Fingerprint::new(&Key::from_bytes([key; Key::LENGTH]), &project, &SenderId::parse(sender).unwrap())
        };
        let to = CanonicalTo::parse("17841400000000001", IdRule::Numeric).unwrap();
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
