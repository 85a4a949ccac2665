//! What is asked, and what an answer means.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::error::Error;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, join, select};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::recognise::{Recognise, Whose};
use super::sample;
use crate::apply::evidence::{
    Addressee, By, LedgerView, LogQuery, LogRow, Logs, LogsAnswer, LogsFailure, RecentQuery, sighting,
};
use crate::apply::ports::{Clock, Store};
use crate::apply::summary::{Alarm, MessageRevision, Stopped};
use crate::apply::verdict::state;
use crate::campaign::Witness;
use crate::identity::{BulkId, MessageId, Person, PersonMap, SenderId};
use crate::ledger::{Claim, ClaimId, Dated, Evidence, Ledger, PersonState, Standing, Testimony};
use crate::plan::Bulk;
use crate::timing::horizon::LOGS_BACK_MAX;
use crate::wire::response::STATUS_DUPLICATE_MESSAGE_ID;

/// How long before the ledger's last claim the look begins, where the logs do not know more than the whole ledger.
const LOOK_BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// How many pages the look reads.
const LOOK_PAGES_MAX: usize = 3;
/// How long a bulk waits for its question where the witness is only preferred.
const PATIENCE: Duration = Duration::from_secs(10);

/// Finds the persons that other keys of the run make of people.
pub trait OlderKeys: Recognise {
    /// Why it failed.
    type Error: Error + Send + Sync + 'static;

    /// The persons under all keys but the first, of each recipient of a bulk, in its order; nothing at
    /// all, if there is one key only.
    fn persons(&self, bulk: &Bulk) -> impl Future<Output = Result<Vec<Vec<Person>>, Self::Error>> + Send;
}

/// There is one key only.
#[derive(Debug, Clone, Copy)]
pub struct NoOlderKeys;

impl Recognise for NoOlderKeys {
    fn under(&self, _sender: &SenderId) -> impl Fn(&Addressee) -> Vec<Person> + Send {
        |_: &Addressee| Vec::new()
    }
}

impl OlderKeys for NoOlderKeys {
    type Error = std::convert::Infallible;

    async fn persons(&self, _bulk: &Bulk) -> Result<Vec<Vec<Person>>, Self::Error> {
        Ok(Vec::new())
    }
}

/// The asking of a run.
#[derive(Debug)]
pub struct Watch<'a, S, L, C, K> {
    store: &'a S,
    logs: &'a L,
    clock: &'a C,
    older: &'a K,
    mode: Witness,
    senders: BTreeSet<SenderId>,
    /// How many people may be sent to whom the gateway has under keys that the run does not have.
    accepts_other_keys: u64,
    /// How many people of each bulk are asked for.
    of_each: usize,
    /// Whom of each planned bulk, in their order.
    samples: Vec<Bulk>,
    /// The number of a planned bulk, by its first person.
    numbers: HashMap<(MessageRevision, Person), usize>,
    progress: watch::Sender<WatchProgress>,
    state: Mutex<WatchState>,
}

/// How far the asking has come.
#[derive(Debug, Default)]
struct WatchProgress {
    /// The samples that were asked for.
    asked: HashSet<usize>,
    /// Whether nothing more will be.
    is_over: bool,
}

#[derive(Debug, Default)]
struct WatchState {
    /// The last sample of each message that a bulk was given for.
    passed: BTreeMap<MessageRevision, usize>,
    /// The sample that a bulk waits for.
    awaited: Option<usize>,
    /// The samples that were asked for: those that were passed before never are.
    witnessed: HashSet<usize>,
    /// Whether the first question was given up, or not answered to its end.
    is_look_cut: bool,
    /// Whether questions do not keep up with the sending, so that no bulk waits for them.
    lags: bool,
    left_out: BTreeMap<MessageRevision, LeftOut>,
    /// How many people were asked for.
    asked: u64,
    /// How many bulks were cleared.
    cleared: u64,
    /// How many of them went unasked.
    unasked: u64,
    /// Whoever got their message although the ledger said that it was surely not sent.
    sent_all_the_same: u64,
    /// What the first question was answered.
    looked: Option<Looked>,
    /// What the first question is about, if it was given up.
    to_compare: Vec<Bulk>,
    failure: Option<LogsFailure>,
    stopped: Option<Stopped>,
}

