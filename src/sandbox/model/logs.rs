//! A page of the logs, gathered from bulks: the newest first, from the last 48 hours only.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::bulk::{AcceptedBulk, BulkHeader};
use super::inputs::Inputs;
use super::lifecycle::Life;
use super::message::{ReceivedMessage, SharedOptions};
use super::query::{LogPosition, Query};
use crate::wire::choices::UnsentInLogs;
use crate::wire::limits;
use crate::wire::response::{Log, LogsPage, PageCursor};

/// Gathers a page. Bulks may come in any order; those that end latest come best first, because
/// [`PageBuilder::wants`] then says early that the rest cannot add anything.
#[derive(Debug)]
pub struct PageBuilder<'q> {
    query: &'q Query,
    inputs: &'q Inputs,
    now: Timestamp,
    unsent: UnsentInLogs,
    oldest: Timestamp,
    size_max: usize,
    found: BTreeMap<LogPosition, Log>,
    has_more: bool,
}

impl<'q> PageBuilder<'q> {
    /// Begins a page.
    #[must_use]
    pub fn new(query: &'q Query, inputs: &'q Inputs, now: Timestamp, unsent: UnsentInLogs) -> Self {
        let span = SignedDuration::from_hours(i64::from(limits::LOGS_HOURS));
        Self {
            query,
            inputs,
            now,
            unsent,
            oldest: now.checked_sub(span).unwrap_or(Timestamp::MIN),
            size_max: usize::try_from(query.limit).unwrap_or(usize::MAX),
            found: BTreeMap::new(),
            has_more: false,
        }
    }

    /// Whether a bulk can still add something to the page.
    #[must_use]
    pub fn wants(&self, header: &BulkHeader) -> bool {
        let ends_at = header.ends_at();
        let full = self.found.len() >= self.size_max && self.has_more;
        let is_older = self.found.keys().next().is_some_and(|oldest| ends_at.as_millisecond() < oldest.sent_ms);
        let bulk_ids = &self.query.bulk_ids;
        ends_at >= self.oldest && !(full && is_older) && (bulk_ids.is_empty() || bulk_ids.contains(&header.bulk_id))
    }

    /// Adds what a bulk has for the page.
    pub fn add(&mut self, bulk: &AcceptedBulk<'_>) {
        if !self.wants(&bulk.header) {
            return;
        }
        let lives = bulk.lives(self.inputs);
        for (position, (message, life)) in bulk.table.messages.iter().zip(&lives).enumerate() {
            self.add_message(bulk, position, message, life);
        }
    }

    fn add_message(&mut self, bulk: &AcceptedBulk<'_>, position: usize, message: &ReceivedMessage<'_>, life: &Life) {
        let Some(terms) = bulk.table.terms_of(message).filter(|terms| self.matches(terms, message)) else {
            return;
        };
        let logged_at = life.logged_at();
        let key = LogPosition { sent_ms: logged_at.as_millisecond(), bulk: bulk.header.number, position };
        let is_on_page = self.query.after.is_none_or(|after| key < after);
        if !is_on_page || !self.is_in_time(logged_at) || !self.matches_platform(terms) {
            return;
        }
        let is_full = self.found.len() >= self.size_max;
        if is_full && self.found.keys().next().is_some_and(|oldest| key < *oldest) {
            // It is for a later page; only that there is one has to be known.
            self.has_more = self.has_more || self.log(bulk, message, life).is_some();
            return;
        }
        if let Some(log) = self.log(bulk, message, life) {
            self.found.insert(key, log);
        }
        if self.found.len() > self.size_max {
            self.has_more |= self.found.pop_first().is_some();
        }
    }

    fn log(&self, bulk: &AcceptedBulk<'_>, message: &ReceivedMessage<'_>, life: &Life) -> Option<Log> {
        let log = bulk.log(message, life, self.inputs, (self.now, self.unsent))?;
        self.query.general_status.is_none_or(|group| group == log.status.group_id).then_some(log)
    }

