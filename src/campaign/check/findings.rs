//! What the checks found. Of one place only the first mistake is told, and of a file only so many.

use std::collections::BTreeSet;

use crate::campaign::cursor::Cursor;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Severity};

/// How many diagnostics one file may have before the checks stop looking: a hostile file of a
/// megabyte could make millions.
const FINDINGS_MAX: usize = 100;

/// Collects diagnostics; a place that has an error already gets no second one.
pub(in crate::campaign) struct Findings {
    diagnostics: Diagnostics,
    blamed: BTreeSet<Spot>,
    checked: usize,
}

/// A place, in an order: the file, the bytes or the line, the column of a row.
type Spot = (String, usize, usize, Option<String>);

impl Findings {
    /// Begins with what was found about the shape.
    pub(in crate::campaign) fn new(diagnostics: Diagnostics) -> Self {
        let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let blamed = errors.filter_map(spot).collect();
        Self { diagnostics, blamed, checked: 0 }
    }

    /// Adds a diagnostic.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        let spot = spot(&diagnostic);
        if spot.as_ref().is_some_and(|spot| self.blamed.contains(spot)) {
            return;
        }
        if diagnostic.severity == Severity::Error {
            self.blamed.extend(spot);
        }
        self.checked += 1;
        self.diagnostics.push(diagnostic);
    }

    /// Adds a diagnostic if there is one, and hands on what there is besides.
    pub(super) fn take<T>(&mut self, result: Result<T, Box<Diagnostic>>) -> Option<T> {
        result.map_err(|diagnostic| self.push(*diagnostic)).ok()
    }

    /// Whether to stop looking; whoever stops says so with [`Findings::left_out`].
    pub(super) fn is_full(&self) -> bool {
        self.checked >= FINDINGS_MAX
    }

    /// Makes sure that nothing is left out in silence: a part that could not be taken, though nobody
    /// said why, is an error.
    pub(super) fn left_out(&mut self, at: &Cursor<'_>) {
        if !self.diagnostics.has_errors() {
            self.push(Diagnostic::error(Code::Shape, "this cannot be read", at.key_place()));
        }
    }

    /// All that was found.
    pub(in crate::campaign) fn finish(mut self, root: &Cursor<'_>) -> Diagnostics {
        if self.is_full() {
            let place = Place::File(root.source().name.clone());
            self.diagnostics.push(Diagnostic::error(
                Code::Shape,
                "there may be more mistakes, which are not shown",
                place,
            ));
        }
        self.diagnostics
    }
}

fn spot(diagnostic: &Diagnostic) -> Option<Spot> {
    let spot = match &diagnostic.labels.first()?.place {
        Place::Span { source, span } => (source.name.clone(), span.start, span.end, None),
        Place::Row { file, line, column } => {
            (file.clone(), usize::try_from(*line).unwrap_or(usize::MAX), usize::MAX, column.clone())
        }
        Place::File(file) => (file.clone(), 0, usize::MAX, None),
    };
    Some(spot)
}
