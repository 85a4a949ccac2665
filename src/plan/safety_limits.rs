//! Safety limits: they stop an apply unless a person names the number up to which it may go on.

use std::collections::BTreeMap;

use crate::campaign::{Audience, Expect, Limits, Message};
use crate::diagnostic::words::{list, number, plural, read_number};
use crate::identity::MessageKey;

use super::gate::{Counts, Gate};
use super::lists::Protection;

/// So many unreadable rows are never too many, however small the audience, unless nothing is allowed.
const UNREADABLE_ROWS_ALWAYS: u64 = 5;
/// So many people more are never too much growth, unless none is allowed.
const GROWTH_PEOPLE_ALWAYS: u64 = 100;

/// What a safety limit is about; its name is what `--accept NAME=N` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SafetyLimitKind {
    /// How many messages one apply sends.
    Messages,
    /// By how many percent an audience has grown since its last send.
    Growth,
    /// How many percent of an audience's rows are unreadable, or contradict another row of the same person.
    Unreadable,
    /// How many rows fail.
    Failed,
    /// How many rows an audience has of which none reaches anybody.
    Nobody,
    /// How many people an audience has, against what it should have.
    Expect,
    /// How many people are sent to although their time is past; or are not, because nobody has said that they should be.
    Late,
    /// How many people a new revision may reach twice, because the old one is still under way.
    Overlap,
    /// How many people of a message the gateway may have rejected although they are too many of those whom it
    /// has answered.
    Rejected,
    /// Whether a lockfile may be used in CI with a real gateway.
    LockfileInCi,
    /// How many claims are taken for genuine although nothing shows it.
    Unauthenticated,
    /// How many entries of runs that have not closed themselves are taken for all that there are.
    Unclosed,
    /// How many claims of rows that were put back from a copy are taken for all that there are.
    Reloaded,
    /// How many people are sent to although the gateway has the same message for them under a key that the ledger
    /// does not name.
    OtherKey,
}

impl SafetyLimitKind {
    /// All of them that `--accept` takes.
    pub const ACCEPTED: [Self; 13] = [
        Self::Messages,
        Self::Growth,
        Self::Unreadable,
        Self::Failed,
        Self::Nobody,
        Self::Late,
        Self::Overlap,
        Self::Rejected,
        Self::LockfileInCi,
        Self::Unauthenticated,
        Self::Unclosed,
        Self::Reloaded,
        Self::OtherKey,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Growth => "growth",
            Self::Unreadable => "unreadable",
            Self::Failed => "failed",
            Self::Nobody => "nobody",
            Self::Expect => "expect",
            Self::Late => "late",
            Self::Overlap => "overlap",
            Self::Rejected => "rejected",
            Self::LockfileInCi => "lockfile-in-ci",
            Self::Unauthenticated => "unauthenticated",
            Self::Unclosed => "unclosed",
            Self::Reloaded => "reloaded",
            Self::OtherKey => "other-key",
        }
    }

    /// Whether it is about people to send to, so that it may be met by nobody once those are left out who have the
    /// message.
    #[must_use]
    pub(super) const fn rests_on_people_to_send(self) -> bool {
        matches!(self, Self::Messages | Self::Failed | Self::Late | Self::Overlap | Self::Rejected)
    }

    /// Whether it is about the machine, its ledger, or what the gateway has answered since, and not about what is
    /// planned: so it may be accepted beside a plan that is frozen.
    #[must_use]
    pub const fn is_of_the_ledger(self) -> bool {
        match self {
            Self::Rejected
            | Self::LockfileInCi
            | Self::Unauthenticated
            | Self::Unclosed
            | Self::Reloaded
            | Self::OtherKey => true,
            Self::Messages
            | Self::Growth
            | Self::Unreadable
            | Self::Failed
            | Self::Nobody
            | Self::Expect
            | Self::Late
            | Self::Overlap => false,
        }
    }
}

/// The numbers that a person accepts: *at most N*.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted(BTreeMap<SafetyLimitKind, u64>);

