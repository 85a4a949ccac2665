//! Commits, and files as they were at one.

use data_encoding::BASE64;

use crate::forge::client::COMMITS_READ;
use crate::forge::commit_id::CommitId;
use crate::forge::error::{ForgeError, ForgeErrorKind};
use crate::forge::fields::{FieldError, FieldReader};

use super::client::{GitLab, READ};

impl GitLab {
    /// The newest commits of a branch that touched a folder or file, the newest first, as many as are looked through.
    /// `.` is everything.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn newest_commits_of(&self, branch: &str, path: &str) -> Result<Vec<CommitId>, ForgeError> {
        let call = self.call(format!("say which commits touched `{path}`"), READ, &["repository", "commits"]);
        let mut call = call.with("ref_name", branch).with("per_page", COMMITS_READ.to_string());
        if path != "." {
            call = call.with("path", path);
        }
        let answer = self.http.get(&call).await?;
        let commits = FieldReader::of(&answer).items();
        let ids = commits.and_then(|commits| commits.iter().map(|commit| commit.at("id")?.commit()).collect());
        ids.map_err(|error| call.unreadable(&error))
    }

    /// Whether a commit wrote these files and touched nothing else.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn touches_only(&self, commit: &CommitId, own: &[String]) -> Result<bool, ForgeError> {
        let wish = format!("say what the commit {} touched", commit.short());
        let call = self.call(wish, READ, &["repository", "commits", commit.as_str(), "diff"]);
        // Whatever is behind the first page is not only these files either.
        let answer = self.http.get(&call.clone().with("per_page", "100")).await?;
        let is_own = |file: &FieldReader<'_>| {
            // A file that was moved here was another one.
            let is_written = !file.at("renamed_file")?.is_true()? && !file.at("deleted_file")?.is_true()?;
            let name = file.at("new_path")?.text()?;
            Ok(is_written && own.iter().any(|own| own == name))
        };
        let files = FieldReader::of(&answer).items();
        let are_own = files.and_then(|files| files.iter().map(is_own).collect::<Result<Vec<bool>, FieldError>>());
        let are_own = are_own.map_err(|error| call.unreadable(&error))?;
        // Of a merge that brought nothing new there are none.
        Ok(!are_own.is_empty() && are_own.iter().all(|is_own| *is_own))
    }

    /// Whether a commit is another one, or comes before it.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn is_in(&self, older: &CommitId, newer: &CommitId) -> Result<bool, ForgeError> {
        let wish = format!("compare the commits {} and {}", older.short(), newer.short());
        let call = self.call(wish, READ, &["repository", "merge_base"]);
        let call = call.with("refs[]", older.as_str()).with("refs[]", newer.as_str());
        // Two commits that have no other one in common are not one before the other.
        let Some(answer) = self.http.find(&call).await? else { return self.shown(newer).await.map(|_| false) };
        let base = FieldReader::of(&answer).at("id").and_then(|base| base.commit());
        Ok(base.map_err(|error| call.unreadable(&error))? == *older)
    }

    /// A file as it was at a commit; `None` if it was not there.
    ///
    /// # Errors
    /// If the forge does not give it.
    pub async fn file_at(&self, commit: &CommitId, path: &str) -> Result<Option<Vec<u8>>, ForgeError> {
        let wish = format!("show `{path}` at the commit {}", commit.short());
        let call = self.call(wish, READ, &["repository", "files", path]).with("ref", commit.as_str());
        // That a token may not look is no proof that there is nothing.
        let Some(answer) = self.http.find(&call).await? else { return self.shown(commit).await.map(|_| None) };
        let file = FieldReader::of(&answer);
        let text = file.at("content").and_then(|content| content.text()).map_err(|error| call.unreadable(&error))?;
        let bytes = BASE64.decode(text.as_bytes());
        bytes.map(Some).map_err(|_| call.failed(ForgeErrorKind::Unreadable("the file is not in base64".to_owned())))
    }

    /// The commits before a commit, the one that it was merged into first.
    ///
    /// # Errors
    /// If the forge does not show it.
    pub(super) async fn shown(&self, commit: &CommitId) -> Result<Vec<CommitId>, ForgeError> {
        let wish = format!("show the commit {}", commit.short());
        let call = self.call(wish, READ, &["repository", "commits", commit.as_str()]);
        let answer = self.http.get(&call).await?;
        let parents = FieldReader::of(&answer).at("parent_ids").and_then(|parents| parents.items());
        let parents = parents.and_then(|parents| {
            let parents = parents.iter().map(FieldReader::commit);
            parents.collect::<Result<Vec<_>, FieldError>>()
        });
        parents.map_err(|error| call.unreadable(&error))
    }
}
