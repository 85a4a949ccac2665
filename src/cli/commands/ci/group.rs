//! What a merge queue would merge, held against what was reviewed: the plan that `ci apply` will look for after the merge.

use std::path::Path;

use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::home::ProjectPaths;
use crate::forge::runner::GitHubRunner;
use crate::forge::{BindError, GitHub, Unbound};
use crate::identity::ProjectId;
use crate::plan::Frozen;
use crate::report::failure_code::FailureCode;
use crate::report::merge_group::MergeGroupReport;

use super::reviewed_file::ReviewedFile;

/// What nobody can do without the reviewed plan.
const WHAT: &str = "nobody can tell whether the merge group is what was reviewed";

/// The plan of a merge group.
pub(super) struct GroupPlan<'a> {
    /// The run that has made it.
    pub(super) runner: &'a GitHubRunner,
    /// The way to the forge.
    pub(super) forge: &'a GitHub,
    /// The workflow that planned the pull request.
    pub(super) workflow: &'a str,
    /// The project.
    pub(super) project: &'a ProjectId,
    /// Where sendform keeps its own files.
    pub(super) home: &'a ProjectPaths,
    /// The file of the plan.
    pub(super) file: &'a Path,
}

impl GroupPlan<'_> {
    /// Holds it against the plan of the newest run for the head of the group's last pull request; `None` if they are
    /// the same.
    ///
    /// # Errors
    /// If there is no such plan, or the forge does not give it.
    pub(super) async fn differs(&self, pull: u64) -> Result<Option<MergeGroupReport>, Failure> {
        let reviewed = self.reviewed(pull).await?;
        Ok(MergeGroupReport::of(pull, &reviewed, &frozen::read(self.file)?))
    }

    async fn reviewed(&self, pull: u64) -> Result<Frozen, Failure> {
        let Self { runner, forge, workflow, project, home, .. } = self;
        let bound = match forge.bind_open(pull, workflow, runner.repository_id, project).await {
            Ok(bound) => bound,
            Err(BindError::Unbound(unbound)) => return Err(unknown().because(&unbound).hint(way_on(&unbound))),
            Err(BindError::Forge(error)) => {
                return Err(error.hints().into_iter().fold(unknown().because(&error), Failure::hint));
            }
        };
        frozen::read(&ReviewedFile::fetch(forge, home, &bound).await?.path)
    }
}

/// Why the merge group does not pass where nothing can be compared.
pub(super) fn unknown() -> Failure {
    Failure::new(FailureCode::Mismatch, WHAT)
}

fn way_on(unbound: &Unbound) -> &'static str {
    if matches!(unbound, Unbound::Fork { .. }) {
        "push its branch to this repository, and open a pull request from there"
    } else {
        "let the pull request's own run plan its head, and keep the plan; then put the pull request into the queue again"
    }
}
