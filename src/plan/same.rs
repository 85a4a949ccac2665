//! The same people once more: a message that was renamed or copied reaches them again, and so does a raised revision.
//! Only what is likely is looked at: messages that are gone, and messages and revisions of one sender with one text.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::campaign::Message;
use crate::diagnostic::words::{number, plural};
use crate::diagnostic::{Code, Diagnostic};
use crate::identity::{MessageKey, Person, PersonSet, Revision};
use crate::ledger::{Ledger, MessageRecord, Standing, Standings, View};

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
    let sent = Brought { revisions: vec![(ledger.standings(gone, revision), None)], leaving: PersonSet::default() };
    let shared = planned.iter().map(|plan| (plan.key.clone(), SharedAudience::of(plan, &sent).all()));
    shared.filter(|(_, shared)| *shared > 0).max_by_key(|(_, shared)| *shared)
}

/// What another message, or an older revision, has, or may have, brought to people.
#[derive(Default)]
struct Brought<'a> {
    /// How people stand with each of its revisions; where that had other texts besides, who got the one that
    /// counts.
    revisions: Vec<(Standings<'a>, Option<PersonSet>)>,
    /// Those to whom it is handed over and has not left.
    leaving: PersonSet,
}

impl Brought<'_> {
    /// How somebody stands with it.
    fn standing(&self, person: Person) -> Option<Standing> {
        let revisions =
            self.revisions.iter().filter(|(_, people)| people.as_ref().is_none_or(|it| it.contains(&person)));
        revisions.map(|(standings, _)| standings.get(person, View::Exclusive)).max()
    }
}

/// The people to whom a plan sends what another message has, or may have, brought them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct SharedAudience {
    have: u64,
    /// They are to get it, whatever happens.
    will_have: u64,
    may_have: u64,
}

impl SharedAudience {
    /// Counts them, by how they stand with the other message.
    fn of(plan: &MessagePlan, sent: &Brought<'_>) -> Self {
        let mut shared = Self::default();
        for person in people(plan) {
            match sent.standing(person) {
                Some(Standing::Accepted) if sent.leaving.contains(&person) => shared.will_have += 1,
                Some(Standing::Accepted) => shared.have += 1,
                Some(Standing::InDoubt | Standing::InFlight) => shared.may_have += 1,
                Some(Standing::Free | Standing::Rejected(_) | Standing::Abandoned) | None => {}
            }
        }
        shared
    }

    fn all(self) -> u64 {
        self.have + self.will_have + self.may_have
    }

    fn verb(self) -> &'static str {
        match (self.have > 0, self.will_have > 0, self.may_have > 0) {
            (true, false, false) => "got",
            (false, true, false) => "still get",
            (true, true, false) => "got, or still get,",
            (_, false, true) => "got, or may have got,",
            (_, true, true) => "got, may have got, or still get,",
            (false, false, false) => "did not get",
        }
    }
}

fn people(plan: &MessagePlan) -> impl Iterator<Item = Person> {
    plan.bulks.iter().chain(&plan.later).flat_map(|bulk| &bulk.recipients).map(|recipient| recipient.person)
}

/// Warns of messages whose people have the same text from another message or from an older revision, or get it from
/// another message of this plan; each is held against the one of each kind with which it shares the most. Messages in
/// `gone` are told of elsewhere.
#[must_use]
pub(super) fn warnings(
    messages: &[&Message],
    planned: &[MessagePlan],
    ledger: Option<&Ledger>,
    gone: &[MessageKey],
    now: Timestamp,
) -> Vec<(MessageKey, Diagnostic)> {
    let mut alike: BTreeMap<(&str, &str), Vec<(&Message, &MessagePlan)>> = BTreeMap::new();
    for (message, plan) in messages.iter().zip(planned).filter(|(_, plan)| people(plan).next().is_some()) {
        alike.entry((plan.sender.as_str(), &plan.template)).or_default().push((message, plan));
    }
    alike.into_values().flat_map(|group| among(&group, ledger, gone, now)).collect()
}

