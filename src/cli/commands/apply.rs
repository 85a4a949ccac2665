//! `apply`: sends what the files want and the ledger lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use jiff::Timestamp;

use crate::apply::witness::{Gated, Watch};
use crate::apply::{
    self, Alarm, BulkSource, Clock as _, Event, PlannedBulks, Ports, QueuedPlan, SharedPlan, Stopped, Summary,
    Undeliverables,
};
use crate::gateway::Client;
use crate::ledger::{Doubt, Flight, Ledger, MessageRecord, RunId, StopOrder};
use crate::plan::{Bulk, Gate, Plan, SafetyLimitKind};
use crate::report::apply::ApplyReport;
use crate::report::failure_code::FailureCode;
use crate::report::words::{list, plural};
use crate::store::{OpenLedger, StoreError, Visit};
use crate::timing;

use crate::cli::args::{ApplyArgs, Global};
use crate::cli::client::client;
use crate::cli::clock::RunClock;
use crate::cli::clones::{self, KeptFiles};
use crate::cli::context::{Context, PlanOptions};
use crate::cli::ends;
use crate::cli::events::EventFile;
use crate::cli::evidence;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::left_behind;
use crate::cli::opt_outs::{Baseline, SuppressLists};
use crate::cli::output::Output;
use crate::cli::planning::{Replanning, alarm, in_doubt, judge, make, show_people};
use crate::cli::prepare::Pool;
use crate::cli::progress::Progress;
use crate::cli::recording::Recording;
use crate::cli::rejections;
use crate::cli::sandbox_time;
use crate::cli::settings::Settings;
use crate::cli::signals::SignalWatch;
use crate::cli::store::{expected, tell_doubts, visit};
use crate::cli::unsaved_outcomes;
use crate::cli::unsent::{self, Reviewed};
use crate::cli::witness::{self, Older};

/// How long an interrupted run may take to put its ledger in order.
const FINISH_TIME_MAX: Duration = Duration::from_secs(2);
/// How long one that leaves at once may.
const LEAVE_TIME_MAX: Duration = Duration::from_millis(800);
/// How long a run that ends early may take to give back the bulks that it has taken and not claimed.
const GIVE_BACK_TIME_MAX: Duration = Duration::from_millis(500);
/// How long it is looked whether a store that has failed still has what it had.
const LOOK_TIME_MAX: Duration = Duration::from_secs(5);
/// How long after its claim a request may begin, where bulks are claimed ahead: claims wait for each
/// other, for a push, and for the requests before them.
const START_WITHIN_AHEAD: Duration = Duration::from_mins(5);

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
        let ended = with_world(context, args, settings, (output, &events), &interrupts).await;
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
    let compared = sandbox_time::check_ledger(&context.gateway, &store.ledger())
        .and_then(|()| left_behind::check(context, Some(&store.ledger()), output))
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

