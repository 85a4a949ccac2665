//! How far a ledger has come in time.

use jiff::Timestamp;

use super::book::Ledger;

impl Ledger {
    /// When the newest of all that is written here was written, by the clock of its run.
    #[must_use]
    pub fn newest_record(&self) -> Option<Timestamp> {
        let of_claims = self.entries.iter().flat_map(|entry| {
            let settled = entry.settled.iter().map(|settled| settled.at);
            let notes = entry.notes.iter().map(|note| note.at);
            std::iter::once(entry.claim.at).chain(settled).chain(notes)
        });
        let of_messages = self.records.values().map(|entry| entry.record.at);
        let of_runs = self.runs.values().map(|closing| closing.at);
        of_claims.chain(of_messages).chain(of_runs).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{self, at};
    use crate::ledger::{Outcome, PersonState};

    #[test]
    fn whatever_was_written_last_is_the_newest() {
        let mut ledger = Ledger::new(sample::header());
        assert_eq!(ledger.newest_record(), None);
        let claim = sample::claim("announce", &[1], 1, 1);
        ledger.add_claim(claim.clone()).unwrap();
        assert_eq!(ledger.newest_record(), Some(claim.at));
        ledger.add_outcome(Outcome { at: at(90), ..sample::outcome(&claim, PersonState::Claimed, &[]) }).unwrap();
        assert_eq!(ledger.newest_record(), Some(at(90)));
        let word =
            Outcome { at: at(120), by: Some("ana".to_owned()), ..sample::outcome(&claim, PersonState::Accepted, &[]) };
        ledger.add_outcome(word).unwrap();
        assert_eq!(ledger.newest_record(), Some(at(120)));
        ledger.add_message(sample::record("announce", "Hi", 500));
        assert_eq!(ledger.newest_record(), Some(at(500)));
    }
}
