//! `apply`: sends what the files want and the ledger lacks.

use std::sync::Arc;

use crate::apply::{self, Ports, Stopped, Summary};
use crate::gateway::{Client, ClientError, Limits};
use crate::ledger::{MessageRecord, RunId};
use crate::plan::{Plan, RailKind};
use crate::report::words::plural;
use crate::report::{json, outcome_text};
use crate::store::{Home, Opened, StoreError};
use crate::timing;

use super::args::{ApplyArgs, Format, Global};
use super::clock::RunClock;
use super::evidence;
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Forms, Output, ask};
use super::plan::{in_doubt, judge, make, show};
use super::prepare::Pool;
use super::progress::Progress;
use super::settings::Settings;
use super::signals;
use super::store::{expected, store_failure};
use super::world::{Choices, World};

/// Runs the command.
///
/// # Errors
/// If it ends before anything was sent.
pub(super) async fn run(
    global: &Global,
    args: &ApplyArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let world = Arc::new(World::open(global, settings, output).await?);
    let result = with_world(&world, args, settings, output).await;
    if let Ok(world) = Arc::try_unwrap(world) {
        world.gateway.stop().await?;
    }
    result
}

async fn with_world(
    world: &Arc<World>,
    args: &ApplyArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let choices = Choices::read(&args.scope, &world.campaigns)?;
    refuse_in_ci(world, &choices, settings)?;
    let clock = RunClock::new(Arc::clone(world));
    let client = client(world, clock.clone())?;
    let run = RunId(random()?);
    let store = open(world).await?;
    evidence::first(world, &store, &client, &clock, &choices.selection, output).await?;
    let planned = || {
        tokio::task::block_in_place(|| make(world, &choices, Some(&store.ledger()), store.view(world.gateway.now())))
    };
    let mut plan = planned();
    let may = may_send(&plan, args, &choices);
    // One run gives one document: a plan, or what became of it.
    if output.format == Format::Text || may.is_err() {
        show(&plan, world, output)?;
    }
    let approved = match may {
        Ok(()) => approve(&plan, args, output),
        Err(ending) => Err(ending),
    };
    if let Err(ending) = approved {
        store.finish().await.map_err(|error| store_failure(&error))?;
        return ending;
    }
    if !args.auto_approve {
        // The answer may have taken a while, in which times pass and conversation windows close.
        let reviewed = std::mem::replace(&mut plan, planned());
        if plan.digest != reviewed.digest || plan.to_send() != reviewed.to_send() {
            store.finish().await.map_err(|error| store_failure(&error))?;
            return Err(Failure::new(
                Exit::Mismatch,
                "what would be sent changed while you were asked: nothing was sent",
            )
            .hint("run the same command again, and review what it shows"));
        }
    }
    let summary = send(world, args, &client, &clock, &store, run, &mut plan).await;
    let summary = summary.map_err(|error| store_failure(&error))?;
    let now = world.gateway.now();
    let doubts = store.ledger().doubts(store.view(now));
    let shown = output.show(&Forms {
        text: &|paint| outcome_text::render(&summary, &doubts, &plan.gateway, now, paint),
        json: &|| json::outcome(&summary, &doubts, &plan.digest.to_string(), now),
    });
    if let Some(next) = plan.next_apply_at() {
        output.tell(&format!("the next apply has something to do at {}\n", timing::utc(next)));
    }
    let unsettled = keep_unsettled(world, &summary, run, output);
    let mut exit = verdict(&summary).or(if in_doubt(&doubts, &choices.selection) { Exit::Doubt } else { Exit::Done });
    // Whatever else fails now, what became of the messages is the stronger news.
    let finished = store.finish().await.map_err(|error| store_failure(&error));
    for failure in [shown, unsettled, finished].into_iter().filter_map(Result::err) {
        output.tell(&failure.render(output.paint_errors));
        exit = exit.or(failure.exit);
    }
    Ok(exit)
}

