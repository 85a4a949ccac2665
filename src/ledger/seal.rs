//! The checksum of a line: `…,"sum":"<16 hex digits>"}`, always at the line's end. The digits are
//! the first 8 bytes of a SHA-256 over all bytes of the line before `,"sum":`.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// What stands before the digits.
const BEFORE: &[u8] = b",\"sum\":\"";
/// What stands behind them.
const BEHIND: &[u8] = b"\"}";
/// How many digits there are.
const DIGITS: usize = 16;

/// What the first line of a sealed text begins with, in every version of it: what it is, and which
/// version.
#[derive(Deserialize)]
pub(crate) struct Kind<'a> {
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

/// Says whether a line, without its end, carries its right checksum.
pub(crate) fn is_sealed(line: &[u8]) -> bool {
    let split = |line, tail: usize| <[u8]>::split_at_checked(line, <[u8]>::len(line).checked_sub(tail)?);
    let parts = || {
        let (line, behind) = split(line, BEHIND.len())?;
        let (line, digits) = split(line, DIGITS)?;
        let (body, before) = split(line, BEFORE.len())?;
        (behind == BEHIND && before == BEFORE).then_some((body, digits))
    };
    parts().is_some_and(|(body, digits)| sum(body).as_bytes() == digits)
}

/// The digits of a sealed line, with or without its end.
pub(crate) fn digits(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n").unwrap_or(line).strip_suffix(BEHIND)?;
    line.split_last_chunk::<DIGITS>().map(|(_, digits)| digits.as_slice())
}

/// Says whether a text begins with a whole sealed line that does not end where it should. Each byte
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
