//! When rejections end a message: its `stopAfter`, judged by whom the gateway has answered.

use std::collections::BTreeMap;

use crate::campaign::{Message, Project, StopAfter};
use crate::diagnostic::words::{list, number, plural};
use crate::identity::{MessageKey, Person, PersonSet};
use crate::ledger::{Answered, Standing};

use super::bulk::Recipient;
use super::input::Input;
use super::safety_limits::{Accepted, SafetyLimit, SafetyLimitKind};

/// How many statuses are named.
const STATUSES_MAX: usize = 3;

/// When rejections end one revision of one message, and whom the gateway had answered when it was planned.
///
/// Everybody counts once, over the whole ledger, as they stand. Whoever was rejected and is to be sent to
/// again (`--retry-rejected`) does not count until the gateway has answered anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionLimit {
    /// The rule.
    pub rule: StopAfter,
    /// How many rejected people a person accepts, whatever their share is.
    pub accepted: Option<u64>,
    /// Whom the gateway had answered.
    pub before: Answered,
}

impl RejectionLimit {
    /// The limit of a message of which nothing was sent.
    pub(super) fn of(message: &Message, project: &Project, accepted: &Accepted) -> Self {
        Self {
            rule: message.stop_after.or(project.stop_after),
            accepted: accepted.get(SafetyLimitKind::Rejected),
            before: Answered::default(),
        }
    }

    /// Whether enough people were answered to judge by; always, if no share is too much.
    #[must_use]
    pub fn is_judged(&self, answered: &Answered) -> bool {
        self.is_off() || answered.all() >= self.rule.of
    }

    /// Whether nothing more of the message may be sent.
    #[must_use]
    pub fn is_exceeded(&self, answered: &Answered) -> bool {
        self.is_too_much(answered) && self.accepted.is_none_or(|accepted| answered.rejected_any() > accepted)
    }

    /// How many people the next request may hold; any number, if absent.
    #[must_use]
    pub fn people_max(&self, answered: &Answered) -> Option<usize> {
        (!self.is_judged(answered)).then(|| usize::try_from(self.rule.of).unwrap_or(usize::MAX))
    }

    /// How many people more have to be answered before there are enough to judge by.
    #[must_use]
    pub(super) fn unanswered(&self) -> usize {
        usize::try_from(self.rule.of.saturating_sub(self.before.all())).unwrap_or(usize::MAX)
    }

    /// The number to accept so that so many people more can be sent to, if no more of them are rejected than
    /// until now.
    #[must_use]
    pub fn to_accept(answered: &Answered, open: u64) -> u64 {
        let rejected = u128::from(answered.rejected_any());
        let more = (rejected * u128::from(open)).div_ceil(u128::from(answered.all().max(1)));
        u64::try_from(rejected + more).unwrap_or(u64::MAX)
    }

    /// Whether no share is too much.
    fn is_off(&self) -> bool {
        self.rule.share_percent >= 100
    }

    /// Whether more than the share was rejected, of enough people.
    fn is_too_much(&self, answered: &Answered) -> bool {
        let share = u128::from(answered.all()) * u128::from(self.rule.share_percent);
        self.is_judged(answered) && u128::from(answered.rejected_any()) * 100 > share
    }

    /// The safety limit of a message that so many people are still to get, if more than the share was rejected
    /// before.
    #[must_use]
    pub(super) fn safety_limit(&self, message: &MessageKey, open: u64, accepted: &Accepted) -> Option<SafetyLimit> {
        if open == 0 || !self.is_too_much(&self.before) {
            return None;
        }
        let share = self.before.all().saturating_mul(u64::from(self.rule.share_percent)) / 100;
        let rejected = self.before.rejected_any();
        let limit = SafetyLimit::new(SafetyLimitKind::Rejected, Some(message), share, rejected, accepted);
        Some(limit.words(self.words(&self.before)).up_to(Self::to_accept(&self.before, open)))
    }

