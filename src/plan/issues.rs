//! What the rows of a message have to say, as diagnostics: never a value, always a line.

use crate::campaign::Message;
use crate::diagnostic::words::plural;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::render::remedy;

use super::gate::Gate;
use super::gather::Gathered;
use super::sieve::RowIssue;

/// How many wrong rows are told one by one.
const SHOWN_MAX: usize = 5;

/// Puts what was gathered into diagnostics: failed rows are errors, unreadable and contradicting
/// ones are warnings, because they are counted.
#[must_use]
pub(super) fn of(message: &Message, gathered: &Gathered) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let file = message.audience.source.file();
    for (line, issue) in gathered.failed.iter().take(SHOWN_MAX) {
        diagnostics.push(failed(message, file, *line, issue));
    }
    more(&mut diagnostics, gathered.counts.get(Gate::Failed), gathered.failed.first(), file, true);
    for (line, issue) in gathered.unreadable.iter().take(SHOWN_MAX) {
        let place = Place::Row { file: file.to_owned(), line: *line, column: issue.column.clone() };
        let text = format!("a row of audience `{}` cannot be read: {}", message.audience.name, issue.message);
        diagnostics.push(Diagnostic::warning(issue.code, text, place).help("nobody is sent from this row"));
    }
    more(&mut diagnostics, gathered.counts.get(Gate::Unreadable), gathered.unreadable.first(), file, false);
    let contradicting = gathered.counts.get(Gate::Contradicting);
    if let Some(line) = gathered.contradicting.first() {
        let place = Place::Row { file: file.to_owned(), line: *line, column: None };
        let rows = plural(contradicting, "row");
        let text = format!("{rows} of audience `{}` contradict another row of the same person", message.audience.name);
        let help = "nobody is sent from them: keep one row a person, or make the used columns agree";
        diagnostics.push(Diagnostic::warning(Code::UnreadableRow, text, place).help(help));
    }
    if gathered.too_many_bytes > 0 {
        let texts = plural(gathered.too_many_bytes, "text");
        let text = format!("{texts} of `{}` with more than 1,000 bytes, which the channel may refuse", message.key);
        diagnostics.push(Diagnostic::warning(Code::TextTooManyBytes, text, message.place.clone()));
    }
    diagnostics
}

fn failed(message: &Message, file: &str, line: u64, issue: &RowIssue) -> Diagnostic {
    let row = Place::Row { file: file.to_owned(), line, column: issue.column.clone() };
    let text = format!("`{}`: {}", message.key, issue.message);
    let diagnostic = match &issue.place {
        Some(place) => Diagnostic::error(issue.code, text, place.clone()).note(row, "for this row"),
        None => Diagnostic::error(issue.code, text, row),
    };
    match remedy(issue.code, issue.column.as_deref()) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn more(diagnostics: &mut Diagnostics, total: u64, first: Option<&(u64, RowIssue)>, file: &str, error: bool) {
    let Some((_, issue)) = first else { return };
    let rest = total.saturating_sub(SHOWN_MAX as u64);
    if rest == 0 {
        return;
    }
    let text = format!("{} like these", plural(rest, "more row"));
    let place = Place::File(file.to_owned());
    diagnostics.push(if error {
        Diagnostic::error(issue.code, text, place)
    } else {
        Diagnostic::warning(issue.code, text, place)
    });
}
