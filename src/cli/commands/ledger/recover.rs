//! `ledger recover`: writes down what the gateway's logs still know, and the ledger does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::apply::MessageRevision;
use crate::apply::witness::{Recovered, recover};
use crate::cli::args::{Acceptance, RecoverArgs};
use crate::cli::client::client;
use crate::cli::clock::RunClock;
use crate::cli::context::{Context, PlanOptions};
use crate::cli::ends;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::planning;
use crate::cli::settings::Settings;
use crate::cli::store::{open, visit};
use crate::cli::unsaved_outcomes;
use crate::cli::witness::Older;
use crate::identity::SenderId;
use crate::ledger::{RunId, Unclosed};
use crate::report::failure_code::FailureCode;
use crate::report::ledger::recover::LedgerRecoverReport;
use crate::report::words::plural;

/// Runs the command.
///
/// # Errors
/// If the ledger cannot be opened or written, the logs cannot be read, or nobody has accepted the number
/// of people of whom the logs cannot tell.
pub(super) async fn run(
    context: &Arc<Context>,
    args: &RecoverArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let clock = RunClock::new(Arc::clone(context));
    let client = client(context, settings, clock.clone())?;
    let visit = visit(context, "ledger recover")?;
    let (run, began) = (visit.run, visit.now);
    let store = open(context, &visit).await?;
    let lost = unsaved_outcomes::take_what_goes(context, &store).await?;
    let messages = messages(context, &store.ledger());
    let recovered = match recover((&store, &client, &clock, &Older::new(context)), run, &messages).await {
        Ok(recovered) => recovered,
        Err(error) => {
            // What was written until then stays, in order or not.
            drop(store.finish().await);
            return Err(error.into());
        }
    };
    let plan = tokio::task::block_in_place(|| {
        planning::make(context, &PlanOptions::default(), Some(&store.ledger()), store.view(context.gateway.lives_at()))
    });
    for message in plan.messages.iter().filter(|_| recovered.accepted + recovered.rejected > 0) {
        let key = &message.key;
        let is_new = {
            let ledger = store.ledger();
            ledger.record(key, message.revision).is_none() && ledger.is_begun(key, message.revision)
        };
        if is_new {
            let record = message.record(context.gateway.now());
            store.record(record).await?;
        }
    }
    let to_send = plan.to_send();
    let shown = output.show(&LedgerRecoverReport::new(&recovered, to_send));
    let told = unsaved_outcomes::check_told(&lost, &store.ledger());
    let verdict = told.and_then(|()| verdict(&recovered, to_send, args));
    let accepted = Acceptance::number(&args.accept, "unclosed").unwrap_or(0);
    let unclosed = store.trust().unclosed;
    let mut old: Vec<Unclosed> = ends::too_old(&unclosed, began).copied().collect();
    if Unclosed::entries(&old) <= accepted {
        old.clear();
    }
    let settled = unclosed.iter().map(|unclosed| unclosed.run).filter(|run| old.iter().all(|old| old.run != *run));
    let settled: Vec<RunId> = settled.collect();
    if verdict.is_ok() {
        // Whoever has said what the logs cannot tell has confirmed the ledger as it is now.
        store.confirm_server().await?;
        store.close_others(&settled).await?;
    }
    store.finish().await?;
    shown?;
    verdict?;
    unsaved_outcomes::put_aside(&lost)?;
    if old.is_empty() { Ok(Exit::Done) } else { Err(ends::untold(&old)) }
}

/// Every revision of a message that the files or the ledger know, with its sender.
fn messages(context: &Context, ledger: &crate::ledger::Ledger) -> BTreeMap<MessageRevision, SenderId> {
    let recorded = ledger.messages().map(|record| ((record.message.clone(), record.revision), record.sender.clone()));
    let files = context.campaigns.iter().flat_map(|campaign| &campaign.messages);
    let files = files.map(|message| ((message.key.clone(), message.revision), message.sender.clone()));
    recorded.chain(files).collect()
}

fn verdict(recovered: &Recovered, to_send: u64, args: &RecoverArgs) -> Result<Exit, Failure> {
    if let Some(failure) = &recovered.failure {
        return Err(Failure::new(failure.into(), "the gateway's logs could not be read to their end")
            .because(failure)
            .hint("what was found until then is in the ledger; run the same command again"));
    }
    let unrecognised = recovered.unrecognised;
    if unrecognised > Acceptance::number(&args.accept, "other-key").unwrap_or(0) {
        let messages = plural(unrecognised, "message");
        let (are, their) = if unrecognised == 1 { ("is", "its") } else { ("are", "their") };
        let what = "of a key that this ledger does not have, or of another project";
        return Err(Failure::new(
            FailureCode::SafetyLimit,
            format!("{messages} {are} {what}: {their} people are not recognised, and would be sent to again"),
        )
        .hint(
            "if you still have that key: name it in SENDFORM_KEY behind the first one, put it into the ledger with \
             `sendform ledger rebind --add-key`, and run the same command again",
        )
        .hint(format!("if those people may be sent to, say so by number: --accept other-key={unrecognised}")));
    }
    let accepted = Acceptance::number(&args.accept, "older-unknown");
    if to_send == 0 || accepted.is_some_and(|accepted| accepted >= to_send) {
        return Ok(Exit::Done);
    }
    let people = plural(to_send, "person");
    Err(Failure::new(
        FailureCode::SafetyLimit,
        format!("{people} would be sent to, and the logs cannot tell what is over 47 hours old"),
    )
    .hint("make sure by other means that the ledger has lost nothing older, and nothing that is still to leave")
    .hint(format!("then say so by number: --accept older-unknown={to_send}")))
}
