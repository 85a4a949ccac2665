//! `man`: the manual, made of what `--help` says.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::cli::args::ManArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::{self, Output};
use crate::report::failure_code::FailureCode;

/// Prints the page of sendform itself, or writes the pages of all commands into a folder.
///
/// # Errors
/// If a page cannot be written.
pub(super) fn run(args: &ManArgs, output: &Output) -> Result<Exit, Failure> {
    let mut command = help::command();
    // Only a command that was built knows what its commands are called in full.
    command.build();
    let Some(folder) = &args.folder else {
        output::print(&page(&command)?)?;
        return Ok(Exit::Done);
    };
    let mut count = 0;
    fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
    write(&command, folder, &mut count)?;
    output.note(&format!("wrote {count} pages into {}\n", folder.display()));
    Ok(Exit::Done)
}

/// Writes the page of a command, and of those below it.
fn write(command: &Command, folder: &Path, count: &mut usize) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = folder.join(format!("{name}.1"));
    fs::write(&path, page(command)?).map_err(|error| unwritten(&path, &error))?;
    *count += 1;
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| write(below, folder, count))
}

fn page(command: &Command) -> Result<String, Failure> {
    let mut text = Vec::new();
    let failed =
        |error: io::Error| Failure::new(FailureCode::OutputUnwritable, "the manual cannot be made").because(&error);
    Man::new(command.clone()).render(&mut text).map_err(failed)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::new(FailureCode::OutputUnwritable, format!("`{}` cannot be written", path.display()))
        .at(path)
        .because(error)
}
