//! `ledger init`: makes the ledger.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::store::{expected, visit};
use crate::report::ledger::setup::LedgerInitReport;

/// Runs the command.
///
/// # Errors
/// If there is a ledger already, or it cannot be made.
pub(super) async fn run(context: &Context, output: &Output) -> Result<Exit, Failure> {
    let ledger = &context.gateway.ledger;
    context.home.make_private()?;
    let expected = expected(context)?;
    ledger.create(expected.header(), &expected, &visit(context, "ledger init")?).await?;
    let advice = if context.gateway.is_sandbox() { "" } else { ledger.advice() };
    output.show(&LedgerInitReport { place: &ledger.place(), gateway: &context.gateway.name, advice })?;
    Ok(Exit::Done)
}
