//! The end of a line. Its checksum: `…,"sum":"<16 hex digits>"}`, the first 8 bytes of a SHA-256 over all
//! bytes of the line before `,"sum":`. And, before that, its signature: `…,"key":"<8 hex digits>","mac":"<32
//! hex digits>"`, over the body, which is all that stands before `,"key":`.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::seals::{self, Signer};
use crate::identity::KeyId;

/// What stands before the digits.
const BEFORE: &[u8] = b",\"sum\":\"";
/// What follows them.
const BEHIND: &[u8] = b"\"}";
/// How many digits there are.
const DIGITS: usize = 16;

/// What stands before the name of the key, before the signature, and behind it.
const KEY: &[u8] = b",\"key\":\"";
const MAC: &[u8] = b"\",\"mac\":\"";
const END: &[u8] = b"\"";

/// What the first line of a sealed text begins with, in every version of it: what it is, and which
/// version.
#[derive(Deserialize)]
pub(crate) struct SealKind<'a> {
    #[serde(borrow)]
    pub(crate) sendform: Cow<'a, str>,
    pub(crate) version: u32,
}

/// Seals a JSON object: puts the checksum in as its last field, and ends the line.
pub(crate) fn seal(mut object: String) -> String {
    object.pop();
    let digits = sum(object.as_bytes());
    object.push_str(",\"sum\":\"");
    object.push_str(&digits);
    object.push_str("\"}\n");
    object
}

/// Signs a JSON object: puts the key's name, the signature and the checksum in as its last fields, and ends
/// the line. Nothing is hashed twice.
pub(super) fn sign(mut object: String, signer: &Signer) -> String {
    object.pop();
    let mut hash = Sha256::new_with_prefix(object.as_bytes());
    let mac = signer.sign(&hash.clone().finalize().into());
    let body = object.len();
    for part in [",\"key\":\"", signer.id().as_str(), "\",\"mac\":\"", &mac, "\""] {
        object.push_str(part);
    }
    hash.update(object.as_bytes().get(body..).unwrap_or_default());
    object.push_str(",\"sum\":\"");
    object.push_str(&digits_of(hash));
    object.push_str("\"}\n");
    object
}

/// The signature of a line.
pub(super) struct Signature<'a> {
    /// The name of the key.
    pub(super) key: &'a str,
    mac: &'a [u8],
    body: [u8; 32],
}

impl Signature<'_> {
    /// Whether it is this key's.
    pub(super) fn is_by(&self, signer: &Signer) -> bool {
        signer.is_right(&self.body, self.mac)
    }
}

/// Whether a line, without its end, carries its right checksum.
pub(crate) fn is_sealed(line: &[u8]) -> bool {
    signature(line).is_some()
}

/// The signature of a line, without its end, if it has one; nothing at all, if it does not carry its right
/// checksum.
pub(super) fn signature(line: &[u8]) -> Option<Option<Signature<'_>>> {
    let (line, behind) = split(line, BEHIND.len())?;
    let (line, digits) = split(line, DIGITS)?;
    let (summed, before) = split(line, BEFORE.len())?;
    if behind != BEHIND || before != BEFORE {
        return None;
    }
    let Some((body, tail)) = signed(summed) else {
        return (sum(summed).as_bytes() == digits).then_some(None);
    };
    let (key, mac) = words(tail)?;
    let mut hash = Sha256::new_with_prefix(body);
    let body = hash.clone().finalize().into();
    hash.update(tail);
    (digits_of(hash).as_bytes() == digits).then_some(Some(Signature { key, mac, body }))
}

fn split(line: &[u8], tail: usize) -> Option<(&[u8], &[u8])> {
    line.split_at_checked(line.len().checked_sub(tail)?)
}

/// The body of what a checksum is over, and the signature behind it, if it has one.
fn signed(summed: &[u8]) -> Option<(&[u8], &[u8])> {
    let parts = split(summed, KEY.len() + KeyId::LENGTH + MAC.len() + seals::DIGITS + END.len())?;
    words(parts.1).is_some().then_some(parts)
}

/// The key's name and the digits of a signature.
fn words(tail: &[u8]) -> Option<(&str, &[u8])> {
    let (key, mac) = tail.strip_prefix(KEY)?.split_at_checked(KeyId::LENGTH)?;
    let mac = mac.strip_prefix(MAC)?.strip_suffix(END)?;
    Some((std::str::from_utf8(key).ok()?, mac))
}

/// The digits of a sealed line, with or without its end.
pub(crate) fn digits(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n").unwrap_or(line).strip_suffix(BEHIND)?;
    line.split_last_chunk::<DIGITS>().map(|(_, digits)| digits.as_slice())
}

/// Whether a text begins with a whole sealed line that does not end where it should. Each byte
/// is hashed once, however often the text says `sum`.
pub(super) fn runs_on(text: &[u8]) -> bool {
    let mut hash = Sha256::new();
    let mut hashed = 0;
    let starts = text.windows(BEFORE.len()).enumerate().filter(|(_, window)| *window == BEFORE).map(|(at, _)| at);
    for at in starts {
        hash.update(text.get(hashed..at).unwrap_or_default());
        hashed = at;
        let rest = text.get(at + BEFORE.len()..).unwrap_or_default();
        let digits = rest.get(..DIGITS).filter(|_| rest.get(DIGITS..).is_some_and(|rest| rest.starts_with(BEHIND)));
        if digits.is_some_and(|digits| digits_of(hash.clone()).as_bytes() == digits) {
            return true;
        }
    }
    false
}

fn sum(body: &[u8]) -> String {
    digits_of(Sha256::new_with_prefix(body))
}

fn digits_of(hash: Sha256) -> String {
    let digest = hash.finalize();
    let (first, _) = digest.split_first_chunk::<8>().expect("SHA-256 gives 32 bytes");
    HEXLOWER.encode(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_line_is_recognised_and_nothing_else() {
        let line = seal(r#"{"a":1}"#.to_owned());
        assert_eq!(line, "{\"a\":1,\"sum\":\"8b0f0d75aabe01bb\"}\n");
        assert_eq!(digits(line.as_bytes()), Some(b"8b0f0d75aabe01bb".as_slice()));
        let line = line.trim_end().as_bytes();
        assert!(is_sealed(line));
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut flipped = line.to_vec();
                flipped[at] ^= 1 << bit;
                assert!(!is_sealed(&flipped), "bit {bit} of byte {at}");
            }
            assert!(!is_sealed(&line[..at]));
            assert!(!runs_on(&line[..at]));
        }
        assert!(runs_on(&[line, b"x"].concat()));
    }
}
