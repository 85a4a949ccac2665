//! What differs between two frozen plans of one project: the one that was reviewed, and the one that was made of what
//! came together since.

use std::collections::BTreeSet;

use crate::identity::{ContentDigest, MessageKey, Person};
use crate::plan::digest::MessageDigest;

use super::change::{self, Change};
use super::{Frozen, FrozenMessage};

/// How many people of a group are named.
const PEOPLE_NAMED_MAX: usize = 5;

/// What differs between two frozen plans; nothing, if both have the same digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDifference {
    /// The gateways, if they are two: the reviewed plan's first.
    pub gateways: Option<(String, String)>,
    /// Whether people and contents were made with different keys, so that nobody can be compared.
    pub has_other_key: bool,
    /// The messages that differ, in the order of their ids.
    pub messages: Vec<MessageDifference>,
}

/// What differs in one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDifference {
    /// The message.
    pub key: MessageKey,
    /// Which of the plans has it.
    pub presence: Presence,
    /// What differs in it: its definition, and of what explains other contents its options and its text.
    pub changes: Vec<Change>,
    /// Who is in the newer plan only.
    pub more: PeopleNamed,
    /// Who is in the reviewed plan only.
    pub fewer: PeopleNamed,
    /// Who is in both, and would get another content.
    pub others: PeopleNamed,
}

/// Which of two plans has a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Both.
    Both,
    /// The reviewed one only.
    Reviewed,
    /// The newer one only.
    Newer,
    /// Neither as one that is selected, or one of them only: who gets it is not said, but it is not the same.
    NotSelected,
}

/// Some people, by their fingerprints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleNamed {
    /// How many they are.
    pub count: u64,
    /// The first few of them, in ascending order.
    pub first: Vec<Person>,
}

impl PeopleNamed {
    fn add(&mut self, person: Person) {
        self.count += 1;
        if self.first.len() < PEOPLE_NAMED_MAX {
            self.first.push(person);
        }
    }

    fn of(message: &FrozenMessage) -> Self {
        let mut named = Self::default();
        message.people.iter().for_each(|(person, _)| named.add(*person));
        named
    }
}

impl PlanDifference {
    /// Whether both have the same digest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { gateways, has_other_key, messages } = self;
        gateways.is_none() && !has_other_key && messages.is_empty()
    }
}

impl Frozen {
    /// What differs between this plan, which was reviewed, and a newer one of the same project.
    #[must_use]
    pub fn difference(&self, newer: &Self) -> PlanDifference {
        let keys: BTreeSet<&MessageKey> = self.keys_of_all().chain(newer.keys_of_all()).collect();
        PlanDifference {
            gateways: (self.gateway != newer.gateway).then(|| (self.gateway.clone(), newer.gateway.clone())),
            has_other_key: self.digest != newer.digest && self.keys.first() != newer.keys.first(),
            messages: keys.into_iter().filter_map(|key| of_message(self, newer, key)).collect(),
        }
    }

    fn keys_of_all(&self) -> impl Iterator<Item = &MessageKey> {
        self.messages().chain(self.others.iter().map(|(key, _)| key))
    }

    fn not_selected(&self, key: &MessageKey) -> Option<MessageDigest> {
        self.others.iter().find(|(other, _)| other == key).map(|(_, digest)| *digest)
    }
}

