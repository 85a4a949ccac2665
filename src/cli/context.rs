//! All that the commands with a plan have in common: files, gateway, keys.

use std::collections::HashSet;
use std::sync::Arc;

use crate::campaign::{Campaign, Project};
use crate::diagnostic::Diagnostics;
use crate::identity::MessageKey;
use crate::plan::{self, Accepted, Frozen, Selection};
use crate::report::failure_code::FailureCode;
use crate::report::validation::ValidationReport;
use crate::source::Folders;

use super::args::{Global, LedgerReading, Scope};
use super::exit::Exit;
use super::failure::Failure;
use super::files::{self, ProjectFiles};
use super::gateway::GatewayAccess;
use super::home::ProjectPaths;
use super::output::Output;
use super::sandbox_checks;
use super::sandbox_time;
use super::settings::Settings;

/// How many messages are listed when one is not known.
const KNOWN_SHOWN_MAX: usize = 20;

/// Files without errors, and the gateway they are for.
pub(super) struct Context {
    /// Where sendform keeps its own files.
    pub home: ProjectPaths,
    /// The folders that may be read.
    pub folders: Folders,
    /// The project.
    pub project: Project,
    /// Its campaigns.
    pub campaigns: Vec<Campaign>,
    /// Warnings.
    pub diagnostics: Diagnostics,
    /// The gateway.
    pub gateway: GatewayAccess,
}

impl Context {
    /// Runs a command, and stops the embedded gateway afterwards, however it ends.
    ///
    /// # Errors
    /// If the files have errors, which are shown; if the gateway cannot be used; if the command fails.
    pub(super) async fn run(
        global: &Global,
        settings: &Settings,
        output: &Output,
        command: impl AsyncFnOnce(&Arc<Self>) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let context = Self::open(global, settings, output, false).await?;
        context.use_by(output, command).await
    }

    /// The same for a command that only looks, and may do so without the network.
    ///
    /// # Errors
    /// As those of [`Self::run`].
    pub(super) async fn look(
        global: &Global,
        settings: &Settings,
        reading: &LedgerReading,
        output: &Output,
        command: impl AsyncFnOnce(&Arc<Self>) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let context = Self::open(global, settings, output, reading.offline).await?;
        context.use_by(output, command).await
    }

    async fn use_by(
        self,
        output: &Output,
        command: impl AsyncFnOnce(&Arc<Self>) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let context = Arc::new(self);
        let ended = command(&context).await;
        // A rendering that nobody waits for may still hold it, and ends with the process.
        let stopped = match Arc::try_unwrap(context) {
            Ok(context) => context.gateway.stop().await,
            Err(_) => Ok(()),
        };
        both(ended, stopped, |failure| output.tell_failure(failure))
    }

    /// Reads the files and finds the gateway.
    ///
    /// # Errors
    /// If the files have errors, which are shown, or the gateway cannot be used.
    async fn open(global: &Global, settings: &Settings, output: &Output, is_offline: bool) -> Result<Self, Failure> {
        let (files, project) = whole(global, output)?;
        files.home.check_private()?;
        let mut gateway = if global.sandbox {
            let found = sandbox_checks::check(&project, &files.folders);
            if found.has_errors() {
                show_diagnostics(output, &found)?;
                return Err(Failure::silent(FailureCode::Files));
            }
            GatewayAccess::sandbox(&project, &files.home, settings, global).await?
        } else {
            GatewayAccess::real(&project, &files.home, settings)?
        };
        if let Some(note) = sandbox_time::follow(&mut gateway, settings, is_offline).await? {
            output.note(&note);
        }
        let mut diagnostics = files.diagnostics;
        diagnostics.extend(plan::local_webhooks(&files.campaigns, gateway.place()));
        if diagnostics.has_errors() {
            show_diagnostics(output, &diagnostics)?;
            return Err(Failure::silent(FailureCode::Files));
        }
        Ok(Self { home: files.home, folders: files.folders, project, campaigns: files.campaigns, diagnostics, gateway })
    }
}

/// Reads a project's files, and the project itself, which has no errors then.
///
/// # Errors
/// If there is none, or it has errors, which are shown.
pub(super) fn whole(global: &Global, output: &Output) -> Result<(ProjectFiles, Project), Failure> {
    let mut files = files::read(global)?;
    match files.project.take() {
        Some(project) if !files.diagnostics.has_errors() => Ok((files, project)),
        project => {
            files.project = project;
            show_diagnostics(output, &files.check())?;
            Err(Failure::silent(FailureCode::Files))
        }
    }
}

