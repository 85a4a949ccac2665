//! Where accepted bulks are kept: an SQLite file, written by one thread, so that a second run meets
//! the same sandbox, and nothing that was answered with a 200 is lost in a crash.

mod audit;
mod book_count;
mod channel_turns;
mod checkpoint;
mod counted;
mod damaged;
mod database;
mod fold;
mod header;
mod index;
mod kept;
mod known;
mod last_time;
mod life;
mod outcomes;
mod overview;
mod packed;
mod progress;
mod push_search;
mod pushes;
mod requests;
mod reset;
mod sequence;
mod shared;
mod table;
mod telling;

pub use audit::{Audited, audit};
pub use book_count::BookCount;
pub use database::{NewInbound, Noted};
pub use header::check_file;
pub use kept::{BulkFilter, NewBulk, OpenedDatabase, Receipt};
pub use last_time::last_time;
pub use progress::ProgressSeen;
pub use push_search::{ListedPush, PushFilter};
pub use pushes::{PendingPushes, PushNote};
pub use requests::{BodiesWanted, KeptRequest, REQUESTS_KEPT, RequestSearch};
pub use telling::OutcomeRefusal;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::clock::{ClockRefusal, ClockSetting, Moved, SandboxClock};
use super::error::SandboxError;
use super::journal::entry::{KeptBodies, RequestEntry};
use super::model::bulk::AcceptedBulk;
use super::model::inputs::Inputs;
use super::model::query::Query;
use super::model::reports::{Handed, ReportQuery};
use super::model::rules::ChannelRules;
use super::model::status::Ending;
use crate::wire::choices::UnsentInLogs;
use crate::wire::response::{DeliveryReport, LogsPage};
use book_count::SharedBookCount;
use damaged::DamagedBulks;
use database::{FoundLogs, MessageDatabase, NewInput};
use requests::NewRequest;
use shared::SharedInputs;

type Reply<T> = oneshot::Sender<Result<T, SandboxError>>;

/// What the thread is asked to do.
enum DatabaseCommand {
    Accept(NewBulk, Reply<Receipt>),
    Keep(Arc<SandboxClock>, Reply<()>),
    Change(ClockSetting, Reply<Result<Moved, ClockRefusal>>),
    Note(NewInput, Reply<Noted>),
    Mark(Vec<Handed>, Reply<bool>),
    Journal(NewRequest),
    WriteJournal(Reply<()>),
    Tell((String, Ending), Reply<Result<Timestamp, OutcomeRefusal>>),
    Reset(Option<Box<ChannelRules>>, Reply<()>),
    Write(Box<dyn FnOnce(&mut MessageDatabase) + Send>),
    Renew,
    Close(Reply<()>),
}

/// What a thread of its own is asked to do, so that nobody who reads stands before somebody who sends.
enum ReadCommand {
    Read(Box<dyn FnOnce(&mut MessageDatabase) + Send>),
    Close(Reply<()>),
}

/// The books, open. Clones share one thread that writes and one that reads, which end with the last of them.
#[derive(Debug, Clone)]
pub struct MessageStore {
    path: PathBuf,
    commands: mpsc::Sender<DatabaseCommand>,
    reads: mpsc::Sender<ReadCommand>,
    inputs: SharedInputs,
    opened: OpenedDatabase,
    counted: SharedBookCount,
    /// How many entries of the journal are on their way to the thread that writes.
    journalled: Arc<AtomicUsize>,
    damaged: DamagedBulks,
}

impl MessageStore {
    /// Opens the books, or makes them.
    ///
    /// # Errors
    /// If that fails, or the file is something else.
    pub fn open(path: &Path) -> Result<Self, SandboxError> {
        let mut database = MessageDatabase::open(path)?;
        let opened = database.opened()?;
        let counted = database.counted.clone();
        let inputs = SharedInputs::default();
        inputs.set(database.inputs()?);
        let reading = MessageDatabase::connect(path)?;
        database.take_over_aside()?;
        let (commands, receiver) = mpsc::channel();
        let (reads, readers) = mpsc::channel();
        let failed = |source| SandboxError::Open { path: path.to_owned(), source };
        let (shared, journalled) = (inputs.clone(), Arc::new(AtomicUsize::new(0)));
        let taken = Arc::clone(&journalled);
        let writer = thread::Builder::new().name("sandbox-books".to_owned());
        writer.spawn(move || serve(database, &receiver, (&shared, &taken))).map_err(failed)?;
        let reader = thread::Builder::new().name("sandbox-reader".to_owned());
        reader.spawn(move || serve_readers(reading, &readers)).map_err(failed)?;
        let damaged = DamagedBulks::default();
        Ok(Self { path: path.to_owned(), commands, reads, inputs, opened, counted, journalled, damaged })
    }

