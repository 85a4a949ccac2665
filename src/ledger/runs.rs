//! Runs that have closed themselves, and what that shows of a ledger that lacks something.
//!
//! A run that ends says how many entries it has written, and which closed runs nobody had named before it.
//! So a ledger holds complete sets of entries, of a set of runs that is closed under what they name; or it
//! can be seen that it does not. A run that was killed has not closed itself: what there is of it may be all
//! or not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::book::Ledger;
use super::closing::{Closing, Lack, Unclosed};
use super::entry::RecordEntry;
use super::facts::Fact;
use super::line::RunId;
use super::unknown_fields::UnknownFields;
use super::view::{DEADLINE_MAX, SKEW_MAX, lives_until};

/// How long after its last word a run may live that claims nothing.
const WORD_LIVES: SignedDuration = DEADLINE_MAX.saturating_add(SKEW_MAX);

/// The entries of each run, by number, in ascending order.
type Numbers = HashMap<RunId, Vec<u32>>;

/// When an entry was written: not before one instant, and not after another, as far as its line tells.
#[derive(Clone, Copy, Default)]
struct Written {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Written {
    fn at(at: Timestamp) -> Self {
        Self { since: Some(at), until: Some(at) }
    }
}

/// What two clocks said at one instant: the machine's, and that by which its run went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TwoClocks {
    machine: Timestamp,
    run: Timestamp,
}

impl TwoClocks {
    /// When something was written by the machine's clock, if both have gone on alike. A sandbox's that runs fast says
    /// later than it was, by which a run lives longer, and not shorter.
    fn of_machine(self, written: Timestamp) -> Timestamp {
        self.machine.checked_add(written.duration_since(self.run)).unwrap_or(Timestamp::MAX)
    }
}

impl Ledger {
    /// Finds what the ledger lacks of the runs that have closed themselves.
    ///
    /// # Errors
    /// The first that is found.
    pub fn check_runs(&self) -> Result<(), Lack> {
        let numbers = self.numbers();
        for (run, numbers) in &numbers {
            if let Some([number, _]) = numbers.array_windows().find(|[one, other]| one == other) {
                return Err(Lack::Twice { run: *run, number: *number });
            }
        }
        let none = Vec::new();
        for (&run, closing) in &self.runs {
            if let Some(lost) = closing.after.iter().find(|before| !self.runs.contains_key(before)) {
                return Err(Lack::Run { run: *lost, after: run });
            }
            let entries = closing.entries;
            let there = numbers.get(&run).unwrap_or(&none);
            let is_missing = |number: &u32| closing.needs(*number) && there.binary_search(number).is_err();
            if let Some(first) = (0..entries).find(is_missing) {
                let missing = (first..entries).filter(is_missing).count();
                return Err(Lack::Entries { run, entries, missing: u32::try_from(missing).unwrap_or(u32::MAX), first });
            }
        }
        Ok(())
    }

    /// The runs that have entries here, and have not closed themselves.
    #[must_use]
    pub fn unclosed(&self) -> Vec<Unclosed> {
        let mut found: BTreeMap<RunId, Unclosed> = BTreeMap::new();
        let clocks = self.clocks();
        self.each_fact(|Fact { run, .. }, written| {
            if !self.runs.contains_key(&run) {
                let none = Unclosed { run, entries: 0, last: None, lives_until: Timestamp::MIN };
                let one = found.entry(run).or_insert(none);
                one.entries += 1;
                one.last = one.last.max(written.since);
                if let Some(word) = written.until {
                    let word = clocks.get(&run).map_or(word, |clocks| clocks.of_machine(word));
                    one.lives_until = one.lives_until.max(word.checked_add(WORD_LIVES).unwrap_or(Timestamp::MAX));
                }
            }
        });
        for claim in self.entries.iter().map(|entry| &entry.claim) {
            if let Some(one) = found.get_mut(&claim.id.run) {
                one.lives_until = one.lives_until.max(lives_until(claim));
            }
        }
        found.into_values().collect()
    }

