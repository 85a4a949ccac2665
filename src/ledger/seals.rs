//! The keys that the lines of a ledger are signed with. Whoever can write a file can make its checksums
//! right; only whoever has the key can sign.
//!
//! ```text
//! ledger key = HMAC-SHA256(key, parts("sendform.ledger.v1", project))
//! signature  = the first 16 bytes of HMAC-SHA256(ledger key, parts("sendform.line.v1", key id, SHA-256(body)))
//! ```

use std::fmt;
use std::sync::Arc;

use data_encoding::HEXLOWER;

use super::line::Header;
use crate::identity::KeyedEncoder;
use crate::identity::encoding::Encode as _;
use crate::identity::{Key, KeyId, Keys, ProjectId};

/// How many bytes a signature has.
const BYTES: usize = 16;
/// How many hexadecimal digits that is.
pub(super) const DIGITS: usize = 2 * BYTES;

/// Signs and checks the lines of one project's ledger.
#[derive(Clone, Default)]
pub struct Seals {
    project: Option<ProjectId>,
    signers: Arc<[Signer]>,
}

/// One key.
#[derive(Clone)]
pub(super) struct Signer {
    id: KeyId,
    /// What is the same for all lines.
    line: KeyedEncoder,
    /// What is the same for all tables of contents.
    contents: KeyedEncoder,
}

/// A digest under a ledger's key, of which the first bytes are the signature.
struct KeyedDigest(KeyedEncoder);

impl KeyedDigest {
    fn digits(self) -> String {
        HEXLOWER.encode(self.0.finish_whole().get(..BYTES).unwrap_or_default())
    }

    /// Whether these are its digits, in lower case only: a signature has one form.
    fn is(self, digits: &[u8]) -> bool {
        let mut bytes = [0; BYTES];
        let is_read = digits.len() == DIGITS && HEXLOWER.decode_mut(digits, &mut bytes).is_ok();
        is_read && self.0.begins_with(&bytes)
    }
}

impl Seals {
    /// Makes the keys of a project's ledger out of a run's keys.
    #[must_use]
    pub fn new(keys: &Keys, project: &ProjectId) -> Self {
        let signers = keys.all().map(|key| Signer::new(key, project)).collect();
        Self { project: Some(project.clone()), signers }
    }

    /// Nothing is signed and nothing is checked.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.signers.is_empty()
    }

    /// Whether lines of this project can be checked.
    pub(super) fn are_of(&self, project: &ProjectId) -> bool {
        self.project.as_ref() == Some(project)
    }

    /// Who signs the lines of a ledger.
    #[must_use]
    pub fn signing(&self, header: &Header) -> Signing<'_> {
        Signing(self.signer(header.first_key()))
    }

    /// Who signs new lines: the key that comes first in a ledger, or, if nothing says which that is, in the run.
    fn signer(&self, first: Option<&KeyId>) -> Option<&Signer> {
        let named = first.and_then(|first| self.get(first.as_str()));
        named.or_else(|| self.signers.first())
    }

    /// Signs a branch's table of contents: puts the key's name and the signature on a line of their own at its
    /// end. Without a key it stays as it is.
    #[must_use]
    pub fn sign_contents(&self, text: &str) -> String {
        let Some(signer) = self.signers.first() else { return text.to_owned() };
        format!("{text}mac {} {}\n", signer.id, signer.contents(text).digits())
    }

    /// Whether a text, signed as a table of contents is, is signed with one of these keys.
    #[must_use]
    pub fn have_signed(&self, contents: &str, text: &str) -> bool {
        self.signer_of_contents(contents, text).is_some_and(|key| self.get(key).is_some())
    }

    /// The name of the key that a table of contents is signed with, if it is this text with a signature that
    /// is right, or that is by a key which is not among these.
    #[must_use]
    pub fn signer_of_contents<'a>(&self, contents: &'a str, text: &str) -> Option<&'a str> {
        let signature = contents.strip_prefix(text)?.strip_prefix("mac ")?.strip_suffix('\n')?;
        let (key, digits) = signature.split_once(' ')?;
        let is_right = match self.get(key) {
            Some(signer) => signer.contents(text).is(digits.as_bytes()),
            None => digits.len() == DIGITS,
        };
        is_right.then_some(key)
    }

    /// The key of this name.
    pub(super) fn get(&self, id: &str) -> Option<&Signer> {
        self.signers.iter().find(|signer| signer.id.as_str() == id)
    }
}

impl fmt::Debug for Seals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.signers.iter().map(|signer| &signer.id)).finish()
    }
}

impl Signer {
    fn new(key: &Key, project: &ProjectId) -> Self {
        let mut ledger = KeyedEncoder::new(key, "sendform.ledger.v1");
        ledger.part(project.as_str());
        let ledger = Key::from_bytes(ledger.finish_whole());
        let id = key.id();
        let [line, contents] = ["sendform.line.v1", "sendform.contents.v1"].map(|label| {
            let mut keyed = KeyedEncoder::new(&ledger, label);
            keyed.part(id.as_str());
            keyed
        });
        Self { id, line, contents }
    }

    /// The key's check value.
    pub(super) fn id(&self) -> &KeyId {
        &self.id
    }

    /// Signs the body of a line, by its digest.
    pub(super) fn sign(&self, body: &[u8; 32]) -> String {
        self.line(body).digits()
    }

    /// Whether these digits are the signature of a body.
    pub(super) fn is_right(&self, body: &[u8; 32], digits: &[u8]) -> bool {
        self.line(body).is(digits)
    }

    fn line(&self, body: &[u8; 32]) -> KeyedDigest {
        let mut line = self.line.clone();
        line.part(body);
        KeyedDigest(line)
    }

    fn contents(&self, text: &str) -> KeyedDigest {
        let mut contents = self.contents.clone();
        contents.part(text);
        KeyedDigest(contents)
    }
}
/// Who signs the lines of a ledger; nobody, where lines are not signed.
#[derive(Clone, Copy)]
pub struct Signing<'a>(pub(super) Option<&'a Signer>);

impl Signing<'_> {
    /// Nobody signs.
    pub const NOBODY: Self = Signing(None);
}
