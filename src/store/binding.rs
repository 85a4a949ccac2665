//! What a run expects a ledger to be bound to.

use crate::identity::{KeyId, ProjectId};
use crate::ledger::{FirstKey, Header, Seals};

use super::error::StoreError;

/// What a run expects a ledger to be bound to. With a wrong key nobody would be recognised, and
/// everybody would look unsent; so that is an error like a wrong project.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The project.
    pub project: ProjectId,
    /// The gateway, in the header's form.
    pub gateway: String,
    /// The check values of the run's keys, that of new claims first. Without any (`None`) keys are not compared; such a run
    /// recognises nobody, and must not plan or send.
    pub keys: Option<Vec<KeyId>>,
    /// The keys again, as they sign the ledger's lines; none, where nothing is signed.
    pub seals: Seals,
}

impl Binding {
    /// The header of a new ledger.
    #[must_use]
    pub fn header(&self) -> Header {
        let mut keys = self.keys.clone().unwrap_or_default();
        let first_key = keys.first().filter(|_| keys.len() > 1).map(|id| FirstKey { change: 0, id: id.clone() });
        keys.sort_unstable();
        Header { project: self.project.clone(), gateway: self.gateway.clone(), keys, first_key }
    }

    /// Compares a ledger's header with what is expected; `place` is for the message.
    ///
    /// # Errors
    /// If it belongs to another project or gateway; if one of its keys was not supplied; if one was
    /// supplied that it does not name; if another one was supplied first than the one that new claims
    /// are made with.
    pub fn check(&self, header: &Header, place: &str) -> Result<(), StoreError> {
        self.check_home(header, place)?;
        self.check_keys(header, place)
    }

    /// Compares the project and the gateway.
    pub(super) fn check_home(&self, header: &Header, place: &str) -> Result<(), StoreError> {
        let foreign = |what, found: &str, expected: &str| {
            let (place, found, expected) = (place.to_owned(), found.to_owned(), expected.to_owned());
            Err(StoreError::Foreign { place, what, found, expected })
        };
        if header.project != self.project {
            return foreign("project", header.project.as_str(), self.project.as_str());
        }
        if header.gateway != self.gateway {
            return foreign("gateway", &header.gateway, &self.gateway);
        }
        Ok(())
    }

