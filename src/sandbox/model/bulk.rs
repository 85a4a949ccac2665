//! An accepted bulk: when it is the turn of each of its messages, and what the logs say of them.

use jiff::Timestamp;

use super::choices::UnsentInLogs;
use super::lifecycle::{Life, later};
use super::message::{MessageTable, ReceivedMessage, SendTiming};
use super::status;
use crate::wire::response::Log;

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
    pub header: BulkHeader,
    /// Its messages.
    pub table: MessageTable<'a>,
    /// The rejected ones: position and status, by position.
    pub rejected: Vec<(usize, u16)>,
}

impl BulkHeader {
    /// When it is the first message's turn.
    #[must_use]
    pub fn starts_at(&self) -> Timestamp {
        self.pace.send_at.map_or(self.accepted_at, |send_at| send_at.max(self.accepted_at))
    }

    /// When it is the turn of the message at a position (from 0).
    #[must_use]
    pub fn turn_at(&self, position: u64) -> Timestamp {
        let offset_ms = self.pace.speed.map_or(0, |speed| speed.offset_ms(position));
        later(self.starts_at(), offset_ms)
    }

    /// When it is the last message's turn: no message of the bulk is sent after it.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.turn_at(self.count.saturating_sub(1))
    }
}

impl AcceptedBulk<'_> {
    /// The status with which the message at a position was rejected, if it was.
    #[must_use]
    pub fn rejection(&self, position: usize) -> Option<u16> {
        let found = self.rejected.binary_search_by_key(&position, |(rejected, _)| *rejected).ok()?;
        self.rejected.get(found).map(|(_, status)| *status)
    }

    /// The life of the message at a position, from its acceptance on.
    #[must_use]
    pub fn life(&self, position: usize) -> Life {
        let turn_at = self.header.turn_at(u64::try_from(position).unwrap_or(u64::MAX));
        Life::begin(self.header.accepted_at, turn_at, self.rejection(position))
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
        let terms = self.table.terms_of(message)?;
        let life = self.life(position).until(now);
        let sent_at = life.left_at.filter(|left_at| *left_at <= now);
        if sent_at.is_none() && unsent == UnsentInLogs::Hide {
            return None;
        }
        Some(Log {
            sender: Some(terms.sender.clone().into_owned()),
            destination: Some(message.to.clone().into_owned()),
            bulk_id: Some(self.header.bulk_id.clone()),
            message_id: Some(message.message_id.clone().into_owned()),
            sent_at,
            done_at: life.done_at,
            message_count: Some(1),
            status: status::status(life.state.status()),
            content: serde_json::to_value(&message.content).ok(),
            platform: terms.platform.clone(),
            campaign_reference_id: terms.campaign_reference_id.clone().map(Into::into),
        })
    }
}
