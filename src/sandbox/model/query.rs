//! What the query of the logs asks for.

use jiff::Timestamp;

use super::reader::one_of;
use super::violations::{ViolationList, repeated};
use crate::wire::choices::UnknownFieldRule;
use crate::wire::error::Violation;
use crate::wire::limits;
use crate::wire::response::STATUS_GROUPS;
use crate::wire::time;

/// A query of the logs. Empty lists and absent values do not filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// These bulks only.
    pub bulk_ids: Vec<String>,
    /// These messages only.
    pub message_ids: Vec<String>,
    /// This sender only.
    pub sender: Option<String>,
    /// This recipient only.
    pub destination: Option<String>,
    /// The id of the only group of statuses.
    pub general_status: Option<u16>,
    /// Sent at this time or later.
    pub sent_since: Option<Timestamp>,
    /// Sent at this time or earlier.
    pub sent_until: Option<Timestamp>,
    /// This entity only.
    pub entity_id: Option<String>,
    /// This application only.
    pub application_id: Option<String>,
    /// These campaigns only.
    pub campaign_reference_ids: Vec<String>,
    /// How many logs a page holds.
    pub limit: u32,
    /// Whether the pages have cursors.
    pub uses_cursor: bool,
    /// Where the page begins: after the log with this key.
    pub after: Option<LogPosition>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            bulk_ids: Vec::new(),
            message_ids: Vec::new(),
            sender: None,
            destination: None,
            general_status: None,
            sent_since: None,
            sent_until: None,
            entity_id: None,
            application_id: None,
            campaign_reference_ids: Vec::new(),
            limit: limits::LOGS_PAGE_DEFAULT,
            uses_cursor: false,
            after: None,
        }
    }
}

/// The place of a log in the order of the logs: when it was sent, then its bulk, then its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    /// When it was sent, in milliseconds of Unix time.
    pub sent_ms: i64,
    /// The number of its bulk.
    pub bulk: i64,
    /// Its position in the bulk.
    pub position: usize,
}

impl LogPosition {
    /// Writes the key as a cursor.
    #[must_use]
    pub fn to_cursor(self) -> String {
        format!("{}-{}-{}", self.sent_ms, self.bulk, self.position)
    }

    /// Reads a cursor.
    #[must_use]
    pub fn from_cursor(text: &str) -> Option<Self> {
        // From the right: a time before 1970 has a sign of its own.
        let mut parts = text.rsplitn(3, '-');
        let mut next = || parts.next();
        let (position, bulk, sent_ms) = (next()?, next()?, next()?);
        Some(Self { sent_ms: sent_ms.parse().ok()?, bulk: bulk.parse().ok()?, position: position.parse().ok()? })
    }
}

/// What becomes of a parameter that the API does not have.
pub(super) fn unknown(name: &str, rule: UnknownFieldRule, violations: &mut ViolationList) {
    match rule {
        UnknownFieldRule::Ignore => {}
        UnknownFieldRule::Refuse => violations.add(|| {
            let property = if name.is_empty() { "query".to_owned() } else { repeated(name) };
            Violation { property, violation: "must not be there: the API has no such parameter".to_owned() }
        }),
    }
}

/// Reads the query of a send, which has no parameters.
///
/// # Errors
/// With all that is wrong with it.
pub fn read_none<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    rule: UnknownFieldRule,
) -> Result<(), ViolationList> {
    let mut violations = ViolationList::default();
    pairs.into_iter().for_each(|(name, _)| unknown(name, rule, &mut violations));
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// Reads a query from its decoded pairs. Of a name that stands for one value the last counts.
///
/// # Errors
/// With all that is wrong with it.
pub fn read<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    rule: UnknownFieldRule,
) -> Result<Query, ViolationList> {
    let mut reader = QueryReader::default();
    let mut cursor = None;
    for (name, value) in pairs {
        match name {
            "bulkId" => reader.bulk_ids.add(value),
            "messageId" => reader.message_ids.add(value),
            "campaignReferenceId" => reader.campaigns.add(value),
            "sender" => reader.query.sender = some(value),
            "destination" => reader.query.destination = some(value),
            "entityId" => reader.query.entity_id = some(value),
            "applicationId" => reader.query.application_id = some(value),
            "generalStatus" => reader.query.general_status = reader.general_status(value),
            "sentSince" => reader.query.sent_since = reader.date("sentSince", value),
            "sentUntil" => reader.query.sent_until = reader.date("sentUntil", value),
            "limit" => reader.limit(value),
            "useCursor" => reader.uses_cursor(value),
            "cursor" => cursor = some(value),
            _ => unknown(name, rule, &mut reader.violations),
        }
    }
    if reader.query.uses_cursor {
        reader.query.after = cursor.and_then(|cursor| reader.cursor(&cursor));
    }
    reader.finish()
}

