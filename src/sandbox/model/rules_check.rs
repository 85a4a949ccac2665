//! What is wrong with rules. What an outcome of the channel's rules may end with: a status of its own kind, and an error that goes with it. A
//! failure that was delivered is none.

use super::rules::{ChannelOutcome, ChannelRule, ChannelRules};
use super::status::{self, Ending};

impl ChannelOutcome {
    /// The groups of statuses with which it can end.
    const fn groups(self) -> &'static [u16] {
        match self {
            Self::UnknownSender | Self::BlockedDestination => &[status::REJECTED_GROUP],
            Self::ConversationClosed | Self::UnknownPerson | Self::BlockedBusiness | Self::ChannelFails => {
                &[status::UNDELIVERABLE_GROUP]
            }
            // It ends as any other message that has left, only later.
            Self::Slow => &[status::DELIVERED_GROUP, status::UNDELIVERABLE_GROUP],
            Self::Silent => &[status::EXPIRED_GROUP],
        }
    }
}

impl ChannelRules {
    /// What is wrong with them, if something is: which bound they do not keep; or which rule ends messages in a way that
    /// is none of its outcome's, what it says, and what it may say.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let bound = self.bounds_fault().map(str::to_owned);
        bound.or_else(|| self.rules.iter().enumerate().find_map(|(index, rule)| rule_fault(index, rule)))
    }
}

fn rule_fault(index: usize, rule: &ChannelRule) -> Option<String> {
    let (outcome, usual) = (rule.outcome, rule.outcome.ending());
    let name = outcome.name();
    let ending = Ending { status: rule.status.unwrap_or(usual.status), error: rule.error.unwrap_or(usual.error) };
    let taken = status::statuses_of(outcome.groups());
    if !taken.contains(&ending.status) {
        let choices = listed(&taken);
        return Some(format!("`rules[{index}].status` is {}: `{name}` takes {choices}", ending.status));
    }
    // A status that has no error needs none to be named.
    let errors = status::errors_of(ending.status);
    if errors.contains(&ending.error) || (rule.error.is_none() && errors.is_empty()) {
        return None;
    }
    let (status, choices) = (ending.status, listed(&errors));
    Some(match rule.error {
        Some(error) => format!("`rules[{index}].error` is {error}: status {status} takes {choices}"),
        None => format!("`rules[{index}].error` is missing: status {status} takes {choices}"),
    })
}

/// Numbers to choose from.
fn listed(numbers: &[u16]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u16::to_string).collect();
    match numbers.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => numbers.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(rule: &str) -> Option<String> {
        let text = format!(r#"{{ "rules": [{{ "outcome": "slow", "ids": ["1"] }}, {{ "ids": ["1"], {rule} }}] }}"#);
        serde_json::from_str::<ChannelRules>(&text).unwrap().fault()
    }

    #[test]
    fn an_outcome_ends_as_its_kind_does() {
        let check = |rule: &str, expect: Option<&str>| assert_eq!(fault(rule).as_deref(), expect, "{rule}");
        check(
            r#""outcome": "channelFails", "status": 5"#,
            Some("`rules[1].status` is 5: `channelFails` takes 4, 9 or 31"),
        );
        check(r#""outcome": "silent", "status": 9"#, Some("`rules[1].status` is 9: `silent` takes 15, 22 or 29"));
        check(
            r#""outcome": "slow", "status": 9"#,
            Some(
                "`rules[1].error` is missing: status 9 takes 1, 255, 7002, 7003, 7010, 7011, 7017, 7021, 7027, 7032, 7050, 7051 or 7082",
            ),
        );
        check(r#""outcome": "slow", "status": 9, "error": 7050"#, None);
        check(r#""outcome": "slow", "error": 7050"#, Some("`rules[1].error` is 7050: status 5 takes 0"));
        check(
            r#""outcome": "unknownPerson", "error": 4101"#,
            Some(
                "`rules[1].error` is 4101: status 9 takes 1, 255, 7002, 7003, 7010, 7011, 7017, 7021, 7027, 7032, 7050, 7051 or 7082",
            ),
        );
        check(r#""outcome": "silent", "error": 4101"#, None);
        check(r#""outcome": "blockedDestination", "error": 0"#, None);
        check(
            r#""outcome": "blockedDestination", "status": 9"#,
            Some(
                "`rules[1].status` is 9: `blockedDestination` takes 6, 8, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21, 23, 24, 25, 51, 52, 87 or 100",
            ),
        );
        check(r#""outcome": "conversationClosed", "status": 4, "error": 7010"#, None);
        check(
            r#""outcome": "channelFails", "status": 1234"#,
            Some("`rules[1].status` is 1234: `channelFails` takes 4, 9 or 31"),
        );
    }

    /// Every status is of some outcome's kind or means that a message has not ended, and each outcome's own ending is
    /// among those that it takes.
    #[test]
    fn what_an_outcome_usually_ends_with_is_of_its_kind() {
        for outcome in ChannelOutcome::ALL {
            let name = outcome.name();
            assert_eq!(fault(&format!(r#""outcome": "{name}""#)), None, "{name}");
            for status in 0..=200 {
                let Some(group) = status::group(status) else { continue };
                let taken = status::errors_of(status).iter().any(|error| {
                    fault(&format!(r#""outcome": "{name}", "status": {status}, "error": {error}"#)).is_none()
                });
                assert_eq!(taken, outcome.groups().contains(&group), "{name} {status}");
                assert!(fault(&format!(r#""outcome": "{name}", "status": {status}, "error": 1234"#)).is_some());
            }
        }
    }
}
