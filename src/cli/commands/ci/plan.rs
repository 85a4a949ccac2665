//! `ci plan`: plans in a run of CI, and shows it where the pull request is reviewed. Whatever cannot be said there is
//! said in the log, and changes nothing of how the plan ends.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::args::{CiPlanArgs, CommentPlace, Global, LedgerReading, PlanArgs};
use crate::cli::commands::plan;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::format::OutputFormat;
use crate::cli::home::ProjectPaths;
use crate::cli::output::{self, Output};
use crate::cli::settings::Settings;
use crate::cli::shown::{ShownReport, ShownReports};
use crate::forge::marker::{CommentKind, Marker};
use crate::forge::runner::GitHubRunner;
use crate::forge::{CommitId, GitHub, PlanName};
use crate::gateway::ClientLimits;
use crate::identity::ProjectId;
use crate::plan::PlanDigest;
use crate::report::failure_code::FailureCode;
use crate::report::github;
use crate::report::markdown::budget::Limit;
use crate::report::markdown::{COMMENT_MAX, SUMMARY_BYTES_MAX};
use crate::report::merge_group::MergeGroupReport;

use super::files::{append, set_outputs};
use super::ground::dir_in;
use super::group::{self, GroupPlan};
use super::ledger_branch;
use super::occasion::{Occasion, PlanAsked};
use super::outcome;
use super::plan_comment::{self, Commented};
use super::said::{OF_A_FORK, PlanSaid};

/// Where the plan is frozen until its name is known.
const UNNAMED: &str = "sendform-unnamed.plan";
/// What is written for GitLab, beside the Markdown: its forms, and the files that its reports are.
const OF_GITLAB: [(OutputFormat, &str); 4] = [
    (OutputFormat::Gitlab, "sendform-codequality.json"),
    (OutputFormat::GitlabTerraform, "sendform-terraform.json"),
    (OutputFormat::Junit, "sendform-junit.xml"),
    (OutputFormat::Markdown, "sendform-plan.md"),
];

/// Runs the command.
///
/// # Errors
/// If this is no run of CI that a plan is for; else as `plan`.
pub(super) async fn run(
    global: &Global,
    args: &CiPlanArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    if global.reveal {
        let message = "`--reveal` shows people, and what is said in CI is read by everybody who may see it";
        return Err(Failure::new(FailureCode::Usage, message).hint("leave it out"));
    }
    let occasion = Occasion::find()?;
    let is_from_fork = occasion.is_from_fork();
    let out = (!is_from_fork && settings.keys.is_some()).then(|| PathBuf::from(UNNAMED));
    let plan_args = PlanArgs {
        scope: args.scope.clone(),
        reading: LedgerReading { offline: false },
        out: out.clone(),
        without_data: is_from_fork,
        detailed_exitcode: false,
    };
    // What a stranger has written sees no secret, whatever the workflow hands over.
    let settings = &if is_from_fork { settings.without_secrets() } else { settings.clone() };
    if is_from_fork {
        output.note(&format!("{OF_A_FORK}\n"));
    }
    let shown = ShownReports::default();
    let mut heard = output.clone().keeping(&shown);
    if matches!(occasion, Occasion::GitLab(_)) {
        OF_GITLAB.iter().for_each(|(format, file)| heard.also_write(*format, PathBuf::from(file)));
    }
    heard.quiet = true;
    let ended = Box::pin(plan::run(global, &plan_args, settings, &heard)).await;
    if let Err(failure) = ended.as_ref()
        && !failure.message.is_empty()
    {
        heard.keep(&failure.report());
    }
    let said = PlanSaid::new(&shown, is_from_fork);
    let job = PlanJob { global, args, settings, output, said: &said };
    // Nobody approves what an apply cannot find.
    let (file, unnamed) = match job.named(out.as_deref()) {
        Ok(file) => (file, Exit::Done),
        Err(failure) => {
            output.tell_failure(&failure);
            (None, failure.exit)
        }
    };
    let more = match &occasion {
        Occasion::GitHub(runner, asked) => job.tell_github(runner, asked, file.as_deref()).await,
        Occasion::GitLab(_) => Exit::Done,
    };
    ended.map(|exit| exit.or(more).or(unnamed))
}

/// A plan that was made in a run of CI.
struct PlanJob<'a> {
    global: &'a Global,
    args: &'a CiPlanArgs,
    settings: &'a Settings,
    output: &'a Output,
    said: &'a PlanSaid,
}

