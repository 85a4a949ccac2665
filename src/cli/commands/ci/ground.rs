//! What every command of CI stands on: the run, its event, the project in the repository, and the way to the forge.

use std::path::{Component, Path};

use crate::campaign::Project;
use crate::cli::args::Global;
use crate::cli::context::whole;
use crate::cli::failure::Failure;
use crate::cli::home::ProjectPaths;
use crate::cli::output::Output;
use crate::cli::settings::{Settings, runner};
use crate::forge::GitHub;
use crate::forge::event::{EVENT_BYTES_MAX, ForgeEvent};
use crate::forge::runner::{GitHubRunner, Runner};
use crate::gateway::ClientLimits;
use crate::report::failure_code::FailureCode;
use crate::store::LEDGER_FILES;
use crate::store::regular::{self, Links};

/// A run on GitHub, for one project.
pub(super) struct GitHubGround {
    /// What the environment says.
    pub(super) runner: GitHubRunner,
    /// Why it runs.
    pub(super) event: ForgeEvent,
    /// The way to the forge.
    pub(super) forge: GitHub,
    /// The project.
    pub(super) project: Project,
    /// Where sendform keeps its own files.
    pub(super) home: ProjectPaths,
    /// The project's folder, from the top of the repository, with `/` between its parts; `.` for the top itself.
    pub(super) dir: String,
}

impl GitHubGround {
    /// Finds it all.
    ///
    /// # Errors
    /// If this is no run of CI on GitHub, or what it says of itself cannot be used; if there is no token; if the
    /// project has errors, which are shown, or is not in the repository.
    pub(super) fn find(global: &Global, settings: &Settings, output: &Output) -> Result<Self, Failure> {
        if global.reveal {
            let message = "`--reveal` shows people, and what is said in CI is read by everybody who may see it";
            return Err(Failure::new(FailureCode::Usage, message).hint("leave it out"));
        }
        let runner = match runner()? {
            Runner::GitHub(runner) => *runner,
            Runner::GitLab(_) => return Err(not_on_gitlab()),
        };
        let file = regular::read(&runner.event_file, Links::Followed, EVENT_BYTES_MAX).map_err(|error| {
            let message = format!("the event file `{}` cannot be read", runner.event_file.display());
            Failure::new(FailureCode::Environment, message).at(&runner.event_file).because(&error)
        })?;
        let event = ForgeEvent::read(&runner.event_name, &file)?;
        let Some(token) = &settings.github_token else {
            return Err(Failure::new(FailureCode::Credentials, "the forge's token is missing: set GITHUB_TOKEN")
                .hint("in the step that runs sendform: `env: { GITHUB_TOKEN: \"${{ github.token }}\" }`"));
        };
        let forge = GitHub::new(&runner, token, ClientLimits::default())?;
        let (files, project) = whole(global, output)?;
        let dir = dir_in(&runner.workspace, &files.home.dir)?;
        Ok(Self { runner, event, forge, project, home: files.home, dir })
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

fn not_on_gitlab() -> Failure {
    Failure::new(FailureCode::Usage, "`sendform ci` does not talk to GitLab yet")
        .hint("let the merge request's job keep its plan as an artifact: `sendform plan --out sale.plan`")
        .hint("after the merge get that file from the job, and type `sendform apply sale.plan --auto-approve`")
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
            .hint("check the repository out into `GITHUB_WORKSPACE`, and name the folder there")
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
