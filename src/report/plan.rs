//! What `plan` says, and `apply` where nothing is sent.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::campaign::Limits;
use crate::diagnostic::Diagnostics;
use crate::identity::CampaignId;
use crate::ledger::{Flight, StopOrder};
use crate::plan::{Plan, SafetyLimit};

use super::Reveal;
use super::diagnostics::DiagnosticView;
use super::document::{DateTime, Report};
use super::doubt::DoubtView;
use super::handed_over::GoneView;
use super::message::MessageView;
use super::plan_file::FrozenView;
use super::stops::StopView;
use super::twice::TwiceView;

/// What would be sent now. People are in it only in samples, and only with `--reveal`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport<'a> {
    /// The project's name.
    pub project: &'a str,
    /// The gateway, as the ledger names it; empty if none is named.
    pub gateway: &'a str,
    /// The instant of planning.
    #[schemars(with = "DateTime")]
    pub now: Timestamp,
    /// Whether it was compared with the ledger; else nobody is left out as already sent.
    pub compared: bool,
    /// Whether the rows of audiences were read; if not, nobody is counted, and how many people would get something
    /// cannot be told.
    pub has_rows: bool,
    /// Whether numbers of people to send to, now or later, are upper bounds: who has it already could not be told.
    pub at_most: bool,
    /// The digest of what a review approves: the plan file's, or else this plan's; null if this plan was not
    /// compared with the ledger: an apply has another one then.
    pub digest: Option<String>,
    /// The plan file that was made of it, or that it is held to; null without one.
    pub plan_file: Option<String>,
    /// What the plan file has that it is held to; null without one.
    pub frozen: Option<FrozenView>,
    /// How many campaigns there are, each in its own file.
    pub files: u64,
    /// How many messages go out now, of what is selected.
    pub to_send: u64,
    /// How many go out later, of what is selected.
    pub not_due: u64,
    /// How many people of what is selected are too late, and are left out until somebody says what is to become of them.
    pub too_late: u64,
    /// How many people would get more than one message of what is selected within an hour, now or later:
    /// each counted once for every sender.
    pub close_together: u64,
    /// When the next bulk that is kept back comes due; null if none is.
    #[schemars(with = "Option<DateTime>")]
    pub next_apply_at: Option<Timestamp>,
    /// The messages, in the order of the files.
    pub messages: Vec<MessageView<'a>>,
    /// The limits that hold.
    pub limits: LimitsView,
    /// What is handed over of messages that the files lack, and has not left.
    pub gone: Vec<GoneView<'a>>,
    /// The safety limits that something ran into.
    pub safety_limits: Vec<SafetyLimitView<'a>>,
    /// The stops that stand: as long as there is one, nothing is sent.
    pub stops: Vec<StopView>,
    /// Who was accepted twice, whether in the files or not.
    pub twice: Vec<TwiceView>,
    /// What the ledger has in doubt, whether in the files or not.
    pub doubts: Vec<DoubtView>,
    /// All that is wrong, or worth a look.
    pub diagnostics: Vec<DiagnosticView>,
    /// What other runs may be sending now.
    #[serde(skip)]
    pub in_flight: Option<Flight>,
    /// Whether each message has a line of its own, also those of which nothing has to be done.
    #[serde(skip)]
    pub shows_all: bool,
    /// On what occasion it is shown.
    #[serde(skip)]
    pub occasion: PlanOccasion,
    /// Whether nothing that is selected has errors.
    #[serde(skip)]
    pub is_sound: bool,
    /// Whether the plan file does not match any more, so that nothing can be sent.
    #[serde(skip)]
    pub is_mismatched: bool,
}

/// On what occasion a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanOccasion {
    /// Somebody only looks, and nothing is to be sent of it now.
    LookedAt,
    /// An apply is to send it, and says at its own end what to do next.
    Sending,
    /// An apply ends with it, and sends nothing.
    Unsent,
    /// The same, where nothing but the result is wanted: what keeps it from sending, and what to do.
    UnsentInBrief,
}

/// The limits of a project.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimitsView {
    /// How many messages one apply may send.
    pub messages_per_apply: u64,
    /// By how many percent an audience may have grown since its last send.
    pub audience_growth_percent: u32,
    /// How many percent of an audience's rows may be unreadable.
    pub unreadable_rows_percent: u32,
    /// How many rows of a message may fail.
    pub failed_rows: u64,
}

