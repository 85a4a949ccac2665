//! What a command has shown, kept for a run of CI, which shows it in further places.

use std::sync::{Arc, Mutex, PoisonError};

use crate::report::annotation::{Annotated, Annotation, ToSend};
use crate::report::forms::Forms;
use crate::report::markdown::MarkdownForm;
use crate::report::markdown::budget::MarkdownDocument;
use crate::report::screen::Screen;

/// A report that was shown, in the forms that a review takes.
#[derive(Debug, Clone)]
pub(super) struct ShownReport {
    /// As Markdown.
    pub(super) markdown: MarkdownDocument,
    /// What it has to say one by one.
    pub(super) annotations: Vec<Annotation>,
    /// What it would send, if it is a plan.
    pub(super) to_send: Option<ToSend>,
}

/// All that a command has shown, in its order.
#[derive(Debug, Clone, Default)]
pub(super) struct ShownReports(Arc<Mutex<Vec<ShownReport>>>);

impl ShownReport {
    /// Takes the forms of a report.
    pub(super) fn of(report: &(impl MarkdownForm + Annotated), screen: &Screen) -> Self {
        Self { markdown: report.markdown(screen), annotations: report.annotations(screen), to_send: report.to_send() }
    }
}

impl ShownReports {
    /// Keeps a report.
    pub(super) fn take(&self, report: &impl Forms, screen: &Screen) {
        let shown = ShownReport::of(report, screen);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(shown);
    }

    /// All of them, in their order.
    pub(super) fn all(&self) -> Vec<ShownReport> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
