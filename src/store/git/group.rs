//! What goes together in the next push: claims whose askers wait, and entries that ride along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use crate::identity::MessageKey;
use crate::ledger::{Claim, ClaimId, EntryError, Grant, Header, Ledger, MessageRecord, Outcome, text};
use crate::store::desk::{Reply, Request};
use crate::store::error::StoreError;
use crate::store::expected::Expected;

use super::commit::{self, Addition};
use super::publish::Changes;
use super::repository::Repository;
use super::tip::Tip;

/// A claim, and whoever waits for its answer.
struct Waiting {
    claim: Claim,
    reply: Reply,
}

/// What goes together in the next push. Claims stand apart from the ledger until they are pushed;
/// everything else is in it already.
pub(super) struct Group {
    ledger: Arc<RwLock<Ledger>>,
    expected: Expected,
    /// Where the ledger is, for people.
    place: String,
    claims: Vec<Waiting>,
    /// The claims again, as a ledger that knows who is in them.
    claimed: Ledger,
    lines: BTreeMap<MessageKey, String>,
    outcomes: usize,
    /// Messages of ledgers that were joined in.
    joined: BTreeSet<MessageKey>,
    /// Whether the header is another.
    is_bound_anew: bool,
}

impl Group {
    /// Begins without anything.
    pub(super) fn new(ledger: Arc<RwLock<Ledger>>, expected: Expected, place: String) -> Self {
        let claimed = Ledger::new(header(&ledger));
        Self {
            ledger,
            expected,
            place,
            claims: Vec::new(),
            claimed,
            lines: BTreeMap::new(),
            outcomes: 0,
            joined: BTreeSet::new(),
            is_bound_anew: false,
        }
    }

    /// How many claims wait.
    pub(super) fn claims(&self) -> usize {
        self.claims.len()
    }

    /// Says whether something rides along that should not wait for ever.
    pub(super) fn has_outcomes(&self) -> bool {
        self.outcomes > 0 || !self.joined.is_empty() || self.is_bound_anew
    }

    /// Drops the claims that nobody waits for any more: whoever would have sent them has left. Not
    /// between two tries of one push, after which the remote may have them.
    pub(super) fn drop_left(&mut self) {
        let before = self.claims.len();
        self.claims.retain(|waiting| !waiting.reply.is_closed());
        if self.claims.len() < before {
            self.give_way();
        }
    }

    /// Takes a claim, or answers it at once.
    pub(super) fn claim(&mut self, claim: Claim, reply: Reply) {
        let ledger = self.ledger.read().unwrap_or_else(PoisonError::into_inner);
        let granted = grant(&ledger, (&self.expected, &self.place), &claim, &mut self.claimed);
        drop(ledger);
        match granted {
            Ok(Grant::Granted) => self.claims.push(Waiting { claim, reply }),
            answer => Request::answer(reply, answer),
        }
    }

    /// Takes a message's record.
    pub(super) fn record(&mut self, record: MessageRecord) {
        self.add(&record.message, &text::message_line(&record));
        self.ledger.write().unwrap_or_else(PoisonError::into_inner).add_message(record);
    }

    /// Takes an outcome, and gives back its lines: the claim's, and its own.
    ///
    /// # Errors
    /// If it does not go with the ledger.
    pub(super) fn settle(&mut self, outcome: Outcome) -> Result<String, StoreError> {
        let line = text::outcome_line(&outcome);
        let id = outcome.claim.clone();
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        ledger.add_outcome(outcome).map_err(StoreError::Entry)?;
        let claim = ledger.claim_state(&id).map(|state| text::claim_line(state.claim()));
        drop(ledger);
        self.add(&id.bulk.message, &line);
        self.outcomes += 1;
        Ok(claim.unwrap_or_default() + &line)
    }

