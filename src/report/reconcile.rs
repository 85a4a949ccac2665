//! What `reconcile` says: what the gateway's logs know of the doubts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::evidence::{DoubtFinding, LogsFailure, Reconciled, StillInDoubt};
use crate::ledger::Flight;

use super::document::{DateTime, Report};
use super::doubt::DoubtView;

/// What came of all doubts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReconcileReport {
    /// What came of each, the oldest first.
    pub doubts: Vec<FindingView>,
    /// How many people are settled now.
    pub settled: u64,
    /// How many people are still in doubt.
    pub in_doubt: u64,
    /// Why the logs could not be read to their end; null if they were.
    pub failure: Option<String>,
    /// Whether they were refused, so that another key may help.
    #[serde(skip)]
    pub is_refused: bool,
    /// What other runs may be sending now.
    #[serde(skip)]
    pub in_flight: Option<Flight>,
}

/// What came of one doubt: its people, each in exactly one group.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// The doubt as it was.
    #[serde(flatten)]
    pub doubt: DoubtView,
    /// How many people were found as accepted.
    pub accepted: u64,
    /// How many people were found as rejected.
    pub rejected: u64,
    /// The same by the gateway's status.
    pub rejected_by_status: BTreeMap<u16, u64>,
    /// How many people surely got nothing, and are free again.
    pub not_sent: u64,
    /// How many people another run has settled meanwhile.
    pub settled_elsewhere: u64,
    /// How many people are still in doubt.
    pub in_doubt: u64,
    /// Why they are.
    pub kept: Vec<KeptView>,
    /// How many people the logs have the message of more than once.
    pub sent_again: u64,
}

/// People who are still in doubt for one reason.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptView {
    /// Why.
    pub reason: KeptReason,
    /// How many.
    pub people: u64,
    /// From when absence from the logs proves something; null unless it is `tooEarly`.
    #[schemars(with = "Option<DateTime>")]
    pub from: Option<Timestamp>,
}

/// Why people stay in doubt.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum KeptReason {
    /// The logs have their message in a bulk that the ledger does not know.
    InAnotherBulk,
    /// The logs have their message in this bulk, but sent before it was claimed: clocks differ, or an earlier claim is
    /// lost.
    BeforeItsClaim,
    /// Another claim of the same bulk may be what was sent.
    InAnotherClaim,
    /// The gateway has seen their messageIds before, and the ledger has not.
    DuplicateId,
    /// The logs have a status that the API does not have.
    UnclearStatus,
    /// It is so long ago that absence from the logs proves nothing.
    TooLate,
    /// The logs could not be read to their end.
    Unread,
    /// Their messages may leave so late that absence from the logs never proves anything.
    Never,
    /// Absence from the logs proves nothing yet.
    TooEarly,
    /// Nobody knows since when the logs should have them.
    Undated,
    /// The clocks of this machine and of the gateway do not go together.
    ClocksApart,
    /// The gateway does not tell its time.
    NoDate,
    /// The logs have nothing that left later, so they may have stood still.
    NothingAfter,
    /// The logs lack messages that the gateway accepted.
    LogsLack,
}

impl Report for ReconcileReport {
    const KIND: &'static str = "reconcile";
}

impl ReconcileReport {
    /// Makes the report of a pass over the doubts.
    #[must_use]
    pub fn new(reconciled: &Reconciled, in_flight: Option<Flight>, now: Timestamp) -> Self {
        let failure = reconciled.failure.as_ref();
        Self {
            doubts: reconciled.findings.iter().map(|finding| FindingView::new(finding, now)).collect(),
            settled: reconciled.settled() as u64,
            in_doubt: reconciled.open() as u64,
            failure: failure.map(ToString::to_string),
            is_refused: matches!(failure, Some(LogsFailure::Unauthorized | LogsFailure::Forbidden)),
            in_flight,
        }
    }
}

impl FindingView {
    fn new(finding: &DoubtFinding, now: Timestamp) -> Self {
        let rejected = finding.rejected.iter();
        let kept = finding.kept.iter();
        Self {
            doubt: DoubtView::new(&finding.doubt, now),
            accepted: finding.accepted as u64,
            rejected: finding.rejected_any() as u64,
            rejected_by_status: rejected.map(|(status, people)| (*status, *people as u64)).collect(),
            not_sent: finding.absent as u64,
            settled_elsewhere: finding.settled_elsewhere as u64,
            in_doubt: finding.open() as u64,
            kept: kept.map(|(kept, people)| KeptView::new(*kept, *people)).collect(),
            sent_again: finding.sent_again as u64,
        }
    }
}

impl KeptView {
    fn new(kept: StillInDoubt, people: usize) -> Self {
        let (reason, from) = match kept {
            StillInDoubt::InAnotherBulk => (KeptReason::InAnotherBulk, None),
            StillInDoubt::BeforeItsClaim => (KeptReason::BeforeItsClaim, None),
            StillInDoubt::InAnotherClaim => (KeptReason::InAnotherClaim, None),
            StillInDoubt::DuplicateId => (KeptReason::DuplicateId, None),
            StillInDoubt::UnclearStatus => (KeptReason::UnclearStatus, None),
            StillInDoubt::TooLate => (KeptReason::TooLate, None),
            StillInDoubt::Unread => (KeptReason::Unread, None),
            StillInDoubt::Never => (KeptReason::Never, None),
            StillInDoubt::TooEarly(from) => (KeptReason::TooEarly, Some(from)),
            StillInDoubt::Undated => (KeptReason::Undated, None),
            StillInDoubt::ClocksApart => (KeptReason::ClocksApart, None),
            StillInDoubt::NoDate => (KeptReason::NoDate, None),
            StillInDoubt::NothingAfter => (KeptReason::NothingAfter, None),
            StillInDoubt::LogsLack => (KeptReason::LogsLack, None),
        };
        Self { reason, people: people as u64, from }
    }
}
