//! `resolve`: settles a bulk in doubt by a person's word.

use crate::apply::Store as _;
use crate::ledger::{ClaimState, Outcome, PersonState};
use crate::report::words::plural;

use super::args::{Global, ResolveArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, print};
use super::settings::Settings;
use super::store::{expected, store_failure};
use super::world::World;

/// Runs the command.
///
/// # Errors
/// If the bulk is not in doubt, or the ledger cannot be written.
pub(super) async fn run(
    global: &Global,
    args: &ResolveArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let world = World::open(global, settings, output).await?;
    let result = with_world(&world, args, settings).await;
    world.gateway.stop().await?;
    result
}

async fn with_world(world: &World, args: &ResolveArgs, settings: &Settings) -> Result<Exit, Failure> {
    if args.reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "`--reason` is empty: say why you know"));
    }
    let store = world.gateway.ledger.open(&expected(world)?, "resolve").await.map_err(|error| store_failure(&error))?;
    let (state, verdict) = match (args.word.sent, args.word.not_sent) {
        (true, _) => (PersonState::Accepted, "sent"),
        (_, true) => (PersonState::Refused, "not sent, and free to be sent to again"),
        (false, false) => (PersonState::Abandoned, "given up"),
    };
    let open: Vec<(Outcome, usize)> = {
        let ledger = store.ledger();
        let claims = ledger.find_bulk(&args.bulk).into_iter().filter(|claim| claim.open() > 0);
        let word =
            |claim: ClaimState<'_>| claim.word(state, world.gateway.now(), settings.by.clone(), args.reason.clone());
        claims.map(|claim| (word(claim), claim.open())).collect()
    };
    if open.is_empty() {
        let known = !store.ledger().find_bulk(&args.bulk).is_empty();
        let message = if known { "nothing of this bulk is in doubt" } else { "the ledger has no such bulk" };
        return Err(Failure::new(Exit::Usage, message).hint("`sendform status` lists what is in doubt"));
    }
    let mut people = 0;
    for (outcome, count) in open {
        people += count as u64;
        store.settle(outcome).await.map_err(|error| store_failure(&error))?;
    }
    store.finish().await.map_err(|error| store_failure(&error))?;
    print(&format!("{}: {verdict}\n", plural(people, "person")))?;
    Ok(Exit::Done)
}
