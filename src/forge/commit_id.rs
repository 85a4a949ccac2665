//! The id of a commit.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// A commit, by its whole id: 40 or 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitId(String);

impl CommitId {
    /// Reads a whole id; an abbreviated one, which may mean another commit tomorrow, is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (matches!(text.len(), 40 | 64) && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first digits, as people read them.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }

    /// Whether it is the id of no commit, with which forges say that a branch was not there before, or is not any more.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CommitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not the id of a commit"))
    }
}

#[cfg(test)]
mod tests {
    use super::CommitId;

    #[test]
    fn only_whole_ids_are_read() {
        for good in ["0123456789abcdef0123456789abcdef01234567".to_owned(), "a".repeat(64)] {
            assert_eq!(CommitId::parse(&good).unwrap().as_str(), good);
        }
        for wrong in [
            "",
            "0123456",
            "main",
            "0123456789ABCDEF0123456789abcdef01234567",
            "0123456789abcdef0123456789abcdef0123456/",
        ] {
            assert_eq!(CommitId::parse(wrong), None, "{wrong}");
        }
        assert!(CommitId::parse(&"0".repeat(40)).unwrap().is_none());
    }
}
