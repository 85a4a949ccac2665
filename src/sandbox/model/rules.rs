//! How the channel behind the sandbox behaves: whom it knows, what fails, how long it takes, what it costs.
//! Without rules everybody is reached within a second, and nothing fails.
//!
//! Rules change at an instant, and hold for the messages that leave from then on: what was is never changed.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hash;
use super::status::{self, Ending};
use crate::wire::channel::{ChannelPrice, ChannelSettings, ConversationRule, ValidityFrom};
use crate::wire::channel_rate::ChannelRate;
use crate::wire::sandbox_limits::LATENCIES;

/// What the channel does to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChannelOutcome {
    /// The account does not have the sender: it is rejected at its turn.
    UnknownSender,
    /// The account blocks the recipient: it is rejected at its turn.
    BlockedDestination,
    /// There is no open conversation with the person.
    ConversationClosed,
    /// There is no such person.
    UnknownPerson,
    /// The person has blocked the business.
    BlockedBusiness,
    /// The channel fails.
    ChannelFails,
    /// The channel takes its time: `afterSeconds`.
    Slow,
    /// The channel never says what became of it.
    Silent,
}

impl ChannelOutcome {
    /// In this order they are looked for.
    pub(super) const ALL: [Self; 8] = [
        Self::UnknownSender,
        Self::BlockedDestination,
        Self::ConversationClosed,
        Self::UnknownPerson,
        Self::BlockedBusiness,
        Self::ChannelFails,
        Self::Silent,
        Self::Slow,
    ];

    /// Its name in the rules.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::UnknownSender => "unknownSender",
            Self::BlockedDestination => "blockedDestination",
            Self::ConversationClosed => "conversationClosed",
            Self::UnknownPerson => "unknownPerson",
            Self::BlockedBusiness => "blockedBusiness",
            Self::ChannelFails => "channelFails",
            Self::Slow => "slow",
            Self::Silent => "silent",
        }
    }

    /// How it ends, unless a rule says otherwise. Which of its errors the channel gives for which of these is
    /// not documented.
    pub(super) const fn ending(self) -> Ending {
        let (status, error) = match self {
            Self::UnknownSender => (status::REJECTED_SOURCE, status::NO_ERROR),
            Self::BlockedDestination => (status::REJECTED_DESTINATION_BLOCKLISTED, 2052),
            Self::ConversationClosed => (status::UNDELIVERABLE_REJECTED_OPERATOR, 7010),
            Self::UnknownPerson => (status::UNDELIVERABLE_NOT_DELIVERED, 7002),
            Self::BlockedBusiness => (status::UNDELIVERABLE_NOT_DELIVERED, 7003),
            Self::ChannelFails => (status::UNDELIVERABLE_NOT_DELIVERED, 7050),
            Self::Silent => (status::EXPIRED_DLR_UNKNOWN, 255),
            Self::Slow => (status::DELIVERED, status::NO_ERROR),
        };
        Ending { status, error }
    }
}

/// Which messages the channel treats in another way than the rest. All that is said must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChannelRule {
    /// What happens to them.
    pub outcome: ChannelOutcome,
    /// The recipients, or the senders of `unknownSender`: one of these, exactly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Or ids that begin with one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// Of them only so many in a thousand: always the same ids under the same seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub per_mille: Option<u16>,
    /// The status with which it ends, if another is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The error with which it ends, if another is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u16>,
    /// How many seconds a slow channel takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<u32>,
}

/// How many rules there may be, how many ids and prefixes they may have together, and how long one of these may be, in
/// characters.
const RULES_MAX: usize = 1_000;
const IDS_MAX: usize = 10_000;
const ID_CHARS_MAX: usize = 200;
/// How much a message may cost: whatever many of them cost together is a number.
const PRICE_MAX: f64 = 1_000_000.0;
/// How long a currency may be, in characters.
const CURRENCY_CHARS_MAX: usize = 16;

/// How many seconds a slow channel takes if nothing is said.
const SLOW_SECONDS: u32 = 3_600;

