//! The digest of a plan: what was reviewed is what may be sent.

use std::fmt;

use data_encoding::HEXLOWER;

use crate::identity::encoding::{Encode as _, PublicDigest};
use crate::identity::{ContentDigest, MessageKey, Person, ProjectId};

use super::definition::Definition;

/// What every digest of this version begins with.
const PREFIX: &str = "plan/v1:";
/// How many hexadecimal digits follow.
const DIGITS: usize = 32;

/// A plan's digest: `plan/v1:` and 32 hexadecimal digits.
///
/// The parts, after the label `sendform.plan.v1`: the project, the gateway; then for each message,
/// in the order of their ids: its id, its revision, its sender; the local time, the zone, what is
/// said of clock changes and past times, the speed, the window, the validity, the handover; the
/// number of its people; and for each person, in ascending order, the person and the content. What is
/// not selected counts as such: whoever approves a part of a plan does not approve all of it.
/// Neither the order of rows nor the cut into bulks nor the time of planning is part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDigest(String);

impl PlanDigest {
    /// Reads a digest.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let lower = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (digits.len() == DIGITS && lower).then(|| Self(text.to_owned()))
    }
}

impl PlanDigest {
    /// Takes its hexadecimal digits alone, as [`PlanDigest::digits`] gives them.
    #[must_use]
    pub fn of_digits(digits: &str) -> Option<Self> {
        Self::parse(&format!("{PREFIX}{digits}"))
    }

    /// Its hexadecimal digits, without what says its version: for names of files.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.strip_prefix(PREFIX).unwrap_or_default()
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The digest of one message of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MessageDigest(pub [u8; 32]);

/// The digest of a message with all of its people, due or not, in ascending order.
#[must_use]
pub(super) fn of_message(definition: &Definition, people: &[(Person, ContentDigest)]) -> MessageDigest {
    let mut digest = PublicDigest::new("sendform.plan.message.v1");
    digest.part(definition.key.to_string());
    digest.number(definition.revision.get());
    digest.part(definition.sender.as_str());
    for term in &definition.terms {
        digest.part(&term.value);
    }
    digest.number(people.len() as u64);
    for (person, content) in people {
        digest.raw(&person.0.to_be_bytes());
        digest.raw(&content.0.to_be_bytes());
    }
    MessageDigest(digest.finish_whole())
}

/// The digest of a message of which nothing is to be sent, because it is not selected.
#[must_use]
pub(super) fn of_not_selected(message: MessageDigest) -> MessageDigest {
    let mut digest = PublicDigest::new("sendform.plan.not-selected.v1");
    digest.part(message.0);
    MessageDigest(digest.finish_whole())
}

/// The digest of a plan, from those of its messages.
#[must_use]
pub(super) fn of_plan(
    project: &ProjectId,
    gateway: &str,
    messages: impl Iterator<Item = (MessageKey, MessageDigest)>,
) -> PlanDigest {
    let mut open = PublicDigest::new("sendform.plan.v1");
    open.part(project.as_str());
    open.part(gateway);
    let mut messages: Vec<(String, MessageDigest)> = messages.map(|(key, digest)| (key.to_string(), digest)).collect();
    messages.sort();
    for (_, digest) in &messages {
        open.part(digest.0);
    }
    let whole = open.finish_whole();
    let (half, _) = whole.split_at(DIGITS / 2);
    PlanDigest(format!("{PREFIX}{}", HEXLOWER.encode(half)))
}
