//! Jobs of pipelines, and the files that they left: one archive a job.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::forge::error::{ForgeError, ForgeErrorKind};
use crate::forge::facts::Artifact;
use crate::forge::fields::{FieldError, FieldReader};
use crate::forge::http::Call;
use crate::forge::unpack::{files_in, write_file_of};

use super::client::{GitLab, READ, READ_ARTIFACTS};

/// The largest archive that is looked into, in bytes: as large as a plan may be.
const ARCHIVE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) name: String,
    /// `success`, if it is over and all went well.
    pub(super) status: String,
    pub(super) created_at: Timestamp,
    /// When it was over, if it is.
    pub(super) finished_at: Option<Timestamp>,
    /// Its page, for people.
    pub(super) page: String,
    /// Whether it left an archive that is still there.
    pub(super) has_archive: bool,
    /// Whether what it left is, or was, to be thrown away at some time.
    pub(super) expires: bool,
}

/// What a job left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LeftFiles {
    /// These files, at the top of its archive.
    Files(Vec<Artifact>),
    /// Nothing.
    Nothing,
    /// What the forge has thrown away.
    Expired,
}

impl GitLab {
    /// All jobs of a pipeline, also those that were started again.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub(super) async fn jobs_of(&self, pipeline: u64) -> Result<Vec<Job>, ForgeError> {
        let number = pipeline.to_string();
        let wish = format!("list the jobs of the pipeline {pipeline}");
        let call = self.call(wish, READ, &["pipelines", &number, "jobs"]).with("include_retried", "true");
        self.http.items(&call, None, job).await
    }

    /// How often a job of a pipeline was started, from 1.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn attempt(&self, pipeline: u64, name: &str) -> Result<u64, ForgeError> {
        let jobs = self.jobs_of(pipeline).await?;
        let count = jobs.iter().filter(|job| job.name == name).count();
        Ok(u64::try_from(count).unwrap_or(u64::MAX).max(1))
    }

    /// The files that a job left at the top of its archive.
    ///
    /// # Errors
    /// If they are not given, or the archive cannot be read.
    pub(super) async fn left_by(&self, id: u64) -> Result<LeftFiles, ForgeError> {
        let number = id.to_string();
        let call = self.call(format!("show the job {id}"), READ, &["jobs", &number]);
        let answer = self.http.get(&call).await?;
        let job = job(&FieldReader::of(&answer)).map_err(|error| call.unreadable(&error))?;
        if !job.has_archive {
            return Ok(if job.expires { LeftFiles::Expired } else { LeftFiles::Nothing });
        }
        let call = self.archive_call(id);
        let archive = self.archive_of(id, &call).await?;
        let files = files_in(&archive).map_err(|why| call.failed(ForgeErrorKind::Unreadable(why.to_string())))?;
        let artifact = |(name, bytes)| Artifact {
            id,
            name,
            bytes,
            is_expired: false,
            created_at: job.finished_at.unwrap_or(job.created_at),
            run: Some(id),
        };
        Ok(LeftFiles::Files(files.into_iter().map(artifact).collect()))
    }

    /// Writes one of the files that a job left. Gives its size in bytes.
    ///
    /// # Errors
    /// If it is not given, is larger than allowed, or cannot be written.
    pub async fn download(
        &self,
        artifact: &Artifact,
        bytes_max: u64,
        file: &mut impl Write,
    ) -> Result<u64, ForgeError> {
        let call = self.archive_call(artifact.id);
        let archive = self.archive_of(artifact.id, &call).await?;
        let written = write_file_of(&archive, &artifact.name, bytes_max, file);
        written.map_err(|why| call.failed(ForgeErrorKind::Unreadable(why.to_string())))
    }

    fn archive_call(&self, id: u64) -> Call {
        let wish = format!("give what the job {id} left");
        self.call(wish, READ_ARTIFACTS, &["jobs", &id.to_string(), "artifacts"])
    }

    /// The archive of what a job left: the one that was looked at last, or fetched now.
    async fn archive_of(&self, id: u64, call: &Call) -> Result<File, ForgeError> {
        let unkept = |error: io::Error| call.failed(ForgeErrorKind::Unreadable(format!("it cannot be kept: {error}")));
        let known = self.archive().as_ref().filter(|(known, _)| *known == id).map(|(_, file)| file.try_clone());
        if let Some(file) = known {
            return file.map_err(unkept);
        }
        let mut file = tempfile::tempfile().map_err(unkept)?;
        self.http.download(call, ARCHIVE_BYTES_MAX, &mut file).await?;
        *self.archive() = Some((id, file.try_clone().map_err(unkept)?));
        Ok(file)
    }

    fn archive(&self) -> MutexGuard<'_, Option<(u64, File)>> {
        self.archive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn job(job: &FieldReader<'_>) -> Result<Job, FieldError> {
    let time = |name: &str| job.find(name)?.map(|time| time.time()).transpose();
    let artifacts = job.find("artifacts")?.map(|artifacts| artifacts.items()).transpose()?.unwrap_or_default();
    let mut has_archive = false;
    for artifact in &artifacts {
        has_archive |= artifact.at("file_type")?.text()? == "archive";
    }
    Ok(Job {
        id: job.at("id")?.number()?,
        name: job.at("name")?.text()?.to_owned(),
        status: job.at("status")?.text()?.to_owned(),
        created_at: job.at("created_at")?.time()?,
        finished_at: time("finished_at")?,
        page: job.at("web_url")?.text()?.to_owned(),
        has_archive,
        expires: time("artifacts_expire_at")?.is_some(),
    })
}
