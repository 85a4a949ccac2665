//! What every command of CI stands on: the run, its event, the project in the repository, and the way to the forge.

use std::path::{Component, Path};

use secrecy::SecretString;

use crate::campaign::Project;
use crate::cli::args::Global;
use crate::cli::context::whole;
use crate::cli::failure::Failure;
use crate::cli::home::ProjectPaths;
use crate::cli::output::Output;
use crate::cli::settings::{Settings, runner};
use crate::forge::event::{EVENT_BYTES_MAX, ForgeEvent};
use crate::forge::runner::{GitHubRunner, Runner};
use crate::forge::{CommitId, ForgeClient, ForgeClientError, GitHub, GitLab, GitLabRunner};
use crate::gateway::ClientLimits;
use crate::report::failure_code::FailureCode;
use crate::store::LEDGER_FILES;
use crate::store::regular::{self, Links};

/// The job that plans on GitLab, unless another one is named.
const GITLAB_PLANNER: &str = "sendform plan";

/// What a run says of itself, whatever forge it is on.
pub(super) struct RunFacts {
    /// The repository's number, which never changes.
    pub(super) repository: u64,
    /// The commit that is checked out.
    pub(super) commit: CommitId,
    /// The branch that it runs on, if it is one.
    pub(super) branch: Option<String>,
    /// Who plans pull requests unless another one is named: a workflow's file, or a job.
    pub(super) planner: String,
    /// How often it was started, from 1.
    pub(super) attempt: u64,
    /// Its page, for people.
    pub(super) page: String,
}

/// A run, for one project.
pub(super) struct Ground {
    /// What it says of itself.
    pub(super) run: RunFacts,
    /// Why it runs.
    pub(super) event: ForgeEvent,
    /// The way to the forge.
    pub(super) forge: ForgeClient,
    /// The project.
    pub(super) project: Project,
    /// Where sendform keeps its own files.
    pub(super) home: ProjectPaths,
    /// The project's folder, from the top of the repository, with `/` between its parts; `.` for the top itself.
    pub(super) dir: String,
}

impl Ground {
    /// Finds it all.
    ///
    /// # Errors
    /// If this is no run of CI, or what it says of itself cannot be used; if there is no token; if the project has
    /// errors, which are shown, or is not in the repository.
    pub(super) async fn find(global: &Global, settings: &Settings, output: &Output) -> Result<Self, Failure> {
        if global.reveal {
            let message = "`--reveal` shows people, and what is said in CI is read by everybody who may see it";
            return Err(Failure::new(FailureCode::Usage, message).hint("leave it out"));
        }
        let runner = runner()?;
        let event = match &runner {
            Runner::GitHub(runner) => event_of(runner)?,
            Runner::GitLab(runner) => runner.event()?,
        };
        let forge = client(&runner, settings)?;
        let (files, project) = whole(global, output)?;
        let dir = dir_in(runner.workspace(), &files.home.dir)?;
        let run = match (&runner, &forge) {
            (Runner::GitLab(runner), ForgeClient::GitLab(gitlab)) => {
                of_gitlab(runner, gitlab.attempt(runner.pipeline_id, &runner.job).await?)
            }
            (Runner::GitLab(runner), ForgeClient::GitHub(_)) => of_gitlab(runner, 1),
            (Runner::GitHub(runner), _) => of_github(runner),
        };
        Ok(Self { run, event, forge, project, home: files.home, dir })
    }

    /// The paths of the files that runs commit themselves: whoever writes only those has changed no campaign.
    pub(super) fn ledger_files(&self) -> Vec<String> {
        LEDGER_FILES.iter().map(|file| self.path_of(file)).collect()
    }

    /// The path of a file of the project, from the top of the repository.
    pub(super) fn path_of(&self, file: &str) -> String {
        if self.dir == "." { file.to_owned() } else { format!("{}/{file}", self.dir) }
    }
}

fn of_github(runner: &GitHubRunner) -> RunFacts {
    RunFacts {
        repository: runner.repository_id,
        commit: runner.commit.clone(),
        branch: runner.branch().map(str::to_owned),
        planner: runner.workflow.clone(),
        attempt: runner.attempt,
        page: runner.run_page(),
    }
}

