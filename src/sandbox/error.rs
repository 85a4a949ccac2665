//! What can go wrong with the sandbox itself.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// The books cannot be read or written.
    #[error("cannot use the sandbox's books `{path}`")]
    Books {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The file is a database, but not the books of this version of the sandbox.
    #[error("`{path}` is not a file of the sandbox's books, or one of another version: remove it to begin anew")]
    Foreign {
        /// The file.
        path: PathBuf,
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
