//! The last phases of planning: a message's people are cut into bulks, and what is told of it is
//! completed.

use jiff::Timestamp;

use crate::campaign::Message;
use crate::diagnostic::Code;
use crate::diagnostic::words::plural;

use super::bulk::Bulk;
use super::collect::LATE;
use super::draft::{Draft, DraftRows};
use super::gate::Gate;
use super::input::Input;
use super::message::MessagePlan;
use super::safety_limits::{self, SafetyLimit, SafetyLimitKind};
use super::{changes, check, handed, sample, values};

/// Makes the plan of a message out of its draft. Limits that it runs into come to the others.
#[must_use]
pub(super) fn finish(input: &Input<'_>, draft: Draft<'_>, limits: &mut Vec<SafetyLimit>) -> MessagePlan {
    let Draft { message, mut plan, safety_limits, rows, .. } = draft;
    limits.extend(safety_limits);
    if let Some(rows) = rows {
        batch(input, message, &mut plan, rows, limits);
    }
    plan.at_gateway.retired = changes::is_retired(input.project, &message.key);
    if plan.diagnostics.has_errors() {
        plan.clear();
    }
    plan
}

fn batch(
    input: &Input<'_>,
    message: &Message,
    plan: &mut MessagePlan,
    mut rows: DraftRows,
    limits: &mut Vec<SafetyLimit>,
) {
    let ledger = input.known();
    let mut counts = rows.collected.counts;
    plan.skipped = std::mem::take(&mut rows.collected.skipped);
    let batches = rows.batcher(message, input).cut(&rows.collected, &mut counts);
    let DraftRows { compiled, collected, .. } = rows;
    if !batches.due.is_empty() || !batches.later.is_empty() {
        let samples = sample::samples(message, &compiled, input.files, &collected);
        plan.samples = samples.shown;
        (plan.more_branches, plan.may_be_more_branches) = (samples.more_branches, samples.may_be_more);
    }
    if let (Some(held), Some(frozen)) = (&mut plan.held, input.frozen) {
        held.finish(frozen, message, collected.fallen, &counts, collected.unfit);
    }
    plan.counts = counts;
    plan.late = collected.parts.get(&(Gate::TooLate, LATE)).copied().unwrap_or_default();
    plan.is_read = true;
    plan.clocks = batches.clocks;
    plan.next_due = next_due(message, &batches.later);
    plan.missed = batches.missed_people;
    plan.bulks = batches.due;
    plan.later = batches.later;
    let checked = check::times(message, plan, &batches.missed, input.now, ledger.filter(|_| input.frozen.is_none()));
    plan.diagnostics.extend(checked);
    if safety_limits::reaches_nobody(&counts) && counts.get(Gate::Filtered) > 0 {
        let is_sure = !safety_limits::is_held_up(&counts);
        plan.diagnostics.extend(values::nobody_matches(message, &compiled, input.files, is_sure));
    }
    plan.diagnostics.extend(handed::early(message, plan, input.now));
    if plan.selected {
        let open = plan.to_send() + plan.not_due();
        limits.extend(plan.rejections.safety_limit(&plan.key, open, input.accepted));
        let before = ledger.and_then(|ledger| ledger.last_record(&message.key)).map(|record| record.audience);
        let seen = safety_limits::SafetyLimitFacts { late: collected.late, nothing: collected.nothing };
        limits.extend(safety_limits::of_message(message, &counts, before, seen, &input.project.limits, input.accepted));
        limits.extend(left_late(input, plan));
        limits.extend(overlap(input, message, plan));
    }
}

/// The limit of people who are too late as long as nobody has said what is to become of them. Where nothing of a message
/// was sent in time that is an error already.
fn left_late(input: &Input<'_>, plan: &MessagePlan) -> Option<SafetyLimit> {
    let is_told = plan.diagnostics.iter().any(|found| found.code == Code::PastTime);
    let words = || {
        let (people, are) = (plural(plan.late, "person"), if plan.late == 1 { "is" } else { "are" });
        format!("{people} {are} too late: the message's time is past, and nothing is sent to them")
    };
    let limit = |late| SafetyLimit::new(SafetyLimitKind::Late, Some(&plan.key), 0, late, input.accepted);
    (plan.late > 0 && !is_told).then(|| limit(plan.late).words(words()).of_its_people())
}

/// The limit of people whom an older revision may still reach, if the new one goes to anybody.
fn overlap(input: &Input<'_>, message: &Message, plan: &MessagePlan) -> Option<SafetyLimit> {
    let (overlap, leaving) = changes::overlap(message, input.ledger?, input.now);
    if overlap == 0 || plan.to_send() + plan.not_due() == 0 {
        return None;
    }
    let until = leaving.map(|leaving| format!(" until {}", plan.clocks_at(leaving.by))).unwrap_or_default();
    let words = format!("an older revision still has {} in doubt or scheduled{until}", plural(overlap, "person"));
    Some(SafetyLimit::new(SafetyLimitKind::Overlap, Some(&message.key), 0, overlap, input.accepted).words(words))
}

fn next_due(message: &Message, later: &[Bulk]) -> Option<Timestamp> {
    let handover = message.schedule.handover?;
    later.iter().filter_map(|bulk| bulk.send_at?.checked_sub(handover).ok()).min()
}
