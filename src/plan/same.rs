//! The same people under another id: a message that was renamed or copied reaches them once more. Only
//! what is likely is looked at: messages that are gone, and messages of one sender with one text.

use std::collections::BTreeMap;

use crate::campaign::Message;
use crate::diagnostic::words::{number, plural};
use crate::diagnostic::{Code, Diagnostic};
use crate::identity::{MessageKey, Person, PersonSet, Revision};
use crate::ledger::{Ledger, Standing, Standings, View};

use super::message::MessagePlan;

/// The planned message that shares the most people with one that is gone, as far as they have it or
/// may have it.
#[must_use]
pub(super) fn heir(
    gone: &MessageKey,
    revision: Revision,
    ledger: &Ledger,
    planned: &[MessagePlan],
) -> Option<(MessageKey, u64)> {
    let standings = [ledger.standings(gone, revision)];
    let shared = planned.iter().map(|plan| (plan.key.clone(), SharedAudience::of(plan, &standings).all()));
    shared.filter(|(_, shared)| *shared > 0).max_by_key(|(_, shared)| *shared)
}

/// The people to whom a plan sends what another message has, or may have, brought them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct SharedAudience {
    have: u64,
    may_have: u64,
}

impl SharedAudience {
    /// Counts them, by how they stand with revisions of the other message.
    fn of(plan: &MessagePlan, standings: &[Standings<'_>]) -> Self {
        let mut shared = Self::default();
        for person in people(plan) {
            match standings.iter().map(|standings| standings.get(person, View::Exclusive)).max() {
                Some(Standing::Accepted) => shared.have += 1,
                Some(Standing::InDoubt | Standing::InFlight) => shared.may_have += 1,
                Some(Standing::Free | Standing::Rejected(_) | Standing::Abandoned) | None => {}
            }
        }
        shared
    }

    fn all(self) -> u64 {
        self.have + self.may_have
    }
}

fn people(plan: &MessagePlan) -> impl Iterator<Item = Person> {
    plan.bulks.iter().chain(&plan.later).flat_map(|bulk| &bulk.recipients).map(|recipient| recipient.person)
}

/// Warns of messages whose people have the same text from another message, or get it from another one
/// of this plan; each is held against the one with which it shares the most. Messages in `gone` are
/// told of elsewhere.
#[must_use]
pub(super) fn warnings(
    messages: &[&Message],
    planned: &[MessagePlan],
    ledger: Option<&Ledger>,
    gone: &[MessageKey],
) -> Vec<(MessageKey, Diagnostic)> {
    let mut alike: BTreeMap<(&str, &str), Vec<(&Message, &MessagePlan)>> = BTreeMap::new();
    for (message, plan) in messages.iter().zip(planned).filter(|(_, plan)| people(plan).next().is_some()) {
        alike.entry((plan.sender.as_str(), &plan.template)).or_default().push((message, plan));
    }
    alike.into_values().flat_map(|group| among(&group, ledger, gone)).collect()
}

/// Warns among messages of one sender and with one text.
fn among(
    group: &[(&Message, &MessagePlan)],
    ledger: Option<&Ledger>,
    gone: &[MessageKey],
) -> Vec<(MessageKey, Diagnostic)> {
    let mut earlier: Vec<(&MessageKey, PersonSet)> = Vec::new();
    let mut found = Vec::new();
    for (at, (message, plan)) in group.iter().enumerate() {
        let key = &plan.key;
        let whole = plural(people(plan).count() as u64, "person");
        let sent = ledger.and_then(|ledger| sent(plan, ledger, gone)).map(|(other, shared)| {
            let verb = if shared.may_have > 0 { "got, or may have got," } else { "got" };
            format!("{} of {whole} of `{key}` {verb} the same text from `{other}`", number(shared.all()))
        });
        let both =
            earlier.iter().map(|(other, set)| (other, people(plan).filter(|it| set.contains(it)).count() as u64));
        let both = both.filter(|(_, shared)| *shared > 0).max_by_key(|(_, shared)| *shared).map(|(other, shared)| {
            let verb = if shared == 1 { "gets" } else { "get" };
            format!("{} of {whole} of `{key}` {verb} the same text from `{other}` too", number(shared))
        });
        let help = "if nobody should get it twice, take one of the two out, or give them other audiences";
        found.extend(
            sent.into_iter()
                .chain(both)
                .map(|text| (key.clone(), Diagnostic::warning(Code::SameText, text, message.place.clone()).help(help))),
        );
        if at + 1 < group.len() {
            earlier.push((key, people(plan).collect()));
        }
    }
    found
}

/// The message of the ledger, of the same sender and with the same text, that shares the most people.
fn sent(plan: &MessagePlan, ledger: &Ledger, gone: &[MessageKey]) -> Option<(MessageKey, SharedAudience)> {
    let mut alike: BTreeMap<&MessageKey, Vec<Standings<'_>>> = BTreeMap::new();
    for record in ledger.messages() {
        let is_alike = record.sender == plan.sender && record.text == plan.template;
        if is_alike && record.message != plan.key && !gone.contains(&record.message) {
            alike.entry(&record.message).or_default().push(ledger.standings(&record.message, record.revision));
        }
    }
    let shared = alike.into_iter().map(|(key, standings)| (key.clone(), SharedAudience::of(plan, &standings)));
    shared.filter(|(_, shared)| shared.all() > 0).max_by_key(|(_, shared)| shared.all())
}
