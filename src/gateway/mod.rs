//! The way to the gateway: one HTTP client that sends a request exactly once, and tells for every
//! end of it whether something was sent, nothing was sent, or nobody knows; and that reads the
//! gateway's logs, which may be asked as often as it takes. Prints and stores nothing.

mod answer;
mod body;
mod client;
mod clock;
mod followed_clock;
mod gathering;
mod logs;
mod lost;
mod overview;
mod page;
mod probe;
mod rate;
mod stamp;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod logs_faults;

pub use client::{Client, ClientError, ClientLimits, explain, http_client};
pub use clock::SystemClock;
pub use followed_clock::FollowedClock;
pub use overview::{OverviewFailure, overview};
pub use probe::{ProbeFailure, Probed, probe};
