//! The integration tests of sendform: one binary.

#![expect(clippy::panic, reason = "a panic in a test is a failed test")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod architecture;
mod canary;
mod generated;
mod init;
mod paths;
mod plan;
#[expect(dead_code, unused_imports, reason = "the tests of the commands, which use all of it, come with the commands")]
mod support;
mod validate;
