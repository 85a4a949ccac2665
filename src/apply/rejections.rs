//! Which messages go on: a gateway that rejects too many of a message's people is given no more of it. Until
//! enough people were answered to judge by, requests of the message go one at a time.
//!
//! Of a message that is judged no more is handed over beyond its limit than what was in flight when it was
//! reached. Runs that share a plan hand over one request each until it is judged, and each learns what the
//! others were answered before every claim, and [every few seconds](NEWS_AFTER) once it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::settings::{RunSettings, WatchedMessage};
use super::summary::{EndedMessage, MessageRevision, Tally};
use crate::ledger::Answered;
use crate::plan::{RejectionLimit, Undelivered};

/// How long after it was last asked what others were answered a run asks again, once a message is judged.
const NEWS_AFTER: Duration = Duration::from_secs(5);

/// How the messages of a run get on.
#[derive(Debug)]
pub(super) struct Rejections(BTreeMap<MessageRevision, Course>);

/// How one message gets on.
#[derive(Debug)]
struct Course {
    limit: RejectionLimit,
    elsewhere_before: Answered,
    elsewhere: Answered,
    here: Answered,
    /// Who was accepted, and then not delivered to.
    undelivered: Undelivered,
    /// How many bulks are under way.
    under_way: usize,
    /// When it was last asked what others were answered.
    asked_at: Option<Duration>,
    has_ended: bool,
}

impl Course {
    fn answered(&self) -> Answered {
        let mut answered = self.limit.before.clone();
        for more in [&self.here, &self.elsewhere] {
            answered.add(more.accepted, &more.rejected);
        }
        answered
    }

    /// Whether a bulk has to wait for the one that is under way.
    fn holds_back(&self) -> bool {
        !self.has_ended && self.under_way > 0 && !self.limit.is_judged(&self.answered())
    }

    /// Ends the message if too many were rejected; true if it does so now.
    fn end(&mut self) -> bool {
        let ends = !self.has_ended && self.limit.is_exceeded(&self.answered(), &self.undelivered);
        self.has_ended |= ends;
        ends
    }
}

impl Rejections {
    pub(super) fn new(settings: &RunSettings) -> Self {
        let course = |(message, watched): (&MessageRevision, &WatchedMessage)| {
            let mut course = Course {
                limit: watched.limit.clone(),
                elsewhere_before: watched.elsewhere.clone(),
                elsewhere: Answered::default(),
                here: Answered::default(),
                undelivered: Undelivered::default(),
                under_way: 0,
                asked_at: None,
                has_ended: false,
            };
            course.end();
            (message.clone(), course)
        };
        Self(settings.watched.iter().map(course).collect())
    }

    /// Whether nothing more of a message may begin now.
    pub(super) fn is_held_back(&self, message: &MessageRevision) -> bool {
        self.0.get(message).is_some_and(Course::holds_back)
    }

    /// The messages of which nothing more may begin now.
    pub(super) fn held_back(&self) -> BTreeSet<MessageRevision> {
        self.0.iter().filter(|(_, course)| course.holds_back()).map(|(message, _)| message.clone()).collect()
    }

    /// How many people the next bulk of a message may have.
    pub(super) fn people_max(&self, message: &MessageRevision) -> Option<usize> {
        self.0.get(message).and_then(|course| course.limit.people_max(&course.answered()))
    }

    /// A bulk of a message is under way.
    pub(super) fn begins(&mut self, message: &MessageRevision) {
        if let Some(course) = self.0.get_mut(message) {
            course.under_way += 1;
        }
    }

    /// It is not any more.
    pub(super) fn lands(&mut self, message: &MessageRevision) {
        if let Some(course) = self.0.get_mut(message) {
            course.under_way = course.under_way.saturating_sub(1);
        }
    }

    pub(super) fn has_ended(&self, message: &MessageRevision) -> bool {
        self.0.get(message).is_some_and(|course| course.has_ended)
    }

    /// Whether it should be asked what others were answered.
    pub(super) fn wants_news(&self, message: &MessageRevision, now: Duration) -> bool {
        self.0.get(message).is_some_and(|course| {
            let is_old = course.asked_at.is_none_or(|at| now.saturating_sub(at) >= NEWS_AFTER);
            !course.has_ended && (is_old || !course.limit.is_judged(&course.answered()))
        })
    }

    /// Takes in what others were answered; true if that ends the message.
    pub(super) fn take_news(&mut self, message: &MessageRevision, elsewhere: &Answered, now: Duration) -> bool {
        self.0.get_mut(message).is_some_and(|course| {
            course.elsewhere = elsewhere.since(&course.elsewhere_before);
            course.asked_at = Some(now);
            course.end()
        })
    }

    /// Takes in what this run was answered; true if that ends the message.
    pub(super) fn take(&mut self, message: &MessageRevision, tally: &Tally) -> bool {
        self.0.get_mut(message).is_some_and(|course| {
            course.here.add(tally.accepted, &tally.rejected);
            course.end()
        })
    }

    /// Takes in what the logs say of those who were accepted; true if that ends the message.
    pub(super) fn take_undelivered(&mut self, message: &MessageRevision, undelivered: Undelivered) -> bool {
        self.0.get_mut(message).is_some_and(|course| {
            course.undelivered = undelivered;
            course.end()
        })
    }

    /// The messages of which this run was accepted for somebody, and that go on, but would have ended if this many were
    /// not delivered to.
    pub(super) fn ended_by(&self, at_worst: impl Fn(&MessageRevision) -> Option<Undelivered>) -> Vec<MessageRevision> {
        let going_on = self.0.iter().filter(|(_, course)| !course.has_ended && course.here.accepted > 0);
        let end = going_on.filter(|(message, course)| {
            at_worst(message).is_some_and(|worst| course.limit.is_exceeded(&course.answered(), &worst))
        });
        end.map(|(message, _)| message.clone()).collect()
    }

    /// The messages that have ended.
    pub(super) fn ended(&self) -> Vec<EndedMessage> {
        let ended = self.0.iter().filter(|(_, course)| course.has_ended);
        ended
            .map(|(message, course)| EndedMessage {
                message: message.clone(),
                limit: course.limit.clone(),
                answered: course.answered(),
                undelivered: course.undelivered.clone(),
            })
            .collect()
    }
}
