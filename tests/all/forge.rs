//! The forge: its client, and what runs of CI do with it.

mod applied;
pub(crate) mod client;
mod merged;
mod refused;
