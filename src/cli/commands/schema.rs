//! `schema`: writes, or checks, the JSON Schemas of the language and of the output.

use std::fs;

use crate::campaign::schema::{campaign_schema, project_schema};
use crate::report::failure_code::FailureCode;
use crate::report::files::{FileState, FileView, SchemaReport};
use crate::report::schema::output_schema;

use crate::cli::args::SchemaArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// The files that it writes.
pub(in crate::cli) const SCHEMA_FILES: [&str; 3] =
    ["campaign.schema.json", "project.schema.json", "output.schema.json"];

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written.
pub(super) fn run(args: &SchemaArgs, output: &Output) -> Result<Exit, Failure> {
    let [campaign, project, documents] = SCHEMA_FILES;
    let texts = [(campaign, campaign_schema()), (project, project_schema()), (documents, output_schema())];
    let mut files = Vec::new();
    for (name, text) in texts {
        let path = args.folder.join(name);
        // No editor needs the output's schema: where it is not kept, nothing is out of date.
        if args.check && name == documents && path.symlink_metadata().is_err() {
            continue;
        }
        let state = if fs::read_to_string(&path).is_ok_and(|current| current == text) {
            FileState::UpToDate
        } else if args.check {
            FileState::Stale
        } else {
            fs::create_dir_all(&args.folder).and_then(|()| fs::write(&path, text)).map_err(|error| {
                Failure::new(FailureCode::OutputUnwritable, format!("`{}` cannot be written", path.display()))
                    .because(&error)
            })?;
            FileState::Written
        };
        files.push(FileView { file: path.display().to_string(), state });
    }
    let is_stale = files.iter().any(|file| file.state == FileState::Stale);
    output.show(&SchemaReport { files })?;
    Ok(if is_stale { Exit::Files } else { Exit::Done })
}
