//! A lockfile that git keeps, and the other clones that have one as well: what they have sent is in theirs, and what
//! was sent here they do not know before it is pushed.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::ledger::{Ledger, LedgerDelta};
use crate::report::failure_code::FailureCode;
use crate::report::ledger::delta::DeltaView;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::words::list;
use crate::store::{
    BackendError as _, FetchedBranch, FetchedLockfile, GitSilence, LedgerLocation, Publishing, TypedGit, Unpublished,
    Upstream,
};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::shell_quote;
use super::store::expected_by_anybody;

/// Makes sure that this clone knows what others have pushed, as far as that was fetched, and warns of what others
/// cannot know. Where the gateway is the sandbox, or the ledger is elsewhere, there is nothing to compare.
///
/// # Errors
/// If another clone has sent what this one does not know of; if what was fetched tells nothing.
pub(super) fn compare(context: &Context, ledger: &Ledger, output: &Output) -> Result<(), Failure> {
    let warnings = warnings(context, ledger).map_err(|failure| {
        failure.hint("nothing was sent; once that is done, run the same command again: it sends to whoever is left")
    })?;
    for (words, remedy) in warnings {
        output.tell(&format!("! {words}\n  {remedy}\n"));
    }
    Ok(())
}

/// Compares as [`compare`] does, and gives back what may go wrong, each with what to do about it.
///
/// # Errors
/// As [`compare`].
pub(super) fn warnings(context: &Context, ledger: &Ledger) -> Result<Vec<(String, String)>, Failure> {
    let Some((file, upstream)) = look(context, ledger)? else { return Ok(Vec::new()) };
    refusal(&file, &upstream)?;
    Ok(match upstream {
        Upstream::NoWorkTree | Upstream::Silent(_) | Upstream::NoRemote => Vec::new(),
        Upstream::Ignored => vec![(
            format!("git ignores {}, so no other clone learns what is sent here", file.path),
            format!("which rule does that: `{} check-ignore -v {}`", file.git, file.path),
        )],
        Upstream::NeverFetched { remotes } => {
            let names = harmless(&remotes.join(", "), LineFeeds::Escape);
            vec![(
                format!("nothing that was fetched from {names} tells what other clones have sent"),
                format!("to find out: {}", to_find_out(&file, &remotes)),
            )]
        }
        Upstream::Fetched { branches, unpushed } => {
            let (seen, not_here): (Vec<_>, Vec<_>) =
                branches.iter().partition(|branch| branch.lockfile != FetchedLockfile::NotHere);
            let not_here = not_here.into_iter().map(|FetchedBranch { name, .. }| not_here_words(&file, name));
            not_here.chain(unpublished(&file, &seen, unpushed)).collect()
        }
    })
}

/// What this clone has sent, and the branches that were fetched do not know.
fn unpublished(file: &TypedGit, seen: &[&FetchedBranch], unpushed: LedgerDelta) -> Option<(String, String)> {
    if seen.is_empty() || unpushed.claims + unpushed.outcomes == 0 {
        return None;
    }
    let names: Vec<&str> = seen.iter().map(|branch| branch.name.as_str()).collect();
    let is_absent = seen.iter().all(|branch| branch.lockfile == FetchedLockfile::Absent);
    let what = match (names.len(), is_absent) {
        (1, false) => "lacks",
        (1, true) => "has no lockfile, and so lacks",
        (_, false) => "lack",
        (_, true) => "have no lockfile, and so lack",
    };
    let more = DeltaView::from(unpushed).more();
    let names = list(&names);
    let words =
        format!("{names}, as fetched last, {what} {more} of this lockfile: another clone would send that again");
    Some((words, format!("before anybody else sends: {}", file.publish())))
}

/// Why nothing would be sent from this clone, if that is so: for somebody who only looks.
///
/// # Errors
/// If no gateway is named.
pub(super) fn refused(context: &Context, ledger: &Ledger) -> Result<Option<Failure>, Failure> {
    Ok(look(context, ledger)?.and_then(|(file, upstream)| refusal(&file, &upstream).err()))
}

