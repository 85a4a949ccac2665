//! What a person sees of a bug: where it is, and never what it was about, which may be somebody's
//! data.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;
use super::failure::Failure;
use super::output::tell;
use crate::render::is_guarded;
use crate::report::failure_code::FailureCode;

/// How a panic begins that says that no thread could be started: of tokio, of the standard library and
/// of our own. The system has no room for it, which is no bug.
const NO_THREAD: [&str; 3] = ["OS can't spawn worker thread", "failed to spawn thread", "a thread can be started"];

static HAS_NO_THREAD: AtomicBool = AtomicBool::new(false);
static IS_STARTING: AtomicBool = AtomicBool::new(false);

/// Starts the threads of a command. tokio waits for ever for those that it has if it does not get them all:
/// then the process ends at once, before anything was done.
pub(super) fn starting<Out>(start: impl FnOnce() -> Out) -> Out {
    IS_STARTING.store(true, Ordering::Relaxed);
    let started = start();
    IS_STARTING.store(false, Ordering::Relaxed);
    started
}

/// Runs a command; a panic, in whatever thread, is told by its place alone and ends it as a bug, of which machines are
/// told by `document`.
pub(super) fn guarded(command: impl FnOnce() -> Exit, document: impl FnOnce() -> Exit) -> Exit {
    panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or_default();
        if NO_THREAD.iter().any(|beginning| text.starts_with(beginning)) {
            if !HAS_NO_THREAD.swap(true, Ordering::Relaxed) {
                tell(NO_ROOM);
            }
            if IS_STARTING.load(Ordering::Relaxed) {
                leave();
            }
        } else if !is_guarded() {
            tell(&words(info));
        }
    }));
    let ended = panic::catch_unwind(AssertUnwindSafe(command));
    let is_unwound = ended.is_err();
    let exit = ended.unwrap_or(Exit::Bug);
    // What ended as a bug because of it is none.
    if exit == Exit::Bug && HAS_NO_THREAD.load(Ordering::Relaxed) {
        Exit::Environment
    } else if is_unwound {
        document()
    } else {
        exit
    }
}

/// What a document says of a bug: not where it is, which standard error has.
#[must_use]
pub(super) fn failure() -> Failure {
    Failure::new(FailureCode::Bug, format!("this is a bug in sendform {}", env!("CARGO_PKG_VERSION")))
        .hint("please report it with the line on standard error and the command")
        .hint("what was claimed and not settled is in doubt, and `sendform status` lists it")
}

#[expect(clippy::exit, reason = "nothing has begun, and unwinding would never end")]
fn leave() {
    std::process::exit(i32::from(Exit::Environment.code()));
}

/// What is told when the system gives no thread.
const NO_ROOM: &str = "error: a thread cannot be started: the system has no room for one more\n  hint: see the limits of \
                       processes (`ulimit -u`) and memory (`ulimit -v`), or of the container\n";

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
        assert!(told.contains("src/cli/panic_hook.rs:"), "{told}");
        assert!(!told.contains("1784"), "{told}");
    }
}
