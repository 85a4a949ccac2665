//! A lockfile that git keeps, and the other clones that have one as well: what they have sent is in theirs, and what
//! was sent here they do not know before it is pushed.

use std::path::Path;

use crate::ledger::{Ledger, LedgerDelta};
use crate::report::ledger::delta::DeltaView;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::store::{LedgerLocation, Upstream};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::shell_quote;
use super::store::expected;

/// What is to be said of the lockfile when the run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reminder {
    /// Nothing: it is in no work tree, or other clones do not get it in any case.
    Nothing,
    /// To commit it.
    Commit,
    /// To commit it and push.
    CommitAndPush,
}

/// Makes sure that this clone knows what others have pushed, as far as that was fetched, and warns of what others
/// cannot know. Where the gateway is the sandbox, or the ledger is elsewhere, there is nothing to compare.
///
/// # Errors
/// If another clone has sent what this one does not know of; if what was fetched tells nothing.
pub(super) fn compare(context: &Context, ledger: &Ledger, output: &Output) -> Result<Reminder, Failure> {
    let Some(file) = file(context) else { return Ok(Reminder::Nothing) };
    let expected = expected(context)?;
    let Some(upstream) = context.gateway.ledger.upstream(ledger, &expected) else { return Ok(Reminder::Nothing) };
    let warn = |words: String| output.tell(&format!("! {words}\n"));
    match upstream {
        Upstream::NoWorkTree => Ok(Reminder::Nothing),
        Upstream::Silent(said) => {
            warn(format!("what other clones have sent cannot be told: {}", harmless(&said, LineFeeds::Escape)));
            Ok(Reminder::Nothing)
        }
        Upstream::Ignored => {
            warn(format!("git ignores {}, so no other clone learns what is sent here", file.path));
            output.tell(&format!("  which rule does that: `{} check-ignore -v {}`\n", file.git, file.path));
            Ok(Reminder::Nothing)
        }
        Upstream::NoRemote => Ok(Reminder::Commit),
        Upstream::NeverFetched { remote } => {
            let remote = harmless(&remote, LineFeeds::Escape);
            warn(format!("nothing that was fetched from {remote} tells what other clones have sent"));
            output
                .tell(&format!("  to find out: `{} fetch --all`, or set the branch that this one follows\n", file.git));
            Ok(Reminder::CommitAndPush)
        }
        Upstream::NotHere { branch } => {
            warn(format!("the lockfile of {branch} is not all in this clone, so it was not compared with it"));
            output.tell(&format!("  to have it here: `{} fetch --refetch --no-filter`\n", file.git));
            Ok(Reminder::CommitAndPush)
        }
        Upstream::Unreadable { branch, why } => Err(unreadable(&file, &branch, &why)),
        Upstream::Compared { branch, lacks, .. } if !lacks.is_empty() => Err(behind(&file, &branch, lacks)),
        Upstream::Compared { branch, is_there, unpushed, .. } => {
            if unpushed.claims + unpushed.outcomes > 0 {
                let what = if is_there { "lacks" } else { "has no lockfile, and so lacks" };
                let more = DeltaView::from(unpushed).more();
                warn(format!(
                    "{branch}, as fetched last, {what} {more} of this lockfile: another clone would send that again"
                ));
                output.tell(&format!("  before anybody else sends: {}\n", file.publish()));
            }
            Ok(Reminder::CommitAndPush)
        }
    }
}

/// Says what is to be done with the lockfile after something was written to it.
pub(super) fn remind(context: &Context, reminder: Reminder, output: &Output) {
    let Some(LockfilePath { path, .. }) = file(context) else { return };
    match reminder {
        Reminder::Nothing => {}
        Reminder::Commit => output.tell(&format!("commit {path}: it is what tells who has their message\n")),
        Reminder::CommitAndPush => {
            output.tell(&format!("commit and push {path}: another clone sends again what it does not know of\n"));
        }
    }
}

fn behind(file: &LockfilePath, branch: &str, lacks: LedgerDelta) -> Failure {
    let more = DeltaView::from(lacks).more();
    let message =
        format!("another clone has sent what this one does not know of: {branch}, as fetched last, has {more} more");
    let LockfilePath { git, path } = file;
    let merge = shell_quote::word(branch);
    Failure::new(Exit::Ledger, message)
        .hint(format!(
            "nothing was sent: take it in with `{git} merge {merge}`; before that, what is not committed here yet: \
             `{git} add {path}`, `{git} commit -m \"What was sent here\"`"
        ))
        .hint("then run the same command again: it sends to whoever is left")
}

fn unreadable(file: &LockfilePath, branch: &str, why: &str) -> Failure {
    let why = harmless(why, LineFeeds::Escape);
    let message = format!("the lockfile of {branch}, as fetched last, cannot be compared with this one: {why}");
    let LockfilePath { git, path, .. } = file;
    Failure::new(Exit::Ledger, message)
        .hint(format!("nothing was sent, because it may tell of what another clone has sent: see `{git} log -p {branch} -- {path}`"))
        .hint(format!("if this one is the right one: {}", file.publish()))
}

/// A lockfile as it is typed in commands of git.
struct LockfilePath {
    /// The program, with the folder if it is not around the current one.
    git: String,
    /// The path.
    path: String,
}

impl LockfilePath {
    fn publish(&self) -> String {
        let Self { git, path } = self;
        format!("`{git} add {path}`, `{git} commit -m \"What was sent\"`, `{git} push`")
    }
}

/// The lockfile, if it is one that git may keep.
fn file(context: &Context) -> Option<LockfilePath> {
    let LedgerLocation::Lockfile(paths) = &context.gateway.ledger else { return None };
    if context.gateway.is_sandbox() {
        return None;
    }
    let path = paths.lockfile.strip_prefix(".").unwrap_or(&paths.lockfile);
    let is_below = |path: &Path| path.is_relative() && !path.starts_with("..");
    if is_below(path) {
        return Some(LockfilePath { git: "git".to_owned(), path: shell_quote::word(&path.display().to_string()) });
    }
    let (folder, name) = (path.parent()?, path.file_name()?);
    let git = format!("git -C {}", shell_quote::word(&folder.display().to_string()));
    Some(LockfilePath { git, path: shell_quote::word(&name.to_string_lossy()) })
}
