//! What was done to the sandbox from outside, besides requests, and when: the channel's rules and what people
//! wrote. With the requests and the time this is all that the lives of its messages depend on.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::parts::Parts;
use super::rules::{ChannelRules, Contact};
use super::status::Ending;

/// How long a business may write to a person who wrote to it.
pub const CONVERSATION: SignedDuration = SignedDuration::from_hours(24);

/// Rules, and from when on they hold.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesEntry {
    /// From this instant on.
    pub at: Timestamp,
    /// The last bulk that was accepted before: what leaves of it at that instant was seen before, and stays.
    pub after_bulk: i64,
    /// The rules.
    pub rules: ChannelRules,
}

/// What a person does to a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonAct {
    /// They write to it.
    Writes,
    /// They block it, until they write again.
    Blocks,
}

/// What a person did to a business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// When.
    pub at: Timestamp,
    /// The last bulk that was accepted before: what leaves of it at that instant was seen before.
    pub after_bulk: i64,
    /// The business's sender.
    pub sender: String,
    /// The person.
    pub person: String,
    /// What.
    pub act: PersonAct,
}

/// What was said of how a message is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldOutcome {
    /// From this instant on.
    pub at: Timestamp,
    /// The last bulk for whose messages it holds.
    pub after_bulk: i64,
    /// How it ends.
    pub ending: Ending,
}

/// How a person stands to a sender now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversation<'a> {
    /// The sender.
    pub sender: &'a str,
    /// The person.
    pub person: &'a str,
    /// When they wrote last; absent if they never did.
    pub last_message_at: Option<Timestamp>,
    /// Since when they block it; absent if they do not.
    pub blocked_at: Option<Timestamp>,
}

impl<'a> Conversation<'a> {
    /// What comes of all that a person did.
    fn new((sender, person): (&'a str, &'a str), acts: &Acts) -> Self {
        let writes = |(.., act): &&(Timestamp, i64, PersonAct)| *act == PersonAct::Writes;
        // Who blocks again what they block already has done so since the first time.
        let blocks = acts.iter().rev().take_while(|act| !writes(act)).last();
        let last_message_at = acts.iter().rev().find(writes).map(|(at, ..)| *at);
        Self { sender, person, last_message_at, blocked_at: blocks.map(|(at, ..)| *at) }
    }
}

/// How much all rules that ever held may take together, in bytes of memory: they are kept as long as the bulks are.
const RULES_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a person did, and after which bulk, in the order of time.
type Acts = Vec<(Timestamp, i64, PersonAct)>;

/// All inputs, in the order of time. Clones share what they have in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inputs {
    rules: Vec<KeptRules>,
    /// About how much the rules take, in bytes of memory.
    rules_bytes: usize,
    /// By person, then by sender.
    inbound: Parts<HashMap<String, HashMap<String, Acts>>>,
    outcomes: Parts<HashMap<String, Vec<ToldOutcome>>>,
    usual: ChannelRules,
}

/// Rules as they are kept: those that come again are the same.
#[derive(Debug, Clone, PartialEq)]
struct KeptRules {
    at: Timestamp,
    after_bulk: i64,
    rules: Arc<ChannelRules>,
}

impl Inputs {
    /// Adds rules that hold from now on.
    pub fn add_rules(&mut self, entry: RulesEntry) {
        let RulesEntry { at, after_bulk, rules } = entry;
        self.rules_bytes += self.added_bytes(&rules);
        let rules = self.known(&rules).map_or_else(|| Arc::new(rules), Arc::clone);
        self.rules.push(KeptRules { at, after_bulk, rules });
    }

    /// Whether these rules can be kept besides all that are.
    #[must_use]
    pub fn has_room_for(&self, rules: &ChannelRules) -> bool {
        self.rules_bytes.saturating_add(self.added_bytes(rules)) <= RULES_BYTES_MAX
    }

    /// How much more is kept with these rules, in bytes of memory.
    fn added_bytes(&self, rules: &ChannelRules) -> usize {
        size_of::<KeptRules>() + if self.known(rules).is_some() { 0 } else { rules.bytes() }
    }

