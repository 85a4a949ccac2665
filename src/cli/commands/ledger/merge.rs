//! `ledger merge`: git's merge driver for the lockfile. It needs no project, no gateway, and no key: with one
//! it also checks who has written the lines, and sorts them.

use crate::cli::args::MergeArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::home::ProjectPaths;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::shell_quote;
use crate::identity::ProjectId;
use crate::ledger::Seals;
use crate::report::ledger::setup::LedgerMergeReport;
use crate::store::merge_files;

/// Runs the command. It says nothing to people if it succeeds, in the midst of what git says.
///
/// # Errors
/// If the files cannot be merged, and then `ours` is as it was; or if the output cannot be written.
pub(super) fn run(args: &MergeArgs, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let keys = |project: &ProjectId| settings.keys.as_ref().map_or_else(Seals::none, |keys| Seals::new(keys, project));
    merge_files([&args.ancestor, &args.ours, &args.theirs], keys).map_err(|error| {
        // git runs its drivers at the top of the work tree.
        let path = args.path.clone().unwrap_or_else(|| ProjectPaths::find(None).dir.join("sendform.lock"));
        let path = path.strip_prefix(".").unwrap_or(&path).display();
        let [ours, theirs] = [2, 3].map(|side| shell_quote::word(&format!(":{side}:{path}")));
        Failure::from(error).hint(format!(
            "the lockfile was left as it is on this branch, without what the other knows: do not commit it so; \
             `git show {ours}` and `git show {theirs}` have both sides"
        ))
    })?;
    output.show(&LedgerMergeReport { file: args.ours.display().to_string() })?;
    Ok(Exit::Done)
}