    /// What the two clocks of each run said when it claimed last, if it went by a sandbox's.
    ///
    /// A run that has claimed nothing has said nothing of the machine's clock, and needs not: it had no request that
    /// could still be under way, so nobody's doubt hangs on whether it lives. By a sandbox that is ahead it counts as
    /// alive for longer, and stays unclosed until then; by one that is behind it may be closed while it lives, and what it
    /// writes after that closes it anew ([`Ledger::close_outgrown`]).
    fn clocks(&self) -> HashMap<RunId, TwoClocks> {
        let mut found: HashMap<RunId, TwoClocks> = HashMap::new();
        for claim in self.entries.iter().map(|entry| &entry.claim) {
            if let Some(machine) = claim.machine_at {
                let clocks = TwoClocks { machine, run: claim.at };
                let known = found.entry(claim.id.run).or_insert(clocks);
                *known = (*known).max(clocks);
            }
        }
        found
    }

    /// The closed runs that no closed run has named: those that a run which begins now is after. Runs that two
    /// machines have closed for each other may name each other in a circle, of which one is taken: from what
    /// is given here every closed run can be reached.
    #[must_use]
    pub fn last_runs(&self) -> BTreeSet<RunId> {
        let named: BTreeSet<&RunId> = self.runs.values().flat_map(|closing| &closing.after).collect();
        let mut last: BTreeSet<RunId> = self.runs.keys().filter(|run| !named.contains(run)).copied().collect();
        let mut reached = BTreeSet::new();
        self.reach(last.iter().copied(), &mut reached);
        // What is in no circle is older than the circle.
        let mut others: Vec<RunId> = self.runs.keys().filter(|run| !reached.contains(run)).copied().collect();
        others.sort_by_key(|run| (std::cmp::Reverse(self.runs.get(run).map(|closing| closing.at)), *run));
        for run in others {
            if !reached.contains(&run) {
                last.insert(run);
                self.reach(std::iter::once(run), &mut reached);
            }
        }
        last
    }

    /// Adds the closed runs that some runs are after, directly or not, and those runs.
    fn reach(&self, from: impl Iterator<Item = RunId>, reached: &mut BTreeSet<RunId>) {
        let mut ahead: Vec<RunId> = from.collect();
        while let Some(run) = ahead.pop() {
            if reached.insert(run)
                && let Some(closing) = self.runs.get(&run)
            {
                ahead.extend(&closing.after);
            }
        }
    }

    /// When a run has ended, or was closed by whoever found that it had died.
    #[must_use]
    pub fn closed_at(&self, run: RunId) -> Option<Timestamp> {
        self.runs.get(&run).map(|closing| closing.at)
    }

    /// The number of the next entry of a run.
    #[must_use]
    pub fn next_number(&self, run: RunId) -> u32 {
        let known = self.runs.get(&run).map_or(0, |closing| closing.entries);
        let mut next = known;
        self.each_fact(|fact, _| {
            if fact.run == run {
                next = next.max(fact.number.saturating_add(1));
            }
        });
        next
    }

    /// Writes down how a run has ended.
    pub fn close(&mut self, run: RunId, entries: u32, skipped: BTreeSet<u32>, after: BTreeSet<RunId>, at: Timestamp) {
        self.put_closing(run, Closing { entries, skipped, after, at, extra: UnknownFields::default() });
    }

    /// Closes a run that will write nothing more, with what there is of it: numbers that are not here were
    /// given to what was never written. A run that is closed here for the first time is after all that have
    /// ended by now.
    pub fn close_as_it_is(&mut self, run: RunId, at: Timestamp) {
        let mut numbers = self.numbers().remove(&run).unwrap_or_default();
        numbers.dedup();
        let Some(entries) = numbers.last().map(|last| last.saturating_add(1)) else { return };
        let known = self.runs.get(&run);
        let entries = entries.max(known.map_or(0, |known| known.entries));
        let skipped = (0..entries).filter(|number| numbers.binary_search(number).is_err()).collect();
        let after = known.map_or_else(|| self.last_runs(), |known| known.after.clone());
        self.close(run, entries, skipped, after, at);
    }

