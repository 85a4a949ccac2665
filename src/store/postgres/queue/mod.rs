//! The plan that runs share: its bulks, their times, and the queue that an open ledger gives out of them.

pub(super) mod bulks;
mod plan_queue;
mod send_times;
