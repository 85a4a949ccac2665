//! What became of a frozen plan's people.

use crate::campaign::Message;
use crate::ledger::{Ledger, Standing, View};
use crate::plan::definition::Definition;
use crate::plan::gate::{Counts, Gate};

use super::change::{self, Change};
use super::{Frozen, FrozenMessage};

/// What became of the people that a frozen plan has for one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// How many there are.
    pub people: u64,
    /// Those who are not sent to any more.
    pub fallen: Dropped,
    /// What does not match any more; nothing is sent if anything is here.
    pub changes: Vec<Change>,
}

/// People of a frozen plan who are not sent to any more, by what stops them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// How many end at each gate.
    pub counts: Counts,
    /// How many are not in the audience any more.
    pub gone: u64,
}

impl Dropped {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.total() + self.gone
    }
}

impl Comparison {
    /// Holds a message against its plan, as far as that needs no rows; `None` if the plan has not
    /// got it. Of a message that nobody of is still to be sent, a change is no matter.
    #[must_use]
    pub(in crate::plan) fn of(frozen: &Frozen, message: &Message, ledger: Option<&Ledger>, view: View) -> Option<Self> {
        let planned = frozen.message(&message.key)?;
        let mut changes = change::of_definition(&planned.definition, &Definition::of(message));
        if !changes.is_empty() && frozen.unclaimed(planned, ledger, view) == 0 {
            changes.clear();
        }
        Some(Self { people: planned.people.len() as u64, fallen: Dropped::default(), changes })
    }

    /// Takes what came of the rows: who fell, whose content is another one, and whose time is past.
    pub(in crate::plan) fn finish(
        &mut self,
        frozen: &Frozen,
        message: &Message,
        mut fallen: Dropped,
        counts: &Counts,
        unfit: impl IntoIterator<Item = Change>,
    ) {
        if !self.changes.is_empty() {
            // It is not the message that was planned, so nobody was looked for.
            return;
        }
        // These gates stop only those whom the plan let through.
        for gate in [Gate::TooEarly, Gate::WindowClosed, Gate::WouldExpire] {
            fallen.counts.put(gate, counts.get(gate));
        }
        self.fallen = fallen;
        self.changes.extend(unfit);
        if self.changes.iter().any(|change| matches!(change, Change::Contents { .. })) {
            let why = frozen.message(&message.key).map(|planned| change::of_content(planned, message));
            self.changes.splice(0..0, why.unwrap_or_default());
        }
    }
}

impl Frozen {
    /// How many people of a message nothing is known of, so that they would still be sent to.
    pub(super) fn unclaimed(&self, message: &FrozenMessage, ledger: Option<&Ledger>, view: View) -> u64 {
        let definition = &message.definition;
        let Some(ledger) = ledger else { return message.people.len() as u64 };
        let standings = ledger.standings(&definition.key, definition.revision);
        let retried = self.retry_rejected.contains(&definition.key);
        let open = |standing| match standing {
            Standing::Free => true,
            Standing::Rejected(_) => retried,
            Standing::Abandoned | Standing::InFlight | Standing::InDoubt | Standing::Accepted => false,
        };
        message.people.iter().filter(|(person, _)| open(standings.get(*person, view))).count() as u64
    }
}
