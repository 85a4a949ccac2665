//! A run that opens a ledger for writing, and the numbers that it gives to what it writes.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::ledger::{Fact, Ledger, RunId};

use super::error::StoreError;

/// How far the number of another run is from that of a run: an odd number without a pattern.
const ANOTHER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A run that opens a ledger for writing.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The run.
    pub run: RunId,
    /// What others are told of whoever holds the ledger, such as `apply`.
    pub note: String,
    /// When it begins.
    pub now: Timestamp,
    /// The same by the clocks of machines, by which other runs may still live.
    pub lives_at: Timestamp,
    /// How many claims somebody takes for genuine although nothing shows it.
    pub unauthenticated: u64,
    /// How many entries of runs that have not closed themselves somebody takes for all that there are.
    pub unclosed: u64,
    /// Whether it brings what the ledger may lack.
    pub brings_more: bool,
    /// How many claims of rows that were put back from a copy somebody takes for all that there are.
    pub reloaded: Option<u64>,
    /// Whether the gateway's name comes from somewhere else than the project's files, which anybody who may
    /// propose a change can change along with the ledger.
    pub is_gateway_sure: bool,
}

impl Visit {
    /// A run that takes nothing for granted.
    #[must_use]
    pub fn new(run: RunId, note: &str, now: Timestamp) -> Self {
        Self {
            run,
            note: note.to_owned(),
            now,
            lives_at: now,
            unauthenticated: 0,
            unclosed: 0,
            brings_more: false,
            reloaded: None,
            is_gateway_sure: false,
        }
    }

    /// Makes sure that a ledger whose lines are not signed may be taken for genuine: somebody says so, by the
    /// number of its claims. That never covers the header, which says to which gateway everything is sent,
    /// with which credentials.
    ///
    /// # Errors
    /// If nobody says so.
    pub(super) fn check_unsigned(&self, ledger: &Ledger, place: String) -> Result<(), StoreError> {
        let claims = ledger.claims().len();
        if claims as u64 > self.unauthenticated {
            return Err(StoreError::Unauthenticated { place, claims, is_shadow: false });
        }
        self.check_unsigned_header(ledger, place)
    }

    /// Makes sure that the environment names the gateway as well.
    ///
    /// # Errors
    /// If it does not.
    pub(super) fn check_unsigned_header(&self, ledger: &Ledger, place: String) -> Result<(), StoreError> {
        if self.is_gateway_sure {
            return Ok(());
        }
        Err(StoreError::UnsignedHeader { place, gateway: ledger.header().gateway.clone() })
    }

    /// The same of another run, for whoever opens more than one ledger.
    #[must_use]
    pub fn another(&self) -> Self {
        // Far from it, so that runs whose numbers follow each other do not meet.
        Self { run: RunId(self.run.0.wrapping_add(ANOTHER)), ..self.clone() }
    }
}

/// The numbers of a run's entries.
#[derive(Debug)]
pub(super) struct Numbers {
    run: RunId,
    first: u32,
    next: u32,
    skipped: BTreeSet<u32>,
    /// The time of the latest entry; of the run's begin, if there is none.
    at: Timestamp,
}

impl Numbers {
    /// Begins with a ledger as it is. A run that has written there before goes on.
    pub(super) fn new(visit: &Visit, ledger: &Ledger) -> Self {
        let Visit { run, now, .. } = *visit;
        let first = ledger.next_number(run);
        Self { run, first, next: first, skipped: BTreeSet::new(), at: now }
    }

    /// Whose they are.
    pub(super) fn run(&self) -> RunId {
        self.run
    }

    /// The time of the latest entry.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    /// The number that is given next.
    pub(super) fn next(&self) -> Fact {
        Fact { run: self.run, number: self.next }
    }

    /// Gives the next number.
    pub(super) fn give(&mut self) -> Fact {
        let fact = self.next();
        self.next = self.next.saturating_add(1);
        fact
    }

    /// Gives the next number to something that is written at a time.
    pub(super) fn give_at(&mut self, at: Timestamp) -> Fact {
        self.at = self.at.max(at);
        self.give()
    }

    /// Takes a number back: what it was given to is never written.
    pub(super) fn skip(&mut self, fact: Fact) {
        self.skipped.insert(fact.number);
    }

    /// Whether any was given to what was written.
    pub(super) fn is_used(&self) -> bool {
        (self.first..self.next).any(|number| !self.skipped.contains(&number))
    }

    /// Writes down in a ledger that the run has ended, if it has written anything. It is after all runs that
    /// have ended by now, those among them that it has closed itself: none of them can be taken away without
    /// a trace. Said again, it is after those that it was before.
    pub(super) fn close(&self, ledger: &mut Ledger) {
        if self.is_used() {
            let is_closed = ledger.closed_runs().any(|closed| closed == self.run);
            let after = if is_closed { BTreeSet::new() } else { ledger.last_runs() };
            ledger.close(self.run, self.next, self.skipped.clone(), after, self.at);
        }
    }
}
