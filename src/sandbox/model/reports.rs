//! A batch of delivery reports, gathered from bulks: of messages that came to their end in the last 48 hours and
//! that nobody was told of, those that ended first before all others. Each report is handed out once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::bulk::{AcceptedBulk, BulkHeader};
use super::inputs::Inputs;
use super::violations::ViolationList;
use crate::wire::choices::UnknownFieldRule;
use crate::wire::error::Violation;
use crate::wire::limits;
use crate::wire::response::DeliveryReport;

/// What a query of the reports asks for. What is absent does not filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportQuery {
    /// This bulk only.
    pub bulk_id: Option<String>,
    /// This message only.
    pub message_id: Option<String>,
    /// This entity only.
    pub entity_id: Option<String>,
    /// This application only.
    pub application_id: Option<String>,
    /// This campaign only.
    pub campaign_reference_id: Option<String>,
    /// How many reports at most.
    pub limit: usize,
}

/// Reads a query from its decoded pairs. The last of a name counts.
///
/// # Errors
/// With all that is wrong with it.
pub fn read<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    rule: UnknownFieldRule,
) -> Result<ReportQuery, ViolationList> {
    let mut query = ReportQuery {
        bulk_id: None,
        message_id: None,
        entity_id: None,
        application_id: None,
        campaign_reference_id: None,
        limit: usize::try_from(limits::LOGS_PAGE_DEFAULT).unwrap_or(usize::MAX),
    };
    let mut violations = ViolationList::default();
    for (name, value) in pairs {
        let some = || (!value.is_empty()).then(|| value.to_owned());
        match name {
            "bulkId" => query.bulk_id = some(),
            "messageId" => query.message_id = some(),
            "entityId" => query.entity_id = some(),
            "applicationId" => query.application_id = some(),
            "campaignReferenceId" => query.campaign_reference_id = some(),
            "limit" => match super::query::limit(value) {
                Ok(limit) => query.limit = usize::try_from(limit).unwrap_or(usize::MAX),
                Err(violation) => violations.add(|| Violation { property: "limit".to_owned(), violation }),
            },
            _ => super::query::unknown(name, rule, &mut violations),
        }
    }
    if violations.is_empty() { Ok(query) } else { Err(violations) }
}

/// Which reports of a bulk were handed out: a bit for each message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(Vec<u8>);

impl Marks {
    /// Takes the bytes in which they are kept.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes in which they are kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether one is marked.
    #[must_use]
    pub fn has(&self, position: usize) -> bool {
        self.0.get(position / 8).is_some_and(|byte| byte >> (position % 8) & 1 == 1)
    }

    /// Marks one.
    pub fn add(&mut self, position: usize) {
        if self.0.len() <= position / 8 {
            self.0.resize(position / 8 + 1, 0);
        }
        if let Some(byte) = self.0.get_mut(position / 8) {
            *byte |= 1 << (position % 8);
        }
    }
}

/// What of a bulk was handed out before, and with a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The number of the bulk.
    pub bulk: i64,
    /// What was handed out before.
    pub before: Marks,
    /// What is handed out then.
    pub after: Marks,
    /// Whether no report of the bulk is to come any more.
    pub is_all: bool,
}

/// The place of a report in the order of the reports: when its message ended, then its bulk, then its position.
type Place = (i64, i64, usize);

/// Gathers a batch. Bulks come in the order in which their first messages come into the logs.
#[derive(Debug)]
pub struct BatchBuilder<'q> {
    query: &'q ReportQuery,
    inputs: &'q Inputs,
    now: Timestamp,
    oldest: Timestamp,
    found: BTreeMap<Place, DeliveryReport>,
    bulks: BTreeMap<i64, (Marks, usize)>,
}

impl<'q> BatchBuilder<'q> {
    /// Begins a batch.
    #[must_use]
    pub fn new(query: &'q ReportQuery, inputs: &'q Inputs, now: Timestamp) -> Self {
        let oldest = now.checked_sub(SignedDuration::from_hours(i64::from(limits::LOGS_HOURS)));
        let oldest = oldest.unwrap_or(Timestamp::MIN);
        Self { query, inputs, now, oldest, found: BTreeMap::new(), bulks: BTreeMap::new() }
    }

