//! A plan, as data, and what is asked of it.

use jiff::Timestamp;

use crate::campaign::Limits;
use crate::diagnostic::Diagnostics;
use crate::ledger::{Doubt, Flight, Twice};

use super::digest::PlanDigest;
use super::gate::Gate;
use super::handed::Gone;
use super::message::MessagePlan;
use super::plan_file::{Change, FrozenState};
use super::safety_limits::{SafetyLimit, SafetyLimitKind};

/// What would be sent now.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The project's name.
    pub project: String,
    /// The gateway.
    pub gateway: String,
    /// The instant of planning.
    pub now: Timestamp,
    /// Whether persons and the ledger were known; else nothing is left out as already sent.
    pub compared: bool,
    /// Whether the rows of audiences were read; if not, nobody is in the plan, and nothing says that nobody would be.
    pub has_rows: bool,
    /// Whether the gateway's logs are asked for people before they are sent to.
    pub asks_first: bool,
    /// The messages, in the order of the files.
    pub messages: Vec<MessagePlan>,
    /// How many people would get more than one message of what is selected within an hour, now or later:
    /// each counted once for every sender. None, if it has errors.
    pub close_together: u64,
    /// The limits that hold.
    pub limits: Limits,
    /// Safety limits that something ran into.
    pub safety_limits: Vec<SafetyLimit>,
    /// Who was accepted twice, whether in the files or not.
    pub twice: Vec<Twice>,
    /// What the ledger has in doubt, whether in the files or not.
    pub doubts: Vec<Doubt>,
    /// What other runs may be sending now, whether in the files or not.
    pub in_flight: Option<Flight>,
    /// What is handed over of messages that the files lack, and has not left.
    pub gone: Vec<Gone>,
    /// What is wrong with the files as a whole.
    pub diagnostics: Diagnostics,
    /// The digest of what is planned here.
    pub digest: PlanDigest,
    /// The frozen plan that it is held to.
    pub frozen: Option<FrozenState>,
}

impl Plan {
    /// All diagnostics: those of the files as a whole, then message by message.
    #[must_use]
    pub fn all_diagnostics(&self) -> Diagnostics {
        let mut all = self.diagnostics.clone();
        // What messages share is told once.
        for found in self.messages.iter().flat_map(|message| message.diagnostics.iter()) {
            if all.iter().all(|known| known != found) {
                all.push(found.clone());
            }
        }
        all
    }

    /// For how many people of a message the gateway's logs cannot be asked yet, and before when for none
    /// of them: they do not show what is still to leave, and a ledger that was taken back may lack that it
    /// was handed over.
    #[must_use]
    pub fn not_asked_before(&self, message: &MessagePlan) -> Option<(u64, Timestamp)> {
        let asks = self.asks_first && self.compared;
        let ahead = message.bulks.iter().filter_map(|bulk| Some((bulk.recipients.len() as u64, bulk.send_at?)));
        let ahead = ahead.filter(|(_, at)| asks && *at > self.now);
        ahead.reduce(|(people, first), (more, at)| (people + more, first.min(at)))
    }

    /// How many messages go out now, of what is selected.
    #[must_use]
    pub fn to_send(&self) -> u64 {
        self.selected().map(MessagePlan::to_send).sum()
    }

    /// How many go out later, of what is selected.
    #[must_use]
    pub fn not_due(&self) -> u64 {
        self.selected().map(MessagePlan::not_due).sum()
    }

    /// How many go out with a later apply, of what is selected: they are not due yet, or too early
    /// for the gateway.
    #[must_use]
    pub fn later(&self) -> u64 {
        self.selected().map(|message| message.not_due() + message.counts.get(Gate::TooEarly)).sum()
    }

    /// Whether an apply would send something of what is selected, now or later, as far as that can be told: of a message
    /// whose rows were not read it may, unless it is paused.
    #[must_use]
    pub fn may_send(&self) -> bool {
        let is_unknown = |message: &MessagePlan| !message.is_read && !message.at_gateway.paused;
        self.to_send() + self.later() > 0 || self.selected().any(is_unknown)
    }

    /// The messages that are selected.
    pub fn selected(&self) -> impl Iterator<Item = &MessagePlan> {
        self.messages.iter().filter(|message| message.selected)
    }

    /// Whether a safety limit that nobody accepted keeps everything from being sent.
    #[must_use]
    pub fn is_held_back(&self) -> bool {
        self.refused().any(|safety_limit| safety_limit.stops_everything)
    }

    /// How many people are too late whom nobody has accepted, of what is selected.
    #[must_use]
    pub fn too_late(&self) -> u64 {
        let late = self.safety_limits.iter().filter(|limit| limit.kind == SafetyLimitKind::Late);
        late.filter(|limit| !limit.stops_everything).map(|limit| limit.actual).sum()
    }

    /// Safety limits that nobody accepted.
    pub fn refused(&self) -> impl Iterator<Item = &SafetyLimit> {
        self.safety_limits.iter().filter(|safety_limit| !safety_limit.accepted && safety_limit.is_sure)
    }

    /// Whether numbers of people to send to are upper bounds: who has a message already cannot be told.
    #[must_use]
    pub fn is_at_most(&self) -> bool {
        self.selected().any(|message| message.at_most)
    }

    /// Says of limits that rest on upper bounds that it is not sure that they refuse.
    pub(super) fn bound_limits(&mut self) {
        let bounded: Vec<_> = self.selected().filter(|message| message.at_most).map(|it| it.key.clone()).collect();
        for limit in self.safety_limits.iter_mut().filter(|limit| limit.kind.rests_on_people_to_send()) {
            if !limit.message.as_ref().map_or(!bounded.is_empty(), |key| bounded.contains(key)) {
                continue;
            }
            limit.is_sure = false;
            if limit.words.starts_with(|first: char| first.is_ascii_digit()) {
                limit.words.insert_str(0, "at most ");
            }
        }
    }

    /// Whether nothing that is selected, nor the files as a whole, have errors.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.diagnostics.has_errors() && !self.selected().any(|message| message.diagnostics.has_errors())
    }

    /// Whether the frozen plan that it is held to does not match any more, so that nothing can
    /// be sent.
    #[must_use]
    pub fn is_mismatched(&self) -> bool {
        self.frozen.as_ref().is_some_and(|frozen| !frozen.missing.is_empty()) || self.changes().next().is_some()
    }

    /// Whether the frozen plan that it is held to would match, but for times that are past.
    #[must_use]
    pub fn is_too_old(&self) -> bool {
        self.is_mismatched()
            && self.frozen.as_ref().is_some_and(|frozen| frozen.missing.is_empty())
            && self.changes().all(|change| matches!(change, Change::Expired { .. }))
    }

    /// The digest of what was approved: that of the frozen plan, or else of this one.
    #[must_use]
    pub fn approved(&self) -> &PlanDigest {
        self.frozen.as_ref().map_or(&self.digest, |frozen| &frozen.digest)
    }

    /// Sends nothing: what was planned stays counted only.
    pub(super) fn clear(&mut self) {
        self.messages.iter_mut().for_each(MessagePlan::clear);
        self.close_together = 0;
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.messages.iter().filter_map(|message| message.held.as_ref()).flat_map(|held| &held.changes)
    }

    /// When the next bulk that is kept back comes due.
    #[must_use]
    pub fn next_apply_at(&self) -> Option<Timestamp> {
        self.selected().filter_map(|message| message.next_due).min()
    }
}