    /// Closes anew the closed runs of which there is more here than they know, such as outcomes that a machine
    /// has kept to itself until now, but for one that goes on; says which those are.
    pub fn close_outgrown(&mut self, own: RunId, at: Timestamp) -> Vec<RunId> {
        let numbers = self.numbers();
        let is_outgrown = |run: &RunId, closing: &Closing| {
            *run != own && numbers.get(run).and_then(|all| all.last()) >= Some(&closing.entries)
        };
        let runs = self.runs.iter().filter(|(run, closing)| is_outgrown(run, closing));
        let runs: Vec<RunId> = runs.map(|(run, _)| *run).collect();
        for run in &runs {
            self.close_as_it_is(*run, at);
        }
        runs
    }

    /// How many claims are no entries of any run: an older version of sendform has written them.
    #[must_use]
    pub fn unnumbered(&self) -> usize {
        self.entries.iter().filter(|entry| entry.facts.is_empty()).count()
    }

    /// Makes entries of a run of whatever is none, and of what else is known here than in the ledger before.
    pub fn adopt_since(&mut self, before: &Self, mut number: impl FnMut() -> Fact) {
        for (of, record) in &mut self.records {
            if before.records.get(of).is_some_and(|known| !known.says_the_same(record)) {
                record.facts.join(&Some(number()).into());
            }
        }
        for entry in &mut self.entries {
            if before.entry(entry).is_some_and(|known| !known.knows_all_of(entry)) {
                entry.facts.join(&Some(number()).into());
            }
        }
        self.adopt(number);
    }

    /// Makes entries of a run of whatever is none, the header first. `number` gives the next number.
    pub fn adopt(&mut self, mut number: impl FnMut() -> Fact) {
        let records = self.records.values_mut().map(|record| &mut record.facts);
        let entries = self.entries.iter_mut().map(|entry| &mut entry.facts);
        let all = std::iter::once(&mut self.bound.facts).chain(records).chain(entries);
        for facts in all.filter(|facts| facts.is_empty()) {
            *facts = Some(number()).into();
        }
    }

