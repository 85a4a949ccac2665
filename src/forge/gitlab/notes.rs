//! Notes of merge requests: those that somebody wrote, and those by which GitLab keeps what somebody did.

use jiff::Timestamp;
use serde_json::json;

use crate::forge::error::{ForgeError, Permission};
use crate::forge::facts::{ForgeComment, GHOST};
use crate::forge::fields::{FieldError, FieldReader};
use crate::forge::http::{Call, Method};

use super::client::{GitLab, READ, WRITE};

/// Zero width, and no white space: a line that begins with it begins with no slash.
const BREAK: char = '\u{200b}';

/// A note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MergeRequestNote {
    /// What everybody sees of it.
    pub(super) comment: ForgeComment,
    /// Whether GitLab wrote it, about what its author did.
    pub(super) is_of_system: bool,
    /// When it was written.
    pub(super) at: Timestamp,
}

impl GitLab {
    /// All notes of a merge request, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub(super) async fn notes(&self, pull: u64) -> Result<Vec<MergeRequestNote>, ForgeError> {
        let wish = format!("list the notes of merge request {pull}");
        let call = self.notes_call(wish, READ, pull, &[]).with("order_by", "created_at").with("sort", "asc");
        self.http.items(&call, None, note).await
    }

    /// All notes that people and programs wrote on a merge request, the oldest first.
    ///
    /// # Errors
    /// If they are not given, or not all of them.
    pub async fn comments(&self, pull: u64) -> Result<Vec<ForgeComment>, ForgeError> {
        let notes = self.notes(pull).await?.into_iter();
        Ok(notes.filter(|note| !note.is_of_system).map(|note| note.comment).collect())
    }

    /// Writes a new note, and gives it back.
    ///
    /// # Errors
    /// If it is not taken: it may have at most 1,000,000 characters.
    pub async fn add_comment(&self, pull: u64, body: &str) -> Result<ForgeComment, ForgeError> {
        let call = self.notes_call(format!("take a note on merge request {pull}"), WRITE, pull, &[]);
        self.write(&call, Method::Post, body).await
    }

    /// Writes a note of a merge request anew. One that was deleted meanwhile is
    /// [`NotFound`](crate::forge::ForgeErrorKind::NotFound).
    ///
    /// # Errors
    /// As [`GitLab::add_comment`].
    pub async fn change_comment(&self, pull: u64, id: u64, body: &str) -> Result<ForgeComment, ForgeError> {
        let call = self.notes_call("change the note", WRITE, pull, &[&id.to_string()]);
        self.write(&call, Method::Put, body).await
    }

    fn notes_call(&self, wish: impl Into<String>, permission: Permission, pull: u64, path: &[&str]) -> Call {
        let number = pull.to_string();
        let path: Vec<&str> = ["merge_requests", &number, "notes"].into_iter().chain(path.iter().copied()).collect();
        self.call(wish, permission, &path)
    }

    async fn write(&self, call: &Call, method: Method, body: &str) -> Result<ForgeComment, ForgeError> {
        let answer = self.http.send(call, method, &json!({ "body": without_commands(body) })).await?;
        let note = note(&FieldReader::of(&answer)).map_err(|error| call.unreadable(&error))?;
        Ok(note.comment)
    }
}

/// A text in which GitLab finds nothing to do: a line that begins with a slash is a command, which would be carried out
/// with all that the token may do. Where a block of code ends GitLab decides in its own way, so it is every such line.
fn without_commands(body: &str) -> String {
    let line = |line: &str| {
        let is_command = line.trim_start().starts_with('/');
        if is_command { format!("{BREAK}{line}") } else { line.to_owned() }
    };
    body.split_inclusive(['\n', '\r']).map(line).collect()
}

fn note(note: &FieldReader<'_>) -> Result<MergeRequestNote, FieldError> {
    let author = note.find("author")?.map(|author| author.at("username")?.text()).transpose()?;
    Ok(MergeRequestNote {
        comment: ForgeComment {
            id: note.at("id")?.number()?,
            author: author.unwrap_or(GHOST).to_owned(),
            body: note.at("body")?.text()?.to_owned(),
        },
        is_of_system: note.at("system")?.is_true()?,
        at: note.at("created_at")?.time()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_that_would_be_a_command_is_none() {
        let text = "a /merge\n/merge\n  /close\n```\n\t/approve\n```\nhttps://x/y";
        let told = "a /merge\n\u{200b}/merge\n\u{200b}  /close\n```\n\u{200b}\t/approve\n```\nhttps://x/y";
        assert_eq!(without_commands(text), told);
    }

    proptest! {
        #[test]
        fn no_line_begins_with_a_slash(text in "[/ \t\r\n`a]{0,40}") {
            let told = without_commands(&text);
            prop_assert!(told.split(['\n', '\r']).all(|line| !line.trim_start().starts_with('/')), "{:?}", told);
            prop_assert_eq!(told.replace(BREAK, ""), text);
        }
    }
}
