//! How far a server had written its log when this machine used it last. A server that was set back, by a
//! snapshot of its disk, is as it was in everything else: rows stand where they were written, and neither the
//! system's number nor the timeline has changed. Once it has written more than it had, nothing shows any more.
//!
//! This is kept as far as that is possible: where nothing can be written, nothing is seen.

use std::path::Path;

use tokio_postgres::types::Type;

use super::connection::{Link, Operation};
use super::error::DatabaseError;
use super::server::without_database;
use super::session::Session;
use crate::ledger::Seals;
use crate::store::{append_file, paths};

/// Asks how far the log is written; nothing, where the server has none, or keeps that from us.
pub(super) struct AskPosition;

/// Looked up and not called: a call of what is not there is an error in the server's log.
const IS_KNOWN: &str = "SELECT 1 FROM pg_proc WHERE proname = 'pg_current_wal_flush_lsn' AND pronargs = $1 LIMIT 1";
const POSITION: &str = "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint";

impl Operation for AskPosition {
    type Output = Option<i64>;

    async fn run(&self, session: &Session, _again: bool) -> Result<Option<i64>, DatabaseError> {
        if session.row(IS_KNOWN, &[(&0_i16 as _, Type::INT2)]).await?.is_none() {
            return Ok(None);
        }
        Ok(session.row(POSITION, &[]).await?.map(|row| row.try_get(0)).transpose()?.flatten())
    }
}

/// Where a server's log was seen to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenPosition {
    /// Which server it was, and on which timeline.
    server: String,
    /// How many bytes its log had.
    position: i64,
}

impl SeenPosition {
    /// Asks a server; nothing, if it cannot say which it is, or how far its log is written.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub(super) async fn now(link: &Link) -> Result<Option<Self>, DatabaseError> {
        let Some(server) = link.identity().clone() else { return Ok(None) };
        let position = link.run(&AskPosition, super::connection::AT_ONCE).await?;
        Ok(position.map(|position| Self { server, position }))
    }

    /// Reads what was kept; nothing, if there is none that a key at hand has signed.
    pub(super) fn read(path: &Path, seals: &Seals) -> Option<Self> {
        let text = String::from_utf8(append_file::read(path).ok()??).ok()?;
        let line = text.split_inclusive('\n').next()?;
        let (server, position) = line.strip_prefix("sendform seen ")?.trim_end().split_once(' ')?;
        let seen = Self { server: server.to_owned(), position: position.parse().ok()? };
        seals.have_signed(&text, &seen.text()).then_some(seen)
    }

    /// Keeps it, if that can be done.
    pub(super) fn keep(&self, path: &Path, seals: &Seals) {
        let folder = path.parent().map(paths::make_private);
        if folder.is_none_or(|made| made.is_ok()) {
            drop(append_file::replace(path, seals.sign_contents(&self.text()).as_bytes()));
        }
    }

    /// Whether a server's log ends before where it was seen to end.
    pub(super) fn is_after(&self, now: &Self) -> bool {
        // All databases of a server share its log.
        without_database(&self.server) == without_database(&now.server) && self.position > now.position
    }

    fn text(&self) -> String {
        format!("sendform seen {} {}\n", self.server, self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample;

    #[test]
    fn only_the_same_server_is_compared_and_only_what_is_signed_counts() {
        let seen = |server: &str, position| SeenPosition { server: server.to_owned(), position };
        assert!(seen("7/1", 10).is_after(&seen("7/1", 9)));
        assert!(!seen("7/1", 10).is_after(&seen("7/1", 10)));
        assert!(seen("7/1", 10).is_after(&seen("7/1/5", 9)) && seen("7/1/6", 10).is_after(&seen("7/1/5", 9)));
        assert!(!seen("7/1", 10).is_after(&seen("7/2", 9)));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("private").join("seen");
        let (one, seals) = (seen("7/1", 10), sample::seals());
        assert_eq!(SeenPosition::read(&path, &seals), None);
        one.keep(&path, &seals);
        assert_eq!(SeenPosition::read(&path, &seals), Some(one));
        assert_eq!(SeenPosition::read(&path, &Seals::none()), None);
        let text = std::fs::read_to_string(&path).unwrap();
        for other in [text.replace(" 10\n", " 1\n"), String::new(), "sendform seen 7/1 10\n".to_owned()] {
            std::fs::write(&path, other).unwrap();
            assert_eq!(SeenPosition::read(&path, &seals), None);
        }
    }
}
