//! Pull requests, their reviews, and what people may do in the repository.

use crate::forge::error::ForgeError;
use crate::forge::facts::{GHOST, Pull, PullReview, ReviewState};
use crate::forge::fields::{FieldError, FieldReader};

use super::client::GitHub;

const READ: &str = "pull-requests: read";

impl GitHub {
    /// The pull requests that a commit belongs to; of a commit of the default branch the ones that it came with.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn pulls_of(&self, commit: &str) -> Result<Vec<Pull>, ForgeError> {
        let wish = format!("say which pull request the commit {commit} came with");
        let call = self.call(wish, READ, &["commits", commit, "pulls"]);
        self.items(&call, None, pull).await
    }

    /// A pull request.
    ///
    /// # Errors
    /// If it is not given.
    pub async fn pull(&self, number: u64) -> Result<Pull, ForgeError> {
        let name = number.to_string();
        let call = self.call(format!("show pull request {number}"), READ, &["pulls", &name]);
        let answer = self.http.get(&call).await?;
        pull(&FieldReader::of(&answer)).map_err(|error| call.unreadable(&error))
    }

    /// All open pull requests that go to a branch, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn open_pulls(&self, base_branch: &str) -> Result<Vec<Pull>, ForgeError> {
        let call = self.call("list the open pull requests", READ, &["pulls"]);
        let call =
            call.with("state", "open").with("base", base_branch).with("sort", "created").with("direction", "asc");
        self.items(&call, None, pull).await
    }

    /// All reviews of a pull request, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn reviews(&self, pull: u64) -> Result<Vec<PullReview>, ForgeError> {
        let number = pull.to_string();
        let call = self.call(format!("list the reviews of pull request {pull}"), READ, &["pulls", &number, "reviews"]);
        self.items(&call, None, review).await
    }

    /// Whether somebody may write to the repository. Somebody who has no access at all may not.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn may_write(&self, login: &str) -> Result<bool, ForgeError> {
        let call = self.call(
            format!("say what `{login}` may do in the repository"),
            "metadata: read",
            &["collaborators", login, "permission"],
        );
        let Some(answer) = self.http.find(&call).await? else { return Ok(false) };
        // `maintain` is `write` here, and `triage` is `read`.
        let permission = FieldReader::of(&answer).at("permission").and_then(|permission| permission.text());
        let permission = permission.map_err(|error| call.unreadable(&error))?;
        Ok(matches!(permission, "admin" | "write"))
    }
}

fn pull(pull: &FieldReader<'_>) -> Result<Pull, FieldError> {
    let (head, base) = (pull.at("head")?, pull.at("base")?);
    let head_repository = head.find("repo")?.map(|repository| repository.at("id")?.number()).transpose()?;
    let author = pull.find("user")?.map(|user| user.at("login")?.text()).transpose()?;
    let merge_commit = pull.find("merge_commit_sha")?.map(|commit| commit.commit()).transpose()?;
    let merged_at = pull.find("merged_at")?.map(|time| time.time()).transpose()?;
    Ok(Pull {
        number: pull.at("number")?.number()?,
        head: head.at("sha")?.commit()?,
        head_repository,
        base_branch: base.at("ref")?.text()?.to_owned(),
        base: Some(base.at("sha")?.commit()?),
        author: author.unwrap_or(GHOST).to_owned(),
        merged_at,
        // Of one that is not merged it is a trial that is in no branch.
        merge_commit: merge_commit.filter(|_| merged_at.is_some()),
        is_open: pull.at("state")?.text()? == "open",
    })
}

fn review(review: &FieldReader<'_>) -> Result<PullReview, FieldError> {
    let user = review.find("user")?;
    let login = user.as_ref().map(|user| user.at("login")?.text()).transpose()?;
    let kind = user.as_ref().map(|user| user.find("type")?.map(|kind| kind.text()).transpose()).transpose()?.flatten();
    let state = match review.at("state")?.text()? {
        "APPROVED" => ReviewState::Approved,
        "CHANGES_REQUESTED" => ReviewState::ChangesRequested,
        "DISMISSED" => ReviewState::Dismissed,
        _ => ReviewState::Remark,
    };
    Ok(PullReview {
        author: login.unwrap_or(GHOST).to_owned(),
        is_bot: kind == Some("Bot"),
        state,
        commit: review.find("commit_id")?.map(|commit| commit.commit()).transpose()?,
    })
}
