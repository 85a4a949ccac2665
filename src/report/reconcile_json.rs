//! What the gateway's logs said of the doubts, as JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apply::evidence::{DoubtFinding, Reconciled, StillInDoubt};

use super::json::{FORMAT_VERSION, doubt};
use super::text::reconcile::reason_name;

/// Writes what came of each doubt.
#[must_use]
pub fn reconciled(reconciled: &Reconciled, now: Timestamp) -> Value {
    json!({
        "format_version": FORMAT_VERSION,
        "kind": "reconcile",
        "doubts": reconciled.findings.iter().map(|each| finding(each, now)).collect::<Vec<_>>(),
        "settled": reconciled.settled(),
        "inDoubt": reconciled.open(),
        "failure": reconciled.failure.as_ref().map(ToString::to_string),
    })
}

fn finding(finding: &DoubtFinding, now: Timestamp) -> Value {
    let mut value = doubt(&finding.doubt, now);
    let rejected: serde_json::Map<String, Value> =
        finding.rejected.iter().map(|(status, count)| (status.to_string(), (*count).into())).collect();
    let kept: Vec<Value> = finding
        .kept
        .iter()
        .map(|(kept, count)| {
            let from = match kept {
                StillInDoubt::TooEarly(from) => Some(from.to_string()),
                StillInDoubt::InAnotherBulk
                | StillInDoubt::InAnotherClaim
                | StillInDoubt::DuplicateId
                | StillInDoubt::UnclearStatus
                | StillInDoubt::TooLate
                | StillInDoubt::Unread
                | StillInDoubt::Never
                | StillInDoubt::Undated
                | StillInDoubt::ClocksApart
                | StillInDoubt::NoDate
                | StillInDoubt::NothingAfter
                | StillInDoubt::LogsLack => None,
            };
            json!({ "reason": reason_name(*kept), "people": count, "from": from })
        })
        .collect();
    let fields = [
        ("accepted", finding.accepted.into()),
        ("rejected", finding.rejected_any().into()),
        ("rejectedByStatus", Value::Object(rejected)),
        ("notSent", finding.absent.into()),
        ("settledElsewhere", finding.settled_elsewhere.into()),
        ("inDoubt", finding.open().into()),
        ("kept", Value::Array(kept)),
        ("sentAgain", finding.sent_again.into()),
    ];
    if let Value::Object(object) = &mut value {
        object.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    }
    value
}
