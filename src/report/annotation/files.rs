//! Diagnostics of files.

use crate::report::diagnostics::{DiagnosticView, SeverityView};
use crate::report::screen::Screen;
use crate::report::validation::ValidationReport;
use crate::report::words::plural;

use super::{Annotated, Annotation, AnnotationKind, AnnotationLevel, Check, FILES, FileSpot};

/// One of each diagnostic.
pub(super) fn of_diagnostics(diagnostics: &[DiagnosticView], screen: &Screen) -> Vec<Annotation> {
    diagnostics.iter().map(|diagnostic| of(diagnostic, screen)).collect()
}

/// That no file has an error, if so.
pub(super) fn are_well(diagnostics: &[DiagnosticView]) -> Option<Check> {
    let is_well = diagnostics.iter().all(|diagnostic| diagnostic.severity != SeverityView::Error);
    let (suite, code) = (FILES.to_owned(), "no-errors".to_owned());
    is_well.then(|| Check { suite, code, words: "the files have no errors".to_owned(), spot: None })
}

fn of(diagnostic: &DiagnosticView, screen: &Screen) -> Annotation {
    let level = match diagnostic.severity {
        SeverityView::Error => AnnotationLevel::Error,
        SeverityView::Warning => AnnotationLevel::Warning,
    };
    let place = diagnostic.place.as_ref();
    // What is marked in the source, as far as that may be shown; of a row the column's name.
    let subject = place.and_then(|place| place.field.as_deref()).or(diagnostic.marked()).unwrap_or_default();
    let annotation = Annotation::new(AnnotationKind::File, level, diagnostic.code, &diagnostic.words())
        .about(subject)
        .at(place.map(|place| FileSpot::of_place(place, screen)));
    match &diagnostic.help {
        Some(help) => annotation.hint(help, screen),
        None => annotation,
    }
}

impl Annotated for ValidationReport<'_> {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let mut all = of_diagnostics(&self.diagnostics, screen);
        all.extend(self.elsewhere.as_ref().filter(|elsewhere| elsewhere.errors > 0).map(|elsewhere| {
            let words = format!("in other files: {}", plural(elsewhere.errors, "error"));
            Annotation::new(AnnotationKind::File, AnnotationLevel::Notice, "elsewhere", &words)
                .hint("`sendform validate` shows all", screen)
        }));
        all
    }

    fn passed(&self, _: &Screen) -> Vec<Check> {
        are_well(&self.diagnostics).into_iter().collect()
    }
}
