//! Where a row of a CSV file ends: at the end of its line, unless a quote holds lines together. Then
//! every further line is looked at: if it would be a row of its own, the quote is a mistake, and people
//! would vanish in somebody's note.

use std::io;

use crate::audience::ROW_BYTES_MAX;
use crate::audience::lines::{Lines, Piece};

/// What is asked about the lines while they are read.
pub(super) trait Grammar {
    /// Says whether a byte stands between two cells.
    fn is_delimiter(&self, byte: u8) -> bool;
    /// Says whether a line would be a row of its own.
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
pub(super) struct Record {
    /// What it is.
    pub raw: Raw,
    /// On how many lines it stands.
    pub lines: u64,
    /// Whether the file ends in it without a line end.
    pub unterminated: bool,
    /// Whether carriage returns stand in it.
    pub returns: bool,
    /// What in it looks like another row.
    pub swallowed: Option<Swallowed>,
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
enum State {
    /// At the beginning of a cell.
    Start,
    /// In a cell without quotes.
    Plain,
    /// In a cell with quotes.
    Quoted,
    /// After a quote in such a cell: its end, or the first half of a quote.
    Closing,
}

impl State {
    fn pass(self, bytes: &[u8], grammar: &impl Grammar) -> Self {
        if !bytes.contains(&b'"') {
            return match (self, bytes.last()) {
                (Self::Quoted, _) | (_, None) => self,
                (_, Some(last)) if grammar.is_delimiter(*last) => Self::Start,
                (Self::Start | Self::Plain | Self::Closing, Some(_)) => Self::Plain,
            };
        }
        bytes.iter().fold(self, |state, byte| match (state, byte) {
            (Self::Start | Self::Closing, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::Closing,
            (Self::Quoted, _) => Self::Quoted,
            (_, byte) if grammar.is_delimiter(*byte) => Self::Start,
            (Self::Start | Self::Plain | Self::Closing, _) => Self::Plain,
        })
    }
}

/// Reads one row into `raw`, over several lines if a quote holds them together.
pub(super) fn read(lines: &mut Lines, raw: &mut Vec<u8>, grammar: &impl Grammar) -> io::Result<Record> {
    raw.clear();
    let first = lines.line();
    let mut state = State::Start;
    let mut large: Option<Option<String>> = None;
    let mut swallowed = None;
    let mut anything = false;
    // Where in the buffer the line begins that is being read, and whether its beginning was dropped.
    let (mut start, mut headless) = (0, false);
    let piece = loop {
        let (before, number) = (raw.len(), lines.line());
        let piece = lines.read(raw, ROW_BYTES_MAX.saturating_sub(before).saturating_add(2))?;
        let read = raw.get(before..).unwrap_or_default();
        anything |= !read.is_empty();
        state = state.pass(read.strip_suffix(b"\n").unwrap_or(read), grammar);
        if number > first && swallowed.is_none() && piece != Piece::Part && !headless {
            let line = raw.get(start..).unwrap_or_default();
            swallowed = holds_row(line, grammar).then_some(Swallowed::Line(number));
        }
        match piece {
            Piece::Line if state != State::Quoted => break piece,
            Piece::End => break piece,
            Piece::Line => (start, headless) = (raw.len(), false),
            Piece::Part => {}
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
    let unterminated = piece == Piece::End && raw.last() != Some(&b'\r');
    if raw.last() == Some(&b'\n') {
        raw.pop();
    }
    if raw.last() == Some(&b'\r') {
        raw.pop();
    }
    let kind = match (piece, large) {
        (Piece::End, _) if state == State::Quoted => Raw::Unclosed,
        (Piece::End, _) if !anything => Raw::End,
        (_, Some(whose)) => Raw::TooLarge(whose),
        (_, None) if raw.len() > ROW_BYTES_MAX => Raw::TooLarge(grammar.whose(raw)),
        (_, None) => Raw::Row,
    };
    let returns = raw.contains(&b'\r');
    if returns && swallowed.is_none() && behind_return(raw, grammar) {
        swallowed = Some(Swallowed::Return);
    }
    let lines = lines.line().saturating_sub(first).saturating_add(u64::from(piece == Piece::End));
    Ok(Record { raw: kind, lines, unterminated, returns, swallowed })
}

const fn place(number: u64, first: u64) -> Swallowed {
    if number > first { Swallowed::Line(number) } else { Swallowed::Return }
}

/// Says whether a line, or a part of it between carriage returns, would be a row.
fn holds_row(line: &[u8], grammar: &impl Grammar) -> bool {
    line.split(|byte| matches!(byte, b'\r' | b'\n')).any(|part| grammar.is_row(part))
}

/// Says whether behind a carriage return or a newline stands what would be a row.
fn behind_return(raw: &[u8], grammar: &impl Grammar) -> bool {
    raw.split(|byte| matches!(byte, b'\r' | b'\n')).skip(1).any(|part| grammar.is_row(part))
}