/// The runner of a CI job loses its disk, and with it a lockfile that was not pushed.
fn refuse_in_ci(world: &World, choices: &Choices, settings: &Settings) -> Result<(), Failure> {
    let told = choices.accepted.get(RailKind::LockfileInCi).is_some_and(|number| number >= 1);
    let dies_with_its_disk = match world.gateway.ledger {
        Home::Lockfile(_) => true,
    };
    if !settings.ci || world.gateway.is_sandbox() || told || !dies_with_its_disk {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Rail,
        "a lockfile on a CI runner dies with its disk, and the next run would send to everybody again",
    )
    .hint("pass `--accept lockfile-in-ci=1` if the lockfile surely survives this run, whatever happens to it"))
}

/// Makes the way to the gateway.
///
/// # Errors
/// If there is no gateway, no key for it, or none that can be used.
pub(super) fn client(world: &World, clock: RunClock) -> Result<Client<RunClock>, Failure> {
    expected(world)?;
    let gateway = &world.gateway;
    let (Some(base_url), Some(api_key)) = (&gateway.base_url, &gateway.api_key) else {
        return Err(Failure::new(Exit::Credentials, "the gateway's API key is missing: set SENDFORM_API_KEY"));
    };
    Client::new(base_url, api_key, Limits::default(), clock).map_err(|error| {
        let exit = if matches!(error, ClientError::Key) { Exit::Credentials } else { Exit::Environment };
        Failure::new(exit, "the gateway's client cannot be made").because(&error)
    })
}

async fn open(world: &World) -> Result<Opened, Failure> {
    let ledger = &world.gateway.ledger;
    let expected = expected(world)?;
    world.home.make_private()?;
    if world.gateway.is_sandbox() && !world.home.sandbox_was_used() {
        match ledger.create(expected.header()).await {
            Ok(()) | Err(StoreError::Exists { .. }) => {}
            Err(error) => return Err(store_failure(&error)),
        }
        world.home.mark_sandbox_used()?;
    }
    ledger.open(&expected, "apply").await.map_err(|error| store_failure(&error))
}

/// Says whether a plan may be sent; else how the command ends.
fn may_send(plan: &Plan, args: &ApplyArgs, choices: &Choices) -> Result<(), Result<Exit, Failure>> {
    let exit = judge(plan, &choices.selection);
    if exit == Exit::Files {
        return Err(Ok(exit));
    }
    if let Some(digest) = args.expect_digest.as_ref().filter(|digest| **digest != plan.digest.to_string()) {
        let message = format!("the plan's digest is `{}`, but `{digest}` was expected", plan.digest);
        return Err(Err(Failure::new(Exit::Mismatch, message).hint(
            "the files, the audiences or the ledger changed since then: review the plan above, and use its digest",
        )));
    }
    if exit == Exit::Rail || plan.to_send() == 0 { Err(Ok(exit)) } else { Ok(()) }
}

/// Asks whether to send, unless that was said already; else how the command ends.
fn approve(plan: &Plan, args: &ApplyArgs, output: &Output) -> Result<(), Result<Exit, Failure>> {
    let what = plural(plan.to_send(), "message");
    let question = format!("\nSend {what}? A message cannot be recalled. Only `yes` sends: ");
    if args.auto_approve || ask(&question).map_err(Err)? {
        return Ok(());
    }
    output.tell("nothing was sent\n");
    Err(Ok(Exit::Declined))
}