impl Accepted {
    /// Reads `name=number`, and keeps it.
    ///
    /// # Errors
    /// If it has another form, or there is no such safety limit; the text says which there are.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let names = SafetyLimitKind::ACCEPTED.map(SafetyLimitKind::name).join(", ");
        let wrong = || format!("`{text}` is not NAME=NUMBER with one of {names}");
        let (name, number) = text.split_once('=').ok_or_else(wrong)?;
        let kind = SafetyLimitKind::ACCEPTED.into_iter().find(|kind| kind.name() == name).ok_or_else(wrong)?;
        let number = read_number(number).ok_or_else(wrong)?;
        if self.get(kind).is_some_and(|before| before != number) {
            return Err(format!("`{name}` is accepted with two numbers"));
        }
        self.put(kind, number);
        Ok(())
    }

    /// Keeps a number.
    pub fn put(&mut self, kind: SafetyLimitKind, number: u64) {
        self.0.insert(kind, number);
    }

    /// All of them, in the order of the safety limits.
    pub fn iter(&self) -> impl Iterator<Item = (SafetyLimitKind, u64)> + '_ {
        self.0.iter().map(|(kind, number)| (*kind, *number))
    }

    /// Up to which number a person accepts it.
    #[must_use]
    pub fn get(&self, kind: SafetyLimitKind) -> Option<u64> {
        self.0.get(&kind).copied()
    }
}

/// A safety limit that something ran into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafetyLimit {
    /// What it is about.
    pub kind: SafetyLimitKind,
    /// The message, unless it is about the whole plan.
    pub message: Option<MessageKey>,
    /// What the limit is.
    pub limit: u64,
    /// What it is in truth.
    pub actual: u64,
    /// In words.
    pub words: String,
    /// Whether it surely is so; if not, an apply may refuse, and this plan does not.
    pub is_sure: bool,
    /// Whether a person accepted the number.
    pub accepted: bool,
    /// The number to accept so that all of it can be sent; no less than what it is in truth.
    pub to_accept: u64,
    /// Whether nothing is sent to anybody as long as it refuses; if not, only the people are left out whom it is about.
    pub stops_everything: bool,
}

impl SafetyLimit {
    /// Makes a safety limit; it is accepted if a number at least as high was named.
    #[must_use]
    pub fn new(
        kind: SafetyLimitKind,
        message: Option<&MessageKey>,
        limit: u64,
        actual: u64,
        accepted: &Accepted,
    ) -> Self {
        let accepted = accepted.get(kind).is_some_and(|number| actual <= number);
        let (message, words) = (message.cloned(), String::new());
        let (is_sure, to_accept, stops_everything) = (true, actual, true);
        Self { kind, message, limit, actual, words, is_sure, accepted, to_accept, stops_everything }
    }

    /// Keeps nobody else from being sent to.
    #[must_use]
    pub(super) fn of_its_people(self) -> Self {
        Self { stops_everything: false, ..self }
    }

    /// Says which number is to be accepted, if that is not what it is in truth.
    #[must_use]
    pub(super) fn up_to(mut self, number: u64) -> Self {
        self.to_accept = number.max(self.actual);
        self
    }

    /// Puts it into words.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.words = words.into();
        self
    }
}

/// How many rows of a message may fail: as many as the project allows, or a person accepts.
#[must_use]
pub(super) fn allowed_failures(limits: &Limits, accepted: &Accepted) -> u64 {
    limits.failed_rows.max(accepted.get(SafetyLimitKind::Failed).unwrap_or_default())
}

/// Whether no row gets as far as the first gate that is about a person.
#[must_use]
pub(super) fn reaches_nobody(counts: &Counts) -> bool {
    counts.occupied().all(|(gate, _)| gate < Gate::Suppressed)
}

/// Whether rows end where nobody knows, or it does not count, what a `where` would say of them.
#[must_use]
pub(super) fn is_held_up(counts: &Counts) -> bool {
    [Gate::Unreadable, Gate::Contradicting].iter().any(|gate| counts.get(*gate) > 0)
}

/// The safety limit of a list that keeps people from getting a message.
#[must_use]
pub(super) fn of_list(
    message: &Message,
    audience: &Audience,
    protection: &Protection,
    accepted: &Accepted,
) -> Option<SafetyLimit> {
    expectation(message, audience.expect?, &format!("`{}`", protection.name), protection.people, accepted)
}

/// The safety limit of a number of people that is not what is expected.
fn expectation(message: &Message, expect: Expect, who: &str, people: u64, accepted: &Accepted) -> Option<SafetyLimit> {
    let (limit, bound) = match (expect.min, expect.max) {
        (Some(min), _) if people < min => (min, "at least"),
        (_, Some(max)) if people > max => (max, "at most"),
        _ => return None,
    };
    let verb = if limit == 1 { "is" } else { "are" };
    let words = format!("{who} has {}, but {bound} {} {verb} expected", plural(people, "person"), number(limit));
    Some(SafetyLimit::new(SafetyLimitKind::Expect, Some(&message.key), limit, people, accepted).words(words))
}

/// What the safety limits of a message need besides the counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct SafetyLimitFacts {
    /// How many people's time is past, who are sent to by consent.
    pub late: u64,
    /// How many unreadable rows only have a word for nothing in the place of the id, as exports write it
    /// for everybody without one: they are no damage.
    pub nothing: u64,
}