    /// Whether a bulk can still add something.
    #[must_use]
    pub fn wants(&self, header: &BulkHeader) -> bool {
        let is_full = self.found.len() >= self.query.limit;
        let last = self.found.keys().next_back().map(|(done_ms, ..)| *done_ms);
        let is_later = is_full && last.is_some_and(|last| header.logged.first.as_millisecond() > last);
        !is_later && self.query.bulk_id.as_ref().is_none_or(|bulk_id| *bulk_id == header.bulk_id)
    }

    /// Adds what a bulk has, of which some reports were handed out.
    pub fn add(&mut self, bulk: &AcceptedBulk<'_>, marks: Marks) {
        let lives = bulk.lives(self.inputs);
        let mut to_come = 0;
        for (position, (message, life)) in bulk.table.messages.iter().zip(&lives).enumerate() {
            // Whoever was turned down in the answer was told so there.
            if bulk.rejection(position).is_some() || marks.has(position) || life.done_at < self.oldest {
                continue;
            }
            to_come += 1;
            let Some(terms) = bulk.table.terms_of(message) else { continue };
            if life.done_at > self.now || !self.matches(&message.message_id, terms) {
                continue;
            }
            let place = (life.done_at.as_millisecond(), bulk.header.number, position);
            let is_full = self.found.len() >= self.query.limit;
            if is_full && self.found.keys().next_back().is_some_and(|last| *last < place) {
                continue;
            }
            self.found.extend(bulk.report(message, life, self.inputs).map(|report| (place, report)));
            if self.found.len() > self.query.limit {
                self.found.pop_last();
            }
        }
        self.bulks.insert(bulk.header.number, (marks, to_come));
    }

    fn matches(&self, message_id: &str, terms: &super::message::SharedOptions<'_>) -> bool {
        let is = |wanted: &Option<String>, field: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| field == Some(wanted.as_str()))
        };
        let platform = terms.platform.as_ref();
        is(&self.query.message_id, Some(message_id))
            && is(&self.query.entity_id, platform.and_then(|platform| platform.entity_id.as_deref()))
            && is(&self.query.application_id, platform.and_then(|platform| platform.application_id.as_deref()))
            && is(&self.query.campaign_reference_id, terms.campaign_reference_id.as_deref())
    }

    /// Ends the batch: the reports, and what is handed out with them.
    #[must_use]
    pub fn finish(self) -> (Vec<DeliveryReport>, Vec<Handed>) {
        let mut handed: BTreeMap<i64, Handed> = BTreeMap::new();
        for (_, number, position) in self.found.keys() {
            let Some((before, _)) = self.bulks.get(number) else { continue };
            let entry = handed.entry(*number).or_insert_with(|| Handed {
                bulk: *number,
                before: before.clone(),
                after: before.clone(),
                is_all: false,
            });
            entry.after.add(*position);
        }
        for handed in handed.values_mut() {
            let count = self.found.keys().filter(|(_, number, _)| *number == handed.bulk).count();
            handed.is_all = self.bulks.get(&handed.bulk).is_some_and(|(_, to_come)| *to_come == count);
        }
        // A bulk of which nothing is to come need not be looked at again.
        for (number, (marks, to_come)) in self.bulks {
            if to_come == 0 {
                let nothing = Handed { bulk: number, before: marks.clone(), after: marks, is_all: true };
                handed.entry(number).or_insert(nothing);
            }
        }
        (self.found.into_values().collect(), handed.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_bits() {
        let mut marks = Marks::default();
        for position in [0, 7, 8, 1_000] {
            assert!(!marks.has(position));
            marks.add(position);
        }
        let kept = Marks::new(marks.bytes().to_vec());
        let found: Vec<_> = (0..2_000).filter(|position| kept.has(*position)).collect();
        assert_eq!((found, kept.bytes().len()), (vec![0, 7, 8, 1_000], 126));
    }

    #[test]
    fn a_query_has_a_limit() {
        let limit =
            |text: &str| read([("limit", text), ("unknown", "1")], UnknownFieldRule::Ignore).map(|query| query.limit);
        assert_eq!(read([], UnknownFieldRule::Refuse).unwrap().limit, 50);
        assert_eq!(limit("1000").unwrap(), 1000);
        let violation = |text: &str| limit(text).unwrap_err().into_listed()[0].violation.clone();
        assert_eq!(violation("1001"), "must be less than or equal to 1000");
        assert_eq!(violation("0"), "must be greater than or equal to 1");
    }
}
