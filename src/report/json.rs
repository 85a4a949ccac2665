//! Plans, outcomes and ledgers as JSON, versioned: within one `format_version` fields are only added.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apply::{Summary, Tally};
use crate::diagnostic::Diagnostics;
use crate::ledger::{Doubt, Ledger, View};
use crate::plan::{Bulk, Gate, MessagePlan, Plan, Protection, Rail, ZonePeople};

use super::text::{diagnostics, doubts, plan as plan_text};
use super::{Reveal, frozen_json, leaving_json};

/// The version of all forms of JSON that are written here.
pub const FORMAT_VERSION: &str = "1.0";

/// Writes a plan, and all that was found on the way to it. Texts are masked unless they are asked
/// for; people are never in it. `file` is the frozen plan that was made of it, or that it is held to.
#[must_use]
pub fn plan(plan: &Plan, found: &Diagnostics, reveal: Reveal, file: Option<&Path>) -> Value {
    json!({
        "format_version": FORMAT_VERSION,
        "kind": "plan",
        "project": plan.project,
        "gateway": plan.gateway,
        "now": plan.now.to_string(),
        "compared": plan.compared,
        "digest": plan.approved().to_string(),
        "planFile": file.map(|file| file.display().to_string()),
        "frozen": plan.frozen.as_ref().map(frozen_json::state),
        "files": plan_text::campaigns(plan),
        "toSend": plan.to_send(),
        "notDue": plan.not_due(),
        "nextApplyAt": plan.next_apply_at().map(|at| at.to_string()),
        "messages": plan.messages.iter().map(|message| message_plan(plan, message, reveal)).collect::<Vec<_>>(),
        "limits": {
            "messagesPerApply": plan.limits.messages_per_apply,
            "audienceGrowthPercent": plan.limits.audience_growth_percent,
            "unreadableRowsPercent": plan.limits.unreadable_rows_percent,
            "failedRows": plan.limits.failed_rows,
        },
        "gone": plan.gone.iter().map(leaving_json::gone).collect::<Vec<_>>(),
        "rails": plan.rails.iter().map(rail).collect::<Vec<_>>(),
        "doubts": plan.doubts.iter().map(|each| doubt(each, plan.now)).collect::<Vec<_>>(),
        "diagnostics": list(found),
    })
}

/// Writes diagnostics on their own, and how many campaign files they are of, if that is known.
#[must_use]
pub fn validation(found: &Diagnostics, files: Option<usize>) -> Value {
    json!({ "format_version": FORMAT_VERSION, "kind": "validation", "files": files, "diagnostics": list(found) })
}

/// Writes how a run ended.
#[must_use]
pub fn outcome(summary: &Summary, doubts: &[Doubt], digest: &str, now: Timestamp) -> Value {
    let messages = summary.messages.iter().map(|((key, revision), tally)| {
        json!({ "message": key.to_string(), "revision": revision.get(), "outcome": tally_json(tally) })
    });
    json!({
        "format_version": FORMAT_VERSION,
        "kind": "apply",
        "digest": digest,
        "messages": messages.collect::<Vec<_>>(),
        "total": tally_json(&summary.total()),
        "stopped": summary.stopped.as_ref().map(ToString::to_string),
        "reasons": summary.reasons,
        "alarms": summary.alarms.len(),
        "unstoredOutcomes": summary.unsettled.len(),
        "doubts": doubts.iter().map(|each| doubt(each, now)).collect::<Vec<_>>(),
    })
}

/// Writes what a ledger holds.
#[must_use]
pub fn status(ledger: &Ledger, view: View, now: Timestamp) -> Value {
    let messages = ledger.messages().map(|record| {
        let totals = ledger.totals(&record.message, record.revision, view);
        json!({
            "message": record.message.to_string(),
            "revision": record.revision.get(),
            "accepted": totals.accepted,
            "stillToLeave": ledger
                .still_to_leave(&record.message, record.revision..=record.revision, now)
                .map(leaving_json::people),
            "rejected": totals.rejected,
            "inDoubt": totals.in_doubt,
            "inFlight": totals.in_flight,
            "givenUp": totals.abandoned,
            "refused": totals.refused,
        })
    });
    json!({
        "format_version": FORMAT_VERSION,
        "kind": "status",
        "project": ledger.header().project.to_string(),
        "gateway": ledger.header().gateway,
        "messages": messages.collect::<Vec<_>>(),
        "doubts": ledger.doubts(view).iter().map(|each| doubt(each, now)).collect::<Vec<_>>(),
    })
}

