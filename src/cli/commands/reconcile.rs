//! `reconcile`: settles doubts from the gateway's logs.

use std::sync::Arc;

use crate::apply::evidence::{LogsFailure, Reconciled};
use crate::ledger::{Flight, Ledger};
use crate::plan::Selection;
use crate::report::failure_code::FailureCode;
use crate::report::reconcile::ReconcileReport;
use crate::store::{OpenLedger, ReadOnlyLedger};

use crate::cli::args::{Global, ReconcileArgs};
use crate::cli::client::client;
use crate::cli::clock::RunClock;
use crate::cli::clones;
use crate::cli::context::{Context, no_message};
use crate::cli::evidence;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::sandbox_time;
use crate::cli::settings::Settings;
use crate::cli::signals;
use crate::cli::store::{look, open, visit};
use crate::cli::unsaved_outcomes;

/// Runs the command.
///
/// # Errors
/// If the ledger cannot be opened or written, or there are no credentials.
pub(super) async fn run(
    global: &Global,
    args: &ReconcileArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    Context::run(global, settings, output, async |context| {
        clones::reminding(&context.gateway.ledger, output, Box::pin(with_world(context, args, settings, output))).await
    })
    .await
}

async fn with_world(
    context: &Arc<Context>,
    args: &ReconcileArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    // Who only looks needs no lock, and where nothing is in doubt nobody needs credentials.
    let ReadOnlyLedger { ledger, view, .. } = look(context).await?;
    let selection = selection(&args.only, context, &ledger)?;
    if !ledger.doubts(view).iter().any(|doubt| selection.holds(&doubt.claim.bulk.message)) {
        show(&Reconciled::default(), ledger.in_flight(view, None), context, output)?;
        return confirm_database(context, args, output).await;
    }
    drop(ledger);
    let clock = RunClock::new(Arc::clone(context));
    let client = client(context, settings, clock.clone())?;
    let store = open(context, &visit(context, "reconcile")?).await?;
    unsaved_outcomes::take_in(context, &store, 0).await?;
    let (reconciled, stored) = evidence::pass(context, &store, &client, &clock, &selection, signals::first()).await;
    sandbox_time::tell_pretended(&client, output);
    let flight = store.ledger().in_flight(store.view(context.gateway.lives_at()), None);
    let shown = show(&reconciled, flight, context, output);
    // What was settled stays settled, whatever else fails now.
    stored?;
    let confirmed = confirm(&store, args, output).await?;
    store.finish().await?;
    shown?;
    Ok(verdict(&reconciled).or(confirmed))
}

/// Confirms a ledger's server where nothing is in doubt.
async fn confirm_database(context: &Context, args: &ReconcileArgs, output: &Output) -> Result<Exit, Failure> {
    if !context.gateway.ledger.has_server() {
        return Ok(Exit::Done);
    }
    confirm(&open(context, &visit(context, "reconcile")?).await?, args, output).await
}

/// Confirms that the ledger is whole where it is now, if its server is not the one that held it last.
/// A claim that is missing leaves no doubt to be found, so only a person can know.
async fn confirm(store: &OpenLedger, args: &ReconcileArgs, output: &Output) -> Result<Exit, Failure> {
    let Err(error) = store.may_send() else { return Ok(Exit::Done) };
    // A person's word for the server is none for rows that were put back.
    if args.accept.is_none() || error.is_put_back() {
        output.tell(&format!("! {error}\n  {}\n", error.hint().unwrap_or_default()));
        return Ok(Exit::Ledger);
    }
    store.confirm_server().await?;
    output.note("the database's server is confirmed: messages are sent from this ledger again\n");
    Ok(Exit::Done)
}

/// Reads what is selected: messages of the files, or of the ledger.
fn selection(only: &[String], context: &Context, ledger: &Ledger) -> Result<Selection, Failure> {
    let mut selection = Selection::default();
    for text in only {
        selection.add(text).map_err(|message| Failure::new(FailureCode::Usage, message))?;
    }
    let planned = context.campaigns.iter().flat_map(|campaign| &campaign.messages).map(|message| &message.key);
    let keys: Vec<_> = planned.chain(ledger.messages().map(|record| &record.message)).collect();
    match selection.unknown(&keys).first() {
        Some(name) => Err(no_message(name, &keys)),
        None => Ok(selection),
    }
}

fn show(reconciled: &Reconciled, flight: Option<Flight>, context: &Context, output: &Output) -> Result<(), Failure> {
    output.show(&ReconcileReport::new(reconciled, flight, context.gateway.now()))
}

/// The exit code: what was sent twice counts for more than what is in doubt, and that for more than
/// what kept the logs from being read, but for credentials.
fn verdict(reconciled: &Reconciled) -> Exit {
    match &reconciled.failure {
        _ if reconciled.sent_again() > 0 => Exit::Ledger,
        _ if reconciled.open() == 0 => Exit::Done,
        Some(LogsFailure::Unauthorized | LogsFailure::Forbidden) => Exit::Credentials,
        Some(_) | None => Exit::Doubt,
    }
}
