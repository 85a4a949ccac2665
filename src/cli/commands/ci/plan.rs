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
use crate::forge::runner::{GitHubRunner, Runner};
use crate::forge::{CommitId, ForgeClient, ForgeKind, PlanName};
use crate::identity::ProjectId;
use crate::plan::PlanDigest;
use crate::report::failure_code::FailureCode;
use crate::report::github;
use crate::report::markdown::SUMMARY_BYTES_MAX;
use crate::report::markdown::budget::Limit;

use super::files::{append, replace, set_outputs, set_variables};
use super::ground::{self, dir_in};
use super::group::GroupPlan;
use super::ledger_branch;
use super::occasion::{Occasion, PlanAsked};
use super::outcome;
use super::plan_comment::{self, Commented};
use super::said::PlanSaid;

/// Where the plan is frozen until its name is known.
const UNNAMED: &str = "sendform-unnamed.plan";
/// What is written for GitLab: its forms, and the files that its reports are.
const OF_GITLAB: [(OutputFormat, &str); 3] = [
    (OutputFormat::Gitlab, "sendform-codequality.json"),
    (OutputFormat::GitlabTerraform, "sendform-terraform.json"),
    (OutputFormat::Junit, "sendform-junit.xml"),
];

/// The page that GitLab shows among what the job left, as GitHub shows a job's summary.
const PAGE_OF_GITLAB: &str = "sendform-plan.md";
/// What such a page begins with.
const PLAN_BEGIN: &str = "<!-- sendform plan -->";
/// The file that GitLab reads variables for later jobs from.
const VARIABLES_OF_GITLAB: &str = "sendform.env";

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
    let own_words = occasion.own_words();
    if let Some(told) = occasion.told().or_else(|| own_words.map(|words| format!("{words}\n"))) {
        output.note(&told);
    }
    let shown = ShownReports::default();
    let mut heard = output.clone().keeping(&shown);
    if occasion.runner.kind() == ForgeKind::GitLab {
        OF_GITLAB.iter().for_each(|(format, file)| heard.also_write(*format, PathBuf::from(file)));
    }
    heard.quiet = true;
    let ended = Box::pin(plan::run(global, &plan_args, settings, &heard)).await;
    if let Err(failure) = ended.as_ref()
        && !failure.message.is_empty()
    {
        heard.keep(&failure.report());
    }
    let said = PlanSaid::new(&shown, own_words);
    let job = PlanJob { global, args, settings, output, said: &said, runner: &occasion.runner };
    // Nobody approves what an apply cannot find.
    let (file, unnamed) = match job.named(out.as_deref()) {
        Ok(file) => (file, Exit::Done),
        Err(failure) => {
            output.tell_failure(&failure);
            (None, failure.exit)
        }
    };
    let (more, first) = job.held(&occasion.asked, file.as_deref()).await;
    let whole = said.behind(first);
    match &occasion.runner {
        Runner::GitHub(runner) => job.tell_github(runner, &whole, file.as_deref()),
        Runner::GitLab(_) => job.tell_gitlab(&whole, file.as_deref()),
    }
    job.tell_pull(&occasion.asked).await;
    ended.map(|exit| exit.or(more).or(unnamed))
}