/// Warns among messages of one sender and with one text.
fn among(
    group: &[(&Message, &MessagePlan)],
    ledger: Option<&Ledger>,
    gone: &[MessageKey],
    now: Timestamp,
) -> Vec<(MessageKey, Diagnostic)> {
    let mut earlier: Vec<(&MessageKey, PersonSet)> = Vec::new();
    let mut found = Vec::new();
    for (at, (message, plan)) in group.iter().enumerate() {
        let key = &plan.key;
        let whole = plural(people(plan).count() as u64, "person");
        let alike = ledger.map(|ledger| sent(plan, ledger, gone, now)).unwrap_or_default();
        let sent = [alike.by_another, alike.by_an_older].into_iter().flatten().map(|(other, shared)| {
            let (all, verb) = (number(shared.all()), shared.verb());
            (format!("{all} of {whole} of `{key}` {verb} the same text from {}", other.words()), other.help())
        });
        let both =
            earlier.iter().map(|(other, set)| (other, people(plan).filter(|it| set.contains(it)).count() as u64));
        let both = both.filter(|(_, shared)| *shared > 0).max_by_key(|(_, shared)| *shared).map(|(other, shared)| {
            let verb = if shared == 1 { "gets" } else { "get" };
            let bound = if plan.at_most { "at most " } else { "" };
            let text =
                format!("{bound}{} of {whole} of `{key}` {verb} the same text from `{other}` too", number(shared));
            (text, Other::Message((*other).clone()).help())
        });
        found.extend(sent.chain(both).map(|(text, help)| {
            (key.clone(), Diagnostic::warning(Code::SameText, text, message.place.clone()).help(help))
        }));
        if at + 1 < group.len() {
            earlier.push((key, people(plan).collect()));
        }
    }
    found
}

/// Where people have a text from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Message(MessageKey),
    /// An older revision of the message.
    Revision(Revision),
}

impl Other {
    fn words(&self) -> String {
        match self {
            Self::Message(key) => format!("`{key}`"),
            Self::Revision(revision) => format!("its revision {revision}"),
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Message(_) => {
                "if nobody should get it twice, take one of the two out, or give them other audiences".to_owned()
            }
            Self::Revision(revision) => {
                format!("if nobody should get it again, write `revision: {revision}`, or another text")
            }
        }
    }
}

/// Who the people of a plan have its text from.
#[derive(Debug, Default)]
struct Alike {
    /// The other message that shares the most people.
    by_another: Option<(Other, SharedAudience)>,
    /// The older revision that does.
    by_an_older: Option<(Other, SharedAudience)>,
}

/// What of the ledger is of the same sender and with the same text. A text that it had before it was edited counts for
/// those who got it.
fn sent(plan: &MessagePlan, ledger: &Ledger, gone: &[MessageKey], now: Timestamp) -> Alike {
    let mut brought: BTreeMap<Other, Brought<'_>> = BTreeMap::new();
    for record in ledger.messages() {
        let has_text = record.text == plan.template || record.earlier.iter().any(|it| it.text == plan.template);
        if record.sender != plan.sender || !has_text || gone.contains(&record.message) {
            continue;
        }
        let other = match record.message == plan.key {
            false => Other::Message(record.message.clone()),
            true if record.revision < plan.revision => Other::Revision(record.revision),
            true => continue,
        };
        let standings = ledger.standings(&record.message, record.revision);
        let people = (!record.earlier.is_empty()).then(|| got(record, &plan.template, ledger));
        brought.entry(other).or_default().revisions.push((standings, people));
    }
    let mut alike = Alike::default();
    for (other, mut sent) in brought {
        let (key, most) = match &other {
            Other::Message(key) => (key, &mut alike.by_another),
            Other::Revision(_) => (&plan.key, &mut alike.by_an_older),
        };
        let is_of_it = |revision| match &other {
            Other::Message(_) => true,
            Other::Revision(older) => *older == revision,
        };
        let leaving = ledger.handed_over(key, now).map(|(claim, _)| claim);
        let leaving = leaving.filter(|claim| is_of_it(claim.claim().id.bulk.revision));
        sent.leaving = leaving.flat_map(|claim| claim.accepted()).collect();
        let shared = SharedAudience::of(plan, &sent);
        if shared.all() > 0 && most.as_ref().is_none_or(|(_, before)| shared.all() >= before.all()) {
            *most = Some((other, shared));
        }
    }
    alike
}

/// The people of a revision's claims that had this text.
fn got(record: &MessageRecord, text: &str, ledger: &Ledger) -> PersonSet {
    let claims = ledger.claims_of(&record.message, record.revision);
    let editions = record.editions();
    let claims = claims.filter(|claim| editions.sent_by(claim.claim()).is_some_and(|sent| sent.text == text));
    claims.flat_map(|claim| claim.claim().people.iter().copied()).collect()
}
