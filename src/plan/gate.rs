//! The gates through which every row passes, and their counts.

/// Where a row of an audience ends. The order is the order of the gates: a row is counted at the
/// first one that stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Nothing stands in the row.
    Blank,
    /// The row cannot be read.
    Unreadable,
    /// The row holds no id.
    NoAddress,
    /// The same person, with the same values, stands above.
    Duplicate,
    /// The same person stands elsewhere with other values.
    Contradicting,
    /// The audience's `where` says no.
    Filtered,
    /// The project suppresses the person.
    Suppressed,
    /// The audience excludes the person.
    Excluded,
    /// The ledger has the message as accepted for the person.
    AlreadySent,
    /// The ledger does not know whether the person got it.
    InDoubt,
    /// Another run may be sending it.
    InFlight,
    /// A person gave up on it.
    GivenUp,
    /// The gateway rejected it.
    RejectedEarlier,
    /// The frozen plan that is applied has not got the person: they wait for the next plan.
    NotInPlan,
    /// The person is in a hold-out arm, or was not sampled.
    HeldOut,
    /// The person got too many messages lately.
    Capped,
    /// An earlier message has to be sent first.
    Waiting,
    /// The campaign or the message is paused.
    Paused,
    /// The person's time is past.
    TooLate,
    /// The person's time is further ahead than the gateway takes it.
    TooEarly,
    /// The template skips the person.
    Skipped,
    /// The template fails for the person: an error, and nothing is sent.
    Failed,
    /// The frozen plan that is applied has something else for the person: nothing is sent.
    Differs,
    /// The person's conversation window is closed at their send time.
    WindowClosed,
    /// The person's message would expire before the delivery window opens.
    WouldExpire,
    /// Handed over later.
    NotDue,
    /// To send now.
    ToSend,
}

impl Gate {
    /// Whether its rows are of people who may turn out to be at a gate of the ledger, as long as nobody can say who
    /// has the message already.
    #[must_use]
    pub const fn is_behind_the_ledger(self) -> bool {
        matches!(
            self,
            Self::Paused
                | Self::TooLate
                | Self::TooEarly
                | Self::Skipped
                | Self::Failed
                | Self::WindowClosed
                | Self::WouldExpire
                | Self::NotDue
                | Self::ToSend
        )
    }

    /// All gates, in their order.
    pub const ALL: [Self; 27] = [
        Self::Blank,
        Self::Unreadable,
        Self::NoAddress,
        Self::Duplicate,
        Self::Contradicting,
        Self::Filtered,
        Self::Suppressed,
        Self::Excluded,
        Self::AlreadySent,
        Self::InDoubt,
        Self::InFlight,
        Self::GivenUp,
        Self::RejectedEarlier,
        Self::NotInPlan,
        Self::HeldOut,
        Self::Capped,
        Self::Waiting,
        Self::Paused,
        Self::TooLate,
        Self::TooEarly,
        Self::Skipped,
        Self::Failed,
        Self::Differs,
        Self::WindowClosed,
        Self::WouldExpire,
        Self::NotDue,
        Self::ToSend,
    ];

    /// The gate's name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Unreadable => "unreadable",
            Self::NoAddress => "noAddress",
            Self::Duplicate => "duplicate",
            Self::Contradicting => "contradicting",
            Self::Filtered => "filtered",
            Self::Suppressed => "suppressed",
            Self::Excluded => "excluded",
            Self::AlreadySent => "alreadySent",
            Self::InDoubt => "inDoubt",
            Self::InFlight => "inFlight",
            Self::GivenUp => "givenUp",
            Self::RejectedEarlier => "rejectedEarlier",
            Self::NotInPlan => "notInPlan",
            Self::HeldOut => "heldOut",
            Self::Capped => "capped",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::TooLate => "tooLate",
            Self::TooEarly => "tooEarly",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Differs => "differsFromPlan",
            Self::WindowClosed => "windowClosed",
            Self::WouldExpire => "wouldExpire",
            Self::NotDue => "notDue",
            Self::ToSend => "toSend",
        }
    }

    /// The gate in the words of a report.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Unreadable => "unreadable",
            Self::NoAddress => "without an id",
            Self::Duplicate => "duplicate",
            Self::Contradicting => "contradicting",
            Self::Filtered => "filtered by `where`",
            Self::Suppressed => "suppressed",
            Self::Excluded => "excluded",
            Self::AlreadySent => "already sent",
            Self::InDoubt => "in doubt",
            Self::InFlight => "in flight elsewhere",
            Self::GivenUp => "given up",
            Self::RejectedEarlier => "rejected earlier",
            Self::NotInPlan => "not in the plan",
            Self::HeldOut => "held out",
            Self::Capped => "capped",
            Self::Waiting => "waiting for an earlier message",
            Self::Paused => "paused",
            Self::TooLate => "too late",
            Self::TooEarly => "too early",
            Self::Skipped => "skipped by the template",
            Self::Failed => "failed",
            Self::Differs => "different from the plan",
            Self::WindowClosed => "conversation window closed",
            Self::WouldExpire => "would expire before delivery",
            Self::NotDue => "not due yet",
            Self::ToSend => "to send",
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// How many rows end at each gate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Gate::ALL.len()]);

impl Counts {
    /// The rows that end at a gate.
    #[must_use]
    pub fn get(&self, gate: Gate) -> u64 {
        self.0.get(gate.index()).copied().unwrap_or_default()
    }

    /// Counts one more row at a gate.
    pub fn add(&mut self, gate: Gate) {
        self.put(gate, 1);
    }

    /// Counts so many more rows at a gate.
    pub fn put(&mut self, gate: Gate, rows: u64) {
        if let Some(count) = self.0.get_mut(gate.index()) {
            *count += rows;
        }
    }

    /// Moves one row from a gate to another.
    pub fn shift(&mut self, from: Gate, to: Gate) {
        if let Some(count) = self.0.get_mut(from.index()) {
            *count = count.saturating_sub(1);
        }
        self.add(to);
    }

    /// All rows.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The rows in which something stands.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.total() - self.get(Gate::Blank)
    }

    /// The gates at which at least one row ends, in order.
    pub fn occupied(&self) -> impl Iterator<Item = (Gate, u64)> + '_ {
        Gate::ALL.into_iter().map(|gate| (gate, self.get(gate))).filter(|(_, count)| *count > 0)
    }

    /// The people of an audience: its rows without those that are blank, unreadable or without an id,
    /// stand twice or are filtered out.
    #[must_use]
    pub fn people(&self) -> u64 {
        let not_people =
            [Gate::Blank, Gate::Unreadable, Gate::NoAddress, Gate::Duplicate, Gate::Contradicting, Gate::Filtered];
        self.total() - not_people.into_iter().map(|gate| self.get(gate)).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Gate};

    #[test]
    fn all_gates_stand_at_their_index() {
        for (index, gate) in Gate::ALL.into_iter().enumerate() {
            assert_eq!(gate.index(), index, "{gate:?}");
        }
    }

    #[test]
    fn counts_add_up() {
        let mut counts = Counts::default();
        for gate in Gate::ALL {
            counts.add(gate);
        }
        counts.shift(Gate::ToSend, Gate::Contradicting);
        assert_eq!(counts.total(), 27);
        assert_eq!(counts.get(Gate::Contradicting), 2);
        assert_eq!(counts.people(), 27 - 7);
    }
}
