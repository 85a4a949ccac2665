//! The mark of a machine: which run has opened a lockfile for writing on it last. If that run was killed, all
//! that it has written is here, so that it can be closed; of any other run the end may be missing. It is
//! signed: a file that somebody has brought along with a change is none.

use crate::ledger::{RunId, Seals};

use super::append_file;
use super::error::StoreError;
use super::paths::Paths;

fn text(run: RunId) -> String {
    format!("sendform run {run}\n")
}

/// Reads which run it was; nothing, if nobody here has said so.
pub(super) fn read(paths: &Paths, seals: &Seals) -> Option<RunId> {
    let found = String::from_utf8(append_file::read(&paths.mark).ok()??).ok()?;
    let run = RunId::parse(found.strip_prefix("sendform run ")?.get(..16)?)?;
    seals.have_signed(&found, &text(run)).then_some(run)
}

/// Writes which run it is, durably.
///
/// # Errors
/// If that cannot be done.
pub(super) fn write(paths: &Paths, run: RunId, seals: &Seals) -> Result<(), StoreError> {
    append_file::replace(&paths.mark, seals.sign_contents(&text(run)).as_bytes())
}
