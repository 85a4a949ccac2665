//! Claims and outcomes in the tables: made, read, written, and held against what others wrote.

mod claim;
mod lines;
mod load;
pub(super) mod opened;
mod release;
mod settle;
mod soundness;
mod stops;
mod store;
mod weigh;
mod write;

use super::connection::{AT_ONCE, Link, Operation};
use super::database::Database;
use super::error::DatabaseError;
use super::ids;
use super::marks::{ProbeMarks, ReadMarks};
use super::seen::SeenPosition;
use super::session::Session;
use super::tables::{self, MakeLedger};
use crate::ledger::{Header, Ledger, Seals};
use crate::store::binding::Binding;
use crate::store::error::{DamagedText, StoreError};
use crate::store::visit::Visit;

use load::{KnownLines, LoadLedger, ReadHeader, Stored};
use soundness::Soundness;

impl Database {
    /// Makes sure that the ledger may be carried elsewhere, where nothing shows any more that it may lack something.
    ///
    /// # Errors
    /// If nothing is sent from it; if nobody knows whether its rows were put back from a copy.
    pub(in crate::store) async fn check_whole(&self, expected: &Binding) -> Result<(), StoreError> {
        let soundness = self.judge(expected).await?;
        match (soundness.refusal(), soundness) {
            (Some(refusal), _) => Err(refusal.into()),
            (None, Soundness::Unmarked(claims)) => Err(DatabaseError::Unmarked { claims }.into()),
            (None, _) => Ok(()),
        }
    }

    /// Whether the server's log ends before where this machine has seen it end.
    async fn is_set_back(&self, link: &Link, seals: &Seals) -> Result<bool, DatabaseError> {
        let Some(before) = self.seen.as_ref().and_then(|path| SeenPosition::read(path, seals)) else {
            return Ok(false);
        };
        Ok(SeenPosition::now(link).await?.is_some_and(|now| before.is_after(&now)))
    }

    /// Keeps how far the server's log is written now.
    async fn keep_seen(&self, link: &Link, seals: &Seals) -> Result<(), DatabaseError> {
        if let Some(path) = &self.seen
            && let Some(now) = SeenPosition::now(link).await?
        {
            now.keep(path, seals);
        }
        Ok(())
    }

    /// Makes a new ledger, and the tables if they are not there.
    ///
    /// # Errors
    /// If the project has a ledger there already, or it cannot be made.
    pub async fn create(&self, header: &Header, visit: &Visit) -> Result<(), StoreError> {
        let link = Link::open(self).await?;
        let making = MakeLedger {
            schema: &self.schema,
            ledger: ids::ledger(&header.project),
            project: header.project.as_str(),
            header: &lines::header(header),
            server: link.identity().as_deref(),
            run: visit.run.0.cast_signed(),
        };
        let made = link.run(&making, AT_ONCE).await?;
        if made { Ok(()) } else { Err(StoreError::Exists { place: self.place() }) }
    }

    /// Reads the ledger, for those who only look.
    ///
    /// # Errors
    /// If it is missing or damaged, or is not what is expected.
    pub async fn read(&self, expected: &Binding) -> Result<Ledger, StoreError> {
        let link = Link::open(self).await?;
        let (ledger, _, _) = self.load(&link, expected).await?;
        Ok(ledger)
    }

    /// Says why nothing is sent from the ledger, if that is so: the server is another one than that which
    /// held it last, or its rows were put back.
    ///
    /// # Errors
    /// If the ledger is missing, or the server cannot be used.
    pub(in crate::store) async fn refusal(&self, expected: &Binding) -> Result<Option<DatabaseError>, StoreError> {
        self.judge(expected).await.map(Soundness::refusal)
    }

    /// Looks at the tables, and says how far they are to be trusted.
    async fn judge(&self, expected: &Binding) -> Result<Soundness, StoreError> {
        let link = Link::open(self).await?;
        let ledger = ids::ledger(&expected.project);
        let (_, stored) = self.header(&link, ledger).await?;
        let origin = link.run(&ReadMarks { ledger }, AT_ONCE).await?;
        let is_set_back = self.is_set_back(&link, &expected.seals).await?;
        Ok(Soundness::of(origin, stored.place(&link), is_set_back, None))
    }

    /// Binds the ledger anew. A call that was cut off can be made again.
    ///
    /// # Errors
    /// If it is missing, or is not what is expected.
    pub async fn rebind(&self, from: &Binding, to: &Header, visit: &Visit) -> Result<(), StoreError> {
        let link = Link::open(self).await?;
        let ledger = ids::ledger(&from.project);
        let (found, _) = self.header(&link, ledger).await?;
        from.check_rebind(&found, to, &self.place())?;
        let mut bound = Ledger::new(found.clone());
        bound.rebind(to.clone());
        if *bound.header() == found {
            return Ok(());
        }
        let [found, to] = [&found, bound.header()].map(lines::header);
        let marks = link.run(&ProbeMarks { run: visit.run.0.cast_signed() }, AT_ONCE).await?;
        let rebinding = write::RebindHeader { ledger, from: &found, to: &to, marks };
        let is_bound = link.run(&rebinding, AT_ONCE).await?;
        if is_bound { Ok(()) } else { Err(DatabaseError::Foreign("ledgers").into()) }
    }

    /// Reads what the ledger is bound to, and which server was confirmed last.
    async fn header(&self, link: &Link, ledger: i64) -> Result<(Header, Stored), StoreError> {
        let missing = || StoreError::Missing { place: self.place(), shadow: None, commit: None, refusal: None };
        if !link.run(&UpdateTables { schema: &self.schema }, AT_ONCE).await? {
            return Err(missing());
        }
        let stored = link.run(&ReadHeader { ledger }, AT_ONCE).await?.ok_or_else(missing)?;
        let read = lines::read(&stored.header).map_err(|damage| self.damage(damage))?;
        Ok((read.header().clone(), stored))
    }

    /// Reads all of the ledger; also gives what is known by that, and the server that was confirmed
    /// last.
    async fn load(&self, link: &Link, expected: &Binding) -> Result<(Ledger, KnownLines, Stored), StoreError> {
        let number = ids::ledger(&expected.project);
        let (header, stored) = self.header(link, number).await?;
        expected.check(&header, &self.place())?;
        let loading = LoadLedger { ledger: number, header: &header, only: None };
        let (ledger, known) = link.run(&loading, AT_ONCE).await?.map_err(|damage| self.damage(damage))?;
        Ok((ledger, known, stored))
    }

    fn damage(&self, damage: crate::ledger::Damage) -> StoreError {
        StoreError::Damage { place: self.place(), damage: Box::new(damage), of: DamagedText::Other }
    }
}

/// Brings the tables up to date, if they are there.
struct UpdateTables<'a> {
    schema: &'a str,
}

impl Operation for UpdateTables<'_> {
    type Output = bool;

    async fn run(&self, session: &Session, _again: bool) -> Result<bool, DatabaseError> {
        tables::update(session, self.schema).await
    }
}
