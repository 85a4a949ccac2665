//! The clock of a run: the machine's, but for the time of day, which is a sandbox's where one is believed.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::Clock;
use crate::gateway::SystemClock;
use crate::wire::sandbox_time::SandboxTime;

use super::context::Context;

/// The machine's clocks, but for the time of day, which is the gateway's: the sandbox has its own.
#[derive(Clone)]
pub(super) struct RunClock {
    context: Arc<Context>,
    system: SystemClock,
}

impl RunClock {
    /// Begins a run.
    #[must_use]
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context, system: SystemClock::start() }
    }
}

impl Clock for RunClock {
    fn now(&self) -> Timestamp {
        self.context.gateway.now()
    }

    fn machine_now(&self) -> Option<Timestamp> {
        self.context.gateway.machine_now()
    }

    fn hears(&self, said: SandboxTime, after: Duration) -> bool {
        if let Some(clock) = self.context.gateway.followed() {
            clock.hears(said, after);
        }
        self.context.gateway.has_sandbox_time()
    }

    fn finds_nobody(&self) {
        if let Some(clock) = self.context.gateway.followed() {
            clock.is_gone();
        }
    }

    async fn look(&self) {
        if let Some(clock) = self.context.gateway.followed() {
            clock.look().await;
        }
    }

    fn elapsed(&self) -> Duration {
        self.system.elapsed()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        self.system.sleep(time)
    }
}