/// What a run goes by.
#[derive(Clone, Copy)]
struct ApplyRun<'a> {
    context: &'a Arc<Context>,
    args: &'a ApplyArgs,
    settings: &'a Settings,
    output: &'a Output,
    events: &'a EventFile,
    recording: &'a Recording,
    interrupts: &'a SignalWatch,
    plan_options: &'a PlanOptions,
    client: &'a Client<RunClock>,
    clock: &'a RunClock,
    run: RunId,
    /// How many people were in doubt before.
    in_doubt: usize,
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

    async fn plan(&self, store: &OpenLedger) -> Plan {
        let Self { context, plan_options, clock, .. } = self;
        clock.look().await;
        tokio::task::block_in_place(|| {
            make(context, plan_options, Some(&store.ledger()), store.view(context.gateway.lives_at()))
        })
    }

    /// Shows what would be sent, and asks whether to send it.
    async fn review(&self, store: &OpenLedger) -> Result<Review, Failure> {
        let Self { context, args, output, plan_options, .. } = self;
        let stops = store.standing_stops().await?;
        let plan = self.plan(store).await;
        let may = may_send(&plan, args, plan_options);
        let may = unless_stopped(may, &stops, judge(&plan, &plan_options.selection));
        let reviewed = Reviewed { plan, stops };
        show_people(&reviewed, context, output, args, may.is_ok())?;
        if let Err(ending) = may.and_then(|()| approve(&reviewed.plan, args, output)) {
            let twice = alarm(&reviewed.plan.twice, &plan_options.selection);
            let ending = ending.map(|exit| exit.or(twice)).map_err(|failure| failure.ending(twice));
            return Ok(Review::End(Box::new(reviewed), ending));
        }
        if args.auto_approve {
            return Ok(Review::Send(Box::new(reviewed.plan)));
        }
        // The answer may have taken a while, in which times pass and conversation windows close.
        let plan = self.plan(store).await;
        if !is_still(&plan, &reviewed.plan) || may_send(&plan, args, plan_options).is_err() {
            return Ok(Review::End(Box::new(reviewed), Err(changed_meanwhile())));
        }
        if let Err(error) = store.check_still_there().await {
            return Ok(Review::End(Box::new(reviewed), Err(error.into())));
        }
        Ok(Review::Send(Box::new(plan)))
    }

    /// Sends a plan: on its own, or with other runs that share it.
    async fn send(&self, store: &OpenLedger, mut plan: Plan, lists: &Baseline) -> Result<Sent, Failure> {
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
            let ((), ()) = join(watch.drive(), deliveries.drive()).await;
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

    /// Settles what can be settled now, keeps what the store did not take, and shows what became of the
    /// messages. Whatever else fails by then, that is the stronger news.
    async fn conclude(&self, store: OpenLedger, sent: Sent) -> Result<Exit, Failure> {
        let Self { context, args, output, interrupts, plan_options, client, clock, run, in_doubt: before, .. } = *self;
        let Sent { plan, summary, all_asked } = sent;
        let (freed, settled) = if before > 0 && summary.total().accepted > 0 && summary.stopped.is_none() {
            let telling = (output, interrupts.first());
            evidence::last(context, &store, client, clock, &plan_options.selection, telling).await
        } else {
            (BTreeMap::new(), Ok(()))
        };
        let unsettled = unsaved_outcomes::keep(context, &summary, run, output);
        interrupts.ends_with(verdict(&summary));
        let now = context.gateway.now();
        let (doubts, in_flight) = open_ends(&store, &summary, run, context.gateway.lives_at());
        let mut twice = store.ledger().accepted_twice();
        // Under which keys somebody is the same only rows tell.
        twice.extend(plan.twice.iter().filter(|twice| !twice.under_other_keys.is_empty()).cloned());
        let left = (twice.as_slice(), doubts.as_slice(), in_flight);
        // The digest of a plan file is the file's, however many are left.
        let expects_digest = args.expect_digest.is_some() && args.plan.is_none();
        let report = ApplyReport::new(&summary, left, plan.approved().to_string(), now)
            .expecting_digest(expects_digest)
            .with_newer_ledger(context.gateway.ledger.newer_words())
            .after(&plan.twice)
            .with_handed_over(&summary, &store.ledger())
            .with_late(plan.selected().map(|message| (&message.key, message.revision, message.late)))
            .with_freed(&freed, output.typed())
            .in_order(plan.messages.iter().map(|message| &message.key));
        let shown = output.show(&report);
        if let Some(next) = plan.next_apply_at() {
            output.note(&format!("the next apply has something to do at {}\n", timing::utc(next)));
        }
        let marked = mark(&store, &summary, all_asked).await;
        let not_whole = why_not_whole(&store, &summary).await;
        let mut exit = verdict(&summary).or(ending(&doubts, plan_options));
        if plan.refused().next().is_some() {
            exit = exit.or(Exit::SafetyLimit);
        }
        exit = exit.or(alarm(&twice, &plan_options.selection));
        let finished = finish(context, store, interrupts).await;
        if !freed.is_empty() {
            exit = exit.or(Exit::Pending);
        }
        let failures = [shown, unsettled, settled, marked, finished].into_iter().filter_map(Result::err);
        if let Some(failure) = &not_whole {
            output.tell_failure(failure);
            exit = exit.or(failure.exit);
        }
        for failure in failures {
            output.tell_failure(&failure);
            exit = exit.or(failure.exit);
        }
        Ok(exit)
    }
}

