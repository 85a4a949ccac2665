//! The port to the gateway that messages are handed over to.

use super::outgoing::Outgoing;
use super::sent::SendOutcome;
use super::ticket::Ticket;

/// Sends requests to the gateway.
pub trait Sender: Sync {
    /// Sends a request once, and tells what came of it. Right before its first byte the sender begins
    /// with [`RequestStart::begin`](super::RequestStart::begin), which may refuse; a request of which nothing was
    /// begun may be dropped, and counts as never sent. Total: every failure is an answer.
    fn send(&self, request: &Outgoing, ticket: &Ticket) -> impl Future<Output = SendOutcome> + Send;
}
