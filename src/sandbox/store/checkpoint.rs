//! Takes what was written into the file itself, on a connection and a thread of its own: nobody who sends waits
//! for it.

use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;

/// After how many bytes of bodies it is done.
const BYTES: usize = 64 * 1024 * 1024;

/// Asks for it. It ends with whoever may ask.
#[derive(Debug)]
pub(super) struct Checkpoints {
    ask: mpsc::SyncSender<()>,
    bytes: usize,
}

impl Checkpoints {
    /// Begins, on a connection to the books.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (ask, asked) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name("sandbox-checkpoints".to_owned());
        thread.spawn(move || {
            for () in asked {
                // What cannot be taken over now is taken over the next time: nothing depends on it.
                let taken = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(0));
                drop(taken);
            }
        })?;
        Ok(Self { ask, bytes: 0 })
    }

    /// Counts what was written.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        // Where one is asked for already, that one will do.
        if self.bytes >= BYTES && self.ask.try_send(()).is_ok() {
            self.bytes = 0;
        }
    }
}
