//! The clock of a run.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::Clock;
use crate::gateway::SystemClock;

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

    fn elapsed(&self) -> Duration {
        self.system.elapsed()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        self.system.sleep(time)
    }
}