/// What differs in a message; `None` if nothing does that counts.
fn of_message(reviewed: &Frozen, newer: &Frozen, key: &MessageKey) -> Option<MessageDifference> {
    let of = |presence| MessageDifference {
        key: key.clone(),
        presence,
        changes: Vec::new(),
        more: PeopleNamed::default(),
        fewer: PeopleNamed::default(),
        others: PeopleNamed::default(),
    };
    let text = |planned: &str, now: &str| Change::Text { planned: planned.to_owned(), now: now.to_owned() };
    match (reviewed.message(key), newer.message(key)) {
        (Some(before), Some(now)) => {
            let (more, fewer, others) = of_people(&before.people, &now.people);
            let mut changes = change::of_definition(&before.definition, &now.definition);
            if others.count > 0 {
                changes.extend(change::of_terms(&before.options, &now.options));
                changes.extend((before.text != now.text).then(|| text(&before.text, &now.text)));
            }
            let is_same = changes.is_empty() && more.count + fewer.count + others.count == 0;
            (!is_same).then(|| MessageDifference { changes, more, fewer, others, ..of(Presence::Both) })
        }
        (None, None) => (reviewed.not_selected(key) != newer.not_selected(key)).then(|| of(Presence::NotSelected)),
        (Some(_), None) if newer.not_selected(key).is_some() => Some(of(Presence::NotSelected)),
        (None, Some(_)) if reviewed.not_selected(key).is_some() => Some(of(Presence::NotSelected)),
        (Some(before), None) => {
            let changes = vec![text(&before.text, "")];
            Some(MessageDifference { changes, fewer: PeopleNamed::of(before), ..of(Presence::Reviewed) })
        }
        (None, Some(now)) => {
            let changes = vec![text("", &now.text)];
            Some(MessageDifference { changes, more: PeopleNamed::of(now), ..of(Presence::Newer) })
        }
    }
}

/// Who is only in the second list, who only in the first, and who gets another content; both in ascending order.
fn of_people(before: &People, now: &People) -> (PeopleNamed, PeopleNamed, PeopleNamed) {
    let (mut more, mut fewer, mut others) = (PeopleNamed::default(), PeopleNamed::default(), PeopleNamed::default());
    for (person, content) in now {
        match content_of(before, *person) {
            None => more.add(*person),
            Some(before) if before != *content => others.add(*person),
            Some(_) => {}
        }
    }
    before.iter().filter(|(person, _)| content_of(now, *person).is_none()).for_each(|(person, _)| fewer.add(*person));
    (more, fewer, others)
}

type People = [(Person, ContentDigest)];

