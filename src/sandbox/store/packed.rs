//! Bodies as they are kept: packed (LZ4, by its block format), because the messages of a bulk are much alike, and
//! what is not written need not be synced.

use lz4_flex::block;

/// To how many times its length a packed body can unfold at most: the format has no way to say more with a byte.
const UNFOLDS_MAX: usize = 255;

/// Packs a body; its length stands before it.
pub(super) fn pack(body: &[u8]) -> Vec<u8> {
    block::compress_prepend_size(body)
}

/// Unpacks a body; `None` if it is damaged. However damaged it is, it takes no more memory than it could be worth.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = packed.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (length <= rest.len().saturating_mul(UNFOLDS_MAX)).then(|| block::decompress(rest, length).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_comes_back(body in prop::collection::vec(any::<u8>(), 0..2_000), copies in 1_usize..50) {
            let body = body.repeat(copies);
            prop_assert_eq!(unpack(&pack(&body)), Some(body));
        }

        #[test]
        fn what_is_damaged_is_no_panic(packed in prop::collection::vec(any::<u8>(), 0..200)) {
            let unfolded = unpack(&packed).map_or(0, |body| body.len());
            prop_assert!(unfolded <= packed.len() * UNFOLDS_MAX);
        }
    }

    #[test]
    fn a_length_that_cannot_be_takes_no_memory() {
        assert_eq!(unpack(&[0xff, 0xff, 0xff, 0xff, 0x10, b'a']), None);
        assert_eq!(unpack(&[]), None);
    }

    #[test]
    fn what_unfolds_most_comes_back() {
        let body = vec![b'x'; 20 * 1024 * 1024];
        assert_eq!(unpack(&pack(&body)), Some(body));
    }
}
