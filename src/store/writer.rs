//! The one thread that writes a ledger. What arrives while it waits for the disk is written
//! together and synced once.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError, RwLock};

use crate::ledger::{Evidence, Grant, Ledger, Seals, View, Weighed, text};

use super::append_file::{self, AppendFile};
use super::error::StoreError;
use super::lock_file::LockFile;
use super::visit::Numbers;
use super::writer_handle::{self, NewEntry, WriterRequest};

/// The most entries that are synced together.
const GROUP_MAX: usize = 256;

/// Waits for a request, and takes along what else is there by then; `None` when there can be no more.
fn gather(requests: &Receiver<WriterRequest>) -> Option<Vec<WriterRequest>> {
    let first = requests.recv().ok()?;
    Some(std::iter::once(first).chain(requests.try_iter()).take(GROUP_MAX).collect())
}

/// Writes a ledger, its shadow with it.
pub(super) struct Writer {
    ledger: Arc<RwLock<Ledger>>,
    guard: LockFile,
    logs: Vec<AppendFile>,
    numbers: Numbers,
    seals: Seals,
    /// The first failure; nothing is written after it.
    failed: Option<Arc<StoreError>>,
    /// Whether the files differ from the canonical text.
    has_written: bool,
}

impl Writer {
    /// Takes the files, which hold the ledger's canonical text.
    pub(super) fn new(
        ledger: Arc<RwLock<Ledger>>,
        guard: LockFile,
        logs: Vec<AppendFile>,
        numbers: Numbers,
        seals: Seals,
    ) -> Self {
        // What was adopted when the ledger was opened belongs to a run that has to close itself.
        let has_written = numbers.is_used();
        Self { ledger, guard, logs, numbers, seals, failed: None, has_written }
    }

    /// Answers requests until nobody can make any more.
    pub(super) fn run(mut self, requests: &Receiver<WriterRequest>) -> Self {
        while let Some(group) = gather(requests) {
            self.write(group);
        }
        self
    }

    /// Writes a group of entries, and what follows from evidence, syncs once, and answers.
    fn write(&mut self, group: Vec<WriterRequest>) {
        let mut lines = String::new();
        let (mut granted, mut weighed) = (Vec::new(), Vec::new());
        for request in group {
            match request {
                WriterRequest::Write(entry, reply) => match self.stage(*entry, &mut lines) {
                    Ok(Grant::Granted) => granted.push(reply),
                    answer => writer_handle::answer(reply, answer),
                },
                WriterRequest::Weigh(evidence, verdict) => match self.weigh(&evidence, &mut lines) {
                    Ok(found) => weighed.push((verdict, found)),
                    Err(error) => writer_handle::answer(verdict, Err(error)),
                },
            }
        }
        if !(granted.is_empty() && lines.is_empty()) && self.failed.is_none() {
            self.failed = self.append(&lines).err().map(Arc::new);
        }
        for reply in granted {
            writer_handle::answer(reply, self.check().map(|()| Grant::Granted));
        }
        for (verdict, found) in weighed {
            writer_handle::answer(verdict, self.check().map(|()| found));
        }
    }

    /// Holds evidence against the ledger in memory, which is all that there is: no other run writes. Adds
    /// what follows from it to the ledger, and its lines to those that are to be written.
    fn weigh(&mut self, evidence: &[Evidence], lines: &mut String) -> Result<Vec<Weighed>, StoreError> {
        self.check()?;
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        let weighed = ledger.weigh(evidence, View::Exclusive);
        for outcome in weighed.iter().flat_map(|weighed| weighed.outcomes.clone()) {
            let fact = Some(self.numbers.give_at(outcome.at));
            lines.push_str(&text::outcome_line(&outcome, fact, &self.seals.signing(ledger.header())));
            ledger.enter_outcome(outcome, fact).map_err(StoreError::Entry)?;
        }
        Ok(weighed)
    }