    fn is_in_time(&self, logged_at: Timestamp) -> bool {
        logged_at >= self.oldest
            && self.query.sent_since.is_none_or(|since| logged_at >= since)
            && self.query.sent_until.is_none_or(|until| logged_at <= until)
    }

    fn matches(&self, terms: &SharedOptions<'_>, message: &ReceivedMessage<'_>) -> bool {
        let ids = &self.query.message_ids;
        (ids.is_empty() || ids.iter().any(|id| *id == message.message_id))
            && self.query.destination.as_ref().is_none_or(|to| *to == message.to)
            && self.query.sender.as_ref().is_none_or(|sender| *sender == terms.sender)
    }

    fn matches_platform(&self, terms: &SharedOptions<'_>) -> bool {
        let is = |wanted: &Option<String>, field: Option<&String>| wanted.is_none() || wanted.as_ref() == field;
        let platform = terms.platform.as_ref();
        let campaigns = &self.query.campaign_reference_ids;
        let campaign = terms.campaign_reference_id.as_ref();
        is(&self.query.entity_id, platform.and_then(|platform| platform.entity_id.as_ref()))
            && is(&self.query.application_id, platform.and_then(|platform| platform.application_id.as_ref()))
            && (campaigns.is_empty() || campaign.is_some_and(|id| campaigns.iter().any(|wanted| wanted == id)))
    }

