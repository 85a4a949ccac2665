//! `ledger merge`: git's merge driver for the lockfile. It needs no project, no key, no gateway.

use crate::cli::args::MergeArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Forms, Output};
use crate::cli::store::store_failure;
use crate::report::done_json;
use crate::store::merge_files;

/// Runs the command. It says nothing to people if it succeeds, in the midst of what git says.
///
/// # Errors
/// If the files cannot be merged, and then `ours` is as it was; or if the output cannot be written.
pub(super) fn run(args: &MergeArgs, output: &Output) -> Result<Exit, Failure> {
    merge_files(&args.ancestor, &args.ours, &args.theirs).map_err(|error| {
        store_failure(&error).hint(
            "the lockfile was left as it is on this branch, without what the other knows: do not commit it so; \
             `git show :2:./sendform.lock` and `git show :3:./sendform.lock` have both sides",
        )
    })?;
    let file = args.ours.display().to_string();
    output.show(&Forms { text: &|_| String::new(), json: &|| done_json::merged(&file) })?;
    Ok(Exit::Done)
}
