//! The embedded gateway: it serves the API over loopback from books of its own, so that everything
//! can be tried without a network and without writing to anybody.
//!
//! [`model`] and [`faults`] are pure: what is accepted, what becomes of it, what a tester asked for.
//! The rest is a thin shell around them: a file, a clock, HTTP. Only [`webhooks`] ever begins to talk to somebody, and
//! only where it is told to.

mod admin;
mod answer;
pub mod auth;
pub mod clock;
mod connections;
pub mod error;
pub mod events;
pub mod faults;
pub mod journal;
mod local;
pub mod model;
pub mod options;
pub mod push_told;
mod query;
pub mod reading;
mod request_tracker;
pub mod rules_file;
pub mod running;
mod send;
pub mod server;
mod serving;
mod state;
pub mod store;
mod tree;
pub mod webhooks;

pub use request_tracker::RequestCounts;
pub use running::{Running, start};
pub use server::serve;
pub use state::SandboxState;