    /// Ends the page.
    #[must_use]
    pub fn finish(self) -> LogsPage {
        let last = self.found.keys().next().copied().filter(|_| self.has_more);
        let cursor = self
            .query
            .uses_cursor
            .then(|| PageCursor { limit: self.query.limit, next_cursor: last.map(LogPosition::to_cursor) });
        LogsPage { results: self.found.into_values().rev().collect(), cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::model::bulk::LogSpan;
    use crate::sandbox::model::message::{MessageTable, SendTiming};
    use crate::wire::channel::ValidityFrom;
    use crate::wire::choices::UnknownFieldRule;
    use crate::wire::content::Content;
    use crate::wire::options::{Platform, SendingSpeedLimit, SpeedUnit};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Bulks of three messages: `one` at 10:00, `two` at 10:01 with one message a minute, `three`
    /// for 12:00, and `old` from two days before.
    fn bulks() -> Vec<AcceptedBulk<'static>> {
        let bulk = |number, id: &str, accepted_at, pace| AcceptedBulk {
            header: BulkHeader {
                number,
                bulk_id: id.to_owned(),
                accepted_at: at(accepted_at),
                pace,
                count: 3,
                logged: LogSpan::default(),
            },
            table: MessageTable {
                terms: vec![SharedOptions {
                    sender: "shop".into(),
                    platform: Some(Platform { entity_id: Some(id.to_owned()), application_id: None }),
                    validity_period: None,
                    delivery_time_window: None,
                    campaign_reference_id: Some(format!("campaign-{id}").into()),
                    delivery: None,
                    content_type: None,
                }],
                messages: (0..3)
                    .map(|position| ReceivedMessage {
                        terms: 0,
                        to: position.to_string().into(),
                        message_id: format!("{id}.{position}").into(),
                        content: Content::Text { text: "Hi".into() },
                        callback_data: None,
                    })
                    .collect(),
            },
            rejected: if id == "one" { vec![(1, 14)] } else { Vec::new() },
        };
        let speed = Some(SendingSpeedLimit { amount: 1, time_unit: SpeedUnit::Minute });
        let mut bulks = vec![
            bulk(1, "old", "2026-11-28T09:59:00Z", SendTiming::default()),
            bulk(2, "one", "2026-11-30T10:00:00Z", SendTiming::default()),
            bulk(3, "two", "2026-11-30T10:01:00Z", SendTiming { speed, ..SendTiming::default() }),
            bulk(
                4,
                "three",
                "2026-11-30T10:02:00Z",
                SendTiming { send_at: Some(at("2026-11-30T12:00:00Z")), ..SendTiming::default() },
            ),
        ];
        for bulk in &mut bulks {
            bulk.header.logged = bulk.log_span(ValidityFrom::SendAt);
        }
        bulks
    }

    fn page(query: &Query, now: &str, unsent: UnsentInLogs) -> (Vec<String>, Option<String>) {
        let inputs = Inputs::default();
        let mut page = PageBuilder::new(query, &inputs, at(now), unsent);
        for bulk in bulks() {
            page.add(&bulk);
        }
        let logs = page.finish();
        let ids = logs.results.into_iter().filter_map(|log| log.message_id);
        (ids.collect(), logs.cursor.and_then(|cursor| cursor.next_cursor))
    }

    fn check(pairs: &[(&str, &str)], now: &str, expected: &str) {
        let query = crate::sandbox::model::query::read(pairs.iter().copied(), UnknownFieldRule::Refuse).unwrap();
        assert_eq!(page(&query, now, UnsentInLogs::Hide).0.join(" "), expected, "{pairs:?} at {now}");
    }

    #[test]
    fn the_newest_comes_first_and_what_was_not_sent_is_not_there() {
        check(&[], "2026-11-30T09:58:00Z", "old.2 old.1 old.0");
        check(&[], "2026-11-30T09:59:01Z", "");
        check(&[], "2026-11-30T10:00:00Z", "one.2 one.1 one.0");
        check(&[], "2026-11-30T10:01:59Z", "two.0 one.2 one.1 one.0");
        check(&[], "2026-11-30T10:02:00Z", "two.1 two.0 one.2 one.1 one.0");
        check(&[("bulkId", "three")], "2026-11-30T11:59:59Z", "");
        check(&[("bulkId", "three")], "2026-11-30T12:00:00Z", "three.2 three.1 three.0");
    }

    #[test]
    fn unsent_messages_show_if_that_is_chosen() {
        let query = Query { bulk_ids: vec!["three".to_owned()], ..Query::default() };
        let (ids, _) = page(&query, "2026-11-30T10:02:00Z", UnsentInLogs::Show);
        assert_eq!(ids, ["three.2", "three.1", "three.0"]);
    }

    #[test]
    fn filters_hold() {
        let noon = "2026-11-30T12:00:00Z";
        check(&[("messageId", "two.1,one.0,none")], noon, "two.1 one.0");
        check(&[("messageId", "two.1"), ("bulkId", "one")], noon, "");
        check(&[("destination", "2"), ("sender", "shop")], noon, "three.2 two.2 one.2");
        check(&[("sender", "other")], noon, "");
        check(&[("generalStatus", "REJECTED")], noon, "one.1");
        check(&[("generalStatus", "PENDING")], noon, "three.2 three.1 three.0");
        check(&[("generalStatus", "DELIVERED"), ("destination", "1")], noon, "two.1");
        check(&[("entityId", "two")], noon, "two.2 two.1 two.0");
        check(&[("applicationId", "two")], noon, "");
        check(&[("campaignReferenceId", "campaign-one,campaign-two"), ("destination", "0")], noon, "two.0 one.0");
        let (since, until) = (("sentSince", "2026-11-30T10:02:00.000Z"), ("sentUntil", "2026-11-30T10:03:00.000Z"));
        check(&[since, until], noon, "two.2 two.1");
        check(&[("limit", "2")], noon, "three.2 three.1");
    }

    #[test]
    fn cursors_lead_through_all_pages() {
        for limit in 1..=12 {
            let mut query = Query { limit, uses_cursor: true, ..Query::default() };
            let mut seen = Vec::new();
            loop {
                let (ids, next) = page(&query, "2026-11-30T12:00:00Z", UnsentInLogs::Hide);
                assert!(!ids.is_empty());
                seen.extend(ids);
                let Some(next) = next else { break };
                query.after = LogPosition::from_cursor(&next);
            }
            let all = "three.2 three.1 three.0 two.2 two.1 two.0 one.2 one.1 one.0";
            assert_eq!(seen.join(" "), all, "pages of {limit}");
        }
    }

    #[test]
    fn there_is_no_cursor_unless_asked_for() {
        let query = Query { limit: 1, ..Query::default() };
        assert_eq!(page(&query, "2026-11-30T12:00:00Z", UnsentInLogs::Hide).1, None);
    }
}
