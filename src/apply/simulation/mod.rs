//! A small world to run `apply` in: a clock that jumps, a store that dies or fails at a given
//! write, and a gateway that keeps books of whom it took. Everything is decided by the test; there
//! is no real time, no thread, no chance.

pub(super) mod clock;
mod conversation_windows;
mod driver;
mod elsewhere;
mod ends;
mod every_crash;
mod gateway;
mod halving;
mod history;
mod life;
mod opt_outs;
mod rejections;
mod shared;
mod stop_sign;
mod stopped;
mod store;
mod table;
mod undelivered;
pub(super) mod world;
