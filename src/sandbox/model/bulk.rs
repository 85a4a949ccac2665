//! An accepted bulk: what becomes of each of its messages, and what logs and reports say of them.

use jiff::Timestamp;

use super::course::{Conditions, Timetable, courses};
use super::inputs::Inputs;
use super::lifecycle::{Life, Sight, later};
use super::message::{MessageTable, ReceivedMessage, SendTiming};
use super::rules::ChannelFate;
use super::status::{self, Ending};
use crate::timing::{horizon, is_open};
use crate::wire::channel::{ChannelPrice, ValidityFrom};
use crate::wire::choices::UnsentInLogs;
use crate::wire::response::{DeliveryReport, Log, MessagePrice};

/// What is known of a bulk without reading its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkHeader {
    /// Its number in the order of acceptance, from 1.
    pub number: i64,
    /// Its bulkId.
    pub bulk_id: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When and how fast it is sent.
    pub pace: SendTiming,
    /// How many messages it has.
    pub count: u64,
    /// In which time its messages come into the logs.
    pub logged: LogSpan,
}

/// A time, from its first to its last instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogSpan {
    /// Nothing is before it.
    pub first: Timestamp,
    /// Nothing is after it.
    pub last: Timestamp,
}

/// A bulk with its messages.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedBulk<'a> {
    /// What is known without its messages.
    pub header: BulkHeader,
    /// Its messages.
    pub table: MessageTable<'a>,
    /// The rejected ones: position and status, by position.
    pub rejected: Vec<(usize, u16)>,
}

impl BulkHeader {
    /// When it begins to send.
    #[must_use]
    pub fn starts_at(&self) -> Timestamp {
        self.pace.send_at.map_or(self.accepted_at, |send_at| send_at.max(self.accepted_at))
    }

    /// No message of the bulk is sent after it.
    #[must_use]
    pub const fn ends_at(&self) -> Timestamp {
        self.logged.last
    }
}

impl<'a> AcceptedBulk<'a> {
    /// The status with which the message at a position was rejected, if it was.
    #[must_use]
    pub fn rejection(&self, position: usize) -> Option<u16> {
        let found = self.rejected.binary_search_by_key(&position, |(rejected, _)| *rejected).ok()?;
        self.rejected.get(found).map(|(_, status)| *status)
    }

    /// The lives of its messages, in their order.
    #[must_use]
    pub fn lives(&self, inputs: &Inputs) -> Vec<Life> {
        let header = &self.header;
        let starts_at = header.starts_at();
        let validity_from = inputs.rules(header.accepted_at, header.number).validity_from;
        let messages = self.table.messages.iter().enumerate();
        let groups: Vec<_> =
            messages.map(|(position, message)| self.rejection(position).is_none().then_some(message.terms)).collect();
        let courses = courses(&self.timetable(validity_from), &self.conditions(), &groups);
        let life = |(position, (message, course)): (usize, (&ReceivedMessage<'a>, _))| {
            let sender = self.table.terms_of(message).map_or("", |terms| &*terms.sender);
            match course {
                Some(course) => {
                    let life = Life::new(starts_at, course, |leaves_at| {
                        let contact = inputs.contact((sender, &message.to), leaves_at, header.number);
                        inputs.rules(leaves_at, header.number).fate(sender, &message.to, contact)
                    });
                    inputs.outcomes(&message.message_id, header.number).fold(life, |life, told| {
                        let at = life.logged_at();
                        let contact = inputs.contact((sender, &message.to), at, header.number);
                        let rules = inputs.rules(at, header.number);
                        let after_ms = match rules.fate(sender, &message.to, contact) {
                            ChannelFate::Answered(after_ms, _) => after_ms,
                            ChannelFate::TurnedDown(_) | ChannelFate::Unanswered(_) => i64::from(rules.latency_ms),
                        };
                        life.told(course, told.at, (told.ending, after_ms))
                    })
                }
                None => Life::turned_down(header.accepted_at, self.rejection(position).unwrap_or(status::MISSING_TO)),
            }
        };
        self.table.messages.iter().zip(courses).enumerate().map(life).collect()
    }

    pub(super) fn timetable(&self, validity_from: ValidityFrom) -> Timetable {
        Timetable {
            accepted_at: self.header.accepted_at,
            starts_at: self.header.starts_at(),
            speed: self.header.pace.speed,
            turns: self.header.pace.turns,
            validity_from,
        }
    }

    pub(super) fn conditions(&self) -> Vec<Conditions<'_>> {
        let conditions = self
            .table
            .terms
            .iter()
            .map(|terms| Conditions { window: terms.delivery_time_window.as_ref(), validity: terms.validity_period });
        conditions.collect()
    }

