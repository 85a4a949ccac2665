//! The gateway's books: the truth about who got what.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What the gateway has of one message to one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) accepted: u64,
    pub(super) rejected: u64,
}

/// The books at one moment.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// By messageId.
    pub(super) messages: BTreeMap<String, Kept>,
    /// The messageIds of each bulk.
    pub(super) bulks: BTreeMap<String, BTreeSet<String>>,
    /// Whom each messageId went to.
    pub(super) to: BTreeMap<String, String>,
}

impl Books {
    /// Reads the answer of `/sandbox/messages`.
    pub(super) fn read(answer: &Value) -> Self {
        let mut books = Self::default();
        for message in answer["messages"].as_array().expect("messages are a list") {
            let text = |name: &str| message[name].as_str().expect("ids are texts").to_owned();
            let (bulk, id, to) = (text("bulkId"), text("messageId"), text("to"));
            let kept = books.messages.entry(id.clone()).or_default();
            if message["status"] == "REJECTED" {
                kept.rejected += 1;
            } else {
                kept.accepted += 1;
            }
            let before = books.to.insert(id.clone(), to.clone());
            assert!(before.is_none_or(|before| before == to), "{id} went to two people");
            books.bulks.entry(bulk).or_default().insert(id);
        }
        books
    }

    /// What the gateway has of a message.
    pub(super) fn of(&self, id: &str) -> Kept {
        self.messages.get(id).copied().unwrap_or_default()
    }
}
