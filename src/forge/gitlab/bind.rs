//! From a merged commit to its plan, over the API: asks for what each step of the binding needs, and no more.

use crate::forge::binding::{Arrival, Bound, is_of, plan_of, pull_of, run_of};
use crate::forge::client::{BindError, NamedPlan};
use crate::forge::commit_id::CommitId;
use crate::forge::error::ForgeError;
use crate::forge::facts::Pull;
use crate::forge::unbound::Unbound;
use crate::identity::ProjectId;

use super::client::GitLab;
use super::jobs::LeftFiles;

impl GitLab {
    /// Finds the plan of a project that was reviewed for a commit: its merge request, the job of this name that planned
    /// the head, and the file that it left.
    ///
    /// # Errors
    /// If there is none, or the forge does not say so.
    pub async fn bind(&self, arrival: &Arrival, job: &str, project: &ProjectId) -> Result<Bound, BindError> {
        let pulls = self.pulls_of(arrival.commit.as_str()).await?;
        // By itself it says what its branch was like before it, too.
        let pull = self.pull(pull_of(arrival, &pulls)?.number).await?;
        self.planned(&pull, job, project).await
    }

    /// Finds the plan of a project for a merge request that is not merged yet: the same that [`GitLab::bind`] finds for
    /// its merge.
    ///
    /// # Errors
    /// As [`GitLab::bind`].
    pub async fn bind_open(
        &self,
        number: u64,
        job: &str,
        repository: u64,
        project: &ProjectId,
    ) -> Result<Bound, BindError> {
        let pull = self.pull(number).await?;
        is_of(&pull, repository)?;
        self.planned(&pull, job, project).await
    }

    /// The plan that the job of this name for the head of a merge request left.
    async fn planned(&self, pull: &Pull, job: &str, project: &ProjectId) -> Result<Bound, BindError> {
        let runs = self.planning_runs(pull, job).await?;
        let run = run_of(pull, job, self.project, &runs)?;
        let files = match self.left_by(run.id).await? {
            LeftFiles::Files(files) => files,
            LeftFiles::Nothing => Vec::new(),
            LeftFiles::Expired => return Err(Unbound::Expired { pull: pull.number, name: job.to_owned() }.into()),
        };
        Ok(plan_of(pull, run, project, &files)?)
    }

    /// Finds the plan that somebody named by its digest, if it is the one that came with this commit: GitLab finds no
    /// file by its name.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub(in crate::forge) async fn bind_named(
        &self,
        named: &NamedPlan<'_>,
        commit: CommitId,
        job: &str,
    ) -> Result<Option<Bound>, ForgeError> {
        let arrival = Arrival { commit, branch: named.branch.to_owned(), repository: named.repository };
        match self.bind(&arrival, job, &named.name.project).await {
            Ok(bound) => Ok(Some(bound).filter(|bound| bound.name == *named.name)),
            Err(BindError::Unbound(_)) => Ok(None),
            Err(BindError::Forge(error)) => Err(error),
        }
    }
}
