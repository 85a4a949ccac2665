//! A lockfile that a project's ledger was moved away from without what it tells: nothing is planned or sent before that
//! is carried over.

use crate::ledger::Ledger;
use crate::report::failure_code::FailureCode;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::words::plural;
use crate::store::{BackendError as _, Beside, LeftBehind, LeftClaims, Paths, StoreError, TypedGit, left_behind};

use super::clones::not_here_words;
use super::context::Context;
use super::failure::Failure;
use super::output::Output;
use super::shell_quote;
use super::store::expected_by_anybody;

/// Makes sure that no lockfile beside the project has claims which its ledger lacks; without a ledger, that none has
/// any. Where the ledger is the lockfile, or the sandbox's, there is nothing to compare. Says what could not be looked
/// at.
///
/// # Errors
/// If one has, or cannot be read.
pub(super) fn check(context: &Context, ledger: Option<&Ledger>, output: &Output) -> Result<(), Failure> {
    let Some((Beside { left, not_here, silence }, file)) = look(context, ledger)? else { return Ok(()) };
    if let Some(left) = left {
        return Err(refusal(&left, &file, context));
    }
    if let Some(silence) = silence {
        let words = harmless(&silence.to_string(), LineFeeds::Escape);
        output.tell(&format!("! whether a lockfile has claims that this ledger lacks cannot be told: {words}\n"));
        output.tell(&format!("  {}\n", silence.hint().unwrap_or_default()));
    }
    for commit in not_here {
        let (words, remedy) = not_here_words(&file, &commit);
        output.tell(&format!("! {words}\n  {remedy}\n"));
    }
    Ok(())
}

/// Says of a ledger that could not be opened that it is missing because a lockfile was not carried over, if that is so.
pub(super) fn explain(context: &Context, error: StoreError) -> Failure {
    let found = if error.is_missing() { look(context, None).ok().flatten() } else { None };
    match found {
        Some((Beside { left: Some(left), .. }, file)) => refusal(&left, &file, context),
        Some(_) | None => error.into(),
    }
}

fn look(context: &Context, ledger: Option<&Ledger>) -> Result<Option<(Beside, TypedGit)>, Failure> {
    if context.gateway.is_sandbox() || context.gateway.ledger.is_on_this_disk() {
        return Ok(None);
    }
    let paths = Paths::of_project(&context.home.dir);
    let expected = expected_by_anybody(context)?;
    let beside = tokio::task::block_in_place(|| left_behind(&paths, ledger, &expected));
    Ok(Some((beside, TypedGit::of(&paths.lockfile))))
}

fn refusal(left: &LeftBehind, file: &TypedGit, context: &Context) -> Failure {
    let home = context.gateway.ledger.place();
    let of = left.commit.as_ref().map_or_else(String::new, |commit| format!(" of `{commit}`"));
    let path = &file.path;
    let bring = left.commit.as_ref().map(|commit| bring(file, commit));
    match &left.tells {
        LeftClaims::Unreadable { why } => {
            let why = harmless(why, LineFeeds::Escape);
            let message =
                format!("the lockfile `{path}`{of} may tell of what `{home}` lacks, and cannot be read: {why}");
            Failure::new(FailureCode::LockfileLeftBehind, message)
                .hint(
                    "whoever it tells of would be sent to again: bring back its last good version from git, and \
                       `sendform ledger copy --from lockfile`",
                )
                .hint(away(file))
        }
        LeftClaims::Lacking { claims, gateway, moved_to } => {
            let claims = plural(*claims as u64, "claim");
            let message = format!("the lockfile `{path}`{of} has {claims} of this project that `{home}` lacks");
            let failure = Failure::new(FailureCode::LockfileLeftBehind, message);
            let failure = if *gateway != context.gateway.name {
                failure.hint(format!(
                    "they were made for the gateway `{gateway}`; if that is the same account under another name: \
                     say `state: {{ in: lockfile }}`, and `sendform ledger rebind --gateway {}`, before the ledger is \
                     moved",
                    shell_quote::word(gateway)
                ))
            } else if let Some(place) = moved_to.as_ref().filter(|place| **place != home) {
                let place = harmless(place, LineFeeds::Escape);
                failure.hint(format!(
                    "their people would be sent to again. It was moved to {place}: bring the ledger from there with \
                     `sendform ledger copy --from …`, which names that home"
                ))
            } else {
                let first = bring.map(|bring| format!("{bring}, then ")).unwrap_or_default();
                failure.hint(format!(
                    "their people would be sent to again: carry them over with {first}`sendform ledger copy --from \
                     lockfile`"
                ))
            };
            failure.hint(away(file))
        }
    }
}

/// How the lockfile of a commit comes into the folder.
fn bring(file: &TypedGit, commit: &str) -> String {
    if commit == "HEAD" { file.checkout(commit) } else { format!("`{} merge {}`", file.git, shell_quote::word(commit)) }
}

/// What to do with a lockfile that is nobody's any more.
fn away(TypedGit { git, path, .. }: &TypedGit) -> String {
    format!(
        "only if what it tells is of no message any more: `{git} mv {path} {path}.old`, commit and push that, in each \
         branch that has it"
    )
}
