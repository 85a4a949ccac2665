//! GitLab: what its merge requests are shown, what is sent once they are merged, and what is refused.

mod applied;
mod client;
mod journey;
mod land;
mod planned;
mod refused;
