//! Who has the sandbox's books open: one sandbox on its own, or commands with one inside, side by side. Two that serve
//! the same books would have two clocks, and post everything twice.

use std::path::Path;

use crate::report::failure_code::FailureCode;
use crate::sandbox::error::{SandboxError, Stranger};
use crate::sandbox::store::check_file;
use crate::store::{Hold, Holder, StoreError};

use super::failure::Failure;
use super::shell_quote::word;

/// Holds the books for a sandbox on its own.
///
/// # Errors
/// If they are no books, or somebody has them, or they cannot be locked.
pub(super) fn alone(books: &Path) -> Result<Hold, Failure> {
    const OTHER_BOOKS: &str = "give this one books of its own: `sendform sandbox --books FILE`";
    check(books, OTHER_BOOKS)?;
    Hold::alone(books, "sandbox").map_err(|error| {
        let first = if is_held(&error) { "stop it first, or " } else { "" };
        refused(&error, books).hint(format!("{first}{OTHER_BOOKS}"))
    })
}

/// Holds the books for a sandbox inside a command.
///
/// # Errors
/// If they are no books, or a sandbox on its own has them, or they cannot be locked.
pub(super) fn beside_others(books: &Path) -> Result<Hold, Failure> {
    check(books, "move it away: the sandbox makes its books itself there")?;
    Hold::beside_others(books, "--sandbox").map_err(|error| {
        let failure = refused(&error, books);
        if !is_held(&error) {
            return failure;
        }
        failure
            .hint("stop it first, or talk to it: leave `--sandbox` out, and set SENDFORM_BASE_URL to where it listens")
    })
}

/// Makes sure that a file is the sandbox's books, or can become them, before a lock is made beside it. What is to be done
/// about one that is something else is said by whoever calls.
fn check(books: &Path, about_foreign: &str) -> Result<(), Failure> {
    check_file(books).map_err(|error| {
        let failure = Failure::new(FailureCode::Environment, "the sandbox cannot be started").because(&error);
        if let SandboxError::NoFolder { folder, .. } = &error {
            let folder = word(&folder.display().to_string());
            return failure.hint(format!("make it, if that is what you mean: `mkdir -p {folder}`"));
        }
        let is_ours = matches!(error, SandboxError::Foreign { stranger: Stranger::OtherVersion, .. });
        if is_ours { failure } else { failure.hint(about_foreign) }
    })
}

fn is_held(error: &StoreError) -> bool {
    matches!(error, StoreError::Held { .. })
}

fn refused(error: &StoreError, books: &Path) -> Failure {
    let books = books.display();
    if let StoreError::Held { holder } = error {
        let holder = holder.as_ref().map_or_else(|| "another process".to_owned(), Holder::to_string);
        let message = format!("the sandbox's books `{books}` are held by {holder}");
        return Failure::new(FailureCode::Environment, message);
    }
    Failure::new(FailureCode::Environment, format!("the sandbox's books `{books}` cannot be locked")).because(error)
}
