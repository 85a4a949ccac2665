//! Arguments, environment, exit codes: puts the rooms together. Decisions belong to the rooms.

mod args;
mod client;
mod clock;
mod clones;
mod commands;
mod context;
mod ends;
mod evidence;
mod exit;
mod failure;
mod files;
mod format;
mod frozen;
mod gateway;
mod home;
mod nearby;
mod opt_outs;
mod output;
mod panic_hook;
mod planning;
mod prepare;
mod progress;
mod rejections;
mod settings;
mod shell_quote;
mod signals;
mod stops;
mod store;
mod targets;
mod unsaved_outcomes;
mod witness;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Arguments, Command};
use exit::Exit;
use output::Output;
use settings::{Settings, Unusable};

/// Runs sendform with the arguments of a process, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    panic_hook::guarded(|| ended(&arguments)).into()
}

/// Runs a command to its end, and tells how it failed.
fn ended(arguments: &Arguments) -> Exit {
    let (settings, unusable) = Settings::read();
    let output = Output::new(&arguments.global, settings.no_color);
    if !matches!(arguments.command, Command::Doctor(_))
        && let Some(Unusable { failure, .. }) = unusable.first()
    {
        return output.without_files().fail(failure);
    }
    if let Err(failure) = targets::check(arguments, &settings) {
        let failure = failure.in_folder(arguments.global.dir.as_deref());
        // Nothing is written of a failure whose file is the failure.
        return output.without_files().fail(&failure);
    }
    match commands::run(arguments, &settings, &unusable, &output) {
        Ok(exit) => exit,
        Err(failure) => output.fail(&failure.in_folder(arguments.global.dir.as_deref())),
    }
}

/// Help and versions are asked for; everything else that clap refuses is wrong.
fn refused(error: &clap::Error) -> ExitCode {
    let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
    // A closed pipe is no reason to fail.
    drop(error.print());
    exit.into()
}
