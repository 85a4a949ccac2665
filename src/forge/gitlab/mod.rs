//! GitLab's REST API, as far as plans need it: each call says which scope and role it needs.

mod approvals;
mod bind;
mod branches;
mod client;
mod commits;
mod event;
mod jobs;
mod merge_requests;
mod notes;
mod pipelines;

pub use client::GitLab;
pub(super) use client::READ;
pub use event::SourceError;
