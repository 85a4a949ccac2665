//! The net under the engine: a panic in it is a failure of one template over one row, never the end of
//! the program.
//!
//! What is known to make it panic is refused or done by our own code; this is for what is not known.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is said of a template or expression in which the engine panicked.
pub(super) const ENGINE_FAILED: &str = "the template engine cannot work this out, and sendform caught its failure";

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is caught and told as a diagnostic, so that nobody else needs to
/// tell of it.
#[must_use]
pub fn is_guarded() -> bool {
    IS_GUARDED.get()
}

/// Does something with the engine; `None` if it panics. What was half done must not be used again.
pub(super) fn guarded<Out>(work: impl FnOnce() -> Out) -> Option<Out> {
    let before = IS_GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(before);
    done.ok()
}

#[cfg(test)]
mod tests {
    use super::{guarded, is_guarded};

    #[test]
    fn a_panic_is_caught_and_nothing_else_is_changed() {
        assert_eq!(guarded(|| (1, is_guarded())), Some((1, true)));
        assert_eq!(guarded(|| guarded(|| ()).map(|()| is_guarded())), Some(Some(true)));
        assert_eq!(guarded(|| [1, 2].get(7).copied().expect("a bug in the engine")), None);
        assert!(!is_guarded());
    }
}
