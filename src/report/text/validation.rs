//! Diagnostics, and what was checked.

use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::Sheet;
use crate::report::validation::{Checked, Elsewhere, ValidationReport};
use crate::report::words::plural;

use super::TextForm;
use super::diagnostics;
use super::ending;

impl TextForm for ValidationReport<'_> {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let mut out = diagnostics::sheet(&self.diagnostics, screen);
        out.append(said(self));
        ending::of_files(&mut out, &self.diagnostics, screen);
        out
    }
}

/// What there is to say besides what is wrong.
pub(in crate::report) fn said(report: &ValidationReport<'_>) -> Sheet {
    let said = match &report.elsewhere {
        Some(elsewhere) => Some(of_named(elsewhere, report.diagnostics.is_empty())),
        None => report.checked.as_ref().map(all_well),
    };
    said.map(Sheet::from).unwrap_or_default()
}

/// What there is to say of files that were named, and of the others.
fn of_named(elsewhere: &Elsewhere, is_well: bool) -> String {
    let Elsewhere { named, errors, warnings } = *elsewhere;
    let well = match (is_well, named) {
        (false, _) => "",
        (true, 1) => "nothing is wrong with this file\n",
        (true, _) => "nothing is wrong with these files\n",
    };
    let counted = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
    let counted: Vec<String> = counted.map(|(count, name)| plural(count, name)).collect();
    if counted.is_empty() {
        return well.to_owned();
    }
    format!("{well}in other files: {}; `sendform validate` shows all\n", counted.join(" and "))
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
