//! What does not match a frozen plan any more, in a form that can be told.

use jiff::Timestamp;

use crate::campaign::Message;
use crate::identity::Revision;
use crate::plan::definition::Definition;
use crate::plan::schedule_terms::{self, Term};

use super::FrozenMessage;

/// How a message, or what its people would get, differs from a frozen plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It has another revision.
    Revision {
        /// In the plan.
        planned: Revision,
        /// In the files.
        now: Revision,
    },
    /// Its sender, a term of its schedule, or an option is another one.
    Term {
        /// The name, as a user writes it.
        name: String,
        /// In the plan; `None` if it was not there.
        planned: Option<String>,
        /// In the files; `None` if it is not there any more.
        now: Option<String>,
    },
    /// Its template is another one.
    Text {
        /// In the plan.
        planned: String,
        /// In the files.
        now: String,
    },
    /// People would get something else than what was planned for them.
    Contents {
        /// How many.
        people: u64,
        /// The lines of the first of their rows.
        lines: Vec<u64>,
    },
    /// The time at which people should have got it is past.
    Expired {
        /// How many.
        people: u64,
        /// The latest of these times.
        at: Option<Timestamp>,
    },
}

/// What differs between what a message was and what it is.
#[must_use]
pub(super) fn of_definition(planned: &Definition, now: &Definition) -> Vec<Change> {
    let mut changes = Vec::new();
    if planned.revision != now.revision {
        changes.push(Change::Revision { planned: planned.revision, now: now.revision });
    }
    if planned.sender != now.sender {
        let sender = |definition: &Definition| Some(definition.sender.to_string());
        changes.push(Change::Term { name: "sender".to_owned(), planned: sender(planned), now: sender(now) });
    }
    changes.extend(of_terms(&planned.terms, &now.terms));
    changes
}

/// Why the contents of people are others: what changed in the message's options and its template.
#[must_use]
pub(super) fn of_content(planned: &FrozenMessage, message: &Message) -> Vec<Change> {
    let mut changes: Vec<Change> = of_terms(&planned.options, &schedule_terms::of_options(message)).collect();
    let now = message.content.joined();
    if planned.text != now {
        changes.push(Change::Text { planned: planned.text.clone(), now });
    }
    changes
}

/// What differs between two lists of terms.
pub(super) fn of_terms<'a>(planned: &'a [Term], now: &'a [Term]) -> impl Iterator<Item = Change> {
    schedule_terms::differing(planned, now).map(|(name, planned, now)| {
        let words = |value: Option<&str>| value.map(|value| schedule_terms::in_words(name, value));
        Change::Term { name: name.to_owned(), planned: words(planned), now: words(now) }
    })
}
