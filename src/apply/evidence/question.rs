//! Questions to the logs: lists of ids, as long as one request may have them.

use jiff::Timestamp;

use crate::identity::SenderId;
use crate::wire::limits::LOGS_IDS_CHARS_MAX;

/// What the ids of a question are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Ids of bulks.
    Bulk,
    /// Ids of messages.
    Message,
}

/// What one sender has sent lately, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentQuery {
    /// The sender.
    pub sender: SenderId,
    /// Since when.
    pub since: Timestamp,
    /// How many pages are read, of a thousand rows each.
    pub pages_max: usize,
}

/// A question that one request can ask: at most 2048 characters of ids and commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    by: By,
    ids: String,
}

impl LogQuery {
    /// What the ids are.
    #[must_use]
    pub fn by(&self) -> By {
        self.by
    }

    /// The ids, separated by commas.
    #[must_use]
    pub fn ids(&self) -> &str {
        &self.ids
    }

    /// Asks for as many of these ids as fit, in their order, with ids before all of them and ids behind;
    /// says how many that were.
    pub(crate) fn packed(by: By, ids: impl Iterator<Item = String>, [before, behind]: [&[String]; 2]) -> (Self, usize) {
        let mut list = String::new();
        before.iter().for_each(|id| push(&mut list, id));
        let behind_length: usize = behind.iter().map(|id| id.len() + 1).sum();
        let room = LOGS_IDS_CHARS_MAX.saturating_sub(behind_length);
        let mut count = 0;
        for id in ids {
            if !list.is_empty() && list.len() + 1 + id.len() > room {
                break;
            }
            push(&mut list, &id);
            count += 1;
        }
        behind.iter().for_each(|id| push(&mut list, id));
        (Self { by, ids: list }, count)
    }
}

fn push(list: &mut String, id: &str) {
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(id);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(count: usize, length: usize, around: [&[&str]; 2]) -> (String, usize) {
        let [before, behind] = around.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        let ids = (0..count).map(|_| "x".repeat(length));
        let (question, packed) = LogQuery::packed(By::Message, ids, [&before, &behind]);
        assert!(question.ids().len() <= LOGS_IDS_CHARS_MAX);
        (question.ids().to_owned(), packed)
    }

    #[test]
    fn a_question_is_as_long_as_it_may_be_and_no_longer() {
        assert_eq!(pack(2, 3, [&[], &[]]), ("xxx,xxx".to_owned(), 2));
        assert_eq!(pack(1, 3, [&["a"], &["b", "c"]]), ("a,xxx,b,c".to_owned(), 1));
        assert_eq!(pack(0, 3, [&[], &[]]), (String::new(), 0));
        let (ids, packed) = pack(1000, 45, [&[], &[]]);
        assert_eq!((ids.len(), packed), (46 * 44 - 1, 44));
        let (ids, packed) = pack(1000, 255, [&[], &[]]);
        assert_eq!((ids.len(), packed), (2047, 8));
        let (ids, packed) = pack(1000, 255, [&[], &["b"]]);
        assert_eq!((ids.ends_with(",b"), packed), (true, 7));
    }
}
