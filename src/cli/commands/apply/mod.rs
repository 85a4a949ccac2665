//! `apply`: sends what the files want and the ledger lacks.

mod apply_run;
mod conclusion;
mod opening;
mod review;
mod sending;
mod verdict;

use std::sync::Arc;

use crate::cli::args::{ApplyArgs, Global};
use crate::cli::client::client;
use crate::cli::clock::RunClock;
use crate::cli::clones::{self, KeptFiles};
use crate::cli::context::Context;
use crate::cli::events::EventFile;
use crate::cli::evidence;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::left_behind;
use crate::cli::opt_outs::Baseline;
use crate::cli::output::Output;
use crate::cli::recording::Recording;
use crate::cli::sandbox_time;
use crate::cli::settings::Settings;
use crate::cli::signals::SignalWatch;
use crate::cli::store::{tell_doubts, visit};
use crate::cli::unsaved_outcomes;
use crate::cli::unsent;
use crate::plan::SafetyLimitKind;
use crate::store::{OpenLedger, Visit};

use apply_run::ApplyRun;
use opening::open;
pub(in crate::cli::commands) use opening::refuse_in_ci;
use review::{Review, end_without_sending};

/// What every run ends with that has sent something to the sandbox.
const IN_SANDBOX: &str = "sandbox: nothing left this machine; to read the messages run `sendform sandbox`, and open \
                          http://127.0.0.1:8025/sandbox/messages";

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
    let interrupts = SignalWatch::listen(output);
    let events = EventFile::open(args.events.as_deref(), output);
    Context::run(global, settings, output, async |context| {
        let ended = Box::pin(with_world(context, args, settings, (output, &events), &interrupts)).await;
        let exit = ended.as_ref().map_or_else(|failure| failure.exit, |exit| *exit);
        events.finish(context.gateway.now(), exit, output);
        ended
    })
    .await
}

async fn with_world(
    context: &Arc<Context>,
    args: &ApplyArgs,
    settings: &Settings,
    (output, events): (&Output, &EventFile),
    interrupts: &SignalWatch,
) -> Result<Exit, Failure> {
    let plan_options = frozen::plan_options(args, context)?;
    refuse_in_ci(context, &plan_options, settings)?;
    let recording = &Recording::open(context, args.commit, settings)?;
    let clock = RunClock::new(Arc::clone(context));
    let client = client(context, settings, clock.clone())?;
    let visit = visit(context, "apply")?;
    let accepted = |kind| plan_options.accepted.get(kind).unwrap_or(0);
    let visit = Visit {
        unauthenticated: accepted(SafetyLimitKind::Unauthenticated),
        unclosed: accepted(SafetyLimitKind::Unclosed),
        reloaded: plan_options.accepted.get(SafetyLimitKind::Reloaded),
        ..visit
    };
    let run = visit.run;
    let before = KeptFiles::of(&context.gateway.ledger);
    let store = open(context, &visit).await?;
    tell_doubts(&store.trust(), output);
    unsaved_outcomes::take_in(context, &store, accepted(SafetyLimitKind::Unauthenticated)).await?;
    let compared = left_behind::check(context, Some(&store.ledger()), output)
        .and_then(|()| tokio::task::block_in_place(|| clones::compare(context, &store.ledger(), output)));
    if let Err(failure) = compared {
        drop(store.finish().await);
        return Err(failure);
    }
    let ended = match evidence::first(context, &store, &client, &clock, &plan_options.selection, output).await {
        Ok(in_doubt) => {
            let (plan_options, client, clock) = (&plan_options, &client, &clock);
            let go = ApplyRun {
                context,
                args,
                settings,
                output,
                events,
                recording,
                interrupts,
                plan_options,
                client,
                clock,
                run,
                in_doubt,
            };
            Box::pin(go.plan_and_send(store)).await
        }
        Err(failure) => {
            // What was settled is in the ledger already, in order or not.
            drop(store.finish().await);
            Err(failure)
        }
    };
    sandbox_time::tell_pretended(&client, output);
    let ended = recording.finish(context, before, ended, output);
    if context.gateway.is_sandbox() && ended.is_ok() && recording.has_requested() {
        output.tell(IN_SANDBOX);
    }
    ended
}

impl ApplyRun<'_> {
    async fn plan_and_send(self, store: OpenLedger) -> Result<Exit, Failure> {
        let Self { context, args, output, .. } = self;
        let lists = Baseline::new(context);
        match self.review(&store).await {
            Ok(Review::Send(plan)) => {
                let digest = plan.approved().to_string();
                match self.send(&store, *plan, &lists).await {
                    Ok(sent) => self.conclude(store, sent).await,
                    Err(failure) => {
                        // What was settled before is in the ledger already, and the run ends as runs do.
                        drop(store.finish().await);
                        Err(unsent::failed(digest, failure, context, output))
                    }
                }
            }
            Ok(Review::End(reviewed, ending)) => {
                let ended = end_without_sending(store, &reviewed.plan, ending, output).await;
                unsent::told(&reviewed, args.plan.as_deref(), context, output, ended)
            }
            Err(failure) => {
                drop(store.finish().await);
                Err(failure)
            }
        }
    }
}
