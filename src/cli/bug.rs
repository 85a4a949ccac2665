//! What a person sees of a bug: where it is, and never what it was about, which may be somebody's
//! data.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use super::exit::Exit;
use super::output::tell;
use crate::render::is_guarded;

/// Runs a command; a panic, in whatever thread, is told by its place alone and ends it as a bug.
pub(super) fn guarded(command: impl FnOnce() -> Exit) -> Exit {
    panic::set_hook(Box::new(|info| {
        if !is_guarded() {
            tell(&words(info));
        }
    }));
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or(Exit::Bug)
}

fn words(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    format!(
        "error: this is a bug in sendform {}{place}\n  hint: please report it with this line and the command; \
         what was claimed and not settled is in doubt, and `sendform status` lists it\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use std::panic;
    use std::sync::Mutex;

    use super::words;

    #[test]
    fn a_bug_is_told_without_what_it_was_about() {
        static TOLD: Mutex<String> = Mutex::new(String::new());
        let before = panic::take_hook();
        panic::set_hook(Box::new(|info| {
            if info.location().is_some_and(|place| place.file() == file!()) {
                *TOLD.lock().unwrap() = words(info);
            }
        }));
        let result = panic::catch_unwind(|| panic!("17841400000000001"));
        panic::set_hook(before);
        assert!(result.is_err());
        let told = TOLD.lock().unwrap().clone();
        assert!(told.contains("src/cli/bug.rs:"), "{told}");
        assert!(!told.contains("1784"), "{told}");
    }
}
