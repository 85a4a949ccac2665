//! What a message was, edit by edit: its record says what it is, and what it was before. A claim says which edition it
//! was made of; of one that does not, it is taken to be the edition that held at its time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::edition_id::EditionId;
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

/// What a revision of a message was, edit by edit.
#[derive(Debug, Clone)]
pub struct Editions<'a> {
    record: &'a MessageRecord,
    named: Vec<(EditionId, SentEdition<'a>)>,
}

impl MessageRecord {
    /// The zone of its schedule, if one is everybody's and somebody wrote it down.
    #[must_use]
    pub fn zone(&self) -> Option<TimeZone> {
        timing::zone(self.terms.as_ref()?.values.get("timeZone")?)
    }

    /// All that it was, to be held against claims.
    #[must_use]
    pub fn editions(&self) -> Editions<'_> {
        Editions { record: self, named: self.named() }
    }

    /// Every edition whose schedule and options are known, with its name; the latest one last.
    fn named(&self) -> Vec<(EditionId, SentEdition<'_>)> {
        let own = self.terms.iter().map(|terms| (terms.since, self.text.as_str(), &terms.values));
        let earlier = self.earlier.iter().filter_map(|it| Some((it.since, it.text.as_str(), it.values.as_ref()?)));
        let named = earlier.chain(own).map(|(since, text, values)| {
            (EditionId::of(text, values), SentEdition { since: Some(since), text, values: Some(values) })
        });
        let mut named: Vec<_> = named.collect();
        named.sort_by_key(|(_, edition)| edition.since);
        named
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

impl<'a> Editions<'a> {
    /// What was sent by a claim: what the claim itself says, else what the message was at its time. `None` if the claim
    /// was written down afterwards, so that nobody knows.
    #[must_use]
    pub fn sent_by(&self, claim: &Claim) -> Option<SentEdition<'a>> {
        if claim.is_recovered {
            return None;
        }
        // What came back after another edit has one name both times, and is the same.
        let named = claim.edition.as_ref().and_then(|id| self.named.iter().rfind(|(known, _)| known == id));
        Some(named.map_or_else(|| self.at_its_time(claim), |(_, edition)| *edition))
    }

    fn at_its_time(&self, claim: &Claim) -> SentEdition<'a> {
        let record = self.record;
        let is_of = |since: Timestamp, after: &BTreeSet<RunId>| since <= claim.at && !after.contains(&claim.id.run);
        let own = record.terms.as_ref().filter(|terms| is_of(terms.since, &terms.after));
        if let Some(Terms { since, values, .. }) = own {
            return SentEdition { since: Some(*since), text: &record.text, values: Some(values) };
        }
        // Of two that began at one instant the later one is after more runs.
        let known = record.earlier.iter().filter(|edition| is_of(edition.since, &edition.after));
        let known = known.max_by_key(|edition| (edition.since, edition.after.len()));
        let oldest = record.earlier.first().map_or(&record.text, |edition| &edition.text);
        known.map_or(
            SentEdition { since: None, text: oldest, values: None },
            |Edition { since, text, values, .. }| SentEdition { since: Some(*since), text, values: values.as_ref() },
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};
    use proptest::sample::Index;

    use super::*;
    use crate::ledger::sample::{self, at};
    use crate::ledger::{ClaimId, Ledger};

    fn record(text: &str, since: i64, second: i64) -> MessageRecord {
        let terms = Some(Terms { since: at(since), after: BTreeSet::new(), values: BTreeMap::new() });
        MessageRecord { terms, ..sample::record("announce", text, second) }
    }

    fn texts(ledger: &Ledger) -> Vec<String> {
        let record = ledger.record(&sample::message("announce"), sample::revision()).unwrap();
        let claim = |second| Claim { at: at(second), ..sample::claim("announce", &[1], 1, 9) };
        (0..5).map(|second| record.editions().sent_by(&claim(second)).unwrap().text.to_owned()).collect()
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
        assert_eq!([7, 3, 9].map(|run| record.editions().sent_by(&claim(run)).unwrap().text), ["one", "two", "three"]);
    }

    /// A run that sends what its files have at this time, and whether it knows of those before it.
    #[derive(Debug, Clone)]
    struct Sends {
        text: String,
        values: BTreeMap<String, String>,
        begin: i64,
        claims: Vec<i64>,
        knows: bool,
    }

    fn sends() -> impl Strategy<Value = Sends> {
        let claims = prop::collection::vec(0_i64..6, 1..4);
        ("[ab]", "[0-9]{0,1}", 0_i64..6, claims, any::<bool>()).prop_map(|(text, at, begin, claims, knows)| Sends {
            text,
            values: [("sendAt".to_owned(), at)].into(),
            begin,
            claims,
            knows,
        })
    }

    /// The ledger of a run that knew of another one, and the claims that it made.
    fn ledger_of(sends: &Sends, run: u64, known: &Ledger) -> (Ledger, Vec<ClaimId>) {
        let Sends { text, values, begin, claims, .. } = sends;
        let mut ledger = known.clone();
        let terms = Terms { since: at(*begin), after: BTreeSet::new(), values: values.clone() };
        let before = known.record(&sample::message("announce"), sample::revision());
        let earlier = before.map(|before| before.earlier_than(text, &terms)).unwrap_or_default();
        let record = sample::record("announce", text, *begin);
        ledger.add_message(MessageRecord { terms: Some(terms), earlier, ..record });
        let ids = claims.iter().zip(1_u32..).map(|(second, attempt)| {
            let edition = Some(EditionId::of(text, values));
            let claim = Claim { at: at(*second), edition, ..sample::claim("announce", &[1], attempt, run) };
            let id = claim.id.clone();
            ledger.add_claim(claim).unwrap();
            id
        });
        let ids = ids.collect();
        (ledger, ids)
    }

    proptest! {
        /// Whatever runs with different texts do at once, and in whatever order their ledgers are joined.
        #[test]
        fn what_somebody_was_sent_is_told_exactly(
            runs in prop::collection::vec(sends(), 1..5),
            order in prop::collection::vec(any::<Index>(), 0..6),
        ) {
            let mut known = Ledger::new(sample::header());
            let (mut ledgers, mut made) = (Vec::new(), Vec::new());
            for (sends, run) in runs.iter().zip(1..) {
                let nothing = Ledger::new(sample::header());
                let (ledger, ids) = ledger_of(sends, run, if sends.knows { &known } else { &nothing });
                known.join(&ledger).unwrap();
                ledgers.push(ledger);
                made.extend(ids.into_iter().map(|id| (id, sends)));
            }
            let mut joined = order.iter().fold(Ledger::new(sample::header()), |mut joined, index| {
                joined.join(index.get(&ledgers)).unwrap();
                joined
            });
            ledgers.iter().for_each(|ledger| joined.join(ledger).unwrap());
            let read = Ledger::read(&joined.write(&sample::seals()), &sample::seals()).unwrap().ledger;
            for ledger in [&known, &joined, &read] {
                let record = ledger.record(&sample::message("announce"), sample::revision()).unwrap();
                let editions = record.editions();
                for (id, sends) in &made {
                    let sent = editions.sent_by(ledger.claim_state(id).unwrap().claim()).unwrap();
                    prop_assert_eq!((sent.text, sent.values), (sends.text.as_str(), Some(&sends.values)));
                }
            }
        }
    }

    #[test]
    fn a_name_that_nobody_knows_is_kept_and_the_time_of_the_claim_counts() {
        let mut ledger = Ledger::new(sample::header());
        ledger.add_message(record("one", 1, 1));
        ledger.add_message(record("two", 3, 3));
        let claim = |attempt, edition: &str| Claim {
            at: at(i64::from(attempt)),
            edition: Some(EditionId::written(edition.to_owned())),
            ..sample::claim("announce", &[1], attempt, 9)
        };
        let claims = [claim(2, "v2:\u{1F600}\""), claim(4, "")];
        claims.iter().for_each(|claim| ledger.add_claim(claim.clone()).unwrap());
        let text = ledger.write(&sample::seals());
        let read = Ledger::read(&text, &sample::seals()).unwrap().ledger;
        assert_eq!(read.write(&sample::seals()), text);
        let record = read.record(&sample::message("announce"), sample::revision()).unwrap();
        let texts = claims.each_ref().map(|claim| {
            let known = read.claim_state(&claim.id).unwrap().claim();
            assert_eq!(known, claim);
            record.editions().sent_by(known).unwrap().text
        });
        assert_eq!(texts, ["one", "two"]);
    }
}
