//! What `status` says: what the ledger holds.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ledger::{Flight, Ledger, MessageRecord, StopOrder, Twice, View};

use super::document::Report;
use super::doubt::DoubtView;
use super::failure::FailureReport;
use super::handed_over::HandedOverView;
use super::ledger::trust::TrustView;
use super::stops::StopView;
use super::twice::TwiceView;

/// What the ledger has of each message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport<'a> {
    /// The project's name.
    pub project: String,
    /// The gateway that the ledger is bound to.
    pub gateway: &'a str,
    /// Its messages, each revision by itself.
    pub messages: Vec<MessageStatusView>,
    /// The stops that stand: as long as there is one, nothing is sent.
    pub stops: Vec<StopView>,
    /// Who was accepted twice.
    pub twice: Vec<TwiceView>,
    /// What is in doubt.
    pub doubts: Vec<DoubtView>,
    /// How far the ledger can be trusted, and what it may lack.
    #[serde(flatten)]
    pub trust: TrustView,
    /// Why an `apply` would be refused, as far as that lies at the ledger: what another clone has sent and this one does
    /// not know of, a lockfile that was left behind, a database that was put back.
    pub refusals: Vec<FailureReport<'a>>,
    /// Files of outcomes that an earlier run could not store. They are counted here, and the next apply takes them into
    /// the ledger.
    pub unstored: Vec<UnstoredView>,
    /// What other runs may be sending now.
    #[serde(skip)]
    pub in_flight: Option<Flight>,
    /// The instant of it.
    #[serde(skip)]
    pub now: Timestamp,
}

/// A file of outcomes that the ledger lacks.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnstoredView {
    /// Its path.
    pub file: String,
    /// How many outcomes it has that the ledger lacks.
    pub outcomes: u64,
}

/// What is known of a ledger besides what it holds.
pub struct LedgerContext<'a> {
    /// How far it can be trusted.
    pub trust: TrustView,
    /// Why an `apply` would be refused.
    pub refusals: Vec<FailureReport<'a>>,
    /// Files of outcomes that it lacks.
    pub unstored: Vec<UnstoredView>,
}

/// How many people of a revision of a message stand how, each counted once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageStatusView {
    /// The message, as `CAMPAIGN.MESSAGE`.
    pub message: String,
    /// The revision.
    pub revision: u32,
    /// How many people's message the gateway took.
    pub accepted: u64,
    /// Those accepted who have not got it yet; null if nobody.
    pub still_to_leave: Option<HandedOverView>,
    /// How many people the gateway rejected.
    pub rejected: u64,
    /// How many people are in doubt: nobody knows whether they got it.
    pub in_doubt: u64,
    /// How many people a run may still be sending to.
    pub in_flight: u64,
    /// How many people somebody gave up on.
    pub given_up: u64,
    /// How many people were claimed before, surely without anything being sent: they are free.
    pub refused: u64,
    /// The zone that times are also shown in.
    #[serde(skip)]
    pub zone: Option<TimeZone>,
}

impl Report for StatusReport<'_> {
    const KIND: &'static str = "status";
}

impl<'a> StatusReport<'a> {
    /// Makes the report of a ledger, and of the stops of it that stand.
    #[must_use]
    pub fn new(
        ledger: &'a Ledger,
        known: LedgerContext<'a>,
        (twice, stops): (&[Twice], &[StopOrder]),
        view: View,
        now: Timestamp,
    ) -> Self {
        let LedgerContext { trust, refusals, unstored } = known;
        let header = ledger.header();
        Self {
            project: header.project.to_string(),
            gateway: &header.gateway,
            messages: ledger.messages().map(|record| MessageStatusView::new(ledger, record, view, now)).collect(),
            stops: StopView::all(stops),
            twice: TwiceView::all(twice),
            doubts: DoubtView::all(&ledger.doubts(view), now),
            trust,
            refusals,
            unstored,
            in_flight: ledger.in_flight(view, None),
            now,
        }
    }
}

impl MessageStatusView {
    fn new(ledger: &Ledger, record: &MessageRecord, view: View, now: Timestamp) -> Self {
        let totals = ledger.totals(&record.message, record.revision, view);
        let revisions = record.revision..=record.revision;
        Self {
            message: record.message.to_string(),
            revision: record.revision.get(),
            accepted: totals.accepted as u64,
            still_to_leave: ledger.still_to_leave(&record.message, revisions, now).map(HandedOverView::from),
            rejected: totals.rejected as u64,
            in_doubt: totals.in_doubt as u64,
            in_flight: totals.in_flight as u64,
            given_up: totals.abandoned as u64,
            refused: totals.refused as u64,
            zone: record.zone(),
        }
    }
}