/// Reads how many results a page is to have.
///
/// # Errors
/// With what is wrong with it.
pub(super) fn limit(value: &str) -> Result<u32, String> {
    let max = limits::LOGS_PAGE_MAX;
    match value.parse::<i64>() {
        Err(_) => Err("must be an integer".to_owned()),
        Ok(..1) => Err("must be greater than or equal to 1".to_owned()),
        Ok(number) => {
            let fitting = u32::try_from(number).ok().filter(|limit| *limit <= max);
            fitting.ok_or_else(|| format!("must be less than or equal to {max}"))
        }
    }
}

fn some(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// A list that is written with commas, repeated, or both.
#[derive(Default)]
struct IdList {
    values: Vec<String>,
    chars: usize,
}

impl IdList {
    fn add(&mut self, text: &str) {
        self.chars += text.chars().count();
        self.values.extend(text.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned));
    }
}

#[derive(Default)]
struct QueryReader {
    query: Query,
    bulk_ids: IdList,
    message_ids: IdList,
    campaigns: IdList,
    violations: ViolationList,
}

impl QueryReader {
    fn say(&mut self, name: &str, violation: impl Into<String>) {
        self.violations.add(|| Violation { property: name.to_owned(), violation: violation.into() });
    }

    fn general_status(&mut self, value: &str) -> Option<u16> {
        let group = STATUS_GROUPS.iter().position(|name| *name == value).and_then(|id| u16::try_from(id).ok());
        if group.is_none() {
            self.say("generalStatus", one_of(&STATUS_GROUPS));
        }
        group
    }

    fn date(&mut self, name: &str, value: &str) -> Option<Timestamp> {
        // The documented example has a bare plus, which the rules of queries read as a space.
        let instant = time::read(&value.replace(' ', "+"));
        if instant.is_none() {
            self.say(name, "must have the format yyyy-MM-dd'T'HH:mm:ss.SSSZ");
        }
        instant
    }

    fn limit(&mut self, value: &str) {
        match limit(value) {
            Ok(limit) => self.query.limit = limit,
            Err(violation) => self.say("limit", violation),
        }
    }

    fn uses_cursor(&mut self, value: &str) {
        match value.parse() {
            Ok(uses_cursor) => self.query.uses_cursor = uses_cursor,
            Err(_) => self.say("useCursor", "must be a boolean"),
        }
    }

    fn cursor(&mut self, value: &str) -> Option<LogPosition> {
        let key = LogPosition::from_cursor(value);
        if key.is_none() {
            self.say("cursor", "must be a value of nextCursor");
        }
        key
    }

