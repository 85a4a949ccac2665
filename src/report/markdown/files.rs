//! What is wrong with the files, as entries; and the report of a check of them.

use crate::report::diagnostics::{DiagnosticView, PlaceView, SeverityView};
use crate::report::screen::Screen;
use crate::report::text::diagnostics;
use crate::report::text::validation;
use crate::report::validation::ValidationReport;

use super::block::MarkdownBlock;
use super::budget::{MarkdownDocument, Rank, Section};
use super::inline::Phrase;
use super::lines::entries;
use super::prose::prose;
use super::{MarkdownForm, endless};

/// How many mistakes are shown at most.
const ERRORS_SHOWN_MAX: usize = 25;
/// How many notes of one.
const NOTES_SHOWN_MAX: usize = 3;

/// What keeps anything from being sent.
pub(super) fn errors(diagnostics: &[DiagnosticView], screen: &Screen) -> Section {
    of_severity(Section::new(Rank::Kept, "error").at_most(ERRORS_SHOWN_MAX), SeverityView::Error, diagnostics, screen)
}

/// What is worth a look.
pub(super) fn warnings(diagnostics: &[DiagnosticView], screen: &Screen) -> Section {
    of_severity(Section::new(Rank::Warnings, "warning"), SeverityView::Warning, diagnostics, screen)
}

fn of_severity(mut section: Section, of: SeverityView, diagnostics: &[DiagnosticView], screen: &Screen) -> Section {
    let mut found = diagnostics.iter().filter(|diagnostic| diagnostic.severity == of).peekable();
    if found.peek().is_some() {
        let name = match of {
            SeverityView::Error => "Errors in the files",
            SeverityView::Warning => "Warnings",
        };
        section.head(&MarkdownBlock::Heading(3, vec![Phrase::Own(name)]));
    }
    found.for_each(|diagnostic| section.item(&[entry(diagnostic, screen)]));
    section
}

fn entry(diagnostic: &DiagnosticView, screen: &Screen) -> MarkdownBlock {
    let mut line = vec![Phrase::Exact(diagnostic.code.to_owned())];
    if let Some(place) = &diagnostic.place {
        line.push(Phrase::Own(" at "));
        line.push(Phrase::Code(place_words(place, screen)));
    }
    line.push(Phrase::Own(": "));
    line.extend(prose(&diagnostic.words(), &screen.typed));
    let help = diagnostic.help.iter().map(|help| MarkdownBlock::Entry(prose(help, &screen.typed), Vec::new()));
    let notes = diagnostic.notes.iter().take(NOTES_SHOWN_MAX).map(|note| {
        let mut line = vec![Phrase::Code(place_words(&note.place, screen))];
        if !note.message.is_empty() {
            line.push(Phrase::Own(": "));
            line.extend(prose(&note.message, &screen.typed));
        }
        MarkdownBlock::Entry(line, Vec::new())
    });
    MarkdownBlock::Entry(line, help.chain(notes).collect())
}

/// A place in the repository: `campaigns/sale.yaml:12:3`.
fn place_words(place: &PlaceView, screen: &Screen) -> String {
    let numbers = [place.line, place.column].into_iter().flatten().map(|number| format!(":{number}"));
    let field = place.field.as_ref().map(|field| format!(" (column {field})")).unwrap_or_default();
    screen.file_in_repository(&place.file) + &numbers.collect::<String>() + &field
}

impl MarkdownForm for ValidationReport<'_> {
    fn markdown(&self, screen: &Screen) -> MarkdownDocument {
        let mut verdict = Section::new(Rank::Kept, "line");
        if !self.diagnostics.is_empty() {
            let counted = diagnostics::summary(&self.diagnostics);
            verdict.head(&MarkdownBlock::Paragraph(vec![Phrase::Strong(vec![Phrase::Words(counted)])]));
        }
        let mut said = Section::new(Rank::Kept, "line");
        let well = validation::said(self);
        entries(&well, &endless(screen).typed).iter().for_each(|item| said.item(item));
        MarkdownDocument::new(vec![
            verdict,
            errors(&self.diagnostics, screen),
            warnings(&self.diagnostics, screen),
            said,
        ])
    }
}
