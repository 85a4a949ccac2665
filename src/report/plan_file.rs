//! What became of a plan file, as a view.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::{Change, Comparison, Dropped, FrozenState};

use super::document::DateTime;
use super::gates::NOT_IN_AUDIENCE;

/// The plan file that a plan is held to.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FrozenView {
    /// Its digest.
    pub digest: String,
    /// When it was planned.
    #[schemars(with = "DateTime")]
    pub at: Timestamp,
    /// The messages that it has and the files lack.
    pub missing: Vec<MissingView>,
}

/// A message that a plan file has and the files lack.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissingView {
    /// The message, as `CAMPAIGN.MESSAGE`.
    pub message: String,
    /// How many people of it are still to be sent to.
    pub people: u64,
}

/// What became of the people that a plan file has for a message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonView<'a> {
    /// How many there are.
    pub people: u64,
    /// How many of them are not sent to any more, by the gate that stops them; `notInAudience` if the audience has
    /// no row of them.
    pub no_longer_to_send: BTreeMap<&'static str, u64>,
    /// What does not match any more; nothing is sent if anything is here.
    pub changes: Vec<ChangeView<'a>>,
    /// The same people, by gate.
    #[serde(skip)]
    pub dropped: Dropped,
}

/// How a message, or what its people would get, differs from a plan file.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ChangeView<'a> {
    /// It has another revision.
    Revision {
        /// In the plan.
        planned: u32,
        /// In the files.
        now: u32,
    },
    /// Its template is another one.
    Text {
        /// In the plan.
        planned: &'a str,
        /// In the files.
        now: &'a str,
    },
    /// People would get something else than what was planned for them.
    Contents {
        /// How many.
        people: u64,
        /// The lines of the first of their rows.
        lines: &'a [u64],
    },
    /// The time at which people should have got it is past.
    Expired {
        /// How many.
        people: u64,
        /// The latest of these times.
        #[schemars(with = "Option<DateTime>")]
        at: Option<Timestamp>,
    },
    /// Its sender, a term of its schedule, or an option is another one.
    #[serde(untagged)]
    Term {
        /// The name in the files.
        what: &'a str,
        /// In the plan; null if it was not there.
        planned: Option<&'a str>,
        /// In the files; null if it is not there any more.
        now: Option<&'a str>,
    },
}

impl FrozenView {
    /// Makes a view of it.
    #[must_use]
    pub fn new(frozen: &FrozenState) -> Self {
        let missing = frozen.missing.iter();
        Self {
            digest: frozen.digest.to_string(),
            at: frozen.at,
            missing: missing.map(|(key, people)| MissingView { message: key.to_string(), people: *people }).collect(),
        }
    }
}

impl<'a> ComparisonView<'a> {
    /// Makes a view of it.
    #[must_use]
    pub fn new(held: &'a Comparison) -> Self {
        let dropped = held.fallen;
        let gates = dropped.counts.occupied().map(|(gate, people)| (gate.name(), people));
        let gone = (dropped.gone > 0).then_some((NOT_IN_AUDIENCE, dropped.gone));
        Self {
            people: held.people,
            no_longer_to_send: gates.chain(gone).collect(),
            changes: held.changes.iter().map(ChangeView::new).collect(),
            dropped,
        }
    }
}

impl<'a> ChangeView<'a> {
    /// Makes a view of it.
    #[must_use]
    pub fn new(change: &'a Change) -> Self {
        match change {
            Change::Revision { planned, now } => Self::Revision { planned: planned.get(), now: now.get() },
            Change::Term { name, planned, now } => {
                Self::Term { what: name, planned: planned.as_deref(), now: now.as_deref() }
            }
            Change::Text { planned, now } => Self::Text { planned, now },
            Change::Contents { people, lines } => Self::Contents { people: *people, lines },
            Change::Expired { people, at } => Self::Expired { people: *people, at: *at },
        }
    }
}
