//! Planning, as several commands do it: for them, with their words, and to their ends.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use crate::apply::{CutReason, MessageRevision, QueuedPlan, Replan, Stopped};
use crate::campaign::Witness;
use crate::diagnostic::{Diagnostic, Severity};
use crate::identity::Person;
use crate::ledger::{Doubt, Ledger, StopOrder, Twice, View};
use crate::plan::{Gate, Input, MessagePlan, Plan, Selection, plan};
use crate::report::plan::{PlanOccasion, PlanReport};

use super::args::ApplyArgs;
use super::context::{Context, PlanOptions};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::progress::Progress;
use super::unsent::Reviewed;
use super::witness;

/// Plans.
#[must_use]
pub(super) fn make(context: &Context, plan_options: &PlanOptions, ledger: Option<&Ledger>, view: View) -> Plan {
    planned(&input(context, plan_options, ledger, view))
}

/// Plans, and shows that it takes a while.
pub(super) fn planned(input: &Input<'_>) -> Plan {
    let progress = Progress::spinner("planning");
    let plan = plan(input);
    progress.finish();
    plan
}

/// Plans anew for a run that shares its plan with others.
pub(super) struct Replanning<'a> {
    /// The project and the gateway.
    pub(super) context: &'a Context,
    /// What the run was asked for.
    pub(super) plan_options: &'a PlanOptions,
}

impl Replan for Replanning<'_> {
    fn plan(&self, ledger: &Ledger, view: View) -> Result<QueuedPlan, Stopped> {
        let plan = tokio::task::block_in_place(|| make(self.context, self.plan_options, Some(ledger), view));
        if let Some(error) = errors(&plan).next() {
            return Err(Stopped::Files(error.message.clone()));
        }
        let (digest, now) = (plan.digest.to_string(), plan.now);
        let missed = plan.selected().flat_map(missed).collect();
        let selected = plan.messages.into_iter().filter(|message| message.selected);
        Ok(QueuedPlan { digest, now, bulks: selected.flat_map(|message| message.bulks).collect(), missed })
    }
}

/// Those of a message whose turn would come too late.
fn missed(message: &MessagePlan) -> impl Iterator<Item = (MessageRevision, Person, CutReason)> + '_ {
    message.missed.iter().map(|(person, gate)| {
        let why = if *gate == Gate::WindowClosed { CutReason::WindowClosed } else { CutReason::WouldExpire };
        ((message.key.clone(), message.revision), *person, why)
    })
}

/// All that a plan depends on.
pub(super) fn input<'a>(
    context: &'a Context,
    plan_options: &'a PlanOptions,
    ledger: Option<&'a Ledger>,
    view: View,
) -> Input<'a> {
    Input {
        project: &context.project,
        campaigns: &context.campaigns,
        files: &context.folders,
        gateway: &context.gateway.name,
        ledger,
        view,
        keys: context.gateway.keys.as_ref(),
        now: context.gateway.now(),
        selection: &plan_options.selection,
        accepted: &plan_options.accepted,
        retry_rejected: &plan_options.retry_rejected,
        frozen: plan_options.frozen.as_ref(),
        asks_first: witness::mode(context) != Witness::Off,
        without_data: plan_options.without_data,
        workers: workers(),
    }
}

/// Shows a plan, its diagnostics first; `file` is the frozen plan that was made of it, or that it is
/// held to; `stops` are those that stand.
///
/// # Errors
/// If it cannot be shown.
pub(super) fn show(
    plan: &Plan,
    context: &Context,
    output: &Output,
    file: Option<&Path>,
    stops: &[StopOrder],
) -> Result<(), Failure> {
    let report = report(plan, context, output, file, stops).on(PlanOccasion::LookedAt);
    output.tell_diagnostics(&report.diagnostics);
    output.show(&report)
}

/// Shows the plan of an apply as [`show`] does, but to people only: what became of it gives machines the plan as well.
/// Where nothing but the result is wanted, and nobody is asked, no more of it is shown than why nothing is sent.
///
/// # Errors
/// If it cannot be shown.
pub(super) fn show_people(
    Reviewed { plan, stops }: &Reviewed,
    context: &Context,
    output: &Output,
    args: &ApplyArgs,
    sends: bool,
) -> Result<(), Failure> {
    let occasion = match (sends, output.quiet && args.auto_approve) {
        (true, false) => Some(PlanOccasion::Sending),
        (true, true) => None,
        (false, false) => Some(PlanOccasion::Unsent),
        (false, true) => Some(PlanOccasion::UnsentInBrief),
    };
    let report = report(plan, context, output, args.plan.as_deref(), stops);
    if output.format.is_for_people() || !sends {
        output.tell_diagnostics(&report.diagnostics);
    }
    occasion.map_or(Ok(()), |occasion| output.show_people(&report.on(occasion)))
}

/// The report of a plan; `file` and `stops` are those of [`show`].
pub(super) fn report<'a>(
    plan: &'a Plan,
    context: &Context,
    output: &Output,
    file: Option<&Path>,
    stops: &[StopOrder],
) -> PlanReport<'a> {
    let mut found = context.diagnostics.clone();
    found.extend(plan.all_diagnostics());
    PlanReport::new(plan, &found, output.reveal, file, stops).showing_all(output.lists_all)
}

/// What is wrong with what is selected.
fn errors(plan: &Plan) -> impl Iterator<Item = &Diagnostic> {
    let of_messages = plan.selected().flat_map(|message| message.diagnostics.iter());
    plan.diagnostics.iter().chain(of_messages).filter(|found| found.severity == Severity::Error)
}

/// The exit code of a plan by itself; what is not selected is shown, and does not count.
#[must_use]
pub(super) fn judge(plan: &Plan, selection: &Selection) -> Exit {
    let mut exit = Exit::Done;
    if errors(plan).next().is_some() {
        exit = exit.or(Exit::Files);
    }
    if plan.is_mismatched() {
        exit = exit.or(Exit::Mismatch);
    }
    if plan.refused().next().is_some() {
        exit = exit.or(Exit::SafetyLimit);
    }
    if in_doubt(&plan.doubts, selection) {
        exit = exit.or(Exit::Doubt);
    }
    exit
}

/// The exit code of people who were accepted twice: it is stronger than a plan's own, and keeps nobody else from
/// being sent to.
#[must_use]
pub(super) fn alarm(twice: &[Twice], selection: &Selection) -> Exit {
    let is_told = twice.iter().any(|twice| selection.holds(&twice.message));
    if is_told { Exit::Ledger } else { Exit::Done }
}

/// Whether anything that is selected is in doubt.
#[must_use]
pub(super) fn in_doubt(doubts: &[Doubt], selection: &Selection) -> bool {
    doubts.iter().any(|doubt| selection.holds(&doubt.claim.bulk.message))
}

pub(super) fn workers() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
