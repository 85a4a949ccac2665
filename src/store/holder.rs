//! Who holds a ledger, as its lock says.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::timing::utc;

/// What a holder begins with, as it is written into a lock.
pub(super) const HOLDER_BEGIN: &str = "{\"pid\":";

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
        write!(formatter, "`{note}`, process {pid} on {host}, since {}", utc(*since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_the_time_as_everywhere_and_the_lock_keeps_all_of_it() {
        let since = "2026-11-28T06:47:58.142000619Z".parse().unwrap();
        let holder = Holder { pid: 7, host: "here".to_owned(), since, note: "apply".to_owned() };
        assert_eq!(holder.to_string(), "`apply`, process 7 on here, since 2026-11-28 06:47:58 UTC");
        let text = serde_json::to_string(&holder).unwrap();
        assert!(text.starts_with(HOLDER_BEGIN) && text.contains("06:47:58.142000619Z"), "{text}");
    }
}