/// How the lockfile stands to what was fetched; nothing, if it is none that git may keep.
fn look(context: &Context, ledger: &Ledger) -> Result<Option<(TypedGit, Upstream)>, Failure> {
    let Some(file) = file(&context.gateway.ledger) else { return Ok(None) };
    let expected = expected_by_anybody(context)?;
    let upstream = tokio::task::block_in_place(|| context.gateway.ledger.upstream(ledger, &expected));
    Ok(upstream.map(|upstream| (file, upstream)))
}

/// What is said of a lockfile that git has, and this clone lacks a part of, and what to do about it.
pub(super) fn not_here_words(file: &TypedGit, of: &str) -> (String, String) {
    let words = format!("the lockfile of {of} is not all in this clone, so it was not compared with the ledger");
    (words, format!("to have it here: `{} fetch --refetch --no-filter`", file.git))
}

/// Why nothing is sent from this clone, if that is so.
fn refusal(file: &TypedGit, upstream: &Upstream) -> Result<(), Failure> {
    match upstream {
        Upstream::Silent(silence) => Err(untold(silence)),
        Upstream::Fetched { branches, .. } => check(file, branches),
        Upstream::NoWorkTree | Upstream::Ignored | Upstream::NoRemote | Upstream::NeverFetched { .. } => Ok(()),
    }
}

/// What the files were like at some time that git may keep of a ledger: the lockfile, and the stops beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeptFiles([Option<KeptState>; 2]);

/// What tells a file from the same one before something was written. A line that is added makes it longer, and one that
/// is put in order is another file, which takes the place of the old one while that is still there. So nothing has to be
/// read, however large they are; and whether git lacks what was written is asked only if something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KeptState {
    length: u64,
    number: u64,
    changed: (i64, i64),
}

impl KeptFiles {
    /// Takes what they are like now.
    pub(super) fn of(ledger: &LedgerLocation) -> Self {
        Self(ledger.kept_files().map_or([None; 2], |files| files.map(|file| KeptState::of(&file))))
    }
}

impl KeptState {
    /// Takes it; nothing, if there is no file.
    fn of(file: &Path) -> Option<Self> {
        let data = fs::symlink_metadata(file).ok()?;
        Some(Self { length: data.len(), number: data.ino(), changed: (data.ctime(), data.ctime_nsec()) })
    }
}

/// Runs a command that may write what git keeps of a ledger, and then says what to do with that.
///
/// # Errors
/// As the command.
pub(super) async fn reminding(
    ledger: &LedgerLocation,
    output: &Output,
    command: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let before = KeptFiles::of(ledger);
    let ended = command.await;
    remind(ledger, before, output);
    ended
}

/// Says what is to be done with the files that git keeps of a ledger, if they are not as they were `before`: the one
/// word for whatever has written them.
pub(super) fn remind(ledger: &LedgerLocation, before: KeptFiles, output: &Output) {
    if KeptFiles::of(ledger) == before {
        return;
    }
    let Some(Unpublished { publishing, lockfile, stops }) = ledger.unpublished() else { return };
    let typed = |file: Option<PathBuf>| file.map(|file| TypedGit::of(&file).path);
    let (lockfile, stops) = (typed(lockfile), typed(stops));
    let is_lockfile_new = lockfile.is_some();
    let files: Vec<String> = lockfile.into_iter().chain(stops).collect();
    if files.is_empty() {
        return;
    }
    let files = files.join(" and ");
    match (publishing, is_lockfile_new) {
        (Publishing::Nothing, _) => {}
        (Publishing::Commit, true) => output.tell(&format!("commit {files}: it is what tells who has their message\n")),
        (Publishing::Commit, false) => output.tell(&format!("commit {files}: a stop is to outlive this work tree\n")),
        (Publishing::CommitAndPush, true) => {
            output.tell(&format!("commit and push {files}: another clone sends again what it does not know of\n"));
        }
        (Publishing::CommitAndPush, false) => {
            output.tell(&format!("commit and push {files}: another clone learns of it in no other way\n"));
        }
    }
}

