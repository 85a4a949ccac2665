//! A lockfile that git keeps, and the other clones that have one as well: what they have sent is in theirs, and what
//! was sent here they do not know before it is pushed.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::{BufRead as _, BufReader};

use crate::ledger::{Ledger, LedgerDelta};
use crate::report::ledger::delta::DeltaView;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::words::list;
use crate::store::regular::{self, Links};
use crate::store::{BackendError as _, FetchedBranch, FetchedLockfile, GitSilence, LedgerLocation, TypedGit, Upstream};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::shell_quote;
use super::store::expected_by_anybody;

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

/// What a comparison with other clones has found.
#[derive(Debug)]
pub(super) struct Compared {
    /// What is to be said when the run is over.
    pub(super) reminder: Reminder,
    /// What may go wrong, and what to do about it.
    pub(super) warnings: Vec<(String, String)>,
}

impl Compared {
    /// Nothing may go wrong.
    fn well(reminder: Reminder) -> Self {
        Self { reminder, warnings: Vec::new() }
    }

    /// Something may go wrong.
    fn warned(reminder: Reminder, words: String, remedy: String) -> Self {
        Self { reminder, warnings: vec![(words, remedy)] }
    }
}

/// Makes sure that this clone knows what others have pushed, as far as that was fetched, and warns of what others
/// cannot know. Where the gateway is the sandbox, or the ledger is elsewhere, there is nothing to compare.
///
/// # Errors
/// If another clone has sent what this one does not know of; if what was fetched tells nothing.
pub(super) fn compare(context: &Context, ledger: &Ledger, output: &Output) -> Result<Reminder, Failure> {
    let Compared { reminder, warnings } = look(context, ledger)?;
    for (words, remedy) in warnings {
        output.tell(&format!("! {words}\n  {remedy}\n"));
    }
    Ok(reminder)
}

/// Compares as [`compare`] does, and gives back what there is to say.
///
/// # Errors
/// As [`compare`].
pub(super) fn look(context: &Context, ledger: &Ledger) -> Result<Compared, Failure> {
    let Some(file) = file(context) else { return Ok(Compared::well(Reminder::Nothing)) };
    let expected = expected_by_anybody(context)?;
    let Some(upstream) = context.gateway.ledger.upstream(ledger, &expected) else {
        return Ok(Compared::well(Reminder::Nothing));
    };
    match upstream {
        Upstream::NoWorkTree => Ok(Compared::well(Reminder::Nothing)),
        Upstream::Silent(silence) => Err(untold(&silence)),
        Upstream::Ignored => Ok(Compared::warned(
            Reminder::Nothing,
            format!("git ignores {}, so no other clone learns what is sent here", file.path),
            format!("which rule does that: `{} check-ignore -v {}`", file.git, file.path),
        )),
        Upstream::NoRemote => Ok(Compared::well(Reminder::Commit)),
        Upstream::NeverFetched { remotes } => {
            let names = harmless(&remotes.join(", "), LineFeeds::Escape);
            Ok(Compared::warned(
                Reminder::CommitAndPush,
                format!("nothing that was fetched from {names} tells what other clones have sent"),
                format!("to find out: {}", to_find_out(&file, &remotes)),
            ))
        }
        Upstream::Fetched { branches, unpushed } => {
            check(&file, &branches)?;
            let (seen, not_here): (Vec<_>, Vec<_>) =
                branches.iter().partition(|branch| branch.lockfile != FetchedLockfile::NotHere);
            let mut compared = Compared::well(Reminder::CommitAndPush);
            compared.warnings.extend(not_here.into_iter().map(|FetchedBranch { name, .. }| {
                let words = format!("the lockfile of {name} is not all in this clone, so it was not compared with it");
                (words, format!("to have it here: `{} fetch --refetch --no-filter`", file.git))
            }));
            if !seen.is_empty() && unpushed.claims + unpushed.outcomes > 0 {
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
                let words = format!(
                    "{names}, as fetched last, {what} {more} of this lockfile: another clone would send that again"
                );
                compared.warnings.push((words, format!("before anybody else sends: {}", file.publish())));
            }
            Ok(compared)
        }
    }
}

/// What a lockfile was like at some time; nothing, if there was none that git may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LockfileStamp(Option<u64>);

impl LockfileStamp {
    /// Takes it.
    pub(super) fn of(context: &Context) -> Self {
        let LedgerLocation::Lockfile(paths) = &context.gateway.ledger else { return Self(None) };
        let text = || {
            let mut reader = BufReader::new(regular::open_to_read(&paths.lockfile, Links::Refused).ok()?);
            let mut hasher = DefaultHasher::new();
            loop {
                let part = reader.fill_buf().ok()?;
                if part.is_empty() {
                    return Some(hasher.finish());
                }
                hasher.write(part);
                let length = part.len();
                reader.consume(length);
            }
        };
        Self(if context.gateway.is_sandbox() { None } else { text() })
    }
}

/// Says what is to be done with the lockfile if it is not as it was `before` the run.
pub(super) fn remind(context: &Context, reminder: Reminder, before: LockfileStamp, output: &Output) {
    let Some(TypedGit { path, .. }) = file(context) else { return };
    if LockfileStamp::of(context) == before {
        return;
    }
    match reminder {
        Reminder::Nothing => {}
        Reminder::Commit => output.tell(&format!("commit {path}: it is what tells who has their message\n")),
        Reminder::CommitAndPush => {
            output.tell(&format!("commit and push {path}: another clone sends again what it does not know of\n"));
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
    let failure = Failure::new(Exit::Ledger, harmless(&message, LineFeeds::Escape));
    failure
        .hint("nothing was sent, because somebody could get a message twice")
        .hint(silence.hint().unwrap_or_default())
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
    let TypedGit { git, path, .. } = file;
    let message = format!("another clone has sent what this one does not know of: {}", list(&has));
    let mut failure = Failure::new(Exit::Ledger, message);
    for (name, _, is_merged) in lacking {
        failure = failure.hint(if *is_merged {
            format!(
                "nothing was sent: {name} is merged here, but the lockfile was taken back to an older one since; take \
                 in what it lacks: {}",
                file.import(name)
            )
        } else {
            format!(
                "nothing was sent: take it in with `{git} merge {}`; before that, what is not committed here yet: \
                 `{git} add {path}`, `{git} commit -m \"What was sent here\"`",
                shell_quote::word(name)
            )
        });
    }
    failure.hint("then run the same command again: it sends to whoever is left")
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
    Failure::new(Exit::Ledger, message)
        .hint(format!(
            "nothing was sent, because it may tell of what another clone has sent: see `{git} log -p {name} -- {path}`"
        ))
        .hint(format!("if this one is the right one: {keep}"))
}

/// The lockfile, if it is one that git may keep.
fn file(context: &Context) -> Option<TypedGit> {
    let LedgerLocation::Lockfile(paths) = &context.gateway.ledger else { return None };
    (!context.gateway.is_sandbox()).then(|| TypedGit::of(&paths.lockfile))
}
