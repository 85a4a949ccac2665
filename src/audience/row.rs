//! A row of an audience, readable or not.

use std::fmt;

use crate::wire::cell::{is_plain, plain, plain_id};

/// Where a row begins in its audience: a byte of the decompressed stream, or the number of an
/// inline row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowAt(pub u64);

/// A row of an audience.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it begins; [`Reader::seek`](crate::audience::AudienceReader::seek) goes back to it.
    pub at: RowAt,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// On how many lines it stands.
    pub lines: u64,
    /// Whether the file ends in it without a line end, so that it may have been cut.
    pub unterminated: bool,
    /// Its cells, one a column; or why it cannot be read.
    pub cells: Result<csv::StringRecord, RowProblem>,
}

/// Why a row cannot be read. It never holds a cell's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// What is wrong.
    pub message: String,
    /// The column to blame, if there is one.
    pub column: Option<String>,
    /// What stands where the recipient's id is wanted, if the row shows that much: whoever it is about is
    /// not sent from another row either. Never shown.
    pub to: Option<String>,
}

impl RowProblem {
    /// Makes a problem of the row as a whole.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), column: None, to: None }
    }

    /// Blames a column.
    pub(super) fn in_column(self, column: Option<&String>) -> Self {
        Self { column: column.cloned(), ..self }
    }

    /// Says whom it is probably about.
    pub(super) fn about(self, to: Option<String>) -> Self {
        Self { to, ..self }
    }
}

/// Shows where the row is and whether it can be read: its cells are personal data.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.cells.as_ref().map(csv::StringRecord::len);
        f.debug_struct("Row").field("at", &self.at).field("line", &self.line).field("cells", &cells).finish()
    }
}

/// Where a row stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stand {
    /// Where it begins.
    pub at: RowAt,
    /// Its first line, from 1.
    pub line: u64,
    /// On how many lines it stands.
    pub lines: u64,
    /// Whether the file ends in it without a line end.
    pub unterminated: bool,
}

/// Rows that are filled again and again, so that their memory is used again. Here every cell, from
/// wherever it comes, gets its one form.
pub(super) struct Refill<'a> {
    rows: &'a mut Vec<Row>,
    to: Option<usize>,
    filled: usize,
}

impl<'a> Refill<'a> {
    /// Begins to fill the rows from the first; the recipient's id is in this column.
    pub(super) const fn new(rows: &'a mut Vec<Row>, to: Option<usize>) -> Self {
        Self { rows, to, filled: 0 }
    }

    /// How many rows are filled.
    pub(super) const fn len(&self) -> usize {
        self.filled
    }

    /// Fills the next row. `read` gets an empty record, and hands it back with the cells in it.
    pub(super) fn fill(&mut self, stand: Stand, read: impl FnOnce(&mut csv::StringRecord) -> Result<(), RowProblem>) {
        let Stand { at, line, lines, unterminated } = stand;
        let old = self.rows.get_mut(self.filled).map(|row| std::mem::replace(&mut row.cells, Err(RowProblem::new(""))));
        let mut record = old.and_then(Result::ok).unwrap_or_default();
        record.clear();
        let cells = read(&mut record).map(|()| in_one_form(record, self.to));
        match self.rows.get_mut(self.filled) {
            Some(row) => *row = Row { at, line, lines, unterminated, cells },
            None => self.rows.push(Row { at, line, lines, unterminated, cells }),
        }
        self.filled += 1;
    }

    /// Takes the last row back.
    pub(super) const fn unfill(&mut self) {
        self.filled = self.filled.saturating_sub(1);
    }

    /// Drops the rows that were not filled, and says how many were.
    pub(super) fn end(self) -> usize {
        self.rows.truncate(self.filled);
        self.filled
    }
}

/// Gives every cell its one form.
fn in_one_form(cells: csv::StringRecord, to: Option<usize>) -> csv::StringRecord {
    if cells.iter().all(is_plain) {
        return cells;
    }
    let form = |(position, cell)| if to == Some(position) { plain_id(cell) } else { plain(cell) };
    if cells.iter().enumerate().all(|(position, cell)| form((position, cell)) == cell) {
        return cells;
    }
    cells.iter().enumerate().map(form).fold(csv::StringRecord::new(), |mut cells, cell| {
        cells.push_field(&cell);
        cells
    })
}