/// What others have sent is known here, as far as it was fetched.
///
/// # Errors
/// If it is not; if what was fetched tells nothing.
fn check(file: &TypedGit, branches: &[FetchedBranch]) -> Result<(), Failure> {
    let mut lacking = Vec::new();
    for (at, FetchedBranch { name, lockfile }) in branches.iter().enumerate() {
        match lockfile {
            FetchedLockfile::Unreadable { why } => return Err(unreadable(file, name, why, at == 0)),
            FetchedLockfile::Compared { lacks, is_merged } if !lacks.is_empty() => {
                lacking.push((name.as_str(), *lacks, *is_merged));
            }
            FetchedLockfile::Compared { .. } | FetchedLockfile::Absent | FetchedLockfile::NotHere => {}
        }
    }
    if lacking.is_empty() { Ok(()) } else { Err(behind(file, &lacking)) }
}

/// Where git does not answer, another clone may have sent everything already.
fn untold(silence: &GitSilence) -> Failure {
    let message = format!("what other clones have sent cannot be told: {silence}");
    Failure::new(FailureCode::Ledger, harmless(&message, LineFeeds::Escape)).hint(silence.hint().unwrap_or_default())
}

/// How this clone gets to know what others have pushed.
fn to_find_out(TypedGit { git, .. }: &TypedGit, remotes: &[String]) -> String {
    match remotes {
        [remote] => {
            format!("`{git} fetch --all`, then `{git} remote set-head {} --auto`", shell_quote::word(remote))
        }
        _ => format!(
            "`{git} fetch --all`, and name the branch that this one follows: `{git} branch --set-upstream-to=…`"
        ),
    }
}

/// Takes the branches that have more, how much that is, and whether there is nothing of them to merge.
fn behind(file: &TypedGit, lacking: &[(&str, LedgerDelta, bool)]) -> Failure {
    let has = |(name, lacks, _): &(&str, LedgerDelta, bool)| {
        format!("{name}, as fetched last, has {} more", DeltaView::from(*lacks).more())
    };
    let has: Vec<String> = lacking.iter().map(has).collect();
    let TypedGit { git, add, .. } = file;
    let message = format!("another clone has sent what this one does not know of: {}", list(&has));
    let mut failure = Failure::new(FailureCode::CloneBehind, message);
    for (name, _, is_merged) in lacking {
        failure = failure.hint(if *is_merged {
            format!(
                "{name} is merged here, but the lockfile was taken back to an older one since; take \
                 in what it lacks: {}",
                file.import(name)
            )
        } else {
            format!(
                "take it in with `{git} merge {}`; before that, what is not committed here yet: `{git} add {add}`, `{git} commit -m \"What was sent here\"`",
                shell_quote::word(name)
            )
        });
    }
    failure
}

fn unreadable(file: &TypedGit, branch: &str, why: &str, is_first: bool) -> Failure {
    let why = harmless(why, LineFeeds::Escape);
    let message = format!("the lockfile of {branch}, as fetched last, cannot be compared with this one: {why}");
    let TypedGit { git, path, .. } = file;
    let name = shell_quote::word(branch);
    let keep = if is_first {
        file.publish()
    } else {
        format!("take it to {branch}, by a merge of this branch, and `{git} fetch`")
    };
    Failure::new(FailureCode::CloneBehind, message)
        .hint(format!("it may tell of what another clone has sent: see `{git} log -p {name} -- {path}`"))
        .hint(format!("if this one is the right one: {keep}"))
}

/// The lockfile, if it is one that git may keep.
fn file(ledger: &LedgerLocation) -> Option<TypedGit> {
    let [lockfile, _] = ledger.kept_files()?;
    let file = TypedGit::of(&lockfile);
    let stops = ledger.unpublished().and_then(|unpublished| unpublished.stops);
    Some(stops.into_iter().fold(file, |file, stops| file.besides(&stops)))
}
