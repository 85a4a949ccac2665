//! A remote in memory, for tests: one version behind a lock, and answers that get lost on the way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::identity::MessageKey;
use crate::ledger::{Authenticity, Damage, Ledger, Seals, sample};
use crate::store::backend_error::BackendError;

use super::remote::{Addition, Attempt, Remote};

/// How many pieces of a message are too many.
const PIECES_MAX: usize = 4;
/// After how many further requests an attempt arrives that was late.
const LATE_BY: u32 = 3;

/// What goes wrong with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It arrives, and its answer does not.
    LostAnswer,
    /// It never arrives, and nobody says so.
    LostRequest,
    /// Nobody says anything, and it arrives some requests later.
    Late,
    /// It arrives twice, and only the answer to the second one comes back.
    Repeated,
    /// Somebody else is at the ledger, and writes nothing.
    InUse,
    /// The remote says no.
    Refused,
    /// The way there breaks after it has arrived.
    Broken,
}

/// Why the remote cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum MemoryError {
    #[error("no answer")]
    NoAnswer,
    #[error("in use")]
    InUse,
    #[error("not allowed")]
    Refused,
    #[error("taken back")]
    TakenBack,
    #[error("damaged")]
    Damage(#[source] Damage),
}

impl BackendError for MemoryError {
    fn hint(&self) -> Option<String> {
        matches!(self, Self::Refused).then(|| "ask for more memory".to_owned())
    }

    fn is_environment(&self) -> bool {
        !matches!(self, Self::TakenBack | Self::Damage(_))
    }

    fn is_surely_not_written(&self) -> bool {
        matches!(self, Self::Refused)
    }
}

/// What a version holds: texts by their names, the header first.
#[derive(Debug, Clone, Default)]
pub(super) struct MemoryTip {
    version: Option<u64>,
    texts: BTreeMap<String, Arc<Vec<u8>>>,
}

/// The side that all runs see.
#[derive(Debug, Default)]
pub(super) struct Server {
    current: MemoryTip,
    /// The version that each one goes on from.
    parents: BTreeMap<u64, Option<u64>>,
    /// All versions that were current once.
    kept: BTreeMap<u64, MemoryTip>,
    /// What goes wrong with the next attempts, in their order.
    pub(super) faults: VecDeque<Option<Fault>>,
    /// How many of the next questions get no answer.
    pub(super) deaf_for: u32,
    late: Vec<(u32, Option<u64>, MemoryTip)>,
    /// Whether somebody else writes something just before each attempt.
    pub(super) is_contested: bool,
    /// How many attempts there were.
    pub(super) attempts: usize,
    last: u64,
}

impl Server {
    /// Puts a tip in the place of the one that it goes on from; says whether that was the current one.
    fn replace(&mut self, expected: Option<u64>, next: &MemoryTip) -> bool {
        let is_current = self.current.version == expected;
        if is_current {
            self.current = next.clone();
            self.kept.extend(next.version.map(|version| (version, next.clone())));
        }
        is_current
    }

    /// Has attempts arrive that were late.
    pub(super) fn pass(&mut self, requests: u32) {
        for (left, expected, next) in std::mem::take(&mut self.late) {
            match left.checked_sub(requests).filter(|left| *left > 0) {
                Some(left) => self.late.push((left, expected, next)),
                None => drop(self.replace(expected, &next)),
            }
        }
    }

    /// Makes a version of somebody else, with nothing new in it.
    fn write_nothing(&mut self) {
        self.last += 1;
        let next = MemoryTip { version: Some(self.last), ..self.current.clone() };
        let before = self.current.version;
        self.parents.insert(self.last, before);
        self.replace(before, &next);
    }

    /// How many versions it has had.
    pub(super) fn versions(&self) -> usize {
        self.kept.len()
    }

    /// Takes the ledger back to its first version.
    pub(super) fn take_back(&mut self) {
        self.current = self.kept.values().next().unwrap().clone();
    }

    fn includes(&self, version: u64, attempt: u64) -> bool {
        let next = |version: &u64| self.parents.get(version).copied().flatten();
        std::iter::successors(Some(version), next).any(|version| version == attempt)
    }
}

/// One run's way to it.
#[derive(Debug)]
pub(super) struct MemoryRemote {
    server: Arc<Mutex<Server>>,
    /// The version that this machine has seen last.
    seen: Arc<Mutex<Option<u64>>>,
}

impl MemoryRemote {
    pub(super) fn new(server: &Arc<Mutex<Server>>, seen: &Arc<Mutex<Option<u64>>>) -> Self {
        Self { server: Arc::clone(server), seen: Arc::clone(seen) }
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }

    fn seals() -> Seals {
        sample::seals()
    }
}

fn piece(message: &MessageKey) -> String {
    format!("piece/{message}/")
}

