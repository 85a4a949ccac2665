//! Ids of projects, campaigns, messages, senders, bulks.

use std::fmt;

use jiff::Timestamp;

use super::encoding::{Encode as _, PublicDigest};
use super::person::Person;

macro_rules! slug {
    ($(#[$meta:meta])* $name:ident, $max:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The longest it may be, in characters.
            pub const LENGTH_MAX: usize = $max;

            /// Reads an id of lower-case letters, digits and hyphens that begins with a letter or
            /// digit; `None` if it has another form or is too long.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let inside = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
                let fits = (1..=Self::LENGTH_MAX).contains(&text.len());
                (fits && !text.starts_with('-') && text.bytes().all(inside)).then(|| Self(text.to_owned()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

slug! {
    /// A project's immutable name, which is part of every identity.
    ProjectId, 40
}
slug! {
    /// A campaign's immutable id.
    CampaignId, 40
}
slug! {
    /// A message's immutable id within its campaign.
    MessageName, 30
}

/// The gateway's id of a sender.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SenderId(String);

impl SenderId {
    /// Takes a sender's id; `None` if it is empty, has white space at an end, or control characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let good = !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control);
        good.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SenderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A message's number that is raised to send again; from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u32);

impl Revision {
    /// Takes a number from 1 to 999,999, so that ids keep within their limits.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        (1..=999_999).contains(&number).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A message of a campaign: `{campaign}.{message}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// The message within it.
    pub message: MessageName,
}

impl MessageKey {
    /// Reads `{campaign}.{message}`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (campaign, message) = text.split_once('.')?;
        Some(Self { campaign: CampaignId::parse(campaign)?, message: MessageName::parse(message)? })
    }
}

impl fmt::Display for MessageKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.campaign, self.message)
    }
}

/// The id of one message to one person: `{campaign}.{message}.r{revision}.{person}`, at most 97
/// characters of the API's 200.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The message.
    pub message: MessageKey,
    /// Its revision.
    pub revision: Revision,
    /// The person.
    pub person: Person,
}

impl MessageId {
    /// Reads the form that [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (message, revision, tail) = split(text)?;
        Some(Self { message, revision, person: Person::parse(tail)? })
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.r{}.{}", self.message, self.revision, self.person)
    }
}

/// When a bulk is to go out, as far as its id is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BulkTime {
    /// At a scheduled instant.
    At(Timestamp),
    /// So many milliseconds after an unscheduled message begins to be sent.
    Start(i64),
}

impl fmt::Display for BulkTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(instant) => write!(formatter, "at {instant}"),
            Self::Start(offset) => write!(formatter, "start+{offset}"),
        }
    }
}

impl BulkTime {
    /// Reads the form that [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("at ") {
            Some(instant) => instant.parse().ok().map(Self::At),
            None => text.strip_prefix("start+")?.parse().ok().map(Self::Start),
        }
    }
}

/// The id of one request: `{campaign}.{message}.r{revision}.{digest}`, at most 97 characters of the
/// API's 100. The digest is the first 8 bytes, in hexadecimal, of a SHA-256 over the parts
/// `sendform.bulk.v1`, the time as text, and every messageId in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BulkId {
    /// The message.
    pub message: MessageKey,
    /// Its revision.
    pub revision: Revision,
    digest: u64,
}

impl BulkId {
    /// Computes the id of a bulk to these persons, in whatever order they are given.
    #[must_use]
    pub fn new(message: &MessageKey, revision: Revision, time: BulkTime, persons: &[Person]) -> Self {
        let mut sorted = persons.to_vec();
        sorted.sort_unstable();
        let mut digest = PublicDigest::new("sendform.bulk.v1");
        digest.part(time.to_string());
        for person in sorted {
            digest.part(MessageId { message: message.clone(), revision, person }.to_string());
        }
        Self { message: message.clone(), revision, digest: digest.finish() }
    }

    /// Reads the form that [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (message, revision, tail) = split(text)?;
        Some(Self { message, revision, digest: Person::parse(tail)?.0 })
    }
}

impl fmt::Display for BulkId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.r{}.{:016x}", self.message, self.revision, self.digest)
    }
}

