//! When rejections end the messages of a run.

use std::collections::BTreeMap;

use crate::apply::{MessageRevision, WatchedMessage};
use crate::ledger::{Answered, RunId};
use crate::plan::{MessagePlan, Plan};
use crate::store::OpenLedger;

/// The messages of a plan, as they stand in the ledger that it was made from.
pub(super) fn watched(plan: &Plan, store: &OpenLedger, run: RunId) -> BTreeMap<MessageRevision, WatchedMessage> {
    let hears_others = store.may_have_company(plan.now);
    let ledger = store.ledger();
    let of = |message: &MessagePlan| {
        let (key, revision) = (message.key.clone(), message.revision);
        let elsewhere = if hears_others { ledger.answered_elsewhere(&key, revision, run) } else { Answered::default() };
        ((key, revision), WatchedMessage { limit: message.rejections.clone(), elsewhere })
    };
    plan.selected().filter(|message| message.to_send() > 0).map(of).collect()
}
