//! `schema`: writes, or checks, the JSON Schemas of the language.

use std::fs;

use crate::campaign::schema::{campaign_schema, project_schema};
use crate::report::written::{self, FileAction, Written};

use crate::cli::args::SchemaArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Forms, Output};

/// The files that it writes.
pub(in crate::cli) const SCHEMA_FILES: [&str; 2] = ["campaign.schema.json", "project.schema.json"];

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written.
pub(super) fn run(args: &SchemaArgs, output: &Output) -> Result<Exit, Failure> {
    let [campaign, project] = SCHEMA_FILES;
    let files = [(campaign, campaign_schema()), (project, project_schema())];
    let mut written = Vec::new();
    for (name, text) in files {
        let path = args.folder.join(name);
        let deed = if fs::read_to_string(&path).is_ok_and(|current| current == text) {
            FileAction::UpToDate
        } else if args.check {
            FileAction::Stale
        } else {
            fs::create_dir_all(&args.folder).and_then(|()| fs::write(&path, text)).map_err(|error| {
                Failure::new(Exit::Environment, format!("`{}` cannot be written", path.display())).because(&error)
            })?;
            FileAction::Wrote
        };
        written.push(Written { path: path.display().to_string(), deed });
    }
    output
        .show_forms(&Forms { text: &|_| written::text(&written), json: &|| written::document("schema", &written) })?;
    let is_stale = written.iter().any(|file| file.deed == FileAction::Stale);
    Ok(if is_stale { Exit::Files } else { Exit::Done })
}
