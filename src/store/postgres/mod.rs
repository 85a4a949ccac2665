//! A ledger in PostgreSQL, open to many runs on many machines at once.
//!
//! People are granted by the primary key of one table: a claim is one transaction that inserts all of
//! its people or none. Lines are the lockfile's own, so that a ledger moves between stores as text.
//! Each run also has the ledger in memory, as it was when it was opened, with what it wrote since.
//!
//! The modules here know the way to a server and its tables. `ledger` keeps claims and outcomes in them,
//! `queue` the plan that runs share; the claim of a queued bulk is one transaction over both.

mod config;
mod connection;
mod database;
mod error;
mod ids;
mod ledger;
mod marks;
mod queue;
mod seen;
mod server;
mod session;
mod tables;
mod tls;

pub use database::Database;
pub use error::DatabaseError;
pub use ledger::opened::Postgres;
