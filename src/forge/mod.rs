//! The forge: where the project's repository, its pull requests and its CI runs are. What a run of CI says of itself,
//! the event that it runs for, the forge's API, and the way from a merged commit to the plan that was reviewed. Prints
//! nothing.
//!
//! The forge's token is a secret like the gateway's API key: it is sent to the forge's own host only, over https or on
//! this machine, and no redirect takes it along.

pub mod approvals;
pub mod binding;
pub mod event;
pub mod facts;
pub mod marker;
pub mod runner;

mod client;
mod commit_id;
mod error;
mod fields;
#[cfg(test)]
mod fixture;
mod github;
mod gitlab;
mod gitlab_runner;
mod http;
mod kind;
mod plan_name;
mod repository_name;
mod unbound;
mod unpack;
mod variables;

pub use client::{BindError, ForgeClient, NamedPlan};
pub use commit_id::CommitId;
pub use error::{ForgeError, ForgeErrorKind, Permission};
pub use fields::FieldError;
pub use github::GitHub;
pub use gitlab::{GitLab, SourceError};
pub use gitlab_runner::{GitLabRunner, MergeRequestVariables, PlannedCommit};
pub use http::ForgeClientError;
pub use kind::ForgeKind;
pub use plan_name::PlanName;
pub use repository_name::RepositoryName;
pub use unbound::{Unbound, Uncounted, UncountedWhy};
pub use unpack::{UnpackError, unpack};
pub use variables::VariableProblem;
