//! Counts how often each messageId was accepted: the proof that nobody got a message twice, or that
//! somebody did.

use std::collections::BTreeMap;
use std::path::Path;

use super::database::MessageDatabase;
use super::kept::BulkFilter;
use crate::sandbox::error::SandboxError;

/// How often a messageId was accepted for a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// The messageId.
    pub message_id: String,
    /// The recipient.
    pub to: String,
    /// How often it was accepted; rejections do not count.
    pub count: u64,
}

/// Reads how often each messageId was accepted for each recipient, in the order of the ids. The
/// sandbox whose books these are may be running.
///
/// # Errors
/// If the books cannot be read, or there are none.
pub fn audit(path: &Path) -> Result<Vec<Audited>, SandboxError> {
    if let Err(source) = path.metadata() {
        return Err(SandboxError::Open { path: path.to_owned(), source });
    }
    let mut database = MessageDatabase::open(path)?;
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    database.each(&BulkFilter::default(), |bulk| {
        for (position, message) in bulk.table.messages.iter().enumerate() {
            if bulk.rejection(position).is_none() {
                let key = (message.message_id.clone().into_owned(), message.to.clone().into_owned());
                *counts.entry(key).or_default() += 1;
            }
        }
    })?;
    Ok(counts.into_iter().map(|((message_id, to), count)| Audited { message_id, to, count }).collect())
}
