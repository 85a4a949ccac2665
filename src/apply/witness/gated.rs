//! Bulks that are given only after the gateway was asked for their people.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::watch::{LeftOut, OlderKeys, Watch, Why};
use crate::apply::evidence::{LedgerView, Logs};
use crate::apply::planned::not_attempted;
use crate::apply::ports::{BulkSource, Clock, IsHeldBack, Store, Supply};
use crate::apply::run::lock;
use crate::apply::summary::{MessageRevision, Stopped, Tally};
use crate::identity::Person;
use crate::plan::Bulk;

/// Gives the bulks of another supply, each when the watch has cleared it, and without the people whom the
/// gateway turned out to have sent to.
#[derive(Debug)]
pub struct Gated<'a, B, S, L, C, K> {
    inner: B,
    watch: &'a Watch<'a, S, L, C, K>,
    /// The bulk that is being asked about: whoever waits for it may stop waiting.
    waiting: Mutex<Option<Bulk>>,
    /// Whoever was left out.
    known: Mutex<BTreeMap<MessageRevision, u64>>,
}

impl<'a, B, S, L, C, K> Gated<'a, B, S, L, C, K> {
    /// Has a supply wait for a watch.
    #[must_use]
    pub fn new(inner: B, watch: &'a Watch<'a, S, L, C, K>) -> Self {
        Self { inner, watch, waiting: Mutex::default(), known: Mutex::default() }
    }
}

impl<B, S, L, C, K> Gated<'_, B, S, L, C, K> {
    /// Takes people out of a bulk, and counts them; says whether the ledger has any of them under another key.
    fn leave_out(&self, bulk: &mut Bulk, out: &LeftOut) -> bool {
        let before = bulk.recipients.len();
        let mut has_other_key = false;
        bulk.recipients.retain(|recipient| {
            has_other_key |= out.get(&recipient.person) == Some(&Why::OtherKey);
            !out.contains_key(&recipient.person)
        });
        let left_out = before - bulk.recipients.len();
        if left_out > 0 {
            *lock(&self.known).entry((bulk.message.clone(), bulk.revision)).or_default() += left_out as u64;
            // It is another bulk now, which ends when it ends.
            bulk.until = None;
        }
        has_other_key
    }
}

impl<B, S, L, C, K> BulkSource for Gated<'_, B, S, L, C, K>
where
    B: BulkSource,
    S: Store + LedgerView,
    L: Logs,
    C: Clock,
    K: OlderKeys,
{
    async fn next(&self, is_held_back: &IsHeldBack<'_>) -> Result<Supply, Stopped> {
        if !self.watch.asks() {
            return self.inner.next(is_held_back).await;
        }
        loop {
            if lock(&self.waiting).is_none() {
                match self.inner.next(is_held_back).await? {
                    Supply::Bulk(bulk) => *lock(&self.waiting) = Some(bulk),
                    Supply::HeldBack => return Ok(Supply::HeldBack),
                    Supply::UsedUp => return self.watch.stopped().map_or(Ok(Supply::UsedUp), Err),
                }
            }
            let sample = lock(&self.waiting).as_ref().map(|bulk| self.watch.sample(bulk));
            let Some(sample) = sample else { return Ok(Supply::UsedUp) };
            let out = self.watch.clear(sample).await?;
            let Some(mut bulk) = lock(&self.waiting).take() else { return Ok(Supply::UsedUp) };
            let has_other_key = self.leave_out(&mut bulk, &out);
            if !bulk.recipients.is_empty() {
                return Ok(Supply::Bulk(bulk));
            }
            if has_other_key {
                // A plan that is shared would give the same bulk again and again.
                let why = "everybody of a bulk has the message under another key: run the same command again";
                return Err(Stopped::Prepare(why.to_owned()));
            }
        }
    }

    fn stopped(&self) -> Option<Stopped> {
        self.watch.stopped().or_else(|| self.inner.stopped())
    }

    fn left_out(&self, message: &MessageRevision) -> Vec<Person> {
        self.watch.left_out(message)
    }

    fn forgo(&self, message: &MessageRevision, person: Person) {
        self.inner.forgo(message, person);
    }

    fn end(&self, message: &MessageRevision) {
        self.inner.end(message);
    }

    fn untried(&self) -> Vec<(MessageRevision, Vec<Person>)> {
        self.inner.untried()
    }

    fn not_given(&self) -> Vec<(MessageRevision, Tally)> {
        let mut tallies = self.inner.not_given();
        if let Some(bulk) = lock(&self.waiting).take() {
            tallies.push(not_attempted(bulk));
        }
        let known = std::mem::take(&mut *lock(&self.known));
        tallies.extend(
            known
                .into_iter()
                .map(|(message, claimed_elsewhere)| (message, Tally { claimed_elsewhere, ..Tally::default() })),
        );
        tallies
    }
}
