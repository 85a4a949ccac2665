//! A pass over the doubts with the gateway's logs: what `reconcile` does, and what `apply` does first.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::select;

use crate::apply::evidence::{self, ReconcileOptions, Reconciled};
use crate::apply::{Clock as _, MessageRevision};
use crate::gateway::Client;
use crate::plan::Selection;
use crate::report::failure_code::FailureCode;
use crate::report::reconcile::ReconcileReport;
use crate::report::text::reconcile;
use crate::report::words::plural;
use crate::store::{OpenLedger, StoreError};
use crate::wire::address::is_loopback;

use super::clock::RunClock;
use super::context::Context;
use super::failure::Failure;
use super::output::Output;
use super::progress::LogsProgress;

/// How long a run asks about old doubts when it has nothing else to do any more.
const LAST_PASS_MAX: Duration = Duration::from_secs(10);

/// Asks the logs about the selected doubts, until `stop` is ready.
pub(super) async fn pass(
    context: &Context,
    store: &OpenLedger,
    client: &Client<RunClock>,
    clock: &RunClock,
    selection: &Selection,
    stop: impl Future<Output = ()> + Send,
) -> (Reconciled, Result<(), StoreError>) {
    let terms = ReconcileOptions {
        selection,
        time: client.time(),
        absence_proves_after: context.project.absence_proves_after,
        is_on_loopback: context.gateway.base_url.as_ref().is_some_and(is_loopback),
    };
    let progress = LogsProgress::new();
    let result = evidence::reconcile(store, client, clock, &terms, stop, |now| progress.take(now)).await;
    progress.finish();
    result
}

/// Settles old doubts before anything is planned, and gives how many people are still in doubt. Logs that
/// cannot be read are told, and stop nothing: who is in doubt stays in doubt.
///
/// # Errors
/// If the store does not take an outcome; if anybody got their message more than once, because
/// something else sends then, and may do so again.
pub(super) async fn first(
    context: &Context,
    store: &OpenLedger,
    client: &Client<RunClock>,
    clock: &RunClock,
    selection: &Selection,
    output: &Output,
) -> Result<usize, Failure> {
    let (reconciled, stored) = pass(context, store, client, clock, selection, std::future::pending()).await;
    tell(&reconciled, context, output);
    stored?;
    let people = reconciled.sent_again() as u64;
    if people == 0 {
        return Ok(reconciled.open());
    }
    let message = format!("{} got their message more than once, so nothing was sent now", plural(people, "person"));
    Err(Failure::new(FailureCode::AcceptedTwice, message)
        .hint(
            "find out why before anything else is sent: a run with another ledger, a word given to \
             `sendform resolve` that was wrong, or something else that sends these messages",
        )
        .hint(
            "whoever is settled now stops no other run; if any of them are still in doubt, tell `sendform resolve` what \
             became of them: then `sendform apply` goes on with everybody else",
        ))
}

/// Tells what was settled, beside the result of a command.
fn tell(reconciled: &Reconciled, context: &Context, output: &Output) {
    let report = ReconcileReport::new(reconciled, None, context.gateway.now());
    output.tell_lines(&reconcile::brief(&report));
}

/// Asks about old doubts once more, when something was accepted that left after them: what the logs lack
/// now may be proved. Nobody waits long for that, also not if the gateway asks for patience: the next run
/// asks again. Gives whom that has freed, by their messages: nobody has approved that they are sent to, so the next run
/// does it.
///
/// # Errors
/// If the store does not take an outcome; if anybody got their message more than once.
pub(super) async fn last(
    context: &Context,
    store: &OpenLedger,
    client: &Client<RunClock>,
    clock: &RunClock,
    selection: &Selection,
    (output, stop): (&Output, impl Future<Output = ()> + Send),
) -> (BTreeMap<MessageRevision, u64>, Result<(), Failure>) {
    let stop = select(Box::pin(stop), Box::pin(clock.sleep(LAST_PASS_MAX))).map(drop);
    let (mut reconciled, stored) = pass(context, store, client, clock, selection, stop).await;
    // What could not be read is no news: it was in doubt before.
    reconciled.failure = None;
    if reconciled.settled() > 0 || reconciled.sent_again() > 0 {
        tell(&reconciled, context, output);
    }
    let ended = match (stored, reconciled.sent_again() as u64) {
        (Err(error), _) => Err(error.into()),
        (Ok(()), 0) => Ok(()),
        (Ok(()), people) => {
            let message = format!("{} got their message more than once", plural(people, "person"));
            Err(Failure::new(FailureCode::AcceptedTwice, message))
        }
    };
    (reconciled.freed(&store.ledger()), ended)
}
