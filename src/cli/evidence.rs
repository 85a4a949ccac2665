//! A pass over the doubts with the gateway's logs: what `reconcile` does, and what `apply` does first.

use crate::apply::evidence::{self, Reconciled, Terms};
use crate::gateway::Client;
use crate::plan::Selection;
use crate::report::reconcile_text;
use crate::store::{Opened, StoreError};
use crate::wire::address::is_loopback;

use super::clock::RunClock;
use super::failure::Failure;
use super::output::Output;
use super::progress::Asking;
use super::store::store_failure;
use super::world::World;

/// Asks the logs about the selected doubts, until `stop` is ready.
pub(super) async fn pass(
    world: &World,
    store: &Opened,
    client: &Client<RunClock>,
    clock: &RunClock,
    selection: &Selection,
    stop: impl Future<Output = ()> + Send,
) -> (Reconciled, Result<(), StoreError>) {
    let terms = Terms {
        selection,
        absence_proves_after: world.project.absence_proves_after,
        is_on_loopback: world.gateway.base_url.as_ref().is_some_and(is_loopback),
    };
    let progress = Asking::new();
    let result = evidence::reconcile(store, client, clock, &terms, stop, |now| progress.take(now)).await;
    progress.finish();
    result
}

/// Settles old doubts before anything is planned. Logs that cannot be read are told, and stop nothing:
/// who is in doubt stays in doubt. Gives the alarm, if anybody got their message more than once.
///
/// # Errors
/// If the store does not take an outcome.
pub(super) async fn first(
    world: &World,
    store: &Opened,
    client: &Client<RunClock>,
    clock: &RunClock,
    selection: &Selection,
    output: &Output,
) -> Result<Option<String>, Failure> {
    let (reconciled, stored) = pass(world, store, client, clock, selection, std::future::pending()).await;
    output.tell(&reconcile_text::brief(&reconciled));
    stored.map_err(|error| store_failure(&error))?;
    Ok(reconcile_text::alarm(&reconciled))
}
