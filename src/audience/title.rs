//! What a first line probably is, if it is not the header of the rows below it.

use crate::audience::cells::shown;
use crate::audience::dialect::DELIMITERS;
use crate::audience::heading::{Heading, names, position};
use crate::diagnostic::Diagnostic;
use crate::wire::visible::is_blank;

/// How many rows are looked at.
const ROWS_MAX: usize = 20;

/// Looks for the header below the first line, which may be a title.
///
/// # Errors
/// If it is there.
pub(super) fn below(heading: &mut Heading<'_>, declared: Option<u8>) -> Result<(), Diagnostic> {
    let delimiters: &[u8] = declared.as_ref().map_or(&DELIMITERS, std::slice::from_ref);
    for _ in 0..ROWS_MAX {
        let line = heading.lines.line();
        // What cannot be read is told when its turn comes.
        let Ok(Some(text)) = heading.record(delimiters) else { return Ok(()) };
        let to = heading.wanted.to;
        if delimiters.iter().any(|delimiter| position(&names(&text, *delimiter), to).is_some()) {
            let message = format!("line {} is no header: line {line} has the column `{to}`", heading.line);
            return Err(heading.refuse(message).help(format!("delete the lines above line {line}")));
        }
    }
    Ok(())
}

/// Looks whether the whole header stands in one pair of quotes.
///
/// # Errors
/// If it does.
pub(super) fn in_quotes(heading: &Heading<'_>, header: &[String]) -> Result<(), Diagnostic> {
    let [only] = header else { return Ok(()) };
    if DELIMITERS.iter().any(|delimiter| position(&names(only, *delimiter), heading.wanted.to).is_some()) {
        let help = "export the file again without quotes around whole lines";
        return Err(heading.refuse("the whole header stands in one pair of quotes").help(help));
    }
    Ok(())
}

/// Looks whether the rows have several columns although the header has one.
///
/// # Errors
/// If they do.
pub(super) fn columns(heading: &mut Heading<'_>) -> Result<(), Diagnostic> {
    let mut common: Option<Vec<u8>> = None;
    for _ in 0..ROWS_MAX {
        let Ok(Some(text)) = heading.record(&DELIMITERS) else { break };
        if is_blank(&text) {
            continue;
        }
        let has_more = |delimiter: &u8| names(&text, *delimiter).iter().skip(1).any(|cell| !is_blank(cell));
        let mut here: Vec<u8> = DELIMITERS.into_iter().filter(has_more).collect();
        if let Some(common) = &common {
            here.retain(|delimiter| common.contains(delimiter));
        }
        common = Some(here);
    }
    let Some(delimiter) = common.and_then(|common| common.first().copied()) else { return Ok(()) };
    let message =
        format!("the header has one column, and the rows have several, with {} between them", shown(delimiter));
    Err(heading.refuse(message).help("name every column in the first line"))
}
