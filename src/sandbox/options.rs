//! The settings of a sandbox.

use std::path::PathBuf;

use jiff::SignedDuration;

use super::auth::Credential;
use super::clock::{ClockStart, Speed};
use super::faults::Fault;
use super::model::rules::ChannelRules;
use crate::wire::choices::Choices;
use crate::wire::limits;

/// The largest body of a request, in bytes, unless set.
pub const BODY_BYTES_MAX: usize = 20 * 1024 * 1024;

/// How long a messageId is remembered unless set: as long as the logs go back.
pub const DUPLICATE_MEMORY: SignedDuration = SignedDuration::from_hours(48);

/// How a sandbox behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file of its books; it is made if it is not there, in a folder that is.
    pub books: PathBuf,
    /// Where its clock starts.
    pub now: ClockStart,
    /// How fast its clock runs.
    pub speed: Speed,
    /// The credentials that it takes; any if there are none.
    pub credentials: Vec<Credential>,
    /// The names, besides those of loopback, under which it is reached.
    pub hosts: Vec<String>,
    /// How the channel behaves; as in its last run if absent.
    pub rules: Option<ChannelRules>,
    /// The choices where the API's documents are silent.
    pub choices: Choices,
    /// How long a messageId is remembered, where repeated ones are turned down.
    pub duplicate_memory: SignedDuration,
    /// How many queries of the logs it takes in a minute of real time; any number if absent.
    pub logs_per_minute: Option<u32>,
    /// The largest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// The faults with which it starts.
    pub faults: Vec<Fault>,
}

impl Options {
    /// The settings of a sandbox that behaves as the API does, with the real time.
    #[must_use]
    pub fn new(books: impl Into<PathBuf>) -> Self {
        Self {
            books: books.into(),
            now: ClockStart::Real,
            speed: Speed::REAL,
            credentials: Vec::new(),
            hosts: Vec::new(),
            rules: None,
            choices: Choices::default(),
            duplicate_memory: DUPLICATE_MEMORY,
            logs_per_minute: Some(limits::LOGS_REQUESTS_PER_MINUTE),
            body_bytes_max: BODY_BYTES_MAX,
            faults: Vec::new(),
        }
    }
}
