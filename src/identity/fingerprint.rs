//! How the persons of one sender are made.

use super::encoding::Encode as _;
use super::ids::{ProjectId, SenderId};
use super::key::{Key, KeyedEncoder};
use super::person::Person;
use super::recipient::CanonicalTo;

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

#[cfg(test)]
mod tests {
    use super::Fingerprint;
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
}
