//! When rejections end a message: its `stopAfter`, judged by whom the gateway has answered.

use std::collections::BTreeMap;

use crate::campaign::{Message, Project, StopAfter};
use crate::diagnostic::words::{list, number, plural};
use crate::identity::{MessageKey, Person, PersonSet};
use crate::ledger::{Answered, Standing};

use super::bulk::Recipient;
use super::input::Input;
use super::safety_limits::{Accepted, SafetyLimit, SafetyLimitKind};

/// How many statuses, or errors, are named.
const CAUSES_MAX: usize = 3;

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

/// Whom the gateway has accepted and then finally not delivered to, as far as its logs were asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// Of how many people who were accepted the logs were asked, and had their message.
    pub asked: u64,
    /// How many of them were not delivered to, by the name of the error.
    pub failed: BTreeMap<String, u64>,
}

impl Undelivered {
    /// Everybody who was not delivered to, for whatever reason.
    #[must_use]
    pub fn failed_any(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Counts something anew that is counted already.
    pub fn replace(&mut self, before: &Self, now: &Self) {
        self.asked = self.asked.saturating_sub(before.asked).saturating_add(now.asked);
        for (error, count) in &before.failed {
            let sum = self.failed.entry(error.clone()).or_default();
            *sum = sum.saturating_sub(*count);
        }
        for (error, count) in &now.failed {
            let sum = self.failed.entry(error.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.failed.retain(|_, count| *count > 0);
    }
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
    pub fn is_exceeded(&self, answered: &Answered, undelivered: &Undelivered) -> bool {
        let lost = answered.rejected_any().saturating_add(undelivered.failed_any());
        self.is_too_much(answered, undelivered) && self.accepted.is_none_or(|accepted| lost > accepted)
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

    /// The number to accept so that so many people more can be sent to, if no larger share of them is rejected, and is
    /// not delivered to, than until now.
    #[must_use]
    pub fn to_accept(answered: &Answered, undelivered: &Undelivered, open: u64) -> u64 {
        let share = |of: u64, all: u64| (u128::from(of) * u128::from(open)).div_ceil(u128::from(all.max(1)));
        let (rejected, failed) = (answered.rejected_any(), undelivered.failed_any());
        // Of those for whom the logs were not asked yet as many fail as of the others.
        let unknown = u128::from(answered.accepted.saturating_sub(undelivered.asked));
        let more = share(rejected, answered.all()) + share(failed, undelivered.asked);
        let unknown = (unknown * u128::from(failed)).div_ceil(u128::from(undelivered.asked.max(1)));
        u64::try_from(u128::from(rejected) + u128::from(failed) + unknown + more).unwrap_or(u64::MAX)
    }

    /// Whether no share is too much.
    fn is_off(&self) -> bool {
        self.rule.share_percent >= 100
    }

    /// Whether more than the share was rejected or not delivered to, of enough people: of all who were answered, or
    /// of those for whom the logs were asked, which is behind the answers.
    fn is_too_much(&self, answered: &Answered, undelivered: &Undelivered) -> bool {
        let is_more =
            |lost: u64, all: u64| u128::from(lost) * 100 > u128::from(all) * u128::from(self.rule.share_percent);
        let (failed, asked) = (undelivered.failed_any(), undelivered.asked);
        let of_all =
            self.is_judged(answered) && is_more(answered.rejected_any().saturating_add(failed), answered.all());
        of_all || (!self.is_off() && asked >= self.rule.of && is_more(failed, asked))
    }

    /// The safety limit of a message that so many people are still to get, if more than the share was rejected
    /// before.
    #[must_use]
    pub(super) fn safety_limit(&self, message: &MessageKey, open: u64, accepted: &Accepted) -> Option<SafetyLimit> {
        let nobody = Undelivered::default();
        if open == 0 || !self.is_too_much(&self.before, &nobody) {
            return None;
        }
        let share = self.before.all().saturating_mul(u64::from(self.rule.share_percent)) / 100;
        let rejected = self.before.rejected_any();
        let limit = SafetyLimit::new(SafetyLimitKind::Rejected, Some(message), share, rejected, accepted);
        Some(limit.words(self.words(&self.before, &nobody)).up_to(Self::to_accept(&self.before, &nobody, open)))
    }

    /// How many were rejected, and how many were not delivered to, and why that is too much.
    #[must_use]
    pub fn words(&self, answered: &Answered, undelivered: &Undelivered) -> String {
        let were = |count: u64| if count == 1 { "was" } else { "were" };
        let (rejected, failed) = (answered.rejected_any(), undelivered.failed_any());
        let rejections = format!(
            "{} of {} whom the gateway has answered {} rejected ({})",
            number(rejected),
            plural(answered.all(), "person"),
            were(rejected),
            most_frequent(&answered.rejected, |status| format!("status {status}")),
        );
        let failures = format!(
            "{} of {} whose message the gateway's logs have {} accepted and then not delivered to ({})",
            number(failed),
            plural(undelivered.asked, "person"),
            were(failed),
            most_frequent(&undelivered.failed, |error| format!("`{error}`")),
        );
        let told = [(rejected, rejections), (failed, failures)].into_iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told.map(|(_, words)| words).collect();
        format!("{}, more than the {}% of `stopAfter`", list(&told), self.rule.share_percent)
    }
}

/// The most frequent causes: `30 with status 14, 7 with status 20`.
fn most_frequent<K: Ord>(counts: &BTreeMap<K, u64>, name: impl Fn(&K) -> String) -> String {
    let mut by_count: Vec<(&K, u64)> = counts.iter().map(|(cause, count)| (cause, *count)).collect();
    by_count.sort_by(|(one, few), (other, many)| many.cmp(few).then(one.cmp(other)));
    let rest: u64 = by_count.iter().skip(CAUSES_MAX).map(|(_, count)| count).sum();
    let words = by_count.iter().take(CAUSES_MAX);
    let mut words: Vec<String> =
        words.map(|(cause, count)| format!("{} with {}", number(*count), name(cause))).collect();
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
            assert_eq!(
                (limit.is_judged(&answered), limit.is_exceeded(&answered, &Undelivered::default())),
                expect,
                "{accepted} and {rejected}"
            );
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
        let to_accept = |answered: &Answered, open| RejectionLimit::to_accept(answered, &Undelivered::default(), open);
        assert_eq!(to_accept(&answered(150, 50), 800), 250);
        assert_eq!(to_accept(&answered(0, 200), 19_800), 20_000);
        assert_eq!(to_accept(&Answered::default(), 10), 0);
        // Half of those who were asked for: so of those who were not, and of those who are left.
        assert_eq!(RejectionLimit::to_accept(&answered(400, 0), &undelivered(200, 100), 800), 100 + 100 + 400);
    }

    fn undelivered(asked: u64, failed: u64) -> Undelivered {
        Undelivered { asked, failed: [("EC_NO_SESSION".to_owned(), failed)].into() }
    }

    #[test]
    fn who_is_not_delivered_to_counts_of_all_and_of_those_who_were_asked_for() {
        let check = |limit: &RejectionLimit, rejected, undelivered: Undelivered, expect: bool| {
            let answered = answered(1000 - rejected, rejected);
            assert_eq!(limit.is_exceeded(&answered, &undelivered), expect, "{rejected} and {undelivered:?}");
        };
        let usual = limit(10, None);
        check(&usual, 0, undelivered(1000, 100), false);
        check(&usual, 0, undelivered(1000, 101), true);
        check(&usual, 60, undelivered(940, 40), false);
        check(&usual, 60, undelivered(940, 41), true);
        // The logs are behind, and enough people were asked for.
        check(&usual, 0, undelivered(199, 50), false);
        check(&usual, 0, undelivered(200, 20), false);
        check(&usual, 0, undelivered(200, 21), true);
        check(&limit(100, None), 0, undelivered(1000, 1000), false);
        check(&limit(10, Some(101)), 0, undelivered(1000, 101), false);
        check(&limit(10, Some(101)), 1, undelivered(999, 101), true);
    }

    #[test]
    fn what_is_counted_anew_is_counted_once() {
        let of = |asked, failed: &[(&str, u64)]| Undelivered {
            asked,
            failed: failed.iter().map(|(error, count)| ((*error).to_owned(), *count)).collect(),
        };
        let mut all = of(10, &[("A", 2), ("B", 1)]);
        all.replace(&of(4, &[("A", 1)]), &of(5, &[("A", 3), ("C", 1)]));
        assert_eq!(all, of(11, &[("A", 4), ("B", 1), ("C", 1)]));
        all.replace(&of(5, &[("B", 1)]), &Undelivered::default());
        assert_eq!(all, of(6, &[("A", 4), ("C", 1)]));
    }

    #[test]
    fn the_most_frequent_statuses_are_named() {
        let answered = Answered { accepted: 1, rejected: [(6, 1), (14, 30), (20, 7), (51, 2), (52, 1)].into() };
        insta::assert_snapshot!(limit(10, None).words(&answered, &Undelivered::default()), @"41 of 42 people whom the gateway has answered were rejected (30 with status 14, 7 with status 20, 2 with status 51 and 2 with others), more than the 10% of `stopAfter`");
        let lost = Undelivered {
            asked: 40,
            failed: [("EC_NO_SESSION".to_owned(), 8), ("EC_UNKNOWN_USER".to_owned(), 1)].into(),
        };
        insta::assert_snapshot!(limit(10, None).words(&Answered { accepted: 99, rejected: BTreeMap::new() }, &lost), @"9 of 40 people whose message the gateway's logs have were accepted and then not delivered to (8 with `EC_NO_SESSION` and 1 with `EC_UNKNOWN_USER`), more than the 10% of `stopAfter`");
        let one = Answered { accepted: 99, rejected: [(14, 1)].into() };
        insta::assert_snapshot!(limit(5, None).words(&one, &lost), @"1 of 100 people whom the gateway has answered was rejected (1 with status 14) and 9 of 40 people whose message the gateway's logs have were accepted and then not delivered to (8 with `EC_NO_SESSION` and 1 with `EC_UNKNOWN_USER`), more than the 5% of `stopAfter`");
    }
}
