//! Where a ledger lives: in a lockfile beside the project file, on one machine; on a branch of its
//! own, on a remote of the project's repository; or in PostgreSQL, for many machines at once.

mod append_file;
mod around;
mod backend_error;
mod binding;
mod copy;
mod error;
mod git;
mod hold;
mod holder;
mod left_behind;
mod ledger_store;
mod location;
mod lock_file;
mod lockfile;
mod mark;
mod merge;
mod open_ledger;
mod paths;
mod postgres;
mod publish;
pub mod regular;
mod retired;
mod shadowed;
mod stops;
mod stops_file;
mod typed_git;
mod visit;
mod waiting;
mod writer;
mod writer_handle;

pub use backend_error::BackendError;
pub use binding::Binding;
pub use copy::{Copied, copy};
pub use error::{DamagedText, StoreError, lost_key_words};
pub use git::{
    Branch, CloneState, FetchedBranch, FetchedLockfile, ForgeToken, GitError, GitLedger, GitSilence, Publishing,
    RecordError, Recorded, Recorder, Said, TokenOrigin, Unpublished, Upstream,
};
pub use hold::Hold;
pub use holder::Holder;
pub use ledger_store::{LedgerStore, Written};
pub use left_behind::{Beside, LeftBehind, LeftClaims, left_behind};
pub use location::{LedgerLocation, ReadOnlyLedger};
pub use lockfile::Lockfile;
pub use merge::merge_files;
pub use open_ledger::OpenLedger;
pub use paths::{LEDGER_FILES, Paths};
pub use retired::Retired;
pub use typed_git::TypedGit;

pub use postgres::{Database, DatabaseError, Postgres};
pub use visit::Visit;
