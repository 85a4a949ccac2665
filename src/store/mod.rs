//! Where a ledger lives: in a lockfile beside the project file, on one machine; or on a branch of
//! its own, on a remote of the project's repository.

mod desk;
mod error;
mod expected;
mod git;
mod guard;
mod home;
mod lockfile;
mod log;
mod paths;
mod writer;

pub use error::StoreError;
pub use expected::Expected;
pub use git::{Branch, GitError, GitLedger, Said};
pub use guard::Holder;
pub use home::{Home, Opened};
pub use lockfile::Lockfile;
pub use paths::Paths;