/// The safety limits of one message.
#[must_use]
pub(super) fn of_message(
    message: &Message,
    counts: &Counts,
    audience_before: Option<u64>,
    seen: SafetyLimitFacts,
    limits: &Limits,
    accepted: &Accepted,
) -> Vec<SafetyLimit> {
    let key = Some(&message.key);
    let people = counts.people();
    let mut safety_limits = Vec::new();
    let expect = message.audience.expect;
    safety_limits.extend(expect.and_then(|expect| {
        expectation(message, expect, &format!("audience `{}`", message.audience.name), people, accepted)
    }));
    if reaches_nobody(counts) && !message.paused && expect.and_then(|expect| expect.min) != Some(0) {
        let rows = counts.filled();
        let why: Vec<String> = counts
            .occupied()
            .filter(|(gate, _)| *gate != Gate::Blank)
            .map(|(gate, count)| format!("{} {}", number(count), gate.words()))
            .collect();
        let file = message.audience.source.file();
        let words = match rows {
            0 => format!("`{file}` has no rows"),
            _ => format!("no row of `{file}` reaches anybody: {}", list(&why)),
        };
        safety_limits.push(SafetyLimit::new(SafetyLimitKind::Nobody, key, 0, rows, accepted).words(words));
    }
    let failed = counts.get(Gate::Failed);
    if failed > limits.failed_rows {
        let words = format!("{} failed, but at most {} may", plural(failed, "row"), number(limits.failed_rows));
        safety_limits
            .push(SafetyLimit::new(SafetyLimitKind::Failed, key, limits.failed_rows, failed, accepted).words(words));
    }
    let SafetyLimitFacts { late, nothing } = seen;
    // Rows of one person that contradict each other are damaged as well: nobody is sent from them.
    let contradicting = counts.get(Gate::Contradicting);
    let unreadable = counts.get(Gate::Unreadable).saturating_sub(nothing) + contradicting;
    let are_what = match (unreadable - contradicting, contradicting) {
        (_, 0) => "are unreadable",
        (0, _) => "contradict each other",
        _ => "are unreadable or contradict each other",
    };
    let share = percent(unreadable, counts.filled());
    let limit = u64::from(limits.unreadable_rows_percent);
    if share > limit && (limit == 0 || unreadable > UNREADABLE_ROWS_ALWAYS) {
        let words = format!(
            "{} of the rows of `{}` {are_what} ({} of {}), but at most {limit}% may",
            if share > limit + 1 { format!("{share}%") } else { format!("more than {limit}%") },
            message.audience.source.file(),
            number(unreadable),
            number(counts.filled()),
        );
        safety_limits.push(SafetyLimit::new(SafetyLimitKind::Unreadable, key, limit, share, accepted).words(words));
    }
    if let Some(before) = audience_before {
        let limit = u64::from(limits.audience_growth_percent);
        let more = people.saturating_sub(before);
        let growth = percent(more, before);
        if growth > limit && (limit == 0 || more > GROWTH_PEOPLE_ALWAYS) {
            let words = format!(
                "the audience grew by {growth}% since its last send (from {} to {}), but at most {limit}% is allowed",
                number(before),
                plural(people, "person")
            );
            safety_limits.push(SafetyLimit::new(SafetyLimitKind::Growth, key, limit, growth, accepted).words(words));
        }
    }
    if late > 0 {
        let words = format!("{} to send although their time is past", plural(late, "message"));
        safety_limits.push(SafetyLimit::new(SafetyLimitKind::Late, key, 0, late, accepted).words(words));
    }
    safety_limits
}

/// A share in percent, rounded up; everything is 100 % of nothing.
fn percent(part: u64, whole: u64) -> u64 {
    match (part, whole) {
        (0, _) => 0,
        (_, 0) => 100,
        (part, whole) => (u128::from(part) * 100).div_ceil(u128::from(whole)).try_into().unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::{Accepted, SafetyLimitKind, percent};

    #[test]
    fn accepted_numbers_are_named() {
        let mut accepted = Accepted::default();
        accepted.add("messages=12_000").unwrap();
        assert_eq!(accepted.get(SafetyLimitKind::Messages), Some(12_000));
        for wrong in ["messages", "messages=", "messages=all", "force=1", "expect=1", "=3"] {
            assert!(accepted.add(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shares_are_rounded_up() {
        assert_eq!(percent(0, 0), 0);
        assert_eq!(percent(1, 0), 100);
        assert_eq!(percent(1, 300), 1);
        assert_eq!(percent(300, 300), 100);
    }
}
