//! A ledger in PostgreSQL that this run, and any number of others, have open for writing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::claim::InsertClaim;
use super::lines;
use super::load::{FindLost, FindNews, KnownLines, LoadLedger};
use super::release::{self, Freed, ReleasePeople, is_free};
use super::settle::{SettleClaim, SettledClaim, given_back, not_held};
use super::soundness::Soundness;
use super::stops::{self, ReadStops};
use super::weigh::{self, Heard, WeighEvidence};
use super::write::{ConfirmServer, JoinLedger, WriteRecord};
use crate::apply::Leases;
use crate::identity::{BulkId, MessageId, MessageKey, Person, PersonSet, Revision};
use crate::ledger::{
    Claim, ClaimId, EntryError, Evidence, Grant, Header, Ledger, MessageRecord, Outcome, Seals, StopOrder, View,
    Weighed,
};
use crate::store::binding::Binding;
use crate::store::error::{DamagedText, StoreError};
use crate::store::postgres::connection::{AT_ONCE, Link};
use crate::store::postgres::database::Database;
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::ids;
use crate::store::postgres::marks::{MarkAnew, MarkSupport, Origin, ProbeMarks, ReadMarks};
use crate::store::postgres::queue::bulks::{Rest, ReturnBulk};
use crate::store::visit::Visit;

/// For how long a broken connection is made anew before a write is given up.
pub(in crate::store::postgres) const PATIENCE: Duration = Duration::from_secs(60);
/// How often freeing people is tried, each time after reading what was written in between.
const FREE_TRIES_MAX: u32 = 5;
/// How many claims are read at a time when others have added some.
const READ_AT_ONCE: usize = 500;

/// A ledger in PostgreSQL.
pub struct Postgres {
    pub(in crate::store::postgres) link: Link,
    place: String,
    pub(in crate::store::postgres) number: i64,
    header: Header,
    /// The header's line as it stands in the database.
    header_line: String,
    ledger: RwLock<Ledger>,
    known: Mutex<KnownLines>,
    shares: Mutex<Leases>,
    /// When it was opened, which times of leases count from.
    pub(in crate::store::postgres) opened_at: Instant,
    /// The claim for which what others wrote was read last.
    caught_up_for: Mutex<Option<ClaimId>>,
    /// Whether rows are marked here.
    marks: MarkSupport,
    /// How far the tables were to be trusted when they were opened.
    soundness: Soundness,
    /// Whether the server's log ended before where this machine had seen it end.
    is_set_back: bool,
    database: Database,
    seals: Seals,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Postgres").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Postgres {
    /// Opens a ledger.
    ///
    /// # Errors
    /// If the server cannot be used, or the ledger is missing, damaged or not what is expected.
    pub async fn open(database: &Database, expected: &Binding, visit: &Visit) -> Result<Self, StoreError> {
        let link = Link::open(database).await?;
        let (ledger, known, stored) = database.load(&link, expected).await?;
        let number = ids::ledger(&expected.project);
        let marks = link.run(&ProbeMarks { run: visit.run.0.cast_signed() }, AT_ONCE).await?;
        let origin = link.run(&ReadMarks { ledger: number }, AT_ONCE).await?;
        let is_set_back = database.is_set_back(&link, &expected.seals).await?;
        let soundness = Soundness::of(origin, stored.place(&link), is_set_back, visit.reloaded);
        if !is_set_back {
            database.keep_seen(&link, &expected.seals).await?;
        }
        Ok(Self {
            place: database.place(),
            number,
            header: ledger.header().clone(),
            header_line: stored.header,
            ledger: RwLock::new(ledger),
            known: Mutex::new(known),
            shares: Mutex::default(),
            opened_at: Instant::now(),
            caught_up_for: Mutex::default(),
            marks,
            soundness,
            is_set_back,
            database: database.clone(),
            seals: expected.seals.clone(),
            link,
        })
    }

