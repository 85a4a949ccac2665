//! The journal of requests: every one to the API, those that were refused too, with what came of it and why.

pub mod entry;
pub(super) mod recording;
