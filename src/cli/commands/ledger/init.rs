//! `ledger init`: makes the ledger.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::left_behind;
use crate::cli::output::Output;
use crate::cli::store::{expected, visit};
use crate::report::ledger::setup::LedgerInitReport;
use crate::store::{LedgerLocation, StoreError, lost_key_words};

/// Runs the command.
///
/// # Errors
/// If there is a ledger already, or it cannot be made.
pub(super) async fn run(context: &Context, output: &Output) -> Result<Exit, Failure> {
    let ledger = &context.gateway.ledger;
    context.home.make_private()?;
    let expected = expected(context)?;
    left_behind::check(context, None, output)?;
    let made = ledger.create(expected.header(), &expected, &visit(context, "ledger init")?).await;
    made.map_err(|error| refused(error, ledger))?;
    let advice = if context.gateway.is_sandbox() { String::new() } else { ledger.advice() };
    output.show(&LedgerInitReport { place: &ledger.place(), gateway: &context.gateway.name, advice: &advice })?;
    Ok(Exit::Done)
}

/// Why none was made, and what else may be done.
fn refused(error: StoreError, ledger: &LedgerLocation) -> Failure {
    let lost = ledger.shadow_path().filter(|shadow| shadow.exists()).map(lost_key_words);
    let hint = if matches!(error, StoreError::Exists { .. }) {
        let another = ledger.another().map(|state| {
            format!("; another project's ledger needs another place, which the project file names: `{state}`")
        });
        Some(format!("it is made once: `sendform status` shows what it holds{}", another.unwrap_or_default()))
    } else if matches!(error, StoreError::KeyMissing { .. }) {
        lost
    } else {
        None
    };
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
