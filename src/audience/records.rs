//! Where a row of a CSV file ends: at the end of its line, unless a quote holds lines together. Then
//! every further line is looked at: if it would be a row of its own, the quote is a mistake, and people
//! would vanish in somebody's note.

use std::io;

use memchr::{memchr, memchr3};

use crate::audience::ROW_BYTES_MAX;
use crate::audience::lines::{LineEnd, LineReader};

/// What is asked about the lines while they are read.
pub(super) trait Grammar {
    /// Whether a byte stands between two cells.
    fn is_delimiter(&self, byte: u8) -> bool;
    /// Whether a line would be a row of its own.
    fn is_row(&self, line: &[u8]) -> bool;
    /// Finds the recipient's id in a row that is cut off.
    fn whose(&self, raw: &[u8]) -> Option<String>;
}

/// What stands between two ends of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// A row; it is in the buffer, without its end.
    Row,
    /// A row that is larger than allowed; it was passed over. With the recipient's id, if it was seen.
    TooLarge(Option<String>),
    /// A quote that is never closed: nobody knows where the row ends.
    Unclosed,
    /// Nothing more.
    End,
}

/// A row that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawRow {
    /// What it is.
    pub raw: Raw,
    /// On how many lines it stands.
    pub lines: u64,
    /// Whether the file ends in it without a line end.
    pub unterminated: bool,
    /// What stands in it.
    pub marks: RowMarks,
    /// What in it looks like another row.
    pub swallowed: Option<Swallowed>,
}

/// What stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowMarks {
    /// No quotes, no carriage returns, no NUL: every delimiter stands between two cells.
    None,
    /// Some of these, but no carriage return.
    Some,
    /// Carriage returns, and maybe the others.
    Returns,
}

/// Where a row stands that another one has swallowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swallowed {
    /// On this line.
    Line(u64),
    /// On the same line, behind a carriage return.
    Return,
}

/// Where the reading stands within a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordState {
    /// At the beginning of a cell.
    Start,
    /// In a cell without quotes.
    Plain,
    /// In a cell with quotes.
    Quoted,
    /// After a quote in such a cell: its end, or the first half of a quote.
    Closing,
}

impl RecordState {
    /// Goes on over bytes, from quote to quote. Nothing else needs a look: a quote opens a cell only behind
    /// a delimiter, or at the beginning.
    fn pass(self, bytes: &[u8], is_marked: bool, grammar: &impl Grammar) -> Self {
        let is_delimiter = |at: usize| bytes.get(at).is_some_and(|byte| grammar.is_delimiter(*byte));
        let mut at = 0;
        let mut quoted = self == Self::Quoted;
        if self == Self::Closing && bytes.first() == Some(&b'"') {
            (quoted, at) = (true, 1);
        }
        while is_marked && let Some(quote) = memchr(b'"', bytes.get(at..).unwrap_or_default()) {
            let quote = at + quote;
            at = quote + 1;
            if !quoted {
                quoted = if quote == 0 { self == Self::Start } else { is_delimiter(quote - 1) };
            } else if bytes.get(at) == Some(&b'"') {
                at += 1;
            } else if at == bytes.len() {
                return Self::Closing;
            } else {
                quoted = false;
            }
        }
        match bytes.len().checked_sub(1) {
            None => self,
            Some(_) if quoted => Self::Quoted,
            Some(last) if is_delimiter(last) => Self::Start,
            Some(_) => Self::Plain,
        }
    }
}

