//! What is wrong with a request: as much of it as an answer lists, and how much there is. So what a request costs
//! and how long its answer is does not grow with its mistakes.

use crate::wire::error::Violation;

/// How many violations an answer lists.
pub const LISTED_MAX: usize = 1_000;

/// How much of a name that a request has is repeated to it, in characters.
const NAME_CHARS_MAX: usize = 100;

/// Everything that is wrong, in the order in which it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViolationList {
    listed: Vec<Violation>,
    count: usize,
}

impl From<Violation> for ViolationList {
    fn from(only: Violation) -> Self {
        Self { listed: vec![only], count: 1 }
    }
}

impl ViolationList {
    /// Adds what is wrong; it is written out only if it is listed.
    pub(super) fn add(&mut self, violation: impl FnOnce() -> Violation) {
        self.count += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(violation());
        }
    }

    /// How much is wrong, listed or not.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What is listed.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.listed.iter()
    }

    /// What an answer lists: the last of it says how much more there is.
    #[must_use]
    pub fn into_listed(mut self) -> Vec<Violation> {
        let more = self.count.saturating_sub(self.listed.len());
        if let Some(last) = self.listed.last_mut().filter(|_| more > 0) {
            last.violation = format!("{}, and {more} more", last.violation);
        }
        self.listed
    }
}

/// A name as it is repeated to whoever has given it.
#[must_use]
pub fn repeated(name: &str) -> String {
    shortened(name, NAME_CHARS_MAX)
}

/// A text, or its beginning if it has more than so many characters.
#[must_use]
pub fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_listed_and_the_rest_is_counted() {
        let list = |count: usize| {
            let mut list = ViolationList::default();
            let violation =
                |number: usize| Violation { property: number.to_string(), violation: "must not be null".to_owned() };
            (0..count).for_each(|number| list.add(|| violation(number)));
            list
        };
        let last = |count| {
            let list = list(count);
            assert_eq!((list.count(), list.is_empty()), (count, count == 0));
            let listed = list.into_listed();
            (listed.len(), listed.last().map(|last| format!("{} {}", last.property, last.violation)))
        };
        assert_eq!(last(0), (0, None));
        assert_eq!(last(LISTED_MAX), (1_000, Some("999 must not be null".to_owned())));
        assert_eq!(last(LISTED_MAX + 1), (1_000, Some("999 must not be null, and 1 more".to_owned())));
        assert_eq!(last(300_000), (1_000, Some("999 must not be null, and 299000 more".to_owned())));
    }

    #[test]
    fn a_long_text_is_cut_between_its_characters() {
        assert_eq!([shortened("žaba", 4), shortened("žaba", 3), shortened("", 0)], ["žaba", "žab…", ""]);
    }
}
