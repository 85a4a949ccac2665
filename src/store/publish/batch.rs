//! What goes together in the next version: claims whose askers wait, and entries that ride along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;

use crate::identity::MessageKey;
use crate::ledger::Signing;
use crate::ledger::text;
use crate::ledger::{
    Claim, ClaimId, EntryError, Evidence, Fact, Grant, Header, Ledger, MessageRecord, Outcome, RunId, Unclosed, View,
    Weighed,
};
use crate::store::binding::Binding;
use crate::store::error::StoreError;
use crate::store::visit::Numbers;
use crate::store::writer_handle::{self, Reply, Verdict};

use super::publisher::Changes;
use super::remote::{Addition, Remote};

/// A claim, and whoever waits for its answer.
struct Waiting {
    claim: Claim,
    fact: Fact,
    reply: Reply,
}

/// Evidence, and whoever waits to learn what came of it.
struct Hearing {
    evidence: Vec<Evidence>,
    verdict: Verdict,
}

/// What goes together in the next version. Claims, and what follows from evidence, stand apart from the
/// ledger until they are published; everything else is in it already.
pub(super) struct Batch {
    ledger: Arc<RwLock<Ledger>>,
    expected: Binding,
    /// Where the ledger is, for people.
    place: String,
    claims: Vec<Waiting>,
    /// The claims again, as a ledger that knows who is in them.
    claimed: Ledger,
    hearings: Vec<Hearing>,
    /// What came of the evidence by the tip that was tried last, all of it in its order, each with the numbers
    /// of what follows from it.
    weighed: Vec<(Weighed, Vec<Option<Fact>>)>,
    lines: BTreeMap<MessageKey, String>,
    outcomes: usize,
    /// Messages of ledgers that were joined in.
    joined: BTreeSet<MessageKey>,
    /// Whether the header is another.
    is_bound_anew: bool,
    /// Runs whose end is to be written.
    ended: BTreeSet<RunId>,
    /// Whether this run's own is among them.
    is_over: bool,
    numbers: Numbers,
}