/// Records what the messages are, and hands their bulks over.
async fn send(
    world: &Arc<World>,
    args: &ApplyArgs,
    client: &Client<RunClock>,
    clock: &RunClock,
    store: &Opened,
    run: RunId,
    plan: &mut Plan,
) -> Result<Summary, StoreError> {
    let mut bulks = Vec::new();
    for message in plan.messages.iter_mut().filter(|message| message.selected && !message.bulks.is_empty()) {
        store
            .record(MessageRecord {
                message: message.key.clone(),
                revision: message.revision,
                sender: message.sender.clone(),
                text: message.template.clone(),
                audience: message.counts.people(),
                at: world.gateway.now(),
            })
            .await?;
        bulks.append(&mut message.bulks);
    }
    let people = bulks.iter().map(|bulk| bulk.recipients.len() as u64).sum();
    let mut settings = apply::Settings::new(run);
    settings.parallel = usize::from(args.parallel);
    if !world.gateway.keeps_real_time() {
        settings.clock_skew_max = None;
    }
    let pool = Pool::new(Arc::clone(world));
    let progress = Progress::new(people);
    let ports = Ports { store, sender: client, prepare: &pool, clock };
    let summary = apply::apply(bulks, ports, &settings, signals::first(), |event| progress.take(&event)).await;
    progress.finish();
    Ok(summary)
}

/// Keeps the outcomes that the store did not take in a file of ledger lines: without them their
/// people stay in doubt, with them nobody has to.
fn keep_unsettled(world: &World, summary: &Summary, run: RunId, output: &Output) -> Result<(), Failure> {
    if summary.unsettled.is_empty() {
        return Ok(());
    }
    let path = world.home.private().join(format!("outcomes-{:016x}.jsonl", run.0));
    let lines: String = summary.unsettled.iter().map(crate::ledger::text::outcome_line).collect();
    std::fs::write(&path, &lines).map_err(|error| {
        let message = format!("`{}` cannot be written, so these outcomes are only here:\n{lines}", path.display());
        Failure::new(Exit::Environment, message).because(&error)
    })?;
    let count = plural(summary.unsettled.len() as u64, "outcome");
    output.tell(&format!("! {count} could not be stored in the ledger: kept in {}\n", path.display()));
    Ok(())
}

/// The exit code of a run by itself.
fn verdict(summary: &Summary) -> Exit {
    let total = summary.total();
    let mut exit = match &summary.stopped {
        None => Exit::Done,
        Some(Stopped::Unauthorized | Stopped::Forbidden) => Exit::Credentials,
        Some(Stopped::Prepare(_)) => Exit::Mismatch,
        Some(Stopped::Interrupted) => Exit::Declined,
        Some(Stopped::Bug(_)) => Exit::Bug,
        Some(Stopped::NotFound | Stopped::Throttled) => Exit::Rejected,
        Some(Stopped::Unreachable(_) | Stopped::TooSlow | Stopped::Store(_) | Stopped::ClockOff) => Exit::Environment,
    };
    // Of an outcome that was not stored the ledger knows nothing: its people are in doubt there.
    if total.in_doubt > 0 || !summary.unsettled.is_empty() {
        exit = exit.or(Exit::Doubt);
    }
    // Refused people are free again; why the run stopped says whose doing that was.
    if total.rejected_any() > 0 || (total.refused > 0 && summary.stopped.is_none()) {
        exit = exit.or(Exit::Rejected);
    }
    exit
}

/// A random number for this run.
///
/// # Errors
/// If the operating system has none.
pub(super) fn random() -> Result<u64, Failure> {
    getrandom::u64().map_err(|error| {
        let message = format!("the operating system gives no random numbers: {error}");
        Failure::new(Exit::Environment, message)
    })
}

#[cfg(test)]
mod tests {
    use super::{Exit, Stopped, Summary, verdict};
    use crate::ledger::{PersonState, sample};

    #[test]
    fn an_outcome_that_was_not_stored_is_a_doubt() {
        let stopped = Some(Stopped::Store("no space left".to_owned()));
        let mut summary = Summary { stopped, ..Summary::default() };
        assert_eq!(verdict(&summary), Exit::Environment);
        summary.unsettled.push(sample::outcome(&sample::claim("announce", &[1], 1, 1), PersonState::Accepted, &[]));
        assert_eq!(verdict(&summary), Exit::Doubt);
    }
}
