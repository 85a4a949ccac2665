//! `resolve`: settles a bulk in doubt by a person's word, and ends the alarm about people who were accepted twice.

use crate::apply::Store as _;
use crate::ledger::{ClaimId, ClaimState, Ledger, Outcome, PersonState, Twice, View};
use crate::report::failure_code::FailureCode;
use crate::report::resolve::{Resolution, ResolveReport};
use crate::timing;

use crate::cli::args::{Global, ResolveArgs};
use crate::cli::clones;
use crate::cli::context::{Context, PlanOptions};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::planning::make;
use crate::cli::settings::Settings;
use crate::cli::store::{open, visit};
use crate::cli::unsaved_outcomes;

use super::stop::check_says_something;

/// What can be said of people who were accepted twice.
const ONLY_SENT: &str =
    "people of this bulk were accepted twice: only `--sent` says that you know, and ends that alarm";

/// Runs the command.
///
/// # Errors
/// If the bulk is not in doubt, and nobody of it was accepted twice; or the ledger cannot be written.
pub(super) async fn run(
    global: &Global,
    args: &ResolveArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    Context::run(global, settings, output, async |context| {
        clones::reminding(&context.gateway.ledger, output, Box::pin(with_world(context, args, settings, output))).await
    })
    .await
}

async fn with_world(
    context: &Context,
    args: &ResolveArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    check_says_something(&args.reason)?;
    let store = open(context, &visit(context, "resolve")?).await?;
    // What a run of this machine knows is no doubt, and nobody's word stands against it.
    unsaved_outcomes::take_in(context, &store, 0).await?;
    let (state, word) = match (args.word.sent, args.word.not_sent) {
        (true, _) => (PersonState::Accepted, Resolution::Sent),
        (_, true) => (PersonState::Refused, Resolution::NotSent),
        (false, false) => (PersonState::Abandoned, Resolution::Abandoned),
    };
    let (now, lives_at) = (context.gateway.now(), context.gateway.lives_at());
    let by = || settings.by_or_unknown().to_owned();
    let twice: Vec<(ClaimId, Twice)> = {
        let ledger = store.ledger();
        of_bulk(&ledger, accepted_twice(context, &ledger, store.view(lives_at)), &args.bulk)
    };
    let open: Vec<(Outcome, usize)> = {
        let ledger = store.ledger();
        if state != PersonState::Accepted {
            still_in_flight(&ledger, &args.bulk, store.view(lives_at))?;
        }
        let claims = ledger.find_bulk(&args.bulk).into_iter().filter(|claim| claim.open() > 0);
        let outcome = |claim: ClaimState<'_>| claim.word(state, now, by(), args.reason.clone());
        claims.map(|claim| (outcome(claim), claim.open())).collect()
    };
    let known: &[_] = if state == PersonState::Accepted { &twice } else { &[] };
    if open.is_empty() && known.is_empty() {
        let is_there = !store.ledger().find_bulk(&args.bulk).is_empty();
        store.finish().await?;
        let message = if is_there { "nothing of this bulk is in doubt" } else { "the ledger has no such bulk" };
        let failure = Failure::new(FailureCode::Usage, message).hint("`sendform status` lists what is in doubt");
        return Err(if twice.is_empty() { failure } else { failure.hint(ONLY_SENT) });
    }
    let mut people = 0;
    for (outcome, count) in open {
        people += count as u64;
        store.settle(outcome).await?;
    }
    let mut known_twice = 0;
    for (on, twice) in known {
        known_twice += twice.people.len() as u64;
        store.settle(twice.word(on, now, by(), args.reason.clone())).await?;
    }
    store.finish().await?;
    output.show(&ResolveReport { bulk_id: &args.bulk, word, people, known_twice })?;
    Ok(Exit::Done)
}

/// Everybody who was accepted twice. Where there are several keys, only rows tell who is the same under them, so
/// that they are read for a plan.
fn accepted_twice(context: &Context, ledger: &Ledger, view: View) -> Vec<Twice> {
    if context.gateway.keys.as_ref().is_none_or(|keys| keys.all().count() < 2) {
        return ledger.accepted_twice();
    }
    tokio::task::block_in_place(|| make(context, &PlanOptions::default(), Some(ledger), view)).twice
}

/// The people of a bulk who were accepted elsewhere as well, each group with a claim of the bulk.
fn of_bulk(ledger: &Ledger, twice: Vec<Twice>, bulk: &str) -> Vec<(ClaimId, Twice)> {
    let claims: Vec<&ClaimId> = ledger.find_bulk(bulk).into_iter().map(|claim| &claim.claim().id).collect();
    let of_bulk = |twice: Twice| {
        let on = twice.claims.iter().find(|claim| claims.contains(&&claim.id)).map(|claim| claim.id.clone());
        on.map(|on| (on, twice))
    };
    twice.into_iter().filter_map(of_bulk).collect()
}

/// Nobody's word makes a request come back that may still be under way.
fn still_in_flight(ledger: &Ledger, bulk: &str, view: View) -> Result<(), Failure> {
    let claims = ledger.find_bulk(bulk).into_iter().filter(|claim| claim.open() > 0);
    let Some(until) = claims.filter_map(|claim| claim.in_flight_until(view)).max() else { return Ok(()) };
    let message = format!("another run may still be sending this bulk, until {}", timing::utc(until));
    Err(Failure::new(FailureCode::Doubt, message)
        .hint("wait until then; only `--sent` can be said before, because it sends nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{self, at};

    #[test]
    fn what_is_in_flight_elsewhere_is_not_settled_as_not_sent() {
        // To begin by second 600, and over by 120 and 300 seconds after that.
        let ledger = sample::ledger();
        let bulk = sample::claim("announce", &[6], 1, 7).id.bulk.to_string();
        let failure = still_in_flight(&ledger, &bulk, View::Shared { now: at(1020) }).unwrap_err();
        assert_eq!(failure.exit, Exit::Doubt);
        assert_eq!(failure.message, "another run may still be sending this bulk, until 2026-12-01 00:17 UTC");
        for view in [View::Shared { now: at(1021) }, View::Exclusive] {
            assert!(still_in_flight(&ledger, &bulk, view).is_ok(), "{view:?}");
        }
        // Of what is settled nothing is in flight.
        let settled = sample::claim("announce", &[1, 2, 3], 1, 7).id.bulk.to_string();
        assert!(still_in_flight(&ledger, &settled, View::Shared { now: at(0) }).is_ok());
    }
}