    /// In which time its messages come into the logs, whichever of them are turned down, if their validity is counted from
    /// there.
    #[must_use]
    pub fn log_span(&self, validity_from: ValidityFrom) -> LogSpan {
        let (accepted_at, starts_at) = (self.header.accepted_at, self.header.starts_at());
        let has_windows = self.table.terms.iter().any(|terms| terms.delivery_time_window.is_some());
        let first = if validity_from == ValidityFrom::Acceptance { accepted_at } else { starts_at };
        let last_turn = self.table.messages.len().saturating_sub(1);
        let timetable = self.timetable(validity_from);
        let offset_ms =
            timetable.steps().map_or(0, |steps| steps.offset_ms(u64::try_from(last_turn).unwrap_or(u64::MAX)));
        let turns_end = later(timetable.turns_at(), offset_ms);
        let validity_ms = i64::try_from(horizon::VALIDITY_MAX.as_millis()).unwrap_or(i64::MAX);
        let last = match (validity_from, has_windows) {
            (ValidityFrom::SendAt | ValidityFrom::Acceptance, true) => later(starts_at, validity_ms),
            (ValidityFrom::SendAt | ValidityFrom::Acceptance, false) => turns_end.min(later(starts_at, validity_ms)),
            (ValidityFrom::Turn, false) => turns_end,
            (ValidityFrom::Turn, true) => {
                let groups: Vec<_> = self.table.messages.iter().map(|message| Some(message.terms)).collect();
                let courses = courses(&timetable, &self.conditions(), &groups);
                let last = courses.iter().flatten().map(|course| course.leaves_at.unwrap_or(course.over_at)).max();
                last.unwrap_or(starts_at)
            }
        };
        LogSpan { first, last }
    }

    /// What is seen of a message at some time.
    #[must_use]
    pub fn sight(&self, message: &ReceivedMessage<'_>, life: &Life, now: Timestamp) -> Sight {
        life.at(now, || {
            let window = self.table.terms_of(message).and_then(|terms| terms.delivery_time_window.as_ref());
            window.is_none_or(|window| is_open(window, now))
        })
    }

    /// What a message costs that leaves.
    #[must_use]
    pub fn price<'i>(&self, life: &Life, inputs: &'i Inputs) -> &'i ChannelPrice {
        &inputs.rules(life.logged_at(), self.header.number).price
    }

    fn charged(&self, life: &Life, inputs: &Inputs) -> MessagePrice {
        let price = self.price(life, inputs);
        let price_per_message = if life.is_charged() { price.per_message } else { 0.0 };
        MessagePrice { price_per_message, currency: price.currency.clone() }
    }

    /// What the logs say of a message; `None` while they say nothing.
    #[must_use]
    pub fn log(
        &self,
        message: &ReceivedMessage<'_>,
        life: &Life,
        inputs: &Inputs,
        (now, unsent): (Timestamp, UnsentInLogs),
    ) -> Option<Log> {
        let terms = self.table.terms_of(message)?;
        if now < life.logged_at() && unsent == UnsentInLogs::Hide {
            return None;
        }
        let sight = self.sight(message, life, now);
        Some(Log {
            sender: Some(terms.sender.clone().into_owned()),
            destination: Some(message.to.clone().into_owned()),
            bulk_id: Some(self.header.bulk_id.clone()),
            message_id: Some(message.message_id.clone().into_owned()),
            sent_at: sight.sent_at,
            done_at: sight.done_at,
            message_count: Some(1),
            price: Some(self.charged(life, inputs)),
            status: status::status(sight.ending.status),
            error: Some(status::error(sight.ending.error)),
            platform: terms.platform.clone(),
            content: serde_json::to_value(&message.content).ok(),
            campaign_reference_id: terms.campaign_reference_id.clone().map(Into::into),
        })
    }

    /// The report of a message that has ended.
    #[must_use]
    pub fn report(&self, message: &ReceivedMessage<'_>, life: &Life, inputs: &Inputs) -> Option<DeliveryReport> {
        self.report_of(message, life, inputs, (life.ending, Some(life.done_at)))
    }

    /// The intermediate report of a message that has left.
    #[must_use]
    pub fn report_enroute(
        &self,
        message: &ReceivedMessage<'_>,
        life: &Life,
        inputs: &Inputs,
    ) -> Option<DeliveryReport> {
        let ending = Ending { status: status::PENDING_ENROUTE, error: status::NO_ERROR };
        self.report_of(message, life, inputs, (ending, None))
    }

    fn report_of(
        &self,
        message: &ReceivedMessage<'_>,
        life: &Life,
        inputs: &Inputs,
        (ending, done_at): (Ending, Option<Timestamp>),
    ) -> Option<DeliveryReport> {
        let terms = self.table.terms_of(message)?;
        Some(DeliveryReport {
            bulk_id: Some(self.header.bulk_id.clone()),
            price: Some(self.charged(life, inputs)),
            status: status::status(ending.status),
            error: Some(status::error(ending.error)),
            message_id: Some(message.message_id.clone().into_owned()),
            to: Some(message.to.clone().into_owned()),
            sender: Some(terms.sender.clone().into_owned()),
            sent_at: life.sent_at,
            done_at,
            message_count: Some(1),
            callback_data: message.callback_data.clone().map(Into::into),
            platform: terms.platform.clone(),
            campaign_reference_id: terms.campaign_reference_id.clone().map(Into::into),
        })
    }
}
