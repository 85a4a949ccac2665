//! The branch bound to something else, in one commit with what was left to push.

use std::collections::BTreeSet;

use crate::identity::MessageKey;
use crate::ledger::{Authenticity, Fact, Header, Ledger, LedgerDelta, RunId};
use crate::store::binding::Binding;
use crate::store::error::StoreError;
use crate::store::visit::{Numbers, Visit};

use super::commit::Addition;
use super::publish::Changes;
use super::repository::Repository;
use super::tip::Tip;

/// A ledger on its way from one header to another.
pub(super) struct RebindBranch {
    from: Binding,
    to: Header,
    /// What an earlier run has settled and not pushed.
    left: Option<Ledger>,
    /// What the branch is to be; none if it is that already.
    wanted: Option<WantedBranch>,
    visit: Visit,
}

/// What a branch is to be.
struct WantedBranch {
    ledger: Ledger,
    /// Runs whose end is to be written.
    ended: BTreeSet<RunId>,
    /// Whether every line is written anew: an older version has written them.
    is_adopted: bool,
}

impl RebindBranch {
    /// Begins without knowing the branch.
    pub(super) fn new(from: Binding, to: Header, left: Option<Ledger>, visit: Visit) -> Self {
        Self { from, to, left, wanted: None, visit }
    }

    /// Learns what the branch is, and remembers its tip as one that can be trusted.
    ///
    /// # Errors
    /// If it is damaged; if it, or what was left, is bound neither to what is expected nor to what it
    /// is to be bound to, or names a key that it is not to have.
    pub(super) fn take(&mut self, repository: &Repository, tip: &Tip) -> Result<(), StoreError> {
        let (found, authenticity) = tip.ledger(repository)?;
        let is_adopted = authenticity == Authenticity::Unsigned && !self.from.seals.is_empty();
        if is_adopted {
            self.visit.check_unsigned(&found, repository.place())?;
        }
        let mut numbers = Numbers::new(&self.visit, &found);
        let fact = Some(numbers.give());
        let mut wanted = self.bound(found.clone(), fact, &repository.place())?;
        if let Some(left) = &self.left {
            let place = repository.branch.pending().display().to_string();
            let left = self.bound(left.clone(), fact, &place)?;
            wanted.join(&left).map_err(StoreError::Join)?;
        }
        if let Some(commit) = &tip.commit {
            repository.see(commit)?;
        }
        let is_there = wanted.header() == found.header() && LedgerDelta::between(&found, &wanted).is_empty();
        if is_there && !is_adopted {
            self.wanted = None;
            return Ok(());
        }
        wanted.adopt_since(&found, || numbers.give());
        let mut ended = BTreeSet::from([self.visit.run]);
        ended.extend(wanted.close_outgrown(self.visit.run, self.visit.now));
        numbers.close(&mut wanted);
        self.wanted = Some(WantedBranch { ledger: wanted, ended, is_adopted });
        Ok(())
    }

    /// Binds a ledger, which keeps all of its keys.
    fn bound(&self, mut ledger: Ledger, fact: Option<Fact>, place: &str) -> Result<Ledger, StoreError> {
        self.from.check_rebind(ledger.header(), &self.to, place)?;
        ledger.enter_header(self.to.clone(), fact);
        Ok(ledger)
    }

    /// The messages whose lines are written anew.
    fn messages(&self, wanted: &WantedBranch) -> BTreeSet<MessageKey> {
        let all = wanted.is_adopted.then_some(&wanted.ledger);
        let recorded = all.into_iter().flat_map(Ledger::messages).map(|record| record.message.clone());
        let claims = all.into_iter().chain(&self.left).flat_map(Ledger::claims);
        claims.map(|claim| claim.claim().id.bulk.message.clone()).chain(recorded).collect()
    }
}

impl Changes for RebindBranch {
    fn addition(&mut self, _tip: &Tip) -> Option<Addition> {
        let wanted = self.wanted.as_ref()?;
        let (ledger, seals) = (&wanted.ledger, &self.from.seals);
        let messages = self.messages(wanted).into_iter();
        let whole = messages.map(|message| (message.clone(), ledger.write_message(&message, seals))).collect();
        let header = Some(ledger.write_header(seals));
        let runs = wanted.ended.iter().map(|run| (*run, ledger.write_run(*run, seals))).collect();
        let subject = format!("The ledger is for {}", self.to.gateway);
        Some(Addition { header, whole, runs, subject, ..Addition::default() })
    }

    fn learn(&mut self, repository: &Repository, _since: &Tip, tip: &Tip) -> Result<(), StoreError> {
        self.take(repository, tip)
    }

    fn give_way(&mut self) {}
}
