//! What a plan depends on.

use std::num::NonZeroUsize;

use jiff::Timestamp;

use crate::campaign::{Campaign, Files, Project};
use crate::identity::{Keys, MessageKey};
use crate::ledger::{Ledger, View};

use super::plan_file::Frozen;
use super::safety_limits::Accepted;
use super::selection::Selection;

/// All that a plan depends on.
pub struct Input<'a> {
    /// The project.
    pub project: &'a Project,
    /// Its campaigns.
    pub campaigns: &'a [Campaign],
    /// Its files.
    pub files: &'a dyn Files,
    /// The gateway, as the ledger names it.
    pub gateway: &'a str,
    /// The ledger; without it everybody looks unsent, and the plan says so.
    pub ledger: Option<&'a Ledger>,
    /// Whether open claims may belong to another run.
    pub view: View,
    /// The keys; without them nobody is recognised, and the plan says so.
    pub keys: Option<&'a Keys>,
    /// The instant of planning.
    pub now: Timestamp,
    /// What is selected.
    pub selection: &'a Selection,
    /// What a person accepts.
    pub accepted: &'a Accepted,
    /// The messages whose rejected people are free again.
    pub retry_rejected: &'a [MessageKey],
    /// A frozen plan: nobody gets anything but what it has for them.
    pub frozen: Option<&'a Frozen>,
    /// Whether the gateway's logs are asked for people before they are sent to.
    pub asks_first: bool,
    /// Whether the rows of audiences are left alone: who would get what cannot be told then, and the plan says so.
    pub without_data: bool,
    /// How many threads to work on.
    pub workers: NonZeroUsize,
}

impl<'a> Input<'a> {
    /// The ledger, if its people can be recognised.
    #[must_use]
    pub(super) fn known(&self) -> Option<&'a Ledger> {
        self.ledger.filter(|_| self.keys.is_some() && !self.without_data)
    }
}