impl ChannelRule {
    fn is_for(&self, sender: &str, to: &str, seed: u64) -> bool {
        let id = if self.outcome == ChannelOutcome::UnknownSender { sender } else { to };
        let is_named = (self.ids.is_empty() && self.prefixes.is_empty())
            || self.ids.iter().any(|wanted| wanted == id)
            || self.prefixes.iter().any(|prefix| id.starts_with(prefix.as_str()));
        let chance = || hash::mix(hash::hash(id.as_bytes()) ^ hash::mix(seed));
        is_named && self.per_mille.is_none_or(|share| hash::falls_into(chance(), u32::from(share) * 10))
    }

    /// Its ids and its prefixes.
    fn names(&self) -> impl Iterator<Item = &String> {
        self.ids.iter().chain(&self.prefixes)
    }

    /// What is wrong with it, if something is.
    fn fault(&self) -> Option<&'static str> {
        if self.ids.is_empty() && self.prefixes.is_empty() && self.per_mille.is_none() {
            return Some("a rule needs `ids`, `prefixes` or `perMille`");
        }
        if self.per_mille.is_some_and(|share| share > 1_000) {
            return Some("the `perMille` of a rule is at most 1000");
        }
        if self.names().any(|name| name.chars().count() > ID_CHARS_MAX) {
            return Some("an id or a prefix of a rule has at most 200 characters");
        }
        None
    }
}

/// How the channel behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChannelRules {
    /// What the validity of a message is counted from.
    pub validity_from: ValidityFrom,
    /// When a business may write to a person.
    pub conversations: ConversationRule,
    /// How many milliseconds the channel takes.
    pub latency_ms: u32,
    /// What a message costs.
    pub price: ChannelPrice,
    /// How fast the channel takes the messages of a sender, whichever bulks they are of; as they come if absent. It
    /// holds for what is accepted under these rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub channel_rate: Option<ChannelRate>,
    /// From which the shares of the rules come.
    pub seed: u64,
    /// Whom the channel treats in another way. Of several rules for one message the one counts that comes first
    /// in the order of the outcomes above.
    pub rules: Vec<ChannelRule>,
}

impl Default for ChannelRules {
    fn default() -> Self {
        Self {
            validity_from: ValidityFrom::default(),
            conversations: ConversationRule::default(),
            latency_ms: 1_000,
            price: ChannelPrice { per_message: 0.0, currency: "EUR".to_owned() },
            channel_rate: None,
            seed: 0,
            rules: Vec::new(),
        }
    }
}

/// How a person stands to a business.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contact {
    /// They wrote to it in the last 24 hours.
    pub has_conversation: bool,
    /// They have blocked it.
    pub has_blocked: bool,
}

/// What the channel does to one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelFate {
    /// The gateway turns it down at its turn.
    TurnedDown(Ending),
    /// It leaves, and the channel answers so many milliseconds later.
    Answered(i64, Ending),
    /// It leaves, and no answer ever comes.
    Unanswered(Ending),
}

impl ChannelRules {
    /// The same, but for what settings say.
    #[must_use]
    pub fn with(self, settings: ChannelSettings) -> Self {
        let ChannelSettings { conversations, validity_from, latency_ms, price, seed, channel_rate } = settings;
        Self {
            conversations: conversations.unwrap_or(self.conversations),
            validity_from: validity_from.unwrap_or(self.validity_from),
            latency_ms: latency_ms.unwrap_or(self.latency_ms),
            price: price.unwrap_or(self.price),
            channel_rate: channel_rate.or(self.channel_rate),
            seed: seed.unwrap_or(self.seed),
            rules: self.rules,
        }
    }

