//! `schema`: writes, or checks, the JSON Schemas of the language.

use std::fs;

use crate::campaign::schema::{campaign_schema, project_schema};

use super::args::SchemaArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::output::print;

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written.
pub(super) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let files = [("campaign.schema.json", campaign_schema()), ("project.schema.json", project_schema())];
    let mut exit = Exit::Done;
    for (name, text) in files {
        let path = args.folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|current| current == text) {
            print(&format!("{} is up to date\n", path.display()))?;
        } else if args.check {
            print(&format!("{} is not what `sendform schema` would write\n", path.display()))?;
            exit = exit.or(Exit::Files);
        } else {
            fs::create_dir_all(&args.folder).and_then(|()| fs::write(&path, text)).map_err(|error| {
                Failure::new(Exit::Environment, format!("`{}` cannot be written", path.display())).because(&error)
            })?;
            print(&format!("wrote {}\n", path.display()))?;
        }
    }
    Ok(exit)
}
