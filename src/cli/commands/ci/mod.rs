//! `ci`: plan and apply in a run of CI, with the pull request that it is about.

mod files;
mod occasion;
mod plan;
mod plan_comment;
mod said;
mod apply;
mod failure;
mod ground;
mod order;
mod outcome;
mod reviewed_file;
mod section;
mod stale;
mod train;

use crate::cli::args::{CiCommand, Global};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;

/// Runs the command.
///
/// # Errors
/// If it fails.
pub(super) async fn run(
    global: &Global,
    command: &CiCommand,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    match command {
        CiCommand::Plan(args) => Box::pin(plan::run(global, args, settings, output)).await,
        CiCommand::Apply(args) => Box::pin(apply::run(global, args, settings, output)).await,
    }
}