/// How a command ended, and how the gateway did after it. The command's own result is the one that
/// counts; what went wrong after it is told beside it.
fn both(
    ended: Result<Exit, Failure>,
    stopped: Result<(), Failure>,
    tell: impl FnOnce(&Failure),
) -> Result<Exit, Failure> {
    let Err(stopped) = stopped else { return ended };
    tell(&stopped);
    ended.map(|exit| exit.or(stopped.exit))
}

/// Shows diagnostics as the result of a command.
///
/// # Errors
/// If they cannot be shown.
pub(super) fn show_diagnostics(output: &Output, found: &Diagnostics) -> Result<(), Failure> {
    output.show(&ValidationReport::new(found))
}

/// What a command line selects and accepts.
#[derive(Debug, Default)]
pub(super) struct PlanOptions {
    /// What is selected.
    pub selection: Selection,
    /// What is accepted.
    pub accepted: Accepted,
    /// The messages whose rejected people are free again.
    pub retry_rejected: Vec<MessageKey>,
    /// The frozen plan that is applied.
    pub frozen: Option<Frozen>,
    /// Whether the rows of audiences are left alone.
    pub without_data: bool,
}

impl PlanOptions {
    /// Reads the command line, and checks it against the campaigns.
    ///
    /// # Errors
    /// If something has the wrong form, or names nothing.
    pub(super) fn read(scope: &Scope, campaigns: &[Campaign]) -> Result<Self, Failure> {
        let usage = |message: String| Failure::new(FailureCode::Usage, message);
        let mut plan_options = Self::default();
        for text in &scope.only {
            plan_options.selection.add(text).map_err(usage)?;
        }
        for text in &scope.accept {
            plan_options.accepted.add(text).map_err(usage)?;
        }
        for text in &scope.retry_rejected {
            let key = MessageKey::parse(text).ok_or_else(|| usage(format!("`{text}` is not CAMPAIGN.MESSAGE")))?;
            plan_options.retry_rejected.push(key);
        }
        let keys: Vec<&MessageKey> =
            campaigns.iter().flat_map(|campaign| &campaign.messages).map(|message| &message.key).collect();
        let mut unknown = plan_options.selection.unknown(&keys);
        let retried = plan_options.retry_rejected.iter().filter(|key| !keys.contains(key));
        unknown.extend(retried.map(ToString::to_string));
        match unknown.first() {
            Some(name) => Err(no_message(name, &keys)),
            None => Ok(plan_options),
        }
    }
}

/// Tells that a name that somebody typed selects nothing of the messages there are.
pub(super) fn no_message(name: &str, keys: &[&MessageKey]) -> Failure {
    let mut seen = HashSet::new();
    let known: Vec<String> = keys.iter().filter(|key| seen.insert(*key)).map(|key| format!("`{key}`")).collect();
    let failure = Failure::new(FailureCode::MessageUnknown, format!("there is no campaign or message `{name}`"));
    match known.as_slice() {
        [] => failure,
        [only] => failure.hint(format!("the only message is {only}")),
        _ => {
            let more = if known.len() > KNOWN_SHOWN_MAX { ", …" } else { "" };
            let shown: Vec<String> = known.into_iter().take(KNOWN_SHOWN_MAX).collect();
            failure.hint(format!("the messages are {}{more}", shown.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_keeps_its_own_result() {
        let check = |ended: Result<Exit, Failure>, stopped: Option<FailureCode>, expect: Result<Exit, &str>| {
            let mut told = Vec::new();
            let stopped = stopped.map_or(Ok(()), |code| Err(Failure::new(code, "the books")));
            let is_stopped = stopped.is_ok();
            let result = both(ended, stopped, |failure| told.push(failure.message.clone()));
            assert_eq!(result.map_err(|failure| failure.message), expect.map_err(str::to_owned));
            assert_eq!(told, if is_stopped { vec![] } else { vec!["the books"] });
        };
        let own = || Err(Failure::new(FailureCode::Ledger, "the ledger"));
        check(Ok(Exit::Doubt), None, Ok(Exit::Doubt));
        check(own(), None, Err("the ledger"));
        check(own(), Some(FailureCode::Environment), Err("the ledger"));
        check(Ok(Exit::Done), Some(FailureCode::Environment), Ok(Exit::Environment));
        check(Ok(Exit::Doubt), Some(FailureCode::Environment), Ok(Exit::Doubt));
    }
}
