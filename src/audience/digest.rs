//! Tells rows that agree from rows that contradict each other.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::FixedState;

/// Digests the cells at these positions. Equal cells give equal digests within one run of one
/// build; digests are never stored.
#[must_use]
pub fn used_digest(cells: &csv::StringRecord, positions: &[usize]) -> u64 {
    let mut hasher = FixedState::with_seed(0x7365_6e64_666f_726d).build_hasher();
    for position in positions {
        let cell = cells.get(*position).unwrap_or_default();
        hasher.write_usize(cell.len());
        hasher.write(cell.as_bytes());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_used_cells_count() {
        let digest =
            |cells: &[&str], positions: &[usize]| used_digest(&csv::StringRecord::from(cells.to_vec()), positions);
        assert_eq!(digest(&["a", "b", "c"], &[0, 2]), digest(&["a", "x", "c"], &[0, 2]));
        assert_ne!(digest(&["a", "b"], &[0, 1]), digest(&["ab", ""], &[0, 1]));
        assert_ne!(digest(&["a", "b"], &[0, 1]), digest(&["b", "a"], &[0, 1]));
        assert_ne!(digest(&["a", ""], &[0, 1]), digest(&["a"], &[0]));
    }
}