impl Batch {
    /// Begins without anything.
    pub(super) fn new(ledger: Arc<RwLock<Ledger>>, (expected, numbers): (Binding, Numbers), place: String) -> Self {
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
            ended: BTreeSet::new(),
            is_over: false,
            numbers,
        }
    }

    /// Closes runs that have died, which rides along with the next version; and makes entries of this run of what
    /// an older version has written, if that is asked for.
    pub(super) fn close_the_dead(&mut self, (now, lives_at): (Timestamp, Timestamp), adopts: bool) {
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        if adopts {
            ledger.adopt(|| self.numbers.give());
            self.is_bound_anew = true;
            self.joined.extend(ledger.messages().map(|record| record.message.clone()));
            self.joined.extend(ledger.claims().map(|claim| claim.claim().id.bulk.message.clone()));
        }
        let is_dead = |unclosed: &Unclosed| unclosed.lives_until < lives_at && unclosed.run != self.numbers.run();
        for Unclosed { run, .. } in ledger.unclosed().into_iter().filter(is_dead) {
            ledger.close_as_it_is(run, now);
            self.ended.insert(run);
        }
    }

    /// Ends the run: how it has ended goes with the next version. Whether there is anything to say.
    pub(super) fn end(&mut self) -> bool {
        self.is_over = self.numbers.is_used();
        self.is_over
    }

    /// How many claims wait.
    pub(super) fn claims(&self) -> usize {
        self.claims.len()
    }

    /// Whether somebody waits to learn what came of their evidence.
    pub(super) fn has_evidence(&self) -> bool {
        !self.hearings.is_empty()
    }

    /// Whether something rides along that should not wait for ever.
    pub(super) fn has_outcomes(&self) -> bool {
        self.outcomes > 0 || !self.joined.is_empty() || self.is_bound_anew
    }

    /// Drops the claims and the evidence that nobody waits for any more: whoever would have sent them has
    /// left. Not between two tries of one version, after which the remote may have them.
    pub(super) fn drop_left(&mut self) {
        self.hearings.retain(|hearing| !hearing.verdict.is_closed());
        let before = self.claims.len();
        for waiting in self.claims.extract_if(.., |waiting| waiting.reply.is_closed()) {
            self.numbers.skip(waiting.fact);
        }
        if self.claims.len() < before {
            self.regrant();
        }
    }

    /// Takes a claim, or answers it at once.
    pub(super) fn claim(&mut self, claim: Claim, reply: Reply) {
        let ledger = self.ledger.read().unwrap_or_else(PoisonError::into_inner);
        let fact = self.numbers.next();
        let granted = grant(&ledger, (&self.expected, &self.place), (&claim, fact), &mut self.claimed);
        drop(ledger);
        match granted {
            Ok(Grant::Granted) => {
                self.numbers.give_at(claim.at);
                self.claims.push(Waiting { claim, fact, reply });
            }
            answer => writer_handle::answer(reply, answer),
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
        let now = evidence.iter().map(|evidence| evidence.lives_at).min().unwrap_or(Timestamp::MAX);
        let mut judged = self.ledger().about(&evidence);
        for fact in std::mem::take(&mut self.weighed).into_iter().flat_map(|(_, facts)| facts).flatten() {
            self.numbers.skip(fact);
        }
        for weighed in judged.weigh(&evidence, View::Shared { now }) {
            let facts = weighed.outcomes.iter().map(|outcome| Some(self.numbers.give_at(outcome.at))).collect();
            self.weighed.push((weighed, facts));
        }
        let outcomes: Vec<Outcome> = self.follows().map(|(outcome, _)| outcome.clone()).collect();
        for outcome in outcomes {
            judged.add_outcome(outcome).expect("what follows from evidence goes with what it was held against");
        }
        let before = self.claims.len();
        for waiting in std::mem::take(&mut self.claims) {
            let taken = judged.claimed_elsewhere(&waiting.claim);
            if taken.is_empty() {
                self.claims.push(waiting);
            } else {
                self.numbers.skip(waiting.fact);
                writer_handle::answer(waiting.reply, Ok(Grant::ClaimedElsewhere(taken)));
            }
        }
        if self.claims.len() < before {
            self.regrant();
        }
    }

    /// Tells everybody what came of their evidence: it is on the remote, or there was nothing to write.
    pub(super) fn tell(&mut self) -> Result<(), StoreError> {
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        let mut all = std::mem::take(&mut self.weighed).into_iter();
        for Hearing { evidence, verdict } in self.hearings.drain(..) {
            let weighed: Vec<_> = all.by_ref().take(evidence.len()).collect();
            for (weighed, facts) in &weighed {
                for (outcome, fact) in weighed.outcomes.iter().zip(facts) {
                    ledger.enter_outcome(outcome.clone(), *fact).map_err(StoreError::Entry)?;
                }
            }
            writer_handle::answer(verdict, Ok(weighed.into_iter().map(|(weighed, _)| weighed).collect()));
        }
        Ok(())
    }

    /// Takes a message's record.
    pub(super) fn record(&mut self, record: MessageRecord) {
        let fact = Some(self.numbers.give_at(record.at));
        let line = text::message_line(&record, fact, &self.signing());
        self.add(&record.message, &line);
        self.ledger.write().unwrap_or_else(PoisonError::into_inner).enter_message(record, fact);
    }

    /// Takes an outcome, and gives back its lines: the claim's, and its own.
    ///
    /// # Errors
    /// If it does not go with the ledger.
    pub(super) fn settle(&mut self, outcome: Outcome) -> Result<String, StoreError> {
        let (id, at, fact) = (outcome.claim.clone(), outcome.at, Some(self.numbers.next()));
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        let by = self.expected.seals.signing(ledger.header());
        let line = text::outcome_line(&outcome, fact, &by);
        ledger.enter_outcome(outcome, fact).map_err(StoreError::Entry)?;
        let claim = ledger.claim_state(&id).map(|state| text::claim_line(state.claim(), None, &by));
        drop(ledger);
        self.numbers.give_at(at);
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
        joined.adopt_since(&ledger, || self.numbers.give());
        // More is known of runs that others have closed, or of one that goes on.
        self.ended.extend(joined.close_outgrown(self.numbers.run(), self.numbers.at()));
        self.ended.extend(other.closed_runs());
        self.is_bound_anew |= joined.has_other_header(&ledger);
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
        self.claimed = Ledger::new(header(&self.ledger));
        self.lines.clear();
        self.joined.clear();
        self.ended.clear();
        (self.outcomes, self.is_bound_anew, self.is_over) = (0, false, false);
        let granted = claims.into_iter().map(|Waiting { claim, reply, .. }| {
            writer_handle::answer(reply, Ok(Grant::Granted));
            claim.id
        });
        Ok(granted.collect())
    }

    /// Answers everybody who waits that it has failed.
    pub(super) fn fail(&mut self, error: impl Fn() -> StoreError) {
        for Hearing { verdict, .. } in self.hearings.drain(..) {
            writer_handle::answer(verdict, Err(error()));
        }
        for Waiting { reply, .. } in self.claims.drain(..) {
            writer_handle::answer(reply, Err(error()));
        }
    }

    /// What follows from the evidence, with its numbers.
    fn follows(&self) -> impl Iterator<Item = (&Outcome, Option<Fact>)> {
        self.weighed.iter().flat_map(|(weighed, facts)| weighed.outcomes.iter().zip(facts.iter().copied()))
    }

    fn signing(&self) -> Signing<'_> {
        self.expected.seals.signing(self.ledger().header())
    }

    /// Writes down how this run has ended, if it has, or if somebody took it for dead while it lives: then
    /// they have to learn how far it has come.
    fn close_own(&mut self) {
        let run = self.numbers.run();
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        if self.is_over || ledger.closed_runs().any(|closed| closed == run) {
            self.numbers.close(&mut ledger);
            self.ended.insert(run);
        }
    }

    /// Grants the claims anew among each other, and answers those that do not go with the ledger any more.
    fn regrant(&mut self) {
        let mut claimed = Ledger::new(header(&self.ledger));
        for Waiting { claim, fact, reply } in std::mem::take(&mut self.claims) {
            let granted = grant(&self.ledger(), (&self.expected, &self.place), (&claim, fact), &mut claimed);
            match granted {
                Ok(Grant::Granted) => self.claims.push(Waiting { claim, fact, reply }),
                answer => {
                    self.numbers.skip(fact);
                    writer_handle::answer(reply, answer);
                }
            }
        }
        self.claimed = claimed;
    }

    fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Remote> Changes<R> for Batch {
    fn addition(&mut self, remote: &R, tip: &R::Tip) -> Option<Addition> {
        if self.has_evidence() {
            self.weigh();
        }
        if self.claims.is_empty() && !self.has_outcomes() && self.follows().next().is_none() && !self.is_over {
            return None;
        }
        self.close_own();
        let ledger = self.ledger();
        let seals = &self.expected.seals;
        let by = seals.signing(ledger.header());
        let mut lines = self.lines.clone();
        for (outcome, fact) in self.follows() {
            let line = text::outcome_line(outcome, fact, &by);
            lines.entry(outcome.claim.bulk.message.clone()).or_default().push_str(&line);
        }
        for Waiting { claim, fact, .. } in &self.claims {
            let line = text::claim_line(claim, Some(*fact), &by);
            lines.entry(claim.id.bulk.message.clone()).or_default().push_str(&line);
        }
        // A message that nothing is added to is left as it is.
        let crowded = remote.crowded(tip).into_iter().filter(|message| lines.contains_key(message));
        let whole = crowded.chain(self.joined.iter().cloned());
        let whole = whole.map(|message| (message.clone(), ledger.write_message(&message, seals))).collect();
        let header = self.is_bound_anew.then(|| ledger.write_header(seals));
        let runs = self.ended.iter().map(|run| (*run, ledger.write_run(*run, seals)));
        let runs = runs.filter(|(_, line)| !line.is_empty()).collect();
        let subject = format!("claims: {}, outcomes: {}", self.claims.len(), self.outcomes + self.follows().count());
        drop(ledger);
        Some(Addition { header, lines, whole, runs, subject })
    }

    fn update(&mut self, remote: &R, since: &R::Tip, tip: &R::Tip) -> Result<(), StoreError> {
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        remote.join_news(since, tip, &mut ledger)?;
        // With other keys nothing can be claimed, but what was sent can still be told.
        self.expected.check_home(ledger.header(), &remote.place())
    }

    fn drop_conflicting(&mut self) {
        self.regrant();
    }
}

fn header(ledger: &RwLock<Ledger>) -> Header {
    ledger.read().unwrap_or_else(PoisonError::into_inner).header().clone()
}

/// Grants a claim among others that are to be published, if it goes with the ledger at a place, and may be
/// made with the run's keys: somebody may have changed the ledger's since the run began.
fn grant(
    ledger: &Ledger,
    (expected, place): (&Binding, &str),
    (claim, fact): (&Claim, Fact),
    claimed: &mut Ledger,
) -> Result<Grant, StoreError> {
    expected.check_keys(ledger.header(), place)?;
    if ledger.claim_state(&claim.id).is_some() {
        return Err(StoreError::Entry(EntryError::Repeated(claim.id.clone())));
    }
    let taken = ledger.claimed_elsewhere(claim);
    if taken.is_empty() {
        claimed.enter_claim(claim.clone(), Some(fact)).map_err(StoreError::Entry)
    } else {
        Ok(Grant::ClaimedElsewhere(taken))
    }
}
