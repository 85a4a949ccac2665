//! What is handed over, as JSON.

use serde_json::Value;

use crate::ledger::HandedOver;

use super::handed_over::HandedOverView;

/// Writes how many, and when.
pub(super) fn people(handed: HandedOver) -> Value {
    serde_json::to_value(HandedOverView::from(handed)).unwrap_or_default()
}
