//! The secret key that turns people into fingerprints.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;

use super::encoding::{Encode, first_eight};

/// 32 secret bytes. Never printed, and wiped when dropped.
#[derive(Clone)]
pub struct Key(SecretBox<SecretBytes>);

/// The bytes behind the wrapper.
#[derive(Clone)]
struct SecretBytes([u8; Key::LENGTH]);

impl secrecy::zeroize::Zeroize for SecretBytes {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl secrecy::CloneableSecret for SecretBytes {}

/// Why a text is not a key. The text itself is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither base64 nor hexadecimal.
    #[error("the key is neither base64 nor hexadecimal")]
    Encoding,
    /// Another number of bytes.
    #[error("the key has {0} bytes, but 32 are wanted")]
    Length(usize),
    /// No key at all.
    #[error("the key is empty")]
    Empty,
}

impl Key {
    /// How many bytes a key has.
    pub const LENGTH: usize = 32;

    /// Takes the bytes of a key, for example fresh random ones.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(SecretBox::new(Box::new(SecretBytes(bytes))))
    }

    /// Reads a key from base64 (with or without padding) or hexadecimal.
    ///
    /// # Errors
    /// If the text is empty, is in neither encoding, or does not hold 32 bytes.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        let hexadecimal = || (text.len() == 2 * Self::LENGTH).then(|| HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok());
        let bytes = hexadecimal()
            .flatten()
            .or_else(|| BASE64.decode(text.as_bytes()).ok())
            .or_else(|| BASE64_NOPAD.decode(text.as_bytes()).ok())
            .ok_or(KeyError::Encoding)?;
        let length = bytes.len();
        let bytes = bytes.try_into().map_err(|_| KeyError::Length(length))?;
        Ok(Self::from_bytes(bytes))
    }

    /// Writes the key in base64, for the file of a sandbox's own key.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.bytes())
    }

    /// The check value that a ledger names the key by; it does not reveal the key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let value = KeyedEncoder::new(self, "sendform.key.v1").finish();
        KeyId(format!("{:08x}", value >> 32))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0.expose_secret().0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", self.id())
    }
}

/// A key's check value: 8 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// How many digits it has.
    pub const LENGTH: usize = 8;

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The keys of a run: the first makes new claims, all of them recognise old ones.
#[derive(Debug, Clone)]
pub struct Keys {
    first: Key,
    others: Vec<Key>,
}

impl Keys {
    /// Takes one key.
    #[must_use]
    pub fn one(key: Key) -> Self {
        Self { first: key, others: Vec::new() }
    }

    /// Reads keys separated by commas or line breaks; a comma may stand at the end of a line, and blank lines are
    /// none.
    ///
    /// # Errors
    /// If one of them is not a key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        let mut texts = Vec::new();
        while let Some(line) = lines.next() {
            // A comma before a line break is one separator with it.
            let line = if lines.peek().is_some() { line.strip_suffix(',').unwrap_or(line) } else { line };
            texts.extend(line.split(','));
        }
        let mut keys = texts.into_iter().map(Key::parse);
        let first = keys.next().unwrap_or(Err(KeyError::Empty))?;
        Ok(Self { first, others: keys.collect::<Result<_, _>>()? })
    }

    /// The key of new claims.
    #[must_use]
    pub fn first(&self) -> &Key {
        &self.first
    }

    /// All keys, the first one first.
    pub fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The check values of all keys, the first one first.
    #[must_use]
    pub fn ids(&self) -> Vec<KeyId> {
        self.all().map(Key::id).collect()
    }
}

/// A digest under a key, for what is derived from personal data.
#[derive(Clone)]
pub struct KeyedEncoder(Hmac<Sha256>);

impl KeyedEncoder {
    /// Begins a digest of the kind that the label names, under a key.
    #[must_use]
    pub fn new(key: &Key, label: &str) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(key.bytes()).expect("HMAC takes keys of any length");
        let mut keyed = Self(mac);
        keyed.part(label);
        keyed
    }

    /// The first 8 bytes, as a number.
    #[must_use]
    pub fn finish(self) -> u64 {
        first_eight(&self.0.finalize().into_bytes())
    }

    /// All 32 bytes.
    #[must_use]
    pub fn finish_whole(self) -> [u8; 32] {
        self.0.finalize().into_bytes().into()
    }

    /// Whether these are the first bytes of the digest, in a time that does not tell how many of
    /// them are right.
    #[must_use]
    pub fn begins_with(self, bytes: &[u8]) -> bool {
        self.0.verify_truncated_left(bytes).is_ok()
    }
}

impl Encode for KeyedEncoder {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyError, Keys};

    #[test]
    fn keys_are_read_in_both_encodings_and_never_shown() {
        let hexadecimal = "07".repeat(32);
        let base64 = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
        let id = Key::from_bytes([7; Key::LENGTH]).id();
        for text in [hexadecimal.as_str(), base64, base64.trim_end_matches('='), &format!(" {base64}\n")] {
            let key = Key::parse(text).unwrap();
            assert_eq!(key.id(), id);
            assert_eq!(format!("{key:?}"), format!("Key({id})"));
            assert_eq!(key.to_base64(), base64);
        }
        let check = |text: &str, expect: KeyError| assert_eq!(Key::parse(text).map(|key| key.id()), Err(expect));
        check("", KeyError::Empty);
        check("BwcH", KeyError::Length(3));
        check("not a key!", KeyError::Encoding);
    }

    #[test]
    fn the_first_of_several_keys_makes_new_claims() {
        let (one, two) = ("01".repeat(32), "02".repeat(32));
        let keys = Keys::parse(&format!("{two},{one}")).unwrap();
        assert_eq!(keys.first().id(), Key::from_bytes([2; Key::LENGTH]).id());
        assert_eq!(keys.ids().len(), 2);
        assert!(Keys::parse("").is_err());
        assert!(Keys::parse(&format!("{one},")).is_err());
        for text in [format!("{two}\n{one}\n"), format!("\r\n{two},\r\n\r\n {one}\r\n"), format!("{two},{one}\n")] {
            assert_eq!(Keys::parse(&text).map(|keys| keys.ids()), Ok(keys.ids()), "{text:?}");
        }
        for text in ["\n \n", &format!("{two},,\n{one}"), &format!("{two}\nno key\n")] {
            assert!(Keys::parse(text).is_err(), "{text:?}");
        }
    }
}
