//! `validate`: checks all files without reading the rows of audiences.

use crate::diagnostic::Diagnostics;
use crate::diagnostic::words::plural;
use crate::report::diagnostics::DiagnosticView;
use crate::report::json;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::text::diagnostics;

use crate::cli::args::Global;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::{self, ProjectFiles};
use crate::cli::output::{Forms, Output};

/// Runs the command.
///
/// # Errors
/// If there is no project.
pub(super) fn run(global: &Global, output: &Output) -> Result<Exit, Failure> {
    let files = files::read(global)?;
    let found = files.check();
    output.show_forms(&Forms {
        text: &|paint| diagnostics::text(&DiagnosticView::all(&found), paint) + &all_well(&files, &found),
        json: &|| json::validation(&found, Some(files.count)),
    })?;
    Ok(if found.has_errors() { Exit::Files } else { Exit::Done })
}

/// Says what was checked, if nothing is wrong with it.
fn all_well(files: &ProjectFiles, found: &Diagnostics) -> String {
    if found.has_errors() || files.campaigns.is_empty() {
        return String::new();
    }
    let messages: usize = files.campaigns.iter().map(|campaign| campaign.messages.len()).sum();
    let others = files.others.iter().map(|folder| {
        let folder = harmless(folder, LineFeeds::Escape);
        format!("not read: {folder}, which is a project of its own\n")
    });
    format!(
        "{} with {} in {}: no errors in the files; the rows of audiences are read by `sendform plan`\n{}",
        plural(files.campaigns.len() as u64, "campaign"),
        plural(messages as u64, "message"),
        plural(files.count as u64, "file"),
        others.collect::<String>(),
    )
}