fn message_plan(plan: &Plan, message: &MessagePlan, reveal: Reveal) -> Value {
    let counts: serde_json::Map<String, Value> =
        Gate::ALL.into_iter().map(|gate| (gate.name().to_owned(), message.counts.get(gate).into())).collect();
    let samples = message.samples.iter().map(|sample| {
        let text = match reveal {
            Reveal::No => &sample.masked,
            Reveal::Yes => &sample.revealed,
        };
        json!({ "name": sample.name, "text": text, "characters": sample.chars, "bytes": sample.bytes })
    });
    json!({
        "message": message.key.to_string(),
        "revision": message.revision.get(),
        "sender": message.sender_name,
        "audience": message.audience,
        "selected": message.selected,
        "read": message.is_read,
        "rows": message.counts.total(),
        "dialect": message.dialect.map(|dialect| dialect.to_string()),
        "gates": counts,
        "protections": message.protections.iter().map(protection).collect::<Vec<_>>(),
        "skipReasons": message.skipped,
        "firstAt": message.first_at().map(|at| at.to_string()),
        "lastAt": message.last_at().map(|at| at.to_string()),
        "notAskedBefore": plan.not_asked_before(message).map(|(_, at)| at.to_string()),
        "atOnce": message.clocks.at_once,
        "zones": message.clocks.zones.iter().map(zone).collect::<Vec<_>>(),
        "handedOver": leaving_json::message(&message.at_gateway),
        "bulks": message.bulks.iter().map(|each| bulk(each, "now")).chain(message.later.iter().map(|each| bulk(each, "later"))).collect::<Vec<_>>(),
        "textChanged": message.change.as_ref().map(|change| json!({ "before": change.before, "now": change.now, "keep": change.keep })),
        "frozen": message.held.as_ref().map(frozen_json::held),
        "samples": samples.collect::<Vec<_>>(),
    })
}

fn zone(zone: &ZonePeople) -> Value {
    json!({
        "zone": zone.zone,
        "sendAt": zone.at.map(|at| at.to_string()),
        "people": zone.due + zone.later,
        "notDue": zone.later,
    })
}

fn bulk(bulk: &Bulk, due: &str) -> Value {
    json!({
        "bulkId": bulk.id().to_string(),
        "people": bulk.recipients.len(),
        "sendAt": bulk.send_at.map(|at| at.to_string()),
        "until": bulk.until.map(|at| at.to_string()),
        "due": due,
    })
}

fn protection(protection: &Protection) -> Value {
    json!({
        "gate": protection.gate.name(),
        "name": protection.name,
        "people": protection.people,
        "stopped": protection.stopped,
    })
}

fn rail(rail: &Rail) -> Value {
    json!({
        "rail": rail.kind.name(),
        "message": rail.message.as_ref().map(ToString::to_string),
        "limit": rail.limit,
        "actual": rail.actual,
        "accepted": rail.accepted,
        "words": rail.words,
    })
}

pub(super) fn doubt(doubt: &Doubt, now: Timestamp) -> Value {
    json!({
        "bulkId": doubt.claim.bulk.to_string(),
        "people": doubt.open,
        "claimedAt": doubt.at.to_string(),
        "sendAt": doubt.send_at.map(|at| at.to_string()),
        "why": doubt.why,
        "logsUntil": doubt.logs_end().to_string(),
        "hoursLeft": doubts::hours_left(doubt, now).unwrap_or(0),
    })
}

fn tally_json(tally: &Tally) -> Value {
    json!({
        "accepted": tally.accepted,
        "rejected": tally.rejected_any(),
        "rejectedByStatus": tally.rejected,
        "refused": tally.refused,
        "inDoubt": tally.in_doubt,
        "notAttempted": tally.not_attempted,
        "elsewhere": tally.taken,
    })
}

fn list(found: &Diagnostics) -> Vec<Value> {
    found.iter().map(diagnostics::to_json).collect()
}
