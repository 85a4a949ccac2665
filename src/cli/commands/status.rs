//! `status`: shows what the ledger holds.

use crate::report::ledger::trust::TrustView;
use crate::report::status::{LedgerContext, StatusReport, UnstoredView};
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
use crate::cli::store::{LedgerSeen, look_as};

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
    Context::look(global, settings, &args.reading, output, async |context| with_world(context, args, output).await)
        .await
}

async fn with_world(context: &Context, args: &StatusArgs, output: &Output) -> Result<Exit, Failure> {
    let LedgerSeen { seen: ReadOnlyLedger { ledger, view, trust, .. }, unstored, refusals } =
        look_as(&args.reading, context, output).await?;
    let found = [left_behind::check(context, Some(&ledger), output).err(), clones::refused(context, &ledger)?];
    let found: Vec<Failure> = found.into_iter().flatten().collect();
    found.iter().for_each(|failure| output.tell(&failure.as_warning()));
    let refusals: Vec<Failure> = refusals.into_iter().chain(found).map(|it| it.repeating(output.typed())).collect();
    let unstored =
        unstored.into_iter().map(|(file, outcomes)| UnstoredView { file: file.display().to_string(), outcomes });
    let known = LedgerContext {
        trust: TrustView::new(&trust, ledger.header(), &context.gateway.key_ids()),
        refusals: refusals.iter().map(Failure::report).collect(),
        unstored: unstored.collect(),
    };
    let twice = ledger.accepted_twice();
    let stops = stops::look(context, &args.reading).await?;
    output.show(&StatusReport::new(&ledger, known, (&twice, &stops), view, context.gateway.now()))?;
    let exit = if ledger.doubts(view).is_empty() { Exit::Done } else { Exit::Doubt };
    Ok(if twice.is_empty() { exit } else { exit.or(Exit::Ledger) })
}
