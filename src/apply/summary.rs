//! How a run ended: everybody handed in, in exactly one group.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::diagnostic::words::plural;
use crate::identity::{BulkId, MessageKey, Revision};
use crate::ledger::{Answered, Outcome, PersonState, StopOrder};
use crate::plan::{RejectionLimit, Undelivered};
use crate::timing;

use super::evidence::LogsFailure;

/// A message and its revision.
pub type MessageRevision = (MessageKey, Revision);

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// What became of the people of each message.
    pub messages: BTreeMap<MessageRevision, Tally>,
    /// Why the gateway did not take requests whose people were rejected for it: a status, an error
    /// code and a path, nothing of a person; the first few.
    pub reasons: Vec<String>,
    /// What somebody should look at.
    pub alarms: Vec<Alarm>,
    /// Why the run ended before its work did.
    pub stopped: Option<Stopped>,
    /// Outcomes that the store did not take, and that the ledger therefore lacks.
    pub unsettled: Vec<Outcome>,
    /// The messages that rejections have ended.
    pub ended: Vec<EndedMessage>,
}

/// A message of which the gateway has rejected too many people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedMessage {
    /// Which one.
    pub message: MessageRevision,
    /// What was too much.
    pub limit: RejectionLimit,
    /// Whom the gateway has answered, over the whole ledger.
    pub answered: Answered,
    /// Whom it has accepted and then not delivered to, as far as its logs were asked.
    pub undelivered: Undelivered,
}

impl Summary {
    /// The groups of all messages together.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in self.messages.values() {
            total.add(tally);
        }
        total
    }
}

/// How many people ended in which group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Accepted by the gateway.
    pub accepted: u64,
    /// Rejected by the gateway, by status.
    pub rejected: BTreeMap<u16, u64>,
    /// Refused: a request was tried, and surely nothing was sent.
    pub refused: u64,
    /// In doubt.
    pub in_doubt: u64,
    /// Never in a request.
    pub not_attempted: u64,
    /// Claimed, or sent, by another run.
    pub claimed_elsewhere: u64,
    /// Cut out because they opted out while the run was sending.
    pub suppressed: u64,
    /// Cut out because their conversation window would have been closed when it was their turn.
    pub window_closed: u64,
    /// Cut out because their message would have expired before the delivery window opened.
    pub would_expire: u64,
}

impl Tally {
    /// Everybody.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.requested() + self.not_attempted + self.claimed_elsewhere + self.cut_out()
    }

    /// Everybody who was cut out of what was planned while the run was sending.
    #[must_use]
    pub fn cut_out(&self) -> u64 {
        self.suppressed + self.window_closed + self.would_expire
    }

    /// Everybody who was in a request.
    #[must_use]
    pub fn requested(&self) -> u64 {
        self.accepted + self.rejected_any() + self.refused + self.in_doubt
    }

    /// Everybody who was rejected, for whatever reason.
    #[must_use]
    pub fn rejected_any(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Takes in another tally.
    pub(super) fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        for (status, count) in &other.rejected {
            *self.rejected.entry(*status).or_default() += count;
        }
        self.refused += other.refused;
        self.in_doubt += other.in_doubt;
        self.not_attempted += other.not_attempted;
        self.claimed_elsewhere += other.claimed_elsewhere;
        self.suppressed += other.suppressed;
        self.window_closed += other.window_closed;
        self.would_expire += other.would_expire;
    }

    /// Counts one person of a settled claim.
    pub(super) fn count(&mut self, state: PersonState) {
        match state {
            PersonState::Accepted => self.accepted += 1,
            PersonState::Rejected(status) => *self.rejected.entry(status).or_default() += 1,
            PersonState::Refused | PersonState::Abandoned => self.refused += 1,
            PersonState::Claimed => self.in_doubt += 1,
        }
    }
}

