//! What `stop` and `resume` say, and how every report shows a stop that stands.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ledger::StopOrder;
use crate::timing;

use super::document::{DateTime, Report};
use super::sanitize::{LineFeeds, harmless};

/// Somebody's word that nothing may be sent.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopView {
    /// Its id, which `resume` takes.
    pub id: String,
    /// When it was given.
    #[schemars(with = "DateTime")]
    pub at: Timestamp,
    /// Who gave it.
    pub by: String,
    /// Why.
    pub why: String,
}

/// A stop that was given now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopReport {
    /// The stop.
    pub stop: StopView,
    /// Where it was written.
    pub place: String,
    /// Within how many seconds a run that is sending has seen it; 0 where it looks before every request.
    pub seen_within_seconds: u64,
    /// What else somebody should know of this store, in lines; may be empty.
    #[serde(skip)]
    pub advice: &'static str,
}

/// Stops that were ended now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResumeReport {
    /// Those that ended; empty if nothing was stopped.
    pub resumed: Vec<StopView>,
    /// Those that stand still: nothing is sent.
    pub standing: Vec<StopView>,
    /// Who let sending go on.
    pub by: String,
    /// Why, if they have said so; null if not.
    pub why: Option<String>,
    /// Where it was written, or looked up.
    pub place: String,
}

impl Report for StopReport {
    const KIND: &'static str = "stop";
}

impl Report for ResumeReport {
    const KIND: &'static str = "resume";
}

impl From<&StopOrder> for StopView {
    fn from(stop: &StopOrder) -> Self {
        Self { id: stop.id.to_string(), at: stop.at, by: stop.by.clone(), why: stop.why.clone() }
    }
}

impl StopView {
    /// Shows all of some stops.
    #[must_use]
    pub fn all<'a>(stops: impl IntoIterator<Item = &'a StopOrder>) -> Vec<Self> {
        stops.into_iter().map(Self::from).collect()
    }

    /// Who, when and why, in words.
    pub(super) fn words(&self) -> String {
        let [by, why] = [&self.by, &self.why].map(|text| harmless(text, LineFeeds::Escape));
        format!("{by} at {}: {why}", timing::utc(self.at))
    }
}
