//! `ledger …`: one file a subcommand.

mod copy;
mod import;
mod init;
mod merge;
mod rebind;
mod recover;
mod verify;

use crate::cli::args::{Global, LedgerCommand};
use crate::cli::clones;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;

/// Runs the command.
///
/// # Errors
/// If the ledger cannot be made, read or written.
pub(super) async fn run(
    global: &Global,
    command: &LedgerCommand,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    // git merges wherever it likes: there may be no project there, and no key.
    if let LedgerCommand::Merge(args) = command {
        return merge::run(args, settings, output);
    }
    Box::pin(Context::run(global, settings, output, async |context| {
        let home = &context.gateway.ledger;
        match command {
            LedgerCommand::Init => init::run(context, output).await,
            LedgerCommand::Verify => verify::run(context, output).await,
            LedgerCommand::Import(args) => {
                clones::reminding(home, output, Box::pin(import::run(context, args, output))).await
            }
            LedgerCommand::Copy(args) => copy::run(context, args, settings, output).await,
            LedgerCommand::Rebind(args) => {
                clones::reminding(home, output, Box::pin(rebind::run(context, args, output))).await
            }
            LedgerCommand::Recover(args) => {
                clones::reminding(home, output, Box::pin(recover::run(context, args, settings, output))).await
            }
            LedgerCommand::Merge(args) => merge::run(args, settings, output),
        }
    }))
    .await
}
