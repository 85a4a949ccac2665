//! Asks the logs about a group of doubts: the bulks first, which finds most people in few answers,
//! then everybody who was not found, by their messageIds.

use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either, Shared, select};
use jiff::Timestamp;

use super::control::Controls;
use super::logs::{LogRow, Logs, LogsAnswer, LogsFailure};
use super::question::{By, LogQuery};
use super::seen::{Asked, SeenMessages, sighting};
use crate::identity::{BulkId, MessageId};

/// After so many failed questions no more are asked.
const FAILURES_MAX: u32 = 3;

/// The asking of a whole pass.
pub(super) struct LogReader<'a, L> {
    pub(super) logs: &'a L,
    /// Messages that every answer must have.
    pub(super) controls: Controls,
    stop: Shared<BoxFuture<'a, ()>>,
    failures: u32,
    is_over: bool,
    /// The first failure.
    pub(super) failure: Option<LogsFailure>,
    /// Whether every answer so far came from a sandbox; there may have been none.
    pub(super) from_sandbox: bool,
    /// Until when a sandbox's channel may keep back some of what was asked for so far.
    pub(super) channel_until: Option<Timestamp>,
}

impl<'a, L: Logs> LogReader<'a, L> {
    pub(super) fn new(logs: &'a L, stop: BoxFuture<'a, ()>) -> Self {
        let (stop, controls) = (stop.shared(), Controls::default());
        Self {
            logs,
            controls,
            stop,
            failures: 0,
            is_over: false,
            failure: None,
            from_sandbox: true,
            channel_until: None,
        }
    }

    /// Asks about these bulks, and then about everybody expected who was not found.
    pub(super) async fn about(&mut self, bulks: &[BulkId], seen: &mut SeenMessages) {
        let mut rest = bulks;
        while !rest.is_empty() && !self.is_over {
            let (question, count) = LogQuery::packed(By::Bulk, rest.iter().map(ToString::to_string), [&[], &[]]);
            let (asked, next) = rest.split_at(count.clamp(1, rest.len()));
            self.bulks(&question, asked, seen).await;
            rest = next;
        }
        let missing = seen.missing();
        let mut rest = missing.as_slice();
        let [before, behind] = self.controls.around();
        while !rest.is_empty() && !self.is_over {
            let ids = rest.iter().map(ToString::to_string);
            let (question, count) = LogQuery::packed(By::Message, ids, [&before, &behind]);
            let (asked, next) = rest.split_at(count.clamp(1, rest.len()));
            self.messages(&question, asked, seen).await;
            rest = next;
        }
    }

    async fn bulks(&mut self, question: &LogQuery, asked: &[BulkId], seen: &mut SeenMessages) {
        let Some(found) = self.find(question).await else { return };
        let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
        for row in found.rows.into_iter().filter(|row| row.bulk_id.as_ref().is_some_and(|id| asked.contains(id))) {
            if let Some(known) = MessageId::parse(&row.message_id).and_then(|id| seen.get_mut(&id)) {
                known.rows.push(sighting(row));
            }
        }
    }

    async fn messages(&mut self, question: &LogQuery, asked: &[MessageId], seen: &mut SeenMessages) {
        let Some(found) = self.find(question).await else { return };
        let shown = self.controls.shown(&found);
        let is_whole = found.failure.is_none() && !is_strange(&found, asked);
        for id in asked {
            // What the first look saw of them comes again with this answer.
            if let Some(known) = seen.get_mut(id) {
                known.rows.clear();
                known.asked = if is_whole { Asked::Yes(shown) } else { Asked::No };
            }
        }
        for row in found.rows {
            let id = MessageId::parse(&row.message_id).filter(|id| asked.binary_search(id).is_ok());
            if let Some(known) = id.and_then(|id| seen.get_mut(&id)) {
                known.rows.push(sighting(row));
            }
        }
    }

    /// Asks one question; `None` if nothing came of it.
    async fn find(&mut self, question: &LogQuery) -> Option<LogsAnswer> {
        let found = match select(self.stop.clone(), pin!(self.logs.find(question))).await {
            Either::Left(((), _)) => None,
            Either::Right((found, _)) => Some(found),
        };
        let failure = found.as_ref().map_or(Some(LogsFailure::Interrupted), |found| found.failure.clone());
        if let Some(failure) = failure {
            self.failures += 1;
            self.is_over |= failure.is_final() || self.failures >= FAILURES_MAX;
            self.failure.get_or_insert(failure);
        }
        let found = found?;
        self.from_sandbox &= found.from_sandbox;
        self.channel_until = self.channel_until.max(found.channel_until);
        Some(found)
    }
}

/// Whether an answer has rows of which nobody knows whose they are, or when they were sent: then what
/// it lacks proves nothing.
fn is_strange(found: &LogsAnswer, asked: &[MessageId]) -> bool {
    let is_strange = |row: &LogRow| match MessageId::parse(&row.message_id) {
        Some(id) => asked.binary_search(&id).is_ok() && row.sent_at.is_none(),
        None => {
            let id = MessageId::parse(&row.message_id.to_ascii_lowercase());
            id.is_some_and(|id| asked.binary_search(&id).is_ok())
        }
    };
    found.nameless > 0 || found.rows.iter().any(is_strange)
}