    /// The ledger as this run knows it. Writing waits while the guard is held.
    pub fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything may be sent: not if the server was restored, or another was promoted, since the
    /// ledger was confirmed, if it was set back, or its rows were put back from a copy, because its last claims
    /// may be missing.
    ///
    /// # Errors
    /// If nothing may be.
    pub fn may_send(&self) -> Result<(), StoreError> {
        self.soundness.refusal().map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// How many claims have no mark, if there are rows without: nobody knows whether they were put back, so
    /// the ledger has to be compared with the gateway.
    #[must_use]
    pub fn unmarked(&self) -> Option<u64> {
        match self.soundness {
            Soundness::Unmarked(claims) => Some(claims),
            Soundness::Whole
            | Soundness::Vouched(_)
            | Soundness::Reloaded(_)
            | Soundness::Changed
            | Soundness::SetBack => None,
        }
    }

    /// Whether somebody takes what is there for all that there is.
    #[must_use]
    pub fn is_vouched_for(&self) -> bool {
        matches!(self.soundness, Soundness::Vouched(_))
    }

    /// Makes sure that what was opened is there still: all claims that this run knows, in rows of which no
    /// more were put back than it was told. Asks once: nothing depends on it that could not be done again.
    ///
    /// # Errors
    /// If it is not, or the database cannot be asked.
    pub async fn check_still_there(&self) -> Result<(), StoreError> {
        let known = self.known().clone();
        let origin = self.link.run(&ReadMarks { ledger: self.number }, AT_ONCE).await?;
        let is_less = self.link.run(&FindLost { ledger: self.number, known: &known }, AT_ONCE).await?;
        let claims = match origin {
            Origin::Here => 0,
            Origin::Unmarked(claims) | Origin::Reloaded(claims) => claims,
        };
        let goes_with = match (self.marks, origin) {
            // What this run and others write has no mark either.
            (MarkSupport::Unknown, Origin::Here | Origin::Unmarked(_)) => true,
            (MarkSupport::Unknown | MarkSupport::Kept, origin) => self.soundness.goes_with(origin),
        };
        if is_less || !goes_with {
            return Err(DatabaseError::Reloaded { claims }.into());
        }
        Ok(())
    }

    /// Marks all rows that have no mark, after the ledger was compared with the gateway; if that was done for all
    /// of it, or somebody vouches for it, also those that were put back. From then on it is this place that it
    /// is confirmed in.
    ///
    /// # Errors
    /// If that could not be made durable, or marks tell nothing on this server.
    pub async fn mark_anew(&self, with_reloaded: bool) -> Result<(), StoreError> {
        let is_vouched_for = self.is_vouched_for();
        if self.soundness == Soundness::Whole || self.soundness.refusal().is_some() && !with_reloaded {
            return Ok(());
        }
        if is_vouched_for {
            self.check_still_there().await?;
        }
        match (self.marks, self.soundness) {
            (MarkSupport::Kept, _) => {
                let with_reloaded = with_reloaded || is_vouched_for;
                self.link.run(&MarkAnew { ledger: self.number, with_reloaded }, PATIENCE).await?;
            }
            (MarkSupport::Unknown, Soundness::Reloaded(claims)) => {
                return Err(DatabaseError::Reloaded { claims }.into());
            }
            (MarkSupport::Unknown, _) => {}
        }
        self.confirm_server().await
    }

    /// Confirms that the ledger on this server is whole, after it was compared with the gateway.
    ///
    /// # Errors
    /// If that could not be made durable.
    pub async fn confirm_server(&self) -> Result<(), StoreError> {
        let server = self.link.identity().as_deref();
        let confirming = ConfirmServer { ledger: self.number, server, marks: self.marks };
        self.link.run(&confirming, PATIENCE).await?;
        Ok(self.database.keep_seen(&self.link, &self.seals).await?)
    }

    /// Keeps how far the server has come with all that this run has written, if it can be asked: it is a witness,
    /// and no more.
    pub async fn finish(self) {
        if !self.is_set_back {
            drop(self.database.keep_seen(&self.link, &self.seals).await);
        }
    }

    /// Claims people: durable before it returns [`Grant::Granted`]. It is not granted if any of them
    /// is accepted, given up or claimed already, by whatever run; then nothing is written. Whoever was
    /// kept back for nothing is freed.
    ///
    /// # Errors
    /// If the claim does not go with the ledger. If the database fails for longer than the claim's
    /// request may wait: then nobody knows whether it was written.
    pub async fn claim(&self, claim: Claim) -> Result<Grant, StoreError> {
        self.check(&claim)?;
        let bulk = &claim.id.bulk;
        let message = ids::message(self.number, &bulk.message, bulk.revision);
        let taken = self.shares().of(message, &claim);
        let (line, persons) = (lines::claim(&claim), ids::persons(claim.people.iter().copied()));
        let claiming = InsertClaim {
            ledger: self.number,
            message,
            id: ids::claim(&claim.id),
            line: &line,
            header: &self.header_line,
            claim: &claim,
            persons: &persons,
            bulk: taken,
            run: claim.id.run.0.cast_signed(),
            marks: self.marks,
            is_written_here: self.soundness == Soundness::Whole && self.marks == MarkSupport::Kept,
        };
        let patience = Duration::try_from(claim.start_by.duration_since(claim.at)).unwrap_or_default();
        let mut grant = self.link.run(&claiming, patience).await?;
        if let Grant::ClaimedElsewhere(people) = &grant
            && self.free_kept_back(bulk, people).await
        {
            grant = self.link.run(&claiming, patience).await?;
        }
        self.shares().claimed(message, &claim, &grant);
        let is_over = match &grant {
            Grant::Granted => true,
            Grant::ClaimedElsewhere(people) => people.len() == claim.people.len(),
        };
        if let Some(taken) = taken.filter(|_| is_over) {
            self.shares().forget(taken);
            if grant != Grant::Granted {
                self.link.run(&ReturnBulk { bulk: taken, run: claiming.run, rest: Rest::Done }, PATIENCE).await?;
            }
        }
        if grant == Grant::Granted {
            let id = claiming.id;
            match self.ledger_mut().add_claim(claim) {
                // Reading what was written since may have found it already.
                Ok(()) | Err(EntryError::Repeated(_)) => {}
                Err(error) => return Err(StoreError::Failed { cause: Arc::new(StoreError::Entry(error)) }),
            }
            // The ledger has all that is known, at any time: see `free`.
            self.known().claims.insert(id);
        }
        Ok(grant)
    }

    /// Makes sure that the ledger would take a claim.
    fn check(&self, claim: &Claim) -> Result<(), StoreError> {
        if self.ledger().claim_state(&claim.id).is_some() {
            return Err(StoreError::Entry(EntryError::Repeated(claim.id.clone())));
        }
        Ledger::new(self.header.clone()).add_claim(claim.clone()).map_err(StoreError::Entry)
    }

    /// Writes what became of a claim: durable before it returns. Then frees everybody whom it and all
    /// other claims of theirs gave back.
    ///
    /// # Errors
    /// If the outcome does not go with the ledger, or the database fails for too long. Not if nobody
    /// could be freed: the outcome stands, and [`Postgres::claim`] frees whoever was kept back.
    pub async fn settle(&self, outcome: Outcome) -> Result<(), StoreError> {
        let id = outcome.claim.clone();
        self.ledger_mut().add_outcome(outcome.clone()).map_err(StoreError::Entry)?;
        let may_free = not_held(&self.ledger(), &id);
        let line = lines::outcome(&outcome);
        let settling = SettleClaim {
            ledger: self.number,
            message: ids::message(self.number, &id.bulk.message, id.bulk.revision),
            claim: ids::claim(&id),
            header: &self.header,
            outcome: &outcome,
            line: &line,
            may_free: &may_free,
        };
        let settled = self.link.run(&settling, PATIENCE).await?;
        let SettledClaim { known, freed } = settled.ok_or(StoreError::Entry(EntryError::UnknownClaim(id.clone())))?;
        self.ledger_mut().join(&known).map_err(StoreError::Join)?;
        self.known().outcomes.insert(ids::line(&line));
        let people = given_back(&self.ledger(), &id);
        if freed < people.len() as u64 {
            // Another claim has their row, or holds them, or gave them back since this run looked.
            drop(self.free(&id.bulk.message, id.bulk.revision, &people).await);
        }
        Ok(())
    }

    /// Holds evidence against all that the database knows of its people at this moment, and writes what
    /// follows from it: durable before it returns. Frees whoever no claim holds.
    ///
    /// # Errors
    /// If the database fails for too long, or holds damaged lines.
    pub async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, StoreError> {
        // Before the ledger is looked at, which has all of this, and maybe more.
        let known = self.known().claims.clone();
        let before = self.ledger().about(&evidence);
        let weighing = WeighEvidence {
            ledger: self.number,
            header: &self.header,
            evidence: &evidence,
            view: View::Shared {
                now: evidence.iter().map(|evidence| evidence.lives_at).min().unwrap_or(Timestamp::MAX),
            },
            before: &before,
            known: &known,
            subjects: &weigh::subjects(self.number, &evidence),
            tried: Mutex::default(),
        };
        let Heard { weighed, known, lines } = self.link.run(&weighing, PATIENCE).await?;
        self.ledger_mut().join(&known).map_err(StoreError::Join)?;
        self.known().outcomes.extend(lines.iter().map(|(_, line)| ids::line(line)));
        Ok(weighed)
    }

    /// Frees those of some people, whom somebody else seems to have, whom every claim gave back: a run
    /// ended, or failed, before it could. Whether anybody was freed.
    async fn free_kept_back(&self, bulk: &BulkId, people: &[Person]) -> bool {
        let may_be_free = {
            let ledger = self.ledger();
            let standings = ledger.standings(&bulk.message, bulk.revision);
            people.iter().any(|person| is_free(standings.get(*person, View::Exclusive)))
        };
        may_be_free && self.free(&bulk.message, bulk.revision, people).await.is_ok_and(|freed| freed > 0)
    }

    /// Frees those of some people whom every claim of theirs gave back, whichever claim has their row;
    /// gives how many. Tries nothing again: whoever stays is freed when they are claimed.
    async fn free(&self, message: &MessageKey, revision: Revision, people: &[Person]) -> Result<usize, StoreError> {
        for _ in 0..FREE_TRIES_MAX {
            self.catch_up_within(Duration::ZERO).await?;
            // Before the ledger is looked at, which has all of this, and maybe more.
            let known = self.known().clone();
            let people = release::given_back(&self.ledger(), message, revision, people);
            if people.is_empty() {
                break;
            }
            let message = ids::message(self.number, message, revision);
            let freeing = ReleasePeople { ledger: self.number, message, known: &known, people: &people };
            if let Freed::People(freed) = self.link.run(&freeing, Duration::ZERO).await? {
                return Ok(freed);
            }
        }
        Ok(0)
    }

    /// Writes what a message is: durable before it returns.
    ///
    /// # Errors
    /// If the database fails for too long.
    pub async fn record(&self, record: MessageRecord) -> Result<(), StoreError> {
        self.link.run(&WriteRecord { ledger: self.number, record: &record }, PATIENCE).await?;
        self.ledger_mut().add_message(record);
        Ok(())
    }

    /// Joins another ledger in: durable before it returns. Then frees everybody whom both give back.
    ///
    /// # Errors
    /// If the ledgers do not go together, or the database fails for too long. Then nothing is joined,
    /// or all of it and this run does not know it; it can be joined again.
    pub async fn join(&self, other: &Ledger) -> Result<(), StoreError> {
        self.catch_up().await?;
        let before = self.ledger().clone();
        let mut joined = before.clone();
        joined.join(other).map_err(StoreError::Join)?;
        let joining = JoinLedger {
            ledger: self.number,
            header: &self.header,
            other,
            before: &before,
            joined: &joined,
            marks: self.marks,
        };
        self.link.run(&joining, PATIENCE).await?;
        // Whoever knows a claim that took people over has to know the claims that had them.
        self.catch_up().await?;
        self.ledger_mut().join(other).map_err(StoreError::Join)?;
        let mut people: BTreeMap<(MessageKey, Revision), PersonSet> = BTreeMap::new();
        for claim in other.claims() {
            let BulkId { message, revision, .. } = &claim.claim().id.bulk;
            let back = given_back(&self.ledger(), &claim.claim().id);
            people.entry((message.clone(), *revision)).or_default().extend(back);
        }
        for ((message, revision), people) in people {
            // Whoever is kept back all the same is freed when they are claimed.
            drop(self.free(&message, revision, &people.into_iter().collect::<Vec<_>>()).await);
        }
        Ok(())
    }

    /// The stops that stand now.
    ///
    /// # Errors
    /// If the database fails for too long, or a row is damaged.
    pub async fn standing_stops(&self) -> Result<Vec<StopOrder>, StoreError> {
        let found = self.link.run(&ReadStops { ledger: self.number }, PATIENCE).await?;
        let stops = found.map_err(|damage| stops::damaged(&self.place, damage))?;
        Ok(stops.standing().cloned().collect())
    }

    /// Whether there is another claim of this message to this person than the one named, in
    /// which they were not rejected. Nobody can have claimed them since that one, so what others
    /// have written is read once for it.
    ///
    /// # Errors
    /// If the database fails for too long.
    pub async fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> Result<bool, StoreError> {
        let is_caught_up = lock(&self.caught_up_for).as_ref() == Some(besides);
        if !is_caught_up {
            self.catch_up().await?;
            *lock(&self.caught_up_for) = Some(besides.clone());
        }
        Ok(self.ledger().claimed_before(message, besides))
    }

    /// Reads what others have written since the ledger was opened.
    ///
    /// # Errors
    /// If the database fails for too long, or holds damaged lines.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        self.catch_up_within(PATIENCE).await
    }

