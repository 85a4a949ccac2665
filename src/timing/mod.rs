//! Instants, zones, speed, windows and horizons. Pure: `now` reaches it as a value, and the time
//! zones are those that are compiled in, never the machine's.

mod abbreviation;
mod advice;
mod foreign;
pub mod horizon;
mod instant;
mod length;
mod local;
mod loosely;
mod offset;
mod pace;
mod passage;
mod place;
mod slip;
mod window;
mod words;
mod zone;

pub use advice::{ZoneAdvice, is_meant_as_zone, no_zone, zone_advice};
pub use instant::{InstantError, read_instant};
pub use length::{WrongDuration, read_duration, read_duration_in};
pub use local::{ChangeKind, ClockChange, IfAmbiguous, resolve};
pub use pace::Pace;
pub use passage::{Departure, Departures, Expires, Passage};
pub use slip::{duration_slip, instant_slip, local_slip};
pub use window::{days_and_hours, is_open, local_hours, next_close, next_open};
pub use words::{both_clocks, duration, utc};
pub use zone::{zone, zone_names};
