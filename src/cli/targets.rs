//! The files that a command line has written: never in the place of something that is not an output of
//! sendform.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::args::{Arguments, CiArgs, CiCommand, Command, Global, LedgerCommand};
use super::exit::Exit;
use super::failure::Failure;
use super::files;
use super::format::OutputFormat;
use super::home::{PROJECT_FILE, ProjectPaths};
use super::settings::Settings;

/// Folders in which nobody has anything written by a command line.
const PRIVATE: [&str; 2] = [".sendform", ".git"];
/// What files of a project are called that are no reports of a run.
const DATA: [&str; 12] = ["yaml", "yml", "csv", "tsv", "ndjson", "jsonl", "json", "gz", "zst", "lock", "sqlite", "pem"];

/// Makes sure that all files that are to be written may be.
///
/// # Errors
/// If one of them is a file of the project, of git or of sendform itself, a file that is read in this
/// run, or holds something else than such an output.
pub(super) fn check(arguments: &Arguments, settings: &Settings) -> Result<(), Failure> {
    let global = &arguments.global;
    for write in &global.write {
        check_place(&write.file, arguments, settings)?;
        let Some(metadata) = holds_something(&write.file) else { continue };
        let is_ours = write.format.is_in(&write.file);
        if !is_ours.unwrap_or_else(|| !is_of_project(&write.file, &metadata, global)) {
            return Err(refused(&write.file, "is there already, and is not such an output"));
        }
    }
    if let Some(events) = events(&arguments.command).filter(|path| *path != Path::new("-")) {
        check_place(events, arguments, settings)?;
        if holds_something(events).is_some() && OutputFormat::Json.is_in(events) == Some(false) {
            return Err(refused(events, "is there already, and is not such an output"));
        }
    }
    if let Command::Plan(args) = &arguments.command
        && let Some(out) = &args.out
    {
        check_place(out, arguments, settings)?;
    }
    if let Command::Schema(args) = &arguments.command
        && !args.check
    {
        for path in super::commands::SCHEMA_FILES.map(|name| args.folder.join(name)) {
            check_place(&path, arguments, settings)?;
            if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
                return Err(refused(&path, "is there already, and is not a file"));
            }
        }
    }
    Ok(())
}

/// The file that a command line has events written to.
fn events(command: &Command) -> Option<&Path> {
    if let Command::Apply(args) = command {
        args.events.as_deref()
    } else if let Command::Ci(CiArgs { command: CiCommand::Apply(args) }) = command {
        args.events.as_deref()
    } else {
        None
    }
}

/// Refuses the places of other files, whether there is one or not.
fn check_place(path: &Path, arguments: &Arguments, settings: &Settings) -> Result<(), Failure> {
    let resolved = resolve(path);
    if resolved.components().any(|part| PRIVATE.iter().any(|name| part.as_os_str() == *name)) {
        return Err(refused(path, "is in a folder of sendform or git"));
    }
    let home = ProjectPaths::find(arguments.global.dir.as_deref());
    if ["sendform.lock", PROJECT_FILE].iter().any(|name| resolve(&home.dir.join(name)) == resolved) {
        return Err(refused(path, "is the place of the project's own file"));
    }
    let mut read: Vec<&Path> =
        [&settings.key_file, &settings.database_ca].into_iter().flatten().map(PathBuf::as_path).collect();
    if let Command::Apply(args) = &arguments.command {
        read.extend(args.plan.as_deref());
    }
    if let Command::Ledger(args) = &arguments.command
        && let LedgerCommand::Import(args) = &args.command
    {
        read.extend(args.files.iter().map(PathBuf::as_path));
    }
    if read.into_iter().any(|other| resolve(other) == resolved) {
        return Err(refused(path, "is read in this run"));
    }
    Ok(())
}

/// The path without links; of a file that is not there yet its folder's.
fn resolve(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default();
    let resolved = fs::canonicalize(path).or_else(|_| fs::canonicalize(folder).map(|folder| folder.join(name)));
    resolved.unwrap_or_else(|_: io::Error| path.to_owned())
}

/// What is known of a file, if it is one, and is not empty. Into a pipe or a device everything may be
/// written.
fn holds_something(path: &Path) -> Option<Metadata> {
    fs::metadata(path).ok().filter(|metadata| metadata.is_file() && metadata.len() > 0)
}

/// Whether a file is one of the project's: by its name, or because the project reads it.
fn is_of_project(path: &Path, metadata: &Metadata, global: &Global) -> bool {
    let home = ProjectPaths::find(global.dir.as_deref());
    let resolved = resolve(path);
    let folders = [Some(home.dir.as_path()), global.data.as_deref()];
    if !folders.into_iter().flatten().any(|folder| resolved.starts_with(resolve(folder))) {
        return false;
    }
    let extension = resolved.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if DATA.contains(&extension.as_str()) {
        return true;
    }
    let Ok(files) = files::read(global) else { return false };
    // Templates are read when they are checked.
    drop(files.check());
    files.folders.has_opened(metadata)
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::new(Exit::Usage, format!("`{}` {why}: it is left as it is", path.display()))
        .at(path)
        .hint("name another file for the output")
}
