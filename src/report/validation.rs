//! What `validate` says, and every command whose files have errors.

use schemars::JsonSchema;
use serde::Serialize;

use crate::campaign::Campaign;
use crate::diagnostic::{Diagnostics, Severity};

use super::diagnostics::DiagnosticView;
use super::document::Report;

/// What is wrong with the files, or worth a look.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationReport<'a> {
    /// How many campaign files were checked; null if another command than `validate` says what is wrong.
    pub files: Option<u64>,
    /// All of it, in the order in which it was found.
    pub diagnostics: Vec<DiagnosticView>,
    /// What is wrong with files that were not named; absent if none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Elsewhere>,
    /// What was checked, if nothing is wrong with it.
    #[serde(skip)]
    pub checked: Option<Checked<'a>>,
}

/// What is wrong with files that nobody asked about.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Elsewhere {
    /// How many files and folders were named.
    pub named: u64,
    /// How many errors other files have.
    pub errors: u64,
    /// How many warnings they have.
    pub warnings: u64,
}

/// Files without errors.
pub struct Checked<'a> {
    /// How many campaigns there are.
    pub campaigns: u64,
    /// How many messages they have.
    pub messages: u64,
    /// How many files they are in.
    pub files: u64,
    /// Folders that were not read, because they are projects of their own.
    pub other_projects: &'a [String],
}

impl Report for ValidationReport<'_> {
    const KIND: &'static str = "validation";
}

impl<'a> ValidationReport<'a> {
    /// Makes a report of diagnostics alone.
    #[must_use]
    pub fn new(found: &Diagnostics) -> Self {
        Self { files: None, diagnostics: DiagnosticView::all(found), elsewhere: None, checked: None }
    }

    /// Makes the report of so many files, of which these campaigns are whole.
    #[must_use]
    pub fn of_files(found: &Diagnostics, campaigns: &[Campaign], files: usize, other_projects: &'a [String]) -> Self {
        let files = files as u64;
        let messages: usize = campaigns.iter().map(|campaign| campaign.messages.len()).sum();
        let checked = Checked { campaigns: campaigns.len() as u64, messages: messages as u64, files, other_projects };
        let is_well = !found.has_errors() && !campaigns.is_empty();
        Self { files: Some(files), checked: is_well.then_some(checked), ..Self::new(found) }
    }

    /// The same, where somebody has named so many files: something may be wrong elsewhere.
    #[must_use]
    pub fn of_selected(self, named: usize, elsewhere: &Diagnostics) -> Self {
        let count = |severity| elsewhere.count(severity) as u64;
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        Self { elsewhere: Some(Elsewhere { named: named as u64, errors, warnings }), ..self }
    }
}
