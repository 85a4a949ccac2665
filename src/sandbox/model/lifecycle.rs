//! The life of a message: from its acceptance to exactly one end.
//!
//! A life is a function of the message's [course](super::course), of the channel's [rules](super::rules) at the
//! instant at which it leaves, and of the time. So nothing is kept of it: whoever has the request and the inputs
//! knows where a message is at any time, and whoever looks once at the end sees what they see who looked all the
//! while. A bulk of a million scheduled messages costs no more than its text.
//!
//! | state | until | then |
//! | --- | --- | --- |
//! | scheduled | its bulk's `sendAt` | queued |
//! | queued | its turn | sent, held, or rejected by the gateway's rules |
//! | held | its delivery window opens | queued, before those that come later |
//! | scheduled, queued, held | its validity is over | expired, never sent |
//! | sent | the channel answers | delivered, or undeliverable |
//! | sent | its validity is over, or nobody answered for 48 hours | expired |
//!
//! What happens at one instant happens in this order: first the validity is over, then all else.

use jiff::{SignedDuration, Timestamp};

use super::course::MessageCourse;
use super::rules::ChannelFate;
use super::status::{self, Ending};

/// How long the gateway waits for an answer of the channel, in milliseconds.
const ANSWER_MS_MAX: i64 = 48 * 3_600_000;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// It waits for the `sendAt` of its bulk.
    Scheduled,
    /// It waits for its turn.
    Queued,
    /// It had its turn while its delivery window was closed.
    Held,
    /// It left the gateway, and nobody has said what became of it.
    Sent,
    /// It arrived.
    Delivered,
    /// The channel did not deliver it.
    Undeliverable,
    /// Its validity is over, or nobody ever said what became of it.
    Expired,
    /// The gateway turned it down.
    Rejected,
}

impl MessageState {
    /// Whether nothing more happens to a message that is there.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Scheduled | Self::Queued | Self::Held | Self::Sent => false,
            Self::Delivered | Self::Undeliverable | Self::Expired | Self::Rejected => true,
        }
    }

    /// Whether a message that is there may be found elsewhere later, however much later that is.
    #[must_use]
    pub const fn may_become(self, later: Self) -> bool {
        match (self, later) {
            (Self::Delivered, Self::Delivered)
            | (Self::Undeliverable, Self::Undeliverable)
            | (Self::Expired, Self::Expired)
            | (Self::Rejected, Self::Rejected)
            | (Self::Scheduled, _)
            | (Self::Sent, Self::Sent | Self::Delivered | Self::Undeliverable | Self::Expired) => true,
            (Self::Queued | Self::Held, later) => !matches!(later, Self::Scheduled),
            (Self::Delivered | Self::Undeliverable | Self::Expired | Self::Rejected | Self::Sent, _) => false,
        }
    }

    /// Where a message is that ended with a status.
    const fn ended(group: u16) -> Self {
        match group {
            2 => Self::Undeliverable,
            3 => Self::Delivered,
            4 => Self::Expired,
            _ => Self::Rejected,
        }
    }
}

/// A message's life, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    pub(super) starts_at: Timestamp,
    pub(super) turn_at: Option<Timestamp>,
    /// When it leaves the gateway; absent if it never does.
    pub sent_at: Option<Timestamp>,
    /// When it ends.
    pub done_at: Timestamp,
    /// How it ends.
    pub ending: Ending,
}

/// What is seen of a message at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// Where it is.
    pub state: MessageState,
    /// Its status and its error.
    pub ending: Ending,
    /// When it left; absent as long as it has not.
    pub sent_at: Option<Timestamp>,
    /// When it ended; absent as long as it has not.
    pub done_at: Option<Timestamp>,
}

impl Life {
    /// The life of a message that was turned down when its request was accepted.
    #[must_use]
    pub const fn turned_down(accepted_at: Timestamp, status: u16) -> Self {
        Self {
            starts_at: accepted_at,
            turn_at: None,
            sent_at: Some(accepted_at),
            done_at: accepted_at,
            ending: Ending { status, error: status::NO_ERROR },
        }
    }

