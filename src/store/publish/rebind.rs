//! A ledger bound to something else, in one version with what was left to publish.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::identity::MessageKey;
use crate::ledger::{Authenticity, Fact, Header, Ledger, LedgerDelta, RunId};
use crate::store::binding::Binding;
use crate::store::error::StoreError;
use crate::store::visit::{Numbers, Visit};

use super::publisher::Changes;
use super::remote::{Addition, Remote};

/// A ledger on its way from one header to another.
pub(super) struct RebindChanges {
    from: Binding,
    to: Header,
    /// What an earlier run has settled and not published, with its file.
    left: Option<(PathBuf, Ledger)>,
    /// What the ledger is to be; none if it is that already.
    wanted: Option<WantedLedger>,
    visit: Visit,
}

/// What a ledger is to be.
struct WantedLedger {
    ledger: Ledger,
    /// Runs whose end is to be written.
    ended: BTreeSet<RunId>,
    /// Whether every line is written anew: an older version has written them.
    is_adopted: bool,
}

impl RebindChanges {
    /// Begins without knowing the ledger.
    pub(super) fn new(from: Binding, to: Header, left: Option<(PathBuf, Ledger)>, visit: Visit) -> Self {
        Self { from, to, left, wanted: None, visit }
    }

    /// Learns what the ledger is, and remembers its version as one that can be trusted.
    ///
    /// # Errors
    /// If it is damaged; if it, or what was left, is bound neither to what is expected nor to what it
    /// is to be bound to, or names a key that it is not to have.
    pub(super) fn take<R: Remote>(&mut self, remote: &R, tip: &R::Tip) -> Result<(), StoreError> {
        let (found, authenticity) = remote.ledger(tip)?;
        let is_adopted = authenticity == Authenticity::Unsigned && !self.from.seals.is_empty();
        if is_adopted {
            self.visit.check_unsigned(&found, remote.place())?;
        }
        let mut numbers = Numbers::new(&self.visit, &found);
        let fact = Some(numbers.give());
        let mut wanted = self.bound(found.clone(), fact, &remote.place())?;
        if let Some((path, left)) = &self.left {
            let left = self.bound(left.clone(), fact, &path.display().to_string())?;
            wanted.join(&left).map_err(StoreError::Join)?;
        }
        if let Some(version) = R::version(tip) {
            remote.remember(version)?;
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
        self.wanted = Some(WantedLedger { ledger: wanted, ended, is_adopted });
        Ok(())
    }

    /// Binds a ledger, which keeps all of its keys.
    fn bound(&self, mut ledger: Ledger, fact: Option<Fact>, place: &str) -> Result<Ledger, StoreError> {
        self.from.check_rebind(ledger.header(), &self.to, place)?;
        ledger.enter_header(self.to.clone(), fact);
        Ok(ledger)
    }

    /// The messages whose lines are written anew.
    fn messages(&self, wanted: &WantedLedger) -> BTreeSet<MessageKey> {
        let all = wanted.is_adopted.then_some(&wanted.ledger);
        let recorded = all.into_iter().flat_map(Ledger::messages).map(|record| record.message.clone());
        let claims = all.into_iter().chain(self.left.as_ref().map(|(_, left)| left)).flat_map(Ledger::claims);
        claims.map(|claim| claim.claim().id.bulk.message.clone()).chain(recorded).collect()
    }
}

impl<R: Remote> Changes<R> for RebindChanges {
    fn addition(&mut self, _remote: &R, _tip: &R::Tip) -> Option<Addition> {
        let wanted = self.wanted.as_ref()?;
        let (ledger, seals) = (&wanted.ledger, &self.from.seals);
        let messages = self.messages(wanted).into_iter();
        let whole = messages.map(|message| (message.clone(), ledger.write_message(&message, seals))).collect();
        let header = Some(ledger.write_header(seals));
        let runs = wanted.ended.iter().map(|run| (*run, ledger.write_run(*run, seals))).collect();
        let subject = format!("The ledger is for {}", self.to.gateway);
        Some(Addition { header, whole, runs, subject, ..Addition::default() })
    }

    fn update(&mut self, remote: &R, _since: &R::Tip, tip: &R::Tip) -> Result<(), StoreError> {
        self.take(remote, tip)
    }

    fn drop_conflicting(&mut self) {}
}
