//! What became of everything that a sandbox was sent, by campaign: the body of its `GET /sandbox/campaigns`, which no
//! gateway has under that path.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::time::{optional_instant, serde_instant};

/// The path of the overview.
pub const CAMPAIGNS_PATH: &str = "/sandbox/campaigns";

/// What became of everything, at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The time, by the sandbox's clock.
    #[serde(with = "serde_instant")]
    pub now: Timestamp,
    /// Each campaign of each sender by itself, in the order of their names; whatever names no campaign comes first.
    pub campaigns: Vec<CampaignCounts>,
    /// What is in none of them, because there are too many to list; absent if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<MessageCounts>,
    /// All of it.
    pub all: MessageCounts,
}

/// What became of the messages of one campaign and one sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignCounts {
    /// The `campaignReferenceId`; absent of messages that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_reference_id: Option<String>,
    /// The sender.
    pub sender: String,
    /// What became of them.
    #[serde(flatten)]
    pub counts: MessageCounts,
}

/// What became of some messages. `accepted` is the sum of `scheduled`, `queued`, `held`, `onTheWay`, `delivered`,
/// `undeliverable`, `expired` and `rejected`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageCounts {
    /// Turned down in the answer to their request.
    pub turned_down: u64,
    /// Accepted.
    pub accepted: u64,
    /// Waiting for the `sendAt` of their bulk.
    pub scheduled: u64,
    /// Waiting for their turn.
    pub queued: u64,
    /// Waiting for their delivery window.
    pub held: u64,
    /// Sent, and nobody has said what became of them.
    pub on_the_way: u64,
    /// Delivered.
    pub delivered: u64,
    /// Sent, and not delivered.
    pub undeliverable: u64,
    /// Not delivered, or not even sent, within their validity.
    pub expired: u64,
    /// Accepted, and rejected when it was their turn.
    pub rejected: u64,
    /// Of those accepted, how many have left the gateway, whatever became of them then.
    pub sent: u64,
    /// Why those were turned down, undeliverable, expired or rejected that were.
    pub reasons: Vec<EndReason>,
    /// What those cost that were sent, by currency.
    pub prices: Vec<PriceSum>,
    /// When the first was sent; absent if none was.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    pub first_sent_at: Option<Timestamp>,
    /// When the last was sent that was sent until now.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    pub last_sent_at: Option<Timestamp>,
    /// How many were sent a minute, from the first to the last; absent where these are less than a minute apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_a_minute: Option<f64>,
}

impl MessageCounts {
    /// How many wait to be sent.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.scheduled + self.queued + self.held
    }

    /// All ends and all that is not at its end: what was accepted.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.waiting() + self.on_the_way + self.delivered + self.undeliverable + self.expired + self.rejected
    }
}

/// How a message has ended that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailedEnd {
    /// It was turned down in the answer to its request.
    TurnedDown,
    /// It was rejected when it was its turn.
    Rejected,
    /// It was not delivered.
    Undeliverable,
    /// Its validity was over first, or nobody ever said what became of it.
    Expired,
}

/// How many messages have ended in one way that is none they were meant to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndReason {
    /// The way.
    pub end: FailedEnd,
    /// The id of the status.
    pub status: u16,
    /// Its name.
    pub status_name: String,
    /// The id of the error.
    pub error: u16,
    /// Its name.
    pub error_name: String,
    /// How many.
    pub count: u64,
}

/// What messages cost together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriceSum {
    /// The currency.
    pub currency: String,
    /// The sum.
    pub total: f64,
}
