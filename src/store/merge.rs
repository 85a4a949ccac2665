//! git's merge driver for lockfiles, over the three files that git gives it.

use std::path::Path;

use crate::identity::ProjectId;
use crate::ledger::{MergeError, Seals, Side, merge};

use super::append_file;
use super::error::{DamagedText, StoreError};
use super::regular::{self, LEDGER_BYTES_MAX, Links};

/// Merges the lockfiles at three paths, and puts the result in the place of `ours`, whole and
/// durable.
///
/// # Errors
/// If one cannot be read, is damaged or cut, or they belong to two projects or gateways; if the
/// result cannot be written. Then `ours` is as it was.
pub fn merge_files([ancestor, ours, theirs]: [&Path; 3], keys: impl Fn(&ProjectId) -> Seals) -> Result<(), StoreError> {
    let read =
        |path: &Path| regular::read(path, Links::Followed, LEDGER_BYTES_MAX).map_err(StoreError::io("read", path));
    let merged = merge([&read(ancestor)?, &read(ours)?, &read(theirs)?], keys).map_err(|(side, error)| {
        let (words, path) = match side {
            Side::Ancestor => ("the version that both come from", ancestor),
            Side::Ours => ("the version of this branch", ours),
            Side::Theirs => ("the version of the other branch", theirs),
        };
        match error {
            MergeError::Damage(damage) => StoreError::Damage {
                place: format!("{} ({words})", path.display()),
                damage: Box::new(damage),
                of: DamagedText::Other,
            },
            MergeError::Join(error) => StoreError::Join(error),
        }
    })?;
    append_file::replace(ours, &merged)
}