/// A safety limit that something ran into.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SafetyLimitView<'a> {
    /// Which one it is: what `--accept` takes, or `expect`.
    pub name: &'static str,
    /// The message, as `CAMPAIGN.MESSAGE`; null if it is about the whole plan.
    pub message: Option<String>,
    /// What the limit is.
    pub limit: u64,
    /// The actual number.
    pub actual: u64,
    /// Whether the number was accepted; if not, nothing is sent, or nothing to the people whom it is about.
    pub accepted: bool,
    /// Whether it keeps everything from being sent as long as it is not accepted; if not, only the people are left out
    /// whom it is about.
    pub stops_everything: bool,
    /// Whether it surely is so; if not, who has a message already could not be told, and an apply may refuse.
    pub is_sure: bool,
    /// The number that `--accept` takes so that all of it can be sent.
    pub to_accept: u64,
    /// What it is about, in words.
    pub words: &'a str,
}

impl Report for PlanReport<'_> {
    const KIND: &'static str = "plan";
}

impl<'a> PlanReport<'a> {
    /// Makes the report of a plan, and of all that was found on the way to it. `file` is the plan file that was made
    /// of it, or that it is held to; `stops` are those that stand.
    #[must_use]
    pub fn new(plan: &'a Plan, found: &Diagnostics, reveal: Reveal, file: Option<&Path>, stops: &[StopOrder]) -> Self {
        let campaigns: BTreeSet<&CampaignId> = plan.messages.iter().map(|message| &message.key.campaign).collect();
        Self {
            project: &plan.project,
            gateway: &plan.gateway,
            now: plan.now,
            compared: plan.compared,
            has_rows: plan.has_rows,
            at_most: plan.is_at_most(),
            digest: plan.compared.then(|| plan.approved().to_string()),
            plan_file: file.map(|file| file.display().to_string()),
            frozen: plan.frozen.as_ref().map(FrozenView::new),
            files: campaigns.len() as u64,
            to_send: plan.to_send(),
            not_due: plan.not_due(),
            too_late: plan.too_late(),
            close_together: plan.close_together,
            next_apply_at: plan.next_apply_at(),
            messages: plan.messages.iter().map(|message| MessageView::new(plan, message, reveal)).collect(),
            limits: LimitsView::from(plan.limits),
            gone: plan.gone.iter().map(GoneView::new).collect(),
            safety_limits: plan.safety_limits.iter().map(SafetyLimitView::new).collect(),
            stops: StopView::all(stops),
            twice: TwiceView::all(&plan.twice),
            doubts: DoubtView::all(&plan.doubts, plan.now),
            diagnostics: DiagnosticView::all(found),
            in_flight: plan.in_flight,
            shows_all: false,
            occasion: PlanOccasion::Unsent,
            is_sound: plan.is_sound(),
            is_mismatched: plan.is_mismatched(),
        }
    }

    /// Tells each message on its own, if that is wanted.
    #[must_use]
    pub fn showing_all(self, shows_all: bool) -> Self {
        Self { shows_all, ..self }
    }

    /// Tells on what occasion it is shown; else an apply ends with it.
    #[must_use]
    pub fn on(self, occasion: PlanOccasion) -> Self {
        Self { occasion, ..self }
    }

    /// The messages that are selected.
    pub fn selected(&self) -> impl Iterator<Item = &MessageView<'a>> {
        self.messages.iter().filter(|message| message.selected)
    }
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        Self {
            messages_per_apply: limits.messages_per_apply,
            audience_growth_percent: limits.audience_growth_percent,
            unreadable_rows_percent: limits.unreadable_rows_percent,
            failed_rows: limits.failed_rows,
        }
    }
}

impl<'a> SafetyLimitView<'a> {
    fn new(safety_limit: &'a SafetyLimit) -> Self {
        Self {
            name: safety_limit.kind.name(),
            message: safety_limit.message.as_ref().map(ToString::to_string),
            limit: safety_limit.limit,
            actual: safety_limit.actual,
            accepted: safety_limit.accepted,
            stops_everything: safety_limit.stops_everything,
            is_sure: safety_limit.is_sure,
            to_accept: safety_limit.to_accept,
            words: &safety_limit.words,
        }
    }
}
