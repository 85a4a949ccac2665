//! What the gateway posts by itself: which reports go where, when, in which form, how often it is tried, and
//! whether it may go there at all. Pure: the time, the bulks and what a receiver answered come in as values.

pub mod agenda;
pub mod batch;
pub mod body;
pub mod inbound;
pub mod push;
pub mod reach;
pub mod retry;

#[cfg(test)]
mod tests;