    /// What they held when they were opened.
    #[must_use]
    pub const fn opened(&self) -> OpenedDatabase {
        self.opened
    }

    /// Keeps a bulk; it is durable when this returns.
    ///
    /// # Errors
    /// If it could not be kept; then nothing of it was.
    pub async fn accept(&self, entry: NewBulk) -> Result<Receipt, SandboxError> {
        self.ask(|reply| DatabaseCommand::Accept(entry, reply)).await
    }

    /// Keeps a clock's bound from now on: it is durable before the clock comes to it. The time that the clock
    /// shows now is durable when this returns.
    ///
    /// # Errors
    /// If it could not be noted.
    pub async fn keep(&self, clock: Arc<SandboxClock>) -> Result<(), SandboxError> {
        self.ask(|reply| DatabaseCommand::Keep(clock, reply)).await
    }

    /// Changes the clock that is kept.
    ///
    /// # Errors
    /// If its bound could not be noted; then nothing happens to it.
    pub async fn change(&self, change: ClockSetting) -> Result<Result<Moved, ClockRefusal>, SandboxError> {
        self.ask(|reply| DatabaseCommand::Change(change, reply)).await
    }

    /// Whether the books can be written.
    ///
    /// # Errors
    /// If they cannot.
    pub async fn check_writable(&self) -> Result<(), SandboxError> {
        let (reply, answer) = oneshot::channel();
        let check = move |database: &mut MessageDatabase| {
            // Whoever asked may be gone.
            reply.send(database.check_writable()).unwrap_or_default();
        };
        let closed = || SandboxError::Closed { path: self.path.clone() };
        self.commands.send(DatabaseCommand::Write(Box::new(check))).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Lets the books be written or not, for tests.
    #[cfg(test)]
    pub(in crate::sandbox) async fn let_be_written(&self, may: bool) {
        let (reply, answer) = oneshot::channel();
        let set = move |database: &mut MessageDatabase| {
            database.connection.pragma_update(None, "query_only", !may).expect("any connection takes it");
            reply.send(()).expect("the test waits for it");
        };
        self.commands.send(DatabaseCommand::Write(Box::new(set))).map_err(drop).expect("the books are open");
        answer.await.expect("the books are open");
    }

    /// How many bulks and messages they have now.
    #[must_use]
    pub fn counted(&self) -> BookCount {
        self.counted.get()
    }

    /// The inputs, as they are noted now.
    #[must_use]
    pub fn inputs(&self) -> Arc<Inputs> {
        self.inputs.get()
    }

    /// Lets the channel behave in another way from now on, and says from when.
    ///
    /// # Errors
    /// If that could not be noted; then nothing changes.
    pub async fn set_rules(&self, rules: ChannelRules) -> Result<Timestamp, SandboxError> {
        let noted = self.ask(|reply| DatabaseCommand::Note(NewInput::Rules(Box::new(rules)), reply)).await?;
        Ok(noted.at)
    }

    /// Notes what a person does now, with the push that it makes.
    ///
    /// # Errors
    /// If it could not be noted.
    pub async fn add_inbound(&self, inbound: NewInbound) -> Result<Noted, SandboxError> {
        self.ask(|reply| DatabaseCommand::Note(NewInput::Inbound(Box::new(inbound)), reply)).await
    }

    /// Looks whether the clock needs a bound: it may, since its bar is another.
    pub fn renew_bound(&self) {
        // Where the books are closed nobody needs it any more.
        drop(self.commands.send(DatabaseCommand::Renew));
    }

    /// Waits until the inputs are others than these.
    pub async fn inputs_changed(&self, known: &Arc<Inputs>) {
        self.inputs.changed(known).await;
    }

    /// Reads a page of the logs. A bulk that is damaged is left out, unless the query names it or a message of it.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn logs(
        &self,
        query: Query,
        now: Timestamp,
        unsent: UnsentInLogs,
    ) -> Result<(LogsPage, Option<Timestamp>), SandboxError> {
        let FoundLogs { page, left_out, channel_until } =
            self.judge(move |database, inputs| database.logs(&query, inputs, (now, unsent))).await?;
        self.damaged.add(left_out);
        Ok((page, channel_until))
    }

