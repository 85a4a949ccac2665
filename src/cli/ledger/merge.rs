//! `ledger merge`: git's merge driver for the lockfile. It needs no project, no key, no gateway.

use crate::cli::args::MergeArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::store::store_failure;
use crate::store::merge_files;

/// Runs the command. It says nothing if it succeeds, in the midst of what git says.
///
/// # Errors
/// If the files cannot be merged; then `ours` is as it was.
pub(super) fn run(args: &MergeArgs) -> Result<Exit, Failure> {
    merge_files(&args.ancestor, &args.ours, &args.theirs).map_err(|error| {
        store_failure(&error).hint(
            "the lockfile was left as it is on this branch, without what the other knows: do not commit it so; \
             `git show :2:./sendform.lock` and `git show :3:./sendform.lock` have both sides",
        )
    })?;
    Ok(Exit::Done)
}
