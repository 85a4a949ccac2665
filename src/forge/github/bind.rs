//! From a merged commit to its plan, over the API: asks for what each step of the binding needs, and no more.

use crate::forge::approvals::Approvals;
use crate::forge::binding::{
    Arrival, Bound, PLANNING_EVENT, has_head_alone, is_of, plan_of, planned_by, pull_of, run_of,
};
use crate::forge::client::BindError;
use crate::forge::error::ForgeError;
use crate::forge::facts::Pull;
use crate::forge::plan_name::PlanName;
use crate::identity::ProjectId;

use super::client::GitHub;

impl GitHub {
    /// Finds the plan of a project that was reviewed for a commit: its pull request, the run of this workflow that
    /// planned the head, and the file that it left.
    ///
    /// # Errors
    /// If there is none, or the forge does not say so.
    pub async fn bind(&self, arrival: &Arrival, workflow: &str, project: &ProjectId) -> Result<Bound, BindError> {
        let pulls = self.pulls_of(arrival.commit.as_str()).await?;
        self.bind_head(pull_of(arrival, &pulls)?, workflow, arrival.repository, project).await
    }

    /// Finds the plan of a project for a pull request that is not merged yet: the same that [`GitHub::bind`] finds for
    /// its merge.
    ///
    /// # Errors
    /// As [`GitHub::bind`].
    pub async fn bind_open(
        &self,
        number: u64,
        workflow: &str,
        repository: u64,
        project: &ProjectId,
    ) -> Result<Bound, BindError> {
        let pull = self.pull(number).await?;
        is_of(&pull, repository)?;
        self.bind_head(&pull, workflow, repository, project).await
    }

    /// The plan that the run of this workflow for the head of a pull request left.
    async fn bind_head(
        &self,
        pull: &Pull,
        workflow: &str,
        repository: u64,
        project: &ProjectId,
    ) -> Result<Bound, BindError> {
        has_head_alone(pull, &self.pulls_of(pull.head.as_str()).await?)?;
        let runs = self.runs_of(&pull.head, PLANNING_EVENT).await?;
        let run = run_of(pull, workflow, repository, &runs)?;
        let artifacts = self.artifacts_of(run.id).await?;
        Ok(plan_of(pull, run, project, &artifacts)?)
    }

    /// Finds the plan that somebody named by its digest, with the pull request that it is of, which was merged into
    /// this branch; `None` if no run of this workflow for such a pull request left it, or the forge has thrown it away.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn bind_digest(
        &self,
        name: &PlanName,
        workflow: &str,
        (repository, branch): (u64, &str),
    ) -> Result<Option<Bound>, ForgeError> {
        let mut found = Vec::new();
        for artifact in self.artifacts_named(&name.to_string()).await? {
            let Some(run) = artifact.run else { continue };
            match self.run(run).await {
                Ok(run) => found.push((artifact, run)),
                // A run that was deleted leaves nothing to look at.
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error),
            }
        }
        let Some((artifact, run)) = planned_by(workflow, repository, &found) else { return Ok(None) };
        let pulls = self.pulls_of(run.head.as_str()).await?;
        let is_planned = |pull: &&Pull| pull.merged_at.is_some() && pull.head == run.head && pull.base_branch == branch;
        let Some(pull) = pulls.iter().find(is_planned) else { return Ok(None) };
        let (pull, artifact) = (pull.clone(), artifact.clone());
        Ok(Some(Bound { pull, run: run.id, artifact, name: name.clone() }))
    }

    /// Makes sure that so many people have approved exactly the head of a pull request, and gives their names.
    ///
    /// # Errors
    /// If they are too few, or the forge does not say who they are and what they may do.
    pub async fn approved(&self, pull: &Pull, wanted: u32) -> Result<Vec<String>, BindError> {
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let reviews = self.reviews(pull.number).await?;
        let approvals = Approvals::of(pull, &reviews);
        let mut writers = Vec::new();
        for who in &approvals.candidates {
            if self.may_write(who).await? {
                writers.push(who.clone());
            }
        }
        Ok(approvals.enough(pull, wanted, |who| writers.iter().any(|writer| writer == who))?)
    }
}