    /// How many were rejected, and why that is too much.
    #[must_use]
    pub fn words(&self, answered: &Answered) -> String {
        let verb = if answered.rejected_any() == 1 { "was" } else { "were" };
        format!(
            "{} of {} whom the gateway has answered {verb} rejected ({}), more than the {}% of `stopAfter`",
            number(answered.rejected_any()),
            plural(answered.all(), "person"),
            statuses(&answered.rejected),
            self.rule.share_percent,
        )
    }
}

/// The most frequent statuses: `30 with status 14, 7 with status 20`.
fn statuses(rejected: &BTreeMap<u16, u64>) -> String {
    let mut by_count: Vec<(u16, u64)> = rejected.iter().map(|(status, count)| (*status, *count)).collect();
    by_count.sort_by_key(|(status, count)| (std::cmp::Reverse(*count), *status));
    let rest: u64 = by_count.iter().skip(STATUSES_MAX).map(|(_, count)| count).sum();
    let words = by_count.iter().take(STATUSES_MAX);
    let mut words: Vec<String> =
        words.map(|(status, count)| format!("{} with status {status}", number(*count))).collect();
    if rest > 0 {
        words.push(format!("{} with others", number(rest)));
    }
    list(&words)
}

/// Counts whom the gateway has answered, without those of these people who are asked anew after a rejection.
pub(super) fn answered(input: &Input<'_>, message: &Message, recipients: &[Recipient]) -> Answered {
    let Some(ledger) = input.known() else { return Answered::default() };
    let Message { key, revision, .. } = message;
    let standings = ledger.standings(key, *revision);
    let is_rejected = |person: &Person| matches!(standings.get(*person, input.view), Standing::Rejected(_));
    let anew: PersonSet = if input.retry_rejected.contains(key) {
        recipients.iter().map(|recipient| recipient.person).filter(is_rejected).collect()
    } else {
        PersonSet::default()
    };
    ledger.answered(key, *revision, input.view, |person| anew.contains(&person))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(share_percent: u8, accepted: Option<u64>) -> RejectionLimit {
        RejectionLimit { rule: StopAfter { share_percent, of: 200 }, accepted, before: Answered::default() }
    }

    fn answered(accepted: u64, rejected: u64) -> Answered {
        Answered { accepted, rejected: [(14, rejected)].into() }
    }

    #[test]
    fn more_than_the_share_of_enough_people_is_too_much() {
        let check = |limit: &RejectionLimit, accepted, rejected, expect: (bool, bool)| {
            let answered = answered(accepted, rejected);
            assert_eq!((limit.is_judged(&answered), limit.is_exceeded(&answered)), expect, "{accepted} and {rejected}");
        };
        let usual = limit(10, None);
        check(&usual, 0, 0, (false, false));
        check(&usual, 0, 199, (false, false));
        check(&usual, 0, 200, (true, true));
        check(&usual, 180, 20, (true, false));
        check(&usual, 179, 21, (true, true));
        check(&usual, 1800, 201, (true, true));
        check(&limit(0, None), 199, 1, (true, true));
        check(&limit(100, None), 0, 10, (true, false));
        check(&limit(10, Some(40)), 160, 40, (true, false));
        check(&limit(10, Some(40)), 160, 41, (true, true));
        check(&limit(10, Some(40)), 500, 41, (true, false));
        assert_eq!((usual.people_max(&answered(0, 199)), usual.people_max(&answered(0, 200))), (Some(200), None));
    }

    #[test]
    fn the_number_to_accept_lets_everybody_else_be_sent_to_at_the_same_share() {
        assert_eq!(RejectionLimit::to_accept(&answered(150, 50), 800), 250);
        assert_eq!(RejectionLimit::to_accept(&answered(0, 200), 19_800), 20_000);
        assert_eq!(RejectionLimit::to_accept(&Answered::default(), 10), 0);
    }

    #[test]
    fn the_most_frequent_statuses_are_named() {
        let answered = Answered { accepted: 1, rejected: [(6, 1), (14, 30), (20, 7), (51, 2), (52, 1)].into() };
        insta::assert_snapshot!(limit(10, None).words(&answered), @"41 of 42 people whom the gateway has answered were rejected (30 with status 14, 7 with status 20, 2 with status 51 and 2 with others), more than the 10% of `stopAfter`");
    }
}
