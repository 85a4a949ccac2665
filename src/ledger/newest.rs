//! How far a ledger has come in time.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::book::Ledger;

impl Ledger {
    /// How far what may have been sent has come, by the clock of its runs: the newest of those claims, of what their runs
    /// wrote of them, and of the records of their messages. What people said later, how runs ended, and what was surely
    /// not sent are of any time: whoever writes them need not go by the clock by which is sent.
    #[must_use]
    pub fn newest_claim(&self) -> Option<Timestamp> {
        let claims = || self.entries.iter().filter(|entry| !entry.is_refused());
        let of_claims = claims().flat_map(|entry| {
            let settled = entry.settled.iter().map(|settled| settled.at);
            std::iter::once(entry.claim.at).chain(settled)
        });
        let claimed: BTreeSet<_> =
            claims().map(|entry| &entry.claim.id.bulk).map(|bulk| (&bulk.message, bulk.revision)).collect();
        let records = self.records.values().map(|entry| &entry.record);
        let of_messages = records.filter(|record| claimed.contains(&(&record.message, record.revision)));
        of_claims.chain(of_messages.map(|record| record.at)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{self, at};
    use crate::ledger::{Outcome, PersonState, RunId};

    #[test]
    fn what_may_have_been_sent_is_as_new_as_its_claim_its_outcome_and_its_record() {
        let mut ledger = Ledger::new(sample::header());
        let claim = sample::claim("announce", &[1], 1, 1);
        ledger.add_claim(claim.clone()).unwrap();
        assert_eq!(ledger.newest_claim(), Some(claim.at));
        ledger.add_outcome(Outcome { at: at(90), ..sample::outcome(&claim, PersonState::Claimed, &[]) }).unwrap();
        assert_eq!(ledger.newest_claim(), Some(at(90)));
        ledger.add_message(sample::record("announce", "Hi", 500));
        assert_eq!(ledger.newest_claim(), Some(at(500)));
    }

    #[test]
    fn what_was_surely_not_sent_and_what_is_no_claim_makes_no_ledger_newer() {
        let mut ledger = Ledger::new(sample::header());
        ledger.add_message(sample::record("announce", "Hi", 500));
        ledger.close(RunId(7), 1, BTreeSet::new(), BTreeSet::new(), at(600));
        assert_eq!(ledger.newest_claim(), None, "nothing is claimed");
        let refused = sample::claim("announce", &[1], 1, 1);
        ledger.add_claim(refused.clone()).unwrap();
        ledger.add_outcome(sample::outcome(&refused, PersonState::Refused, &[])).unwrap();
        assert_eq!(ledger.newest_claim(), None, "nothing was sent");
        let doubt = sample::claim("other", &[2], 2, 1);
        ledger.add_claim(doubt.clone()).unwrap();
        let by = Some("ana".to_owned());
        ledger.add_outcome(Outcome { at: at(700), by, ..sample::outcome(&doubt, PersonState::Accepted, &[]) }).unwrap();
        assert_eq!(
            ledger.newest_claim(),
            Some(doubt.at),
            "a word is of any time, and so is the record of another message"
        );
    }
}
