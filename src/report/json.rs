//! Plans, outcomes and ledgers as JSON, versioned: within one `format_version` fields are only added.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apply::{Summary, Tally};
use crate::diagnostic::Diagnostics;
use crate::ledger::{Doubt, Ledger, View};

use super::document::FORMAT_VERSION;
use super::leaving_json;

/// Writes diagnostics on their own, and how many campaign files they are of, if that is known.
#[must_use]
pub fn validation(found: &Diagnostics, files: Option<usize>) -> Value {
    json!({ "formatVersion": FORMAT_VERSION, "kind": "validation", "files": files, "diagnostics": list(found) })
}

/// Writes how a run ended.
#[must_use]
pub fn outcome(summary: &Summary, doubts: &[Doubt], digest: &str, now: Timestamp) -> Value {
    let messages = summary.messages.iter().map(|((key, revision), tally)| {
        json!({ "message": key.to_string(), "revision": revision.get(), "outcome": tally_json(tally) })
    });
    json!({
        "formatVersion": FORMAT_VERSION,
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
        "formatVersion": FORMAT_VERSION,
        "kind": "status",
        "project": ledger.header().project.to_string(),
        "gateway": ledger.header().gateway,
        "messages": messages.collect::<Vec<_>>(),
        "doubts": ledger.doubts(view).iter().map(|each| doubt(each, now)).collect::<Vec<_>>(),
    })
}

pub(super) fn doubt(doubt: &Doubt, now: Timestamp) -> Value {
    serde_json::to_value(super::doubt::DoubtView::new(doubt, now)).unwrap_or_default()
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
    super::diagnostics::DiagnosticView::all(found)
        .iter()
        .map(|one| serde_json::to_value(one).unwrap_or_default())
        .collect()
}
