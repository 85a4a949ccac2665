//! When rejections, and messages that are not delivered, end the messages of a run.

use std::collections::BTreeMap;

use crate::apply::{DeliveryWatch, MessageRevision, RunSettings, SentBulk, WatchedMessage};
use crate::gateway::Client;
use crate::ledger::{Answered, ClaimState, Ledger, RunId};
use crate::plan::{MessagePlan, Plan};
use crate::store::OpenLedger;

use super::clock::RunClock;

/// Asks the gateway's logs what becomes of those who are accepted, of each message that may be ended by it: in this run,
/// and lately.
pub(super) fn deliveries<'a>(
    (client, clock): (&'a Client<RunClock>, &'a RunClock),
    settings: &RunSettings,
    ledger: &Ledger,
) -> DeliveryWatch<'a, Client<RunClock>, RunClock> {
    let watched = settings.watched.iter().filter(|(_, watched)| watched.limit.rule.share_percent < 100);
    let watched: Vec<MessageRevision> = watched.map(|(message, _)| message.clone()).collect();
    let claims = watched.iter().flat_map(|(message, revision)| ledger.claims_of(message, *revision));
    let mut claims: Vec<ClaimState<'_>> = claims.collect();
    claims.sort_by_key(|claim| std::cmp::Reverse(claim.claim().at));
    let earlier = claims.into_iter().filter_map(SentBulk::of);
    DeliveryWatch::new(client, clock, watched.iter().cloned(), earlier)
}

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
