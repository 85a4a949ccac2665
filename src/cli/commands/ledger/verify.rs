//! `ledger verify`: reads all of the ledger, and tells what is odd.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::store::{expected_by_anybody, look_to_tell};
use crate::cli::unsaved_outcomes;
use crate::ledger::{LedgerDelta, Shadow};
use crate::report::ledger::verify::{LedgerVerifyReport, OutcomeFileView};
use crate::store::ReadOnlyLedger;

/// Runs the command. What is odd about the ledger itself sets the exit code; what lies beside it, and
/// is joined in by the next apply, does not.
///
/// # Errors
/// If the ledger cannot be read.
pub(super) async fn run(context: &Context, output: &Output) -> Result<Exit, Failure> {
    let (ReadOnlyLedger { ledger, trust, .. }, refusals) = look_to_tell(context, output).await?;
    let home = &context.gateway.ledger;
    let shadow = if ledger.claims().len() == 0 && context.gateway.is_sandbox() {
        Shadow::Same
    } else {
        home.shadow(&expected_by_anybody(context)?)?
    };
    let mut found = Vec::new();
    for dump in unsaved_outcomes::read(context)? {
        let mut after = ledger.clone();
        let taken = after.take_outcomes(&dump.outcomes);
        let news = taken.map(|_| LedgerDelta::between(&ledger, &after)).map_err(|damage| damage.to_string());
        found.push(OutcomeFileView::new(dump.path.display().to_string(), dump.outcomes.len(), news));
    }
    let report = LedgerVerifyReport::new((home.place(), &ledger), (&trust, &context.gateway.key_ids()), shadow, found);
    output.show(&report)?;
    Ok(if report.odd || !refusals.is_empty() { Exit::Ledger } else { Exit::Done })
}
