//! The integration tests of sendform: one binary.

#![expect(clippy::panic, reason = "a panic in a test is a failed test")]

mod architecture;
mod crash;
mod faults;
mod identity;
mod interrupts;
mod support;
