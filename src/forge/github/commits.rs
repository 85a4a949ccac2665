//! Commits, and files as they were at one.

use data_encoding::BASE64;

use crate::forge::client::COMMITS_READ;
use crate::forge::commit_id::CommitId;
use crate::forge::error::{ForgeError, ForgeErrorKind};
use crate::forge::fields::{FieldError, FieldReader};

use super::client::GitHub;

const READ: &str = "contents: read";

impl GitHub {
    /// The newest commits of a branch that touched a folder or file, the newest first, as many as are looked through.
    /// `.` is everything.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn newest_commits_of(&self, branch: &str, path: &str) -> Result<Vec<CommitId>, ForgeError> {
        let call = self.call(format!("say which commits touched `{path}`"), READ, &["commits"]);
        let mut call = call.with("sha", branch).with("per_page", COMMITS_READ.to_string());
        if path != "." {
            call = call.with("path", path);
        }
        let answer = self.http.get(&call).await?;
        let commits = FieldReader::of(&answer).items();
        let ids = commits.and_then(|commits| commits.iter().map(|commit| commit.at("sha")?.commit()).collect());
        ids.map_err(|error| call.unreadable(&error))
    }

    /// Whether a commit wrote these files and touched nothing else.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn touches_only(&self, commit: &CommitId, own: &[String]) -> Result<bool, ForgeError> {
        let wish = format!("say what the commit {} touched", commit.short());
        let call = self.call(wish, READ, &["commits", commit.as_str()]);
        let answer = self.http.get(&call).await?;
        let unreadable = |error: FieldError| call.unreadable(&error);
        let files = FieldReader::of(&answer).at("files").and_then(|files| files.items()).map_err(unreadable)?;
        let is_own = |file: &FieldReader<'_>| {
            // A file that was moved here was another one.
            let is_written = matches!(file.at("status")?.text()?, "added" | "modified");
            let name = file.at("filename")?.text()?;
            Ok(is_written && own.iter().any(|own| own == name))
        };
        let are_own = files.iter().map(is_own).collect::<Result<Vec<bool>, FieldError>>().map_err(unreadable)?;
        // Of a merge that brought nothing new there are none.
        Ok(!are_own.is_empty() && are_own.iter().all(|is_own| *is_own))
    }

    /// Whether a commit is another one, or comes before it.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn is_in(&self, older: &CommitId, newer: &CommitId) -> Result<bool, ForgeError> {
        let wish = format!("compare the commits {} and {}", older.short(), newer.short());
        let range = format!("{older}...{newer}");
        let call = self.call(wish, READ, &["compare", &range]).with("per_page", "1");
        let answer = self.http.get(&call).await?;
        let status = FieldReader::of(&answer).at("status").and_then(|status| status.text());
        let status = status.map_err(|error| call.unreadable(&error))?;
        Ok(matches!(status, "ahead" | "identical"))
    }

    /// A file as it was at a commit; `None` if it was not there.
    ///
    /// # Errors
    /// If the forge does not give it, or it is larger than a megabyte.
    pub async fn file_at(&self, commit: &CommitId, path: &str) -> Result<Option<Vec<u8>>, ForgeError> {
        let wish = format!("show `{path}` at the commit {}", commit.short());
        let parts: Vec<&str> = ["contents"].into_iter().chain(path.split('/')).collect();
        let call = self.call(wish, READ, &parts).with("ref", commit.as_str());
        let Some(answer) = self.http.find(&call).await? else {
            // That a token may not look is no proof that there is nothing.
            let commit = self.call(call.wish, READ, &["commits", commit.as_str()]);
            return self.http.get(&commit).await.map(|_| None);
        };
        let file = FieldReader::of(&answer);
        let text = file.at("content").and_then(|content| content.text()).map_err(|error| call.unreadable(&error))?;
        let encoding = file.at("encoding").and_then(|encoding| encoding.text());
        // Of a file that is too large only its size comes.
        if encoding.map_err(|error| call.unreadable(&error))? != "base64" {
            return Err(call.failed(ForgeErrorKind::Unreadable("the file is not in it".to_owned())));
        }
        let text: String = text.split_whitespace().collect();
        let bytes = BASE64.decode(text.as_bytes());
        bytes.map(Some).map_err(|_| call.failed(ForgeErrorKind::Unreadable("the file is not in base64".to_owned())))
    }
}
