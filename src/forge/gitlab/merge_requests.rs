//! Merge requests, and the heads that they had.

use jiff::Timestamp;

use crate::forge::commit_id::CommitId;
use crate::forge::error::ForgeError;
use crate::forge::facts::{GHOST, Pull};
use crate::forge::fields::{FieldError, FieldReader};

use super::client::{GitLab, READ};

/// A head that a merge request had, from some time on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// The head.
    pub(super) head: CommitId,
    /// Since when.
    pub(super) since: Timestamp,
}

impl GitLab {
    /// The merge requests that a commit belongs to; of a commit of the default branch the ones that it came with.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn pulls_of(&self, commit: &str) -> Result<Vec<Pull>, ForgeError> {
        let wish = format!("say which merge request the commit {commit} came with");
        let call = self.call(wish, READ, &["repository", "commits", commit, "merge_requests"]);
        Ok(self.http.items(&call, None, merge_request).await?.into_iter().flatten().collect())
    }

    /// A merge request.
    ///
    /// # Errors
    /// If it is not given, or has no commit.
    pub async fn pull(&self, number: u64) -> Result<Pull, ForgeError> {
        let name = number.to_string();
        let call = self.call(format!("show merge request {number}"), READ, &["merge_requests", &name]);
        let answer = self.http.get(&call).await?;
        let read = merge_request(&FieldReader::of(&answer));
        let read = read.and_then(|pull| pull.ok_or_else(|| FieldError::Missing { path: "sha".to_owned() }));
        read.map_err(|error| call.unreadable(&error))
    }

    /// All open merge requests that go to a branch, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn open_pulls(&self, base_branch: &str) -> Result<Vec<Pull>, ForgeError> {
        let call = self.call("list the open merge requests", READ, &["merge_requests"]);
        let call = call.with("state", "opened").with("target_branch", base_branch);
        let call = call.with("order_by", "created_at").with("sort", "asc");
        Ok(self.http.items(&call, None, merge_request).await?.into_iter().flatten().collect())
    }

    /// The heads that a merge request had, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub(super) async fn versions(&self, pull: u64) -> Result<Vec<Version>, ForgeError> {
        let number = pull.to_string();
        let wish = format!("list the heads that merge request {pull} had");
        let call = self.call(wish, READ, &["merge_requests", &number, "versions"]);
        let versions = self.http.items(&call, None, version).await?.into_iter();
        let mut versions: Vec<Version> = versions.flatten().collect();
        versions.sort_by_key(|version| version.since);
        Ok(versions)
    }
}

/// Reads a merge request; `None` if it has no commit yet.
fn merge_request(request: &FieldReader<'_>) -> Result<Option<Pull>, FieldError> {
    let commit = |name: &str| request.find(name)?.map(|commit| commit.commit()).transpose();
    let Some(head) = commit("sha")? else { return Ok(None) };
    let state = request.at("state")?.text()?;
    let merged_at = request.find("merged_at")?.map(|time| time.time()).transpose()?;
    let merged_at = merged_at.filter(|_| state == "merged");
    // One that was merged without a commit of its own came as its squashed commit, or as its head.
    let merge_commit = match (commit("merge_commit_sha")?, commit("squash_commit_sha")?) {
        (Some(commit), _) | (None, Some(commit)) => commit,
        (None, None) => head.clone(),
    };
    let refs = request.find("diff_refs")?;
    let base = refs.map(|refs| refs.find("start_sha")?.map(|base| base.commit()).transpose()).transpose()?.flatten();
    let author = request.find("author")?.map(|author| author.at("username")?.text()).transpose()?;
    Ok(Some(Pull {
        number: request.at("iid")?.number()?,
        head,
        head_repository: request.find("source_project_id")?.map(|project| project.number()).transpose()?,
        base_branch: request.at("target_branch")?.text()?.to_owned(),
        base,
        author: author.unwrap_or(GHOST).to_owned(),
        merged_at,
        merge_commit: merged_at.map(|_| merge_commit),
        is_open: state == "opened",
    }))
}

/// Reads a version; `None` if it has no commit.
fn version(version: &FieldReader<'_>) -> Result<Option<Version>, FieldError> {
    let Some(head) = version.find("head_commit_sha")? else { return Ok(None) };
    Ok(Some(Version { head: head.commit()?, since: version.at("created_at")?.time()? }))
}
