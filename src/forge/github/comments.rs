//! Comments of pull requests: GitHub keeps them with its issues.

use serde_json::json;

use crate::forge::error::{ForgeError, ForgeErrorKind, Permission};
use crate::forge::facts::{ForgeComment, GHOST};
use crate::forge::fields::{FieldError, FieldReader};
use crate::forge::http::{Call, Method};

use super::client::GitHub;

/// What comments need: GitHub takes either this or `issues: write`.
const WRITE: &str = "pull-requests: write";

/// Twice is once.
const HIDE: &str = "mutation($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { \
                    minimizedComment { isMinimized } } }";

impl GitHub {
    /// All comments of a pull request, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn comments(&self, pull: u64) -> Result<Vec<ForgeComment>, ForgeError> {
        let number = pull.to_string();
        let call = self.call(
            format!("list the comments of pull request {pull}"),
            "pull-requests: read",
            &["issues", &number, "comments"],
        );
        self.items(&call, None, comment).await
    }

    /// Writes a new comment, and gives it back.
    ///
    /// # Errors
    /// If it is not taken: it may have at most 65,536 characters.
    pub async fn add_comment(&self, pull: u64, body: &str) -> Result<ForgeComment, ForgeError> {
        let number = pull.to_string();
        let wish = format!("take a comment on pull request {pull}");
        let call = self.call(wish, WRITE, &["issues", &number, "comments"]);
        let answer = self.http.send(&call, Method::Post, &json!({ "body": body })).await?;
        comment(&FieldReader::of(&answer)).map_err(|error| call.unreadable(&error))
    }

    /// Writes a comment anew. One that was deleted meanwhile is [`NotFound`](crate::forge::ForgeErrorKind::NotFound).
    ///
    /// # Errors
    /// As [`GitHub::add_comment`].
    pub async fn change_comment(&self, id: u64, body: &str) -> Result<ForgeComment, ForgeError> {
        let number = id.to_string();
        let call = self.call("change the comment", WRITE, &["issues", "comments", &number]);
        let answer = self.http.send(&call, Method::Patch, &json!({ "body": body })).await?;
        comment(&FieldReader::of(&answer)).map_err(|error| call.unreadable(&error))
    }

    /// Folds a comment away as outdated. Only GraphQL can: where there is none, or it does not do it, that is an error.
    ///
    /// # Errors
    /// If the forge does not do it.
    pub async fn hide_comment(&self, id: u64) -> Result<(), ForgeError> {
        let number = id.to_string();
        let call = self.call("show the comment", "pull-requests: read", &["issues", "comments", &number]);
        let answer = self.http.get(&call).await?;
        let node = FieldReader::of(&answer).at("node_id").and_then(|node| node.text());
        let node = node.map_err(|error| call.unreadable(&error))?;
        let call = Call::new("fold the comment away", Permission::GitHub(WRITE), [""; 0]);
        let asked = json!({ "query": HIDE, "variables": { "id": node } });
        let answer = self.graphql.send(&call, Method::Ask, &asked).await?;
        let path = ["data", "minimizeComment", "minimizedComment", "isMinimized"];
        let is_hidden = FieldReader::of(&answer).path(&path).and_then(|is_hidden| is_hidden.is_true());
        // A refusal is a success for HTTP.
        let refused = || call.failed(ForgeErrorKind::Unreadable("it does not say that it has done so".to_owned()));
        if is_hidden.is_ok_and(|is_hidden| is_hidden) { Ok(()) } else { Err(refused()) }
    }
}

fn comment(comment: &FieldReader<'_>) -> Result<ForgeComment, FieldError> {
    let user = comment.find("user")?;
    let author = user.map(|user| user.at("login")?.text()).transpose()?;
    let body = comment.find("body")?.map(|body| body.text()).transpose()?;
    Ok(ForgeComment {
        id: comment.at("id")?.number()?,
        author: author.unwrap_or(GHOST).to_owned(),
        body: body.unwrap_or_default().to_owned(),
    })
}