    /// Hands out a batch of delivery reports: nobody is given one of them again, whatever happens from now on. A bulk
    /// that is damaged is left out, unless the query names it or a message of it.
    ///
    /// # Errors
    /// If the books cannot be read or written; then none was handed out.
    pub async fn reports(&self, query: ReportQuery, now: Timestamp) -> Result<Vec<DeliveryReport>, SandboxError> {
        loop {
            let query = query.clone();
            let read = self.judge(move |database, inputs| {
                let mut left_out = Vec::new();
                Ok((database.reports(&query, (inputs, now), &mut left_out)?, left_out))
            });
            let ((reports, handed), left_out) = read.await?;
            self.damaged.add(left_out);
            if handed.is_empty() || self.ask(|reply| DatabaseCommand::Mark(handed, reply)).await? {
                return Ok(reports);
            }
            // Somebody else was given some of them meanwhile.
        }
    }

    /// Reads the kept bulks that a search finds, the oldest first.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn bulks(&self, search: BulkFilter) -> Result<Vec<AcceptedBulk<'static>>, SandboxError> {
        self.read(move |database| database.bulks(&search)).await
    }

    /// The bulks that were left out since the books were opened or reset, because they are damaged.
    #[must_use]
    pub fn damaged_bulks(&self) -> BTreeSet<i64> {
        self.damaged.numbers()
    }

    /// What is to be told of those of them that nobody was told of yet.
    #[must_use]
    pub fn untold_damage(&self) -> Vec<SandboxError> {
        let damage = |number| SandboxError::Damaged { path: self.path.clone(), number };
        self.damaged.tell().into_iter().map(damage).collect()
    }

    /// Says how a message ends from now on, and from when, unless it is too late for that.
    ///
    /// # Errors
    /// If that could not be noted; then nothing changes.
    pub async fn tell_outcome(
        &self,
        message_id: String,
        ending: Ending,
    ) -> Result<Result<Timestamp, OutcomeRefusal>, SandboxError> {
        self.ask(|reply| DatabaseCommand::Tell((message_id, ending), reply)).await
    }

    /// Takes an entry into the journal of requests; nobody waits for it.
    pub(super) fn journal(&self, entry: RequestEntry, mut kept: KeptBodies) {
        // Whoever refuses more requests than can be written keeps no bodies then, and in the end no entries.
        match self.journalled.fetch_add(1, Ordering::Relaxed) {
            BODIES_ON_THE_WAY_MAX..ENTRIES_ON_THE_WAY_MAX => kept = KeptBodies::default(),
            ENTRIES_ON_THE_WAY_MAX.. => {
                self.journalled.fetch_sub(1, Ordering::Relaxed);
                return;
            }
            _ => {}
        }
        // Where the books are closed there is no journal either.
        drop(self.commands.send(DatabaseCommand::Journal(NewRequest { entry, kept })));
    }

    /// Reads the journal of requests, the newest first, with all that was taken into it before.
    ///
    /// # Errors
    /// If the books cannot be read or written.
    pub async fn requests(&self, search: RequestSearch) -> Result<Vec<KeptRequest>, SandboxError> {
        self.ask(DatabaseCommand::WriteJournal).await?;
        self.read(move |database| database.with_connection(|connection| requests::read(connection, &search))).await
    }

    /// Counts the entries of the journal that a search finds.
    ///
    /// # Errors
    /// As [`MessageStore::requests`].
    pub async fn count_requests(&self, search: RequestSearch) -> Result<u64, SandboxError> {
        self.ask(DatabaseCommand::WriteJournal).await?;
        self.read(move |database| database.with_connection(|connection| requests::count(connection, &search))).await
    }

    /// Forgets everything but the time; from then on these rules hold, if any are given.
    ///
    /// # Errors
    /// If that fails; then nothing was forgotten.
    pub async fn reset(&self, rules: Option<ChannelRules>) -> Result<(), SandboxError> {
        self.ask(|reply| DatabaseCommand::Reset(rules.map(Box::new), reply)).await?;
        self.read(|database| {
            database.forget();
            Ok(())
        })
        .await?;
        self.damaged.clear();
        Ok(())
    }

    /// Writes everything out and closes the file.
    ///
    /// # Errors
    /// If that fails.
    pub async fn close(&self) -> Result<(), SandboxError> {
        let (reply, closed) = oneshot::channel();
        if self.reads.send(ReadCommand::Close(reply)).is_ok() {
            // Whoever reads last has nothing to write out; what matters is that nobody reads any more.
            drop(closed.await);
        }
        self.ask(DatabaseCommand::Close).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut MessageDatabase) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let closed = || SandboxError::Closed { path: self.path.clone() };
        let (reply, answer) = oneshot::channel();
        let read = Box::new(move |database: &mut MessageDatabase| {
            // Whoever asked may be gone: then nobody misses the answer.
            drop(reply.send(read(database)));
        });
        self.reads.send(ReadCommand::Read(read)).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Reads what goes by the inputs.
    async fn judge<T: Send + 'static>(
        &self,
        judge: impl FnOnce(&mut MessageDatabase, &Arc<Inputs>) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let inputs = self.inputs.clone();
        self.read(move |database| database.judge(&inputs, judge)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut MessageDatabase) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let write = |reply: Reply<T>| {
            let write = move |database: &mut MessageDatabase| drop(reply.send(write(database)));
            DatabaseCommand::Write(Box::new(write))
        };
        self.ask(write).await
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> DatabaseCommand) -> Result<T, SandboxError> {
        let closed = || SandboxError::Closed { path: self.path.clone() };
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

/// Serves those who read, one after the other.
fn serve_readers(mut database: MessageDatabase, commands: &mpsc::Receiver<ReadCommand>) {
    while let Ok(command) = commands.recv() {
        match command {
            ReadCommand::Read(read) => read(&mut database),
            ReadCommand::Close(reply) => {
                drop(reply.send(database.close()));
                return;
            }
        }
    }
}

/// How many entries of the journal may wait with their bodies, and how many at all.
const BODIES_ON_THE_WAY_MAX: usize = 256;
const ENTRIES_ON_THE_WAY_MAX: usize = 16_384;

/// How many commands are worked on together.
const GROUP_MAX: usize = 64;

/// Serves commands until the books are closed: all that wait are taken together, so that their
/// writes share one commit. The bound of the clock is renewed with them, or in between.
fn serve(
    mut database: MessageDatabase,
    commands: &mpsc::Receiver<DatabaseCommand>,
    (inputs, journalled): (&SharedInputs, &AtomicUsize),
) {
    loop {
        let waits = [database.renew(), database.writes_requests_in()];
        let first = match waits.into_iter().flatten().min() {
            Some(wait) => match commands.recv_timeout(wait) {
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    // What cannot be written now is tried again.
                    drop(database.write_requests());
                    continue;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Ok(first) => first,
            },
            None => match commands.recv() {
                Err(mpsc::RecvError) => return,
                Ok(first) => first,
            },
        };
        let waiting = commands.try_iter().take(GROUP_MAX - 1);
        let mut entries = Vec::new();
        let mut rest = Vec::new();
        for command in std::iter::once(first).chain(waiting) {
            match command {
                DatabaseCommand::Accept(entry, reply) => entries.push((entry, reply)),
                other @ (DatabaseCommand::Keep(..)
                | DatabaseCommand::Change(..)
                | DatabaseCommand::Note(..)
                | DatabaseCommand::Mark(..)
                | DatabaseCommand::Journal(_)
                | DatabaseCommand::WriteJournal(_)
                | DatabaseCommand::Tell(..)
                | DatabaseCommand::Reset(..)
                | DatabaseCommand::Write(_)
                | DatabaseCommand::Renew
                | DatabaseCommand::Close(_)) => rest.push(other),
            }
        }
        accept(&mut database, entries, inputs);
        for command in rest {
            match command {
                DatabaseCommand::Accept(entry, reply) => accept(&mut database, vec![(entry, reply)], inputs),
                DatabaseCommand::Keep(clock, reply) => drop(reply.send(database.keep(clock))),
                DatabaseCommand::Change(change, reply) => drop(reply.send(database.change(&change))),
                DatabaseCommand::Note(input, reply) => drop(reply.send(database.note(input, inputs))),
                DatabaseCommand::Mark(handed, reply) => drop(reply.send(database.mark(&handed))),
                DatabaseCommand::Journal(request) => {
                    journalled.fetch_sub(1, Ordering::Relaxed);
                    database.journal(request);
                }
                DatabaseCommand::WriteJournal(reply) => drop(reply.send(database.write_requests())),
                DatabaseCommand::Tell(outcome, reply) => drop(reply.send(database.tell_outcome(outcome, inputs))),
                DatabaseCommand::Reset(rules, reply) => drop(reply.send(database.reset(inputs, rules.as_deref()))),
                DatabaseCommand::Write(write) => write(&mut database),
                // That is done before each wait.
                DatabaseCommand::Renew => {}
                DatabaseCommand::Close(reply) => {
                    drop(reply.send(database.close()));
                    return;
                }
            }
        }
    }
}

fn accept(database: &mut MessageDatabase, group: Vec<(NewBulk, Reply<Receipt>)>, inputs: &SharedInputs) {
    if group.is_empty() {
        return;
    }
    let (entries, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
    match database.accept(&entries, &inputs.get()) {
        Ok(receipts) => {
            for (reply, receipt) in replies.into_iter().zip(receipts) {
                drop(reply.send(Ok(receipt)));
            }
        }
        Err(source) => {
            for reply in replies {
                drop(reply.send(Err(database.error(&source))));
            }
        }
    }
}

#[cfg(test)]
mod tests;
