//! How many digits the ids of a file have, as its first rows show.

/// The numbers of digits of the ids of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct UsualIds(u32);

/// How many digits more or fewer ids of one account have.
const NEAR: u32 = 2;

impl UsualIds {
    /// Takes the ids of some rows, by how many digits they have: what hardly any has is not usual.
    pub(super) fn of(digits: impl IntoIterator<Item = usize>) -> Self {
        let mut counts = [0_u32; 32];
        for digits in digits {
            if let Some(count) = counts.get_mut(digits) {
                *count += 1;
            }
        }
        let all: u32 = counts.iter().sum();
        let usual = (0_u32..).zip(counts).filter(|(_, count)| *count > 0 && count * 10 >= all);
        Self(usual.fold(0, |bits, (digits, _)| bits | 1 << digits))
    }

    /// Whether a line with an id of so many digits is a row, and no text about something else that
    /// begins with a number: a postal code, an amount, an order. In a line of as many cells as the header
    /// has, the id may be a bit shorter or longer than the others.
    pub(super) fn fit(self, digits: usize, is_whole: bool) -> bool {
        let Ok(digits) = u32::try_from(digits) else { return false };
        let has = |digits: u32| digits < u32::BITS && self.0 & (1 << digits) != 0;
        let is_near = (digits.saturating_sub(NEAR)..=digits.saturating_add(NEAR)).any(has);
        self.0 == 0 || has(digits) || (is_whole && is_near)
    }
}

#[cfg(test)]
mod tests {
    use super::UsualIds;

    #[test]
    fn other_numbers_are_no_ids() {
        let usual = UsualIds::of([17; 20].into_iter().chain([16, 16, 16, 6]));
        assert!(usual.fit(17, false) && usual.fit(16, false));
        assert!(!usual.fit(6, true) && !usual.fit(12, true) && !usual.fit(15, false) && usual.fit(15, true));
        assert!(UsualIds::of([]).fit(6, false));
    }
}
