//! Diagnostics, and what was checked.

use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::style::Paint;
use crate::report::validation::{Checked, ValidationReport};
use crate::report::words::plural;

use super::TextForm;
use super::diagnostics;

impl TextForm for ValidationReport<'_> {
    fn text(&self, paint: Paint) -> String {
        diagnostics::text(&self.diagnostics, paint) + &self.checked.as_ref().map(all_well).unwrap_or_default()
    }
}

fn all_well(checked: &Checked<'_>) -> String {
    let others = checked.other_projects.iter().map(|folder| {
        let folder = harmless(folder, LineFeeds::Escape);
        format!("not read: {folder}, which is a project of its own\n")
    });
    format!(
        "{} with {} in {}: no errors in the files; the rows of audiences are read by `sendform plan`\n{}",
        plural(checked.campaigns, "campaign"),
        plural(checked.messages, "message"),
        plural(checked.files, "file"),
        others.collect::<String>(),
    )
}
