//! Diagnostics as a view: what is wrong and where, with as much of the source as is shown around it. No control
//! character of a file is in it.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Diagnostics, Label, Place, Severity};

use super::sanitize::escape;

/// A longer line of a source is not shown as a whole, in bytes.
const LINE_BYTES_MAX: usize = 2000;

/// One mistake, or one thing worth a look, in the files.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticView {
    /// Its stable code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: SeverityView,
    /// What is wrong.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub place: Option<PlaceView>,
    /// What to do about it; null if nothing more can be said.
    pub help: Option<String>,
    /// Other places that belong to it.
    pub notes: Vec<NoteView>,
    /// The text beside the place; may be empty.
    #[serde(skip)]
    pub label: String,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SeverityView {
    /// Nothing can be sent of it.
    Error,
    /// It can be sent, but somebody should look.
    Warning,
}

/// A place that belongs to a diagnostic, and why.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoteView {
    /// Where.
    #[serde(flatten)]
    pub place: PlaceView,
    /// Why; may be empty.
    pub message: String,
}

/// A place in a file. Lines and columns count from 1, and columns count characters. Of a row only the line is
/// known, of a whole file nothing.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceView {
    /// The file, relative to the project's folder; absent if the diagnostic has no place.
    pub file: String,
    /// The line in which it begins, from 1; null for a whole file.
    #[schemars(range(min = 1))]
    pub line: Option<u64>,
    /// The column in which it begins, in characters from 1; null for a row, of which only the line is known.
    #[schemars(range(min = 1))]
    pub column: Option<u64>,
    /// The line in which it ends, from 1; null where the column is.
    #[schemars(range(min = 1))]
    pub end_line: Option<u64>,
    /// The column after its last character, in characters from 1; null where the column is.
    #[schemars(range(min = 1))]
    pub end_column: Option<u64>,
    /// The column's name, of a cell of a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the source has there, if that may be shown.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// A line of a source, or as much of a long one as stands around a place. Of a place of several lines it is the
/// first.
pub struct Excerpt {
    /// The line, from 1.
    pub line: usize,
    /// Where it begins in the source, in bytes.
    pub offset: usize,
    /// The text, all but its tabs made visible.
    pub text: String,
    /// The place in that text, in bytes.
    pub marked: Range<usize>,
}

impl DiagnosticView {
    /// Makes views of all diagnostics, in their order.
    #[must_use]
    pub fn all(found: &Diagnostics) -> Vec<Self> {
        found.iter().map(Self::new).collect()
    }

    /// Makes a view of one.
    #[must_use]
    pub fn new(diagnostic: &Diagnostic) -> Self {
        let severity = match diagnostic.severity {
            Severity::Error => SeverityView::Error,
            Severity::Warning => SeverityView::Warning,
        };
        let (first, others) =
            diagnostic.labels.split_first().map_or((None, &[][..]), |(first, others)| (Some(first), others));
        let note = |label: &Label| NoteView { place: PlaceView::new(&label.place), message: visible(&label.text) };
        Self {
            code: diagnostic.code.as_str(),
            severity,
            message: visible(&diagnostic.message),
            place: first.map(|label| PlaceView::new(&label.place)),
            help: diagnostic.help.as_deref().map(visible),
            notes: others.iter().map(note).collect(),
            label: first.map(|label| visible(&label.text)).unwrap_or_default(),
        }
    }
}

/// What is marked is named beside the words only if it is no longer than this, in characters.
const NAMED_MAX: usize = 60;

impl DiagnosticView {
    /// What is marked in the source, as far as that may be shown.
    #[must_use]
    pub fn marked(&self) -> Option<&str> {
        let excerpt = self.place.as_ref()?.excerpt.as_ref()?;
        excerpt.text.get(excerpt.marked.clone())
    }

    /// What is wrong, with what is marked, for a form that draws no source.
    #[must_use]
    pub fn words(&self) -> String {
        let marked = self
            .marked()
            .map(str::trim)
            .filter(|marked| !marked.is_empty() && !marked.contains('`') && !self.message.contains(marked));
        let marked = marked.filter(|marked| marked.chars().count() <= NAMED_MAX);
        let marked = marked.map(|marked| format!(": `{marked}`")).unwrap_or_default();
        let label = if self.label.is_empty() { String::new() } else { format!(" ({})", self.label) };
        format!("{}{marked}{label}", self.message)
    }
}

impl PlaceView {
    fn new(place: &Place) -> Self {
        let file = visible(place.file());
        let nothing =
            Self { file, line: None, column: None, end_line: None, end_column: None, field: None, excerpt: None };
        match place {
            Place::Span { source, span } => {
                let (line, column) = line_and_column(&source.text, span.start);
                let (end_line, end_column) = line_and_column(&source.text, span.end);
                Self {
                    line: Some(line),
                    column: Some(column),
                    end_line: Some(end_line),
                    end_column: Some(end_column),
                    excerpt: Excerpt::new(&source.text, span),
                    ..nothing
                }
            }
            Place::Row { line, column, .. } => {
                Self { line: Some(*line), field: column.as_deref().map(visible), ..nothing }
            }
            Place::File(_) => nothing,
        }
    }
}

impl Excerpt {
    fn new(source: &str, span: &Range<usize>) -> Option<Self> {
        let at = boundary(source, span.start);
        let (before, behind) = source.split_at_checked(at)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = at + behind.find('\n').unwrap_or(behind.len());
        let (start, end) = if line_end - line_start <= LINE_BYTES_MAX {
            (line_start, line_end)
        } else {
            let start = boundary(source, line_start.max(at.saturating_sub(LINE_BYTES_MAX / 4)));
            (start, boundary(source, line_end.min(at + LINE_BYTES_MAX / 2)))
        };
        let text = source.get(start..end).unwrap_or_default();
        let text = text.strip_suffix('\r').unwrap_or(text);
        // Where a byte of the source stands once control characters are visible.
        let column = |byte: usize| {
            let byte = boundary(source, byte).saturating_sub(start).min(text.len());
            visible_line(text.get(..byte).unwrap_or_default()).len()
        };
        let first = column(span.start);
        Some(Self {
            line: 1 + source.get(..start).unwrap_or_default().matches('\n').count(),
            offset: start,
            text: visible_line(text),
            marked: first..column(span.end).max(first),
        })
    }

    /// Whether both are the same part of one file.
    #[must_use]
    pub fn is_same_line(&self, other: &Self) -> bool {
        self.offset == other.offset && self.text == other.text
    }
}

/// The line and the column, from 1, of a byte.
fn line_and_column(text: &str, byte: usize) -> (u64, u64) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    let from_one = |count: usize| u64::try_from(count).unwrap_or(u64::MAX - 1) + 1;
    (from_one(before.matches('\n').count()), from_one(column))
}

/// The nearest boundary of a character at or before a byte.
fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A text in which every control character is written as its code point.
fn visible(text: &str) -> String {
    escape(text, |_| false)
}

/// A line of a source: its tabs stay, for whoever draws it widens them.
fn visible_line(text: &str) -> String {
    escape(text, |character| character == '\t')
}