impl Remote for MemoryRemote {
    type Version = u64;
    type Tip = MemoryTip;
    type Error = MemoryError;

    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn fetch(&self) -> Result<Option<u64>, MemoryError> {
        let mut server = self.server();
        server.pass(1);
        if let Some(left) = server.deaf_for.checked_sub(1) {
            server.deaf_for = left;
            return Err(MemoryError::NoAnswer);
        }
        let version = server.current.version;
        match (*self.seen.lock().unwrap(), version) {
            (Some(_), None) => Err(MemoryError::TakenBack),
            (Some(seen), Some(version)) if !server.includes(version, seen) => Err(MemoryError::TakenBack),
            _ => Ok(version),
        }
    }

    fn may_pass(error: &MemoryError) -> bool {
        matches!(error, MemoryError::NoAnswer)
    }

    fn read(&self, version: &u64) -> Result<MemoryTip, MemoryError> {
        self.server().kept.get(version).cloned().ok_or(MemoryError::TakenBack)
    }

    fn version(tip: &MemoryTip) -> Option<&u64> {
        tip.version.as_ref()
    }

    fn ledger(&self, tip: &MemoryTip) -> Result<(Ledger, Authenticity), MemoryError> {
        let text: Vec<u8> = tip.texts.values().flat_map(|text| text.iter().copied()).collect();
        let read = Ledger::read(&text, &Self::seals()).map_err(MemoryError::Damage)?;
        Ok((read.ledger, read.authenticity))
    }

    fn join_news(&self, since: &MemoryTip, tip: &MemoryTip, into: &mut Ledger) -> Result<(), MemoryError> {
        let news = tip.texts.iter().filter(|(name, text)| since.texts.get(*name) != Some(text));
        let text: Vec<u8> = news.flat_map(|(_, text)| text.iter().copied()).collect();
        if text.is_empty() { Ok(()) } else { into.absorb(&text, &Self::seals()).map_err(MemoryError::Damage) }
    }

    fn crowded(&self, tip: &MemoryTip) -> BTreeSet<MessageKey> {
        let mut pieces: BTreeMap<MessageKey, usize> = BTreeMap::new();
        for name in tip.texts.keys().filter_map(|name| name.strip_prefix("piece/")?.split('/').next()) {
            *pieces.entry(MessageKey::parse(name).unwrap()).or_default() += 1;
        }
        pieces.into_iter().filter(|(_, pieces)| *pieces >= PIECES_MAX).map(|(message, _)| message).collect()
    }

    fn stage(&mut self, tip: &MemoryTip, addition: &Addition) -> Result<(u64, MemoryTip), MemoryError> {
        let mut server = self.server();
        server.last += 1;
        let version = server.last;
        server.parents.insert(version, tip.version);
        drop(server);
        let mut next = MemoryTip { version: Some(version), ..tip.clone() };
        let mut put = |name: String, text: &[u8]| next.texts.insert(name, Arc::new(text.to_vec()));
        if let Some(text) = &addition.header {
            put("header".to_owned(), text.as_bytes());
        }
        for (run, text) in &addition.runs {
            put(format!("run/{run}"), text.as_bytes());
        }
        for (message, text) in &addition.whole {
            next.texts.retain(|name, _| !name.starts_with(&piece(message)));
            next.texts.insert(format!("{}{version:08}a", piece(message)), Arc::new(text.clone()));
        }
        for (message, text) in &addition.lines {
            next.texts.insert(format!("{}{version:08}b", piece(message)), Arc::new(text.as_bytes().to_vec()));
        }
        Ok((version, next))
    }

    fn try_replace(&mut self, expected: &MemoryTip, next: &MemoryTip) -> Result<Attempt<MemoryError>, MemoryError> {
        let mut server = self.server();
        server.pass(1);
        server.attempts += 1;
        if server.is_contested {
            server.write_nothing();
        }
        let fault = server.faults.pop_front().flatten();
        if matches!(fault, Some(Fault::LostAnswer | Fault::Repeated | Fault::Broken)) {
            let is_replaced = server.replace(expected.version, next);
            if fault == Some(Fault::Repeated) && !is_replaced {
                return Ok(Attempt::Rejected(MemoryError::InUse));
            }
        }
        match fault {
            None if server.replace(expected.version, next) => Ok(Attempt::Replaced),
            None => Ok(Attempt::Behind),
            Some(Fault::Repeated | Fault::InUse) => Ok(Attempt::Rejected(MemoryError::InUse)),
            Some(Fault::Refused) => Err(MemoryError::Refused),
            Some(Fault::Broken) => Err(MemoryError::NoAnswer),
            Some(Fault::LostAnswer | Fault::LostRequest) => Ok(Attempt::Unknown(MemoryError::NoAnswer)),
            Some(Fault::Late) => {
                server.late.push((LATE_BY, expected.version, next.clone()));
                Ok(Attempt::Unknown(MemoryError::NoAnswer))
            }
        }
    }

    fn includes(&self, version: &u64, attempt: &u64) -> Result<bool, MemoryError> {
        Ok(self.server().includes(*version, *attempt))
    }

    fn remember(&self, version: &u64) -> Result<(), MemoryError> {
        *self.seen.lock().unwrap() = Some(*version);
        Ok(())
    }

    fn pause(&self, _time: Duration) {}
}
