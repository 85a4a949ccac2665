//! The name of a repository on a forge.

use std::fmt;

/// The longest owner or name that GitHub gives out, with room.
const PART_MAX: usize = 100;

/// A repository as GitHub addresses it: `owner/name`. Nothing in it can lead out of the path of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryName {
    owner: String,
    name: String,
}

impl RepositoryName {
    /// Reads `owner/name`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let is_part = |part: &str| {
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=PART_MAX).contains(&part.len()) && part.bytes().all(is_letter) && !matches!(part, "." | "..")
        };
        (is_part(owner) && is_part(name)).then(|| Self { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::RepositoryName;

    #[test]
    fn nothing_leads_out_of_a_path() {
        assert_eq!(RepositoryName::parse("acme/shop.campaigns_1").unwrap().to_string(), "acme/shop.campaigns_1");
        for wrong in
            ["", "acme", "/shop", "acme/", "acme/../x", "acme/..", "a/b/c", "acme/sh op", "acme/shop?x", "a%2f/b"]
        {
            assert_eq!(RepositoryName::parse(wrong), None, "{wrong}");
        }
    }
}
