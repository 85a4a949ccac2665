//! What the checks found. Of one place only the first mistake is told.

use crate::campaign::at::At;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Severity};

/// Collects diagnostics; a place that has an error already gets no second one.
pub(in crate::campaign) struct Findings {
    diagnostics: Diagnostics,
}

impl Findings {
    /// Begins with what was found about the shape.
    pub(in crate::campaign) fn new(diagnostics: Diagnostics) -> Self {
        Self { diagnostics }
    }

    /// Adds a diagnostic.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        if !main_place(&diagnostic).is_some_and(|place| self.blames(place)) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Adds a diagnostic if there is one, and hands on what there is besides.
    pub(super) fn take<T>(&mut self, result: Result<T, Box<Diagnostic>>) -> Option<T> {
        result.map_err(|diagnostic| self.push(*diagnostic)).ok()
    }

    /// Makes sure that nothing is left out in silence: a part that could not be taken, though nobody
    /// said why, is an error.
    pub(super) fn left_out(&mut self, at: &At<'_>) {
        if !self.diagnostics.has_errors() {
            self.push(Diagnostic::error(Code::Shape, "this cannot be read", at.key_place()));
        }
    }

    /// All that was found.
    pub(in crate::campaign) fn finish(self) -> Diagnostics {
        self.diagnostics
    }

    fn blames(&self, place: &Place) -> bool {
        let errors = self.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        errors.filter_map(main_place).any(|known| known == place)
    }
}

fn main_place(diagnostic: &Diagnostic) -> Option<&Place> {
    diagnostic.labels.first().map(|label| &label.place)
}
