//! The rows of a page: as many as are asked for, and no more than a reader can take at once.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// How many rows a page has at most.
pub(super) const PAGE_MAX: usize = 1_000;
/// How many bytes of rows a page has at most, unless it is a single row.
const PAGE_BYTES_MAX: usize = 900_000;

/// Reads how many rows a page is to have.
///
/// # Errors
/// With what is allowed, if it cannot have so many.
pub(super) fn page_limit(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, String> {
    let limit = asked.unwrap_or(usual);
    if (1..=most).contains(&limit) {
        return Ok(limit);
    }
    Err(format!("must be a number from 1 to {most}"))
}

/// The rows of a page, as they are written.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct PageRows {
    rows: Vec<Box<RawValue>>,
    #[serde(skip)]
    bytes: usize,
    #[serde(skip)]
    limit: usize,
}

impl PageRows {
    /// A page of at most so many rows.
    pub(super) const fn new(limit: usize) -> Self {
        Self { rows: Vec::new(), bytes: 0, limit }
    }

    /// Takes a row, if there is room for it; `false` if it is for the next page.
    pub(super) fn take(&mut self, row: &impl Serialize) -> bool {
        if self.rows.len() >= self.limit {
            return false;
        }
        // Plain data is always written.
        let Ok(row) = to_raw_value(row) else { return true };
        let bytes = self.bytes + row.get().len();
        if bytes > PAGE_BYTES_MAX && !self.rows.is_empty() {
            return false;
        }
        self.bytes = bytes;
        self.rows.push(row);
        true
    }

    /// How many it has.
    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_so_many_rows_and_so_many_bytes_but_at_least_one() {
        let mut page = PageRows::new(3);
        assert_eq!([(); 4].map(|()| page.take(&"a")), [true, true, true, false]);
        assert_eq!((page.len(), serde_json::to_string(&page).unwrap()), (3, r#"["a","a","a"]"#.to_owned()));
        let mut page = PageRows::new(3);
        let large = "a".repeat(2 * PAGE_BYTES_MAX);
        assert_eq!([page.take(&large), page.take(&"a")], [true, false]);
        let half = "a".repeat(PAGE_BYTES_MAX / 2);
        let mut page = PageRows::new(3);
        assert_eq!([page.take(&half), page.take(&"a"), page.take(&half)], [true, true, false]);
    }
}
