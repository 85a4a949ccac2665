//! What is kept, and what is asked for.

use jiff::{SignedDuration, Timestamp};

use super::packed::{pack, unpack};
use crate::sandbox::model::bulk::{AcceptedBulk, BulkHeader, LogSpan};
use crate::sandbox::model::check::{CheckedRequest, read_again};
use crate::sandbox::model::hash::hash;
use crate::sandbox::model::ids;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::message::{MessageTable, SendTiming};
use crate::wire::channel::ValidityFrom;

/// How many bytes of a bulk's hashes are those of one message.
const HASH_BYTES: usize = 8;

/// A bulk that is to be kept.
#[derive(Debug)]
pub struct NewBulk {
    pub(super) bulk_id: String,
    pub(super) accepted_at: Timestamp,
    pub(super) pace: SendTiming,
    pub(super) logged: LogSpan,
    /// What the validity of its messages is counted from, as far as was known when this was made.
    pub(super) validity_from: ValidityFrom,
    pub(super) duplicate_memory: Option<SignedDuration>,
    pub(super) rejected: Vec<(usize, u16)>,
    pub(super) hashes: Vec<u8>,
    /// Packed.
    pub(super) body: Vec<u8>,
    pub(super) sequence: u64,
}

impl NewBulk {
    /// Writes a bulk down as it will be kept; its number is not looked at. Its messages are kept as the body in
    /// which they came, with the number from which the ids came that the body lacks. If repeated messageIds are turned down: those of how long a time.
    #[must_use]
    pub fn new(
        bulk: &AcceptedBulk<'_>,
        inputs: &Inputs,
        (body, sequence): (&[u8], u64),
        duplicate_memory: Option<SignedDuration>,
    ) -> Self {
        let BulkHeader { bulk_id, accepted_at, pace, .. } = &bulk.header;
        let validity_from = inputs.rules(*accepted_at, i64::MAX).validity_from;
        let messages = &bulk.table.messages;
        let mut hashes = Vec::with_capacity(messages.len() * HASH_BYTES);
        for message in messages {
            hashes.extend_from_slice(&hash(message.message_id.as_bytes()).to_le_bytes());
        }
        Self {
            bulk_id: bulk_id.clone(),
            accepted_at: *accepted_at,
            pace: *pace,
            logged: bulk.log_span(validity_from),
            validity_from,
            duplicate_memory,
            rejected: bulk.rejected.clone(),
            hashes,
            body: pack(body),
            sequence,
        }
    }

    /// The hashes of its messageIds, in the order of its messages.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.hashes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// Its messages, read again; `None` if its body is no request.
    pub(super) fn table(&self) -> Option<MessageTable<'static>> {
        unpack_table(&self.body, self.sequence, (&self.bulk_id, self.accepted_at))
    }

    /// How many messages it has: there is a hash of eight bytes for each.
    pub(super) fn count(&self) -> usize {
        self.hashes.len() / HASH_BYTES
    }
}

/// Reads the messages of a bulk from its packed body; `None` if that is damaged, or no request.
pub(super) fn unpack_table(
    packed: &[u8],
    sequence: u64,
    (bulk_id, accepted_at): (&str, Timestamp),
) -> Option<MessageTable<'static>> {
    let body = unpack(packed)?;
    let CheckedRequest { mut table, .. } = read_again(&body, accepted_at)?;
    ids::fill(&mut table, bulk_id, sequence);
    Some(table.into_owned())
}

/// What is known of a bulk once it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub number: i64,
    /// All rejected messages by position, with their statuses; duplicates are among them if they
    /// are to be rejected.
    pub rejected: Vec<(usize, u16)>,
}

/// Which kept bulks are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BulkFilter {
    /// With this bulkId.
    pub bulk_id: Option<String>,
    /// With a message with this messageId.
    pub message_id: Option<String>,
    /// From this number on.
    pub number_min: i64,
    /// Only until so many messages are found; all if absent.
    pub messages_max: Option<usize>,
}

/// What the books held when they were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedDatabase {
    /// The bound of the clock: no time after it was shown.
    pub bound: Option<Timestamp>,
    /// The first number that no bulk was ever given to make ids from.
    pub sequence: u64,
}
