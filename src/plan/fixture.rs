//! A project in memory, for the tests of this room.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::num::NonZeroUsize;

use jiff::Timestamp;

use crate::campaign::{Campaign, Files, FilesError, Project, Stream, read_campaign, read_project};
use crate::diagnostic::Source;
use crate::ledger::{Claim, ClaimId, Header, Ledger, MessageRecord, Outcome, PersonState, RunId, View};

use super::make::{Input, Plan, plan};
use super::rails::Accepted;
use super::selection::Selection;

/// Files in memory, and a ledger.
pub(crate) struct Fixture {
    files: Memory,
    pub(crate) ledger: Ledger,
    pub(crate) now: Timestamp,
    pub(crate) accepted: Accepted,
}

struct Memory(BTreeMap<String, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<String, FilesError> {
        self.0.get(path).cloned().ok_or(FilesError::Missing)
    }

    fn open(&self, path: &str) -> Result<Box<dyn Stream>, FilesError> {
        Ok(Box::new(Cursor::new(self.read(path)?)))
    }
}
