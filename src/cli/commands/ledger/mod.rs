//! `ledger …`: one file a subcommand.

mod copy;
mod import;
mod init;
mod merge;
mod rebind;
mod recover;
mod verify;

use crate::cli::args::{Global, LedgerCommand};
use crate::cli::clones::{self, KeptFiles};
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
    Box::pin(Context::run(global, settings, output, async |context| match command {
        LedgerCommand::Init => init::run(context, output).await,
        LedgerCommand::Verify => verify::run(context, output).await,
        LedgerCommand::Import(args) => Box::pin(reminding(context, output, import::run(context, args, output))).await,
        LedgerCommand::Copy(args) => copy::run(context, args, settings, output).await,
        LedgerCommand::Rebind(args) => Box::pin(reminding(context, output, rebind::run(context, args, output))).await,
        LedgerCommand::Recover(args) => {
            Box::pin(reminding(context, output, recover::run(context, args, settings, output))).await
        }
        LedgerCommand::Merge(args) => merge::run(args, settings, output),
    }))
    .await
}

/// Runs a command that may write what git keeps of the ledger, and then says what to do with that.
async fn reminding(
    context: &Context,
    output: &Output,
    command: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let before = KeptFiles::of(&context.gateway.ledger);
    let ended = command.await;
    clones::remind(&context.gateway.ledger, before, output);
    ended
}
