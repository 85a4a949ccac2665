//! What the ledger tells to somebody who has no key: who of an audience has a message cannot be told then, but how
//! many have it can.

use jiff::Timestamp;

use crate::campaign::Message;
use crate::identity::Revision;
use crate::ledger::{HandedOver, Ledger, Totals, View};

/// What the ledger has of a message, of the last revision that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InClear {
    /// The revision.
    pub revision: Revision,
    /// When people were claimed last to whom something was sent, or may have been; nothing, if nobody was.
    pub sent_at: Option<Timestamp>,
    /// How many people stand how.
    pub totals: Totals,
    /// Those accepted whose message has not left.
    pub to_leave: Option<HandedOver>,
}

impl InClear {
    /// Looks what the ledger tells; nothing, if it does not know the message.
    pub(super) fn of(message: &Message, ledger: &Ledger, view: View, now: Timestamp) -> Option<Self> {
        let revision = ledger.last_record(&message.key)?.revision;
        let claims = ledger.claims_of(&message.key, revision).filter(|claim| !claim.is_refused());
        Some(Self {
            revision,
            sent_at: claims.map(|claim| claim.claim().at).max(),
            totals: ledger.totals(&message.key, revision, view),
            to_leave: ledger.still_to_leave(&message.key, revision..=revision, now),
        })
    }
}
