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

/// Looks whether a header that is one name is several, with something else between them.
///
/// # Errors
/// If it is.
pub(super) fn in_one(heading: &Heading<'_>, header: &[String], declared: Option<u8>) -> Result<(), Diagnostic> {
    let [only] = header else { return Ok(()) };
    let holds = |delimiter: &u8| position(&names(only, *delimiter), heading.wanted.to).is_some();
    match (DELIMITERS.into_iter().find(holds), declared) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(heading
            .refuse("the whole header stands in one pair of quotes")
            .help("export the file again without quotes around whole lines")),
        (Some(found), Some(declared)) => Err(heading
            .refuse(format!("{} stands between the columns, not {}", shown(found), shown(declared)))
            .help("correct `delimiter` under the audience, or the first line of the file")),
    }
}

/// Looks whether the names of the columns stand in single quotes.
///
/// # Errors
/// If they do.
pub(super) fn in_single_quotes(heading: &Heading<'_>, header: &[String]) -> Result<(), Diagnostic> {
    let inner = |name: &String| name.trim().trim_matches('\'').to_owned();
    let bare: Vec<String> = header.iter().map(inner).collect();
    match position(&bare, heading.wanted.to) {
        None => Ok(()),
        Some(_) => Err(heading
            .refuse("the names of the columns stand in single quotes: CSV takes double ones")
            .help("export the file with double quotes, or with none")),
    }
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
