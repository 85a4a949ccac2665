//! The clock of a run.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::Clock;

use super::world::World;

/// Tells the time of day by the gateway's side of things (the sandbox has its own), and the time
/// since the run began by the time since the machine was booted, which goes on while it sleeps.
pub struct RunClock {
    world: Arc<World>,
    began: Duration,
}

impl RunClock {
    /// Begins a run.
    #[must_use]
    pub fn new(world: Arc<World>) -> Self {
        Self { world, began: since_boot() }
    }
}

impl Clock for RunClock {
    fn now(&self) -> Timestamp {
        self.world.gateway.now()
    }

    fn elapsed(&self) -> Duration {
        since_boot().saturating_sub(self.began)
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}
