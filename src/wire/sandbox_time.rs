//! How the sandbox tells its time with every answer: its clock to the millisecond, and how fast that runs.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The header that the sandbox tells its time in.
pub const SANDBOX_TIME_HEADER: &str = "x-sendform-sandbox-time";
/// The path at which the sandbox tells its state, and with that the time.
pub const SANDBOX_STATE_PATH: &str = "/sandbox/state";

/// What a sandbox's clock says, and how it goes on. Written `2026-11-30T12:00:00.25Z 60`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxTime {
    /// The time.
    pub now: Timestamp,
    /// How many of its seconds pass in a second of real time; 0 while it stands still.
    pub speed: u32,
}

impl SandboxTime {
    /// Reads what a sandbox has written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (now, speed) = text.split_once(' ')?;
        Some(Self { now: now.parse().ok()?, speed: speed.parse().ok()? })
    }

    /// What the clock says after some real time, if nobody sets it meanwhile.
    #[must_use]
    pub fn after(self, real: Duration) -> Timestamp {
        let real = SignedDuration::try_from(real).unwrap_or(SignedDuration::MAX);
        let passed = i32::try_from(self.speed).ok().and_then(|speed| real.checked_mul(speed));
        self.now.checked_add(passed.unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for SandboxTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.now, self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_was_written_and_nothing_else_is() {
        for text in ["2026-11-30T12:00:00Z 1", "2026-11-30T12:00:00.25Z 0", "1969-12-31T23:59:59.999Z 1000000"] {
            assert_eq!(SandboxTime::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "1", "2026-11-30T12:00:00Z", "2026-11-30T12:00:00Z -1", "2026-11-30 1", "soon 1"] {
            assert_eq!(SandboxTime::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_clock_goes_on_at_its_speed_and_never_beyond_the_end_of_time() {
        let after = |speed, real| SandboxTime { now: Timestamp::UNIX_EPOCH, speed }.after(real).as_millisecond();
        assert_eq!([0, 1, 3600].map(|speed| after(speed, Duration::from_millis(1500))), [0, 1500, 5_400_000]);
        assert_eq!(after(1_000_000, Duration::MAX), Timestamp::MAX.as_millisecond());
    }
}
