//! Pipelines of merge requests, and the runs of jobs in them that plan their heads.

use jiff::Timestamp;

use crate::forge::binding::PLANNING_EVENT;
use crate::forge::commit_id::CommitId;
use crate::forge::error::ForgeError;
use crate::forge::facts::{Pull, WorkflowRun};
use crate::forge::fields::{FieldError, FieldReader};

use super::client::{GitLab, READ};
use super::jobs::Job;

/// Why a pipeline runs that is for a merge request.
const FOR_MERGE_REQUEST: &str = "merge_request_event";

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pipeline {
    id: u64,
    /// The project that it runs in.
    project: u64,
    /// The commit that it runs for: the head, or what the merge would give.
    commit: CommitId,
    /// What it runs on: `refs/merge-requests/7/head`, `refs/merge-requests/7/merge`.
    reference: String,
    /// Why it runs.
    source: String,
    created_at: Timestamp,
}

impl GitLab {
    /// The runs of jobs that planned the head of a merge request, as runs of workflows: of the newest pipelines before
    /// the merge, back to the first that has this job. A pipeline is for the head if it runs on it, or on what its merge
    /// would give; that of a merge train is for a group.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub(super) async fn planning_runs(&self, pull: &Pull, job: &str) -> Result<Vec<WorkflowRun>, ForgeError> {
        let merged_at = pull.merged_at.unwrap_or(Timestamp::MAX);
        let mut runs = Vec::new();
        for pipeline in self.pipelines_of(pull.number).await? {
            let Some(head) = self.head_of(&pipeline, pull.number).await? else { continue };
            if head != pull.head {
                continue;
            }
            let jobs = self.jobs_of(pipeline.id).await?;
            let is_planned = jobs.iter().any(|run| run.name == job && run.created_at <= merged_at);
            runs.extend(jobs.into_iter().map(|job| run(&pipeline, &head, job)));
            if is_planned {
                break;
            }
        }
        Ok(runs)
    }

    /// All pipelines of a merge request, the newest first.
    async fn pipelines_of(&self, pull: u64) -> Result<Vec<Pipeline>, ForgeError> {
        let number = pull.to_string();
        let wish = format!("list the pipelines of merge request {pull}");
        let call = self.call(wish, READ, &["merge_requests", &number, "pipelines"]);
        let mut pipelines = self.http.items(&call, None, pipeline).await?;
        pipelines.sort_by_key(|pipeline| (pipeline.created_at, pipeline.id));
        pipelines.reverse();
        Ok(pipelines)
    }

    /// The head that a pipeline is for; `None` if it is for something else, or runs elsewhere.
    async fn head_of(&self, pipeline: &Pipeline, pull: u64) -> Result<Option<CommitId>, ForgeError> {
        if pipeline.source != FOR_MERGE_REQUEST || pipeline.project != self.project {
            return Ok(None);
        }
        let place = pipeline.reference.strip_prefix(&format!("refs/merge-requests/{pull}/"));
        match place {
            Some("head") => Ok(Some(pipeline.commit.clone())),
            // What a merge would give has the branch that it goes to before it, and then the head.
            Some("merge") => Ok(self.shown(&pipeline.commit).await?.into_iter().nth(1)),
            _ => Ok(None),
        }
    }
}

/// A job as the run of a workflow: a job that is started again is another one.
fn run(pipeline: &Pipeline, head: &CommitId, job: Job) -> WorkflowRun {
    let is_over = matches!(job.status.as_str(), "success" | "failed" | "canceled" | "skipped");
    WorkflowRun {
        id: job.id,
        path: job.name,
        event: PLANNING_EVENT.to_owned(),
        head: head.clone(),
        head_repository: Some(pipeline.project),
        status: if is_over { "completed".to_owned() } else { job.status.clone() },
        conclusion: is_over.then_some(job.status),
        created_at: job.created_at,
        started_at: job.created_at,
        attempt: 1,
        page: job.page,
    }
}

fn pipeline(pipeline: &FieldReader<'_>) -> Result<Pipeline, FieldError> {
    Ok(Pipeline {
        id: pipeline.at("id")?.number()?,
        project: pipeline.at("project_id")?.number()?,
        commit: pipeline.at("sha")?.commit()?,
        reference: pipeline.at("ref")?.text()?.to_owned(),
        source: pipeline.at("source")?.text()?.to_owned(),
        created_at: pipeline.at("created_at")?.time()?,
    })
}
