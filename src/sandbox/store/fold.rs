//! Reads all bulks, some at a time: whoever else reads comes in between.

use super::MessageStore;
use super::kept::BulkFilter;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::inputs::Inputs;

/// How many messages are read before others have their turn.
pub(super) const MESSAGES_AT_ONCE: usize = 20_000;

impl MessageStore {
    /// Adds every bulk to something, in the order of acceptance; one is in memory at a time.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub(super) async fn fold<T: Send + 'static>(
        &self,
        mut so_far: T,
        add: fn(&mut T, &AcceptedBulk<'_>, &Inputs),
    ) -> Result<T, SandboxError> {
        let mut number_min = 0;
        loop {
            let search = BulkFilter { number_min, messages_max: Some(MESSAGES_AT_ONCE), ..BulkFilter::default() };
            let read = self.judge(move |database, inputs| {
                let mut last = None;
                database.each(&search, |bulk| {
                    last = Some(bulk.header.number);
                    add(&mut so_far, &bulk, inputs);
                })?;
                Ok((so_far, last))
            });
            let (read_so_far, last) = read.await?;
            so_far = read_so_far;
            match last {
                Some(last) => number_min = last + 1,
                None => return Ok(so_far),
            }
        }
    }
}
