//! `status`: shows what the ledger holds.

use crate::report::json;
use crate::report::text::status;
use crate::store::ReadOnlyLedger;

use crate::cli::args::{Global, StatusArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Forms, Output};
use crate::cli::settings::Settings;
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
    let now = context.gateway.now();
    output.show_forms(&Forms {
        text: &|paint| status::render(&ledger, view, now, paint),
        json: &|| json::status(&ledger, view, now),
    })?;
    Ok(if ledger.doubts(view).is_empty() { Exit::Done } else { Exit::Doubt })
}