    fn finish(mut self) -> Result<Query, ViolationList> {
        let max = limits::LOGS_IDS_CHARS_MAX;
        for (name, chars) in [("bulkId", self.bulk_ids.chars), ("messageId", self.message_ids.chars)] {
            if chars > max {
                self.say(name, format!("size must be between 0 and {max}"));
            }
        }
        self.query.bulk_ids = self.bulk_ids.values;
        self.query.message_ids = self.message_ids.values;
        self.query.campaign_reference_ids = self.campaigns.values;
        if self.violations.is_empty() { Ok(self.query) } else { Err(self.violations) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&str, &str)], expected: &[(&str, &str)]) {
        let found = read(pairs.iter().copied(), UnknownFieldRule::Refuse).err().unwrap_or_default();
        let found: Vec<_> = found.iter().map(|one| (one.property.as_str(), one.violation.as_str())).collect();
        assert_eq!(found, expected, "{pairs:?}");
    }

    #[test]
    fn lists_are_written_with_commas_or_repeated() {
        let query = read(
            [("messageId", "a,b, c,"), ("messageId", "d"), ("bulkId", "x"), ("unknown", "1")],
            UnknownFieldRule::Ignore,
        )
        .unwrap();
        assert_eq!(query.message_ids, ["a", "b", "c", "d"]);
        assert_eq!(query.bulk_ids, ["x"]);
        assert_eq!((query.limit, query.uses_cursor), (50, false));
    }

    #[test]
    fn dates_have_offsets_and_pluses_may_be_spaces() {
        let query = read(
            [("sentSince", "2020-02-22T17:42:05.390 01:00"), ("sentUntil", "2020-02-22T17:42:05.390+0100")],
            UnknownFieldRule::Refuse,
        );
        let query = query.unwrap();
        assert_eq!(query.sent_since, query.sent_until);
        assert_eq!(query.sent_since.unwrap().to_string(), "2020-02-22T16:42:05.39Z");
    }

    #[test]
    fn limits_hold() {
        check(&[("limit", "1")], &[]);
        check(&[("limit", "1000")], &[]);
        check(&[("limit", "0")], &[("limit", "must be greater than or equal to 1")]);
        check(&[("limit", "1001")], &[("limit", "must be less than or equal to 1000")]);
        check(&[("limit", "99999999999")], &[("limit", "must be less than or equal to 1000")]);
        check(&[("limit", "many")], &[("limit", "must be an integer")]);
        check(&[("messageId", &"a".repeat(2048))], &[]);
        check(&[("messageId", &"a".repeat(2049))], &[("messageId", "size must be between 0 and 2048")]);
        check(&[("bulkId", &"a,".repeat(1025))], &[("bulkId", "size must be between 0 and 2048")]);
    }

    #[test]
    fn everything_wrong_is_named() {
        check(
            &[("generalStatus", "SENT"), ("sentSince", "yesterday"), ("useCursor", "yes")],
            &[
                ("generalStatus", "must be one of [ACCEPTED, PENDING, UNDELIVERABLE, DELIVERED, EXPIRED, REJECTED]"),
                ("sentSince", "must have the format yyyy-MM-dd'T'HH:mm:ss.SSSZ"),
                ("useCursor", "must be a boolean"),
            ],
        );
        check(&[("useCursor", "true"), ("cursor", "?")], &[("cursor", "must be a value of nextCursor")]);
        check(&[("cursor", "?")], &[]);
    }

    #[test]
    fn a_parameter_that_the_api_does_not_have_is_refused_where_that_is_chosen() {
        let no_such = "must not be there: the API has no such parameter";
        check(&[("limt", "1"), ("limit", "1"), ("", "1")], &[("limt", no_such), ("query", no_such)]);
        let long = "x".repeat(1_000);
        check(&[(&long, "1")], &[(&format!("{}…", "x".repeat(100)), no_such)]);
        assert!(read_none([("limit", "1")], UnknownFieldRule::Ignore).is_ok());
        assert_eq!(read_none([("limit", "1")], UnknownFieldRule::Refuse).unwrap_err().count(), 1);
        assert!(read_none([], UnknownFieldRule::Refuse).is_ok());
    }

    #[test]
    fn cursors_come_back_as_they_went() {
        let key = LogPosition { sent_ms: 1_796_119_200_000, bulk: 7, position: 999 };
        let before_1970 = LogPosition { sent_ms: -2_678_400_000, bulk: 3, position: 0 };
        for key in [key, before_1970] {
            assert_eq!(LogPosition::from_cursor(&key.to_cursor()), Some(key));
        }
        assert_eq!(LogPosition::from_cursor("1-2"), None);
        assert_eq!(LogPosition::from_cursor("1-2-3-4"), None);
    }
}