/// Splits `{campaign}.{message}.r{revision}.{tail}`.
fn split(text: &str) -> Option<(MessageKey, Revision, &str)> {
    let mut parts = text.split('.');
    let message =
        MessageKey { campaign: CampaignId::parse(parts.next()?)?, message: MessageName::parse(parts.next()?)? };
    let digits = parts.next()?.strip_prefix('r')?;
    let number = (!digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()?;
    let tail = parts.next()?;
    parts.next().is_none().then_some((message, Revision::new(number)?, tail))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{BulkId, BulkTime, CampaignId, MessageId, MessageKey, MessageName, Revision, SenderId};
    use crate::identity::Person;
    use crate::wire::limits::{BULK_ID_CHARS_MAX, MESSAGE_ID_CHARS_MAX};

    fn message() -> MessageKey {
        MessageKey::parse("spring-sale.announce").unwrap()
    }

    fn revision(number: u32) -> Revision {
        Revision::new(number).unwrap()
    }

    #[test]
    fn ids_have_a_form() {
        let check = |text: &str, good: bool| assert_eq!(CampaignId::parse(text).is_some(), good, "{text}");
        check("spring-sale-2026", true);
        check("7", true);
        check(&"x".repeat(40), true);
        for wrong in ["", "-sale", "Sale", "sale_1", "sale.1", "šale", "sale ", "../x"] {
            check(wrong, false);
        }
        check(&"x".repeat(41), false);
        assert_eq!(MessageName::parse(&"x".repeat(31)), None);
        assert_eq!(SenderId::parse(" shop"), None);
        assert_eq!(Revision::new(0), None);
    }

    #[test]
    fn the_longest_ids_keep_within_the_api() {
        let message = MessageKey {
            campaign: CampaignId::parse(&"c".repeat(40)).unwrap(),
            message: MessageName::parse(&"m".repeat(30)).unwrap(),
        };
        let (revision, person) = (revision(999_999), Person(u64::MAX));
        let bulk = BulkId::new(&message, revision, BulkTime::Start(0), &[person]).to_string();
        let id = MessageId { message, revision, person }.to_string();
        assert!(bulk.len() <= BULK_ID_CHARS_MAX, "{bulk}");
        assert!(id.len() <= MESSAGE_ID_CHARS_MAX, "{id}");
    }

    #[test]
    fn the_encoding_of_a_bulk_never_changes() {
        // A changed id would make a ledger's claims unrecognisable at the gateway.
        let time = BulkTime::At("2026-12-01T08:00:00Z".parse().unwrap());
        let id = BulkId::new(&message(), revision(1), time, &[Person(2), Person(1)]);
        assert_eq!(id.to_string(), "spring-sale.announce.r1.ed5518ae2d0a23f5");
    }

    proptest! {
        #[test]
        fn the_same_people_and_time_give_the_same_bulk(
            mut people in proptest::collection::hash_set(any::<u64>(), 1..20),
            offset in 0..1_000_i64,
            other in any::<u64>(),
        ) {
            let persons: Vec<Person> = people.iter().copied().map(Person).collect();
            let mut reversed = persons.clone();
            reversed.reverse();
            let id = |time, persons: &[Person]| BulkId::new(&message(), revision(1), time, persons);
            let time = BulkTime::Start(offset);
            assert_eq!(id(time, &persons), id(time, &reversed));
            assert_ne!(id(time, &persons), id(BulkTime::Start(offset + 1), &persons));
            assert_ne!(id(time, &persons), BulkId::new(&message(), revision(2), time, &persons));
            if people.insert(other) {
                let more: Vec<Person> = people.iter().copied().map(Person).collect();
                assert_ne!(id(time, &persons), id(time, &more));
            }
        }

        #[test]
        fn ids_are_read_as_they_are_written(person in any::<u64>(), number in 1..1_000_000_u32, offset in any::<i64>()) {
            let id = MessageId { message: message(), revision: revision(number), person: Person(person) };
            assert_eq!(MessageId::parse(&id.to_string()), Some(id));
            let bulk = BulkId::new(&message(), revision(number), BulkTime::Start(offset), &[Person(person)]);
            assert_eq!(BulkId::parse(&bulk.to_string()), Some(bulk));
            let time = BulkTime::Start(offset);
            assert_eq!(BulkTime::parse(&time.to_string()), Some(time));
        }
    }

    #[test]
    fn no_other_text_is_an_id() {
        for wrong in [
            "",
            "a.b",
            "a.b.r1",
            "a.b.r0.0000000000000001",
            "a.b.r01.0000000000000001",
            "a.b.1.0000000000000001",
            "a.b.r1.000000000000001",
            "a.b.r1.000000000000000G",
            "a.b.r1.000000000000000A",
            "a.b.r1.0000000000000001.c",
        ] {
            assert_eq!(MessageId::parse(wrong), None, "{wrong}");
            assert_eq!(BulkId::parse(wrong), None, "{wrong}");
        }
    }
}
