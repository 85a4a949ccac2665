//! `status`: shows what the ledger holds.

use crate::report::status::StatusReport;
use crate::store::ReadOnlyLedger;

use crate::cli::args::{Global, StatusArgs};
use crate::cli::clones;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::left_behind;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::stops;
use crate::cli::store::look_as;

/// Runs the command.
///
/// # Errors
/// If the ledger cannot be read.
pub(super) async fn run(
    global: &Global,
    args: &StatusArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    Context::run(global, settings, output, async |context| with_world(context, args, output).await).await
}

async fn with_world(context: &Context, args: &StatusArgs, output: &Output) -> Result<Exit, Failure> {
    let ReadOnlyLedger { ledger, view, .. } = look_as(&args.reading, context, output).await?;
    left_behind::warn(context, &ledger, output);
    clones::warn(context, &ledger, output)?;
    let twice = ledger.accepted_twice();
    let stops = stops::look(context, &args.reading).await?;
    output.show(&StatusReport::new(&ledger, &twice, &stops, view, context.gateway.now()))?;
    let exit = if ledger.doubts(view).is_empty() { Exit::Done } else { Exit::Doubt };
    Ok(if twice.is_empty() { exit } else { exit.or(Exit::Ledger) })
}