/// A plan that was made in a run of CI.
struct PlanJob<'a> {
    global: &'a Global,
    args: &'a CiPlanArgs,
    settings: &'a Settings,
    output: &'a Output,
    said: &'a PlanSaid,
    runner: &'a Runner,
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

    /// Makes sure that what a merge queue would merge is what was reviewed; gives what there is to show of it.
    async fn held(&self, asked: &PlanAsked, file: Option<&Path>) -> (Exit, Option<ShownReport>) {
        let PlanAsked::Group { pull } = asked else { return (Exit::Done, None) };
        let (project, home) = (self.project(), ProjectPaths::find(self.global.dir.as_deref()));
        let group = GroupPlan {
            runner: self.runner,
            settings: self.settings,
            pull: *pull,
            planner: self.args.plan_workflow.as_deref().unwrap_or_else(|| self.runner.planner()),
            project: project.as_ref(),
            home: &home,
            file,
        };
        Box::pin(group.held(self.output)).await
    }

    /// Says it where GitHub shows it; whatever fails there is told, and is not how the plan ends.
    fn tell_github(&self, runner: &GitHubRunner, said: &PlanSaid, file: Option<&Path>) {
        self.told(output::print(&github::commands(&said.annotations())));
        if let Some(path) = &runner.summary {
            let text = said.markdown(PLAN_BEGIN, Limit::Bytes(SUMMARY_BYTES_MAX));
            self.told(append(path, &text));
        }
        if let Some(path) = &runner.output {
            let people = self.said.people().to_string();
            let file = file.map(|file| file.display().to_string()).unwrap_or_default();
            let digest = self.said.digest().unwrap_or_default();
            self.told(set_outputs(path, &[("digest", digest), ("to-send", &people), ("plan", &file)]));
        }
    }

    /// Gives later jobs of GitLab what steps of GitHub get as outputs. What there is to say before the plan stands in its
    /// page, too.
    fn tell_gitlab(&self, said: &PlanSaid, file: Option<&Path>) {
        let people = self.said.people().to_string();
        let file = file.map(|file| file.display().to_string()).unwrap_or_default();
        let digest = self.said.digest().unwrap_or_default();
        let variables = [("SENDFORM_DIGEST", digest), ("SENDFORM_TO_SEND", &people), ("SENDFORM_PLAN", &file)];
        self.told(set_variables(Path::new(VARIABLES_OF_GITLAB), &variables));
        let page = said.markdown(PLAN_BEGIN, Limit::Bytes(SUMMARY_BYTES_MAX));
        self.told(replace(Path::new(PAGE_OF_GITLAB), &page));
    }

    /// Says it where it is reviewed, and what would keep an apply from writing its ledger.
    async fn tell_pull(&self, asked: &PlanAsked) {
        // A fork's token may not write.
        let PlanAsked::Pull { number, head, is_from_fork: false } = asked else { return };
        Box::pin(self.comment(*number, head)).await;
        // Why there is no client was said with the comment.
        let Ok(forge) = ground::client(self.runner, self.settings) else { return };
        let Some(project) = files::read(self.global).ok().and_then(|files| files.project) else { return };
        Box::pin(ledger_branch::look(&forge, &project, self.output)).await;
    }

    fn told(&self, result: Result<(), Failure>) {
        if let Err(failure) = result {
            self.output.tell_failure(&failure);
        }
    }

    /// The way to the forge; says why there is none. That GitLab's own token may write no note is how it is there.
    fn forge(&self, what: &str) -> Option<ForgeClient> {
        let Some(token) = ground::token(self.runner, self.settings) else {
            match self.runner {
                Runner::GitHub(_) => {
                    self.output.tell(&format!("! {what}: there is no token\n  {}\n", ground::token_hint(self.runner)));
                }
                Runner::GitLab(_) => self.output.note(&format!(
                    "{what}: a job's own token may not, and there is no SENDFORM_GITLAB_TOKEN; its widgets and the \
                     artifact do\n"
                )),
            }
            return None;
        };
        match ground::forge(self.runner, token) {
            Ok(forge) => Some(forge),
            Err(error) => {
                self.output.tell(&format!("! {what}: {error}\n"));
                None
            }
        }
    }

    async fn comment(&self, pull: u64, head: &CommitId) {
        if self.args.comment == CommentPlace::Never {
            return;
        }
        let words = |text: &str| self.runner.kind().words(text);
        let what = words(&format!("pull request {pull} does not show this plan"));
        let Some(project) = self.project() else { return };
        let Some(dir) = self.dir(&what) else { return };
        let Some(forge) = self.forge(&what) else { return };
        let marker = Marker {
            kind: CommentKind::Plan,
            project,
            dir,
            head: head.clone(),
            digest: self.said.digest().and_then(PlanDigest::parse),
            people: self.said.people(),
        };
        let body = self.said.markdown(&marker.to_string(), Limit::Characters(self.runner.kind().comment_max()));
        match plan_comment::show(&forge, pull, &marker, &body, self.args.comment).await {
            Ok(Commented::New | Commented::InPlace) => {
                self.output.note(&words(&format!("pull request {pull} shows this plan\n")));
            }
            Ok(Commented::NewerHead) => {
                let told = format!("pull request {pull} has a newer head, whose own run shows its plan\n");
                self.output.note(&words(&told));
            }
            Ok(Commented::Over) => {
                let told = format!("pull request {pull} is not open any more: its comment stays as it is\n");
                self.output.note(&words(&told));
            }
            Err(error) => outcome::untold(self.output, &what, &error),
        }
    }

    /// The project's folder from the top of the checkout; says so if it is not in there.
    fn dir(&self, what: &str) -> Option<String> {
        match dir_in(self.runner.workspace(), &ProjectPaths::find(self.global.dir.as_deref()).dir) {
            Ok(dir) => Some(dir),
            Err(failure) => {
                self.output.tell(&format!("! {what}: {}\n", failure.message));
                None
            }
        }
    }
}
