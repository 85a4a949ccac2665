//! What `apply` says, however it ends.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::apply::{Alarm, EndedMessage, MessageRevision, Stopped, Summary, Tally};
use crate::identity::{MessageKey, Revision};
use crate::ledger::{Doubt, Flight, Ledger, MessageRecord, Twice};
use crate::plan::RejectionLimit;

use super::document::Report;
use super::doubt::DoubtView;
use super::failure::FailureReport;
use super::failure_code::FailureCode;
use super::handed_over::HandedOverView;
use super::plan::PlanReport;
use super::stops::StopView;
use super::twice::TwiceView;
use super::typed::Typed;

/// The command that sends to whoever is free.
pub(super) const NEXT_APPLY: &str = "sendform apply";

/// What became of everybody whom a run was to send to. An apply that got as far as its plan ends with one, whether it
/// sent, had nothing to send, or was refused.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplyReport<'a> {
    /// The digest of what a review approved: the plan file's, or else the plan's.
    pub digest: String,
    /// The plan of which nothing was sent: all of the document of that kind, but for what names the kind. Null once
    /// something was to be sent.
    pub plan: Option<PlanReport<'a>>,
    /// What kept the run from sending, or from sending all; null if nothing did, also where there was nothing to send.
    pub code: Option<FailureCode>,
    /// How it failed, why, and what to do, where a run failed before anything was sent and the plan does not say it.
    pub failure: Option<FailureReport<'a>>,
    /// Message by message.
    pub messages: Vec<MessageOutcomeView>,
    /// All messages together.
    pub total: TallyView,
    /// Why the run ended before its work did; null if it did not.
    #[serde(serialize_with = "in_words")]
    #[schemars(with = "Option<String>")]
    pub stopped: Option<&'a Stopped>,
    /// The stops that ended the run, if any did.
    pub stops: Vec<StopView>,
    /// The messages of which nothing more was sent, or is to be sent, because the gateway rejected too many of their
    /// people, or did not deliver to them.
    pub ended: Vec<EndedMessageView>,
    /// The number that `--accept late=` takes so that everybody is sent to who was too late; null if nobody was.
    pub late_to_accept: Option<u64>,
    /// The command to type next, where people are free whom this run was not to send to; null if there are none.
    pub next: Option<String>,
    /// Why the gateway did not take requests whose people were rejected for it: the first few.
    pub reasons: &'a [String],
    /// How many things somebody should look at.
    #[serde(serialize_with = "counted")]
    #[schemars(with = "u64")]
    pub alarms: &'a [Alarm],
    /// How many outcomes the store did not take, so that the ledger lacks them.
    pub unstored_outcomes: u64,
    /// Who was accepted twice, by this run or before.
    pub twice: Vec<TwiceView>,
    /// Whether the plan that was shown before has told of all of them.
    #[serde(skip)]
    pub is_twice_told: bool,
    /// What is in doubt now.
    pub doubts: Vec<DoubtView>,
    /// What other runs may be sending now.
    #[serde(skip)]
    pub in_flight: Option<Flight>,
    /// Whether the run was held to the digest of all whom it was to send to, which is not that of those who are left.
    #[serde(skip)]
    pub expects_digest: bool,
    /// Where a newer ledger may be than this one, and how it is brought; empty if nobody has said.
    #[serde(skip)]
    pub newer_ledger: String,
    /// The instant of it.
    #[serde(skip)]
    pub now: Timestamp,
}

/// Of what a run sent nothing, and why.
pub struct Unsent<'a> {
    /// The digest of it.
    pub digest: String,
    /// The plan, if it is to be told.
    pub plan: Option<PlanReport<'a>>,
    /// What kept the run from sending; nothing, if there was nothing to send.
    pub code: Option<FailureCode>,
    /// How it failed, if it did.
    pub failure: Option<FailureReport<'a>>,
}

/// What became of the people of a message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageOutcomeView {
    /// The message, as `CAMPAIGN.MESSAGE`.
    pub message: String,
    /// The revision.
    pub revision: u32,
    /// How many people ended how.
    pub outcome: TallyView,
    /// Those accepted, now or before, who have not got it yet; null if nobody.
    pub still_to_leave: Option<HandedOverView>,
    /// The zone that times are also shown in.
    #[serde(skip)]
    pub zone: Option<TimeZone>,
}

