//! The gateway is asked before it is told: whoever is about to be sent to is looked up in its logs, as
//! far as that costs nothing but questions. A ledger that was taken back, by a dump that was restored or
//! a branch that was set back, does not know whom it has sent to; the logs still do.
//!
//! Two questions. The *look*, once a run: what was sent by the plan's senders since shortly before the
//! ledger's last claim, which is what a ledger that was taken back lacks. And the *sample*: of each bulk,
//! before it is claimed, some of its people. A miss proves nothing.
//!
//! A messageId tells people apart only by their persons, which a key makes. So what the look finds is compared
//! by whom it is for as well: whoever has lost a key, and has begun a ledger with another one, would send to
//! the same people again.

mod gated;
mod recognise;
mod recover;
mod sample;
mod watch;

#[cfg(test)]
mod tests;

pub use gated::Gated;
pub use recognise::Recognise;
pub use recover::{Recovered, recover};
pub use watch::{NoOlderKeys, OlderKeys, Watch};