    /// All entries that are here, in no order.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        let mut facts = Vec::new();
        self.each_fact(|fact, _| facts.push(fact));
        facts.into_iter()
    }

    pub(super) fn put_closing(&mut self, run: RunId, closing: Closing) {
        match self.runs.get_mut(&run) {
            Some(known) => known.join(&closing),
            None => drop(self.runs.insert(run, closing)),
        }
    }

    fn numbers(&self) -> Numbers {
        let mut numbers = Numbers::new();
        self.each_fact(|Fact { run, number }, _| numbers.entry(run).or_default().push(number));
        numbers.values_mut().for_each(|numbers| numbers.sort_unstable());
        numbers
    }

    /// Calls a function with each entry, and with when it was written.
    fn each_fact(&self, mut call: impl FnMut(Fact, Written)) {
        self.bound.facts.iter().for_each(|fact| call(fact, Written::default()));
        for RecordEntry { record, facts, .. } in self.records.values() {
            // A record has the time of the last run that wrote it. Which that was is seen only if all others had
            // ended before; else what it says was so before any of them.
            let had_ended = |run: RunId| self.runs.get(&run).is_some_and(|closing| closing.at < record.at);
            let mut last: Vec<RunId> = facts.iter().map(|fact| fact.run).filter(|run| !had_ended(*run)).collect();
            last.dedup();
            let since = record.terms.as_ref().map(|terms| terms.since);
            let shared = Written { since, until: Some(record.at) };
            let written = if last.len() == 1 { Written::at(record.at) } else { shared };
            facts.iter().for_each(|fact| call(fact, if last.contains(&fact.run) { written } else { shared }));
        }
        for entry in &self.entries {
            let own = entry.settled.iter().map(|settled| settled.at).fold(entry.claim.at, Timestamp::max);
            // What others have said of it makes its own run no younger, nor each other's.
            let said = || entry.notes.iter().map(|note| note.at);
            let others = Written { since: said().min(), until: said().max() };
            entry.facts.iter().for_each(|fact| {
                call(fact, if fact.run == entry.claim.id.run { Written::at(own) } else { others });
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Claim, Grant, MessageRecord, Terms, sample};

    #[test]
    fn a_record_that_others_have_rewritten_makes_no_run_younger() {
        let terms = |since| Terms { since: sample::at(since), after: BTreeSet::new(), values: BTreeMap::new() };
        let record = |at| MessageRecord { terms: Some(terms(3)), ..sample::record("announce", "Hi", at) };
        let fact = |run, number| Some(Fact { run: RunId(run), number });
        let mut ledger = Ledger::new(sample::header());
        ledger.enter_message(record(5), fact(1, 0));
        let last = |ledger: &Ledger, run| {
            let found = ledger.unclosed().into_iter().find(|found| found.run == RunId(run)).unwrap();
            (found.last, found.lives_until)
        };
        assert_eq!(last(&ledger, 1).0, Some(sample::at(5)), "it is its own");
        let granted = ledger.enter_claim(sample::claim("announce", &[1], 1, 1), fact(1, 1)).unwrap();
        assert_eq!(granted, Grant::Granted);
        let claimed = last(&ledger, 1);
        let own = sample::claim("announce", &[1], 1, 1).at;
        assert_eq!(claimed.0, Some(own.max(sample::at(5))));
        ledger.enter_message(record(500_000), fact(2, 0));
        assert_eq!(last(&ledger, 1).0, Some(own.max(sample::at(3))));
        assert_eq!(last(&ledger, 2).0, Some(sample::at(3)), "nobody knows which of two wrote it when");
        ledger.close_as_it_is(RunId(1), sample::at(499_999));
        assert_eq!(last(&ledger, 2).0, Some(sample::at(500_000)), "the other one had ended before");
        assert_eq!(last(&ledger, 2).1, sample::at(500_000) + WORD_LIVES, "and it may live all the same");
    }

    /// However far a sandbox's clock is from the machine's, a run that went by it lives as long after its last word as
    /// any other.
    #[test]
    fn a_run_that_went_by_a_sandbox_lives_by_the_clock_of_its_machine() {
        let year = 365 * 86_400;
        let fact = |number| Some(Fact { run: RunId(1), number });
        for machine in [None, Some(0), Some(year), Some(-year)] {
            let mut ledger = Ledger::new(sample::header());
            let clock = |second: i64| sample::at(second + machine.unwrap_or(0));
            let claim = Claim {
                at: sample::at(10),
                start_by: sample::at(20),
                machine_at: machine.map(|_| clock(10)),
                ..sample::claim("announce", &[1], 1, 1)
            };
            assert_eq!(ledger.enter_claim(claim, fact(0)).unwrap(), Grant::Granted);
            ledger.enter_message(sample::record("announce", "Hi", 500), fact(1));
            let [one] = ledger.unclosed().try_into().unwrap_or_else(|_| panic!("one run"));
            assert_eq!(one.last, Some(sample::at(500)), "what people see is the run's time");
            assert_eq!(one.lives_until, clock(500) + WORD_LIVES, "{machine:?}");
        }
    }

    #[test]
    fn whoever_begins_is_after_every_run_that_has_ended_even_where_two_name_each_other() {
        let check = |runs: &[(u64, &[u64])], expect: &[u64]| {
            let mut ledger = Ledger::new(sample::header());
            for (at, (run, after)) in (0..).zip(runs) {
                let after = after.iter().copied().map(RunId).collect();
                ledger.close(RunId(*run), 0, BTreeSet::new(), after, sample::at(at));
            }
            assert_eq!(ledger.last_runs(), expect.iter().copied().map(RunId).collect(), "{runs:?}");
        };
        check(&[], &[]);
        check(&[(1, &[]), (2, &[1])], &[2]);
        check(&[(1, &[]), (2, &[1]), (3, &[1])], &[2, 3]);
        // Each of two machines has closed the run that was killed on the other.
        check(&[(1, &[]), (2, &[1, 3]), (3, &[2])], &[3]);
        check(&[(1, &[]), (2, &[1, 3]), (3, &[2]), (4, &[2])], &[4]);
        check(&[(2, &[3]), (3, &[2]), (4, &[5]), (5, &[4])], &[3, 5]);
    }
}
