//! Who has the sandbox's books open: one sandbox on its own, or commands with one inside, side by side. Two that serve
//! the same books would have two clocks, and post everything twice.

use std::path::Path;

use crate::report::failure_code::FailureCode;
use crate::store::{Hold, Holder, StoreError};

use super::failure::Failure;

/// Holds the books for a sandbox on its own.
///
/// # Errors
/// If somebody has them, or they cannot be locked.
pub(super) fn alone(books: &Path) -> Result<Hold, Failure> {
    Hold::alone(books, "sendform sandbox").map_err(|error| {
        refused(&error, books).hint("stop it first, or give this one books of its own: `sendform sandbox --books FILE`")
    })
}

/// Holds the books for a sandbox inside a command.
///
/// # Errors
/// If a sandbox on its own has them, or they cannot be locked.
pub(super) fn beside_others(books: &Path) -> Result<Hold, Failure> {
    Hold::beside_others(books, "--sandbox").map_err(|error| {
        refused(&error, books)
            .hint("stop it first, or talk to it: leave `--sandbox` out, and set SENDFORM_BASE_URL to where it listens")
    })
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
