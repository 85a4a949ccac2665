//! A merged pull request with its run and its plan, for the tests of this room.

use jiff::Timestamp;

use super::commit_id::CommitId;
use super::facts::{Artifact, Pull, WorkflowRun};

pub(super) const WORKFLOW: &str = ".github/workflows/campaigns.yml";
pub(super) const REPOSITORY: u64 = 42;
pub(super) const PLAN: &str = "sendform-acme-shop-00112233445566778899aabbccddeeff.plan";

/// A commit of one digit.
pub(super) fn commit(digit: &str) -> CommitId {
    CommitId::parse(&digit.repeat(40)).expect("a commit")
}

/// A time of a day.
pub(super) fn at(time: &str) -> Timestamp {
    format!("2026-11-30T{time}:00Z").parse().expect("a time")
}

/// Pull request 7 of `ana`: its head is 1, and it came to `main` as 3 at noon.
pub(super) fn pull() -> Pull {
    Pull {
        number: 7,
        head: commit("1"),
        head_repository: Some(REPOSITORY),
        base_branch: "main".to_owned(),
        base: Some(commit("0")),
        author: "ana".to_owned(),
        merged_at: Some(at("12:00")),
        merge_commit: Some(commit("3")),
        is_open: false,
    }
}

/// The run that planned it at eleven.
pub(super) fn run() -> WorkflowRun {
    WorkflowRun {
        id: 70,
        path: WORKFLOW.to_owned(),
        event: "pull_request".to_owned(),
        head: commit("1"),
        head_repository: Some(REPOSITORY),
        status: "completed".to_owned(),
        conclusion: Some("success".to_owned()),
        created_at: at("11:00"),
        started_at: at("11:00"),
        attempt: 1,
        page: "https://github.com/acme/shop/actions/runs/70".to_owned(),
    }
}

/// The plan that it left.
pub(super) fn artifact() -> Artifact {
    Artifact { id: 700, name: PLAN.to_owned(), bytes: 1000, is_expired: false, created_at: at("11:01"), run: Some(70) }
}
