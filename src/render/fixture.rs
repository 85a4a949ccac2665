//! What the tests of this room and its neighbours share.

use std::collections::BTreeMap;
use std::io::Cursor;

use crate::campaign::{AudienceStream, Expression, Files, FilesError, TemplateText};
use crate::diagnostic::{Diagnostics, Place, Source};
use crate::render::{Condition, Purpose, Template};

/// Files that are only in memory.
#[derive(Debug, Default)]
pub(crate) struct InMemory(BTreeMap<String, Vec<u8>>);

impl InMemory {
    pub(crate) fn new<T: AsRef<[u8]>>(files: &[(&str, T)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_ref().to_vec())).collect())
    }
}

impl Files for InMemory {
    fn read(&self, path: &str) -> Result<String, FilesError> {
        let bytes = self.0.get(path).ok_or(FilesError::Missing)?.clone();
        String::from_utf8(bytes).map_err(|error| FilesError::Encoding { offset: error.utf8_error().valid_up_to() })
    }

    fn open(&self, path: &str) -> Result<Box<dyn AudienceStream>, FilesError> {
        let bytes = self.0.get(path).ok_or(FilesError::Missing)?.clone();
        Ok(Box::new(Cursor::new(bytes)))
    }
}

/// Compiles a template that stands alone in its file.
pub(crate) fn template(text: &str, files: &dyn Files) -> Result<Template, Diagnostics> {
    let source = Source::new("a.yaml", text);
    let mut start = 0;
    let mut line_starts = Vec::new();
    for line in text.split_inclusive('\n') {
        line_starts.push(start);
        start += line.len();
    }
    let place = Place::Span { source, span: 0..text.len() };
    let text = TemplateText { text: text.to_owned(), place, line_starts: Some(line_starts), file: None };
    Template::compile(&text, Purpose::Text, files)
}

/// Compiles an expression that stands alone in its file.
pub(crate) fn condition(text: &str) -> Result<Condition, Diagnostics> {
    let place = Place::Span { source: Source::new("a.yaml", text), span: 0..text.len() };
    Condition::compile(&Expression { text: text.to_owned(), place, start: Some(0) })
}

/// Makes a row.
pub(crate) fn row(cells: &[&str]) -> csv::StringRecord {
    csv::StringRecord::from(cells.to_vec())
}

/// Writes each diagnostic as `code: message @ marked text (help)`.
pub(crate) fn list(diagnostics: &Diagnostics) -> String {
    let line = |diagnostic: &crate::diagnostic::Diagnostic| {
        let marked = match &diagnostic.labels[0].place {
            Place::Span { source, span } => source.text.get(span.clone()).unwrap_or("no text").to_owned(),
            place @ (Place::Row { .. } | Place::File(_)) => format!("{place:?}"),
        };
        let help = diagnostic.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}: {} @ {marked}{help}", diagnostic.code.as_str(), diagnostic.message)
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}
