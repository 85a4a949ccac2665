//! How a clock is changed by hand.

use jiff::{SignedDuration, Timestamp};

use super::{LAST, Speed, later, whole_ms};

/// A change of a clock. What is absent stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockSetting {
    /// The time that it is to be.
    pub now: Option<Timestamp>,
    /// By how much it is moved forward.
    pub advance: Option<SignedDuration>,
    /// How fast it is to run.
    pub speed: Option<Speed>,
    /// Whether it is to stand still.
    pub stopped: Option<bool>,
}

/// Why a clock is not changed; nothing happens to it then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockRefusal {
    /// It would go back.
    Back,
    /// It is to be at one time and moved by another.
    Twice,
    /// It would come to the end of all time.
    TooFar,
}

/// From when to when a clock was moved; they are the same if only its speed was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// What it showed.
    pub from: Timestamp,
    /// What it shows.
    pub to: Timestamp,
}

impl ClockSetting {
    /// A change to a time.
    #[must_use]
    pub fn to(now: Timestamp) -> Self {
        Self { now: Some(now), ..Self::default() }
    }

    /// The time to which a clock is moved that shows another one.
    pub(super) fn target(&self, from: Timestamp) -> Result<Timestamp, ClockRefusal> {
        let to = match (self.now, self.advance) {
            (None, None) => from,
            (Some(now), None) => whole_ms(now),
            (None, Some(advance)) => whole_ms(later(from, advance)),
            (Some(_), Some(_)) => return Err(ClockRefusal::Twice),
        };
        match to {
            _ if to < from => Err(ClockRefusal::Back),
            _ if to > LAST => Err(ClockRefusal::TooFar),
            _ => Ok(to),
        }
    }
}
