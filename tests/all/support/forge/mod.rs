//! A forge on loopback: as much of GitHub's API as sendform calls, with its shapes, its pages, its limits and its
//! refusals. Commits and files are those of a real repository. All requests are written down.

mod answers;
mod faults;
mod gitlab;
mod routes;
mod state;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::project::Project;

pub(crate) use faults::ForgeFault;
pub(crate) use gitlab::{FakeApproval, FakeJob, FakePipeline};
pub(crate) use state::{FakePull, FakeReview, FakeRun, ForgeRequest, ForgeState, REPOSITORY_ID};

use routes::serve;

/// The only token that it takes.
pub(crate) const TOKEN: &str = "ghs_forge0token1of2tests3only";
/// Its repository.
pub(crate) const REPOSITORY: &str = "acme/shop";
/// The workflow that plans and applies.
pub(crate) const WORKFLOW: &str = ".github/workflows/campaigns.yml";

/// A forge, which goes away with it.
#[derive(Debug)]
pub(crate) struct FakeForge {
    address: SocketAddr,
    state: Arc<Mutex<ForgeState>>,
    end: Option<oneshot::Sender<()>>,
}

impl FakeForge {
    /// A forge whose commits are those of a repository on this disk.
    pub(crate) fn of(repository: &Path) -> Self {
        let state = Arc::new(Mutex::new(ForgeState::new(repository)));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket that does not wait");
        let address = listener.local_addr().expect("an address");
        let (end, ended) = oneshot::channel();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(serve(listener, address, shared, ended));
        });
        Self { address, state, end: Some(end) }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that it knows.
    pub(crate) fn state(&self) -> MutexGuard<'_, ForgeState> {
        self.state.lock().expect("nobody has panicked")
    }

    /// Asks for a fault, from now on, in every request whose method and path hold this: `GET /repos/acme/shop/pulls`.
    pub(crate) fn fault(&self, wanted: &str, fault: ForgeFault) {
        self.state().faults.push((wanted.to_owned(), fault));
    }

    /// The requests until now whose method and path hold this.
    pub(crate) fn requests(&self, wanted: &str) -> Vec<ForgeRequest> {
        self.state().requests.iter().filter(|request| request.line.contains(wanted)).cloned().collect()
    }

    /// Gives a project the environment of a run for an event, on a branch, at a commit.
    pub(crate) fn run_for(&self, project: &mut Project, name: &str, event: &Value, (branch, commit): (&str, &str)) {
        project.write(".event.json", event.to_string());
        let folder = project.folder().display().to_string();
        let variables = [
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", name),
            ("GITHUB_EVENT_PATH", &format!("{folder}/.event.json")),
            ("GITHUB_API_URL", &self.url()),
            ("GITHUB_GRAPHQL_URL", &format!("{}/graphql", self.url())),
            ("GITHUB_SERVER_URL", &self.url()),
            ("GITHUB_REPOSITORY", REPOSITORY),
            ("GITHUB_REPOSITORY_ID", &REPOSITORY_ID.to_string()),
            ("GITHUB_SHA", commit),
            ("GITHUB_REF", &format!("refs/heads/{branch}")),
            ("GITHUB_RUN_ID", "900"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("GITHUB_WORKFLOW_REF", &format!("{REPOSITORY}/{WORKFLOW}@refs/heads/{branch}")),
            ("GITHUB_WORKSPACE", &folder),
            ("GITHUB_TOKEN", TOKEN),
        ];
        for (name, value) in variables {
            project.set(name, value);
        }
    }
}

/// A job of GitLab, for [`FakeForge::job_of`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct GitLabJob<'a> {
    /// Why its pipeline runs.
    pub(crate) source: &'a str,
    /// The commit that is checked out.
    pub(crate) commit: &'a str,
    /// What else the environment says.
    pub(crate) more: &'a [(&'a str, &'a str)],
}

impl FakeForge {
    /// Gives a project the environment of a job of GitLab, whose server is below a path.
    pub(crate) fn job_of(&self, project: &mut Project, job: &GitLabJob<'_>) {
        let server = format!("{}/gitlab", self.url());
        let folder = project.folder().display().to_string();
        let (api, page) = (format!("{server}/api/v4"), format!("{server}/acme/shop/-/jobs/990"));
        let id = REPOSITORY_ID.to_string();
        let variables = [
            ("CI", "true"),
            ("GITLAB_CI", "true"),
            ("CI_SERVER_URL", &server),
            ("CI_API_V4_URL", &api),
            ("CI_PROJECT_ID", &id),
            ("CI_PROJECT_DIR", &folder),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_PIPELINE_ID", "99"),
            ("CI_PIPELINE_SOURCE", job.source),
            ("CI_COMMIT_SHA", job.commit),
            ("CI_JOB_NAME", "sendform plan"),
            ("CI_JOB_URL", &page),
            ("CI_JOB_TOKEN", "glcbt-a-jobs-own-token"),
            ("SENDFORM_GITLAB_TOKEN", TOKEN),
        ];
        for name in
            ["CI_COMMIT_BRANCH", "CI_COMMIT_BEFORE_SHA", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"]
        {
            project.unset(name);
        }
        for (name, value) in variables.iter().chain(job.more) {
            project.set(name, *value);
        }
    }
}

impl Drop for FakeForge {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            // It may have ended by itself.
            end.send(()).unwrap_or(());
        }
    }
}

/// The event of a push to a branch.
pub(crate) fn push_event(branch: &str, before: &str, after: &str) -> Value {
    json!({
        "ref": format!("refs/heads/{branch}"),
        "before": before,
        "after": after,
        "repository": { "id": REPOSITORY_ID, "full_name": REPOSITORY, "default_branch": "main" },
    })
}
