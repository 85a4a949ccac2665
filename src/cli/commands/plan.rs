//! `plan`: shows what would be sent now.

use crate::cli::args::{Global, PlanArgs};
use crate::cli::clones;
use crate::cli::context::{Context, PlanOptions};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::left_behind;
use crate::cli::output::Output;
use crate::cli::planning::{alarm, input, judge, planned, show};
use crate::cli::settings::Settings;
use crate::cli::shell_quote;
use crate::cli::stops;
use crate::cli::store::{expected, look_in_clear, look_to_plan};
use crate::ledger::View;

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
    Context::look(global, settings, &args.reading, output, async |context| with_world(context, args, output).await)
        .await
}

async fn with_world(context: &Context, args: &PlanArgs, output: &Output) -> Result<Exit, Failure> {
    let mut plan_options = PlanOptions::read(&args.scope, &context.campaigns)?;
    plan_options.without_data = args.without_data;
    let gateway = &context.gateway;
    if args.out.is_some() {
        // What is frozen was compared with the ledger.
        expected(context)?;
    }
    // Without keys nobody is recognised, and without a gateway there is no ledger.
    let seen = match (&gateway.base_url, &gateway.keys) {
        (None, _) => None,
        (Some(_), None) => look_in_clear(&args.reading, context, output).await?,
        (Some(_), Some(_)) => Some(look_to_plan(&args.reading, context, output).await?),
    };
    if let Some(seen) = &seen {
        left_behind::check(context, Some(&seen.ledger), output)?;
        if let Some(failure) = clones::refused(context, &seen.ledger)? {
            output.tell(&failure.as_warning());
        }
    }
    // Nobody needs the key to see that nothing is sent.
    let stops = if seen.is_some() || gateway.ledger.is_on_this_disk() {
        stops::look(context, &args.reading).await?
    } else {
        Vec::new()
    };
    let view = seen.as_ref().map_or(View::Exclusive, |seen| seen.view);
    let input = input(context, &plan_options, seen.as_ref().map(|seen| &seen.ledger), view);
    let plan = planned(&input);
    let written = args.out.as_deref().map(|path| (path, frozen::write(path, &input, &plan)));
    let file = written.as_ref().and_then(|(path, written)| matches!(written, Ok(true)).then_some(*path));
    show(&plan, context, output, file, &stops)?;
    let mut exit = judge(&plan, &plan_options.selection).or(alarm(&plan.twice, &plan_options.selection));
    if let Some((path, written)) = written {
        let path = shell_quote::word(&path.display().to_string());
        if written? {
            output.note(&format!(
                "wrote {path}: `sendform apply {path}` sends this, and nothing else
"
            ));
        } else {
            output.tell("no plan was written: it has errors\n");
        }
    }
    if args.detailed_exitcode && plan.may_send() {
        exit = exit.or(Exit::Pending);
    }
    Ok(exit)
}
