//! Who holds a ledger, as its lock says.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who holds a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The id of their process.
    pub pid: u32,
    /// The name of their machine.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
    /// What they are doing, such as `apply`.
    pub note: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, host, since, note } = self;
        write!(formatter, "`{note}`, process {pid} on {host}, since {since}")
    }
}
