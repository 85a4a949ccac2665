//! Both interrupts: the first is told to whoever waits for it, the second ends the process at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Exit;
use super::output::tell;

/// Waits for the first SIGINT or SIGTERM; from then on the second one ends the process.
pub(super) async fn first() {
    next("no new requests; those in flight have 6 seconds to end (again to leave at once)").await;
}

/// The same for a run that sends nothing, and can end at any time.
pub(super) async fn asked_to_end() {
    next("what was found is kept (again to leave at once)").await;
}

/// Waits for the first signal, and tells what it does.
async fn next(words: &str) {
    let (Ok(interrupt), Ok(terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        // Without handlers a signal ends the process by itself.
        return std::future::pending().await;
    };
    let mut signals = Signals { interrupt, terminate };
    signals.next().await;
    tell(&format!("\ninterrupted: {words}\n"));
    tokio::spawn(async move {
        signals.next().await;
        leave();
    });
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[expect(clippy::exit, reason = "the second interrupt leaves at once: what is open stays in doubt")]
fn leave() -> ! {
    std::process::exit(i32::from(Exit::Declined.code()))
}
