//! Persons: keyed fingerprints of recipients, and what is keyed along with them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

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
    use super::Person;

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
