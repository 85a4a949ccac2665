//! Lines of a ledger as the database keeps them: neither numbered nor signed, because whoever may write to
//! its tables may do anything, and the tables themselves tell when rows were put back.

use crate::ledger::Signing;
use crate::ledger::text;
use crate::ledger::{Claim, Damage, Header, Ledger, MessageRecord, Outcome, Seals};

pub(super) fn header(header: &Header) -> String {
    text::header_line(header, None, &Seals::none())
}

pub(super) fn message(record: &MessageRecord) -> String {
    text::message_line(record, None, &Signing::NOBODY)
}

pub(super) fn claim(claim: &Claim) -> String {
    text::claim_line(claim, None, &Signing::NOBODY)
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    text::outcome_line(outcome, None, &Signing::NOBODY)
}

/// Reads lines, the header among them.
pub(super) fn read(lines: &str) -> Result<Ledger, Damage> {
    Ledger::read(lines.as_bytes(), &Seals::none()).map(|read| read.ledger)
}