/// A message of which nothing more was sent, or is to be sent, because the gateway rejected too many of its people, or did
/// not deliver to them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndedMessageView {
    /// The message, as `CAMPAIGN.MESSAGE`.
    pub message: String,
    /// The revision.
    pub revision: u32,
    /// How many people of the revision the gateway has answered, in all runs.
    pub answered: u64,
    /// How many of them it has rejected.
    pub rejected: u64,
    /// Of how many people who were accepted its logs were asked for what became of them.
    pub followed: u64,
    /// How many of those were not delivered to.
    pub undelivered: u64,
    /// The same by the name of the gateway's error.
    pub undelivered_by_error: BTreeMap<String, u64>,
    /// The share that may be rejected, in percent.
    pub share_percent: u8,
    /// How many people of this run were not sent to; 0 if it was known only when everybody had been.
    pub open: u64,
    /// The number that `--accept rejected=` takes so that all of them can be sent to; where nobody is left, so that what
    /// has failed by now keeps nobody back who comes later.
    pub to_accept: u64,
    /// The same in words.
    pub words: String,
}

/// How many people ended how, each counted once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TallyView {
    /// The gateway took their message.
    pub accepted: u64,
    /// The gateway turned them down.
    pub rejected: u64,
    /// The same by the gateway's status.
    pub rejected_by_status: BTreeMap<u16, u64>,
    /// A request was tried, and surely nothing was sent: they are free.
    pub refused: u64,
    /// Nobody knows.
    pub in_doubt: u64,
    /// They were in no request.
    pub not_attempted: u64,
    /// Another run has claimed them, or sent to them.
    pub claimed_elsewhere: u64,
    /// They came to a `suppress` list while the run was sending, and were not sent to.
    pub suppressed: u64,
    /// Their conversation window would have been closed when it was their turn: they were not sent to.
    pub window_closed: u64,
    /// Their message would have expired before the delivery window opened: they were not sent to.
    pub would_expire: u64,
    /// Their message's time is past, and nobody has said what is to become of them: they were not in what was to be
    /// sent.
    pub too_late: u64,
    /// They were in doubt before the run, and are not any more: at its end the gateway's logs proved that nothing was
    /// sent to them. They were not in what was to be sent, and the next apply sends to them.
    pub free_again: u64,
}

impl Report for ApplyReport<'_> {
    const KIND: &'static str = "apply";
}

impl<'a> ApplyReport<'a> {
    /// Makes the report of a run. `twice`, `doubts` and `in_flight` are what the ledger has after it.
    #[must_use]
    pub fn new(
        summary: &'a Summary,
        (twice, doubts, in_flight): (&[Twice], &[Doubt], Option<Flight>),
        digest: String,
        now: Timestamp,
    ) -> Self {
        let messages = summary.messages.iter().map(|((key, revision), tally)| MessageOutcomeView {
            message: key.to_string(),
            revision: revision.get(),
            outcome: TallyView::from(tally),
            still_to_leave: None,
            zone: None,
        });
        Self {
            digest,
            plan: None,
            code: summary.stopped.as_ref().map(FailureCode::from),
            failure: None,
            messages: messages.collect(),
            total: TallyView::from(&summary.total()),
            stopped: summary.stopped.as_ref(),
            stops: match &summary.stopped {
                Some(Stopped::ByOrder(stops)) => StopView::all(stops),
                _ => Vec::new(),
            },
            ended: EndedMessageView::all(summary),
            late_to_accept: None,
            next: None,
            reasons: &summary.reasons,
            alarms: &summary.alarms,
            unstored_outcomes: summary.unsettled.len() as u64,
            twice: TwiceView::all(twice),
            is_twice_told: false,
            doubts: DoubtView::all(doubts, now),
            in_flight,
            expects_digest: false,
            newer_ledger: String::new(),
            now,
        }
    }

    /// Makes the report of a run that sent nothing: what it was to send, if that is to be told, and how it failed.
    #[must_use]
    pub fn unsent(summary: &'a Summary, unsent: Unsent<'a>, now: Timestamp) -> Self {
        let Unsent { digest, plan, code, failure } = unsent;
        let mut report = Self::new(summary, (&[], &[], None), digest, now);
        if let Some(plan) = &plan {
            report.stops.clone_from(&plan.stops);
            report.twice.clone_from(&plan.twice);
            report.doubts.clone_from(&plan.doubts);
        }
        Self { plan, code, failure, ..report }
    }

    /// Leaves out those accepted twice whom the plan that was shown has told of, if that is all of them.
    #[must_use]
    pub fn after(mut self, told: &[Twice]) -> Self {
        self.is_twice_told = !told.is_empty() && self.twice == TwiceView::all(told);
        self
    }

