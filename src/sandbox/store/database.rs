//! Keeps the books: the only one who holds the database.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, TransactionBehavior};

use super::book_count::SharedBookCount;
use super::checkpoint::Checkpoints;
use super::counted::CountedProgress;
use super::damaged::unless_damaged;
use super::header::check_file;
use super::index::MessageIndex;
use super::kept::{BulkFilter, NewBulk, OpenedDatabase, Receipt};
use super::known::KnownIds;
use super::pushes;
use super::requests::{self, NewRequest, PENDING_MAX};
use super::shared::SharedInputs;
use super::{channel_turns, outcomes, sequence, table};
use crate::sandbox::clock::{ClockRefusal, ClockSetting, Moved, SandboxClock};
use crate::sandbox::error::{SandboxError, Stranger};
use crate::sandbox::model::bulk::{AcceptedBulk, BulkHeader};
use crate::sandbox::model::inputs::{InboundMessage, Inputs};
use crate::sandbox::model::logs::PageBuilder;
use crate::sandbox::model::query::Query;
use crate::sandbox::model::reports::{BatchBuilder, Handed, ReportQuery};
use crate::sandbox::model::rules::ChannelRules;
use crate::sandbox::model::webhook::inbound::InboundDraft;
use crate::sandbox::model::webhook::push::{Push, PushContent};
use crate::wire::choices::UnsentInLogs;
use crate::wire::limits;
use crate::wire::options::ReportType;
use crate::wire::response::{DeliveryReport, LogsPage};

/// After how much real time a bound that could not be written is tried again.
const RENEWED_AGAIN: Duration = Duration::from_millis(100);

/// After how much real time the journal of requests is written, where nothing else is.
const REQUESTS_WRITTEN_AFTER: Duration = Duration::from_millis(200);

/// How many headers are read at once of bulks that are read one after the other.
const HEADERS_AT_ONCE: usize = 256;

/// What is done to the sandbox from outside.
#[derive(Debug)]
pub(super) enum NewInput {
    /// The channel behaves in another way.
    Rules(Box<ChannelRules>),
    /// A person writes to a sender, or blocks it.
    Inbound(Box<NewInbound>),
}

/// What a person does.
#[derive(Debug)]
pub struct NewInbound {
    /// The sender.
    pub sender: String,
    /// The person.
    pub person: String,
    /// What they write; nothing if they block the sender.
    pub draft: Option<InboundDraft>,
    /// Where that is posted, if it is.
    pub url: Option<String>,
}

/// What was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// When.
    pub at: Timestamp,
    /// The number of the push that it makes, if it makes one.
    pub push: Option<i64>,
}

pub(super) fn hours_before(now: Timestamp, hours: u32) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MIN)
}

/// The database and what is known about it.
pub(super) struct MessageDatabase {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    index: MessageIndex,
    /// The messageIds that are not accepted again.
    known: KnownIds,
    /// How far the messages have come.
    pub(super) progress: CountedProgress,
    /// How many bulks and messages there are; by whoever writes.
    pub(super) counted: SharedBookCount,
    /// The entries of the journal that are to be written.
    requests: Vec<NewRequest>,
    /// The clock whose bound is kept here.
    clock: Option<Arc<SandboxClock>>,
    /// The bound that was written last.
    bound: Option<Timestamp>,
    checkpoints: Option<Checkpoints>,
}

/// What the logs have of what was asked for.
pub(super) struct FoundLogs {
    pub(super) page: LogsPage,
    /// The numbers of the bulks that are left out because they are damaged.
    pub(super) left_out: Vec<i64>,
    /// Until when something that was asked for by its id may wait for its turn at the channel, if anything does.
    pub(super) channel_until: Option<Timestamp>,
}