impl PlanJob<'_> {
    /// Gives the plan's file its name, by which `ci apply` finds it; nothing if nothing was frozen.
    fn named(&self, unnamed: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
        let Some(unnamed) = unnamed.filter(|file| file.exists()) else { return Ok(None) };
        let digest = self.said.digest().and_then(PlanDigest::parse);
        let name = self.project().zip(digest).map(|(project, digest)| PlanName { project, digest }.to_string());
        let Some(name) = name else {
            drop(fs::remove_file(unnamed));
            return Ok(None);
        };
        match fs::rename(unnamed, &name) {
            Ok(()) => Ok(Some(PathBuf::from(name))),
            Err(error) => {
                Err(Failure::new(FailureCode::Environment, format!("`{name}` cannot be written")).because(&error))
            }
        }
    }

    fn project(&self) -> Option<ProjectId> {
        Some(files::read(self.global).ok()?.project?.id)
    }

    /// Says what would keep an apply from writing its ledger.
    async fn look_at_ledger(&self, runner: &GitHubRunner) {
        let Some(token) = &self.settings.github_token else { return };
        // Why there is no client was said with the comment.
        let Ok(forge) = GitHub::new(runner, token, ClientLimits::default()) else { return };
        let Some(project) = files::read(self.global).ok().and_then(|files| files.project) else { return };
        ledger_branch::look(&forge, &project, self.output).await;
    }

    /// Says it on GitHub; whatever fails there is told, and is not how the plan ends. What a merge queue asks is.
    async fn tell_github(&self, runner: &GitHubRunner, asked: &PlanAsked, file: Option<&Path>) -> Exit {
        let (exit, first) = match asked {
            PlanAsked::Group { pull } => self.held(runner, *pull, file).await,
            PlanAsked::Pull { .. } | PlanAsked::Branch => (Exit::Done, None),
        };
        let said = &self.said.behind(first);
        self.told(output::print(&github::commands(&said.annotations())));
        if let Some(path) = &runner.summary {
            let text = said.markdown("<!-- sendform plan -->", Limit::Bytes(SUMMARY_BYTES_MAX));
            self.told(append(path, &text));
        }
        if let Some(path) = &runner.output {
            let people = self.said.people().to_string();
            let file = file.map(|file| file.display().to_string()).unwrap_or_default();
            let digest = self.said.digest().unwrap_or_default();
            self.told(set_outputs(path, &[("digest", digest), ("to-send", &people), ("plan", &file)]));
        }
        // A fork's token may not write.
        if let PlanAsked::Pull { number, head, is_from_fork: false } = asked {
            self.comment(runner, *number, head).await;
            self.look_at_ledger(runner).await;
        }
        exit
    }

    fn told(&self, result: Result<(), Failure>) {
        if let Err(failure) = result {
            self.output.tell_failure(&failure);
        }
    }

    /// The way to the forge; says why there is none.
    fn forge(&self, runner: &GitHubRunner, what: &str) -> Option<GitHub> {
        let Some(token) = &self.settings.github_token else {
            self.output.tell(&format!(
                "! {what}: there is no token\n  in the step that runs sendform: `env: {{ GITHUB_TOKEN: \"${{{{ github.token \
                 }}}}\" }}`\n"
            ));
            return None;
        };
        match GitHub::new(runner, token, ClientLimits::default()) {
            Ok(forge) => Some(forge),
            Err(error) => {
                self.output.tell(&format!("! {what}: {error}\n"));
                None
            }
        }
    }

    async fn comment(&self, runner: &GitHubRunner, pull: u64, head: &CommitId) {
        if self.args.comment == CommentPlace::Never {
            return;
        }
        let what = format!("pull request {pull} does not show this plan");
        let Some(project) = self.project() else { return };
        let Some(dir) = self.dir(runner, &what) else { return };
        let Some(forge) = self.forge(runner, &what) else { return };
        let marker = Marker {
            kind: CommentKind::Plan,
            project,
            dir,
            head: head.clone(),
            digest: self.said.digest().and_then(PlanDigest::parse),
            people: self.said.people(),
        };
        let body = self.said.markdown(&marker.to_string(), Limit::Characters(COMMENT_MAX));
        match plan_comment::show(&forge, pull, &marker, &body, self.args.comment).await {
            Ok(Commented::New | Commented::InPlace) => {
                self.output.note(&format!("pull request {pull} shows this plan\n"));
            }
            Ok(Commented::NewerHead) => {
                self.output.note(&format!("pull request {pull} has a newer head, whose own run shows its plan\n"));
            }
            Ok(Commented::Over) => {
                self.output.note(&format!("pull request {pull} is not open any more: its comment stays as it is\n"));
            }
            Err(error) => outcome::untold(self.output, &what, &error),
        }
    }

    /// Makes sure that what a merge queue would merge is what was reviewed; gives what there is to show of it.
    async fn held(&self, runner: &GitHubRunner, pull: Option<u64>, file: Option<&Path>) -> (Exit, Option<ShownReport>) {
        match self.compared(runner, pull, file).await {
            Ok((pull, None)) => {
                self.output.note(&format!("the merge group is what was reviewed in pull request {pull}\n"));
                (Exit::Done, None)
            }
            Ok((_, Some(report))) => {
                self.output.tell_report(&report);
                (Exit::Mismatch, Some(self.output.shown(&report)))
            }
            Err(failure) => {
                self.output.tell_failure(&failure);
                // Whatever keeps it from being compared, it is not known to be what was reviewed.
                (Exit::Mismatch, None)
            }
        }
    }

    async fn compared(
        &self,
        runner: &GitHubRunner,
        pull: Option<u64>,
        file: Option<&Path>,
    ) -> Result<(u64, Option<MergeGroupReport>), Failure> {
        let unknown = |why: &str| group::unknown().hint(why);
        let pull = pull.ok_or_else(|| unknown("the name of the group's branch has no pull request in it"))?;
        let file = file.ok_or_else(|| unknown("a plan without the key, or with errors, has no digest"))?;
        let project = self.project().ok_or_else(|| unknown("the project file has errors"))?;
        let forge = self.forge(runner, "the reviewed plan is not there").ok_or_else(group::unknown)?;
        let plan = GroupPlan {
            runner,
            forge: &forge,
            workflow: self.args.plan_workflow.as_deref().unwrap_or(&runner.workflow),
            project: &project,
            home: &ProjectPaths::find(self.global.dir.as_deref()),
            file,
        };
        Ok((pull, plan.differs(pull).await?))
    }

    /// The project's folder from the top of the checkout; says so if it is not in there.
    fn dir(&self, runner: &GitHubRunner, what: &str) -> Option<String> {
        match dir_in(&runner.workspace, &ProjectPaths::find(self.global.dir.as_deref()).dir) {
            Ok(dir) => Some(dir),
            Err(failure) => {
                self.output.tell(&format!("! {what}: {}\n", failure.message));
                None
            }
        }
    }
}