/// What a review comes to.
enum Review {
    /// This may be sent.
    Send(Box<Plan>),
    /// Nothing is sent, and that is how the command ends.
    End(Box<Reviewed>, Result<Exit, Failure>),
}

/// A plan that was sent, and what became of it.
struct Sent {
    plan: Plan,
    summary: Summary,
    /// Whether the gateway's logs were asked for people of every sender first.
    all_asked: bool,
}

/// How a run ends in which all went well.
fn ending(doubts: &[Doubt], plan_options: &PlanOptions) -> Exit {
    if in_doubt(doubts, &plan_options.selection) { Exit::Doubt } else { Exit::Done }
}

/// What is in doubt after a run, and what is in flight elsewhere. What the run knows is no doubt, even
/// if the store did not take it; and nothing of its own is in flight any more.
fn open_ends(store: &OpenLedger, summary: &Summary, run: RunId, now: Timestamp) -> (Vec<Doubt>, Option<Flight>) {
    let view = store.view(now);
    let look = |ledger: &Ledger| (ledger.doubts_after(run, view), ledger.in_flight(view, Some(run)));
    if summary.unsettled.is_empty() {
        return look(&store.ledger());
    }
    let mut known = store.ledger().clone();
    for outcome in &summary.unsettled {
        // Of a claim that the ledger never got nothing was sent.
        drop(known.add_outcome(outcome.clone()));
    }
    look(&known)
}

/// Marks the rows of a database that have no mark, if the plan was sent: what an old copy lacks is what was sent
/// last, and the gateway was asked for that, of every sender, before anything was sent. If somebody vouches for
/// them, that counts now that nothing has shown that they are wrong.
async fn mark(store: &OpenLedger, summary: &Summary, all_asked: bool) -> Result<(), Failure> {
    let is_sent = summary.stopped.is_none() && summary.total().accepted > 0;
    if is_sent && (all_asked || store.is_vouched_for()) {
        store.confirm_entries().await?;
    }
    Ok(())
}

/// Ends a run that sends nothing. Where there was nothing to send, the word of whoever vouches for the ledger
/// counts all the same.
async fn end_without_sending(
    store: OpenLedger,
    plan: &Plan,
    ending: Result<Exit, Failure>,
    output: &Output,
) -> Result<Exit, Failure> {
    if matches!(ending, Ok(Exit::Done)) && plan.to_send() == 0 && store.is_vouched_for() {
        store.confirm_entries().await?;
    }
    let finished = store.finish().await.map_err(Failure::from);
    match (ending, finished) {
        (Ok(exit), finished) => finished.map(|()| exit).map_err(|failure| failure.ending(exit)),
        (Err(failure), finished) => {
            if let Err(unfinished) = finished {
                output.tell_failure(&unfinished);
            }
            Err(failure)
        }
    }
}

/// What was found out of the ledger itself, or of its stops, if that ended the run.
async fn why_not_whole(store: &OpenLedger, summary: &Summary) -> Option<Failure> {
    match summary.stopped {
        Some(Stopped::Unwitnessed(_)) => {
            let unclosed = store.trust().unclosed;
            (!unclosed.is_empty()).then(|| ends::unread(&unclosed))
        }
        // What can be done about it is the same as at the start of a run.
        Some(Stopped::StopsUnread(_)) => match tokio::time::timeout(LOOK_TIME_MAX, store.standing_stops()).await {
            Ok(Err(error)) => Some(error.into()),
            Ok(Ok(_)) | Err(_) => None,
        },
        // A store that has failed may do so again, and nobody waits long for it.
        Some(Stopped::Store(_)) => match tokio::time::timeout(LOOK_TIME_MAX, store.check_still_there()).await {
            Ok(Err(error)) if error.is_put_back() => Some(error.into()),
            Ok(Ok(()) | Err(_)) | Err(_) => None,
        },
        _ => None,
    }
}

/// Of a run that has not closed itself the end may be missing, and the gateway's logs do not go back for ever.
fn refuse_old_ends(store: &OpenLedger, now: Timestamp) -> Result<(), Failure> {
    let unclosed = store.trust().unclosed;
    if ends::too_old(&unclosed, now).next().is_none() { Ok(()) } else { Err(ends::untold(&unclosed)) }
}