/// Why somebody is left out whom the gateway has a message of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The ledger has them under another key.
    OtherKey,
    /// A claim of them is open, perhaps another run's.
    Open,
}

/// Who is left out.
pub(super) type LeftOut = PersonMap<Why>;

/// What the logs have, by messageId.
type Rows = BTreeMap<MessageId, Vec<LogRow>>;

/// What was sent lately.
#[derive(Debug, Default)]
struct Looked {
    rows: Rows,
    /// Whose they are, as far as they say for whom they are.
    whose: BTreeMap<MessageId, Whose>,
}

/// An id that was asked for, and who is meant by it.
type Asked = BTreeMap<MessageId, MessageId>;

impl<'a, S: Store + LedgerView, L: Logs, C: Clock, K: OlderKeys> Watch<'a, S, L, C, K> {
    /// Chooses whom to ask for of these bulks, which are sent by these senders.
    #[must_use]
    pub fn new(
        parts: (&'a S, &'a L, &'a C, &'a K),
        mode: Witness,
        bulks: &[Bulk],
        senders: impl IntoIterator<Item = SenderId>,
    ) -> Self {
        Self::asking_for(parts, mode, bulks, senders, sample::of_each(bulks.len()))
    }

    /// The same, with so many people of each bulk.
    pub(in crate::apply) fn asking_for(
        (store, logs, clock, older): (&'a S, &'a L, &'a C, &'a K),
        mode: Witness,
        bulks: &[Bulk],
        senders: impl IntoIterator<Item = SenderId>,
        of_each: usize,
    ) -> Self {
        let asks = mode != Witness::Off;
        let samples: Vec<Bulk> = bulks.iter().filter(|_| asks).map(|bulk| sample::of(bulk, of_each)).collect();
        let number = |(number, bulk): (usize, &Bulk)| Some((key(bulk)?, number));
        let numbers = samples.iter().enumerate().filter_map(number).collect();
        Self {
            store,
            logs,
            clock,
            older,
            mode,
            senders: senders.into_iter().collect(),
            accepts_other_keys: 0,
            of_each,
            samples,
            numbers,
            progress: watch::Sender::default(),
            state: Mutex::default(),
        }
    }

    /// Lets so many people be sent to again whom the gateway has under keys that the run does not have.
    #[must_use]
    pub fn accepting_other_keys(self, people: u64) -> Self {
        Self { accepts_other_keys: people, ..self }
    }

    /// Asks the first two questions, together: what was sent lately, and for the first people. `bulks` are
    /// those that the watch was made of.
    pub async fn open(&self, bulks: &[Bulk]) {
        if !self.asks() {
            return;
        }
        let look = async {
            let found = self.look().await;
            self.state().looked = Some(found);
        };
        let both = join(look, self.next());
        if self.mode == Witness::Preferred {
            let is_cut = matches!(select(pin!(both), pin!(self.clock.sleep(PATIENCE))).await, Either::Right(_));
            self.state().lags = is_cut;
        } else {
            both.await;
        }
        // What its answer says is looked into, however long that takes, and however long the other one does.
        let looked = self.state().looked.take();
        if let Some(found) = looked {
            return self.compare(found, bulks).await;
        }
        let mut state = self.state();
        state.is_look_cut = true;
        state.to_compare = bulks.to_vec();
    }

    /// Asks the other questions, one after the other, until all are asked, and besides what was sent lately, if
    /// nobody had the patience to wait for that.
    pub async fn drive(&self) {
        let questions = async { while self.next().await {} };
        join(self.look_late(), questions).await;
    }

