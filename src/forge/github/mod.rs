//! GitHub's REST API, as far as plans need it: each call says which permission it needs.

mod bind;
mod client;
mod comments;
mod commits;
mod pulls;
mod rules;
mod runs;

pub use client::GitHub;
