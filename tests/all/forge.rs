//! The forge: its client, and what runs of CI do with it.

mod applied;
mod client;
mod merged;
mod refused;
