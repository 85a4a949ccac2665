//! What all steps of an apply go by.

use std::sync::Arc;

use crate::cli::args::ApplyArgs;
use crate::cli::clock::RunClock;
use crate::cli::context::{Context, PlanOptions};
use crate::cli::events::EventFile;
use crate::cli::output::Output;
use crate::cli::recording::Recording;
use crate::cli::settings::Settings;
use crate::cli::signals::SignalWatch;
use crate::gateway::Client;
use crate::ledger::RunId;

/// What a run goes by.
#[derive(Clone, Copy)]
pub(super) struct ApplyRun<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) args: &'a ApplyArgs,
    pub(super) settings: &'a Settings,
    pub(super) output: &'a Output,
    pub(super) events: &'a EventFile,
    pub(super) recording: &'a Recording,
    pub(super) interrupts: &'a SignalWatch,
    pub(super) plan_options: &'a PlanOptions,
    pub(super) client: &'a Client<RunClock>,
    pub(super) clock: &'a RunClock,
    pub(super) run: RunId,
    /// How many people were in doubt before.
    pub(super) in_doubt: usize,
}
