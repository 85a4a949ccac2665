//! From the text of one CSV row to its cells.

use crate::audience::CELL_BYTES_MAX;
use crate::audience::row::RowProblem;
use crate::diagnostic::words::plural;
use crate::render::Header;

/// Takes a row apart and holds it against the header.
pub(super) fn parse(
    raw: &[u8],
    header: &Header,
    record: &mut csv::StringRecord,
    cell: &mut String,
) -> Result<(), RowProblem> {
    let text = str::from_utf8(raw).map_err(|_| RowProblem::new("it is not UTF-8"))?;
    if text.contains('\0') {
        return Err(RowProblem::new("it holds a NUL character"));
    }
    split(text, record, cell)?;
    let (found, wanted) = (record.len(), header.names().len());
    if found != wanted {
        return Err(RowProblem::new(format!("it has {}, and the header has {wanted}", plural(found as u64, "cell"))));
    }
    if raw.len() > CELL_BYTES_MAX
        && let Some(position) = record.iter().position(|cell| cell.len() > CELL_BYTES_MAX)
    {
        return Err(RowProblem::new("a cell is larger than 64 KiB").in_column(header.names().get(position)));
    }
    Ok(())
}

/// Takes a row apart.
pub(super) fn split(text: &str, record: &mut csv::StringRecord, cell: &mut String) -> Result<(), RowProblem> {
    if !text.contains('"') {
        if text.contains('\r') {
            return Err(RowProblem::new("it holds a bare carriage return"));
        }
        for cell in text.split(',') {
            record.push_field(cell);
        }
        return Ok(());
    }
    let mut rest = text;
    loop {
        let (plain, after) = match rest.strip_prefix('"') {
            None => (true, rest.split_once(',')),
            Some(quoted) => {
                rest = unquote(quoted, cell)?;
                (false, rest.strip_prefix(',').map(|after| ("", after)))
            }
        };
        match (plain, after) {
            (false, _) => record.push_field(cell),
            (true, Some((plain, _))) => push_plain(plain, record)?,
            (true, None) => push_plain(rest, record)?,
        }
        match after {
            Some((_, after)) => rest = after,
            None if plain || rest.is_empty() => return Ok(()),
            None => return Err(RowProblem::new("a text goes on after its closing quote")),
        }
    }
}

fn push_plain(cell: &str, record: &mut csv::StringRecord) -> Result<(), RowProblem> {
    if cell.contains('\r') {
        return Err(RowProblem::new("it holds a bare carriage return"));
    }
    record.push_field(cell);
    Ok(())
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