/// The runner of a CI job loses its disk, and with it a lockfile that was not pushed.
///
/// # Errors
/// If that is so, unless somebody says that the lockfile surely survives.
pub(super) fn refuse_in_ci(context: &Context, plan_options: &PlanOptions, settings: &Settings) -> Result<(), Failure> {
    let told = plan_options.accepted.get(SafetyLimitKind::LockfileInCi).is_some_and(|number| number >= 1);
    if !settings.ci || context.gateway.is_sandbox() || told || !context.gateway.ledger.is_on_this_disk() {
        return Ok(());
    }
    Err(Failure::new(
        FailureCode::LockfileInCi,
        "a lockfile on a CI runner dies with its disk, and the next run would send to everybody again",
    )
    .hint("pass `--accept lockfile-in-ci=1` if the lockfile surely survives this run, whatever happens to it"))
}

async fn open(context: &Context, visit: &Visit) -> Result<OpenLedger, Failure> {
    let ledger = &context.gateway.ledger;
    let expected = expected(context)?;
    context.home.make_private()?;
    if context.gateway.is_sandbox() && !context.home.sandbox_was_used() {
        match ledger.create(expected.header(), &expected, &visit.another()).await {
            Ok(()) | Err(StoreError::Exists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        context.home.mark_sandbox_used()?;
    }
    let opened = ledger.open(&expected, visit).await;
    let store = opened.map_err(|error| left_behind::explain(context, error))?;
    store.may_send()?;
    Ok(store)
}

/// Whether a plan may be sent; else how the command ends.
fn may_send(plan: &Plan, args: &ApplyArgs, plan_options: &PlanOptions) -> Result<(), Result<Exit, Failure>> {
    let exit = judge(plan, &plan_options.selection);
    if exit == Exit::Files {
        return Err(Ok(exit));
    }
    if plan.is_mismatched() {
        return Err(Err(frozen::mismatch(plan)));
    }
    if let Some(digest) = args.expect_digest.as_ref().filter(|digest| **digest != plan.approved().to_string()) {
        let message = format!("the plan's digest is `{}`, but `{digest}` was expected", plan.digest);
        return Err(Err(other_digest(plan, message)));
    }
    if plan.is_held_back() || plan.to_send() == 0 { Err(Ok(exit)) } else { Ok(()) }
}

/// Nothing may be sent while a stop stands, whatever else may be; what is stronger news of the plan stays so.
fn unless_stopped(
    may: Result<(), Result<Exit, Failure>>,
    stops: &[StopOrder],
    judged: Exit,
) -> Result<(), Result<Exit, Failure>> {
    if stops.is_empty() {
        return may;
    }
    match may {
        Ok(()) => Err(Err(Failure::new(FailureCode::Stopped, "somebody has stopped sending: nothing was sent")
            .ending(judged)
            .hint("once it may go on, type `sendform resume`, then run the same command again"))),
        Err(ending) => Err(ending.map(|exit| exit.or(Exit::Declined))),
    }
}

/// Whether a plan that is made anew is the one that was reviewed.
fn is_still(plan: &Plan, reviewed: &Plan) -> bool {
    plan.digest == reviewed.digest && plan.to_send() == reviewed.to_send()
}

fn changed_meanwhile() -> Failure {
    Failure::new(FailureCode::Mismatch, "what would be sent changed while you were asked: nothing was sent")
        .hint("run the same command again, and review what it shows")
}

/// A digest is of all who are still to be sent to, so a run that goes on has another one.
fn other_digest(plan: &Plan, message: String) -> Failure {
    let failure = Failure::new(FailureCode::DigestDiffers, message);
    let sent: u64 = plan.selected().map(|message| message.counts.get(Gate::AlreadySent)).sum();
    if sent == 0 {
        return failure
            .hint("the files, the audiences or the ledger changed since then: review the plan, and use its digest");
    }
    failure
        .hint(format!("{} were sent to already, and are not in this plan any more", plural(sent, "person")))
        .hint(
            "to go on with what was reviewed, use its file: `sendform plan --out FILE` before the first run, and \
             `sendform apply FILE` as often as it takes",
        )
        .hint("without that file review the plan, and use its digest")
}

/// Asks whether to send, unless that was said already; else how the command ends.
fn approve(plan: &Plan, args: &ApplyArgs, output: &Output) -> Result<(), Result<Exit, Failure>> {
    let what = plural(plan.to_send(), "message");
    let sending = plan.selected().filter(|message| message.counts.get(Gate::ToSend) > 0);
    let senders: BTreeSet<&str> = sending.map(|message| message.sender_name.as_str()).collect();
    let from = list(&senders.into_iter().collect::<Vec<_>>());
    let to = if plan.gateway == "sandbox" { "the sandbox" } else { &plan.gateway };
    let question = format!("\nSend {what} from {from} to {to}? A message cannot be recalled. Only `yes` sends:");
    if args.auto_approve || output.ask(&question).map_err(Err)? {
        return Ok(());
    }
    output.tell("nothing was sent\n");
    Err(Ok(Exit::Declined))
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

/// Puts the ledger in order, unless this run has to end before: what was granted and settled is
/// durable as it is.
async fn finish(context: &Context, store: OpenLedger, interrupts: &SignalWatch) -> Result<(), Failure> {
    let patience = async {
        tokio::select! {
            () = after(interrupts.first(), FINISH_TIME_MAX) => {}
            () = after(interrupts.second(), LEAVE_TIME_MAX) => {}
        }
    };
    let hint = if store.keeps_outcomes_here() {
        format!(
            "keep `{}`: the next run in this folder pushes what is in it; without it the people of this run may be \
             in doubt",
            context.home.private().display()
        )
    } else {
        "nothing is lost: the next run does that".to_owned()
    };
    tokio::select! {
        biased;
        finished = tokio::spawn(store.finish()) => match finished {
            Ok(finished) => finished.map_err(Failure::from),
            Err(error) => Err(Failure::new(FailureCode::Bug, "the ledger was not put in order").because(&error)),
        },
        () = patience => {
            let failure = Failure::new(FailureCode::Environment, "the ledger was not put in order before this run had to end");
            Err(failure.hint(hint))
        }
    }
}

/// Is ready so long after something.
async fn after(event: impl Future<Output = ()>, time: Duration) {
    event.await;
    tokio::time::sleep(time).await;
}

/// The exit code of a run by itself.
fn verdict(summary: &Summary) -> Exit {
    let total = summary.total();
    let mut exit = summary.stopped.as_ref().map_or(Exit::Done, |stopped| FailureCode::from(stopped).into());
    // Of an outcome that was not stored the ledger knows nothing: its people are in doubt there.
    if total.in_doubt > 0 || !summary.unsettled.is_empty() {
        exit = exit.or(Exit::Doubt);
    }
    if !summary.ended.is_empty() {
        exit = exit.or(Exit::Rejected);
    }
    // Whoever was to be sent to, and was not, is still to be sent to.
    if total.not_attempted > 0 {
        exit = exit.or(Exit::Pending);
    }
    // Refused people are free again; why the run stopped says whose doing that was.
    if total.rejected_any() > 0 || (total.refused > 0 && summary.stopped.is_none()) {
        exit = exit.or(Exit::Rejected);
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::{Exit, Stopped, Summary, verdict};
    use crate::apply::Tally;
    use crate::ledger::{PersonState, sample};

    #[test]
    fn an_outcome_that_was_not_stored_is_a_doubt() {
        let stopped = Some(Stopped::Store("no space left".to_owned()));
        let mut summary = Summary { stopped, ..Summary::default() };
        assert_eq!(verdict(&summary), Exit::Environment);
        summary.unsettled.push(sample::outcome(&sample::claim("announce", &[1], 1, 1), PersonState::Accepted, &[]));
        assert_eq!(verdict(&summary), Exit::Doubt);
    }

    #[test]
    fn a_run_that_leaves_somebody_behind_is_not_done() {
        let ends = |tally: Tally| {
            let of = (sample::message("announce"), sample::revision());
            verdict(&Summary { messages: [(of, tally)].into(), ..Summary::default() })
        };
        assert_eq!(ends(Tally { accepted: 1, not_attempted: 1, ..Tally::default() }), Exit::Pending);
        assert_eq!(ends(Tally { accepted: 1, claimed_elsewhere: 1, suppressed: 1, ..Tally::default() }), Exit::Done);
    }
}