fn of_gitlab(runner: &GitLabRunner, attempt: u64) -> RunFacts {
    RunFacts {
        repository: runner.project_id,
        commit: runner.commit.clone(),
        branch: runner.branch.clone(),
        planner: GITLAB_PLANNER.to_owned(),
        attempt,
        page: runner.job_page.clone(),
    }
}

/// The event of a run on GitHub, from its file.
///
/// # Errors
/// If it cannot be read, or nothing is done for it.
pub(super) fn event_of(runner: &GitHubRunner) -> Result<ForgeEvent, Failure> {
    let file = regular::read(&runner.event_file, Links::Followed, EVENT_BYTES_MAX).map_err(|error| {
        let message = format!("the event file `{}` cannot be read", runner.event_file.display());
        Failure::new(FailureCode::Environment, message).at(&runner.event_file).because(&error)
    })?;
    Ok(ForgeEvent::read(&runner.event_name, &file)?)
}

/// The token for the forge of a run, if there is one.
pub(super) fn token<'a>(runner: &Runner, settings: &'a Settings) -> Option<&'a SecretString> {
    match runner {
        Runner::GitHub(_) => settings.github_token.as_ref(),
        Runner::GitLab(_) => settings.gitlab_token.as_ref(),
    }
}

/// The way to the forge of a run.
///
/// # Errors
/// If the client cannot be made.
pub(super) fn forge(runner: &Runner, token: &SecretString) -> Result<ForgeClient, ForgeClientError> {
    let limits = ClientLimits::default();
    match runner {
        Runner::GitHub(runner) => {
            GitHub::new(runner, token, limits).map(|client| ForgeClient::GitHub(Box::new(client)))
        }
        Runner::GitLab(runner) => {
            GitLab::new(runner, token, limits).map(|client| ForgeClient::GitLab(Box::new(client)))
        }
    }
}

/// The way to the forge of a run, with the token that there is.
///
/// # Errors
/// If there is none, or the client cannot be made.
pub(super) fn client(runner: &Runner, settings: &Settings) -> Result<ForgeClient, Failure> {
    let Some(token) = token(runner, settings) else { return Err(no_token(runner)) };
    Ok(forge(runner, token)?)
}

/// What to do where there is no token.
pub(super) const fn token_hint(runner: &Runner) -> &'static str {
    match runner {
        Runner::GitHub(_) => "in the step that runs sendform: `env: { GITHUB_TOKEN: \"${{ github.token }}\" }`",
        Runner::GitLab(_) => {
            "make a project's access token with the role Developer and the scope `api`, and a variable of this name, \
             masked and protected: a job's own token may neither read merge requests nor write notes"
        }
    }
}

fn no_token(runner: &Runner) -> Failure {
    let name = match runner {
        Runner::GitHub(_) => "GITHUB_TOKEN",
        Runner::GitLab(_) => "SENDFORM_GITLAB_TOKEN",
    };
    Failure::new(FailureCode::Credentials, format!("the forge's token is missing: set {name}")).hint(token_hint(runner))
}

/// A folder as it is named from the top of the checkout.
pub(super) fn dir_in(workspace: &Path, dir: &Path) -> Result<String, Failure> {
    let whole = |path: &Path| {
        path.canonicalize().map_err(|error| {
            Failure::new(FailureCode::Environment, format!("`{}` cannot be looked at", path.display()))
                .at(path)
                .because(&error)
        })
    };
    let (top, dir) = (whole(workspace)?, whole(dir)?);
    let outside = || {
        let message = format!("the project in `{}` is not in the repository in `{}`", dir.display(), top.display());
        Failure::new(FailureCode::Usage, message)
            .hint("check the repository out into `GITHUB_WORKSPACE`, or `CI_PROJECT_DIR`, and name the folder there")
    };
    let parts = dir.strip_prefix(&top).map_err(|_| outside())?.components();
    let parts: Option<Vec<&str>> = parts
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        })
        .collect();
    let parts = parts.ok_or_else(outside)?;
    Ok(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}
