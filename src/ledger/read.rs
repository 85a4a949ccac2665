//! The text of a ledger, or several texts, to a ledger.
//!
//! A text may end inside a line that a run was just appending: that *tear* is dropped, because
//! nothing is sent before its claim is whole. Everything else that is not as it was written is
//! damage. Lines may come in any order, and more than once: git merges lockfiles by uniting their
//! lines.

use super::book::Ledger;
use super::damage::{Damage, Reason};
use super::entry::{Bound, Entry, Record};
use super::extra::Extra;
use super::line::Outcome;
use super::parse::{self, Line};
use super::{raw, seal};

/// A ledger that was read.
#[derive(Debug, Clone)]
pub struct Read {
    /// The ledger.
    pub ledger: Ledger,
    /// If the text ended inside a line: how many bytes stand before that line.
    pub torn: Option<usize>,
}

impl Ledger {
    /// Reads a text.
    ///
    /// # Errors
    /// If anything but a torn end is not as it was written; if there is no header; if a newer
    /// version has written it.
    pub fn read(text: &[u8]) -> Result<Read, Damage> {
        if text.is_empty() {
            return Err(Damage { line: 1, reason: Reason::Empty });
        }
        let mut lines = Lines::default();
        let torn = lines.take(text)?;
        let bound = lines.bound.take().ok_or(Damage { line: 1, reason: Reason::NoHeader })?;
        Ok(Read { ledger: lines.add_to(Self::bound(bound))?, torn })
    }

    /// Joins the lines of a text in. It needs no header, and may hold outcomes of claims that only
    /// this ledger has.
    ///
    /// # Errors
    /// As [`Ledger::read`], and if the text has the header of another project or gateway; a torn
    /// end is damage here. After an error the ledger is as it was.
    pub fn absorb(&mut self, text: &[u8]) -> Result<(), Damage> {
        let mut lines = Lines { bound: Some(self.bound.clone()), ..Lines::default() };
        if let Some(kept) = lines.take(text)? {
            let whole = text.get(..kept).unwrap_or_default();
            return Err(Damage { line: whole.split(|byte| *byte == b'\n').count(), reason: Reason::Cut });
        }
        let mut joined = self.clone();
        joined.bound = lines.bound.take().unwrap_or(joined.bound);
        *self = lines.add_to(joined)?;
        Ok(())
    }
}

/// The lines of a text, sorted by kind, each with its number.
#[derive(Default)]
struct Lines {
    bound: Option<Bound>,
    records: Vec<Record>,
    claims: Vec<(usize, Entry)>,
    outcomes: Vec<(usize, Outcome, Extra)>,
}

impl Lines {
    /// Takes the lines of a text, and says how much of it stands before a torn end.
    fn take(&mut self, text: &[u8]) -> Result<Option<usize>, Damage> {
        let kept = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let (whole, tail) = text.split_at_checked(kept).unwrap_or((text, &[]));
        let mut number = 0;
        for bytes in whole.split_inclusive(|byte| *byte == b'\n') {
            number += 1;
            self.take_line(number, bytes.strip_suffix(b"\n").unwrap_or(bytes))?;
        }
        number += 1;
        if tail.is_empty() {
            Ok(None)
        } else if seal::is_sealed(tail) {
            // An editor has dropped the last line's end: the line itself is whole.
            self.take_line(number, tail)?;
            Ok(None)
        } else {
            check_tear(tail).map_err(|reason| Damage { line: number, reason })?;
            Ok(Some(kept))
        }
    }

    fn take_line(&mut self, line: usize, bytes: &[u8]) -> Result<(), Damage> {
        match parse::line(bytes).map_err(|reason| Damage { line, reason })? {
            Line::Message(record) => self.records.push(record),
            Line::Claim(entry) => self.claims.push((line, *entry)),
            Line::Outcome(outcome, extra) => self.outcomes.push((line, outcome, extra)),
            Line::Header(bound) => match &mut self.bound {
                None => self.bound = Some(bound),
                Some(known) => {
                    known.join(&bound).map_err(|error| Damage { line, reason: Reason::Foreign(error) })?;
                }
            },
        }
        Ok(())
    }

    /// Adds everything to a ledger: claims before their outcomes.
    fn add_to(self, mut ledger: Ledger) -> Result<Ledger, Damage> {
        let damage = |line| move |error| Damage { line, reason: Reason::Entry(error) };
        for record in self.records {
            ledger.put_record(record);
        }
        for (line, entry) in self.claims {
            ledger.insert(entry).map_err(damage(line))?;
        }
        for (line, outcome, extra) in self.outcomes {
            ledger.settle(outcome, &extra).map_err(damage(line))?;
        }
        ledger.index_anew();
        Ok(ledger)
    }
}

/// Says whether an unterminated end of a text can be what a run was appending when it died: the
/// beginning of a message's record, a claim or an outcome. A header, or a claim that is not just
/// claimed, is never appended; those come from rewriting, which leaves no torn ends.
fn check_tear(tail: &[u8]) -> Result<(), Reason> {
    let begins = |line: &str| {
        let (line, length) = (line.as_bytes(), tail.len().min(line.len()));
        line.get(..length) == tail.get(..length)
    };
    let appended = [raw::MESSAGE, raw::CLAIM, raw::OUTCOME].into_iter().any(begins);
    let unwritten = tail.iter().all(|byte| *byte == 0);
    if begins(raw::HEADER) && tail.len() > 2 {
        return Err(Reason::Cut);
    }
    if !(appended || unwritten) {
        return Err(parse::unsealed(tail));
    }
    if seal::runs_on(tail) {
        return Err(Reason::Checksum);
    }
    let folded = || {
        let state = tail.windows(raw::STATE.len()).position(|window| window == raw::STATE.as_bytes())?;
        let word = tail.get(state + raw::STATE.len()..)?;
        let length = word.len().min(raw::CLAIMED.len());
        Some(word.get(..length) != raw::CLAIMED.as_bytes().get(..length))
    };
    if begins(raw::CLAIM) && folded() == Some(true) {
        return Err(Reason::Cut);
    }
    Ok(())
}