/// What somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// The gateway answered with another bulkId than the request's.
    OtherBulkId {
        /// The request's.
        ours: BulkId,
        /// The answer's, as it stands there: whoever shows it makes it harmless.
        theirs: String,
    },
    /// The answer holds messageIds that the request does not.
    UnknownMessages {
        /// The bulk.
        bulk: BulkId,
        /// How many.
        count: usize,
    },
    /// The answer lacks messages of the request, or says nothing clear about them; they are in
    /// doubt.
    MissingMessages {
        /// The bulk.
        bulk: BulkId,
        /// How many.
        count: usize,
    },
    /// The answer names messages more than once.
    RepeatedMessages {
        /// The bulk.
        bulk: BulkId,
        /// How many.
        count: usize,
    },
    /// Our clock and the gateway's differ too much; the run stops.
    ClockOff {
        /// How far ours is ahead; negative if it is behind.
        ahead: SignedDuration,
    },
    /// Our clock or the gateway's was moved during the run; the run stops.
    ClockMoved,
    /// Bulks were sent without having asked the gateway for their people.
    NotWitnessed {
        /// How many bulks.
        bulks: u64,
        /// Why the gateway's logs could not be read; absent if they were too slow.
        why: Option<String>,
    },
    /// The logs could not be read, or not any more, so that nobody knows whether those who were accepted were delivered to.
    DeliveriesUnread {
        /// Of how many people they have told all the same.
        known: u64,
        /// Why.
        why: String,
    },
    /// The gateway has messages of which the ledger said that they were surely not sent: that was wrong,
    /// and they are not sent again.
    SentAllTheSame {
        /// How many people.
        people: u64,
    },
}

fn stop_words(stops: &[StopOrder]) -> String {
    stops.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn words_of(last: Option<Timestamp>) -> String {
    last.map(|last| format!(", the last one sent at {}", timing::utc(last))).unwrap_or_default()
}

/// Why a run ended before its work did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// 401.
    #[error("the gateway refused the credentials (401)")]
    Unauthorized,
    /// 403.
    #[error("the credentials do not allow to send (403)")]
    Forbidden,
    /// 404.
    #[error("the gateway knows no Instagram messages at this address (404): is the base URL right?")]
    NotFound,
    /// The gateway refuses whatever is tried, and names nobody: not the people are wrong, but the request.
    /// The text is a status, an error code and a path.
    #[error(
        "the gateway refuses every request of this kind (it answered {0}): the request is wrong, not the people, \
         and nobody is recorded as rejected"
    )]
    Request(String),
    /// The gateway could not be reached, however often it was tried.
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(String),
    /// The gateway answered 429, however often it was tried.
    #[error("the gateway keeps answering that there are too many requests (429)")]
    Throttled,
    /// Requests cannot begin in time after their claims.
    #[error("requests cannot begin in time after their claims: is this machine overloaded, or was it asleep?")]
    TooSlow,
    /// The store failed; what it did not take is in [`Summary::unsettled`].
    #[error("the ledger's store failed: {0}")]
    Store(String),
    /// A bulk could not be rendered as planned.
    #[error("a bulk cannot be prepared as planned: {0}")]
    Prepare(String),
    /// Who is left has to be planned anew, and the files have errors by now: the first of them.
    #[error("who is left cannot be planned with the files as they are now: {0}")]
    Files(String),
    /// Nobody can say who must not get anything.
    #[error("a list of people who must not get anything cannot be used any more: {0}")]
    OptOuts(String),
    /// The first interrupt.
    #[error("interrupted")]
    Interrupted,
    /// Somebody has stopped sending: these stops stand.
    #[error("somebody has stopped sending: {}", stop_words(.0))]
    ByOrder(Vec<StopOrder>),
    /// The store refused a claim because of a stop that somebody has ended since.
    #[error("somebody had stopped sending, and has let it go on since")]
    StopEnded,
    /// Nobody can tell any more whether somebody has stopped sending; the text says why.
    #[error("nobody can tell whether somebody has stopped sending: {0}")]
    StopsUnread(String),
    /// Our clock and the gateway's differ too much.
    #[error("the clocks of this machine and of the gateway do not go together")]
    ClockOff,
    /// The gateway has messages, of people who were about to be sent to, that the ledger does not know.
    #[error("the gateway has messages that this ledger does not know: {people} of {asked} people who were asked for{}", words_of(*last))]
    LedgerLacks {
        /// How many people have one.
        people: u64,
        /// How many were asked for.
        asked: u64,
        /// When the last of them was sent.
        last: Option<Timestamp>,
    },
    /// The gateway has the same messages, for people who were about to be sent to, under a key that the run does not
    /// have: it was lost, or another project's messages have the same names.
    #[error(
        "the gateway has the same message for {} who {} about to be sent to, under a key that this ledger does not \
         name{}",
        plural(*people, "person"), if *people == 1 { "was" } else { "were" }, words_of(*last)
    )]
    OtherKeys {
        /// How many messages of people these are.
        people: u64,
        /// When the last of them was sent.
        last: Option<Timestamp>,
    },
    /// The gateway's logs have to be asked first, and cannot be read.
    #[error("nothing is sent without asking the gateway's logs first: {0}")]
    Unwitnessed(LogsFailure),
    /// A part of sendform panicked.
    #[error("a bug: {0}")]
    Bug(String),
}
