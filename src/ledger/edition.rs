//! What a message was, edit by edit: its record says what it is, and what it was before. A claim was made
//! of the edition that held at its time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::line::{Claim, Edition, MessageRecord, RunId, Terms};
use crate::timing;

/// What the people of a claim were sent, as far as the ledger tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SentEdition<'a> {
    /// Since when it was so; absent if the claim is older than all that is known.
    pub since: Option<Timestamp>,
    /// The source of the template: of what is older than all that is known the oldest that is.
    pub text: &'a str,
    /// The schedule and the options; absent if nobody knows them.
    pub values: Option<&'a BTreeMap<String, String>>,
}

impl MessageRecord {
    /// The zone of its schedule, if one is everybody's and somebody wrote it down.
    #[must_use]
    pub fn zone(&self) -> Option<TimeZone> {
        timing::zone(self.terms.as_ref()?.values.get("timeZone")?)
    }

    /// What was sent by a claim; `None` if the claim was written down afterwards, so that nobody knows.
    #[must_use]
    pub fn sent_by(&self, claim: &Claim) -> Option<SentEdition<'_>> {
        (!claim.is_recovered).then(|| self.edition_of(claim))
    }

    fn edition_of(&self, claim: &Claim) -> SentEdition<'_> {
        let is_of = |since: Timestamp, after: &BTreeSet<RunId>| since <= claim.at && !after.contains(&claim.id.run);
        let own = self.terms.as_ref().filter(|terms| is_of(terms.since, &terms.after));
        if let Some(Terms { since, values, .. }) = own {
            return SentEdition { since: Some(*since), text: &self.text, values: Some(values) };
        }
        // Of two that began at one instant the later one is after more runs.
        let known = self.earlier.iter().filter(|edition| is_of(edition.since, &edition.after));
        let known = known.max_by_key(|edition| (edition.since, edition.after.len()));
        let oldest = self.earlier.first().map_or(&self.text, |edition| &edition.text);
        known.map_or(
            SentEdition { since: None, text: oldest, values: None },
            |Edition { since, text, values, .. }| SentEdition { since: Some(*since), text, values: values.as_ref() },
        )
    }

    /// What the message was before it becomes another: all earlier editions, and what it is now.
    #[must_use]
    pub fn earlier_than(&self, text: &str, terms: &Terms) -> BTreeSet<Edition> {
        let is_same = self.text == text && self.terms.as_ref().is_none_or(|mine| mine == terms);
        // A record without terms is as old as all that was sent before it was written.
        let unwritten = || Edition { since: self.at, after: BTreeSet::new(), text: self.text.clone(), values: None };
        let own = (!is_same).then(|| self.edition().unwrap_or_else(unwritten));
        self.earlier.iter().cloned().chain(own).collect()
    }

    /// Takes the editions that another record of the same revision has.
    pub(super) fn keep_editions(&mut self, other: &Self) {
        let is_news = |edition: &Edition| !self.is(edition) && !self.earlier.contains(edition);
        let own = other.edition();
        let news: Vec<Edition> = other.earlier.iter().chain(&own).filter(|it| is_news(it)).cloned().collect();
        self.earlier.extend(news);
    }

    /// An edition is either what it is, or an earlier one.
    pub(super) fn normalized(mut self) -> Self {
        if let Some(own) = self.edition().filter(|_| !self.earlier.is_empty()) {
            self.earlier.remove(&own);
        }
        self
    }

    /// The edition that it is; `None` if an older version of sendform wrote it, which did not say since when.
    fn edition(&self) -> Option<Edition> {
        let Terms { since, after, values } = self.terms.clone()?;
        Some(Edition { since, after, text: self.text.clone(), values: Some(values) })
    }

    fn is(&self, edition: &Edition) -> bool {
        let Edition { since, after, text, values } = edition;
        let has =
            |terms: &Terms| terms.since == *since && terms.after == *after && values.as_ref() == Some(&terms.values);
        self.text == *text && self.terms.as_ref().is_some_and(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use crate::ledger::sample::{self, at};

    fn record(text: &str, since: i64, second: i64) -> MessageRecord {
        let terms = Some(Terms { since: at(since), after: BTreeSet::new(), values: BTreeMap::new() });
        MessageRecord { terms, ..sample::record("announce", text, second) }
    }

    fn texts(ledger: &Ledger) -> Vec<String> {
        let record = ledger.record(&sample::message("announce"), sample::revision()).unwrap();
        let claim = |second| Claim { at: at(second), ..sample::claim("announce", &[1], 1, 9) };
        (0..5).map(|second| record.sent_by(&claim(second)).unwrap().text.to_owned()).collect()
    }

    #[test]
    fn an_edit_keeps_what_was_before_it_and_a_further_apply_adds_nothing() {
        let mut ledger = Ledger::new(sample::header());
        ledger.add_message(record("one", 1, 1));
        let before = ledger.write(&sample::seals());
        assert!(!String::from_utf8(before).unwrap().contains("earlier"));
        ledger.add_message(record("one", 1, 2));
        ledger.add_message(record("two", 3, 3));
        ledger.add_message(record("two", 3, 4));
        assert_eq!(texts(&ledger), ["one", "one", "one", "two", "two"]);
        let read = Ledger::read(&ledger.write(&sample::seals()), &sample::seals()).unwrap().ledger;
        assert_eq!(texts(&read), texts(&ledger));
    }

    #[test]
    fn what_two_clones_were_is_known_when_they_are_joined() {
        let clone = |text, second| {
            let mut ledger = Ledger::new(sample::header());
            ledger.add_message(record("one", 1, 1));
            ledger.add_message(record(text, second, second));
            ledger
        };
        let (mut mine, mut theirs) = (clone("mine", 2), clone("theirs", 3));
        let other = mine.clone();
        mine.join(&theirs).unwrap();
        theirs.join(&other).unwrap();
        assert_eq!(texts(&mine), ["one", "one", "mine", "theirs", "theirs"]);
        assert_eq!(texts(&mine), texts(&theirs));
    }

    #[test]
    fn what_was_claimed_before_is_of_what_was_before_although_a_clock_stands_still() {
        let claim = |run| Claim { at: at(1), ..sample::claim("announce", &[1], 1, run) };
        let after = |text: &str, runs: &[u64]| {
            let after = runs.iter().copied().map(RunId).collect();
            MessageRecord { terms: Some(Terms { since: at(1), after, values: BTreeMap::new() }), ..record(text, 1, 1) }
        };
        let mut ledger = Ledger::new(sample::header());
        for record in [after("one", &[]), after("two", &[7]), after("three", &[3, 7])] {
            ledger.add_message(record);
        }
        let read = Ledger::read(&ledger.write(&sample::seals()), &sample::seals()).unwrap().ledger;
        let record = read.record(&sample::message("announce"), sample::revision()).unwrap();
        assert_eq!([7, 3, 9].map(|run| record.sent_by(&claim(run)).unwrap().text), ["one", "two", "three"]);
    }
}
