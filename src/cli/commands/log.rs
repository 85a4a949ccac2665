//! `log`: shows what was done over time.

use crate::cli::args::{Global, LogArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::stops;
use crate::cli::store::look_as;
use crate::report::log::LogReport;

/// Runs the command.
///
/// # Errors
/// If the ledger cannot be read.
pub(super) async fn run(
    global: &Global,
    args: &LogArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    Context::look(global, settings, &args.reading, output, async |context| {
        let seen = look_as(&args.reading, context, output).await?.seen;
        let stops = stops::look_at_all(context, &args.reading).await?;
        let last = args.last.map(|last| usize::try_from(last).unwrap_or(usize::MAX));
        output.show(&LogReport::new(&seen.ledger, &stops, seen.view, last))?;
        Ok(Exit::Done)
    })
    .await
}
