//! What a plan tells of the frozen plan that it is held to.

use jiff::Timestamp;

use crate::campaign::Campaign;
use crate::identity::MessageKey;
use crate::ledger::{Ledger, View};
use crate::plan::digest::PlanDigest;

use super::Frozen;

/// The frozen plan that a plan is held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenState {
    /// Its digest.
    pub digest: PlanDigest,
    /// When it was planned.
    pub at: Timestamp,
    /// The messages that it has and the files lack, each with the number of people who are still to
    /// be sent to.
    pub missing: Vec<(MessageKey, u64)>,
}

impl FrozenState {
    /// Holds a frozen plan against the messages of the files.
    #[must_use]
    pub(in crate::plan) fn of(frozen: &Frozen, campaigns: &[Campaign], ledger: Option<&Ledger>, view: View) -> Self {
        let in_files = |key: &MessageKey| {
            campaigns.iter().flat_map(|campaign| &campaign.messages).any(|message| message.key == *key)
        };
        let gone = frozen.messages.iter().filter(|message| !in_files(&message.definition.key));
        let missing = gone
            .map(|message| (message.definition.key.clone(), frozen.unclaimed(message, ledger, view)))
            .filter(|(_, people)| *people > 0);
        Self { digest: frozen.digest.clone(), at: frozen.at, missing: missing.collect() }
    }
}
