//! The integration tests of sendform: one binary.

#![expect(clippy::panic, reason = "a panic in a test is a failed test")]
#![expect(clippy::indexing_slicing, reason = "an index that leads nowhere is a failed test")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod architecture;
mod canary;
mod cases;
mod ci_plan;
mod clocks;
mod codes;
mod command_line;
mod completions;
mod damage;
mod dependencies;
mod doctor;
mod documents;
mod doubts;
mod events;
mod failure_codes;
mod faults;
mod forge;
mod forms;
mod frozen;
mod generated;
mod genuine;
mod git_store;
mod gitlab;
mod identity;
mod init;
mod interrupts;
mod job_token;
mod journey;
mod ledger;
mod moved;
mod openapi;
mod opt_outs;
mod overview;
mod own_files;
mod paths;
mod pieces;
mod plan;
mod postgres_store;
mod prompt;
mod readme;
mod recorded;
mod sandbox;
mod sandbox_time;
mod settling;
mod stop_after;
mod stores;
mod support;
mod sweep;
mod terminal;
mod torture;
mod twice;
mod validate;
mod webhooks;
mod witness;
