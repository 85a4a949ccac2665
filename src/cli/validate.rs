//! `validate`: checks all files without reading the rows of audiences.

use crate::plan;
use crate::report::words::plural;

use super::args::Global;
use super::exit::Exit;
use super::failure::Failure;
use super::files;
use super::output::Output;
use super::world::show_diagnostics;

/// Runs the command.
///
/// # Errors
/// If there is no project.
pub(super) fn run(global: &Global, output: &Output) -> Result<Exit, Failure> {
    let files = files::read(global)?;
    let mut found = files.diagnostics;
    if let Some(project) = &files.project {
        found.extend(plan::check(project, &files.campaigns, &files.folders));
    }
    show_diagnostics(output, &found)?;
    if found.is_empty() {
        output.tell(&format!("{} and the project file: no errors\n", plural(files.campaigns.len() as u64, "campaign")));
    }
    Ok(if found.has_errors() { Exit::Files } else { Exit::Done })
}
