//! Where a ledger lives: in a lockfile beside the project file, on one machine; on a branch of its
//! own, on a remote of the project's repository; or in PostgreSQL, for many machines at once.

mod append_file;
mod binding;
mod copy;
mod error;
mod git;
mod holder;
mod location;
mod lock_file;
mod lockfile;
mod mark;
mod merge;
mod paths;
mod postgres;
pub mod regular;
mod retired;
mod shadowed;
mod visit;
mod writer;
mod writer_handle;

pub use binding::Binding;
pub use copy::{Copied, copy};
pub use error::StoreError;
pub use git::{Branch, GitError, GitLedger, Said};
pub use holder::Holder;
pub use location::{LedgerLocation, OpenLedger, ReadOnlyLedger};
pub use lockfile::Lockfile;
pub use merge::merge_files;
pub use paths::Paths;
pub use retired::Retired;

pub use postgres::{Database, DatabaseError, Postgres};
pub use visit::Visit;