    /// The same rules as these, if they held before.
    fn known(&self, rules: &ChannelRules) -> Option<&Arc<ChannelRules>> {
        self.rules.iter().map(|kept| &kept.rules).find(|kept| ***kept == *rules)
    }

    /// Adds what a person did.
    pub fn add_inbound(&mut self, message: InboundMessage) {
        let InboundMessage { at, after_bulk, sender, person, act } = message;
        let key = person.clone();
        self.inbound.change(&key, |people| {
            people.entry(person).or_default().entry(sender).or_default().push((at, after_bulk, act));
        });
    }

    /// Adds what was said of how a message ends.
    pub fn add_outcome(&mut self, message_id: String, outcome: ToldOutcome) {
        let key = message_id.clone();
        self.outcomes.change(&key, |told| told.entry(message_id).or_default().push(outcome));
    }

    /// What was said of how a message of a bulk ends, in the order of time.
    pub fn outcomes(&self, message_id: &str, bulk: i64) -> impl Iterator<Item = ToldOutcome> {
        let told = self.outcomes.of(message_id).and_then(|told| told.get(message_id));
        told.into_iter().flatten().copied().filter(move |told| bulk <= told.after_bulk)
    }

    /// How all stand to a sender who have written to it or blocked it, in the order of the names of senders and people.
    #[must_use]
    pub fn conversations(&self) -> Vec<Conversation<'_>> {
        let people = self.inbound.iter().flatten();
        let mut all: Vec<_> = people
            .flat_map(|(person, senders)| {
                senders.iter().map(move |(sender, acts)| Conversation::new((sender, person), acts))
            })
            .collect();
        all.sort_unstable_by_key(|it| (it.sender, it.person));
        all
    }

    /// The rules that hold last.
    #[must_use]
    pub fn latest_rules(&self) -> &ChannelRules {
        self.rules.last().map_or(&self.usual, |kept| &kept.rules)
    }

    /// The rules for what happens at an instant to a message of a bulk.
    #[must_use]
    pub fn rules(&self, instant: Timestamp, bulk: i64) -> &ChannelRules {
        let is_before = |kept: &KeptRules| kept.at < instant || (kept.at == instant && kept.after_bulk < bulk);
        let kept = self.rules.iter().rev().find(|kept| is_before(kept));
        kept.map_or(&self.usual, |kept| &kept.rules)
    }

    /// How a person stands to a sender at an instant, for a message of a bulk.
    #[must_use]
    pub fn contact(&self, (sender, person): (&str, &str), instant: Timestamp, bulk: i64) -> Contact {
        let senders = self.inbound.of(person).and_then(|people| people.get(person));
        let Some(acts) = senders.and_then(|senders| senders.get(sender)) else { return Contact::default() };
        // What leaves at the instant of an act, of a bulk that was there before it, was seen to leave without it.
        let is_before = |(at, after_bulk, _): &&(_, i64, _)| *at < instant || (*at == instant && *after_bulk < bulk);
        let mut before = acts.iter().rev().filter(is_before);
        let last_text = before.clone().find(|(.., act)| *act == PersonAct::Writes);
        let last = before.next();
        Contact {
            has_conversation: last_text.is_some_and(|(at, ..)| instant.duration_since(*at) < CONVERSATION),
            has_blocked: last.is_some_and(|(.., act)| *act == PersonAct::Blocks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn rules_hold_from_their_instant_on_and_never_before() {
        let mut inputs = Inputs::default();
        let entry = |second, after_bulk, seed| {
            let rules = ChannelRules { seed, ..ChannelRules::default() };
            RulesEntry { at: at(second), after_bulk, rules }
        };
        inputs.add_rules(entry(10, 3, 1));
        inputs.add_rules(entry(20, 7, 2));
        inputs.add_rules(entry(20, 8, 3));
        let seed = |second, bulk| inputs.rules(at(second), bulk).seed;
        assert_eq!([seed(9, 9), seed(10, 3), seed(10, 4), seed(19, 1), seed(21, 1)], [0, 0, 1, 1, 3]);
        assert_eq!([seed(20, 7), seed(20, 8), seed(20, 9)], [1, 2, 3]);
        assert_eq!(inputs.latest_rules().seed, 3);
    }

    #[test]
    fn rules_are_kept_as_long_as_there_is_room_and_once_only() {
        let rules = |seed: u64| -> ChannelRules {
            let ids: Vec<_> = (0..10_000_u64).map(|id| format!("1784140000{:07}", seed + id)).collect();
            let rule = serde_json::json!({ "outcome": "unknownPerson", "ids": ids });
            serde_json::from_value(serde_json::json!({ "seed": seed, "rules": [rule] })).unwrap()
        };
        let mut inputs = Inputs::default();
        let mut kept = 0;
        while inputs.has_room_for(&rules(kept)) {
            inputs.add_rules(RulesEntry { at: at(1), after_bulk: 0, rules: rules(kept) });
            kept += 1;
        }
        assert!((20..100).contains(&kept), "{kept} were kept");
        // What held before takes no room again, and a clone is not another one.
        let known = rules(0);
        assert!(inputs.has_room_for(&known) && !inputs.has_room_for(&rules(kept)));
        let mut clone = inputs.clone();
        clone.add_rules(RulesEntry { at: at(2), after_bulk: 0, rules: known });
        assert!(std::ptr::eq(clone.latest_rules(), &*inputs.rules[0].rules));
    }

    #[test]
    fn a_conversation_is_open_for_24_hours() {
        let mut inputs = Inputs::default();
        for second in [100, 200] {
            inputs.add_inbound(did(second, 0, PersonAct::Writes));
        }
        let open = |second| inputs.contact(("shop", "1"), at(second), 1).has_conversation;
        assert_eq!([open(99), open(100), open(200 + 86_399), open(200 + 86_400)], [false, true, true, false]);
        // What left at that instant had left before they wrote.
        assert!(!inputs.contact(("shop", "1"), at(100), 0).has_conversation);
        let other = |pair| inputs.contact(pair, at(100), 1);
        assert_eq!([other(("shop", "2")), other(("other", "1"))], [Contact::default(); 2]);
    }

    #[test]
    fn a_conversation_tells_since_when_it_is_blocked_until_they_write_again() {
        let mut inputs = Inputs::default();
        let mut then = |second, act| {
            inputs.add_inbound(did(second, 0, act));
            let all = inputs.conversations();
            assert_eq!(all.iter().map(|it| (it.sender, it.person)).collect::<Vec<_>>(), [("shop", "1")]);
            let second = |at: Option<Timestamp>| at.map(Timestamp::as_second);
            all.first().map(|it| (second(it.last_message_at), second(it.blocked_at))).unwrap()
        };
        assert_eq!(then(100, PersonAct::Blocks), (None, Some(100)));
        assert_eq!(then(200, PersonAct::Blocks), (None, Some(100)));
        assert_eq!(then(300, PersonAct::Writes), (Some(300), None));
        assert_eq!(then(400, PersonAct::Blocks), (Some(300), Some(400)));
    }

    #[test]
    fn who_has_blocked_is_not_reached_until_they_write_again() {
        let mut inputs = Inputs::default();
        inputs.add_inbound(did(100, 0, PersonAct::Writes));
        inputs.add_inbound(did(200, 5, PersonAct::Blocks));
        inputs.add_inbound(did(300, 9, PersonAct::Writes));
        let contact = |second, bulk| inputs.contact(("shop", "1"), at(second), bulk);
        let blocked = |second, bulk| contact(second, bulk).has_blocked;
        // What left at that instant had left before.
        assert_eq!([blocked(199, 9), blocked(200, 5), blocked(200, 6), blocked(201, 1)], [false, false, true, true]);
        assert_eq!([blocked(300, 9), blocked(300, 10), blocked(301, 1)], [true, false, false]);
        assert!(contact(250, 1).has_conversation);
    }

    fn did(second: i64, after_bulk: i64, act: PersonAct) -> InboundMessage {
        InboundMessage { at: at(second), after_bulk, sender: "shop".to_owned(), person: "1".to_owned(), act }
    }
}
