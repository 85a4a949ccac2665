//! Asks the gateway for people before they are sent to.

use std::sync::Arc;

use crate::apply::Prepare as _;
use crate::apply::witness::OlderKeys;
use crate::campaign::Witness;
use crate::identity::{CanonicalTo, Fingerprint, Keys, Person, SenderId};
use crate::ledger::Ledger;
use crate::plan::{Bulk, Plan, PrepareError};
use crate::store::OpenLedger;

use super::context::Context;
use super::prepare::Pool;

/// How much a run depends on the gateway's logs with this ledger: one that may lack something is compared in
/// any case.
pub(super) fn needed(context: &Context, store: &OpenLedger) -> Witness {
    if store.trust().is_suspect() { Witness::Required } else { mode(context) }
}

/// How much runs depend on the gateway's logs: a sandbox's ledger and books go together anyway.
pub(super) fn mode(context: &Context) -> Witness {
    let default = if context.gateway.is_sandbox() { Witness::Off } else { Witness::Preferred };
    context.project.witness.unwrap_or(default)
}

/// Whether these are all the senders that the files and the ledger know.
pub(super) fn is_every_sender(senders: &[SenderId], context: &Context, ledger: &Ledger) -> bool {
    let files = context.campaigns.iter().flat_map(|campaign| &campaign.messages).map(|message| &message.sender);
    files.chain(ledger.messages().map(|record| &record.sender)).all(|sender| senders.contains(sender))
}

/// The senders of what a plan sends.
pub(super) fn senders(plan: &Plan) -> Vec<SenderId> {
    let sending = plan.selected().filter(|message| !message.bulks.is_empty());
    sending.map(|message| message.sender.clone()).collect()
}

/// Finds people under the keys that were the first ones before.
pub(super) struct Older {
    context: Arc<Context>,
    pool: Pool,
}

impl Older {
    #[must_use]
    pub(super) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context), pool: Pool::new(Arc::clone(context)) }
    }
}

impl OlderKeys for Older {
    type Error = PrepareError;

    async fn persons(&self, bulk: &Bulk) -> Result<Vec<Vec<Person>>, PrepareError> {
        let keys: Vec<_> = self.context.gateway.keys.iter().flat_map(Keys::all).skip(1).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let prepared = self.pool.prepare(bulk).await?;
        let sender = &prepared.options.sender;
        let fingerprints: Vec<Fingerprint> =
            keys.into_iter().map(|key| Fingerprint::new(key, &self.context.project.id, sender)).collect();
        let of = |to: &str| match CanonicalTo::parse(to, self.context.project.ids) {
            Ok(to) => fingerprints.iter().map(|fingerprint| fingerprint.person(&to)).collect(),
            Err(_) => Vec::new(),
        };
        Ok(prepared.people.iter().map(|recipient| of(&recipient.to)).collect())
    }
}
