//! The commands: one file a command, each from its arguments to an exit code.

mod apply;
mod ci;
mod complete;
mod doctor;
mod init;
mod ledger;
mod log;
mod man;
mod plan;
mod reconcile;
mod report;
mod resolve;
mod resume;
mod sandbox;
mod schema;
mod status;
mod stop;
mod validate;

pub(super) use schema::SCHEMA_FILES;

use super::args::{Arguments, CiCommand, Command, CompletionsArgs, HelpArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Output};
use super::panic_hook;
use super::settings::{Settings, Unusable};
use super::signals::SignalWatch;
use super::topics::Topic;
use crate::plan::STACK_BYTES;
use crate::report::failure_code::FailureCode;

/// Runs the command that the arguments name.
///
/// # Errors
/// If it fails.
pub(super) fn run(
    arguments: &Arguments,
    settings: &Settings,
    unusable: &[Unusable],
    output: &Output,
) -> Result<Exit, Failure> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Init(args) => init::run(global, args, settings, output),
        Command::Validate(args) => validate::run(global, args, output),
        Command::Schema(args) => schema::run(args, output),
        Command::Completions(args) => completions(args),
        Command::Man(args) => man::run(args, output),
        Command::Complete(args) => wait(complete::run(global, args, settings)),
        Command::Help(args) => help(args),
        Command::Doctor(args) => wait(interruptible(output, doctor::run(global, args, (settings, unusable), output))),
        Command::Plan(args) => wait(interruptible(output, plan::run(global, args, settings, output))),
        Command::Apply(args) => wait(apply::run(global, args, settings, output)),
        Command::Status(args) => wait(interruptible(output, status::run(global, args, settings, output))),
        Command::Report => wait(interruptible(output, report::run(global, settings, output))),
        Command::Log(args) => wait(interruptible(output, log::run(global, args, settings, output))),
        Command::Reconcile(args) => wait(reconcile::run(global, args, settings, output)),
        Command::Stop(args) => wait(stop::run(global, args, settings, output)),
        Command::Resume(args) => wait(resume::run(global, args, settings, output)),
        Command::Resolve(args) => wait(resolve::run(global, args, settings, output)),
        Command::Sandbox(args) => wait(sandbox::run(global, args, output)),
        Command::Ci(args) if matches!(args.command, CiCommand::Plan(_)) => {
            wait(interruptible(output, ci::run(global, &args.command, settings, output)))
        }
        Command::Ci(args) => wait(ci::run(global, &args.command, settings, output)),
        Command::Ledger(args) => wait(ledger::run(global, &args.command, settings, output)),
    }
}

/// Runs a command that waits for the network; its threads have the stack that rendering needs.
fn wait(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder.enable_all().thread_stack_size(STACK_BYTES);
    let runtime = panic_hook::starting(|| builder.build())
        .map_err(|error| Failure::new(FailureCode::Environment, "the threads cannot be started").because(&error))?;
    let result = runtime.block_on(command);
    // What still renders or sleeps is of no use any more.
    runtime.shutdown_background();
    result
}

/// Runs a command that sends nothing: an interrupt ends it at once, and machines are told.
async fn interruptible(output: &Output, command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let _watching = SignalWatch::listen(output);
    command.await
}

fn help(args: &HelpArgs) -> Result<Exit, Failure> {
    // The page of a command was printed where the command line was read.
    output::print(&args.topic().map(Topic::text).unwrap_or_default())?;
    Ok(Exit::Done)
}

fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    output::print(&super::completions::script(args.shell))?;
    Ok(Exit::Done)
}
