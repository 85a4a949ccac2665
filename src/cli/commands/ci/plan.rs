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
use crate::cli::shown::ShownReports;
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
use crate::report::words::plural;

use super::files::{append, set_outputs};
use super::ground::dir_in;
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

    /// Says it on GitHub; whatever fails there is told, and is not how the plan ends. What a merge queue asks is.
    async fn tell_github(&self, runner: &GitHubRunner, asked: &PlanAsked, file: Option<&Path>) -> Exit {
        self.told(output::print(&github::commands(&self.said.annotations())));
        if let Some(path) = &runner.summary {
            let text = self.said.markdown("<!-- sendform plan -->", Limit::Bytes(SUMMARY_BYTES_MAX));
            self.told(append(path, &text));
        }
        if let Some(path) = &runner.output {
            let people = self.said.people().to_string();
            let file = file.map(|file| file.display().to_string()).unwrap_or_default();
            let digest = self.said.digest().unwrap_or_default();
            self.told(set_outputs(path, &[("digest", digest), ("to-send", &people), ("plan", &file)]));
        }
        match asked {
            PlanAsked::Pull { number, head, is_from_fork: false } => {
                self.comment(runner, *number, head).await;
                Exit::Done
            }
            PlanAsked::Group { pull } => self.compare(runner, *pull).await,
            // A fork's token may not write.
            PlanAsked::Pull { .. } | PlanAsked::Branch => Exit::Done,
        }
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

    /// Makes sure that what a merge queue would merge is what was reviewed.
    async fn compare(&self, runner: &GitHubRunner, pull: Option<u64>) -> Exit {
        let what = "nobody can tell whether the group is what was reviewed";
        let (Some(pull), Some(project), Some(digest)) = (pull, self.project(), self.said.digest()) else {
            self.output
                .tell(&format!("! {what}: there is no pull request in its name, or no digest without the key\n"));
            return Exit::Mismatch;
        };
        let Some(dir) = self.dir(runner, what) else { return Exit::Mismatch };
        let Some(forge) = self.forge(runner, what) else { return Exit::Mismatch };
        let comments = match plan_comment::plans(&forge, pull, (&project, &dir)).await {
            Ok(comments) => comments,
            Err(error) => {
                outcome::untold(self.output, what, &error);
                return Exit::Mismatch;
            }
        };
        let Some((reviewed, _)) = comments.last() else {
            self.output.tell(&format!("! {what}: pull request {pull} shows no plan of this project\n"));
            return Exit::Mismatch;
        };
        if reviewed.digest.as_ref().is_some_and(|reviewed| reviewed.to_string() == digest) {
            self.output.note(&format!("the group is what was reviewed in pull request {pull}\n"));
            return Exit::Done;
        }
        let then = reviewed.digest.as_ref().map_or_else(|| "no digest".to_owned(), ToString::to_string);
        self.output.tell(&format!(
            "! the group is not what was reviewed in pull request {pull}: {} with {then} there, {} with {digest} here\n  \
             what was merged meanwhile has changed who gets what: take the pull request out of the queue, bring its \
             branch up to date, and review its new plan\n",
            plural(reviewed.people, "message"),
            plural(self.said.people(), "message"),
        ));
        Exit::Mismatch
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
