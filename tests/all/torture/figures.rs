//! What is counted over all lives, in one table.

use std::collections::BTreeMap;
use std::fmt;

use super::store::Kind;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Count {
    /// Runs killed with `kill -9`.
    RunsKilled,
    /// Gateways killed with `kill -9`, and started again on their books.
    GatewaysKilled,
    /// Runs stopped and woken.
    RunsStopped,
    /// Gateways stopped and woken.
    GatewaysStopped,
    /// Runs interrupted by a signal.
    RunsInterrupted,
    /// Times that somebody stopped sending, and let it go on.
    SendingStopped,
    /// Runs that ended because somebody stopped sending.
    RunsEndedByStops,
    /// Times that people opted out in the middle of a run.
    OptedOut,
    /// Runs that left out people who had opted out since their plan.
    RunsThatLeftOut,
    /// Requests that the gateway spoilt, by an error, a cut connection, or a false answer.
    RequestsSpoilt,
    /// Stores that failed under a run.
    StoreFailures,
    /// Runs on machines whose clock was wrong from the beginning.
    ClocksOff,
    /// Clocks that were set in the middle of a run.
    ClocksMoved,
    /// Times that the gateway's logs came to a standstill.
    LogsStopped,
    /// Ledgers of two clones that were merged.
    Merges,
    /// Ledgers that were taken back to how they were before.
    TakenBack,
    /// Ledgers of which lines were lost.
    LinesLost,
    /// Merges that kept one side only.
    SidesDropped,
    /// Dumps that were loaded in the place of a ledger.
    Loaded,
    /// People whom a ledger that was taken back had lost, and the gateway's logs had not.
    Recovered,
    /// Campaigns that were begun.
    Lives,
    /// Runs of `apply`.
    Runs,
    /// Runs that had company on the same ledger.
    Companions,
    /// Changes of rows, texts, bulks and suppressions between runs.
    Changes,
    /// Bulks in doubt that the gateway's logs settled in the end.
    Proved,
    /// Bulks in doubt that a person's word settled in the end.
    Settled,
    /// Comparisons of books, ledger and files.
    Audits,
    /// Messages that were accepted, each once.
    Accepted,
    /// Messages that were given up by a person's word.
    GivenUp,
}

impl Count {
    const ALL: [Self; 29] = [
        Self::RunsKilled,
        Self::GatewaysKilled,
        Self::RunsStopped,
        Self::GatewaysStopped,
        Self::RunsInterrupted,
        Self::SendingStopped,
        Self::OptedOut,
        Self::RequestsSpoilt,
        Self::StoreFailures,
        Self::ClocksOff,
        Self::ClocksMoved,
        Self::LogsStopped,
        Self::Merges,
        Self::TakenBack,
        Self::LinesLost,
        Self::SidesDropped,
        Self::Loaded,
        Self::Recovered,
        Self::Lives,
        Self::Runs,
        Self::Companions,
        Self::RunsEndedByStops,
        Self::RunsThatLeftOut,
        Self::Changes,
        Self::Proved,
        Self::Settled,
        Self::Audits,
        Self::Accepted,
        Self::GivenUp,
    ];

    /// Whether it is something that was done to the program, and not what became of it.
    const fn is_injected(self) -> bool {
        matches!(
            self,
            Self::RunsKilled
                | Self::GatewaysKilled
                | Self::RunsStopped
                | Self::GatewaysStopped
                | Self::RunsInterrupted
                | Self::SendingStopped
                | Self::OptedOut
                | Self::RequestsSpoilt
                | Self::StoreFailures
                | Self::ClocksOff
                | Self::ClocksMoved
                | Self::LogsStopped
                | Self::Merges
                | Self::TakenBack
                | Self::LinesLost
                | Self::SidesDropped
                | Self::Loaded
        )
    }

    const fn words(self) -> &'static str {
        match self {
            Self::RunsKilled => "runs killed",
            Self::GatewaysKilled => "gateways killed and restarted",
            Self::RunsStopped => "runs stopped and woken",
            Self::GatewaysStopped => "gateways stopped and woken",
            Self::RunsInterrupted => "runs interrupted",
            Self::SendingStopped => "times that sending was stopped",
            Self::RunsEndedByStops => "of them ended by a stop",
            Self::OptedOut => "opt-outs in mid-run",
            Self::RunsThatLeftOut => "of them left out opt-outs",
            Self::RequestsSpoilt => "requests spoilt",
            Self::StoreFailures => "failures of the store",
            Self::ClocksOff => "runs with a wrong clock",
            Self::ClocksMoved => "clocks set in mid-run",
            Self::LogsStopped => "logs that stood still",
            Self::Merges => "ledgers of clones merged",
            Self::TakenBack => "ledgers taken back",
            Self::LinesLost => "ledgers that lost lines",
            Self::SidesDropped => "sides of merges dropped",
            Self::Loaded => "dumps loaded",
            Self::Recovered => "people recovered from the logs",
            Self::Lives => "campaigns",
            Self::Runs => "runs of apply",
            Self::Companions => "of them beside another",
            Self::Changes => "changes of files",
            Self::Proved => "doubts settled by the logs",
            Self::Settled => "doubts settled by a word",
            Self::Audits => "audits",
            Self::Accepted => "messages accepted once",
            Self::GivenUp => "messages given up",
        }
    }
}

/// What was counted, by store.
#[derive(Debug, Default)]
pub(super) struct Figures(BTreeMap<(Count, Kind), u64>);

impl Figures {
    pub(super) fn add(&mut self, count: Count, kind: Kind, number: u64) {
        *self.0.entry((count, kind)).or_default() += number;
    }

    pub(super) fn join(&mut self, other: &Self) {
        for ((count, kind), number) in &other.0 {
            self.add(*count, *kind, *number);
        }
    }

    /// How often something was counted in lives on a store.
    pub(super) fn count(&self, count: Count, kind: Kind) -> u64 {
        self.of(|other| other == count, kind)
    }

    /// How much was injected into lives on a store.
    pub(super) fn injected(&self, kind: Kind) -> u64 {
        self.of(Count::is_injected, kind)
    }

    fn of(&self, wanted: impl Fn(Count) -> bool, kind: Kind) -> u64 {
        self.0.iter().filter(|((count, of), _)| wanted(*count) && *of == kind).map(|(_, number)| number).sum()
    }

    fn row(&self, formatter: &mut fmt::Formatter<'_>, words: &str, wanted: impl Fn(Count) -> bool) -> fmt::Result {
        let numbers = Kind::ALL.map(|kind| self.of(&wanted, kind));
        let total: u64 = numbers.iter().sum();
        write!(formatter, "{words:<30}")?;
        numbers.iter().chain([&total]).try_for_each(|number| write!(formatter, " {number:>9}"))?;
        writeln!(formatter)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:<30}", "")?;
        let names = Kind::ALL.map(Kind::name);
        names.iter().chain([&"total"]).try_for_each(|name| write!(formatter, " {name:>9}"))?;
        writeln!(formatter)?;
        for count in Count::ALL.into_iter().filter(|count| count.is_injected()) {
            self.row(formatter, count.words(), |other| other == count)?;
        }
        self.row(formatter, "INJECTED", Count::is_injected)?;
        for count in Count::ALL.into_iter().filter(|count| !count.is_injected()) {
            self.row(formatter, count.words(), |other| other == count)?;
        }
        self.row(formatter, "sent twice", |_| false)?;
        self.row(formatter, "forgotten", |_| false)
    }
}
