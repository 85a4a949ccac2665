//! `ledger copy`: moves the ledger into the home that the project file names.

use crate::campaign::State;
use crate::cli::args::{Acceptance, CopyArgs, StateLocation};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::gateway;
use crate::cli::output::{Output, Report};
use crate::cli::settings::Settings;
use crate::cli::store::{expected, visit};
use crate::report::done_json;
use crate::report::ledger::news_words;
use crate::report::words::plural;
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
    let usage = |message: &str| Failure::new(Exit::Usage, message);
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
    output.show(&Report {
        text: &|_| {
            let (claims, news) = (plural(copied.claims as u64, "claim"), news_words(copied.news));
            format!(
                "copied {claims} from {from_place} to {to_place}: {news}\nread back: everybody stands as they did\n\
                 retired {from_place}: whoever opens it is refused, and told where it went\n{advice}"
            )
        },
        json: &|| done_json::copied(&from_place, &to_place, copied.claims, copied.news),
    })?;
    Ok(Exit::Done)
}

/// The old home, as the command line names it.
fn state(args: &CopyArgs) -> State {
    let or = |text: &Option<String>, default: &str| text.clone().unwrap_or_else(|| default.to_owned());
    match args.from {
        StateLocation::Lockfile => State::Lockfile,
        StateLocation::Git => State::Git {
            remote: or(&args.remote, "origin"),
            branch: or(&args.branch, "sendform-ledger"),
            bulks_ahead: 1,
        },
        StateLocation::Postgres => State::Postgres { schema: or(&args.schema, "sendform") },
    }
}
