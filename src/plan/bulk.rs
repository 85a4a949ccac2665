//! Bulks: one request each.

use jiff::Timestamp;

use crate::audience::RowAt;
use crate::identity::{BulkId, BulkTime, ContentDigest, MessageKey, Person, Revision};

/// One person to send to: all that a plan keeps of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// Who.
    pub person: Person,
    /// What they get.
    pub content: ContentDigest,
    /// Where their row is.
    pub row: RowAt,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// The message.
    pub message: MessageKey,
    /// Its revision.
    pub revision: Revision,
    /// The time that goes into its id.
    pub time: BulkTime,
    /// The `sendAt` of the request; at once, if absent.
    pub send_at: Option<Timestamp>,
    /// When its paced sending ends; absent if it is not paced.
    pub until: Option<Timestamp>,
    /// The people, in the order in which they are sent.
    pub recipients: Vec<Recipient>,
}

impl Bulk {
    /// Its id, from exactly these people.
    #[must_use]
    pub fn id(&self) -> BulkId {
        let persons: Vec<Person> = self.recipients.iter().map(|recipient| recipient.person).collect();
        BulkId::new(&self.message, self.revision, self.time, &persons)
    }
}
