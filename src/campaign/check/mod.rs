//! From what is written to what can be trusted: the checks that no schema can make, over every part
//! that is whole. A part whose shape is wrong was reported before, and is passed over.

mod audience;
mod campaign;
mod content;
mod declared;
mod draft;
mod findings;
mod literal;
mod message;
mod path;
mod project;
mod schedule;
mod state;
mod stop_after;
mod time;
mod webhook;

pub(super) use campaign::campaign;
pub use declared::Declared;
pub(super) use findings::Findings;
pub(super) use project::project;
