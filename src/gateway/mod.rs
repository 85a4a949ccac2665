//! The way to the gateway: one HTTP client that sends a request exactly once, and tells for every
//! end of it whether something was sent, nothing was sent, or nobody knows. Prints and stores
//! nothing.

mod answer;
mod body;
mod client;
mod clock;

#[cfg(test)]
mod faults;

pub use client::{Client, ClientError, Limits};
pub use clock::SystemClock;
