//! `plan`: shows what would be sent now.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use crate::campaign::Witness;
use crate::ledger::{Doubt, Ledger, View};
use crate::plan::{Input, Plan, Selection, plan};
use crate::report::{json, plan_text};

use super::args::{Global, PlanArgs};
use super::context::{Context, PlanOptions, tell_warnings};
use super::exit::Exit;
use super::failure::Failure;
use super::frozen;
use super::output::{Output, Report};
use super::progress::Progress;
use super::settings::Settings;
use super::shell_quote;
use super::store::{check_without_key, expected, look_as};
use super::witness;

/// Runs the command.
///
/// # Errors
/// If the files have errors, or the ledger cannot be read.
pub(super) async fn run(
    global: &Global,
    args: &PlanArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    if let Some(path) = &args.out {
        frozen::make_room(path)?;
    }
    Context::run(global, settings, output, async |context| with_world(context, global, args, output).await).await
}

async fn with_world(context: &Context, global: &Global, args: &PlanArgs, output: &Output) -> Result<Exit, Failure> {
    let choices = PlanOptions::read(&args.scope, &context.campaigns)?;
    let gateway = &context.gateway;
    if args.out.is_some() {
        // What is frozen was compared with the ledger.
        expected(context)?;
    }
    // Without keys nobody would be recognised, and without a gateway there is no ledger.
    let has_ledger = gateway.keys.is_some() && gateway.base_url.is_some();
    let seen = if has_ledger {
        Some(look_as(&args.reading, context, output).await?)
    } else {
        check_without_key(context, output).await?;
        None
    };
    let view = seen.as_ref().map_or(View::Exclusive, |seen| seen.view);
    let input = input(context, &choices, seen.as_ref().map(|seen| &seen.ledger), view);
    let plan = planned(&input);
    let written = args.out.as_deref().map(|path| (path, frozen::write(path, &input, &plan)));
    let file = written.as_ref().and_then(|(path, written)| matches!(written, Ok(true)).then_some(*path));
    show(&plan, context, output, file)?;
    let mut exit = judge(&plan, &choices.selection);
    if let Some((path, written)) = written {
        let path = shell_quote::word(&path.display().to_string());
        if written? {
            let sandbox = if gateway.is_sandbox() { " --sandbox" } else { "" };
            let dir = global.dir.as_deref().map(shell_quote::dir_option).unwrap_or_default();
            output.tell(&format!("wrote {path}: `sendform{dir} apply {path}{sandbox}` sends this, and nothing else\n"));
        } else {
            output.tell("no plan was written: it has errors\n");
        }
    }
    if args.detailed_exitcode && plan.to_send() + plan.later() > 0 {
        exit = exit.or(Exit::Pending);
    }
    Ok(exit)
}

/// Plans.
#[must_use]
pub(super) fn make(context: &Context, choices: &PlanOptions, ledger: Option<&Ledger>, view: View) -> Plan {
    planned(&input(context, choices, ledger, view))
}

fn planned(input: &Input<'_>) -> Plan {
    let progress = Progress::spinner("planning");
    let plan = plan(input);
    progress.finish();
    plan
}

/// All that a plan depends on.
fn input<'a>(context: &'a Context, choices: &'a PlanOptions, ledger: Option<&'a Ledger>, view: View) -> Input<'a> {
    Input {
        project: &context.project,
        campaigns: &context.campaigns,
        files: &context.folders,
        gateway: &context.gateway.name,
        ledger,
        view,
        keys: context.gateway.keys.as_ref(),
        now: context.gateway.now(),
        selection: &choices.selection,
        accepted: &choices.accepted,
        retry_rejected: &choices.retry_rejected,
        frozen: choices.frozen.as_ref(),
        asks_first: witness::mode(context) != Witness::Off,
        workers: workers(),
    }
}

/// Shows a plan, its diagnostics first; `file` is the frozen plan that was made of it, or that it is
/// held to.
///
/// # Errors
/// If it cannot be shown.
pub(super) fn show(plan: &Plan, context: &Context, output: &Output, file: Option<&Path>) -> Result<(), Failure> {
    let mut found = context.diagnostics.clone();
    found.extend(plan.all_diagnostics());
    if found.has_errors() {
        output.tell(&crate::report::diagnostics::render(&found, output.paint_errors));
    } else {
        tell_warnings(output, &found);
    }
    output.show(&Report {
        text: &|paint| plan_text::render(plan, paint, output.reveal),
        json: &|| json::plan(plan, &found, output.reveal, file),
    })
}

/// The exit code of a plan by itself; what is not selected is shown, and does not count.
#[must_use]
pub(super) fn judge(plan: &Plan, selection: &Selection) -> Exit {
    let mut exit = Exit::Done;
    let errors = plan.selected().any(|message| message.diagnostics.has_errors());
    if errors || plan.diagnostics.has_errors() {
        exit = exit.or(Exit::Files);
    }
    if plan.is_mismatched() {
        exit = exit.or(Exit::Mismatch);
    }
    if plan.refused().next().is_some() {
        exit = exit.or(Exit::Rail);
    }
    if in_doubt(&plan.doubts, selection) {
        exit = exit.or(Exit::Doubt);
    }
    exit
}

/// Says whether anything that is selected is in doubt.
#[must_use]
pub(super) fn in_doubt(doubts: &[Doubt], selection: &Selection) -> bool {
    doubts.iter().any(|doubt| selection.holds(&doubt.claim.bulk.message))
}

fn workers() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
