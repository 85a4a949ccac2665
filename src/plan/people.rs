//! The people of whole audiences, as sets: those who are suppressed or excluded.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::audience::Row;
use crate::campaign::{Audience, Files};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::identity::{CanonicalTo, Fingerprint, Person, PersonSet};
use crate::render::Renderer;

use super::compiled::Selected;
use super::parallel;

const CHUNK_ROWS: usize = 1024;

/// Reads all people of the audiences, under one sender. A row that cannot be read is an error
/// here: somebody who must not get anything could hide behind it.
///
/// # Errors
/// If an audience, or a row of it, cannot be read.
pub(super) fn people(
    audiences: &[Arc<Audience>],
    files: &dyn Files,
    fingerprint: &Fingerprint,
    workers: NonZeroUsize,
) -> Result<PersonSet, Diagnostics> {
    let mut set = PersonSet::default();
    let mut diagnostics = Diagnostics::new();
    for audience in audiences {
        let result = Selected::new(audience, files).and_then(|(selected, mut reader)| {
            parallel::ordered(
                workers,
                || Renderer::new(Arc::clone(&selected.header)),
                |renderer, rows: Vec<Row>| {
                    rows.iter().map(|row| person(&selected, fingerprint, renderer, row)).collect::<Vec<_>>()
                },
                || {
                    let mut rows = Vec::new();
                    let count = reader.read(&mut rows, CHUNK_ROWS)?;
                    Ok((count > 0).then_some(rows))
                },
                |chunk| {
                    let mut wrong = Diagnostics::new();
                    for result in chunk {
                        match result {
                            Ok(Some(person)) => {
                                set.insert(person);
                            }
                            Ok(None) => {}
                            Err(found) => wrong.push(*found),
                        }
                    }
                    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
                },
            )
        });
        if let Err(found) = result {
            diagnostics.extend(found);
        }
    }
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok(set) }
}

/// The person of a row; `None` if the audience's `where` filters it out.
fn person(
    selected: &Selected,
    fingerprint: &Fingerprint,
    renderer: &mut Renderer,
    row: &Row,
) -> Result<Option<Person>, Box<Diagnostic>> {
    let wrong = |code: Code, message: String, column: Option<String>| {
        let file = selected.audience.source.file().to_owned();
        let help = "this list keeps people from getting messages, so every row of it must be readable";
        let diagnostic = Diagnostic::error(code, message, Place::Row { file, line: row.line, column }).help(help);
        Box::new(diagnostic)
    };
    let cells = row
        .cells
        .as_ref()
        .map_err(|problem| wrong(Code::UnreadableRow, problem.message.clone(), problem.column.clone()))?;
    if let Some(condition) = &selected.condition {
        renderer.fill(cells);
        let matches = renderer.matches(condition).map_err(|error| wrong(error.code, error.message, error.column))?;
        if !matches {
            return Ok(None);
        }
    }
    let to = CanonicalTo::parse(cells.get(selected.to).unwrap_or_default(), selected.audience.ids)
        .map_err(|error| wrong(Code::BadRecipient, error.to_string(), Some(selected.audience.columns.to.clone())))?;
    Ok(Some(fingerprint.person(&to)))
}
