//! The gateway's books: the truth about who got what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use sendform::sandbox::model::bulk::AcceptedBulk;
use sendform::sandbox::store::{BulkFilter, MessageStore};

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
    /// When the last message leaves, of a bulk that is scheduled or paced perhaps long after it was accepted.
    pub(super) last_leaves_at: Timestamp,
}

impl Books {
    /// Reads the file, on which the gateway may be at work; it is made by the first run.
    pub(super) fn read(path: &Path) -> Self {
        let mut books = Self::default();
        if !path.exists() {
            return books;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
        let file = MessageStore::open(path).expect("the books can be opened");
        for bulk in runtime.block_on(file.bulks(BulkFilter::default())).expect("the books can be read") {
            books.take(&bulk);
        }
        books
    }

    fn take(&mut self, bulk: &AcceptedBulk<'_>) {
        self.last_leaves_at = self.last_leaves_at.max(bulk.header.ends_at());
        let ids = self.bulks.entry(bulk.header.bulk_id.clone()).or_default();
        for (position, message) in bulk.table.messages.iter().enumerate() {
            let (id, to) = (message.message_id.to_string(), message.to.to_string());
            let kept = self.messages.entry(id.clone()).or_default();
            match bulk.rejection(position) {
                Some(_) => kept.rejected += 1,
                None => kept.accepted += 1,
            }
            let before = self.to.insert(id.clone(), to.clone());
            assert!(before.is_none_or(|before| before == to), "{id} went to two people");
            ids.insert(id);
        }
    }

    /// The bulks that hold any of these people.
    pub(super) fn bulks_to(&self, people: &BTreeSet<String>) -> BTreeSet<&str> {
        let is_to = |id: &String| self.to.get(id).is_some_and(|to| people.contains(to));
        self.bulks.iter().filter(|(_, ids)| ids.iter().any(is_to)).map(|(bulk, _)| bulk.as_str()).collect()
    }

    /// What the gateway has of a message.
    pub(super) fn of(&self, id: &str) -> Kept {
        self.messages.get(id).copied().unwrap_or_default()
    }
}
