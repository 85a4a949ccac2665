//! The planning function, in four phases: *collect* the people of every message, *decide* over all of
//! them, *batch* them into bulks, and *finish* what is told of each message.

use crate::campaign::{Message, duplicates};
use crate::diagnostic::words::{number, plural};
use crate::ledger::Ledger;

use super::decide::{Decisions, decide};
use super::definition::Definition;
use super::digest;
use super::draft::{Draft, Drafter};
use super::finish::finish;
use super::handed::KeptClaims;
use super::in_clear::InClear;
use super::input::Input;
use super::message::MessagePlan;
use super::model::Plan;
use super::plan_file::FrozenState;
use super::safety_limits::{SafetyLimit, SafetyLimitKind};
use super::{changes, same};

/// Plans what would be sent now.
#[must_use]
pub fn plan(input: &Input<'_>) -> Plan {
    let in_files: Vec<&Message> = input.campaigns.iter().flat_map(|campaign| &campaign.messages).collect();
    let mut drafter = Drafter::new(input);
    let mut drafts: Vec<Draft<'_>> = in_files.iter().map(|message| drafter.draft(message)).collect();
    let Decisions { close_together } = decide(input, &drafts);
    let mut twice = input.ledger.map(Ledger::accepted_twice).unwrap_or_default();
    twice.extend(drafts.iter_mut().flat_map(|draft| std::mem::take(&mut draft.twice)));
    twice.sort_by(|one, other| (&one.message, one.revision).cmp(&(&other.message, other.revision)));
    let mut safety_limits = Vec::new();
    let mut messages: Vec<MessagePlan> =
        drafts.into_iter().map(|draft| finish(input, draft, &mut safety_limits)).collect();
    let known = input.known();
    let mut diagnostics = duplicates(input.campaigns);
    if let Some(ledger) = input.ledger.filter(|_| known.is_none()) {
        for (plan, message) in messages.iter_mut().zip(&in_files) {
            plan.in_clear = InClear::of(message, ledger, input.view, input.now);
            let retired = plan.at_gateway.retired;
            plan.at_gateway = KeptClaims::of(Some(ledger), message, &plan.template, 1, input.now).unplaced(message);
            plan.at_gateway.retired = retired;
            plan.outdated = KeptClaims::outdated(message, ledger, input.now);
        }
    }
    let lost = input.ledger.map(|ledger| changes::gone(input.project, input.campaigns, ledger, &messages, input.now));
    let (lost, found): (Vec<_>, Vec<_>) = lost.unwrap_or_default().into_iter().unzip();
    found.into_iter().for_each(|found| diagnostics.push(found));
    for (key, warning) in same::warnings(&in_files, &messages, known, &lost, input.now) {
        let plan = messages.iter_mut().find(|plan| plan.key == key);
        plan.into_iter().for_each(|plan| plan.diagnostics.push(warning.clone()));
    }
    let digests = in_files.iter().zip(&messages).map(|(message, plan)| {
        let digest = digest::of_message(&Definition::of(message), &plan.planned_people());
        (message.key.clone(), if plan.selected { digest } else { digest::of_not_selected(digest) })
    });
    let digest = digest::of_plan(&input.project.id, input.gateway, digests);
    let mut plan = Plan {
        project: input.project.id.to_string(),
        gateway: input.gateway.to_owned(),
        now: input.now,
        compared: known.is_some(),
        has_rows: !input.without_data,
        asks_first: input.asks_first,
        twice,
        doubts: input.ledger.map(|ledger| ledger.doubts(input.view)).unwrap_or_default(),
        in_flight: input.ledger.and_then(|ledger| ledger.in_flight(input.view, None)),
        gone: input.ledger.map(|ledger| drafter.gone(ledger)).unwrap_or_default(),
        messages,
        close_together,
        limits: input.project.limits,
        safety_limits,
        diagnostics,
        digest,
        frozen: input.frozen.map(|frozen| FrozenState::of(frozen, input.campaigns, known, input.view)),
    };
    if plan.is_mismatched() {
        plan.clear();
    }
    if !plan.is_sound() {
        // Of a plan that has errors nothing is sent.
        plan.close_together = 0;
    }
    let to_send = plan.to_send();
    let limit = input.project.limits.messages_per_apply;
    if to_send > limit {
        let words =
            format!("{} to send, but at most {} may be in one apply", plural(to_send, "message"), number(limit));
        plan.safety_limits
            .push(SafetyLimit::new(SafetyLimitKind::Messages, None, limit, to_send, input.accepted).words(words));
    }
    plan.bound_limits();
    plan
}
