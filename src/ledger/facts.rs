//! The numbers of what was written. Every claim, outcome, message's record and header that a run writes is an
//! *entry* of that run, numbered from 0; a line has the numbers of all that was folded into it. So a run
//! that has said how many entries it has written can be seen to lack one.

use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::line::RunId;

/// One entry of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// The run.
    pub run: RunId,
    /// Its number, from 0.
    pub number: u32,
}

/// The entries that were folded into a line, in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts(Vec<Fact>);

impl From<Option<Fact>> for Facts {
    fn from(fact: Option<Fact>) -> Self {
        let mut facts = Vec::new();
        // Nearly every line has one or two.
        if let Some(fact) = fact {
            facts.reserve_exact(1);
            facts.push(fact);
        }
        Self(facts)
    }
}

impl Facts {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Unites both.
    pub(super) fn join(&mut self, other: &Self) {
        for fact in &other.0 {
            if let Err(position) = self.0.binary_search(fact) {
                self.0.reserve_exact(1);
                self.0.insert(position, *fact);
            }
        }
    }

    /// Whether one is among them.
    pub(super) fn has(&self, fact: Fact) -> bool {
        self.0.binary_search(&fact).is_ok()
    }

    /// Whether all of the other's are among these.
    pub(super) fn includes(&self, other: &Self) -> bool {
        other.iter().all(|fact| self.has(fact))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Fact> {
        self.0.iter().copied()
    }
}

/// As `{"<run>":[<numbers>]}`.
impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of_runs = self.0.chunk_by(|one, other| one.run == other.run);
        let mut map = serializer.serialize_map(None)?;
        for facts in of_runs {
            let Some(Fact { run, .. }) = facts.first() else { continue };
            let numbers: Vec<u32> = facts.iter().map(|fact| fact.number).collect();
            map.serialize_entry(&run.to_string(), &numbers)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = std::collections::BTreeMap::<String, Vec<u32>>::deserialize(deserializer)?;
        let mut facts = Vec::with_capacity(map.values().map(Vec::len).sum());
        for (run, numbers) in map {
            let run = RunId::parse(&run).ok_or_else(|| D::Error::custom("not a run"))?;
            facts.extend(numbers.into_iter().map(|number| Fact { run, number }));
        }
        if !facts.is_sorted_by(|one, other| one < other) {
            return Err(D::Error::custom("out of order"));
        }
        Ok(Self(facts))
    }
}