/// Takes the end off a line, if it is there. Some programs write the carriage return twice.
fn without_end(line: &[u8]) -> &[u8] {
    let Some(mut line) = line.strip_suffix(b"\n") else { return line };
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

/// Reads one row into `raw`, over several lines if a quote holds them together.
pub(super) fn read(lines: &mut LineReader, raw: &mut Vec<u8>, grammar: &impl Grammar) -> io::Result<RawRow> {
    raw.clear();
    let first = lines.line();
    let mut state = RecordState::Start;
    let mut large: Option<Option<String>> = None;
    let mut swallowed = None;
    let (mut anything, mut is_marked) = (false, false);
    // Where in the buffer the line begins that is being read, and whether its beginning was dropped.
    let (mut start, mut headless) = (0, false);
    let piece = loop {
        let (before, number) = (raw.len(), lines.line());
        let piece = lines.read(raw, ROW_BYTES_MAX.saturating_sub(before).saturating_add(2))?;
        let read = raw.get(before..).unwrap_or_default();
        anything |= !read.is_empty();
        let line = without_end(read);
        let is_marked_here = memchr3(b'"', b'\r', 0, line).is_some();
        is_marked |= is_marked_here;
        state = state.pass(line, is_marked_here, grammar);
        if number > first && swallowed.is_none() && piece != LineEnd::Part && !headless {
            let line = raw.get(start..).unwrap_or_default();
            swallowed = holds_row(line, grammar).then_some(Swallowed::Line(number));
        }
        match piece {
            LineEnd::Line if state != RecordState::Quoted => break piece,
            LineEnd::End => break piece,
            LineEnd::Line => (start, headless) = (raw.len(), false),
            LineEnd::Part => {}
        }
        if raw.len() > ROW_BYTES_MAX {
            large.get_or_insert_with(|| grammar.whose(raw));
            // The line that is being read must stay whole, so that it can be looked at.
            raw.drain(..start);
            start = 0;
            if raw.len() > ROW_BYTES_MAX {
                let looked_at = if number > first { holds_row(raw, grammar) } else { behind_return(raw, grammar) };
                swallowed = swallowed.or_else(|| looked_at.then(|| place(number, first)));
                raw.clear();
                headless = true;
            }
        }
    };
    let unterminated = piece == LineEnd::End && raw.last() != Some(&b'\r');
    if piece == LineEnd::End && !unterminated {
        raw.pop();
    } else {
        raw.truncate(without_end(raw).len());
    }
    let kind = match (piece, large) {
        (LineEnd::End, _) if state == RecordState::Quoted => Raw::Unclosed,
        (LineEnd::End, _) if !anything => Raw::End,
        (_, Some(whose)) => Raw::TooLarge(whose),
        (_, None) if raw.len() > ROW_BYTES_MAX => Raw::TooLarge(grammar.whose(raw)),
        (_, None) => Raw::Row,
    };
    let marks = match is_marked {
        false => RowMarks::None,
        true if memchr(b'\r', raw).is_some() => RowMarks::Returns,
        true => RowMarks::Some,
    };
    if marks == RowMarks::Returns && swallowed.is_none() && behind_return(raw, grammar) {
        swallowed = Some(Swallowed::Return);
    }
    let lines = lines.line().saturating_sub(first).saturating_add(u64::from(piece == LineEnd::End));
    Ok(RawRow { raw: kind, lines, unterminated, marks, swallowed })
}

const fn place(number: u64, first: u64) -> Swallowed {
    if number > first { Swallowed::Line(number) } else { Swallowed::Return }
}

/// Whether a line, or a part of it between carriage returns, would be a row.
fn holds_row(line: &[u8], grammar: &impl Grammar) -> bool {
    line.split(|byte| matches!(byte, b'\r' | b'\n')).any(|part| grammar.is_row(part))
}

/// Whether behind a carriage return or a newline stands what would be a row.
fn behind_return(raw: &[u8], grammar: &impl Grammar) -> bool {
    raw.split(|byte| matches!(byte, b'\r' | b'\n')).skip(1).any(|part| grammar.is_row(part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
    use proptest::{collection, sample};

    use super::*;

    struct Commas;

    impl Grammar for Commas {
        fn is_delimiter(&self, byte: u8) -> bool {
            byte == b','
        }

        fn is_row(&self, _: &[u8]) -> bool {
            false
        }

        fn whose(&self, _: &[u8]) -> Option<String> {
            None
        }
    }

    /// The same, byte by byte.
    fn slowly(state: RecordState, bytes: &[u8]) -> RecordState {
        bytes.iter().fold(state, |state, byte| match (state, byte) {
            (RecordState::Start | RecordState::Closing, b'"') => RecordState::Quoted,
            (RecordState::Quoted, b'"') => RecordState::Closing,
            (RecordState::Quoted, _) => RecordState::Quoted,
            (_, b',') => RecordState::Start,
            (RecordState::Start | RecordState::Plain | RecordState::Closing, _) => RecordState::Plain,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn quotes_open_and_close_as_they_do_byte_by_byte(
            bytes in collection::vec(sample::select(b"\",a".to_vec()), 0..16),
            cut in any::<sample::Index>(),
        ) {
            let (one, other) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut state = RecordState::Start;
            for piece in [one, other] {
                let marked = piece.contains(&b'"');
                prop_assert_eq!(state.pass(piece, marked, &Commas), slowly(state, piece));
                state = slowly(state, piece);
            }
        }
    }
}