    /// Reads what others have written, all of it or nothing: who knows a claim knows those before it.
    async fn catch_up_within(&self, patience: Duration) -> Result<(), StoreError> {
        let known = self.known().clone();
        let news = self.link.run(&FindNews { ledger: self.number, known: &known }, patience).await?;
        let mut all: Option<(Ledger, KnownLines)> = None;
        for some in news.chunks(READ_AT_ONCE) {
            let loading = LoadLedger { ledger: self.number, header: &self.header, only: Some(some) };
            let read = self.link.run(&loading, patience).await?;
            let (piece, known) = read.map_err(|damage| StoreError::Damage {
                place: self.place.clone(),
                damage: Box::new(damage),
                of: DamagedText::Other,
            })?;
            match &mut all {
                None => all = Some((piece, known)),
                Some((ledger, before)) => {
                    ledger.join(&piece).map_err(StoreError::Join)?;
                    before.extend(known);
                }
            }
        }
        if let Some((ledger, known)) = all {
            self.ledger_mut().join(&ledger).map_err(StoreError::Join)?;
            self.known().extend(known);
        }
        Ok(())
    }

    fn ledger_mut(&self) -> RwLockWriteGuard<'_, Ledger> {
        self.ledger.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, KnownLines> {
        lock(&self.known)
    }

    pub(in crate::store::postgres) fn shares(&self) -> MutexGuard<'_, Leases> {
        lock(&self.shares)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
