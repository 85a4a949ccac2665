//! Questions to the logs: lists of ids, as long as one request may have them.

use crate::wire::limits::LOGS_IDS_CHARS_MAX;

/// What the ids of a question are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Ids of bulks.
    Bulk,
    /// Ids of messages.
    Message,
}

/// A question that one request can ask: at most 2048 characters of ids and commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    by: By,
    ids: String,
}

impl Question {
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

    /// Asks for as many of these ids as fit, in their order, with an id before all of them and one
    /// behind; says how many that were.
    pub(crate) fn packed(by: By, ids: impl Iterator<Item = String>, [first, last]: [Option<&str>; 2]) -> (Self, usize) {
        let mut list = first.map(str::to_owned).unwrap_or_default();
        let room = LOGS_IDS_CHARS_MAX.saturating_sub(last.map_or(0, |last| last.len() + 1));
        let mut count = 0;
        for id in ids {
            if !list.is_empty() && list.len() + 1 + id.len() > room {
                break;
            }
            push(&mut list, &id);
            count += 1;
        }
        if let Some(last) = last {
            push(&mut list, last);
        }
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

    fn pack(count: usize, length: usize, around: [Option<&str>; 2]) -> (String, usize) {
        let (question, packed) = Question::packed(By::Message, (0..count).map(|_| "x".repeat(length)), around);
        assert!(question.ids().len() <= LOGS_IDS_CHARS_MAX);
        (question.ids().to_owned(), packed)
    }

    #[test]
    fn a_question_is_as_long_as_it_may_be_and_no_longer() {
        assert_eq!(pack(2, 3, [None, None]), ("xxx,xxx".to_owned(), 2));
        assert_eq!(pack(1, 3, [Some("a"), Some("b")]), ("a,xxx,b".to_owned(), 1));
        assert_eq!(pack(0, 3, [None, None]), (String::new(), 0));
        let (ids, packed) = pack(1000, 45, [None, None]);
        assert_eq!((ids.len(), packed), (46 * 44 - 1, 44));
        let (ids, packed) = pack(1000, 255, [None, None]);
        assert_eq!((ids.len(), packed), (2047, 8));
        let (ids, packed) = pack(1000, 255, [None, Some("b")]);
        assert_eq!((ids.ends_with(",b"), packed), (true, 7));
    }
}
