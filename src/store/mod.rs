//! Where a ledger lives: a lockfile beside the project file, on one machine.

mod copy;
mod error;
mod expected;
mod guard;
mod home;
mod lockfile;
mod log;
mod merge;
mod paths;
mod writer;

pub use copy::{Copied, copy};
pub use error::StoreError;
pub use expected::Expected;
pub use guard::Holder;
pub use home::{Home, Opened};
pub use lockfile::Lockfile;
pub use merge::merge_files;
pub use paths::Paths;
