//! Forgets everything but the time.

use rusqlite::Connection;

use super::book_count::BookCount;
use super::database::MessageDatabase;
use super::shared::SharedInputs;
use super::{sequence, table};
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::rules::ChannelRules;

impl MessageDatabase {
    /// Empties all tables, whichever there are, but those of the clock and of the numbers that are not used again. These
    /// rules hold from then on, for whatever comes next.
    pub(super) fn reset(&mut self, inputs: &SharedInputs, rules: Option<&ChannelRules>) -> Result<(), SandboxError> {
        self.forget_requests();
        let noted = match rules {
            None => self.with_connection(|connection| empty(connection, |_, _| Ok(())))?,
            Some(rules) => {
                let hold = self.clock()?.hold();
                self.with_connection(|connection| {
                    empty(connection, |connection, noted| {
                        noted.add_rules(table::add_rules(connection, hold.at(), rules)?);
                        Ok(())
                    })
                })?
            }
        };
        self.forget();
        self.counted.set(BookCount::default());
        inputs.set(noted);
        Ok(())
    }
}

/// Empties the tables and notes what is to be in them then, at once; gives the inputs that they hold.
fn empty(
    connection: &Connection,
    note: impl FnOnce(&Connection, &mut Inputs) -> rusqlite::Result<()>,
) -> rusqlite::Result<Inputs> {
    let transaction = connection.unchecked_transaction()?;
    sequence::keep(&transaction)?;
    for name in tables(&transaction)? {
        transaction.execute(&format!("DELETE FROM \"{name}\""), [])?;
    }
    let mut inputs = Inputs::default();
    note(&transaction, &mut inputs)?;
    transaction.commit()?;
    Ok(inputs)
}

/// The names of all tables whose rows are forgotten.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('clock', 'sequence')")?;
    names.query_map([], |row| row.get(0))?.collect()
}
