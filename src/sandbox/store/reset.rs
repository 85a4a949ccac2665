//! Forgets everything but the time.

use rusqlite::Connection;

use super::database::MessageDatabase;
use super::shared::SharedInputs;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::inputs::Inputs;

impl MessageDatabase {
    /// Empties all tables, whichever there are, but that of the clock.
    pub(super) fn reset(&mut self, inputs: &SharedInputs) -> Result<(), SandboxError> {
        self.forget_requests();
        self.with_connection(|connection| {
            let transaction = connection.unchecked_transaction()?;
            for name in tables(&transaction)? {
                transaction.execute(&format!("DELETE FROM \"{name}\""), [])?;
            }
            transaction.commit()
        })?;
        self.forget();
        inputs.set(Inputs::default());
        Ok(())
    }
}

/// The names of all tables that hold anything but the time.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'clock'")?;
    names.query_map([], |row| row.get(0))?.collect()
}
