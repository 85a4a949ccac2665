//! What the rows of a message have to say, as diagnostics: never a person's value, always a line, and
//! one diagnostic for one cause.

use crate::campaign::{Audience, Message};
use crate::diagnostic::words::plural;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Severity};
use crate::render::{ColumnNames, remedy};
use crate::timing;

use super::collect::Collected;
use super::gate::Gate;
use super::id_diagnostics::of_ids;
use super::row_checks::Leftover;
use super::row_issue::{Cause, RowIssues, also_in};

/// How many causes of a kind are told one by one.
const SHOWN_MAX: usize = 8;

/// Puts what was collected into diagnostics. Rows that cannot be read, and contradicting ones, are
/// warnings, because they are counted; failed ones are errors unless so many of them are allowed.
#[must_use]
pub(super) fn of(
    message: &Message,
    header: &ColumnNames,
    collected: &Collected,
    failures_are_allowed: bool,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let audience = &message.audience;
    let file = audience.source.file();
    let severity = if failures_are_allowed { Severity::Warning } else { Severity::Error };
    let failed = &collected.failed;
    for cause in failed.causes().iter().take(SHOWN_MAX) {
        diagnostics.push(Diagnostic { severity, ..failure(message, file, cause) });
    }
    diagnostics.extend(more(failed, file, severity));
    for cause in collected.unreadable.causes().iter().take(SHOWN_MAX) {
        diagnostics.push(unreadable(audience, cause));
    }
    diagnostics.extend(more(&collected.unreadable, file, Severity::Warning));
    diagnostics.extend(contradicting(message, collected));
    diagnostics.extend(of_ids(audience, &collected.ids, collected.unterminated));
    diagnostics.extend(leftovers(message, header, collected));
    if collected.too_many_bytes > 0 {
        let texts = plural(collected.too_many_bytes, "text");
        let text = format!("{texts} of `{}` with more than 1,000 bytes, which the channel may refuse", message.key);
        diagnostics.push(Diagnostic::warning(Code::TextTooManyBytes, text, message.place.clone()));
    }
    diagnostics
}

fn unreadable(audience: &Audience, cause: &Cause) -> Diagnostic {
    let name = &audience.name;
    let issue = &cause.issue;
    let (rows, these) = match cause.rows {
        1 => (format!("a row of audience `{name}`"), "this row"),
        rows => (format!("{} of audience `{name}`", plural(rows, "row")), "these rows"),
    };
    let values = cause.values().map(|values| format!(": {values}")).unwrap_or_default();
    let text = format!("{rows} cannot be read: {}{values}", issue.message);
    let nobody = format!("nobody is sent from {these}");
    let own = if issue.code == Code::BadZone { zones(cause) } else { issue.help.clone() };
    let help: Vec<String> = [own, Some(nobody), cause.others()].into_iter().flatten().collect();
    Diagnostic::warning(issue.code, text, cause.first(audience.source.file())).help(help.join("; "))
}

/// What to write instead of what is no zone, value by value.
fn zones(cause: &Cause) -> Option<String> {
    let cures = cause.most_frequent().map(|value| format!("`{value}`: {}", timing::no_zone(value).cure));
    Some(cures.collect::<Vec<_>>().join("; ")).filter(|cures| !cures.is_empty())
}

fn failure(message: &Message, file: &str, cause: &Cause) -> Diagnostic {
    let issue = &cause.issue;
    let rows = if cause.rows == 1 { String::new() } else { format!(" (in {})", plural(cause.rows, "row")) };
    let text = format!("`{}`: {}{rows}", message.key, issue.message);
    let row = cause.first(file);
    let diagnostic = match &issue.place {
        Some(place) => Diagnostic::error(issue.code, text, (**place).clone())
            .note(row, if cause.rows == 1 { "for this row" } else { "for this row, the first of them" }),
        None => Diagnostic::error(issue.code, text, row),
    };
    let own = issue.help.clone().or_else(|| remedy(issue.code, issue.column.as_deref()));
    let help: Vec<String> = [own, cause.others()].into_iter().flatten().collect();
    if help.is_empty() { diagnostic } else { diagnostic.help(help.join("; ")) }
}

/// Says how many rows have yet other things wrong.
fn more(issues: &RowIssues, file: &str, severity: Severity) -> Option<Diagnostic> {
    let unseen = issues.causes().iter().skip(SHOWN_MAX).map(|cause| cause.rows).sum::<u64>() + issues.others();
    let first = issues.causes().first().filter(|_| unseen > 0)?;
    let text = format!("{} with yet other mistakes", plural(unseen, "more row"));
    Some(Diagnostic { severity, ..Diagnostic::error(first.issue.code, text, Place::File(file.to_owned())) })
}

fn contradicting(message: &Message, collected: &Collected) -> Option<Diagnostic> {
    let (line, others) = collected.contradicting.split_first()?;
    let (line, rows_more) = (*line, collected.counts.get(Gate::Contradicting).saturating_sub(1));
    let place = Place::Row { file: message.audience.source.file().to_owned(), line, column: None };
    let rows = plural(collected.counts.get(Gate::Contradicting), "row");
    let verb = if collected.counts.get(Gate::Contradicting) == 1 { "contradicts" } else { "contradict" };
    let text = format!("{rows} of audience `{}` {verb} another row of the same person", message.audience.name);
    let help = "nobody is sent from them: keep one row a person, or make the used columns agree";
    let help: Vec<String> = [Some(help.to_owned()), also_in(others, rows_more)].into_iter().flatten().collect();
    Some(Diagnostic::warning(Code::UnreadableRow, text, place).help(help.join("; ")))
}

/// What stands in cells of people who would be sent to, though it is likely not meant.
fn leftovers<'a>(
    message: &'a Message,
    header: &'a ColumnNames,
    collected: &'a Collected,
) -> impl Iterator<Item = Diagnostic> + 'a {
    let file = message.audience.source.file();
    collected.leftovers.iter().map(move |((position, leftover), (line, rows))| {
        let column = header.names().get(*position).cloned();
        let name = column.as_deref().unwrap_or_default();
        let rows = plural(*rows, "row");
        let (code, what, help) = match leftover {
            Leftover::Zone(zone) => {
                let advice = timing::zone_advice(zone);
                let (why, cure) = advice.map(|advice| (advice.why, advice.cure)).unwrap_or_default();
                (Code::BadZone, format!("`{name}` is `{zone}` in {rows} that would be sent: {why}"), cure)
            }
            Leftover::Word(word) => (
                Code::Leftover,
                format!("`{name}` is `{word}` in {rows} that would be sent"),
                "a program writes that where nothing is: empty those cells, and say `fallback(\"…\")` in the text"
                    .to_owned(),
            ),
            Leftover::Mojibake => (
                Code::Leftover,
                format!("`{name}` has characters that were read in the wrong encoding in {rows} that would be sent"),
                "as if `François` had become `FranÃ§ois`: export the data again, as UTF-8".to_owned(),
            ),
            Leftover::Mark(mark) => (
                Code::Leftover,
                format!("`{name}` holds {mark}, in {rows} that would be sent"),
                "people would see it as it is written: export the column as plain text".to_owned(),
            ),
        };
        let place = Place::Row { file: file.to_owned(), line: *line, column };
        Diagnostic::warning(code, format!("`{}`: {what}", message.key), place).help(help)
    })
}
