//! `validate`: checks all files without reading the rows of audiences.

use jiff::Timestamp;

use crate::plan;
use crate::report::words::plural;

use super::args::Global;
use super::exit::Exit;
use super::failure::Failure;
use super::files;
use super::output::Output;
use super::settings::Settings;
use super::world::show_diagnostics;

/// Runs the command.
///
/// # Errors
/// If there is no project.
pub(super) fn run(global: &Global, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let files = files::read(global)?;
    let mut found = files.diagnostics;
    if let Some(project) = &files.project {
        let now = settings.now.unwrap_or_else(Timestamp::now);
        found.extend(plan::check(project, &files.campaigns, &files.folders, now));
    }
    show_diagnostics(output, &found)?;
    if found.is_empty() {
        output.tell(&format!("{} and the project file: no errors\n", plural(files.campaigns.len() as u64, "campaign")));
    }
    Ok(if found.has_errors() { Exit::Files } else { Exit::Done })
}
