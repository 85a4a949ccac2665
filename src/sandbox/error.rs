//! What can go wrong with the sandbox itself.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// A failure of the sandbox, not one that it plays.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The folder or file of the books cannot be made.
    #[error("cannot open the sandbox's books `{path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folder that is to hold the books is not there: no folder is made where somebody may have mistyped one.
    #[error("there is no folder `{folder}` for the sandbox's books `{path}`")]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The books cannot be read or written.
    #[error("cannot use the sandbox's books `{path}`")]
    Books {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The file is not empty, and not the books of this version of the sandbox.
    #[error("`{path}` {stranger}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        stranger: Stranger,
    },
    /// A bulk in the books cannot be read.
    #[error("bulk number {number} in the sandbox's books `{path}` is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The number of the bulk.
        number: i64,
    },
    /// The thread that keeps the books is gone.
    #[error("the sandbox's books `{path}` are closed")]
    Closed {
        /// The file.
        path: PathBuf,
    },
    /// A part of the sandbox has ended in a panic.
    #[error("a part of the sandbox broke off")]
    BrokenOff(#[source] tokio::task::JoinError),
    /// Other machines would reach it, and it knows no credentials or no name.
    #[error("the sandbox serves `{0}`, which other machines reach, only with a credential and a host name")]
    Exposed(std::net::SocketAddr),
    /// The sandbox cannot serve.
    #[error("the sandbox cannot serve")]
    Serve(#[source] io::Error),
}

/// What a file is that is not the books. Only what the sandbox has made itself may be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// No database.
    #[error("is no file of the sandbox's books: it is no database, and is left as it is")]
    NoDatabase,
    /// A database without the mark of the sandbox.
    #[error("is no file of the sandbox's books: it is a database of another program, and is left as it is")]
    OtherProgram,
    /// Books with other tables.
    #[error("has the sandbox's books of another version of sendform: remove it to begin anew")]
    OtherVersion,
}

impl SandboxError {
    /// What it is and why, in one line, for those who do not see its causes.
    #[must_use]
    pub fn with_reason(&self) -> String {
        match self {
            Self::Books { source, .. } => format!("{self}: {}", reason(source)),
            Self::Open { source, .. } | Self::Serve(source) => format!("{self}: {source}"),
            Self::NoFolder { .. }
            | Self::Foreign { .. }
            | Self::Damaged { .. }
            | Self::Closed { .. }
            | Self::BrokenOff(_)
            | Self::Exposed(_) => self.to_string(),
        }
    }
}

/// Why a database cannot be used.
fn reason(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::ReadOnly) => "they can only be read".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process holds them".to_owned(),
        Some(ErrorCode::SystemIoFailure) => "the disk does not take or give what is asked of it".to_owned(),
        Some(_) | None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi::{SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY};

    use super::*;

    #[test]
    fn books_that_cannot_be_used_say_why() {
        for (code, expect) in [
            (SQLITE_FULL, "cannot use the sandbox's books `b.sqlite`: the disk is full"),
            (SQLITE_READONLY, "cannot use the sandbox's books `b.sqlite`: they can only be read"),
            (
                SQLITE_IOERR_WRITE,
                "cannot use the sandbox's books `b.sqlite`: the disk does not take or give what is asked of it",
            ),
        ] {
            let source = Arc::new(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None));
            assert_eq!(SandboxError::Books { path: "b.sqlite".into(), source }.with_reason(), expect);
        }
    }
}
