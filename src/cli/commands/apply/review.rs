//! What would be sent, shown, and whether it is: by its limits, by what was expected, and by somebody's word.

use std::collections::BTreeSet;

use super::apply_run::ApplyRun;
use crate::apply::Clock as _;
use crate::cli::args::ApplyArgs;
use crate::cli::context::PlanOptions;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::output::Output;
use crate::cli::planning::{alarm, judge, make, show_people};
use crate::cli::unsent::Reviewed;
use crate::ledger::StopOrder;
use crate::plan::{Gate, Plan};
use crate::report::failure_code::FailureCode;
use crate::report::words::{list, plural};
use crate::store::OpenLedger;

/// What a review comes to.
pub(super) enum Review {
    /// This may be sent.
    Send(Box<Plan>),
    /// Nothing is sent, and that is how the command ends.
    End(Box<Reviewed>, Result<Exit, Failure>),
}

impl ApplyRun<'_> {
    async fn plan(&self, store: &OpenLedger) -> Plan {
        let Self { context, plan_options, clock, .. } = self;
        clock.look().await;
        tokio::task::block_in_place(|| {
            make(context, plan_options, Some(&store.ledger()), store.view(context.gateway.lives_at()))
        })
    }

    /// Shows what would be sent, and asks whether to send it.
    pub(super) async fn review(&self, store: &OpenLedger) -> Result<Review, Failure> {
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
}

/// Ends a run that sends nothing. Where there was nothing to send, the word of whoever vouches for the ledger
/// counts all the same.
pub(super) async fn end_without_sending(
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