    /// Compares the keys.
    pub(super) fn check_keys(&self, header: &Header, place: &str) -> Result<(), StoreError> {
        let Some(keys) = &self.keys else { return Ok(()) };
        let missing = absent(&header.keys, keys);
        if !missing.is_empty() {
            return Err(StoreError::KeyMissing { names: missing });
        }
        let unknown = absent(keys, &header.keys);
        if !unknown.is_empty() {
            return Err(StoreError::KeyUnknown { names: unknown });
        }
        match keys.first() {
            Some(supplied) if header.first_key() != Some(supplied) => {
                let (place, first) = (place.to_owned(), header.first_key().cloned());
                Err(StoreError::KeyOrder { place, first, supplied: supplied.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Compares the header of a ledger, or of a part of one, that is to be bound to `to` with what is
    /// expected. One that is bound to it already is as good: a change that was cut off in the middle can
    /// be made again.
    ///
    /// # Errors
    /// If it belongs to another project or gateway; if it names a key that `to` lacks: its people would
    /// not be recognised any more.
    pub fn check_rebind(&self, header: &Header, to: &Header, place: &str) -> Result<(), StoreError> {
        let missing = absent(&header.keys, &to.keys);
        if !missing.is_empty() {
            return Err(StoreError::KeyMissing { names: missing });
        }
        let (project, gateway) = (to.project.clone(), to.gateway.clone());
        let already = Self { project, gateway, keys: None, seals: Seals::none() };
        if already.check_home(header, place).is_ok() { Ok(()) } else { self.check_home(header, place) }
    }

    /// Checks the header of a ledger that is to be joined in: it may name fewer keys than the run has.
    ///
    /// # Errors
    /// As [`Binding::check`], but for keys that it does not name.
    pub fn check_joined(&self, header: &Header, place: &str) -> Result<(), StoreError> {
        self.check_home(header, place)?;
        let missing = absent(&header.keys, self.keys.as_deref().unwrap_or_default());
        if missing.is_empty() { Ok(()) } else { Err(StoreError::KeyMissing { names: missing }) }
    }
}

fn absent(wanted: &[KeyId], from: &[KeyId]) -> Vec<KeyId> {
    wanted.iter().filter(|key| !from.contains(key)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Key;
    use crate::ledger::sample;

    #[test]
    fn a_ledger_of_something_else_is_refused() {
        let [one, two, three] = [1, 2, 3].map(|byte| Key::from_bytes([byte; Key::LENGTH]).id());
        let first_key = Some(FirstKey { change: 1, id: two.clone() });
        let header = Header { keys: vec![one.clone(), two.clone()], first_key, ..sample::header() };
        let check = |project: &str, gateway: &str, keys: Option<&[&KeyId]>| {
            let keys = keys.map(|keys| keys.iter().copied().cloned().collect());
            let project = ProjectId::parse(project).unwrap();
            let expected = Binding { project, gateway: gateway.to_owned(), keys, seals: Seals::none() };
            expected.check(&header, "sendform.lock").map_or_else(|error| error.to_string(), |()| String::new())
        };
        assert_eq!(check("acme-shop", "sandbox", Some(&[&two, &one])), "");
        assert_eq!(check("acme-shop", "sandbox", None), "");
        let found = [
            check("other", "sandbox", None),
            check("acme-shop", "x.api.infobip.com", None),
            check("acme-shop", "sandbox", Some(&[&one])),
            check("acme-shop", "sandbox", Some(&[&three])),
            check("acme-shop", "sandbox", Some(&[&one, &two, &three])),
            check("acme-shop", "sandbox", Some(&[&one, &two])),
        ];
        insta::assert_snapshot!(found.join("\n"), @r"
        the ledger `sendform.lock` belongs to the project `acme-shop`, not to `other`
        the ledger `sendform.lock` belongs to the gateway `sandbox`, not to `x.api.infobip.com`
        the ledger's people cannot be recognised without the key `be98403f`
        the ledger's people cannot be recognised without the keys `b5c6a100`, `be98403f`
        the ledger does not know the key `5d4f443f`
        new claims of the ledger `sendform.lock` are made with the key `be98403f`, but `b5c6a100` was supplied first
        ");
    }

    #[test]
    fn a_binding_changes_only_from_what_was_named_and_drops_no_key() {
        let [one, two] = [1, 2].map(|byte| Key::from_bytes([byte; Key::LENGTH]).id());
        let header = Header { keys: vec![one.clone()], ..sample::header() };
        let to = Header { gateway: "new".to_owned(), keys: vec![one.clone(), two.clone()], ..sample::header() };
        let check = |from: &str, header: &Header, to: &Header| {
            let from =
                Binding { project: header.project.clone(), gateway: from.to_owned(), keys: None, seals: Seals::none() };
            from.check_rebind(header, to, "x").map_or_else(|error| error.to_string(), |()| String::new())
        };
        assert_eq!(check("sandbox", &header, &to), "");
        assert_eq!(check("other", &header, &to), "the ledger `x` belongs to the gateway `sandbox`, not to `other`");
        assert_eq!(check("other", &to, &to), "", "it is bound so already");
        let fewer = Header { keys: vec![two.clone()], ..to.clone() };
        let error = format!("the ledger's people cannot be recognised without the key `{one}`");
        assert_eq!(check("sandbox", &header, &fewer), error);
        assert_eq!(check("sandbox", &to, &fewer), error);

        let run = Binding {
            project: header.project.clone(),
            gateway: "sandbox".to_owned(),
            keys: Some(fewer.keys),
            seals: Seals::none(),
        };
        assert!(matches!(run.check_joined(&header, "x"), Err(StoreError::KeyMissing { .. })));
        let run = Binding { keys: Some(to.keys.clone()), ..run };
        assert!(run.check_joined(&header, "x").is_ok());
        assert!(matches!(run.check_joined(&to, "x"), Err(StoreError::Foreign { .. })));
    }
}
