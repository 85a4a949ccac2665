//! Arguments, environment, exit codes: puts the rooms together. Decisions belong to the rooms.

mod args;
mod books;
mod client;
mod clock;
mod clones;
mod commands;
mod completions;
mod console;
mod console_pushes;
mod context;
mod ends;
mod events;
mod evidence;
mod exit;
mod failure;
mod files;
mod format;
mod frozen;
mod gateway;
mod help;
mod home;
mod left_behind;
mod nearby;
mod negative;
mod opt_outs;
mod output;
mod panic_hook;
mod planning;
mod prepare;
mod progress;
mod recording;
mod rejections;
mod sandbox_checks;
mod sandbox_flags;
mod sandbox_time;
mod settings;
mod shell_quote;
mod shown;
mod signals;
mod stops;
mod store;
mod targets;
mod topics;
mod typo;
mod unsaved_outcomes;
mod unsent;
mod usage;
mod wanted_file;
mod witness;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Arguments, Command};
use exit::Exit;
use home::ProjectPaths;
use output::Output;
use settings::{Settings, Unusable};

/// Runs sendform with the arguments of a process, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::read(words.iter().cloned()) {
        Ok(arguments) => arguments,
        Err(error) => return usage::refused(&error, &words).into(),
    };
    let bug = || Output::new(&arguments, &Settings::read().0).document(&panic_hook::failure());
    panic_hook::guarded(|| ended(&arguments), bug).into()
}

/// Runs a command to its end, and tells how it failed.
fn ended(arguments: &Arguments) -> Exit {
    let (settings, unusable) = Settings::read();
    let settings = settings.with_now(arguments.global.now);
    let output = Output::new(arguments, &settings);
    if let Err(failure) = targets::check(arguments, &settings) {
        // Nothing is written of a failure whose file is the failure.
        return output.without_files().fail(&failure);
    }
    // Whoever stops what is sent is not stopped by a key that is not needed for it.
    let needs_no_key = matches!(arguments.command, Command::Stop(_) | Command::Resume(_));
    let mut wrong = unusable.iter().filter(|it| !(needs_no_key && it.is_of_key()));
    if !matches!(arguments.command, Command::Doctor(_) | Command::Complete(_))
        && let Some(Unusable { failure, .. }) = wrong.next()
    {
        return output.fail(failure);
    }
    let home = ProjectPaths::find(arguments.global.dir.as_deref());
    if arguments.command.has_project() && home.is_above {
        output.note(&format!("the project is the one in `{}`, above this folder\n", home.dir.display()));
    }
    match commands::run(arguments, &settings, &unusable, &output) {
        Ok(exit) => exit,
        Err(failure) => output.fail(&failure),
    }
}
