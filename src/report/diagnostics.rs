//! Diagnostics as text, with the line and a caret, and as JSON. Whatever a file holds, no control
//! character reaches the output.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Diagnostics, Label, Place, Severity, Source};

use super::paint::Paint;

/// How many columns the output has.
const WIDTH: usize = 120;

/// Writes all diagnostics, one after the other, and how many there are of each kind
/// (`2 errors, 1 warning`); nothing if there is none.
#[must_use]
pub fn render(diagnostics: &Diagnostics, paint: Paint) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let renderer = match paint {
        Paint::Plain => Renderer::plain(),
        Paint::Color => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let mut text = String::new();
    for diagnostic in diagnostics.iter() {
        text.push_str(&one(&renderer, diagnostic));
        text.push_str("\n\n");
    }
    text.push_str(&summary(diagnostics));
    text.push('\n');
    text
}

/// Says how many errors and warnings there are.
#[must_use]
pub fn summary(diagnostics: &Diagnostics) -> String {
    let counted = |severity, one: &str| match diagnostics.count(severity) {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {one}s")),
    };
    let parts = [counted(Severity::Error, "error"), counted(Severity::Warning, "warning")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "no errors".to_owned() } else { parts.join(", ") }
}

/// Writes one diagnostic in JSON: `code`, `severity`, `message`, `file`, `line`, `column`, `endLine`,
/// `endColumn`, `help` and `notes`. Lines and columns count from 1, columns count characters, and
/// the end is behind the last character. Of a row only the line is known, and `field` names its
/// column; of a file nothing. What is not known is null.
#[must_use]
pub fn to_json(diagnostic: &Diagnostic) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let (first, others) =
        diagnostic.labels.split_first().map_or((None, &[][..]), |(first, others)| (Some(first), others));
    let mut object = first.map_or_else(|| json!({ "file": null }), |label| place_json(&label.place));
    let notes: Vec<Value> = others
        .iter()
        .map(|label| {
            let mut note = place_json(&label.place);
            note["message"] = visible(&label.text).into();
            note
        })
        .collect();
    object["code"] = diagnostic.code.as_str().into();
    object["severity"] = severity.into();
    object["message"] = visible(&diagnostic.message).into();
    object["help"] = diagnostic.help.as_deref().map(visible).into();
    object["notes"] = notes.into();
    object
}

fn place_json(place: &Place) -> Value {
    let mut object = json!({
        "file": visible(place.file()), "line": null, "column": null, "endLine": null, "endColumn": null,
    });
    match place {
        Place::Span { source, span } => {
            let (line, column) = line_and_column(&source.text, span.start);
            let (end_line, end_column) = line_and_column(&source.text, span.end);
            object["line"] = line.into();
            object["column"] = column.into();
            object["endLine"] = end_line.into();
            object["endColumn"] = end_column.into();
        }
        Place::Row { line, column, .. } => {
            object["line"] = (*line).into();
            if let Some(column) = column {
                object["field"] = visible(column).into();
            }
        }
        Place::File(_) => {}
    }
    object
}

/// The line and the column, from 1, of a byte.
fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    (1 + before.matches('\n').count(), 1 + column)
}

fn one(renderer: &Renderer, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(visible(&diagnostic.message)).id(diagnostic.code.as_str());
    let mut elements: Vec<Element<'static>> = Vec::new();
    for (index, label) in diagnostic.labels.iter().enumerate() {
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        label_elements(label, kind, &mut elements);
    }
    if let Some(help) = &diagnostic.help {
        elements.push(Level::HELP.message(visible(help)).into());
    }
    renderer.render(&[Group::from(title.elements(elements))])
}

fn label_elements(label: &Label, kind: AnnotationKind, elements: &mut Vec<Element<'static>>) {
    let file = visible(label.place.file());
    match &label.place {
        Place::Span { source, span } => elements.push(snippet(source, span, kind, &label.text, file).into()),
        Place::Row { line, column, .. } => {
            let column = column.as_deref().map(|column| format!(" (column {})", visible(column))).unwrap_or_default();
            elements.push(Origin::path(format!("{file}:{line}{column}")).into());
            note(&label.text, elements);
        }
        Place::File(_) => {
            elements.push(Origin::path(file).into());
            note(&label.text, elements);
        }
    }
}

fn note(text: &str, elements: &mut Vec<Element<'static>>) {
    if !text.is_empty() {
        elements.push(Level::NOTE.message(visible(text)).into());
    }
}

/// Cuts the lines of a span out of the source, makes control characters visible, and marks the span.
fn snippet(
    source: &Source,
    span: &Range<usize>,
    kind: AnnotationKind,
    text: &str,
    file: String,
) -> Snippet<'static, annotate_snippets::Annotation<'static>> {
    let whole = &source.text;
    let start = boundary(whole, span.start);
    let first = whole.get(..start).unwrap_or_default().rfind('\n').map_or(0, |newline| newline + 1);
    // A span over several lines is marked on its first line.
    let line = whole.get(first..).unwrap_or_default().split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let end = boundary(whole, span.end).clamp(start, first + line.len().max(start - first));
    let before = visible_line(whole.get(first..start).unwrap_or_default());
    let marked = visible_line(whole.get(start..end).unwrap_or_default());
    let after = visible_line(whole.get(end..first + line.len()).unwrap_or_default());
    let marks = before.len()..before.len() + marked.len();
    let number = 1 + whole.get(..first).unwrap_or_default().matches('\n').count();
    let annotation = kind.span(marks);
    let annotation = if text.is_empty() { annotation } else { annotation.label(visible(text)) };
    Snippet::source(format!("{before}{marked}{after}")).line_start(number).path(file).annotation(annotation)
}

/// The nearest boundary of a character at or before a byte.
fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A text in which every control character is written as its code point.
fn visible(text: &str) -> String {
    escape(text, |_| false)
}

/// A line of a source: its tabs stay, for the library widens them.
fn visible_line(text: &str) -> String {
    escape(text, |character| character == '\t')
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !keep(character) {
            escaped.push_str(&format!("<U+{:04X}>", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Characters that move the cursor, hide, or reorder others.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
}
