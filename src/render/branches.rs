//! Which ways texts take where their templates branch.

/// The ways that a text took: each is a number, and what is beyond the first 64 is not told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Branches(u64);

impl Branches {
    /// How many ways are told apart.
    pub const WAYS_MAX: u32 = u64::BITS;

    /// Takes a way.
    pub(super) fn take(&mut self, way: u32) {
        self.0 |= 1_u64.checked_shl(way).unwrap_or(0);
    }

    /// All ways up to a number.
    #[must_use]
    pub(super) fn up_to(ways: u32) -> Self {
        Self(if ways >= Self::WAYS_MAX { u64::MAX } else { (1 << ways) - 1 })
    }

    /// The same ways, where so many others come first.
    #[must_use]
    pub fn behind(self, ways: u32) -> Self {
        Self(self.0.checked_shl(ways).unwrap_or(0))
    }

    /// The ways of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The ways that another one did not take.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}
