//! `validate`: checks all files without reading the rows of audiences.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::args::{Global, ValidateArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::output::Output;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::report::failure_code::FailureCode;
use crate::report::validation::ValidationReport;

/// Runs the command. Of files that are named only what is wrong with them is shown, and sets the exit code.
///
/// # Errors
/// If there is no project; if a file that is named is not there, or not in the project's folder.
pub(super) fn run(global: &Global, args: &ValidateArgs, output: &Output) -> Result<Exit, Failure> {
    let files = files::read(global)?;
    let names = args.files.iter().map(|path| name_of(path, &files.home.dir)).collect::<Result<Vec<_>, _>>()?;
    let is_selected = |diagnostic: &Diagnostic| {
        names.is_empty() || diagnostic.labels.iter().any(|label| names.iter().any(|name| name.has(label.place.file())))
    };
    let (mut found, mut elsewhere) = (Diagnostics::new(), Diagnostics::new());
    for diagnostic in files.check() {
        if is_selected(&diagnostic) { found.push(diagnostic) } else { elsewhere.push(diagnostic) }
    }
    let report = ValidationReport::of_files(&found, &files.campaigns, files.count, &files.others);
    let report = if names.is_empty() { report } else { report.of_selected(args.files.len(), &elsewhere) };
    output.show(&report)?;
    Ok(if found.has_errors() { Exit::Files } else { Exit::Done })
}

/// A file or a folder, as diagnostics name it.
struct Name {
    path: PathBuf,
    is_folder: bool,
}

impl Name {
    fn has(&self, file: &str) -> bool {
        let file = Path::new(file);
        if self.is_folder { file.starts_with(&self.path) } else { file == self.path }
    }
}

/// Finds out how diagnostics name a file.
fn name_of(path: &Path, project: &Path) -> Result<Name, Failure> {
    let wrong = |why: &str| Failure::new(FailureCode::Usage, format!("`{}` {why}", path.display())).at(path);
    let whole = fs::canonicalize(path).map_err(|error| {
        wrong("cannot be found").because(&error).hint("files are named as they are seen from the current folder")
    })?;
    let project = fs::canonicalize(project).map_err(|error| wrong("cannot be found").because(&error))?;
    let inside = whole
        .strip_prefix(&project)
        .map_err(|_| wrong("is not in the project's folder").hint("`--dir` names the project that it belongs to"))?;
    Ok(Name { path: inside.to_owned(), is_folder: whole.is_dir() })
}
