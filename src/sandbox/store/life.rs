//! Reads what is asked of single messages.

use super::MessageStore;
use super::table;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::reports::Marks;

impl MessageStore {
    /// Reads which reports of a bulk were handed out.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn handed_out(&self, bulk: i64) -> Result<Marks, SandboxError> {
        self.read(move |database| database.with_connection(|connection| table::marks(connection, bulk))).await
    }

    /// Reads the newest bulks, the newest first: as many as have so many messages, and no more.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn newest(&self, messages: usize) -> Result<Vec<AcceptedBulk<'static>>, SandboxError> {
        self.read(move |database| {
            let mut bulks: Vec<AcceptedBulk<'static>> = Vec::new();
            let mut number = database.with_connection(table::last_number)?;
            while number > 0 && bulks.iter().map(|bulk| bulk.table.messages.len()).sum::<usize>() < messages {
                bulks.extend(database.bulk(number)?);
                number -= 1;
            }
            Ok(bulks)
        })
        .await
    }
}
