//! Something in parts that clones share until they change one: a clone costs the same however much there is, and a
//! change as much as one part.

use std::sync::Arc;

use super::hash::hash;

/// How many parts there are.
const PARTS: u64 = 256;

/// The parts: what belongs to a key is in the same one always.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts<T>(Vec<Arc<T>>);

// Not derived: there is nothing in it that has to have a default.
impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone + Default> Parts<T> {
    /// The part of a key; `None` as long as nothing was ever changed.
    pub(super) fn of(&self, key: &str) -> Option<&T> {
        // Most have nothing in them, and need no hash.
        if self.0.is_empty() { None } else { self.0.get(Self::place(key)).map(|part| &**part) }
    }

    /// Changes the part of a key.
    pub(super) fn change(&mut self, key: &str, change: impl FnOnce(&mut T)) {
        if self.0.is_empty() {
            let empty = Arc::new(T::default());
            self.0 = (0..PARTS).map(|_| Arc::clone(&empty)).collect();
        }
        if let Some(part) = self.0.get_mut(Self::place(key)) {
            change(Arc::make_mut(part));
        }
    }

    /// All parts.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|part| &**part)
    }

    fn place(key: &str) -> usize {
        usize::try_from(hash(key.as_bytes()) % PARTS).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_in_one_clone_and_copies_one_part() {
        let mut one = Parts::<Vec<String>>::default();
        assert_eq!(one.of("a"), None);
        let add = |parts: &mut Parts<Vec<String>>, key: &str| parts.change(key, |part| part.push(key.to_owned()));
        (0..1_000).for_each(|key: u32| add(&mut one, &key.to_string()));
        let mut other = one.clone();
        add(&mut other, "more");
        assert!((0..1_000).all(|key: u32| other.of(&key.to_string()).unwrap().contains(&key.to_string())));
        assert_eq!([&one, &other].map(|parts| parts.iter().flatten().count()), [1_000, 1_001]);
        assert_eq!(one.0.iter().zip(&other.0).filter(|(one, other)| !Arc::ptr_eq(one, other)).count(), 1);
    }
}
