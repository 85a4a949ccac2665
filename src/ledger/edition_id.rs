//! What tells the editions of a message apart.

use std::collections::BTreeMap;

use crate::identity::encoding::{Encode as _, PublicDigest};

/// The digest of an edition: of the source of its template, and of its schedule and options. It is in clear, as they
/// are. What another version of sendform wrote is kept as it is, and is no edition's that this one knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EditionId(String);

impl EditionId {
    /// The digest of what a message is: the source of its template, and the values of its terms by their names.
    #[must_use]
    pub fn of(text: &str, values: &BTreeMap<String, String>) -> Self {
        let mut digest = PublicDigest::new("sendform.edition.v1");
        digest.part(text);
        for (name, value) in values {
            digest.part(name);
            digest.part(value);
        }
        Self(format!("{:016x}", digest.finish()))
    }

    /// Takes one as it was written.
    pub(super) const fn written(text: String) -> Self {
        Self(text)
    }

    /// As it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_of_an_edition_never_changes() {
        let values = |values: &[(&str, &str)]| -> BTreeMap<String, String> {
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let id = EditionId::of("Hi {{ name }}", &values(&[("sendAt", "2026-12-01 10:00")]));
        assert_eq!(id.as_str(), "84417765b04bb030");
        let others = [
            EditionId::of("Hi {{ name }}", &values(&[])),
            EditionId::of("Hi {{ name }}sendAt", &values(&[])),
            EditionId::of("Hi {{ name }}", &values(&[("sendA", "t2026-12-01 10:00")])),
            EditionId::of("Hi", &values(&[("sendAt", "2026-12-01 10:00")])),
        ];
        assert!(others.iter().all(|other| *other != id));
    }
}