impl MessageDatabase {
    /// Opens the books, or makes them.
    pub(super) fn open(path: &Path) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Open { path: path.to_owned(), source };
        check_file(path)?;
        table::create_file(path).map_err(failed)?;
        Self::connect(path)
    }

    /// Opens books once more that this process has open. The file itself is not looked at again: whoever closes it ends all
    /// locks of their process on it (POSIX, fcntl), and another process that believes nobody has it open removes what is
    /// written and not yet taken over.
    pub(super) fn connect(path: &Path) -> Result<Self, SandboxError> {
        let opened = table::open(path).or_else(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Ok(None),
            _ => Err(SandboxError::Books { path: path.to_owned(), source: Arc::new(source) }),
        });
        let foreign = || SandboxError::Foreign { path: path.to_owned(), stranger: Stranger::OtherProgram };
        let connection = opened?.ok_or_else(foreign)?;
        let made = requests::create(&connection)
            .and_then(|()| outcomes::create(&connection))
            .and_then(|()| sequence::create(&connection))
            .and_then(|()| channel_turns::create(&connection))
            .and_then(|()| pushes::create(&connection));
        made.map_err(|source| SandboxError::Books { path: path.to_owned(), source: Arc::new(source) })?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            index: MessageIndex::default(),
            known: KnownIds::default(),
            progress: CountedProgress::default(),
            counted: SharedBookCount::default(),
            requests: Vec::new(),
            clock: None,
            bound: None,
            checkpoints: None,
        })
    }

    /// Lets another thread take over into the file what is written here.
    pub(super) fn take_over_aside(&mut self) -> Result<(), SandboxError> {
        let Self { path, connection, .. } = Self::connect(&self.path)?;
        let checkpoints = Checkpoints::start(connection).map_err(|source| SandboxError::Open { path, source })?;
        self.checkpoints = Some(checkpoints);
        Ok(())
    }

    /// The error of the sandbox for one of the database.
    pub(super) fn error(&self, source: &Arc<rusqlite::Error>) -> SandboxError {
        SandboxError::Books { path: self.path.clone(), source: Arc::clone(source) }
    }

    pub(super) fn wrap<T>(&self, result: rusqlite::Result<T>) -> Result<T, SandboxError> {
        result.map_err(|source| self.error(&Arc::new(source)))
    }

    /// What the books hold.
    pub(super) fn opened(&mut self) -> Result<OpenedDatabase, SandboxError> {
        let bound = self.wrap(table::bound(&self.connection))?;
        self.counted.set(self.wrap(table::count(&self.connection))?);
        let sequence = u64::try_from(self.wrap(sequence::next(&self.connection))?).unwrap_or_default();
        Ok(OpenedDatabase { bound, sequence })
    }

    /// Keeps the bound of a clock from now on; its present time is durable then.
    pub(super) fn keep(&mut self, clock: Arc<SandboxClock>) -> Result<(), SandboxError> {
        let bound = clock.wanted_bound().unwrap_or_else(|| clock.now());
        self.write_bound(bound)?;
        clock.grant(bound);
        self.clock = Some(clock);
        Ok(())
    }

    /// Changes the clock, once the bound that it needs for that is durable.
    pub(super) fn change(&mut self, change: &ClockSetting) -> Result<Result<Moved, ClockRefusal>, SandboxError> {
        let Some(clock) = self.clock.clone() else {
            return Err(SandboxError::Closed { path: self.path.clone() });
        };
        match clock.bound_of(change) {
            Ok(bound) => {
                self.write_bound(bound)?;
                Ok(clock.change(change, bound))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Gives the clock a new bound if it needs one; says how much real time passes until it needs the next.
    pub(super) fn renew(&mut self) -> Option<Duration> {
        let clock = self.clock.clone()?;
        if let Some(bound) = clock.wanted_bound() {
            if self.write_bound(bound).is_err() {
                // The clock stands still until the books can be written again.
                return Some(RENEWED_AGAIN);
            }
            clock.grant(bound);
        }
        clock.wants_bound_in()
    }

    /// Writes the bound once more that holds.
    pub(super) fn check_writable(&mut self) -> Result<(), SandboxError> {
        match self.bound {
            Some(bound) => self.write_bound(bound),
            None => Ok(()),
        }
    }

    fn write_bound(&mut self, bound: Timestamp) -> Result<(), SandboxError> {
        self.wrap(table::raise_bound(&self.connection, bound))?;
        self.bound = self.bound.max(Some(bound));
        Ok(())
    }

    /// Keeps a group of bulks in one transaction: all of them, or none.
    pub(super) fn accept(
        &mut self,
        entries: &[NewBulk],
        inputs: &Inputs,
    ) -> Result<Vec<Receipt>, Arc<rusqlite::Error>> {
        let result = self.accept_all(entries, inputs);
        if result.is_err() {
            // It may know bulks that were rolled back.
            self.index = MessageIndex::default();
            self.known = KnownIds::default();
        }
        result.map_err(Arc::new)
    }

    fn accept_all(&mut self, entries: &[NewBulk], inputs: &Inputs) -> rusqlite::Result<Vec<Receipt>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut receipts = Vec::with_capacity(entries.len());
        for entry in entries {
            let rejected = self.known.rejected(&transaction, entry)?;
            let number = table::insert(&transaction, entry, &rejected)?;
            // Rules may have come between its check and its number.
            let rules = inputs.rules(entry.accepted_at, number);
            if let Some(rate) = rules.channel_rate {
                channel_turns::give(&transaction, number, (rate, rules))?;
            }
            if rules.channel_rate.is_some() || rules.validity_from != entry.validity_from {
                table::set_span(&transaction, number, rules.validity_from)?;
            }
            receipts.push(Receipt { number, rejected });
        }
        // What has to be synced anyway takes the clock's next bound with it.
        let bound = self.clock.as_ref().and_then(|clock| clock.wanted_bound());
        if let Some(bound) = bound {
            table::raise_bound(&transaction, bound)?;
        }
        requests::write(&transaction, &self.requests)?;
        transaction.commit()?;
        self.counted.add(entries, &receipts);
        self.requests.clear();
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.wrote(entries.iter().map(|entry| entry.body.len()).sum());
        }
        if let (Some(clock), Some(bound)) = (&self.clock, bound) {
            self.bound = self.bound.max(Some(bound));
            clock.grant(bound);
        }
        Ok(receipts)
    }

    /// Reads a page of the logs.
    pub(super) fn logs(
        &mut self,
        query: &Query,
        inputs: &Inputs,
        (now, unsent): (Timestamp, UnsentInLogs),
    ) -> Result<FoundLogs, SandboxError> {
        let is_named = !query.message_ids.is_empty() || !query.bulk_ids.is_empty();
        let mut headers = if !query.message_ids.is_empty() {
            self.headers_with(query.message_ids.iter().map(String::as_str))?
        } else if !query.bulk_ids.is_empty() {
            self.wrap(table::headers(&self.connection, &query.bulk_ids))?
        } else {
            let until = if unsent == UnsentInLogs::Show { Timestamp::MAX } else { now };
            let until = query.sent_until.map_or(until, |sent_until| sent_until.min(until));
            let from = hours_before(now, limits::LOGS_HOURS);
            let from = query.sent_since.map_or(from, |since| since.max(from));
            self.wrap(table::headers_between(&self.connection, from, until))?
        };
        let waits = |header: &&BulkHeader| is_named && header.pace.turns.is_some() && header.ends_at() > now;
        let channel_until = headers.iter().filter(waits).map(BulkHeader::ends_at).max();
        headers.sort_by_key(|header| Reverse(header.ends_at()));
        let mut page = PageBuilder::new(query, inputs, now, unsent);
        let mut left_out = Vec::new();
        for header in headers {
            if page.wants(&header)
                && let Some(bulk) = unless_damaged(self.load(header), is_named, &mut left_out)?
            {
                page.add(&bulk);
            }
        }
        Ok(FoundLogs { page: page.finish(), left_out, channel_until })
    }

    /// Reads what goes by the inputs, whatever is taken in meanwhile: all that it reads was there before they are looked at,
    /// and whoever takes in a bulk has set the inputs before that hold for it.
    pub(super) fn judge<T>(
        &mut self,
        inputs: &SharedInputs,
        judge: impl FnOnce(&mut Self, &Arc<Inputs>) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        let begin = |connection: &Connection| {
            connection.execute_batch("BEGIN")?;
            // The first that is read says as of when all is.
            connection.query_row("SELECT count(*) FROM clock", [], |_| Ok(()))
        };
        let judged = self.wrap(begin(&self.connection)).and_then(|()| judge(self, &inputs.get()));
        // However it ended: what stays open would show the same moment for ever. After some errors it has ended already.
        if !self.connection.is_autocommit() {
            self.wrap(self.connection.execute_batch("ROLLBACK"))?;
        }
        judged
    }

    /// Reads a batch of delivery reports that nobody was given, and what is to be marked before they are. The numbers of
    /// the bulks that are left out because they are damaged are noted.
    pub(super) fn reports(
        &mut self,
        query: &ReportQuery,
        (inputs, now): (&Inputs, Timestamp),
        left_out: &mut Vec<i64>,
    ) -> Result<(Vec<DeliveryReport>, Vec<Handed>), SandboxError> {
        let is_named = query.message_id.is_some() || query.bulk_id.is_some();
        let mut headers = match (&query.message_id, &query.bulk_id) {
            (Some(message_id), _) => self.headers_with([message_id.as_str()])?,
            (None, Some(bulk_id)) => self.wrap(table::headers(&self.connection, std::slice::from_ref(bulk_id)))?,
            // A message ends at most 48 hours after it came into the logs.
            (None, None) => {
                let from = hours_before(now, 2 * limits::LOGS_HOURS);
                self.wrap(table::headers_to_report(&self.connection, from, now))?
            }
        };
        headers.sort_by_key(|header| header.logged.first);
        let mut batch = BatchBuilder::new(query, inputs, now);
        for header in headers {
            if batch.wants(&header) {
                let marks = self.wrap(table::marks(&self.connection, header.number))?;
                if let Some(bulk) = unless_damaged(self.load(header), is_named, left_out)? {
                    batch.add(&bulk, marks);
                }
            }
        }
        Ok(batch.finish())
    }

    /// Marks reports as handed out, all of them or none; `false` if others were handed out meanwhile.
    pub(super) fn mark(&mut self, handed: &[Handed]) -> Result<bool, SandboxError> {
        let result = self.mark_all(handed);
        self.wrap(result)
    }

    fn mark_all(&mut self, handed: &[Handed]) -> rusqlite::Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for handed in handed {
            if !table::mark(&transaction, handed)? {
                return Ok(false);
            }
        }
        transaction.commit()?;
        Ok(true)
    }

    /// Notes an input at the time of the clock, which is held meanwhile: nobody sees a time after it who does not see
    /// the input.
    pub(super) fn note(&mut self, input: NewInput, inputs: &SharedInputs) -> Result<Noted, SandboxError> {
        // Nobody but this thread replaces them.
        let mut noted = Inputs::clone(&inputs.get());
        let mut push = None;
        let hold = self.clock()?.hold();
        let at = hold.at();
        match input {
            NewInput::Rules(rules) => {
                noted.add_rules(self.wrap(table::add_rules(&self.connection, at, &rules))?);
            }
            NewInput::Inbound(inbound) => {
                let result = self.note_inbound(&inbound, at);
                let (message, number) = self.wrap(result)?;
                noted.add_inbound(message);
                push = number;
            }
        }
        inputs.set(noted);
        Ok(Noted { at, push })
    }

    /// Notes what a person does, together with the push that it makes.
    fn note_inbound(
        &mut self,
        inbound: &NewInbound,
        now: Timestamp,
    ) -> rusqlite::Result<(InboundMessage, Option<i64>)> {
        let NewInbound { sender, person, draft, url } = inbound;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (entry, message) = table::add_inbound(&transaction, now, (sender, person), draft.as_ref())?;
        let push = url.as_ref().filter(|_| draft.is_some()).map(|url| {
            let push = Push::new(now, url.clone(), ReportType::Json, PushContent::Inbound(entry));
            pushes::write(&transaction, &push)
        });
        let push = push.transpose()?;
        transaction.commit()?;
        Ok((message, push))
    }

    /// Reads the inputs that are noted.
    pub(super) fn inputs(&self) -> Result<Inputs, SandboxError> {
        let mut inputs = self.wrap(table::inputs(&self.connection))?;
        self.wrap(outcomes::load(&self.connection, &mut inputs))?;
        Ok(inputs)
    }

    /// Takes an entry of the journal, which is written with the next bulks, or a little later.
    pub(super) fn journal(&mut self, request: NewRequest) {
        self.requests.push(request);
        if self.requests.len() >= PENDING_MAX {
            // A journal that cannot be written loses entries, and holds up nobody.
            drop(self.write_requests());
            self.requests.clear();
        }
    }

    /// After how much real time the journal is written, if something is to be written.
    pub(super) fn writes_requests_in(&self) -> Option<Duration> {
        (!self.requests.is_empty()).then_some(REQUESTS_WRITTEN_AFTER)
    }

    /// Writes what is to be written of the journal.
    pub(super) fn write_requests(&mut self) -> Result<(), SandboxError> {
        if self.requests.is_empty() {
            return Ok(());
        }
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            requests::write(&transaction, &self.requests)?;
            transaction.commit()
        };
        self.wrap(write())?;
        self.requests.clear();
        Ok(())
    }

    /// Forgets what is to be written of the journal.
    pub(super) fn forget_requests(&mut self) {
        self.requests.clear();
    }

    /// Forgets what it knows of bulks by heart: their numbers begin anew.
    pub(super) fn forget(&mut self) {
        self.index = MessageIndex::default();
        self.known = KnownIds::default();
        self.progress = CountedProgress::default();
    }

    /// The clock whose bound is kept.
    pub(super) fn clock(&self) -> Result<Arc<SandboxClock>, SandboxError> {
        self.clock.clone().ok_or_else(|| SandboxError::Closed { path: self.path.clone() })
    }

    /// Does some work on the tables.
    pub(super) fn with_connection<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SandboxError> {
        self.wrap(work(&self.connection))
    }

    /// Reads the bulk with a number.
    pub(super) fn bulk(&self, number: i64) -> Result<Option<AcceptedBulk<'static>>, SandboxError> {
        let header = table::header(&self.connection, number).map_err(|source| self.broken(number, source))?;
        header.map(|header| self.load(header)).transpose()
    }

    /// Reads the bulks that may have a message with an id.
    pub(super) fn bulks_with(&mut self, message_id: &str) -> Result<Vec<AcceptedBulk<'static>>, SandboxError> {
        let headers = self.headers_with([message_id])?;
        headers.into_iter().map(|header| self.load(header)).collect()
    }

    /// Hands out the bulks that a search finds, in the order of acceptance.
    pub(super) fn each(
        &mut self,
        search: &BulkFilter,
        mut each: impl FnMut(AcceptedBulk<'static>),
    ) -> Result<(), SandboxError> {
        let BulkFilter { bulk_id, message_id, number_min, messages_max } = search;
        let mut found = 0;
        let mut next = *number_min;
        loop {
            let mut headers = match (message_id, bulk_id) {
                (Some(message_id), _) => self.headers_with([message_id.as_str()])?,
                (None, Some(bulk_id)) => self.wrap(table::headers(&self.connection, std::slice::from_ref(bulk_id)))?,
                (None, None) => self.wrap(table::headers_from(&self.connection, next, HEADERS_AT_ONCE))?,
            };
            let is_last = message_id.is_some() || bulk_id.is_some() || headers.len() < HEADERS_AT_ONCE;
            headers.retain(|header| header.number >= *number_min);
            headers.retain(|header| bulk_id.as_ref().is_none_or(|bulk_id| *bulk_id == header.bulk_id));
            for header in headers {
                if messages_max.is_some_and(|max| found >= max) {
                    return Ok(());
                }
                next = header.number + 1;
                let bulk = self.load(header)?;
                // A bulk may have only one of the messages that are looked for.
                found += if message_id.is_some() { 1 } else { bulk.table.messages.len() };
                each(bulk);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Reads the bulks that a search finds, in the order of acceptance.
    pub(super) fn bulks(&mut self, search: &BulkFilter) -> Result<Vec<AcceptedBulk<'static>>, SandboxError> {
        let mut bulks = Vec::new();
        self.each(search, |bulk| bulks.push(bulk))?;
        Ok(bulks)
    }

    fn headers_with<'a>(
        &mut self,
        message_ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<BulkHeader>, SandboxError> {
        let refreshed = self.index.refresh(&self.connection);
        self.wrap(refreshed)?;
        let numbers = self.index.find(message_ids);
        let headers: rusqlite::Result<Vec<_>> =
            numbers.into_iter().map(|number| table::header(&self.connection, number)).collect();
        Ok(self.wrap(headers)?.into_iter().flatten().collect())
    }

    pub(super) fn load(&self, header: BulkHeader) -> Result<AcceptedBulk<'static>, SandboxError> {
        let number = header.number;
        table::load(&self.connection, header).map_err(|source| self.broken(number, source))
    }

    /// The error of the sandbox for one of the database that came of something with a number.
    pub(super) fn broken(&self, number: i64, source: rusqlite::Error) -> SandboxError {
        if matches!(source, rusqlite::Error::FromSqlConversionFailure(..)) {
            return SandboxError::Damaged { path: self.path.clone(), number };
        }
        self.error(&Arc::new(source))
    }

    /// Writes everything out and closes the file. The clock stops, and nobody has seen a time beyond its last
    /// one, so that the next begins there.
    pub(super) fn close(mut self) -> Result<(), SandboxError> {
        self.write_requests()?;
        if let (Some(clock), Some(bound)) = (&self.clock, self.bound) {
            self.wrap(table::lower_bound(&self.connection, bound, clock.stop()))?;
        }
        let path = self.path;
        self.connection.close().map_err(|(_, source)| SandboxError::Books { path, source: Arc::new(source) })
    }
}