fn content_of(people: &People, person: Person) -> Option<ContentDigest> {
    let at = people.binary_search_by_key(&person, |(other, _)| *other).ok()?;
    people.get(at).map(|(_, content)| *content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::fixture::Fixture;

    const SALE: &str = "\
campaign: sale
audiences:
  all: { csv: people.csv, columns: { to: id } }
messages:
  - id: announce
    sender: shop
    audience: all
    content: { type: TEXT, text: 'Hi {{ name }}!' }
";

    fn frozen(campaign: &str, people: &[(u64, &str)]) -> Frozen {
        let rows: String = people.iter().map(|(number, name)| format!("178414000000{number:05},{name}\n")).collect();
        Fixture::new(campaign).file("people.csv", &format!("id,name\n{rows}")).freeze()
    }

    const THREE: [(u64, &str); 3] = [(1, "Ana"), (2, "Luka"), (3, "Iva")];

    fn counts(difference: &MessageDifference) -> [u64; 3] {
        [difference.more.count, difference.fewer.count, difference.others.count]
    }

    #[test]
    fn people_are_told_apart_by_what_became_of_them() {
        let reviewed = frozen(SALE, &THREE);
        let newer = frozen(SALE, &[(1, "Ana"), (2, "Luka P."), (4, "Zoe"), (5, "Ivo")]);
        let difference = reviewed.difference(&newer);
        let [message] = difference.messages.as_slice() else { panic!("{difference:?}") };
        assert_eq!(
            (counts(message), message.presence, message.changes.as_slice()),
            ([2, 1, 1], Presence::Both, &[][..])
        );
        assert_eq!(message.more.first.len(), 2);
        assert!(reviewed.difference(&reviewed).is_empty());
    }

    #[test]
    fn a_text_is_shown_where_people_would_get_another_one() {
        let text = |text: &str| SALE.replace("Hi {{ name }}!", text);
        let reviewed = frozen(SALE, &THREE);
        let changes = |newer: &Frozen| reviewed.difference(newer).messages.remove(0);
        let edited = changes(&frozen(&text("Hello {{ name }}!"), &THREE));
        let now = Change::Text { planned: "Hi {{ name }}!".to_owned(), now: "Hello {{ name }}!".to_owned() };
        assert_eq!((counts(&edited), edited.changes), ([0, 0, 3], vec![now]));
        // Written otherwise, and the same for everybody.
        assert!(reviewed.difference(&frozen(&text("{{ \"Hi \" ~ name }}!"), &THREE)).is_empty());
        let raised = changes(&frozen(&SALE.replace("    sender", "    revision: 2\n    sender"), &THREE));
        assert!(matches!(raised.changes[0], Change::Revision { .. }), "{raised:?}");
    }

    #[test]
    fn a_message_that_one_plan_lacks_is_named_with_its_people() {
        let both = SALE.to_owned() + &SALE.split_once("messages:\n").unwrap().1.replace("announce", "remind");
        let (one, two) = (frozen(SALE, &THREE), frozen(&both, &THREE));
        let of = |difference: PlanDifference| {
            let message = &difference.messages[0];
            (difference.messages.len(), message.key.to_string(), message.presence, counts(message))
        };
        let remind = || "sale.remind".to_owned();
        assert_eq!(of(one.difference(&two)), (1, remind(), Presence::Newer, [3, 0, 0]));
        assert_eq!(of(two.difference(&one)), (1, remind(), Presence::Reviewed, [0, 3, 0]));
        let mut fixture = Fixture::new(&both).file("people.csv", "id,name\n17841400000000001,Ana\n");
        fixture.selection.add("sale.announce").unwrap();
        let selected = fixture.freeze();
        let mut names: Vec<_> =
            two.difference(&selected).messages.into_iter().map(|message| message.presence).collect();
        assert_eq!(names, [Presence::Both, Presence::NotSelected]);
        names = selected.difference(&one).messages.into_iter().map(|message| message.presence).collect();
        assert_eq!(names, [Presence::Both, Presence::NotSelected]);
    }

    #[test]
    fn plans_of_two_gateways_or_keys_are_told_so() {
        let reviewed = frozen(SALE, &THREE);
        let mut newer = frozen(SALE, &THREE[..2]);
        newer.gateway = "elsewhere".to_owned();
        newer.keys.clear();
        let difference = reviewed.difference(&newer);
        assert_eq!(difference.gateways, Some(("sandbox".to_owned(), "elsewhere".to_owned())));
        assert!(difference.has_other_key);
    }

    proptest! {
        /// What is said to be the same has the same digest, and every difference is found.
        #[test]
        fn nothing_differs_where_the_digests_are_the_same(one in people(), other in people()) {
            let name = |(number, is_long): (&u64, &bool)| (*number, if *is_long { "Ana Marija" } else { "Ana" });
            let [one, other] = [one, other].map(|all| frozen(SALE, &all.iter().map(name).collect::<Vec<_>>()));
            let difference = one.difference(&other);
            prop_assert_eq!(difference.is_empty(), one.digest == other.digest);
            let counted = difference.messages.first().map_or([0, 0, 0], counts);
            let of = |frozen: &Frozen| frozen.message(&MessageKey::parse("sale.announce").unwrap()).unwrap().people.clone();
            let (before, now): (BTreeSet<_>, BTreeSet<_>) = (of(&one).into_iter().collect(), of(&other).into_iter().collect());
            // Somebody with another content is in either set only as a pair.
            let gone = before.difference(&now).count() as u64;
            let new = now.difference(&before).count() as u64;
            prop_assert_eq!([counted[0] + counted[2], counted[1] + counted[2]], [new, gone]);
        }
    }

    fn people() -> impl Strategy<Value = std::collections::BTreeMap<u64, bool>> {
        proptest::collection::btree_map(1_u64..9, any::<bool>(), 1..7)
    }
}
