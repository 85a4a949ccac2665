//! What a ledger learned.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ledger::LedgerDelta;
use crate::report::words::{list, plural};

/// What a ledger learned.
#[derive(Clone, Copy, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeltaView {
    /// Revisions of messages whose record is new, or a later one.
    pub records: u64,
    /// Claims that are new.
    pub claims: u64,
    /// Claims that were known, and of which more is known now.
    pub outcomes: u64,
    /// People who stand otherwise, once for each revision of a message.
    pub people: u64,
}

impl From<LedgerDelta> for DeltaView {
    fn from(delta: LedgerDelta) -> Self {
        let LedgerDelta { records, claims, outcomes, people } = delta;
        Self { records: records as u64, claims: claims as u64, outcomes: outcomes as u64, people: people as u64 }
    }
}

impl DeltaView {
    /// Whether it learned nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.records + self.claims + self.outcomes + self.people == 0
    }

    /// Says what a ledger has more: `2 claims and 1 outcome (3 people)`.
    #[must_use]
    pub fn more(self) -> String {
        let counted = self.counted();
        let people = if self.people == 0 { String::new() } else { format!(" ({})", plural(self.people, "person")) };
        // A record says nothing of anybody.
        let of_people: Vec<String> = counted.iter().skip(usize::from(self.records > 0)).cloned().collect();
        if of_people.is_empty() { list(&counted) } else { format!("{}{people}", list(&of_people)) }
    }

    /// Says what a ledger learned.
    #[must_use]
    pub fn words(self) -> String {
        let counted = self.counted();
        if counted.is_empty() {
            return "nothing new".to_owned();
        }
        match self.people {
            0 => format!("{} new", list(&counted)),
            1 => format!("{} new; 1 person's standing changed", list(&counted)),
            people => format!("{} new; {}'s standing changed", list(&counted), plural(people, "person")),
        }
    }

    /// Each kind of entry that there is any of, with its number, records first.
    fn counted(self) -> Vec<String> {
        let Self { records, claims, outcomes, people: _ } = self;
        let counted = [(records, "record of a message"), (claims, "claim"), (outcomes, "outcome")];
        let counted = counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, one)| match one {
            "record of a message" if count > 1 => format!("{count} records of messages"),
            _ => plural(count, one),
        });
        counted.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_said_in_words() {
        let check = |records, claims, outcomes, people, expect: &str| {
            assert_eq!(DeltaView { records, claims, outcomes, people }.words(), expect);
        };
        check(0, 0, 0, 0, "nothing new");
        check(0, 0, 1, 1, "1 outcome new; 1 person's standing changed");
        check(2, 1200, 3, 0, "2 records of messages, 1,200 claims and 3 outcomes new");
        let more = |records, claims, outcomes, people| DeltaView { records, claims, outcomes, people }.more();
        assert_eq!(more(1, 2, 1, 3), "2 claims and 1 outcome (3 people)");
        assert_eq!(more(0, 0, 1, 0), "1 outcome");
        assert_eq!(more(1, 0, 0, 0), "1 record of a message");
    }
}