    /// The life of a message whose bulk begins to send at an instant. What the channel does to it is asked once
    /// it is known when it leaves.
    #[must_use]
    pub fn new(starts_at: Timestamp, course: MessageCourse, fate: impl FnOnce(Timestamp) -> ChannelFate) -> Self {
        let expired = |error| Ending { status: status::EXPIRED, error };
        let MessageCourse { turn_at, leaves_at, over_at } = course;
        let Some(leaves_at) = leaves_at else {
            let ending = expired(status::EC_MESSAGE_CANCELED);
            return Self { starts_at, turn_at, sent_at: None, done_at: over_at, ending };
        };
        let (done_at, ending) = match fate(leaves_at) {
            ChannelFate::TurnedDown(ending) => (leaves_at, ending),
            ChannelFate::Unanswered(ending) => (later(leaves_at, ANSWER_MS_MAX), ending),
            ChannelFate::Answered(after_ms, ending) => {
                let answered_at = later(leaves_at, after_ms);
                if over_at <= answered_at {
                    (over_at, expired(status::EC_VALIDITY_EXPIRED))
                } else {
                    (answered_at, ending)
                }
            }
        };
        Self { starts_at, turn_at, sent_at: Some(leaves_at), done_at, ending }
    }

    /// What it becomes if it is said at an instant how it is to end: as late as it otherwise would, if it waits then;
    /// at once, if it has left. What has happened until then stays, and what has left is rejected no more.
    #[must_use]
    pub fn told(self, course: MessageCourse, told_at: Timestamp, (ending, latency_ms): (Ending, i64)) -> Self {
        let is_rejection = status::group(ending.status) == Some(crate::wire::response::GROUP_REJECTED);
        match self.sent_at {
            _ if self.done_at <= told_at => self,
            Some(sent_at) if sent_at <= told_at && is_rejection => self,
            Some(sent_at) if sent_at <= told_at => Self { done_at: told_at, ending, ..self },
            Some(_) if is_rejection => Self::new(self.starts_at, course, |_| ChannelFate::TurnedDown(ending)),
            Some(_) | None => Self::new(self.starts_at, course, |_| ChannelFate::Answered(latency_ms, ending)),
        }
    }

    /// When it comes into the logs: once it has left, or has ended without that.
    #[must_use]
    pub fn logged_at(&self) -> Timestamp {
        self.sent_at.unwrap_or(self.done_at)
    }

    /// Whether it leaves the gateway for the channel.
    #[must_use]
    pub fn is_charged(&self) -> bool {
        self.sent_at.is_some() && status::group(self.ending.status) != Some(crate::wire::response::GROUP_REJECTED)
    }

    /// What is seen of it at some time; whether its window is open then matters as long as it waits.
    #[must_use]
    pub fn at(&self, now: Timestamp, is_open: impl FnOnce() -> bool) -> Sight {
        let pending = |state, status| Sight {
            state,
            ending: Ending { status, error: status::NO_ERROR },
            sent_at: self.sent_at.filter(|sent_at| *sent_at <= now),
            done_at: None,
        };
        if self.done_at <= now {
            let state = MessageState::ended(status::group(self.ending.status).unwrap_or_default());
            return Sight { state, ending: self.ending, sent_at: self.sent_at, done_at: Some(self.done_at) };
        }
        if self.sent_at.is_some_and(|sent_at| sent_at <= now) {
            return pending(MessageState::Sent, status::PENDING_ENROUTE);
        }
        if now < self.starts_at {
            return pending(MessageState::Scheduled, status::PENDING_ACCEPTED);
        }
        if self.turn_at.is_some_and(|turn_at| turn_at <= now) && !is_open() {
            return pending(MessageState::Held, status::PENDING_TIME_VIOLATION);
        }
        pending(MessageState::Queued, status::PENDING_ACCEPTED)
    }
}

/// An instant some milliseconds later, or the last one that there is.
pub(super) fn later(instant: Timestamp, ms: i64) -> Timestamp {
    instant.checked_add(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
