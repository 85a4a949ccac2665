//! Where a ledger lives: a lockfile beside the project file, on one machine; or PostgreSQL, for many.

mod error;
mod expected;
mod guard;
mod home;
mod lockfile;
mod log;
mod paths;
mod postgres;
mod writer;

pub use error::StoreError;
pub use expected::Expected;
pub use guard::Holder;
pub use home::{Home, Opened};
pub use lockfile::Lockfile;
pub use paths::Paths;
pub use postgres::{Database, DatabaseError, Postgres, SharedBulk, Take};
