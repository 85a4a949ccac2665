//! Asks the gateway for people before they are sent to.

use std::sync::Arc;

use crate::apply::Prepare as _;
use crate::apply::evidence::Addressee;
use crate::apply::witness::{OlderKeys, Recognise};
use crate::campaign::Witness;
use crate::identity::{CanonicalTo, Fingerprint, IdRule, Keys, Person, SenderId};
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

/// Finds people under all keys of the run, and under those that were the first ones before.
pub(super) struct Older {
    context: Arc<Context>,
    pool: Pool,
}

impl Older {
    #[must_use]
    pub(super) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context), pool: Pool::new(Arc::clone(context)) }
    }

    /// Makes persons of a sender's recipients, under every key.
    fn fingerprints(&self, sender: &SenderId) -> Vec<Fingerprint> {
        let keys = self.context.gateway.keys.iter().flat_map(Keys::all);
        keys.map(|key| Fingerprint::new(key, &self.context.project.id, sender)).collect()
    }
}

impl Recognise for Older {
    fn under(&self, sender: &SenderId) -> impl Fn(&Addressee) -> Vec<Person> + Send {
        let ids = self.context.project.ids;
        let fingerprints = self.fingerprints(sender);
        move |to: &Addressee| persons(&fingerprints, to.id(), ids)
    }
}

impl OlderKeys for Older {
    type Error = PrepareError;

    async fn persons(&self, bulk: &Bulk) -> Result<Vec<Vec<Person>>, PrepareError> {
        if self.context.gateway.keys.iter().flat_map(Keys::all).nth(1).is_none() {
            return Ok(Vec::new());
        }
        let prepared = self.pool.prepare(bulk).await?;
        let fingerprints = self.fingerprints(&prepared.options.sender);
        let older = fingerprints.get(1..).unwrap_or_default();
        let ids = self.context.project.ids;
        Ok(prepared.people.iter().map(|recipient| persons(older, &recipient.to, ids)).collect())
    }
}

/// Whom an id names; nobody, if it is none.
fn persons(fingerprints: &[Fingerprint], to: &str, ids: IdRule) -> Vec<Person> {
    match CanonicalTo::parse(to, ids) {
        Ok(to) => fingerprints.iter().map(|fingerprint| fingerprint.person(&to)).collect(),
        Err(_) => Vec::new(),
    }
}