    /// Adds an entry to the ledger in memory, and its line to those that are to be written.
    fn stage(&mut self, entry: NewEntry, lines: &mut String) -> Result<Grant, StoreError> {
        self.check()?;
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        let by = self.seals.signing(ledger.header());
        let (line, grant) = match entry {
            NewEntry::Claim(claim) => {
                // A number is given only to what is written: nobody else gives numbers of this run.
                let at = claim.at;
                let fact = Some(self.numbers.next());
                let line = text::claim_line(&claim, fact, &by);
                let grant = ledger.enter_claim(claim, fact).map_err(StoreError::Entry)?;
                if grant == Grant::Granted {
                    self.numbers.give_at(at);
                }
                (line, grant)
            }
            NewEntry::Outcome(outcome) => {
                let (at, fact) = (outcome.at, Some(self.numbers.next()));
                let line = text::outcome_line(&outcome, fact, &by);
                ledger.enter_outcome(outcome, fact).map_err(StoreError::Entry)?;
                self.numbers.give_at(at);
                (line, Grant::Granted)
            }
            NewEntry::Record(record) => {
                let fact = Some(self.numbers.give_at(record.at));
                let line = text::message_line(&record, fact, &by);
                ledger.enter_message(record, fact);
                (line, Grant::Granted)
            }
            // Nobody else can write.
            NewEntry::News => (String::new(), Grant::Granted),
            NewEntry::Ends(runs) => {
                runs.into_iter().for_each(|run| ledger.close_as_it_is(run, self.numbers.at()));
                (String::new(), Grant::Granted)
            }
            NewEntry::Ledger(other) => {
                let mut joined = ledger.clone();
                joined.join(&other).map_err(StoreError::Join)?;
                joined.adopt_since(&ledger, || self.numbers.give());
                joined.close_outgrown(self.numbers.run(), self.numbers.at());
                *ledger = joined;
                (String::new(), Grant::Granted)
            }
        };
        if grant == Grant::Granted {
            lines.push_str(&line);
        }
        Ok(grant)
    }

    fn append(&mut self, lines: &str) -> Result<(), StoreError> {
        self.has_written = true;
        self.guard.check()?;
        self.logs.iter().try_for_each(AppendFile::check)?;
        self.logs.iter_mut().try_for_each(|log| log.append(lines.as_bytes()))?;
        self.logs.iter().try_for_each(AppendFile::sync)
    }

    fn check(&self) -> Result<(), StoreError> {
        self.failed.as_ref().map_or(Ok(()), |cause| Err(StoreError::Failed { cause: Arc::clone(cause) }))
    }

    /// Replaces the files with the canonical text, if anything was written, and gives the lock
    /// back.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        self.check()?;
        if self.has_written {
            self.guard.check()?;
            let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
            self.numbers.close(&mut ledger);
            let text = ledger.write(&self.seals);
            drop(ledger);
            for log in &self.logs {
                log.check()?;
                append_file::replace(log.path(), &text)?;
            }
        }
        self.guard.release()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;
    use std::process::Command;
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;
    use crate::ledger::{RunId, sample};
    use crate::store::Visit;

    type Answer = oneshot::Receiver<Result<Grant, StoreError>>;

    fn request(people: &[u64]) -> (WriterRequest, Answer) {
        let (reply, answer) = oneshot::channel();
        (WriterRequest::Write(Box::new(NewEntry::Claim(sample::claim("announce", people, 1, 1))), reply), answer)
    }

    #[test]
    fn what_has_arrived_is_written_together() {
        let (sender, receiver) = mpsc::channel();
        for person in 0..300 {
            assert!(sender.send(request(&[person]).0).is_ok());
        }
        drop(sender);
        let sizes: Vec<usize> = std::iter::from_fn(|| gather(&receiver)).map(|group| group.len()).collect();
        assert_eq!(sizes, [GROUP_MAX, 300 - GROUP_MAX]);
    }

    /// Runs a writer over a file that fails; two claims come one after the other, a third for the
    /// same people as the first.
    fn check(path: &Path, file: File, cause: &str) {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good");
        let guard = LockFile::take(&folder.path().join("lock"), "test").unwrap();
        std::fs::write(&good, "").unwrap();
        let logs = vec![AppendFile::over(path, file).unwrap(), AppendFile::open(&good).unwrap()];
        let ledger = Arc::new(RwLock::new(Ledger::new(sample::header())));
        let numbers = Numbers::new(&Visit::new(RunId(1), "test", sample::at(0)), &ledger.read().unwrap());
        let mut writer = Writer::new(ledger, guard, logs, numbers, sample::seals());
        let mut ask = |people: &[u64]| {
            let (request, mut answer) = request(people);
            writer.write(vec![request]);
            answer.try_recv().unwrap()
        };
        for people in [[1], [2], [1]] {
            let Err(StoreError::Failed { cause: found }) = ask(&people) else { panic!("granted, or not failed") };
            assert!(matches!(&*found, StoreError::Io { action, .. } if *action == cause), "{found}");
        }
        let after = std::fs::read(&good).unwrap();
        assert!(matches!(writer.finish(), Err(StoreError::Failed { .. })));
        assert_eq!(std::fs::read(&good).unwrap(), after, "nothing is written after a failure");
    }

    #[test]
    fn after_a_failed_write_or_sync_nothing_is_written() {
        let full = Path::new("/dev/full");
        check(full, File::options().write(true).open(full).unwrap(), "write");
        // A pipe takes what is written, and cannot be synced.
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        check(&pipe, File::options().read(true).write(true).open(&pipe).unwrap(), "sync");
    }
}
