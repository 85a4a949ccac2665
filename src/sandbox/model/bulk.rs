//! An accepted bulk and the life of its messages, computed from the time alone: a message waits for
//! its `sendAt` and its turn under the speed limit, is sent, and is delivered a second later.

use jiff::{SignedDuration, Timestamp};

use super::choices::UnsentInLogs;
use super::message::{MessageTable, ReceivedMessage, SendTiming};
use super::status;
use crate::wire::response::{Log, Status};

/// How long a message is on its way, in milliseconds.
const DELIVERY_MS: i64 = 1000;

/// What is known of a bulk without reading its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkHeader {
    /// Its number in the order of acceptance, from 1.
    pub number: i64,
    /// Its bulkId.
    pub bulk_id: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When and how fast it is sent.
    pub pace: SendTiming,
    /// How many messages it has.
    pub count: u64,
}

/// A bulk with its messages.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedBulk<'a> {
    /// What is known without its messages.
    pub head: BulkHeader,
    /// Its messages.
    pub sheet: MessageTable<'a>,
    /// The rejected ones: position and status, by position.
    pub rejected: Vec<(usize, u16)>,
}

impl BulkHeader {
    /// When the first message is sent.
    #[must_use]
    pub fn starts_at(&self) -> Timestamp {
        self.pace.send_at.map_or(self.accepted_at, |send_at| send_at.max(self.accepted_at))
    }

    /// When the message at a position (from 0) is sent.
    #[must_use]
    pub fn sent_at(&self, position: u64) -> Timestamp {
        let offset_ms = self.pace.speed.map_or(0, |speed| speed.offset_ms(position));
        later(self.starts_at(), offset_ms)
    }

    /// When the last message is sent: no message of the bulk is sent after it.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.sent_at(self.count.saturating_sub(1))
    }
}

impl AcceptedBulk<'_> {
    /// The status with which the message at a position was rejected, if it was.
    #[must_use]
    pub fn rejection(&self, position: usize) -> Option<u16> {
        let found = self.rejected.binary_search_by_key(&position, |(rejected, _)| *rejected).ok()?;
        self.rejected.get(found).map(|(_, status)| *status)
    }

    /// When the message at a position leaves the gateway; a rejected one does so at once.
    #[must_use]
    pub fn leaves_at(&self, position: usize) -> Timestamp {
        match self.rejection(position) {
            Some(_) => self.head.accepted_at,
            None => self.head.sent_at(u64::try_from(position).unwrap_or(u64::MAX)),
        }
    }

    /// The status of the message at a position.
    #[must_use]
    pub fn status_at(&self, position: usize, now: Timestamp) -> Status {
        status::status(self.status_id_at(position, now))
    }

    fn status_id_at(&self, position: usize, now: Timestamp) -> u16 {
        let leaves_at = self.leaves_at(position);
        match self.rejection(position) {
            Some(status) => status,
            None if now < leaves_at => status::PENDING_ACCEPTED,
            None if now < later(leaves_at, DELIVERY_MS) => status::PENDING_ENROUTE,
            None => status::DELIVERED,
        }
    }

    /// What the logs say of the message at a position; `None` while they say nothing.
    #[must_use]
    pub fn log(
        &self,
        position: usize,
        message: &ReceivedMessage<'_>,
        now: Timestamp,
        unsent: UnsentInLogs,
    ) -> Option<Log> {
        let terms = self.sheet.terms_of(message)?;
        let leaves_at = self.leaves_at(position);
        let is_sent = leaves_at <= now;
        if !is_sent && unsent == UnsentInLogs::Hide {
            return None;
        }
        let status = self.status_at(position, now);
        let done_at = match status.id {
            status::PENDING_ACCEPTED | status::PENDING_ENROUTE => None,
            status::DELIVERED => Some(later(leaves_at, DELIVERY_MS)),
            _ => Some(leaves_at),
        };
        Some(Log {
            sender: Some(terms.sender.clone().into_owned()),
            destination: Some(message.to.clone().into_owned()),
            bulk_id: Some(self.head.bulk_id.clone()),
            message_id: Some(message.message_id.clone().into_owned()),
            sent_at: is_sent.then_some(leaves_at),
            done_at,
            message_count: Some(1),
            status,
            content: serde_json::to_value(&message.content).ok(),
            platform: terms.platform.clone(),
            campaign_reference_id: terms.campaign_reference_id.clone().map(Into::into),
        })
    }
}

fn later(instant: Timestamp, ms: i64) -> Timestamp {
    instant.checked_add(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}
