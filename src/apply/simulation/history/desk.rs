//! The ledger that all runs share, with every state that it was in; and one process's way to it.

use std::sync::Mutex;

use jiff::Timestamp;

use super::journal::{Journal, What};
use crate::apply::evidence::LedgerView;
use crate::apply::simulation::clock::{SimClock, yield_once};
use crate::apply::simulation::life::Life;
use crate::apply::{Clock as _, Store};
use crate::identity::MessageId;
use crate::ledger::{
    Claim, ClaimId, EntryError, Evidence, Grant, Ledger, MessageRecord, Outcome, Seals, StopOrder, View, Weighed,
};

/// The ledger, and what it was after each write.
pub(super) struct Shelf(Mutex<Vec<Ledger>>);

impl Shelf {
    pub(super) fn new(ledger: Ledger) -> Self {
        Self(Mutex::new(vec![ledger]))
    }

    pub(super) fn ledger(&self) -> Ledger {
        self.0.lock().unwrap().last().unwrap().clone()
    }

    /// Takes the ledger back by so many writes. Whether that has lost anything.
    pub(super) fn take_back(&self, writes: usize) -> bool {
        let mut states = self.0.lock().unwrap();
        let begin = states.len().saturating_sub(writes.max(1)).max(1);
        let none = Seals::none();
        let is_less = states[begin - 1].write(&none) != states.last().unwrap().write(&none);
        states.truncate(begin);
        is_less
    }

    /// Changes the ledger.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut states = self.0.lock().unwrap();
        let mut ledger = states.last().unwrap().clone();
        let result = change(&mut ledger);
        states.push(ledger);
        result
    }
}

/// A process's way to the ledger. It has read what was there when it began, and what it caught up with.
pub(super) struct Desk<'a> {
    shelf: &'a Shelf,
    mine: Mutex<Ledger>,
    /// Whether other runs may live; else it knows that it is alone.
    is_shared: bool,
    life: &'a Life,
    truth: &'a SimClock,
    journal: &'a Journal,
}

impl<'a> Desk<'a> {
    pub(super) fn open(
        shelf: &'a Shelf,
        is_shared: bool,
        life: &'a Life,
        (truth, journal): (&'a SimClock, &'a Journal),
    ) -> Self {
        Self { shelf, mine: Mutex::new(shelf.ledger()), is_shared, life, truth, journal }
    }

    pub(super) async fn record(&self, record: MessageRecord) {
        self.write(|ledger| ledger.add_message(record)).await;
    }

    async fn write<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        yield_once().await;
        self.life.step().await;
        let result = self.shelf.change(change);
        yield_once().await;
        self.life.step().await;
        result
    }

    fn read_anew(&self) {
        self.mine.lock().unwrap().join(&self.shelf.ledger()).unwrap();
    }
}

impl LedgerView for Desk<'_> {
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.mine.lock().unwrap())
    }

    fn view(&self, now: Timestamp) -> View {
        if self.is_shared { View::Shared { now } } else { View::Exclusive }
    }
}

impl Store for Desk<'_> {
    type Error = EntryError;

    async fn claim(&self, claim: Claim) -> Result<Grant, EntryError> {
        let made = claim.clone();
        let grant = self
            .write(|ledger| {
                let (run, people) = (claim.id.run, claim.people.iter().copied().collect());
                let is_recovered = claim.is_recovered;
                let grant = ledger.grant(claim)?;
                if grant == Grant::Granted && !is_recovered {
                    self.journal.write(run, self.truth.elapsed(), What::Claimed(people));
                }
                Ok(grant)
            })
            .await?;
        match grant {
            Grant::Granted => self.mine.lock().unwrap().add_claim(made)?,
            Grant::ClaimedElsewhere(_) => self.read_anew(),
        }
        Ok(grant)
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), EntryError> {
        self.write(|ledger| ledger.add_outcome(outcome.clone())).await?;
        self.mine.lock().unwrap().add_outcome(outcome)
    }

    async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, EntryError> {
        let now = evidence.iter().map(|evidence| evidence.at).max().unwrap_or(Timestamp::MIN);
        let view = self.view(now);
        let weighed = self
            .write(|ledger| {
                let weighed = ledger.weigh(&evidence, view);
                for outcome in weighed.iter().flat_map(|weighed| weighed.outcomes.clone()) {
                    ledger.add_outcome(outcome)?;
                }
                Ok(weighed)
            })
            .await?;
        self.read_anew();
        Ok(weighed)
    }

    async fn standing_stops(&self) -> Result<Vec<StopOrder>, EntryError> {
        Ok(Vec::new())
    }

    async fn catch_up(&self) -> Result<(), EntryError> {
        yield_once().await;
        self.read_anew();
        Ok(())
    }

    async fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> Result<bool, EntryError> {
        Ok(self.shelf.ledger().claimed_before(message, besides))
    }
}
