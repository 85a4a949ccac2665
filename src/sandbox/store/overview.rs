//! Reads all bulks for an overview, some at a time: whoever else reads comes in between.

use jiff::Timestamp;

use super::MessageStore;
use super::kept::BulkFilter;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::overview::OverviewBuilder;
use crate::wire::overview::Overview;

/// How many messages are read before others have their turn.
const MESSAGES_AT_ONCE: usize = 20_000;

impl MessageStore {
    /// What became of all that was accepted until now, by campaign.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn overview(&self, now: Timestamp) -> Result<Overview, SandboxError> {
        let inputs = self.inputs();
        let mut builder = OverviewBuilder::new(now);
        let mut number_min = 0;
        loop {
            let inputs = inputs.clone();
            let search = BulkFilter { number_min, messages_max: Some(MESSAGES_AT_ONCE), ..BulkFilter::default() };
            let read = self.read(move |database| {
                let mut last = None;
                database.each(&search, |bulk| {
                    last = Some(bulk.header.number);
                    builder.add(&bulk, &inputs);
                })?;
                Ok((builder, last))
            });
            let (read_so_far, last) = read.await?;
            builder = read_so_far;
            match last {
                Some(last) => number_min = last + 1,
                None => return Ok(builder.finish()),
            }
        }
    }
}
