//! Runs of workflows, and the files that they left.

use std::io::Write;

use crate::forge::commit_id::CommitId;
use crate::forge::error::ForgeError;
use crate::forge::facts::{Artifact, WorkflowRun};
use crate::forge::fields::{FieldError, FieldReader};

use super::client::GitHub;

const READ: &str = "actions: read";

impl GitHub {
    /// The runs that an event has started for a head, whatever their workflow, and whatever became of them.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn runs_of(&self, head: &CommitId, event: &str) -> Result<Vec<WorkflowRun>, ForgeError> {
        let wish = format!("list the runs of the commit {}", head.short());
        let call = self.call(wish, READ, &["actions", "runs"]);
        let call = call.with("head_sha", head.as_str()).with("event", event);
        self.items(&call, Some("workflow_runs"), run).await
    }

    /// A run.
    ///
    /// # Errors
    /// If it is not given.
    pub async fn run(&self, id: u64) -> Result<WorkflowRun, ForgeError> {
        let number = id.to_string();
        let call = self.call(format!("show the run {id}"), READ, &["actions", "runs", &number]);
        let answer = self.http.get(&call).await?;
        run(&FieldReader::of(&answer)).map_err(|error| call.unreadable(&error))
    }

    /// The files that a run left, also those of which only the name is left.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn artifacts_of(&self, run: u64) -> Result<Vec<Artifact>, ForgeError> {
        let number = run.to_string();
        let wish = format!("list the artifacts of the run {run}");
        let call = self.call(wish, READ, &["actions", "runs", &number, "artifacts"]);
        self.items(&call, Some("artifacts"), artifact).await
    }

    /// The files of this name that runs of this repository left, whichever they are. Whoever may start a run may give
    /// it any name: where it comes from is to be looked at.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn artifacts_named(&self, name: &str) -> Result<Vec<Artifact>, ForgeError> {
        let call = self.call(format!("list the artifacts that are called `{name}`"), READ, &["actions", "artifacts"]);
        self.items(&call.with("name", name), Some("artifacts"), artifact).await
    }

    /// Writes an artifact as the forge keeps it: the bare file, or a zip that holds it. Gives its size in bytes.
    ///
    /// # Errors
    /// If it is not given, is larger than allowed, or cannot be written.
    pub async fn download(
        &self,
        artifact: &Artifact,
        bytes_max: u64,
        file: &mut impl Write,
    ) -> Result<u64, ForgeError> {
        let number = artifact.id.to_string();
        let wish = format!("give the artifact `{}`", artifact.name);
        let call = self.call(wish, READ, &["actions", "artifacts", &number, "zip"]);
        self.http.download(&call, bytes_max, file).await
    }
}

fn run(run: &FieldReader<'_>) -> Result<WorkflowRun, FieldError> {
    let repository = run.find("head_repository")?;
    let conclusion = run.find("conclusion")?.map(|conclusion| conclusion.text()).transpose()?;
    let created_at = run.at("created_at")?.time()?;
    let started_at = run.find("run_started_at")?.map(|time| time.time()).transpose()?;
    let path = run.at("path")?.text()?;
    Ok(WorkflowRun {
        id: run.at("id")?.number()?,
        // Behind an `@` stands where it was read from.
        path: path.split_once('@').map_or(path, |(path, _)| path).to_owned(),
        event: run.at("event")?.text()?.to_owned(),
        head: run.at("head_sha")?.commit()?,
        head_repository: repository.map(|repository| repository.at("id")?.number()).transpose()?,
        status: run.at("status")?.text()?.to_owned(),
        conclusion: conclusion.map(str::to_owned),
        created_at,
        started_at: started_at.unwrap_or(created_at),
        attempt: run.find("run_attempt")?.map_or(Ok(1), |attempt| attempt.number())?,
        page: run.at("html_url")?.text()?.to_owned(),
    })
}

fn artifact(artifact: &FieldReader<'_>) -> Result<Artifact, FieldError> {
    let run = artifact.find("workflow_run")?;
    let run = run.map(|run| run.find("id")?.map(|id| id.number()).transpose()).transpose()?.flatten();
    Ok(Artifact {
        id: artifact.at("id")?.number()?,
        name: artifact.at("name")?.text()?.to_owned(),
        bytes: artifact.at("size_in_bytes")?.number()?,
        is_expired: artifact.at("expired")?.is_true()?,
        created_at: artifact.at("created_at")?.time()?,
        run,
    })
}
