//! One small hash that never changes between versions: books and seeded faults rest on it. It
//! guards nothing against an adversary.

/// Hashes bytes (FNV-1a, then a finalizer that spreads the bits).
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    let folded = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    mix(folded)
}

/// Spreads the bits of a number (the finalizer of splitmix64).
#[must_use]
pub const fn mix(number: u64) -> u64 {
    let first = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let second = (first ^ (first >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    second ^ (second >> 31)
}

/// Whether a hash falls into the first so many of ten thousand parts.
#[must_use]
pub const fn falls_into(hash: u64, parts: u32) -> bool {
    hash % 10_000 < parts as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_never_change() {
        assert_eq!(format!("{:016x}", hash(b"")), "f52a15e9a9b5e89b");
        assert_eq!(format!("{:016x}", hash(b"spring-sale")), "fbe8e1d76b6b666b");
    }

    #[test]
    fn a_share_is_about_as_large_as_asked_for() {
        let struck = (0..10_000_u32).filter(|number| falls_into(hash(&number.to_le_bytes()), 1_000)).count();
        assert!((900..1_100).contains(&struck), "{struck}");
        assert!((0..100).all(|number| !falls_into(mix(number), 0) && falls_into(mix(number), 10_000)));
    }
}
