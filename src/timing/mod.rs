//! Instants, zones, speed, windows and horizons. Pure: `now` reaches it as a value, and the time
//! zones are those that are compiled in, never the machine's.

pub mod horizon;
mod local;
mod pace;
mod window;
mod words;
mod zone;

pub use local::{ChangeKind, ClockChange, IfAmbiguous, resolve};
pub use pace::Pace;
pub use window::{Missed, is_open, local_hours, misses, next_open};
pub use words::{both_clocks, duration, utc};
pub use zone::{similar_zones, zone, zone_names};
