//! What goes together in the next push: claims whose askers wait, and entries that ride along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;

use crate::identity::MessageKey;
use crate::ledger::{
    Claim, ClaimId, EntryError, Evidence, Grant, Header, Ledger, MessageRecord, Outcome, View, Weighed, text,
};
use crate::store::desk::{self, Reply, Verdict};
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

/// Evidence, and whoever waits to learn what came of it.
struct Hearing {
    evidence: Vec<Evidence>,
    verdict: Verdict,
}

/// What goes together in the next push. Claims, and what follows from evidence, stand apart from the
/// ledger until they are pushed; everything else is in it already.
pub(super) struct Group {
    ledger: Arc<RwLock<Ledger>>,
    expected: Expected,
    /// Where the ledger is, for people.
    place: String,
    claims: Vec<Waiting>,
    /// The claims again, as a ledger that knows who is in them.
    claimed: Ledger,
    hearings: Vec<Hearing>,
    /// What came of the evidence by the tip that was tried last, all of it in its order.
    weighed: Vec<Weighed>,
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
            hearings: Vec::new(),
            weighed: Vec::new(),
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

    /// Says whether somebody waits to learn what came of their evidence.
    pub(super) fn has_evidence(&self) -> bool {
        !self.hearings.is_empty()
    }

    /// Says whether something rides along that should not wait for ever.
    pub(super) fn has_outcomes(&self) -> bool {
        self.outcomes > 0 || !self.joined.is_empty() || self.is_bound_anew
    }

    /// Drops the claims and the evidence that nobody waits for any more: whoever would have sent them has
    /// left. Not between two tries of one push, after which the remote may have them.
    pub(super) fn drop_left(&mut self) {
        self.hearings.retain(|hearing| !hearing.verdict.is_closed());
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
            answer => desk::answer(reply, answer),
        }
    }

    /// Takes evidence. It is held against each tip that is tried.
    pub(super) fn hear(&mut self, evidence: Vec<Evidence>, verdict: Verdict) {
        self.hearings.push(Hearing { evidence, verdict });
    }

    /// Holds the evidence against the ledger, and answers the claims of people who are accepted by it: the
    /// two would go together.
    fn weigh(&mut self) {
        let evidence: Vec<Evidence> = self.hearings.iter().flat_map(|hearing| hearing.evidence.clone()).collect();
        let now = evidence.iter().map(|evidence| evidence.at).min().unwrap_or(Timestamp::MAX);
        let mut judged = self.ledger().about(&evidence);
        self.weighed = judged.weigh(&evidence, View::Shared { now });
        let outcomes: Vec<Outcome> = self.weighed.iter().filter_map(|weighed| weighed.outcome.clone()).collect();
        for outcome in outcomes {
            judged.add_outcome(outcome).expect("what follows from evidence goes with what it was held against");
        }
        let before = self.claims.len();
        for waiting in std::mem::take(&mut self.claims) {
            let taken = judged.taken(&waiting.claim);
            if taken.is_empty() {
                self.claims.push(waiting);
            } else {
                desk::answer(waiting.reply, Ok(Grant::Taken(taken)));
            }
        }
        if self.claims.len() < before {
            self.give_way();
        }
    }

    /// Tells everybody what came of their evidence: it is on the remote, or there was nothing to write.
    pub(super) fn tell(&mut self) -> Result<(), StoreError> {
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        let mut all = std::mem::take(&mut self.weighed).into_iter();
        for Hearing { evidence, verdict } in self.hearings.drain(..) {
            let weighed: Vec<Weighed> = all.by_ref().take(evidence.len()).collect();
            for outcome in weighed.iter().filter_map(|weighed| weighed.outcome.clone()) {
                ledger.add_outcome(outcome).map_err(StoreError::Entry)?;
            }
            desk::answer(verdict, Ok(weighed));
        }
        Ok(())
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
        self.tell()?;
        let claims = std::mem::take(&mut self.claims);
        *self = Self::new(Arc::clone(&self.ledger), self.expected.clone(), self.place.clone());
        let granted = claims.into_iter().map(|Waiting { claim, reply }| {
            desk::answer(reply, Ok(Grant::Granted));
            claim.id
        });
        Ok(granted.collect())
    }

    /// Answers everybody who waits that it has failed.
    pub(super) fn fail(&mut self, error: impl Fn() -> StoreError) {
        for Hearing { verdict, .. } in self.hearings.drain(..) {
            desk::answer(verdict, Err(error()));
        }
        for Waiting { reply, .. } in self.claims.drain(..) {
            desk::answer(reply, Err(error()));
        }
    }

    fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changes for Group {
    fn addition(&mut self, tip: &Tip) -> Option<Addition> {
        if self.has_evidence() {
            self.weigh();
        }
        let follows = || self.weighed.iter().filter_map(|weighed| weighed.outcome.as_ref());
        if self.claims.is_empty() && !self.has_outcomes() && follows().next().is_none() {
            return None;
        }
        let ledger = self.ledger();
        let mut lines = self.lines.clone();
        for outcome in follows() {
            lines.entry(outcome.claim.bulk.message.clone()).or_default().push_str(&text::outcome_line(outcome));
        }
        for Waiting { claim, .. } in &self.claims {
            lines.entry(claim.id.bulk.message.clone()).or_default().push_str(&text::claim_line(claim));
        }
        // A message that nothing is added to is left as it is.
        let crowded = commit::crowded(tip).into_iter().filter(|message| lines.contains_key(message));
        let whole = crowded.chain(self.joined.iter().cloned());
        let whole = whole.map(|message| (message.clone(), ledger.write_message(&message))).collect();
        let header = self.is_bound_anew.then(|| text::header_line(ledger.header()));
        let subject = format!("claims: {}, outcomes: {}", self.claims.len(), self.outcomes + follows().count());
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
                answer => desk::answer(reply, answer),
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
