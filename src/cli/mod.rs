//! Arguments, environment, exit codes: puts the rooms together. Decisions belong to the rooms.

mod apply;
mod args;
mod clock;
mod context;
mod ends;
mod evidence;
mod exit;
mod failure;
mod files;
mod frozen;
mod gateway;
mod home;
mod init;
mod ledger;
mod nearby;
mod output;
mod panic_hook;
mod plan;
mod prepare;
mod progress;
mod reconcile;
mod resolve;
mod sandbox;
mod schema;
mod settings;
mod shell_quote;
mod signals;
mod status;
mod store;
mod targets;
mod unsaved_outcomes;
mod validate;
mod witness;
mod worker;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::plan::STACK_BYTES;
use crate::report::style::Paint;

use args::{Arguments, Command};
use exit::Exit;
use failure::Failure;
use output::{Output, tell};
use settings::Settings;

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
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(failure) => {
            tell(&failure.render(Paint::Plain));
            return failure.exit;
        }
    };
    let output = Output::new(&arguments.global, settings.no_color);
    if let Err(failure) = targets::check(arguments, &settings) {
        let failure = failure.in_folder(arguments.global.dir.as_deref());
        // Nothing is written of a failure whose file is the failure.
        return output.without_files().fail(&failure);
    }
    match command(arguments, &settings, &output) {
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

fn command(arguments: &Arguments, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Init => init::run(global, settings, output),
        Command::Validate => validate::run(global, output),
        Command::Schema(args) => schema::run(args, output),
        Command::Completions(args) => completions(args),
        Command::Plan(args) => wait(plan::run(global, args, settings, output)),
        Command::Apply(args) => wait(apply::run(global, args, settings, output)),
        Command::Status(args) => wait(status::run(global, args, settings, output)),
        Command::Reconcile(args) => wait(reconcile::run(global, args, settings, output)),
        Command::Resolve(args) => wait(resolve::run(global, args, settings, output)),
        Command::Sandbox(args) => wait(sandbox::run(global, args, output)),
        Command::Ledger(args) => wait(ledger::run(global, &args.command, settings, output)),
    }
}

/// Runs a command that waits for the network; its threads have the stack that rendering needs.
fn wait(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder.enable_all().thread_stack_size(STACK_BYTES);
    let runtime = panic_hook::starting(|| builder.build())
        .map_err(|error| Failure::new(Exit::Environment, "the threads cannot be started").because(&error))?;
    let result = runtime.block_on(command);
    // What still renders or sleeps is of no use any more.
    runtime.shutdown_background();
    result
}

fn completions(args: &args::CompletionsArgs) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "sendform", &mut text);
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
