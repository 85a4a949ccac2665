//! Counts how far the messages have come, for those who wait: by reading only what nobody has counted yet, or what the
//! inputs may have changed since.

use std::sync::Arc;

use jiff::Timestamp;

use super::MessageStore;
use super::counted::CountedProgress;
use super::database::MessageDatabase;
use super::fold::MESSAGES_AT_ONCE;
use super::kept::BulkFilter;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::progress::MessageProgress;

/// How far the messages have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressSeen {
    /// How many have come how far.
    pub counted: MessageProgress,
    /// When so many have as are wanted, as far as is known now, or when to look again; nothing if time alone never leads
    /// there.
    pub when: Option<Timestamp>,
}

impl MessageDatabase {
    /// Counts so many further messages, and says whether all are counted.
    fn count_progress(&mut self, progress: &mut CountedProgress) -> Result<bool, SandboxError> {
        let CountedProgress { tally, inputs } = progress;
        let mut read = 0;
        while let Some(number) = tally.take_anew() {
            if let Some(bulk) = self.bulk(number)? {
                tally.add(&bulk, inputs);
                read += bulk.table.messages.len();
            }
            if read >= MESSAGES_AT_ONCE {
                return Ok(false);
            }
        }
        let number_min = tally.upto() + 1;
        let more = BulkFilter { number_min, messages_max: Some(MESSAGES_AT_ONCE), ..BulkFilter::default() };
        self.each(&more, |bulk| {
            tally.add(&bulk, inputs);
            read += bulk.table.messages.len();
        })?;
        Ok(read < MESSAGES_AT_ONCE)
    }
}

impl MessageStore {
    /// Counts how many messages have left and ended until now, and says when so many have as are wanted.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn progress(&self, now: Timestamp, wanted: MessageProgress) -> Result<ProgressSeen, SandboxError> {
        loop {
            let read = self.judge(move |database, inputs| {
                // What could not be read is counted anew the next time.
                let mut progress = std::mem::take(&mut database.progress);
                progress.begin(Arc::clone(inputs), now);
                let is_all = database.count_progress(&mut progress)?;
                let tally = &progress.tally;
                let seen = is_all.then(|| ProgressSeen { counted: tally.counted(), when: tally.when(wanted) });
                database.progress = progress;
                Ok(seen)
            });
            if let Some(seen) = read.await? {
                return Ok(seen);
            }
        }
    }
}
