//! Sending what was reviewed: alone, or with other runs that share the plan.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use jiff::Timestamp;

use super::apply_run::ApplyRun;
use super::opening::refuse_old_ends;
use crate::apply::witness::{Gated, Watch};
use crate::apply::{
    self, Alarm, BulkSource, Event, PlannedBulks, Ports, QueuedPlan, SharedPlan, Summary, Undeliverables,
};
use crate::cli::args::ApplyArgs;
use crate::cli::clock::RunClock;
use crate::cli::failure::Failure;
use crate::cli::opt_outs::{Baseline, SuppressLists};
use crate::cli::planning::Replanning;
use crate::cli::prepare::Pool;
use crate::cli::progress::Progress;
use crate::cli::rejections;
use crate::cli::settings::Settings;
use crate::cli::signals::SignalWatch;
use crate::cli::witness::{self, Older};
use crate::gateway::Client;
use crate::ledger::{MessageRecord, RunId};
use crate::plan::{Bulk, Plan, SafetyLimitKind};
use crate::store::OpenLedger;

/// How long a run that ends early may take to give back the bulks that it has taken and not claimed.
const GIVE_BACK_TIME_MAX: Duration = Duration::from_millis(500);
/// How long after its claim a request may begin, where bulks are claimed ahead: claims wait for each
/// other, for a push, and for the requests before them.
const START_WITHIN_AHEAD: Duration = Duration::from_mins(5);

/// A plan that was sent, and what became of it.
pub(super) struct Sent {
    pub(super) plan: Plan,
    pub(super) summary: Summary,
    /// Whether the gateway's logs were asked for people of every sender first.
    pub(super) all_asked: bool,
}

impl ApplyRun<'_> {
    /// Sends a plan: on its own, or with other runs that share it.
    pub(super) async fn send(&self, store: &OpenLedger, mut plan: Plan, lists: &Baseline) -> Result<Sent, Failure> {
        let Self { context, args, settings, interrupts, plan_options, client, clock, run, .. } = *self;
        refuse_old_ends(store, context.gateway.now())?;
        interrupts.sending();
        let senders = witness::senders(&plan);
        let all_asked = witness::is_every_sender(&senders, context, &store.ledger());
        let (records, bulks) = take_bulks(&mut plan, context.gateway.now());
        let mut run_settings = run_settings(store, args, settings, run);
        run_settings.hears_others = store.may_have_company(plan.now);
        run_settings.watched = rejections::watched(&plan, store, run);
        let opt_outs = &SuppressLists::new(context, lists, &plan);
        let prepare = &Pool::new(Arc::clone(context));
        let deliveries = &rejections::deliveries((client, clock), &run_settings, &store.ledger());
        let undeliverables: &dyn Undeliverables = deliveries;
        let ports = Ports { store, sender: client, prepare, opt_outs, undeliverables, clock, time: client.time() };
        let older = Older::new(context);
        let watch = Watch::new((store, client, clock, &older), witness::needed(context, store), &bulks, senders)
            .accepting_other_keys(plan_options.accepted.get(SafetyLimitKind::OtherKey).unwrap_or(0));
        tokio::select! {
            ((), ()) = join(watch.open(&bulks), deliveries.open()) => {}
            () = interrupts.first() => {}
        }
        // A run that may claim nothing leaves the ledger as it was.
        if watch.stopped().is_none() {
            for record in records {
                store.record(record).await?;
            }
        }
        let progress = Progress::new(plan.to_send(), self.output);
        let take = |event: &Event| {
            let now = context.gateway.now();
            progress.take(event, now, self.output);
            self.events.take(now, event, self.output);
        };
        let beside = || async {
            let ((), ()) = join(watch.drive(), deliveries.drive(|alarm| take(&Event::Alarm(alarm)))).await;
        };
        let mut summary = match store.shared_queue() {
            None => {
                let source = Gated::new(PlannedBulks::new(bulks), &watch);
                Box::pin(send(&source, beside(), take, ports, &run_settings, interrupts)).await
            }
            Some(queue) => {
                run_settings.shares_plan = true;
                let planner = Replanning { context, plan_options };
                let (digest, missed) = (plan.digest.to_string(), Vec::new());
                let first = QueuedPlan { digest, now: plan.now, bulks, missed };
                let shared = SharedPlan::join(queue, &planner, clock, run, first).await?;
                let source = Gated::new(shared, &watch);
                let summary = Box::pin(send(&source, beside(), take, ports, &run_settings, interrupts)).await;
                if summary.stopped.is_some() {
                    // If it cannot be done now, others wait a few seconds.
                    drop(tokio::time::timeout(GIVE_BACK_TIME_MAX, queue.give_back(run)).await);
                }
                summary
            }
        };
        progress.finish();
        self.events.keep_total(summary.total());
        self.recording.keep_total(summary.total());
        // What was not sent was not sent without asking.
        let total = summary.total();
        let is_sent = total.accepted + total.rejected_any() + total.in_doubt > 0;
        let is_news = |alarm: &Alarm| is_sent || !matches!(alarm, Alarm::NotWitnessed { .. });
        summary.alarms.extend(watch.alarms().into_iter().filter(is_news));
        summary.alarms.extend(deliveries.alarm());
        // What was found out when everything was claimed already is no smaller news.
        summary.stopped = summary.stopped.take().or_else(|| watch.stopped());
        Ok(Sent { plan, summary, all_asked })
    }
}

/// Takes the bulks that are to be sent out of a plan, and what their messages are.
fn take_bulks(plan: &mut Plan, at: Timestamp) -> (Vec<MessageRecord>, Vec<Bulk>) {
    let (mut records, mut bulks) = (Vec::new(), Vec::new());
    for message in plan.messages.iter_mut().filter(|message| message.selected && !message.bulks.is_empty()) {
        records.push(message.record(at));
        bulks.append(&mut message.bulks);
    }
    (records, bulks)
}

/// How this run goes about its work.
fn run_settings(store: &OpenLedger, args: &ApplyArgs, settings: &Settings, run: RunId) -> apply::RunSettings {
    let mut run_settings = apply::RunSettings::new(run);
    run_settings.by.clone_from(&settings.by);
    run_settings.parallel = usize::from(args.parallel);
    if let Some(ahead) = store.bulks_ahead() {
        run_settings.ahead = ahead;
        run_settings.start_within = START_WITHIN_AHEAD;
    }
    run_settings.start_within = settings.start_within.unwrap_or(run_settings.start_within);
    run_settings
}

/// Hands bulks over, while the logs are asked `beside` for their people ahead of them, and what became of those who were
/// accepted; `take` gets what happens.
async fn send(
    source: &impl BulkSource,
    beside: impl Future<Output = ()>,
    take: impl Fn(&Event) + Send + Sync,
    ports: Ports<'_, OpenLedger, Client<RunClock>, Pool, RunClock>,
    settings: &apply::RunSettings,
    interrupts: &SignalWatch,
) -> Summary {
    let interrupts = apply::Interrupts { first: interrupts.first(), second: interrupts.second() };
    let sending = apply::apply(source, ports, settings, interrupts, |event| take(&event));
    let mut sending = pin!(sending);
    let summary = tokio::select! {
        summary = &mut sending => summary,
        () = beside => sending.await,
    };
    summary
}
