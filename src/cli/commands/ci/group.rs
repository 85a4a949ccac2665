//! What a merge queue, or a merge train on GitLab, would merge, held against what was reviewed: the plan that `ci apply` will
//! look for after the merge.

use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::home::ProjectPaths;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::shown::ShownReport;
use crate::forge::runner::Runner;
use crate::forge::{BindError, ForgeClient, Unbound};
use crate::identity::ProjectId;
use crate::plan::Frozen;
use crate::report::failure_code::FailureCode;
use crate::report::merge_group::{GroupNames, MergeGroupReport};

use super::failure::in_words;
use super::ground;
use super::reviewed_file::ReviewedFile;

/// The plan of a merge group.
pub(super) struct GroupPlan<'a> {
    /// The run that has made it.
    pub(super) runner: &'a Runner,
    /// What has the token.
    pub(super) settings: &'a Settings,
    /// The pull request that is the last of the group, if its name tells.
    pub(super) pull: Option<u64>,
    /// What planned the pull request.
    pub(super) planner: &'a str,
    /// The project, if its file has no errors.
    pub(super) project: Option<&'a ProjectId>,
    /// Where sendform keeps its own files.
    pub(super) home: &'a ProjectPaths,
    /// The file of the plan, if it has a digest.
    pub(super) file: Option<&'a Path>,
}

impl GroupPlan<'_> {
    /// Makes sure that it is what was reviewed, and says so; gives what there is to show of it elsewhere.
    pub(super) async fn held(&self, output: &Output) -> (Exit, Option<ShownReport>) {
        match self.differs().await {
            Ok((pull, None)) => {
                output.note(&self.words(&format!("the merge group is what was reviewed in pull request {pull}\n")));
                (Exit::Done, None)
            }
            Ok((_, Some(report))) => {
                output.tell_report(&report);
                (Exit::Mismatch, Some(output.shown(&report)))
            }
            Err(failure) => {
                output.tell_failure(&in_words(failure, self.runner.kind()));
                // Whatever keeps it from being compared, it is not known to be what was reviewed.
                (Exit::Mismatch, None)
            }
        }
    }

    /// Holds it against the plan of the newest run for the head of the group's last pull request, which it gives; there is
    /// a report if they are not the same.
    async fn differs(&self) -> Result<(u64, Option<MergeGroupReport>), Failure> {
        let unknown = |why: &str| unknown().hint(why);
        let pull = self.pull.ok_or_else(|| unknown("the name of the group's branch has no pull request in it"))?;
        let file = self.file.ok_or_else(|| unknown("a plan without the key, or with errors, has no digest"))?;
        let project = self.project.ok_or_else(|| unknown("the project file has errors"))?;
        let forge = ground::client(self.runner, self.settings).map_err(of_no_client)?;
        let reviewed = self.reviewed(&forge, pull, project).await?;
        let names = GroupNames {
            group: self.words("merge group"),
            pull: self.words("pull request"),
            queue: self.words("queue"),
        };
        Ok((pull, MergeGroupReport::of(names, pull, &reviewed, &frozen::read(file)?)))
    }

    async fn reviewed(&self, forge: &ForgeClient, pull: u64, project: &ProjectId) -> Result<Frozen, Failure> {
        let Self { runner, planner, home, .. } = self;
        let bound = match forge.bind_open(pull, planner, runner.repository(), project).await {
            Ok(bound) => bound,
            Err(BindError::Unbound(unbound)) => return Err(unknown().because(&unbound).hint(way_on(&unbound))),
            Err(BindError::Forge(error)) => {
                return Err(error.hints().into_iter().fold(unknown().because(&error), Failure::hint));
            }
        };
        frozen::read(&ReviewedFile::fetch(forge, home, &bound).await?.path)
    }

    fn words(&self, text: &str) -> String {
        self.runner.kind().words(text)
    }
}

/// Why the merge group does not pass where nothing can be compared.
fn unknown() -> Failure {
    Failure::new(FailureCode::Mismatch, "nobody can tell whether the merge group is what was reviewed")
}

/// The same without a way to the forge.
fn of_no_client(why: Failure) -> Failure {
    let causes = [vec![why.message], why.causes].concat();
    Failure { causes, hints: why.hints, ..unknown() }
}

fn way_on(unbound: &Unbound) -> &'static str {
    if matches!(unbound, Unbound::Fork { .. }) {
        "push its branch to this repository, and open a pull request from there"
    } else {
        "let the pull request's own run plan its head, and keep the plan; then put the pull request into the queue again"
    }
}
