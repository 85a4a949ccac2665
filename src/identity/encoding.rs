//! The one encoding that everything hashed goes through.
//!
//! A hashed value is a sequence of parts. Each part is written as its length in bytes, a 32-bit
//! big-endian number, followed by its bytes; so no two different sequences have the same bytes.
//! The first part is always a label that names what is hashed, and its version
//! (`sendform.person.v1`). Numbers are parts in decimal digits. An optional part is written as the
//! part `-` if it is absent, and as the part `+` followed by the part itself if it is present.
//!
//! A label's version is raised whenever the sequence behind it changes; old versions are never
//! reused.

use sha2::{Digest as _, Sha256};

/// Takes the parts of one hashed value.
pub trait Encode: Sized {
    /// Takes bytes as they are; only [`Encode::part`] calls this.
    fn raw(&mut self, bytes: &[u8]);

    /// Takes one part.
    fn part(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let length = u32::try_from(bytes.len()).expect("no part is longer than a file may be (4 GiB)");
        self.raw(&length.to_be_bytes());
        self.raw(bytes);
    }

    /// Takes a number as a part.
    fn number(&mut self, number: impl Into<i128>) {
        self.part(number.into().to_string());
    }

    /// Takes a part that may be absent.
    fn optional(&mut self, part: Option<impl AsRef<[u8]>>) {
        match part {
            None => self.part("-"),
            Some(part) => {
                self.part("+");
                self.part(part);
            }
        }
    }
}

/// A digest without a key, for what may be public.
#[derive(Clone)]
pub struct PublicDigest(Sha256);

impl PublicDigest {
    /// Begins a digest of the kind that the label names.
    #[must_use]
    pub fn new(label: &str) -> Self {
        let mut open = Self(Sha256::new());
        open.part(label);
        open
    }

    /// The first 8 bytes, as a number.
    #[must_use]
    pub fn finish(self) -> u64 {
        first_eight(&self.0.finalize())
    }

    /// All 32 bytes.
    #[must_use]
    pub fn finish_whole(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

impl Encode for PublicDigest {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

pub(super) fn first_eight(bytes: &[u8]) -> u64 {
    let (first, _) = bytes.split_first_chunk::<8>().expect("SHA-256 gives 32 bytes");
    u64::from_be_bytes(*first)
}
