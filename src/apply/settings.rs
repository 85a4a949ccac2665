//! How a run goes about its work.

use std::collections::BTreeMap;
use std::time::Duration;

use super::summary::MessageRevision;
use crate::ledger::{Answered, RunId};
use crate::plan::RejectionLimit;

/// How a run goes about its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSettings {
    /// The run's number.
    pub run: RunId,
    /// Who runs it, if anybody knows.
    pub by: Option<String>,
    /// How many bulks are in flight at most; at least 1 is taken.
    pub parallel: usize,
    /// How many bulks are under way at most: prepared, claimed and waiting for their request, or in
    /// flight. Below `parallel` it means `parallel`; above, bulks are claimed ahead of their requests.
    pub ahead: usize,
    /// How often a bulk is tried while the gateway cannot be reached, from 1.
    pub attempts_max: u32,
    /// How often a bulk is tried while the gateway answers 429, from 1.
    pub throttled_max: u32,
    /// How long after its claim a request may begin.
    pub start_within: Duration,
    /// How long requests in flight may go on after the first interrupt.
    pub grace: Duration,
    /// How much longer the store may take to write what became of them.
    pub store_grace: Duration,
    /// How long the store may take to write what became of them after the second interrupt.
    pub leave_grace: Duration,
    /// The longest wait that a `Retry-After` may ask for.
    pub retry_after_max: Duration,
    /// The first wait before a bulk is tried again; doubled each time.
    pub backoff_first: Duration,
    /// The longest wait that doubling leads to.
    pub backoff_max: Duration,
    /// Whether other runs hand over bulks of the same plan: then a paced bulk that cannot keep its
    /// planned time asks the store for another.
    pub shares_plan: bool,
    /// Whether other runs may be answered for the same messages meanwhile: then what they were answered counts too.
    pub hears_others: bool,
    /// When rejections end which message; whatever is not here goes on however many are rejected.
    pub watched: BTreeMap<MessageRevision, WatchedMessage>,
}

impl RunSettings {
    /// The settings of a run unless something else is asked for.
    #[must_use]
    pub const fn new(run: RunId) -> Self {
        Self {
            run,
            by: None,
            parallel: 4,
            ahead: 0,
            attempts_max: 5,
            throttled_max: 30,
            start_within: Duration::from_mins(2),
            grace: Duration::from_secs(6),
            store_grace: Duration::from_secs(2),
            leave_grace: Duration::from_millis(500),
            retry_after_max: Duration::from_mins(5),
            backoff_first: Duration::from_secs(1),
            backoff_max: Duration::from_mins(1),
            shares_plan: false,
            hears_others: false,
            watched: BTreeMap::new(),
        }
    }
}

/// When rejections end a message, as a run is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedMessage {
    /// The limit, with whom the gateway had answered when the message was planned.
    pub limit: RejectionLimit,
    /// How many of these answers [`Store::answered_elsewhere`](super::Store::answered_elsewhere) counts.
    pub elsewhere: Answered,
}