    /// Joins a ledger in.
    ///
    /// # Errors
    /// If it does not go with this one; then nothing is joined.
    pub(super) fn join(&mut self, other: &Ledger) -> Result<(), StoreError> {
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        let mut joined = ledger.clone();
        joined.join(other).map_err(StoreError::Join)?;
        self.is_bound_anew |= joined.header() != ledger.header();
        *ledger = joined;
        self.joined.extend(other.messages().map(|record| record.message.clone()));
        self.joined.extend(other.claims().map(|claim| claim.claim().id.bulk.message.clone()));
        Ok(())
    }

    fn add(&mut self, message: &MessageKey, line: &str) {
        self.lines.entry(message.clone()).or_default().push_str(line);
    }

    /// Answers everybody who waits: the remote has their claims. Gives back which those are.
    pub(super) fn grant(&mut self) -> Result<Vec<ClaimId>, StoreError> {
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        ledger.join(&self.claimed).map_err(StoreError::Join)?;
        drop(ledger);
        let claims = std::mem::take(&mut self.claims);
        *self = Self::new(Arc::clone(&self.ledger), self.expected.clone(), self.place.clone());
        let granted = claims.into_iter().map(|Waiting { claim, reply }| {
            Request::answer(reply, Ok(Grant::Granted));
            claim.id
        });
        Ok(granted.collect())
    }

    /// Answers everybody who waits that it has failed.
    pub(super) fn fail(&mut self, error: impl Fn() -> StoreError) {
        for Waiting { reply, .. } in self.claims.drain(..) {
            Request::answer(reply, Err(error()));
        }
    }

    fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changes for Group {
    fn addition(&mut self, tip: &Tip) -> Option<Addition> {
        if self.claims.is_empty() && !self.has_outcomes() {
            return None;
        }
        let ledger = self.ledger();
        let mut lines = self.lines.clone();
        for Waiting { claim, .. } in &self.claims {
            lines.entry(claim.id.bulk.message.clone()).or_default().push_str(&text::claim_line(claim));
        }
        // A message that nothing is added to is left as it is.
        let crowded = commit::crowded(tip).into_iter().filter(|message| lines.contains_key(message));
        let whole = crowded.chain(self.joined.iter().cloned());
        let whole = whole.map(|message| (message.clone(), ledger.write_message(&message))).collect();
        let header = self.is_bound_anew.then(|| text::header_line(ledger.header()));
        let subject = format!("claims: {}, outcomes: {}", self.claims.len(), self.outcomes);
        drop(ledger);
        Some(Addition { header, lines, whole, subject })
    }

    fn learn(&mut self, repository: &Repository, since: &Tip, tip: &Tip) -> Result<(), StoreError> {
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        tip.join_news(repository, since, &mut ledger)?;
        // With other keys nothing can be claimed, but what was sent can still be told.
        self.expected.check_home(ledger.header(), &repository.place())
    }

    fn give_way(&mut self) {
        let mut claimed = Ledger::new(header(&self.ledger));
        for Waiting { claim, reply } in std::mem::take(&mut self.claims) {
            let granted = grant(&self.ledger(), (&self.expected, &self.place), &claim, &mut claimed);
            match granted {
                Ok(Grant::Granted) => self.claims.push(Waiting { claim, reply }),
                answer => Request::answer(reply, answer),
            }
        }
        self.claimed = claimed;
    }
}

fn header(ledger: &RwLock<Ledger>) -> Header {
    ledger.read().unwrap_or_else(PoisonError::into_inner).header().clone()
}

/// Grants a claim among others that are to be pushed, if it goes with the ledger at a place, and may be
/// made with the run's keys: somebody may have changed the ledger's since the run began.
fn grant(
    ledger: &Ledger,
    (expected, place): (&Expected, &str),
    claim: &Claim,
    claimed: &mut Ledger,
) -> Result<Grant, StoreError> {
    expected.check_keys(ledger.header(), place)?;
    if ledger.claim_state(&claim.id).is_some() {
        return Err(StoreError::Entry(EntryError::Repeated(claim.id.clone())));
    }
    let taken = ledger.taken(claim);
    if taken.is_empty() { claimed.grant(claim.clone()).map_err(StoreError::Entry) } else { Ok(Grant::Taken(taken)) }
}
