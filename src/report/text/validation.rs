//! Diagnostics, and what was checked.

use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::Sheet;
use crate::report::validation::{Checked, ValidationReport};
use crate::report::words::plural;

use super::TextForm;
use super::diagnostics;
use super::ending;

impl TextForm for ValidationReport<'_> {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let mut out = diagnostics::sheet(&self.diagnostics, screen);
        if let Some(checked) = &self.checked {
            out.append(Sheet::from(all_well(checked)));
        }
        ending::of_files(&mut out, &self.diagnostics, screen);
        out
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
