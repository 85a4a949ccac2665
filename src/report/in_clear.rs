//! What the ledger tells of a message to somebody who has no key.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::InClear;

use super::document::DateTime;
use super::handed_over::HandedOverView;

/// What the ledger has of the last revision of a message that it knows.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InClearView {
    /// The revision.
    pub revision: u32,
    /// When people were claimed last to whom something was sent, or may have been; null if nobody was.
    #[schemars(with = "Option<DateTime>")]
    pub sent_at: Option<Timestamp>,
    /// How many people's message the gateway took.
    pub accepted: u64,
    /// Those accepted who have not got it yet; null if nobody.
    pub still_to_leave: Option<HandedOverView>,
    /// How many people the gateway rejected.
    pub rejected: u64,
    /// How many people are in doubt: nobody knows whether they got it.
    pub in_doubt: u64,
    /// How many people a run may still be sending to.
    pub in_flight: u64,
    /// How many people somebody gave up on.
    pub given_up: u64,
}

impl InClearView {
    /// Makes a view of it.
    #[must_use]
    pub fn new(told: &InClear) -> Self {
        let InClear { revision, sent_at, totals, to_leave } = told;
        Self {
            revision: revision.get(),
            sent_at: *sent_at,
            accepted: totals.accepted as u64,
            still_to_leave: to_leave.map(HandedOverView::from),
            rejected: totals.rejected as u64,
            in_doubt: totals.in_doubt as u64,
            in_flight: totals.in_flight as u64,
            given_up: totals.abandoned as u64,
        }
    }
}
