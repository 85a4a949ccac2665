//! From the text of one CSV row to its cells.

use memchr::{memchr, memchr_iter};

use crate::audience::CELL_BYTES_MAX;
use crate::audience::records::RowMarks;
use crate::audience::row::RowProblem;
use crate::audience::table::Table;
use crate::diagnostic::words::plural;
use crate::wire::visible::is_blank;

/// Why a row gives no cells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RowFault {
    /// It cannot be read; the others can.
    Row(RowProblem),
    /// It has a value in this cell, counted from 0, of a column without a name: nobody knows which rows
    /// are right.
    Nameless(usize),
}

impl From<RowProblem> for RowFault {
    fn from(problem: RowProblem) -> Self {
        Self::Row(problem)
    }
}

/// Takes a row apart and holds it against the header.
pub(super) fn parse(
    text: &str,
    marks: RowMarks,
    table: &Table,
    record: &mut csv::StringRecord,
    cell: &mut String,
) -> Result<(), RowFault> {
    split(text, marks, table.delimiter, record, cell)?;
    if record.len() != table.width || !table.nameless.is_empty() {
        fit(record, table)?;
    }
    if text.len() > CELL_BYTES_MAX
        && let Some(position) = record.iter().position(|cell| cell.len() > CELL_BYTES_MAX)
    {
        let problem = RowProblem::new("a cell is larger than 64 KiB");
        return Err(problem.in_column(table.header.names().get(position)).into());
    }
    Ok(())
}

/// Gives a row one cell for each column with a name. What is blank may be missing, or too much.
fn fit(record: &mut csv::StringRecord, table: &Table) -> Result<(), RowFault> {
    let columns = table.header.names().len();
    let blank = |position: usize| record.get(position).is_none_or(is_blank);
    if record.iter().all(is_blank) {
        *record = (0..columns).map(|_| "").collect();
        return Ok(());
    }
    if let Some(position) = table.nameless.iter().copied().find(|position| !blank(*position)) {
        return Err(RowFault::Nameless(position));
    }
    let found = record.len();
    let counts = || format!("it has {}, and the header has {}", plural(found as u64, "cell"), table.width);
    if (table.width..found).any(|position| !blank(position)) {
        let message = format!("{}: a text with {} in it needs quotes", counts(), shown(table.delimiter));
        return Err(RowProblem::new(message).into());
    }
    if (found..table.width).any(|position| table.nameless.binary_search(&position).is_err()) {
        let message = format!("{}: the line is cut, or broken in two", counts());
        return Err(RowProblem::new(message).into());
    }
    if table.nameless.iter().all(|position| *position >= columns) {
        record.truncate(columns);
    } else {
        let named = record.iter().take(table.width).enumerate();
        *record = named
            .filter(|(position, _)| table.nameless.binary_search(position).is_err())
            .map(|(_, cell)| cell)
            .collect();
    }
    Ok(())
}

/// Writes a delimiter for people.
pub(super) fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "a tab".to_owned() } else { format!("`{}`", char::from(delimiter)) }
}

/// Takes a row apart.
pub(super) fn split(
    text: &str,
    marks: RowMarks,
    delimiter: u8,
    record: &mut csv::StringRecord,
    cell: &mut String,
) -> Result<(), RowProblem> {
    if marks == RowMarks::None {
        let mut start = 0;
        for end in memchr_iter(delimiter, text.as_bytes()) {
            record.push_field(text.get(start..end).unwrap_or_default());
            start = end + 1;
        }
        record.push_field(text.get(start..).unwrap_or_default());
        return Ok(());
    }
    if memchr(0, text.as_bytes()).is_some() {
        return Err(RowProblem::new("it holds a NUL character"));
    }
    let returns = marks == RowMarks::Returns;
    let mut rest = text;
    loop {
        let (plain, after) = match rest.strip_prefix('"') {
            None => (true, cut(rest, delimiter)),
            Some(quoted) => {
                rest = unquote(quoted, cell)?;
                if returns && cell.contains("\r\n") {
                    *cell = plain_ends(cell);
                }
                (false, rest.strip_prefix(char::from(delimiter)).map(|after| ("", after)))
            }
        };
        let written = match (plain, after) {
            (false, _) => cell.as_str(),
            (true, Some((plain, _))) => plain,
            (true, None) => rest,
        };
        if plain && returns && written.contains('\r') {
            return Err(bare_return());
        }
        record.push_field(written);
        match after {
            Some((_, after)) => rest = after,
            None if plain || rest.is_empty() => return Ok(()),
            None if text.contains("\\\"") => {
                let message =
                    "a text goes on after its closing quote: a quote inside is written twice, without a backslash";
                return Err(RowProblem::new(message));
            }
            None => return Err(RowProblem::new("a text goes on after its closing quote")),
        }
    }
}

fn bare_return() -> RowProblem {
    RowProblem::new("it holds a bare carriage return")
}

/// Ends the lines of a text as they end here: the same text must not be another one because of where it
/// was written.
pub(super) fn plain_ends(text: &str) -> String {
    let mut lines = text.split('\n');
    let last = lines.next_back().unwrap_or_default();
    let mut plain: String = lines.flat_map(|line| [line.trim_end_matches('\r'), "\n"]).collect();
    plain.push_str(last);
    plain
}

/// Cuts a text in two at a mark of one byte.
fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr(mark, text.as_bytes())?;
    text.get(..at).zip(text.get(at + 1..))
}

/// Reads a cell after its opening quote into `cell`, and gives what stands behind it.
fn unquote<'a>(mut rest: &'a str, cell: &mut String) -> Result<&'a str, RowProblem> {
    cell.clear();
    loop {
        let Some((part, after)) = cut(rest, b'"') else {
            return Err(RowProblem::new("a quote is never closed"));
        };
        cell.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return Ok(after),
        }
    }
}
