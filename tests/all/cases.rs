//! Inputs of the kinds that people bring, by the real binary, each with the right outcome.

mod copied;
mod flows;
mod handed_over;
mod local_times;
mod reports;
