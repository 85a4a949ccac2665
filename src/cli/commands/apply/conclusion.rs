//! How a run ends: what can be settled is, what became of everybody is shown, and the ledger is put in order.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::apply_run::ApplyRun;
use super::sending::Sent;
use super::verdict::verdict;
use crate::apply::{Stopped, Summary};
use crate::cli::context::{Context, PlanOptions};
use crate::cli::ends;
use crate::cli::evidence;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::planning::{alarm, in_doubt};
use crate::cli::signals::SignalWatch;
use crate::cli::unsaved_outcomes;
use crate::ledger::{Doubt, Flight, Ledger, RunId};
use crate::report::apply::ApplyReport;
use crate::report::failure_code::FailureCode;
use crate::store::OpenLedger;
use crate::timing;

/// How long an interrupted run may take to put its ledger in order.
const FINISH_TIME_MAX: Duration = Duration::from_secs(2);
/// How long one that leaves at once may.
const LEAVE_TIME_MAX: Duration = Duration::from_millis(800);
/// How long it is looked whether a store that has failed still has what it had.
const LOOK_TIME_MAX: Duration = Duration::from_secs(5);

impl ApplyRun<'_> {
    /// Settles what can be settled now, keeps what the store did not take, and shows what became of the
    /// messages. Whatever else fails by then, that is the stronger news.
    pub(super) async fn conclude(&self, store: OpenLedger, sent: Sent) -> Result<Exit, Failure> {
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
