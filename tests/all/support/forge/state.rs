//! What the forge knows, and the documents that it makes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::faults::ForgeFault;
use super::gitlab::GitLabState;

/// The number of its repository.
pub(crate) const REPOSITORY_ID: u64 = 42;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct ForgeRequest {
    /// `GET /repos/acme/shop/pulls?state=open`
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

/// A comment.
#[derive(Debug, Clone)]
pub(crate) struct FakeComment {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    /// Whether it is folded away.
    pub(crate) is_hidden: bool,
}

/// A pull request.
#[derive(Debug, Clone)]
pub(crate) struct FakePull {
    pub(crate) number: u64,
    pub(crate) head: String,
    pub(crate) head_repository: Option<u64>,
    pub(crate) base_branch: String,
    pub(crate) base: String,
    pub(crate) author: String,
    pub(crate) merged_at: Option<String>,
    pub(crate) merge_commit: Option<String>,
    pub(crate) is_open: bool,
}

/// A run of a workflow.
#[derive(Debug, Clone)]
pub(crate) struct FakeRun {
    pub(crate) id: u64,
    pub(crate) path: String,
    pub(crate) event: String,
    pub(crate) head: String,
    pub(crate) head_repository: Option<u64>,
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) created_at: String,
    pub(crate) started_at: String,
    pub(crate) attempt: u64,
}

/// A file that a run left.
#[derive(Debug, Clone)]
pub(crate) struct FakeArtifact {
    pub(crate) id: u64,
    pub(crate) run: u64,
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
    pub(crate) is_expired: bool,
    pub(crate) created_at: String,
}

/// A review.
#[derive(Debug, Clone)]
pub(crate) struct FakeReview {
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) kind: &'static str,
    pub(crate) state: &'static str,
    pub(crate) commit: String,
}

/// All that the forge knows.
#[derive(Debug)]
pub(crate) struct ForgeState {
    pub(crate) repository: PathBuf,
    /// Whose the token is.
    pub(crate) login: String,
    pub(crate) comments: Vec<FakeComment>,
    pub(crate) pulls: Vec<FakePull>,
    pub(crate) runs: Vec<FakeRun>,
    pub(crate) artifacts: Vec<FakeArtifact>,
    pub(crate) reviews: Vec<FakeReview>,
    /// What people may do: `admin`, `write`, `read`; whoever is not here has no access.
    pub(crate) access: BTreeMap<String, &'static str>,
    /// How many items a page has at most, whatever is asked for.
    pub(crate) page_items: usize,
    /// The rules of all branches, each with whether the token may go around it: `always`, `never`.
    pub(crate) rules: Vec<(&'static str, &'static str)>,
    /// Whether all branches are protected in the older way.
    pub(crate) is_protected: bool,
    /// Whether comments can be folded away here.
    pub(crate) hides: bool,
    /// Where redirects lead, if not back to it.
    pub(crate) elsewhere: Option<String>,
    pub(crate) faults: Vec<(String, ForgeFault)>,
    pub(crate) requests: Vec<ForgeRequest>,
    /// What only GitLab knows.
    pub(crate) gitlab: GitLabState,
    next: u64,
}

impl ForgeState {
    pub(super) fn new(repository: &Path) -> Self {
        Self {
            repository: repository.to_owned(),
            login: "github-actions[bot]".to_owned(),
            comments: Vec::new(),
            pulls: Vec::new(),
            runs: Vec::new(),
            artifacts: Vec::new(),
            reviews: Vec::new(),
            access: [("ana", "write"), ("ben", "write"), ("cleo", "admin"), ("dan", "read")]
                .map(|(name, access)| (name.to_owned(), access))
                .into(),
            page_items: 100,
            rules: Vec::new(),
            is_protected: false,
            hides: true,
            elsewhere: None,
            faults: Vec::new(),
            requests: Vec::new(),
            gitlab: GitLabState::default(),
            next: 1000,
        }
    }

    /// A number that nothing has yet.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Writes a comment as somebody, and gives its number.
    pub(crate) fn comment(&mut self, pull: u64, author: &str, body: &str) -> u64 {
        let id = self.number();
        let (author, body) = (author.to_owned(), body.to_owned());
        self.comments.push(FakeComment { id, pull, author, body, is_hidden: false });
        id
    }

    /// Leaves a file of a run.
    pub(crate) fn artifact(&mut self, id: u64, run: u64, name: &str, content: &[u8], created_at: &str) {
        self.artifacts.push(FakeArtifact {
            id,
            run,
            name: name.to_owned(),
            content: content.to_owned(),
            is_expired: false,
            created_at: created_at.to_owned(),
        });
    }

    /// The texts of a pull request's comments, in their order.
    pub(crate) fn texts(&self, pull: u64) -> Vec<String> {
        self.comments.iter().filter(|comment| comment.pull == pull).map(|comment| comment.body.clone()).collect()
    }

    /// A pull request of the repository itself.
    pub(crate) fn pull(&mut self, number: u64) -> &mut FakePull {
        self.pulls.iter_mut().find(|pull| pull.number == number).expect("there is such a pull request")
    }
}

fn user(login: &str) -> Value {
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    json!({ "login": login, "id": 1, "type": kind })
}

fn repository(id: Option<u64>) -> Value {
    id.map_or(Value::Null, |id| json!({ "id": id, "full_name": "acme/shop" }))
}

impl FakeComment {
    pub(super) fn document(&self) -> Value {
        json!({
            "id": self.id,
            "node_id": format!("IC_{}", self.id),
            "html_url": format!("https://forge.test/acme/shop/pull/{}#issuecomment-{}", self.pull, self.id),
            "user": user(&self.author),
            "body": self.body,
            "author_association": "NONE",
        })
    }
}

impl FakePull {
    pub(super) fn document(&self) -> Value {
        json!({
            "id": 5000 + self.number,
            "number": self.number,
            "state": if self.is_open { "open" } else { "closed" },
            "title": "`$(reboot)` ::error::",
            "user": user(&self.author),
            "merged_at": self.merged_at,
            // Of an open one it is a trial.
            "merge_commit_sha": self.merge_commit.clone().unwrap_or_else(|| "f".repeat(40)),
            "head": { "ref": "feature", "sha": self.head, "repo": repository(self.head_repository) },
            "base": { "ref": self.base_branch, "sha": self.base, "repo": repository(Some(REPOSITORY_ID)) },
        })
    }
}

impl FakeRun {
    pub(super) fn document(&self) -> Value {
        json!({
            "id": self.id,
            "name": "campaigns",
            "path": self.path,
            "event": self.event,
            "head_sha": self.head,
            "status": self.status,
            "conclusion": self.conclusion,
            "run_attempt": self.attempt,
            "created_at": self.created_at,
            "run_started_at": self.started_at,
            "html_url": format!("https://forge.test/acme/shop/actions/runs/{}", self.id),
            "repository": repository(Some(REPOSITORY_ID)),
            "head_repository": repository(self.head_repository),
        })
    }
}

impl FakeArtifact {
    pub(super) fn document(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "size_in_bytes": self.content.len(),
            "expired": self.is_expired,
            "created_at": self.created_at,
            "workflow_run": { "id": self.run, "repository_id": REPOSITORY_ID, "head_repository_id": REPOSITORY_ID },
        })
    }
}

impl FakeReview {
    pub(super) fn document(&self, id: usize) -> Value {
        json!({
            "id": id,
            "user": { "login": self.author, "id": 1, "type": self.kind },
            "state": self.state,
            "commit_id": self.commit,
            "submitted_at": "2026-11-30T11:30:00Z",
            "body": "",
        })
    }
}
