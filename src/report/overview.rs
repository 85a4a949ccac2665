//! What `report` says: what became of everything that a sandbox was sent, by campaign.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::overview::{CampaignCounts, EndReason, FailedEnd, MessageCounts, Overview, PriceSum};

use super::document::{DateTime, Report};

/// What became of all messages that a sandbox was sent.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverviewReport {
    /// The project's name.
    pub project: String,
    /// The sandbox: its host and port, or `sandbox` for the embedded one.
    pub gateway: String,
    /// The time, by the sandbox's clock.
    #[schemars(with = "DateTime")]
    pub now: Timestamp,
    /// Each campaign of each sender by itself.
    pub campaigns: Vec<CampaignView>,
    /// What further campaigns have together; null if all are listed.
    pub rest: Option<MessageCountsView>,
    /// All of it.
    pub all: MessageCountsView,
}

/// What became of the messages of one campaign and one sender.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CampaignView {
    /// The `campaignReferenceId`; null for messages that have none.
    pub campaign_reference_id: Option<String>,
    /// The sender's id.
    pub sender: String,
    /// What became of them.
    #[serde(flatten)]
    pub counts: MessageCountsView,
}

/// What became of some messages: `accepted` is the sum of `waiting`, `onTheWay`, `delivered`, `undeliverable`, `expired`
/// and `rejected`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageCountsView {
    /// How many were turned down in the answer to their request; they are not among the accepted.
    pub turned_down: u64,
    /// How many were accepted.
    pub accepted: u64,
    /// How many wait to be sent: `scheduled`, `queued` and `held` together.
    pub waiting: u64,
    /// How many wait for their time.
    pub scheduled: u64,
    /// How many wait for their turn.
    pub queued: u64,
    /// How many wait for their delivery window.
    pub held: u64,
    /// How many were sent, and nobody has said what became of them.
    pub on_the_way: u64,
    /// How many were delivered.
    pub delivered: u64,
    /// How many were sent and not delivered.
    pub undeliverable: u64,
    /// How many were not delivered, or not even sent, within their validity.
    pub expired: u64,
    /// How many were accepted, and rejected when it was their turn.
    pub rejected: u64,
    /// How many have left the gateway, whatever became of them then.
    pub sent: u64,
    /// Why those have failed that did.
    pub reasons: Vec<ReasonView>,
    /// What those cost that were sent, by currency.
    pub prices: Vec<PriceView>,
    /// When the first was sent; null if none was.
    #[schemars(with = "Option<DateTime>")]
    pub first_sent_at: Option<Timestamp>,
    /// When the last was sent; null if none was.
    #[schemars(with = "Option<DateTime>")]
    pub last_sent_at: Option<Timestamp>,
    /// How many were sent a minute, from the first to the last; null where these are less than a minute apart.
    pub messages_a_minute: Option<f64>,
}

/// How many messages have failed in one way.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReasonView {
    /// How they ended.
    pub end: EndView,
    /// The id of their status.
    pub status: u16,
    /// Its name.
    pub status_name: String,
    /// The id of their error.
    pub error: u16,
    /// Its name.
    pub error_name: String,
    /// How many.
    pub count: u64,
}

/// How a message has ended that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EndView {
    /// It was turned down in the answer to its request.
    TurnedDown,
    /// It was rejected when it was its turn.
    Rejected,
    /// It was not delivered.
    Undeliverable,
    /// Its validity was over first, or nobody ever said what became of it.
    Expired,
}

/// What messages cost together.
#[derive(Serialize, JsonSchema)]
pub struct PriceView {
    /// The currency.
    pub currency: String,
    /// The sum.
    pub total: f64,
}

impl Report for OverviewReport {
    const KIND: &'static str = "report";
}

impl OverviewReport {
    /// Makes the report of a project's sandbox.
    #[must_use]
    pub fn new(project: String, gateway: String, overview: Overview) -> Self {
        let Overview { now, campaigns, rest, all } = overview;
        let campaigns = campaigns.into_iter().map(|CampaignCounts { campaign_reference_id, sender, counts }| {
            CampaignView { campaign_reference_id, sender, counts: counts.into() }
        });
        let campaigns = campaigns.collect();
        Self { project, gateway, now, campaigns, rest: rest.map(Into::into), all: all.into() }
    }
}

impl From<MessageCounts> for MessageCountsView {
    fn from(counts: MessageCounts) -> Self {
        Self {
            turned_down: counts.turned_down,
            accepted: counts.accepted,
            waiting: counts.waiting(),
            scheduled: counts.scheduled,
            queued: counts.queued,
            held: counts.held,
            on_the_way: counts.on_the_way,
            delivered: counts.delivered,
            undeliverable: counts.undeliverable,
            expired: counts.expired,
            rejected: counts.rejected,
            sent: counts.sent,
            reasons: counts.reasons.into_iter().map(ReasonView::from).collect(),
            prices: counts
                .prices
                .into_iter()
                .map(|PriceSum { currency, total }| PriceView { currency, total })
                .collect(),
            first_sent_at: counts.first_sent_at,
            last_sent_at: counts.last_sent_at,
            messages_a_minute: counts.messages_a_minute,
        }
    }
}

impl From<EndReason> for ReasonView {
    fn from(reason: EndReason) -> Self {
        let end = match reason.end {
            FailedEnd::TurnedDown => EndView::TurnedDown,
            FailedEnd::Rejected => EndView::Rejected,
            FailedEnd::Undeliverable => EndView::Undeliverable,
            FailedEnd::Expired => EndView::Expired,
        };
        let EndReason { status, status_name, error, error_name, count, .. } = reason;
        Self { end, status, status_name, error, error_name, count }
    }
}
