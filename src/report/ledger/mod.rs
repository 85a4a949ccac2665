//! What the commands of `ledger` say.

pub mod delta;
pub mod import;
pub mod rebind;
pub mod recover;
pub mod setup;
pub mod trust;
pub mod verify;
