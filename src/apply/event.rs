//! What happens during a run, as it happens: enough for a progress bar, and for a file of events.

use std::time::Duration;

use jiff::Timestamp;

use super::cut_out::CutReason;
use super::sent::SendOutcome;
use super::summary::{Alarm, MessageRevision, Stopped, Tally};
use crate::identity::BulkId;
use crate::ledger::ClaimId;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A claim is durable.
    Claimed {
        /// The claim.
        claim: ClaimId,
        /// How many people it has.
        people: usize,
        /// The `sendAt` of its request; at once, if absent.
        send_at: Option<Timestamp>,
    },
    /// Another run has people of a bulk; the rest is claimed anew.
    ClaimedElsewhere {
        /// The bulk.
        bulk: BulkId,
        /// How many people.
        people: usize,
    },
    /// A request begins.
    Sending {
        /// The claim.
        claim: ClaimId,
        /// How large its body is.
        bytes: usize,
    },
    /// A request has come to its end.
    Answered {
        /// The claim.
        claim: ClaimId,
        /// How.
        answer: AnswerKind,
    },
    /// People of a message were cut out of what was planned before they were in a request.
    CutOut {
        /// The message.
        message: MessageRevision,
        /// How many.
        people: usize,
        /// Why.
        why: CutReason,
    },
    /// A claim has its outcome, or is left in doubt.
    Settled {
        /// The claim.
        claim: ClaimId,
        /// What became of its people for good; those who go into another bulk are in no group.
        tally: Tally,
        /// Why, of a refusal or a doubt.
        why: Option<String>,
        /// Into how many bulks the rest of its people go.
        again: usize,
    },
    /// The run waits before it claims again.
    Waiting {
        /// Why.
        why: Wait,
        /// For how long.
        time: Duration,
    },
    /// Somebody should look at this.
    Alarm(Alarm),
    /// The run makes no new claims.
    Stopped(Stopped),
}

/// How a request came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// The gateway took it: it says of each message whether it was accepted.
    Taken,
    /// Surely nothing was sent.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl From<&SendOutcome> for AnswerKind {
    fn from(sent: &SendOutcome) -> Self {
        match sent {
            SendOutcome::Answered(_) => Self::Taken,
            SendOutcome::Refused(_) => Self::Refused,
            SendOutcome::Unknown(_) => Self::Unknown,
        }
    }
}

/// Why a run waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// The gateway cannot be reached; the text says why.
    Unreachable(String),
    /// 429: too many requests.
    TooMany,
}