    /// Looks although bulks are sent already: what is found ends the run.
    async fn look_late(&self) {
        let bulks = std::mem::take(&mut self.state().to_compare);
        if !bulks.is_empty() {
            let found = self.look().await;
            self.compare(found, &bulks).await;
        }
    }

    /// What somebody should look at afterwards.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        let state = self.state();
        let why = state.failure.as_ref().map(ToString::to_string);
        let bulks = if state.is_look_cut { state.cleared } else { state.unasked };
        let unasked = (bulks > 0).then_some(Alarm::NotWitnessed { bulks, why });
        let sent = (state.sent_all_the_same > 0).then_some(Alarm::SentAllTheSame { people: state.sent_all_the_same });
        sent.into_iter().chain(unasked).collect()
    }

    /// Why nothing may be claimed any more, if that was found out.
    #[must_use]
    pub fn stopped(&self) -> Option<Stopped> {
        self.state().stopped.clone()
    }

    /// Who of a message is not to be claimed any more.
    pub(super) fn left_out(&self, message: &MessageRevision) -> Vec<Person> {
        self.state().left_out.get(message).map(|people| people.keys().copied().collect()).unwrap_or_default()
    }

    /// Whether anything is asked at all.
    pub(super) fn asks(&self) -> bool {
        self.mode != Witness::Off
    }

    /// Those people of a bulk who stand for all of them.
    pub(super) fn sample(&self, bulk: &Bulk) -> Bulk {
        sample::of(bulk, self.of_each)
    }

    /// Waits until the bulk of a sample may be claimed, and says who of its message is to be left out.
    ///
    /// # Errors
    /// Why nothing may be claimed any more.
    pub(super) async fn clear(&self, sample: Bulk) -> Result<LeftOut, Stopped> {
        let message = (sample.message.clone(), sample.revision);
        let number = key(&sample).and_then(|key| self.numbers.get(&key)).copied();
        let is_in_time = match number {
            Some(number) => self.wait_for(&message, number).await,
            None => true,
        };
        let is_witnessed = number.is_some_and(|number| self.state().witnessed.contains(&number));
        // It is not of the plan that this run made, or was passed over as somebody else's.
        let is_asked = is_witnessed || (is_in_time && self.ask_now(sample).await);
        let mut state = self.state();
        state.lags = !is_in_time;
        if let Some(stopped) = &state.stopped {
            return Err(stopped.clone());
        }
        state.cleared += 1;
        state.unasked += u64::from(!is_asked);
        Ok(state.left_out.get(&message).cloned().unwrap_or_default())
    }

    /// Waits until a sample was asked for, or passed over; false if that takes too long.
    async fn wait_for(&self, message: &MessageRevision, number: usize) -> bool {
        let lags = {
            let mut state = self.state();
            let message = (message.0.clone(), message.1);
            let passed = state.passed.entry(message).or_default();
            *passed = number.max(*passed);
            state.awaited = Some(number);
            state.lags
        };
        let mut progress = self.progress.subscribe();
        let is_done = progress.wait_for(|progress| progress.is_over || progress.asked.contains(&number));
        match self.mode {
            Witness::Required | Witness::Off => is_done.await.is_ok(),
            Witness::Preferred => {
                let patience = if lags { Duration::ZERO } else { PATIENCE };
                matches!(select(pin!(is_done), pin!(self.clock.sleep(patience))).await, Either::Left(_))
            }
        }
    }

    /// Asks for the people of a sample that no question was about; false if that takes too long, or logs that have
    /// failed are not asked again.
    async fn ask_now(&self, sample: Bulk) -> bool {
        let is_over = {
            let state = self.state();
            state.failure.is_some() || state.stopped.is_some()
        };
        if is_over {
            return false;
        }
        let samples = [sample];
        let asking = self.ask_for(&samples);
        let in_time = match self.mode {
            Witness::Required | Witness::Off => {
                asking.await;
                true
            }
            Witness::Preferred => {
                matches!(select(pin!(asking), pin!(self.clock.sleep(PATIENCE))).await, Either::Left(_))
            }
        };
        in_time && self.state().failure.is_none()
    }

    /// Since when the look reads. A ledger that is younger than the logs says nothing of what was sent before it
    /// began, be it that all of it was taken back, or that it is another one.
    fn look_since(&self) -> Timestamp {
        let begin = self.clock.now().checked_sub(LOGS_BACK_MAX).unwrap_or(Timestamp::MIN);
        let (first, last) = self.store.read(|ledger| {
            let made = || ledger.claims().filter_map(|claim| made(claim.claim()));
            (made().min(), made().max())
        });
        let is_older = first.is_some_and(|first| first <= begin);
        let last = last.filter(|_| is_older).and_then(|last| last.checked_sub(LOOK_BEFORE).ok());
        last.map_or(begin, |last| last.max(begin))
    }

    /// Asks what was sent lately, and gives what may be of people who are about to be sent to.
    async fn look(&self) -> Looked {
        let since = self.look_since();
        let mut looked = Looked::default();
        for sender in &self.senders {
            let look = RecentQuery { sender: sender.clone(), since, pages_max: LOOK_PAGES_MAX };
            let found = self.logs.recent(&look).await;
            let persons = self.older.under(sender);
            for row in found.rows.into_iter().filter(is_hit) {
                let Some(id) = MessageId::parse(&row.message_id) else { continue };
                if let Some(whose) = row.to.as_ref().and_then(|to| Whose::of(&id, &persons(to))) {
                    looked.whose.insert(id.clone(), whose);
                }
                looked.rows.entry(id).or_default().push(row);
            }
            if let Some(failure) = found.failure {
                // What was read before is as true as ever.
                self.state().is_look_cut = true;
                self.fail(failure);
                break;
            }
        }
        looked
    }

    /// Finds out whether what was sent lately is of people in these bulks.
    async fn compare(&self, Looked { mut rows, whose }: Looked, bulks: &[Bulk]) {
        if rows.is_empty() {
            return;
        }
        let mut meant = self.meant(&rows, &whose, bulks);
        // Whom the ledger does not know may be one of them under another key. To find that out they are all
        // made ready, which is worth it only then.
        let is_of =
            |id: &MessageId| bulks.iter().any(|bulk| bulk.message == id.message && bulk.revision == id.revision);
        if rows.keys().any(|id| !meant.contains_key(id) && !self.is_known(id) && is_of(id)) {
            for bulk in bulks {
                let Some(ids) = self.ids(bulk).await else { return };
                meant.extend(ids.into_iter().filter(|(id, _)| rows.contains_key(id)));
            }
        }
        rows.retain(|id, _| meant.contains_key(id));
        let is_of_other = |id: &MessageId| matches!(whose.get(id), Some(Whose::OtherKeys(_)));
        let asked = bulks.iter().map(|bulk| bulk.recipients.len() as u64).sum();
        self.examine(&meant, rows, asked, is_of_other).await;
    }

    /// Who in these bulks is meant by rows: by their ids, or by whom they are for.
    fn meant(&self, rows: &Rows, whose: &BTreeMap<MessageId, Whose>, bulks: &[Bulk]) -> Asked {
        let mut addressed: BTreeMap<MessageId, Vec<&MessageId>> = BTreeMap::new();
        for (id, whose) in whose.iter().filter(|(id, _)| !self.is_known(id)) {
            let first = MessageId { person: whose.first(), ..id.clone() };
            addressed.entry(first).or_default().push(id);
        }
        let mut meant = Asked::new();
        for planned in bulks.iter().flat_map(|bulk| bulk.recipients.iter().map(|one| id(bulk, one.person))) {
            let ids = addressed.get(&planned).into_iter().flatten();
            meant.extend(ids.map(|id| ((*id).clone(), planned.clone())));
            if rows.contains_key(&planned) {
                meant.insert(planned.clone(), planned);
            }
        }
        meant
    }

    /// Asks the next question; false if there is none.
    async fn next(&self) -> bool {
        let is_over = {
            let state = self.state();
            state.stopped.is_some() || state.failure.is_some()
        };
        let rest = self.unasked().filter(|_| !is_over);
        let Some((begin, rest)) = rest else {
            self.progress.send_modify(|progress| progress.is_over = true);
            return false;
        };
        let asked = self.pack(rest).await;
        {
            let mut state = self.state();
            if state.failure.is_none() {
                state.witnessed.extend(begin..begin + asked);
            }
        }
        self.progress.send_modify(|progress| progress.asked.extend(begin..begin + asked));
        true
    }

    /// The samples that are asked for next, with the number of the first: the one that a bulk waits for, or the first
    /// whose bulk may still come, and those behind it.
    fn unasked(&self) -> Option<(usize, &[Bulk])> {
        let progress = self.progress.borrow();
        let state = self.state();
        let is_unasked = |number: &usize| !progress.asked.contains(number);
        let is_to_come = |number: &usize| {
            let is_of = |(message, revision): &MessageRevision, bulk: &Bulk| {
                bulk.message == *message && bulk.revision == *revision
            };
            let bulk = self.samples.get(*number);
            let mut passed = state.passed.iter().filter(|(of, _)| bulk.is_some_and(|bulk| is_of(of, bulk)));
            passed.next().is_none_or(|(_, passed)| passed <= number)
        };
        let first = || (0..self.samples.len()).find(|number| is_unasked(number) && is_to_come(number));
        let begin = state.awaited.filter(is_unasked).or_else(first)?;
        let end = (begin..self.samples.len()).find(|number| !is_unasked(number)).unwrap_or(self.samples.len());
        Some((begin, self.samples.get(begin..end)?))
    }

    /// Asks for people of as many of the first samples as one question holds, and gives their number. A
    /// sample that does not fit into one question is asked for in several.
    async fn pack(&self, samples: &[Bulk]) -> usize {
        let mut count = 0;
        let mut asked = Asked::new();
        for sample in samples {
            let Some(ids) = self.ids(sample).await else { return samples.len() };
            let mut both: Vec<String> = asked.keys().map(ToString::to_string).collect();
            both.extend(ids.keys().map(ToString::to_string));
            let (_, fits) = LogQuery::packed(By::Message, both.iter().cloned(), [&[], &[]]);
            if count > 0 && fits < both.len() {
                break;
            }
            asked.extend(ids);
            count += 1;
        }
        self.ask(&asked, self.people(samples, count)).await;
        count
    }

    fn people(&self, samples: &[Bulk], count: usize) -> u64 {
        samples.iter().take(count).map(|sample| sample.recipients.len() as u64).sum()
    }

    async fn ask_for(&self, samples: &[Bulk]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let asked = self.pack(rest).await;
            rest = rest.get(asked..).unwrap_or_default();
        }
    }

    /// The ids of a sample's people, under every key of the run.
    async fn ids(&self, sample: &Bulk) -> Option<Asked> {
        let older = match self.older.persons(sample).await {
            Ok(older) => older,
            Err(error) => {
                self.stop(Stopped::Prepare(error.to_string()));
                return None;
            }
        };
        let mut asked = Asked::new();
        let none = Vec::new();
        for (index, recipient) in sample.recipients.iter().enumerate() {
            let meant = id(sample, recipient.person);
            for person in older.get(index).unwrap_or(&none) {
                asked.insert(id(sample, *person), meant.clone());
            }
            asked.insert(meant.clone(), meant);
        }
        Some(asked)
    }

    async fn ask(&self, asked: &Asked, people: u64) {
        let ids: Vec<&MessageId> = asked.keys().collect();
        let mut rest = ids.as_slice();
        let all = {
            let mut state = self.state();
            state.asked += people;
            state.asked
        };
        while !rest.is_empty() {
            let (question, count) = LogQuery::packed(By::Message, rest.iter().map(ToString::to_string), [&[], &[]]);
            let LogsAnswer { rows: found, failure, .. } = self.logs.find(&question).await;
            let mut rows = Rows::new();
            for row in found.into_iter().filter(is_hit) {
                if let Some(id) = MessageId::parse(&row.message_id).filter(|id| asked.contains_key(id)) {
                    rows.entry(id).or_default().push(row);
                }
            }
            // Nobody waits for the other questions with what this one says.
            self.examine(asked, rows, all, |_| false).await;
            if let Some(failure) = failure {
                self.fail(failure);
                break;
            }
            rest = rest.get(count.max(1)..).unwrap_or_default();
        }
    }

    /// Finds out what messages are that the gateway has of people who are about to be sent to; some of them may be
    /// of keys that the run does not have.
    async fn examine(&self, asked: &Asked, rows: Rows, count: u64, is_of_other_keys: impl Fn(&MessageId) -> bool) {
        if rows.is_empty() {
            return;
        }
        // A claim stands before its request: whoever another run has sent to is in the ledger by now.
        if let Err(error) = self.store.catch_up().await {
            self.stop(Stopped::Store(error.to_string()));
            return;
        }
        let (known, rest): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|(id, _)| self.is_known(id) || asked.get(id).is_some_and(|meant| self.is_known(meant)));
        let rest: Rows = rest.into_iter().collect();
        let raised = match raise(self.store, self.clock, &rest).await {
            Ok(raised) => raised,
            Err(error) => return self.stop(Stopped::Store(error.to_string())),
        };
        self.state().sent_all_the_same += raised.len() as u64;
        // For whoever the ledger has as accepted under the key of new claims no claim is granted. Under another
        // key they are somebody else to it; and of what is open nobody knows how it ends: if nothing comes of
        // it they are free, and the message that the gateway has is one that the ledger does not know.
        for meant in known.iter().map(|(id, _)| id).chain(&raised).filter_map(|id| asked.get(id)) {
            match self.standing(meant) {
                Standing::Accepted | Standing::Abandoned => {}
                Standing::InDoubt | Standing::InFlight => self.leave_out(meant, Why::Open),
                Standing::Free | Standing::Rejected(_) => self.leave_out(meant, Why::OtherKey),
            }
        }
        let unknown = rest.iter().filter(|(id, _)| !raised.contains(id));
        let (others, lacking): (Vec<_>, Vec<_>) = unknown.partition(|(id, _)| is_of_other_keys(id));
        let people = |rows: &[(&MessageId, &Vec<LogRow>)]| -> u64 {
            let meant = rows.iter().filter_map(|(id, _)| asked.get(*id));
            meant.map(|meant| ((&meant.message, meant.revision), meant.person)).collect::<BTreeSet<_>>().len() as u64
        };
        let last = |rows: &[(&MessageId, &Vec<LogRow>)]| {
            rows.iter().flat_map(|(_, rows)| *rows).filter_map(|row| row.sent_at).max()
        };
        if !lacking.is_empty() {
            self.stop(Stopped::LedgerLacks { people: people(&lacking), asked: count, last: last(&lacking) });
        } else if people(&others) > self.accepts_other_keys {
            self.stop(Stopped::OtherKeys { people: people(&others), last: last(&others) });
        }
    }

    /// Whether the ledger keeps somebody from being sent to.
    fn is_known(&self, id: &MessageId) -> bool {
        match self.standing(id) {
            Standing::Accepted | Standing::Abandoned | Standing::InDoubt | Standing::InFlight => true,
            Standing::Free | Standing::Rejected(_) => false,
        }
    }

    fn standing(&self, id: &MessageId) -> Standing {
        let view = self.store.view(self.clock.lives_at());
        self.store.read(|ledger| ledger.standing(&id.message, id.revision, id.person, view))
    }

    fn leave_out(&self, id: &MessageId, why: Why) {
        let mut state = self.state();
        state.left_out.entry((id.message.clone(), id.revision)).or_default().insert(id.person, why);
    }

    fn fail(&self, failure: LogsFailure) {
        if self.mode == Witness::Required {
            self.stop(Stopped::Unwitnessed(failure.clone()));
        }
        self.state().failure.get_or_insert(failure);
    }

    fn stop(&self, stopped: Stopped) {
        self.state().stopped.get_or_insert(stopped);
    }

    fn state(&self) -> MutexGuard<'_, WatchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a claim was made at the earliest, by the gateway's clock; nothing, if its run knew nothing but its own
