//! What was done to the runs, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::scenario::Scenario;
use super::strace::Call;

/// Counts of calls that were struck.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// How many, by scenario, name and what was done.
    struck: BTreeMap<(Scenario, String, &'static str), u64>,
    /// How many of them killed a run.
    kills: u64,
    /// How many people were in doubt after it.
    in_doubt: usize,
    /// The calls that a run makes when none is struck.
    known: BTreeSet<(Scenario, Call)>,
    /// Those at which a run was killed.
    reached: BTreeSet<(Scenario, Call)>,
}

impl Figures {
    /// Takes calls that a run makes when none is struck.
    pub(super) fn know(&mut self, scenario: Scenario, calls: impl IntoIterator<Item = Call>) {
        self.known.extend(calls.into_iter().map(|call| (scenario, call)));
    }

    /// Counts a call that was struck; with `killed`, a run was killed there.
    pub(super) fn strike(
        &mut self,
        scenario: Scenario,
        (name, deed): (&str, &'static str),
        in_doubt: usize,
        killed: Option<&Call>,
    ) {
        *self.struck.entry((scenario, name.to_owned(), deed)).or_default() += 1;
        self.in_doubt += in_doubt;
        if let Some(call) = killed {
            self.kills += 1;
            self.reached.insert((scenario, call.clone()));
        }
    }

    /// Calls of a kind at which no run was killed. The two scenarios of a ledger on a branch begin in
    /// the same way: a call of one of them is a call of both.
    pub(super) fn missed(&self, is_meant: impl Fn(Scenario, &Call) -> bool) -> Vec<&(Scenario, Call)> {
        let is_reached = |scenario: Scenario, call: &Call| {
            let mut same = Scenario::ALL
                .into_iter()
                .filter(|other| *other == scenario || (other.is_on_branch() && scenario.is_on_branch()));
            same.any(|scenario| self.reached.contains(&(scenario, call.clone())))
        };
        let meant = self.known.iter().filter(|(scenario, call)| is_meant(*scenario, call));
        meant.filter(|(scenario, call)| !is_reached(*scenario, call)).collect()
    }

    fn of(calls: &BTreeSet<(Scenario, Call)>, scenario: Scenario) -> BTreeSet<&Call> {
        calls.iter().filter(|(of, _)| *of == scenario).map(|(_, call)| call).collect()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut all_known, mut all_reached) = (0, 0);
        for scenario in Scenario::ALL {
            let (known, reached) = (Self::of(&self.known, scenario), Self::of(&self.reached, scenario));
            let (known, reached) = (known.len(), known.intersection(&reached).count());
            all_known += known;
            all_reached += reached;
            writeln!(formatter, "{}: killed at {reached} of {known} different calls", scenario.name())?;
            for ((_, name, deed), count) in self.struck.iter().filter(|((of, ..), _)| *of == scenario) {
                writeln!(formatter, "  {name:<20} {deed:<16} {count:>5}")?;
            }
        }
        let total: u64 = self.struck.values().sum();
        writeln!(
            formatter,
            "{total} calls struck, {} of them by a kill; {all_reached} of {all_known} different calls reached; \
             {} people in doubt, all settled; sent twice: 0; forgotten: 0",
            self.kills, self.in_doubt
        )
    }
}
