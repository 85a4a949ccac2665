//! What the ledger tells to somebody who has no key: who of an audience has a message cannot be told then, but how
//! many have it can.

use jiff::Timestamp;

use crate::campaign::Message;
use crate::identity::Revision;
use crate::ledger::{ClaimState, HandedOver, Ledger, Totals, View};

use super::changes;
use super::message::{MessagePlan, TextChange};

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

/// Adds to the plan of a message what the ledger tells in clear.
pub(super) fn tell(plan: &mut MessagePlan, message: &Message, ledger: &Ledger, view: View, now: Timestamp) {
    let Some(record) = ledger.last_record(&message.key) else { return };
    let revision = record.revision;
    let totals = ledger.totals(&message.key, revision, view);
    let claims = ledger.claims_of(&message.key, revision).filter(|claim| !claim.is_refused());
    let in_clear = InClear {
        revision,
        sent_at: claims.map(|claim: ClaimState<'_>| claim.claim().at).max(),
        totals,
        to_leave: ledger.still_to_leave(&message.key, revision..=revision, now),
    };
    plan.change = changes::text(message, ledger, totals.accepted as u64)
        .map(|change| TextChange { keep: totals.accepted as u64, ..change });
    plan.in_clear = Some(in_clear);
}