    /// Tells how many people the plan left out because they are too late, message by message.
    #[must_use]
    pub fn with_late<'k>(mut self, messages: impl Iterator<Item = (&'k MessageKey, Revision, u64)>) -> Self {
        for (key, revision, late) in messages.filter(|(.., late)| *late > 0) {
            self.late_to_accept = self.late_to_accept.max(Some(late));
            self.total.too_late += late;
            self.tally_of(key, revision).too_late = late;
        }
        self
    }

    /// Tells whom of each message the run has freed at its end, and how they are sent to.
    #[must_use]
    pub fn with_freed(mut self, freed: &BTreeMap<MessageRevision, u64>, typed: &Typed) -> Self {
        for ((key, revision), people) in freed {
            self.total.free_again += people;
            self.tally_of(key, *revision).free_again = *people;
        }
        Self { next: (!freed.is_empty()).then(|| typed.repeated_in(NEXT_APPLY)), ..self }
    }

    /// What became of a message's people, which may be none of those that were to be sent to.
    fn tally_of(&mut self, key: &MessageKey, revision: Revision) -> &mut TallyView {
        let (message, revision) = (key.to_string(), revision.get());
        let known = self.messages.iter().position(|view| view.message == message && view.revision == revision);
        let place = known.unwrap_or_else(|| {
            let outcome = TallyView::from(&Tally::default());
            self.messages.push(MessageOutcomeView { message, revision, outcome, still_to_leave: None, zone: None });
            self.messages.len() - 1
        });
        &mut self.messages.get_mut(place).expect("it was found there, or put there").outcome
    }

    /// Puts the messages into the order in which the plan has them.
    #[must_use]
    pub fn in_order<'k>(mut self, keys: impl Iterator<Item = &'k MessageKey>) -> Self {
        let places: HashMap<String, usize> = keys.zip(0..).map(|(key, place)| (key.to_string(), place)).collect();
        self.messages.sort_by_key(|view| places.get(&view.message).copied().unwrap_or(usize::MAX));
        self
    }

    /// Tells whether the run was held to the digest of all whom it was to send to.
    #[must_use]
    pub fn expecting_digest(mut self, expects_digest: bool) -> Self {
        self.expects_digest = expects_digest;
        self
    }

    /// Tells where a newer ledger may be, for a run that finds that this one lacks something.
    #[must_use]
    pub fn with_newer_ledger(mut self, words: String) -> Self {
        self.newer_ledger = words;
        self
    }

    /// Tells what is handed over of the run's messages, by the ledger after it.
    #[must_use]
    pub fn with_handed_over(mut self, summary: &Summary, ledger: &Ledger) -> Self {
        for (view, (key, revision)) in self.messages.iter_mut().zip(summary.messages.keys()) {
            let handed = ledger.still_to_leave(key, *revision..=*revision, self.now);
            view.still_to_leave = handed.map(HandedOverView::from);
            view.zone = ledger.record(key, *revision).and_then(MessageRecord::zone);
        }
        self
    }
}

impl EndedMessageView {
    /// The messages that have people left, and those of which too many were not delivered to, which nothing else tells.
    fn all(summary: &Summary) -> Vec<Self> {
        let of = |ended: &EndedMessage| {
            let EndedMessage { message, limit, answered, undelivered } = ended;
            let open = summary.messages.get(message).map_or(0, |tally| tally.not_attempted + tally.refused);
            (open > 0 || undelivered.failed_any() > 0).then(|| Self {
                message: message.0.to_string(),
                revision: message.1.get(),
                answered: answered.all(),
                rejected: answered.rejected_any(),
                followed: undelivered.asked,
                undelivered: undelivered.failed_any(),
                undelivered_by_error: undelivered.failed.clone(),
                share_percent: limit.rule.share_percent,
                open,
                to_accept: RejectionLimit::to_accept(answered, undelivered, open),
                words: limit.words(answered, undelivered),
            })
        };
        summary.ended.iter().filter_map(of).collect()
    }
}

impl From<&Tally> for TallyView {
    fn from(tally: &Tally) -> Self {
        Self {
            accepted: tally.accepted,
            rejected: tally.rejected_any(),
            rejected_by_status: tally.rejected.clone(),
            refused: tally.refused,
            in_doubt: tally.in_doubt,
            not_attempted: tally.not_attempted,
            claimed_elsewhere: tally.claimed_elsewhere,
            suppressed: tally.suppressed,
            window_closed: tally.window_closed,
            would_expire: tally.would_expire,
            too_late: 0,
            free_again: 0,
        }
    }
}

fn in_words<S: Serializer>(stopped: &Option<&Stopped>, serializer: S) -> Result<S::Ok, S::Error> {
    stopped.map(ToString::to_string).serialize(serializer)
}

fn counted<S: Serializer>(alarms: &[Alarm], serializer: S) -> Result<S::Ok, S::Error> {
    alarms.len().serialize(serializer)
}