/// clock, which may have been ahead of everything that the ledger has lost.
fn made(claim: &Claim) -> Option<Timestamp> {
    match claim.dated {
        Dated::At(date) => Some(date.min(claim.at)),
        Dated::Unwritten => Some(claim.at),
        Dated::Never => None,
    }
}

fn key(bulk: &Bulk) -> Option<(MessageRevision, Person)> {
    Some(((bulk.message.clone(), bulk.revision), bulk.recipients.first()?.person))
}

fn id(bulk: &Bulk, person: Person) -> MessageId {
    MessageId { message: bulk.message.clone(), revision: bulk.revision, person }
}

/// Whether a row is of a message that somebody got, or may get; one that was rejected may be sent
/// again, unless it was rejected because the gateway has it already.
pub(super) fn is_hit(row: &LogRow) -> bool {
    match state(&row.status) {
        PersonState::Rejected(status) => status == STATUS_DUPLICATE_MESSAGE_ID,
        PersonState::Claimed | PersonState::Refused | PersonState::Abandoned | PersonState::Accepted => true,
    }
}

/// Has claims accepted of which the ledger says that nothing came, where the logs have rows of them; says
/// whose they are.
pub(super) async fn raise<S: Store + LedgerView, C: Clock>(
    store: &S,
    clock: &C,
    rows: &Rows,
) -> Result<BTreeSet<MessageId>, S::Error> {
    let mut of_claims: BTreeMap<ClaimId, Vec<Testimony>> = BTreeMap::new();
    for (id, rows) in rows {
        for claim in store.read(|ledger| given_back(ledger, id)) {
            let rows = rows.iter().cloned().map(sighting).collect();
            let testimony = Testimony { person: id.person, rows, absence_proves: false };
            of_claims.entry(claim).or_default().push(testimony);
        }
    }
    let mut raised = BTreeSet::new();
    if of_claims.is_empty() {
        return Ok(raised);
    }
    let (at, lives_at) = (clock.now(), clock.lives_at());
    let evidence = of_claims.into_iter().map(|(claim, people)| Evidence { claim, at, lives_at, people });
    let evidence: Vec<Evidence> = evidence.collect();
    let weighed = store.weigh(evidence.clone()).await?;
    for (Evidence { claim, people, .. }, weighed) in evidence.iter().zip(&weighed) {
        let BulkId { message, revision, .. } = &claim.bulk;
        let is_raised =
            |person| weighed.outcomes.iter().any(|outcome| outcome.state_of(person) == PersonState::Accepted);
        let people = people.iter().map(|testimony| testimony.person).filter(|person| is_raised(*person));
        raised.extend(people.map(|person| MessageId { message: message.clone(), revision: *revision, person }));
    }
    Ok(raised)
}

/// The claims of somebody that say that nothing came of them. Which rows are theirs is weighed.
fn given_back(ledger: &Ledger, id: &MessageId) -> Vec<ClaimId> {
    let claims = ledger.claims_with(id).filter(|(_, state)| state.came_to_nothing());
    claims.map(|(claim, _)| claim.claim().id.clone()).collect()
}
