//! What time the books have come to, for whoever does not open them: the sandbox whose they are may be running.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::table;
use crate::sandbox::error::SandboxError;

/// How long a look waits for somebody who writes.
const BUSY: Duration = Duration::from_millis(500);

/// Reads the bound of the clock: the time has not come further, and a sandbox that is started begins there. `None` if
/// there are no books, or no clock has run by them yet.
///
/// # Errors
/// If the books cannot be read.
pub fn last_time(path: &Path) -> Result<Option<Timestamp>, SandboxError> {
    if !path.exists() {
        return Ok(None);
    }
    // It may have to make the index of what is written aside, and never makes the books.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(BUSY)?;
        table::bound(&connection)
    });
    read.map_err(|source| SandboxError::Books { path: path.to_owned(), source: Arc::new(source) })
}