    /// Which of their bounds they do not keep, if they do not.
    pub(super) fn bounds_fault(&self) -> Option<&'static str> {
        if !LATENCIES.contains(&SignedDuration::from_millis(i64::from(self.latency_ms))) {
            return Some("`latencyMs` is at most 172800000, which is 48 hours");
        }
        if !(0.0..=PRICE_MAX).contains(&self.price.per_message) {
            return Some("a price is a number from 0 to 1000000");
        }
        if self.price.currency.chars().count() > CURRENCY_CHARS_MAX {
            return Some("a currency has at most 16 characters");
        }
        if self.rules.len() > RULES_MAX {
            return Some("there are at most 1000 rules");
        }
        if self.rules.iter().flat_map(ChannelRule::names).count() > IDS_MAX {
            return Some(
                "all rules together have at most 10000 ids and prefixes; a share of many people is `perMille`",
            );
        }
        self.rules.iter().find_map(ChannelRule::fault)
    }

    /// About how much they take, in bytes of memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let names = self.rules.iter().flat_map(ChannelRule::names).map(|name| size_of::<String>() + name.len());
        size_of::<Self>() + self.rules.len() * size_of::<ChannelRule>() + names.sum::<usize>()
    }

    /// What happens to a message that leaves under these rules.
    #[must_use]
    pub fn fate(&self, sender: &str, to: &str, contact: Contact) -> ChannelFate {
        let latency_ms = i64::from(self.latency_ms);
        let closed = self.conversations == ConversationRule::Tracked && !contact.has_conversation;
        for outcome in ChannelOutcome::ALL {
            let rule = self.rules.iter().find(|rule| rule.outcome == outcome && rule.is_for(sender, to, self.seed));
            let happens = (closed && outcome == ChannelOutcome::ConversationClosed)
                || (contact.has_blocked && outcome == ChannelOutcome::BlockedBusiness);
            if rule.is_none() && !happens {
                continue;
            }
            let usual = outcome.ending();
            let ending = Ending {
                status: rule.and_then(|rule| rule.status).unwrap_or(usual.status),
                error: rule.and_then(|rule| rule.error).unwrap_or(usual.error),
            };
            return match outcome {
                ChannelOutcome::UnknownSender | ChannelOutcome::BlockedDestination => ChannelFate::TurnedDown(ending),
                ChannelOutcome::Silent => ChannelFate::Unanswered(ending),
                ChannelOutcome::Slow => {
                    let seconds = rule.and_then(|rule| rule.after_seconds).unwrap_or(SLOW_SECONDS);
                    ChannelFate::Answered(i64::from(seconds) * 1_000, ending)
                }
                ChannelOutcome::ConversationClosed
                | ChannelOutcome::UnknownPerson
                | ChannelOutcome::BlockedBusiness
                | ChannelOutcome::ChannelFails => ChannelFate::Answered(latency_ms, ending),
            };
        }
        ChannelFate::Answered(latency_ms, Ending { status: status::DELIVERED, error: status::NO_ERROR })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &str) -> ChannelRules {
        let rules: ChannelRules = serde_json::from_str(rules).unwrap();
        assert_eq!(rules.fault(), None);
        rules
    }

    fn check(rules: &ChannelRules, sender: &str, to: &str, expect: ChannelFate) {
        assert_eq!(rules.fate(sender, to, Contact::default()), expect, "{sender} to {to}");
    }

    const fn ending(status: u16, error: u16) -> Ending {
        Ending { status, error }
    }

    #[test]
    fn nobody_fails_without_rules() {
        check(&ChannelRules::default(), "shop", "1", ChannelFate::Answered(1_000, ending(5, 0)));
    }

    #[test]
    fn rules_strike_whom_they_name() {
        let rules = rules(
            r#"{ "latencyMs": 200, "rules": [
                { "outcome": "unknownPerson", "ids": ["7"] },
                { "outcome": "slow", "prefixes": ["4"], "afterSeconds": 90 },
                { "outcome": "blockedDestination", "ids": ["7", "8"], "error": 0 },
                { "outcome": "unknownSender", "ids": ["8"] },
                { "outcome": "silent", "prefixes": ["55"] },
                { "outcome": "channelFails", "ids": ["6"], "status": 4, "error": 7051 }
            ] }"#,
        );
        check(&rules, "shop", "1", ChannelFate::Answered(200, ending(5, 0)));
        // A blocked person is turned down before anybody can find them unknown.
        check(&rules, "shop", "7", ChannelFate::TurnedDown(ending(14, 0)));
        check(&rules, "8", "7", ChannelFate::TurnedDown(ending(11, 0)));
        check(&rules, "shop", "41", ChannelFate::Answered(90_000, ending(5, 0)));
        check(&rules, "shop", "551", ChannelFate::Unanswered(ending(29, 255)));
        check(&rules, "shop", "6", ChannelFate::Answered(200, ending(4, 7051)));
    }

    #[test]
    fn conversations_are_open_unless_they_are_tracked() {
        let tracked = rules(r#"{ "conversations": "tracked" }"#);
        let fate = |has_conversation, has_blocked| tracked.fate("shop", "1", Contact { has_conversation, has_blocked });
        assert_eq!(fate(false, false), ChannelFate::Answered(1_000, ending(4, 7010)));
        assert_eq!(fate(true, false), ChannelFate::Answered(1_000, ending(5, 0)));
        assert_eq!(fate(true, true), ChannelFate::Answered(1_000, ending(9, 7003)));
    }

    #[test]
    fn a_share_is_the_same_people_under_the_same_seed() {
        let struck = |seed: u64| {
            let text = format!(r#"{{ "seed": {seed}, "rules": [{{ "outcome": "unknownPerson", "perMille": 100 }}] }}"#);
            let rules = rules(&text);
            let missed =
                |to: &String| rules.fate("shop", to, Contact::default()) != ChannelFate::Answered(1_000, ending(5, 0));
            (0..2_000).map(|to: u32| to.to_string()).filter(missed).collect::<Vec<_>>()
        };
        let people = struck(1);
        assert!((140..260).contains(&people.len()), "{}", people.len());
        assert_eq!(people, struck(1));
        assert_ne!(people, struck(2));
    }

    #[test]
    fn rules_that_mean_nothing_are_refused() {
        for (rule, part) in
            [(r#"{ "outcome": "slow" }"#, "needs"), (r#"{ "outcome": "slow", "perMille": 1001 }"#, "at most")]
        {
            let rules: ChannelRules = serde_json::from_str(&format!(r#"{{ "rules": [{rule}] }}"#)).unwrap();
            assert!(rules.fault().is_some_and(|fault| fault.contains(part)), "{rule}");
        }
        assert!(serde_json::from_str::<ChannelRules>(r#"{ "rule": [] }"#).is_err());
    }

    #[test]
    fn rules_and_prices_have_bounds() {
        let rule = |ids: Vec<String>| serde_json::json!({ "outcome": "slow", "ids": ids });
        let numbers = |count: usize| (0..count).map(|id| id.to_string()).collect::<Vec<_>>();
        let price =
            |price: f64, currency: &str| serde_json::json!({ "price": { "perMessage": price, "currency": currency } });
        for (rules, part) in [
            (serde_json::json!({ "latencyMs": 172_800_000 }), None),
            (serde_json::json!({ "latencyMs": 172_800_001 }), Some("48 hours")),
            (price(1_000_000.0, "EUR"), None),
            (price(1e307, "EUR"), Some("from 0 to")),
            (price(-0.1, "EUR"), Some("from 0 to")),
            (price(0.1, &"E".repeat(17)), Some("currency")),
            (serde_json::json!({ "rules": vec![rule(numbers(10)); 1_000] }), None),
            (serde_json::json!({ "rules": vec![rule(numbers(1)); 1_001] }), Some("1000 rules")),
            (serde_json::json!({ "rules": [rule(numbers(5_000)), rule(numbers(5_001))] }), Some("10000 ids")),
            (serde_json::json!({ "rules": [rule(vec!["1".repeat(201)])] }), Some("200 characters")),
        ] {
            let read: ChannelRules = serde_json::from_value(rules).unwrap();
            assert_eq!(read.fault().is_some_and(|fault| part.is_some_and(|part| fault.contains(part))), part.is_some());
            assert_eq!(read.fault().is_some(), part.is_some(), "{:?}", read.fault());
        }
    }
}
