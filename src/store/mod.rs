//! Where a ledger lives: a lockfile beside the project file, on one machine.

mod error;
mod expected;
mod guard;
mod lockfile;
mod log;
mod paths;
mod port;
mod writer;

pub use error::StoreError;
pub use expected::Expected;
pub use guard::Holder;
pub use lockfile::Lockfile;
pub use paths::Paths;
