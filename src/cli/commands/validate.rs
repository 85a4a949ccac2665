//! `validate`: checks all files without reading the rows of audiences.

use crate::cli::args::Global;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::output::Output;
use crate::report::validation::ValidationReport;

/// Runs the command.
///
/// # Errors
/// If there is no project.
pub(super) fn run(global: &Global, output: &Output) -> Result<Exit, Failure> {
    let files = files::read(global)?;
    let found = files.check();
    output.show(&ValidationReport::of_files(&found, &files.campaigns, files.count, &files.others))?;
    Ok(if found.has_errors() { Exit::Files } else { Exit::Done })
}
