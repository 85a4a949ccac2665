//! The interrupts of a run: SIGINT and SIGTERM, as terminals and runners of CI send them.
//!
//! Until something may have been claimed the first one ends the process at once. Afterwards the first
//! is told to whoever waits for it, and the second to those who leave at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::report::failure_code::FailureCode;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, break_line, tell};

/// How long a run that leaves at once may take to say how things stand.
const LAST_WORDS: Duration = Duration::from_millis(2_200);

/// Waits for the first; from then on the second one ends the process at once.
pub(super) async fn first() {
    let Some(mut signals) = Signals::listen() else { return std::future::pending().await };
    signals.next().await;
    tokio::spawn(async move {
        signals.next().await;
        leave(Exit::Declined);
    });
}

/// What has been asked of this run so far.
#[derive(Debug, Clone)]
pub(super) struct SignalWatch {
    count: watch::Receiver<u8>,
    /// Whether something may have been claimed.
    is_sending: Arc<Mutex<bool>>,
    /// How the process ends if nobody waits for it any more.
    exit: Arc<Mutex<Exit>>,
}

impl SignalWatch {
    /// Listens from now on.
    #[must_use]
    pub(super) fn listen(output: &Output) -> Self {
        let (counter, count) = watch::channel(0);
        let interrupts = Self { count, is_sending: Arc::default(), exit: Arc::new(Mutex::new(Exit::Declined)) };
        // Without handlers a signal ends the process by itself.
        if let Some(signals) = Signals::listen() {
            tokio::spawn(interrupts.clone().count_up(signals, counter, output.clone()));
        }
        interrupts
    }

    /// From now on it is known how the process ends, even if it is not let to.
    pub(super) fn ends_with(&self, exit: Exit) {
        *self.exit.lock().unwrap_or_else(PoisonError::into_inner) = exit;
    }

    /// From now on something may have been claimed, and the run ends in order.
    pub(super) fn sending(&self) {
        *self.is_sending.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Waits for the first.
    pub(super) fn first(&self) -> impl Future<Output = ()> + Send + use<> {
        self.clone().wait(1)
    }

    /// Waits for the second.
    pub(super) fn second(&self) -> impl Future<Output = ()> + Send + use<> {
        self.clone().wait(2)
    }

    async fn wait(mut self, wanted: u8) {
        if self.count.wait_for(|count| *count >= wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn count_up(self, mut signals: Signals, counter: watch::Sender<u8>, output: Output) {
        signals.next().await;
        {
            let is_sending = self.is_sending.lock().unwrap_or_else(PoisonError::into_inner);
            if !*is_sending {
                // The lock keeps the run from claiming anything now.
                let failure = Failure::new(FailureCode::Interrupted, "interrupted: nothing was sent");
                break_line();
                leave(output.last_word(&failure));
            }
        }
        tell("\ninterrupted: no new requests; those in flight have 6 seconds to end (again to leave at once)\n");
        counter.send_replace(1);
        signals.next().await;
        counter.send_replace(2);
        tokio::time::sleep(LAST_WORDS).await;
        let exit = *self.exit.lock().unwrap_or_else(PoisonError::into_inner);
        leave(exit);
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Option<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        Some(Self { interrupt: interrupt.ok()?, terminate: terminate.ok()? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[expect(clippy::exit, reason = "who is interrupted twice leaves at once: what is open stays in doubt")]
fn leave(exit: Exit) -> ! {
    std::process::exit(i32::from(exit.code()))
}
