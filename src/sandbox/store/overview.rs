//! Reads all bulks for an overview.

use jiff::Timestamp;

use super::MessageStore;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::overview::OverviewBuilder;
use crate::wire::overview::Overview;

impl MessageStore {
    /// What became of all that was accepted until now, by campaign.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn overview(&self, now: Timestamp) -> Result<Overview, SandboxError> {
        let builder = self.fold(OverviewBuilder::new(now), OverviewBuilder::add).await?;
        Ok(builder.finish())
    }
}
