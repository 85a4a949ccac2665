//! `ledger copy`: moves the ledger into the home that the project file names.

use crate::campaign::{State, StateNames};
use crate::cli::args::{Acceptance, CopyArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::gateway;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::store::{expected, visit};
use crate::report::failure_code::FailureCode;
use crate::report::ledger::setup::LedgerCopyReport;
use crate::store::{Visit, copy};

/// Runs the command.
///
/// # Errors
/// If the two homes are one; if the old ledger cannot be read, or the new one not be written, or not
/// be read back.
pub(super) async fn run(
    context: &Context,
    args: &CopyArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let usage = |message: &str| Failure::new(FailureCode::Usage, message);
    if context.gateway.is_sandbox() {
        return Err(usage("the sandbox's ledger lives in its own folder, and does not move"));
    }
    let expected = expected(context)?;
    let from = gateway::ledger(&state(args), &context.home, settings);
    let to = &context.gateway.ledger;
    if from.place() == to.place() {
        return Err(usage("the project's ledger lives there already")
            .hint("name the new home under `state` in sendform.yaml; `--from` names the old one"));
    }
    context.home.make_private()?;
    let unclosed = Acceptance::number(&args.accept, "unclosed").unwrap_or(0);
    let visit = Visit { unclosed, ..visit(context, "ledger copy")? };
    let copied = copy(&from, to, &expected, &visit).await?;
    let (from_place, to_place) = (from.place(), to.place());
    let commit_it = "commit it as it is now, so that other clones are refused as well\n";
    let advice = if from.is_on_this_disk() { commit_it } else { "" };
    output.show(&LedgerCopyReport {
        from: &from_place,
        to: &to_place,
        claims: copied.claims as u64,
        news: copied.news.into(),
        stops: copied.stops as u64,
        advice,
    })?;
    Ok(Exit::Done)
}

/// The old home, as the command line names it.
fn state(args: &CopyArgs) -> State {
    let names = StateNames {
        remote: args.remote.as_deref(),
        branch: args.branch.as_deref(),
        schema: args.schema.as_deref(),
        bulks_ahead: Some(1),
    };
    State::new(args.from.into(), names)
}
