//! Sets of bytes, made when the program is compiled: to look one up costs next to nothing, which counts
//! where every byte of every row is looked at.

/// A set of bytes: of each whether it is in it.
pub(crate) struct ByteSet([bool; 256]);

impl ByteSet {
    /// The bytes of a text.
    pub(crate) const fn of(text: &[u8]) -> Self {
        let mut set = Self([false; 256]);
        let mut rest = text;
        while let [first, behind @ ..] = rest {
            set = set.with(*first, *first);
            rest = behind;
        }
        set
    }

    /// The same, and all bytes from one to another.
    #[expect(
        clippy::indexing_slicing,
        reason = "a byte is a place in an array of all bytes, and this runs in the compiler"
    )]
    pub(crate) const fn with(mut self, first: u8, last: u8) -> Self {
        let mut byte = first as usize;
        while byte <= last as usize {
            self.0[byte] = true;
            byte += 1;
        }
        self
    }

    /// Whether a byte is in it.
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)) == Some(&true)
    }
}

#[cfg(test)]
mod tests {
    use super::ByteSet;

    #[test]
    fn a_set_has_its_bytes_and_no_others() {
        const SET: ByteSet = ByteSet::of(b"az").with(b'0', b'3').with(0xff, 0xff);
        let found: Vec<u8> = (0..=u8::MAX).filter(|byte| SET.has(*byte)).collect();
        assert_eq!(found, b"0123az\xff");
    }
}
