//! What is in doubt, and how long the gateway's logs can still tell.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ledger::Doubt;
use crate::timing::horizon::LOGS_BACK_MAX;

use super::document::DateTime;

/// A bulk of which people are in doubt: nobody knows whether they got their message.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoubtView {
    /// The bulk.
    pub bulk_id: String,
    /// How many of its people are in doubt.
    pub people: u64,
    /// When it was claimed.
    #[schemars(with = "DateTime")]
    pub claimed_at: Timestamp,
    /// The `sendAt` of its request; null means at once.
    #[schemars(with = "Option<DateTime>")]
    pub send_at: Option<Timestamp>,
    /// What is known of its request; null if its run died.
    pub why: Option<String>,
    /// Until when the gateway's logs can tell anything of it.
    #[schemars(with = "DateTime")]
    pub logs_until: Timestamp,
    /// How many hours the gateway's logs can still tell of it, rounded up: at most as many as they go back, also where
    /// its messages are still to leave.
    pub hours_left: u64,
    /// The instant from which that is counted.
    #[serde(skip)]
    pub now: Timestamp,
}

impl DoubtView {
    /// Makes a view of a doubt as it is now.
    #[must_use]
    pub fn new(doubt: &Doubt, now: Timestamp) -> Self {
        // They hold no more than that, however far away the end is.
        let left = doubt.logs_end().duration_since(now).min(LOGS_BACK_MAX);
        let hours = if left.is_positive() { left.as_secs().saturating_add(3599) / 3600 } else { 0 };
        Self {
            bulk_id: doubt.claim.bulk.to_string(),
            people: doubt.open as u64,
            claimed_at: doubt.at,
            send_at: doubt.send_at,
            why: doubt.why.clone(),
            logs_until: doubt.logs_end(),
            hours_left: u64::try_from(hours).unwrap_or_default(),
            now,
        }
    }

    /// Makes views of several.
    #[must_use]
    pub fn all(doubts: &[Doubt], now: Timestamp) -> Vec<Self> {
        doubts.iter().map(|doubt| Self::new(doubt, now)).collect()
    }

    /// Whether it was claimed later than now: the clock that is looked at is not that of the claim, such as a sandbox's
    /// that has stopped.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.claimed_at > self.now
    }

    /// Whether the logs may still tell something of it.
    #[must_use]
    pub fn is_in_logs(&self) -> bool {
        self.logs_until > self.now
    }
}
