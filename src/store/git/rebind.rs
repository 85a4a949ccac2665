//! The branch bound to something else, in one commit with what was left to push.

use std::collections::BTreeSet;

use crate::identity::MessageKey;
use crate::ledger::{Header, Ledger, News, text};
use crate::store::error::StoreError;
use crate::store::expected::Expected;

use super::commit::Addition;
use super::publish::Changes;
use super::repository::Repository;
use super::tip::Tip;

/// A ledger on its way from one header to another.
pub(super) struct Rebinding {
    from: Expected,
    to: Header,
    /// What an earlier run has settled and not pushed.
    left: Option<Ledger>,
    /// What the branch is to be; none if it is that already.
    wanted: Option<Ledger>,
}

impl Rebinding {
    /// Begins without knowing the branch.
    pub(super) fn new(from: Expected, to: Header, left: Option<Ledger>) -> Self {
        Self { from, to, left, wanted: None }
    }

    /// Learns what the branch is, and remembers its tip as one that can be trusted.
    ///
    /// # Errors
    /// If it is damaged; if it, or what was left, is bound neither to what is expected nor to what it
    /// is to be bound to, or names a key that it is not to have.
    pub(super) fn take(&mut self, repository: &Repository, tip: &Tip) -> Result<(), StoreError> {
        let found = tip.ledger(repository)?;
        let mut wanted = self.bound(found.clone(), &repository.place())?;
        if let Some(left) = &self.left {
            let place = repository.branch.pending().display().to_string();
            let left = self.bound(left.clone(), &place)?;
            wanted.join(&left).map_err(StoreError::Join)?;
        }
        if let Some(commit) = &tip.commit {
            repository.see(commit)?;
        }
        let is_there = wanted.header() == found.header() && News::between(&found, &wanted).is_empty();
        self.wanted = (!is_there).then_some(wanted);
        Ok(())
    }

    /// Binds a ledger, which keeps all of its keys.
    fn bound(&self, mut ledger: Ledger, place: &str) -> Result<Ledger, StoreError> {
        self.from.check_rebind(ledger.header(), &self.to, place)?;
        ledger.rebind(self.to.clone());
        Ok(ledger)
    }

    /// The messages of which something was left.
    fn messages(&self) -> BTreeSet<MessageKey> {
        let left = self.left.iter();
        left.flat_map(Ledger::claims).map(|claim| claim.claim().id.bulk.message.clone()).collect()
    }
}

impl Changes for Rebinding {
    fn addition(&mut self, _tip: &Tip) -> Option<Addition> {
        let wanted = self.wanted.as_ref()?;
        let whole = self.messages().into_iter().map(|message| (message.clone(), wanted.write_message(&message)));
        let header = Some(text::header_line(wanted.header()));
        let subject = format!("The ledger is for {}", self.to.gateway);
        Some(Addition { header, whole: whole.collect(), subject, ..Addition::default() })
    }

    fn learn(&mut self, repository: &Repository, _since: &Tip, tip: &Tip) -> Result<(), StoreError> {
        self.take(repository, tip)
    }

    fn give_way(&mut self) {}
}
