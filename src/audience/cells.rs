//! From the text of one CSV row to its cells.

use crate::audience::CELL_BYTES_MAX;
use crate::audience::row::RowProblem;
use crate::audience::table::Table;
use crate::diagnostic::words::plural;
use crate::wire::visible::is_blank;

/// Why a row gives no cells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It cannot be read; the others can.
    Row(RowProblem),
    /// It has a value in this cell, counted from 0, of a column without a name: nobody knows which rows
    /// are right.
    Nameless(usize),
}

impl From<RowProblem> for Fault {
    fn from(problem: RowProblem) -> Self {
        Self::Row(problem)
    }
}

/// Takes a row apart, in which carriage `returns` may stand, and holds it against the header.
pub(super) fn parse(
    text: &str,
    returns: bool,
    table: &Table,
    record: &mut csv::StringRecord,
    cell: &mut String,
) -> Result<(), Fault> {
    if text.contains('\0') {
        return Err(RowProblem::new("it holds a NUL character").into());
    }
    split(text, returns, table.delimiter, record, cell)?;
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
fn fit(record: &mut csv::StringRecord, table: &Table) -> Result<(), Fault> {
    let columns = table.header.names().len();
    let blank = |position: usize| record.get(position).is_none_or(is_blank);
    if record.iter().all(is_blank) {
        *record = (0..columns).map(|_| "").collect();
        return Ok(());
    }
    if let Some(position) = table.nameless.iter().copied().find(|position| !blank(*position)) {
        return Err(Fault::Nameless(position));
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

/// Takes a row apart, in which carriage `returns` may stand.
pub(super) fn split(
    text: &str,
    returns: bool,
    delimiter: u8,
    record: &mut csv::StringRecord,
    cell: &mut String,
) -> Result<(), RowProblem> {
    let delimiter = char::from(delimiter);
    if !text.contains('"') {
        if returns {
            return Err(bare_return());
        }
        for cell in text.split(delimiter) {
            record.push_field(cell);
        }
        return Ok(());
    }
    let mut rest = text;
    loop {
        let (plain, after) = match rest.strip_prefix('"') {
            None => (true, rest.split_once(delimiter)),
            Some(quoted) => {
                rest = unquote(quoted, cell)?;
                (false, rest.strip_prefix(delimiter).map(|after| ("", after)))
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
            None => return Err(RowProblem::new("a text goes on after its closing quote")),
        }
    }
}

fn bare_return() -> RowProblem {
    RowProblem::new("it holds a bare carriage return")
}

/// Reads a cell after its opening quote into `cell`, and gives what stands behind it.
fn unquote<'a>(mut rest: &'a str, cell: &mut String) -> Result<&'a str, RowProblem> {
    cell.clear();
    loop {
        let Some((part, after)) = rest.split_once('"') else {
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
