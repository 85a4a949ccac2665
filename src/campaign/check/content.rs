//! Texts: what a message says, expressions, and where each of their lines stands in the file.

use crate::campaign::checked::{Expression, TemplateText};
use crate::campaign::cursor::Cursor;
use crate::campaign::files::{Files, FilesError};
use crate::campaign::text_file::{TextFileError, text_file};
use crate::campaign::tree::Style;
use crate::diagnostic::{Diagnostic, Place};

use super::findings::Findings;
use super::path::path;

/// Takes a template that is written in the file.
pub(super) fn inline(at: &Cursor<'_>) -> Option<TemplateText> {
    let scalar = at.scalar()?;
    let text = match scalar.style {
        Style::Literal | Style::Folded => scalar.text.strip_suffix('\n').unwrap_or(&scalar.text).to_owned(),
        Style::Plain | Style::Quoted => scalar.text.clone(),
    };
    let line_starts = match scalar.style {
        Style::Literal => literal_starts(at, &text),
        Style::Plain | Style::Quoted => start(at, scalar.style, &text).map(|start| vec![start]),
        Style::Folded => None,
    };
    let place = Place::Span { source: at.source().clone(), span: at.span() };
    Some(TemplateText { text, place, line_starts, file: None })
}

/// Takes an expression that is written in the file.
pub(super) fn expression(at: &Cursor<'_>) -> Option<Expression> {
    let scalar = at.scalar()?;
    let text = scalar.text.trim_end_matches('\n').to_owned();
    let place = Place::Span { source: at.source().clone(), span: at.span() };
    Some(Expression { start: start(at, scalar.style, &text), text, place })
}

/// Takes a template that is a file.
pub(super) fn file(at: &Cursor<'_>, name: &str, files: &dyn Files, findings: &mut Findings) -> Option<TemplateText> {
    let name = findings.take(path(at, name))?;
    match text_file(&name, files) {
        Ok(text) => Some(text),
        Err(TextFileError::Unreadable(error)) => {
            findings.push(unreadable(at, &error));
            None
        }
        Err(TextFileError::Characters(refused)) => {
            for diagnostic in refused {
                findings.push(diagnostic.note(at.place(), "the template is named here"));
            }
            None
        }
    }
}

fn unreadable(at: &Cursor<'_>, error: &FilesError) -> Diagnostic {
    Diagnostic::error(error.code(), format!("the template cannot be used: {error}"), at.place())
}

/// Where a text on one line begins, if the file holds it as it is.
fn start(at: &Cursor<'_>, style: Style, text: &str) -> Option<usize> {
    let start = match style {
        Style::Plain => at.span().start,
        Style::Quoted => at.span().start + 1,
        Style::Literal => return literal_starts(at, text)?.first().copied().filter(|_| !text.contains('\n')),
        Style::Folded => return None,
    };
    let written = at.source().text.get(start..start + text.len());
    (written == Some(text) && !text.contains('\n')).then_some(start)
}

/// Where each line of a literal block begins, behind its indentation.
fn literal_starts(at: &Cursor<'_>, text: &str) -> Option<Vec<usize>> {
    let source = &at.source().text;
    // The text's span begins with its first word; the indicator before it ends the line above.
    let header = source.get(..at.span().start)?.rfind('|')?;
    let mut line_start = header + source.get(header..)?.find('\n')? + 1;
    let mut found = Vec::new();
    for line in text.split('\n') {
        let written = source.get(line_start..)?.split('\n').next()?;
        found.push((line, line_start, written.strip_suffix('\r').unwrap_or(written)));
        line_start += written.len() + 1;
    }
    // All lines are indented alike; the first that is not blank shows how far.
    let (line, _, written) = found.iter().find(|(line, _, _)| !line.trim().is_empty())?;
    let indentation = written.len().checked_sub(line.len())?;
    found
        .into_iter()
        .map(|(line, start, written)| {
            if line.is_empty() {
                return Some(start + indentation.min(written.len()));
            }
            (written.get(indentation..) == Some(line)).then_some(start + indentation)
        })
        .collect()
}
