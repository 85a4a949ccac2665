//! The integration tests of sendform: one binary.

#![expect(clippy::panic, reason = "a panic in a test is a failed test")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod architecture;
mod crash;
mod faults;
mod identity;
mod init;
mod interrupts;
mod paths;
mod readme;
mod support;
mod validate;
