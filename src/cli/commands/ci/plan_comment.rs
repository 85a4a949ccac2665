//! The comment that shows a pull request's plan: written anew in its place, but for a plan that reaches more people than
//! the one before, which everybody is to notice; then the one before it says that it is outdated, and is folded away
//! where the forge does that.

use crate::cli::args::CommentPlace;
use crate::forge::facts::ForgeComment;
use crate::forge::marker::{CommentKind, Marker};
use crate::forge::{ForgeClient, ForgeError};
use crate::identity::ProjectId;

/// What an older comment begins with, behind its marker.
const OUTDATED: &str = "> **Outdated:** a later comment has the newest plan.";

/// What became of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commented {
    /// It is a new one.
    New,
    /// It is the one that was there.
    InPlace,
    /// The pull request has a newer head by now, whose own run says what there is to say.
    NewerHead,
    /// The pull request is not open any more: its comment tells what became of the plan that was reviewed.
    Over,
}

/// Comments of ours about a project in a folder, the oldest first, with what each says of itself. Only those that the
/// token's own identity has written: everybody can write a marker.
pub(super) async fn own(
    forge: &ForgeClient,
    login: &str,
    pull: u64,
    (project, dir): (&ProjectId, &str),
) -> Result<Vec<(Marker, ForgeComment)>, ForgeError> {
    let comments = forge.comments(pull).await?.into_iter().filter(|comment| comment.author == login);
    let marked = comments.filter_map(|comment| Some((Marker::read(&comment.body)?, comment)));
    Ok(marked.filter(|(marker, _)| marker.is_of(project, dir)).collect())
}

/// Those of them that show plans.
async fn plans(
    forge: &ForgeClient,
    pull: u64,
    of: (&ProjectId, &str),
) -> Result<Vec<(Marker, ForgeComment)>, ForgeError> {
    let mut comments = own(forge, &forge.login().await?, pull, of).await?;
    comments.retain(|(marker, _)| marker.kind == CommentKind::Plan);
    Ok(comments)
}

/// Shows a plan.
///
/// # Errors
/// If the forge does not take it, or does not tell what is there.
pub(super) async fn show(
    forge: &ForgeClient,
    pull: u64,
    marker: &Marker,
    body: &str,
    place: CommentPlace,
) -> Result<Commented, ForgeError> {
    let now = forge.pull(pull).await?;
    if !now.is_open {
        return Ok(Commented::Over);
    }
    if now.head != marker.head {
        return Ok(Commented::NewerHead);
    }
    let chars_max = forge.kind().comment_max();
    let mut earlier = plans(forge, pull, (&marker.project, &marker.dir)).await?;
    earlier.retain(|(_, comment)| outdated(&comment.body, chars_max).is_some());
    let is_larger = earlier.last().is_some_and(|(before, _)| marker.people > before.people);
    if let (Some((_, comment)), false, CommentPlace::InPlace) = (earlier.last(), is_larger, place) {
        forge.change_comment(pull, comment.id, body).await?;
        return Ok(Commented::InPlace);
    }
    forge.add_comment(pull, body).await?;
    for (_, comment) in &earlier {
        let Some(body) = outdated(&comment.body, chars_max) else { continue };
        forge.change_comment(pull, comment.id, &body).await?;
        // It says so already where this cannot be done.
        drop(forge.hide_comment(comment.id).await);
    }
    Ok(Commented::New)
}

/// A comment that says that it is outdated; nothing if it says so already.
fn outdated(body: &str, chars_max: usize) -> Option<String> {
    let (marker, rest) = body.split_once('\n').unwrap_or((body, ""));
    let rest = rest.trim_start();
    if rest.starts_with(OUTDATED) {
        return None;
    }
    let marker = marker.trim_end();
    let whole = format!("{marker}\n\n{OUTDATED}\n\n{rest}");
    let fits = whole.encode_utf16().count() <= chars_max;
    Some(if fits { whole } else { format!("{marker}\n\n{OUTDATED}\n") })
}

#[cfg(test)]
mod tests {
    use super::outdated;

    #[test]
    fn an_older_comment_says_so_once_and_still_fits() {
        let once = outdated("<!-- marker -->\n\n# Plan\n", 65_536).unwrap();
        assert_eq!(once, "<!-- marker -->\n\n> **Outdated:** a later comment has the newest plan.\n\n# Plan\n");
        assert_eq!(outdated(&once, 65_536), None);
        let long = format!("<!-- marker -->\n\n{}", "č".repeat(65_500));
        assert!(outdated(&long, 65_536).unwrap().len() < 100);
    }
}
